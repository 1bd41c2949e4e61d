//! `lockgate policy`: the policy bundle as files, for shells that do not compile it themselves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use lockgate_compile::{compile, shell_document};
use lockgate_shell::{Package, Programs};
use sha2::{Digest as _, Sha256};

use super::ConfigArgs;
use super::config::print;
use super::http::Call;

/// The files of a built policy.
const BUNDLE_FILE: &str = "policy.bundle";
const DOCUMENT_FILE: &str = "shell.json";
const PROGRAMS_FILE: &str = "policy.programs";

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Check the configuration and write `policy.bundle` and `shell.json`: the same files, byte
    /// for byte, for the same configuration. Secrets are named in them, never held
    Build(BuildArgs),
    /// Put a built policy in force in a gateway under Spin, without a restart
    Push(PushArgs),
}

#[derive(clap::Args)]
struct BuildArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The folder that the files are written to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The policy component that will run them: records then name it
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
}

#[derive(clap::Args)]
struct PushArgs {
    /// The gateway: `http://HOST` or `http://HOST:PORT`
    #[arg(long, value_name = "URL")]
    spin: String,
    /// The folder that `lockgate policy build` wrote
    #[arg(long, value_name = "DIR", required_unless_present = "package")]
    from: Option<PathBuf>,
    /// Go back to a package that was pushed before, by the digest that its push printed
    #[arg(long, value_name = "DIGEST", conflicts_with = "from")]
    package: Option<String>,
    /// The file with the gateway's `push_token`; without it: the variable LOCKGATE_PUSH_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.verb {
        Verb::Build(args) => build(args),
        Verb::Push(args) => push(args),
    }
}

fn build(args: &BuildArgs) -> anyhow::Result<()> {
    let loaded = lockgate_config::load(&args.config.sources())
        .map_err(|refused| anyhow::anyhow!("the configuration has faults:\n{refused}"))?;
    let compiled = compile(&loaded).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the configuration has faults:\n{}", lines.join("\n"))
    })?;
    if let Some(asked) = lockgate_compile::needs_host(&compiled.bundle) {
        anyhow::bail!(
            "{asked}, which the gateway under Spin does not do: it would pass over the rule. \
             `lockgate run` does"
        );
    }
    let component = match &args.component {
        Some(file) => digest(&read(file)?),
        None => String::new(),
    };
    let document = shell_document(&loaded.config, &compiled, &component).to_bytes()?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    let (bundle, programs) = lockgate_bundle::split(&compiled.bytes)?;
    let file = args.out.join(BUNDLE_FILE);
    write(&file, bundle)?;
    write(&args.out.join(DOCUMENT_FILE), &document)?;
    let (length, digest) = (bundle.len(), &compiled.digest);
    print(&format!(
        "{}: {length} bytes, sha256 {digest}\n",
        file.display()
    ))?;
    let file = args.out.join(PROGRAMS_FILE);
    if programs.is_empty() {
        return remove(&file);
    }
    write(&file, programs)?;
    print(&format!("{}: {} bytes\n", file.display(), programs.len()))
}

/// Of an earlier build nothing is left.
fn remove(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Whole or not at all: a gateway may read it at any time.
fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let temporary = file.with_extension(format!("tmp-{}", std::process::id()));
    std::fs::write(&temporary, bytes)
        .and_then(|()| std::fs::rename(&temporary, file))
        .with_context(|| format!("cannot write {}", file.display()))
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn push(args: &PushArgs) -> anyhow::Result<()> {
    let token = match &args.token_file {
        Some(file) => String::from_utf8(read(file)?).context("the token is not UTF-8")?,
        None => std::env::var("LOCKGATE_PUSH_TOKEN")
            .context("name the token: --token-file, or LOCKGATE_PUSH_TOKEN")?,
    };
    let (query, body) = match (&args.package, &args.from) {
        (Some(package), _) => (format!("?package={package}"), Vec::new()),
        (None, Some(folder)) => {
            let document = read(&folder.join(DOCUMENT_FILE))?;
            let package = Package::new(&document, read(&folder.join(BUNDLE_FILE))?)?;
            let mut body = package.to_bytes()?;
            if !package.document.programs.is_empty() {
                let programs = read(&folder.join(PROGRAMS_FILE))?;
                Programs::split(&package.document, &programs)?.check()?;
                body.extend_from_slice(&programs);
            }
            (String::new(), body)
        }
        (None, None) => anyhow::bail!("name what to push: --from, or --package"),
    };
    let answer = put(&args.spin, &query, token.trim(), &body)?;
    print(&format!("{answer}\n"))
}

/// How long the gateway may take.
const TIMEOUT: Duration = Duration::from_secs(60);

fn put(url: &str, query: &str, token: &str, body: &[u8]) -> anyhow::Result<String> {
    let reply = Call {
        method: "PUT",
        target: &format!("/.lockgate/policy{query}"),
        token,
        content_type: "application/octet-stream",
        body,
        timeout: TIMEOUT,
    }
    .send(url)?;
    let text = String::from_utf8_lossy(&reply.body).trim().to_owned();
    anyhow::ensure!(
        reply.status == 200,
        "{url} answers {}: {text}",
        reply.status
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
        version = 1
        [listeners.a]
        addresses = ["127.0.0.1:0"]
        [secrets.demo]
        env = "SPIN_TEST_SECRET"
        [sign_in.customers]
        algorithms = ["HS256"]
        secret = "demo"
        [origins.o]
        url = "http://127.0.0.1:9000"
        [rate_limits.client]
        key = ["client"]
        windows = [{ requests = 5, per_s = 1 }]
        [sites.s]
        hosts = ["s.test"]
        rate_limits = ["client"]
        [[sites.s.routes]]
        path = "/"
        origin = "o"
        cache = { audience = "shared", default_ttl_s = 10 }
        response_headers = { X-Frame-Options = "DENY" }
        [[sites.s.routes]]
        path = "/mine"
        origin = "o"
        sign_in = "customers"
    "#;

    fn built(folder: &Path) -> (Vec<u8>, Vec<u8>) {
        let config = folder.join("gateway.toml");
        std::fs::write(&config, CONFIG).unwrap();
        let out = folder.join("out");
        build(&BuildArgs {
            config: ConfigArgs {
                config,
                overlays: Vec::new(),
            },
            out: out.clone(),
            component: None,
        })
        .unwrap();
        let read = |name: &str| std::fs::read(out.join(name)).unwrap();
        (read(BUNDLE_FILE), read(DOCUMENT_FILE))
    }

    #[test]
    fn the_same_configuration_gives_the_same_files_that_belong_together() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (bundle, document) = built(one.path());
        assert_eq!((bundle.clone(), document.clone()), built(two.path()));
        let package = Package::new(&document, bundle).unwrap();
        let document = package.document;
        assert_eq!(document.sites, ["s"]);
        assert_eq!(document.routes.len(), 2);
        assert_eq!(document.routes[0].origin.as_deref(), Some("o"));
        let expected = ("x-frame-options".to_owned(), "DENY".to_owned());
        let (name, value) = &document.routes[0].response_headers[0];
        assert_eq!((name.to_ascii_lowercase(), value.clone()), expected);
        assert_eq!(document.limits[0].windows[0].requests, 5);
        assert!(document.secrets.contains_key("demo"));
        assert_eq!(document.signatures.per_client_per_s, 125);
    }

    #[test]
    fn a_url_that_is_none_is_refused_before_anything_is_sent() {
        for url in ["https://a", "a:80", "http://", "http://a/b", "http://u@a"] {
            assert!(put(url, "", "token", b"").is_err(), "{url}");
        }
        assert!(put("http://127.0.0.1:1", "", "to\r\nken", b"").is_err());
    }

    #[test]
    fn a_push_is_one_request_and_its_answer_is_read() {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\nbody") {
                let mut chunk = [0; 1024];
                let read = stream.read(&mut chunk).unwrap();
                request.extend_from_slice(&chunk[..read]);
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            stream.write_all(answer).unwrap();
            String::from_utf8(request).unwrap()
        });
        assert_eq!(put(&url, "?package=7", "token", b"body").unwrap(), "{}");
        let request = server.join().unwrap();
        assert!(
            request.starts_with("PUT /.lockgate/policy?package=7 HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(
            request.contains("\r\nAuthorization: Bearer token\r\n"),
            "{request}"
        );
    }
}
