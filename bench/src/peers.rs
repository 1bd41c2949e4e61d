//! The peers from Debian, and the origins behind everyone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, thread, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use crate::process::{LOAD_CORE, Launch, SERVER_CORE, Server, find_program};
use crate::work::Work;

/// nginx's variants, as `bench/peers/nginx.conf` says.
pub(crate) const NGINX_HIT: u16 = 19_100;
pub(crate) const NGINX_HIT_BARE: u16 = 19_101;
pub(crate) const NGINX_PROXY: u16 = 19_102;
pub(crate) const NGINX_PROXY_BARE: u16 = 19_103;
pub(crate) const NGINX_BODY: u16 = 19_104;
pub(crate) const NGINX_BODY_BARE: u16 = 19_105;
pub(crate) const VARNISH: u16 = 19_110;

/// The demo shop, and the static files.
pub(crate) const SHOP: u16 = 19_120;
pub(crate) const FILES: u16 = 19_121;

/// Bytes of the big body.
pub(crate) const BODY_BYTES: usize = 10 * 1024 * 1024;

/// What is served below `/pictures/`.
const PICTURES: [&str; 4] = ["big.jpg", "mid.jpg", "big_prog.jpg", "photo.webp"];

/// The loopback address with this port.
pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Looks for `program`, and installs Debian's `package` when it is missing and we may.
///
/// # Errors
/// Says what to do when it stays missing.
pub(crate) fn ensure_program(program: &str, package: &str) -> Result<PathBuf> {
    if let Some(found) = find_program(program) {
        return Ok(found);
    }
    let apt = find_program("apt-get").filter(|_| rustix::process::geteuid().is_root());
    if let Some(apt) = apt {
        eprintln!("{program} is missing: apt-get install {package}");
        let status = Command::new(apt)
            .args(["install", "--yes", "--no-install-recommends", package])
            // The package must not start a server of its own.
            .envs([("DEBIAN_FRONTEND", "noninteractive"), ("RUNLEVEL", "1")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        if status.is_ok_and(|status| status.success())
            && let Some(found) = find_program(program)
        {
            return Ok(found);
        }
    }
    bail!("{program} is missing: install Debian's package `{package}` (apt-get update first)")
}

/// nginx with all variants.
///
/// # Errors
/// When it is missing or does not start.
pub(crate) fn nginx(work: &Work) -> Result<Server> {
    let prefix = work.subfolder("nginx")?;
    let mut server = start_nginx(work, "nginx", "nginx.conf", &prefix, SERVER_CORE)?;
    server.wait_for(local(NGINX_HIT))?;
    Ok(server)
}

/// The record of nginx's equal-work variants.
pub(crate) fn nginx_record(work: &Work) -> PathBuf {
    work.folder().join("nginx/record.log")
}

fn start_nginx(work: &Work, name: &str, conf: &str, prefix: &Path, core: usize) -> Result<Server> {
    let program = ensure_program("nginx", "nginx-light")?;
    let mut launch = Launch::new(program)
        .args(["-p".to_owned(), format!("{}/", prefix.display())])
        .path("-c", &work.own(&format!("peers/{conf}")));
    if rustix::process::geteuid().is_root() {
        // The worker must be able to write in the work folder.
        launch = launch.args(["-g", "user root;"]);
    }
    Server::start(name, work.folder(), core, &launch)
}

/// Varnish with varnishncsa, accounted together.
///
/// # Errors
/// When it is missing or does not start.
pub(crate) fn varnish(work: &Work) -> Result<Server> {
    let program = ensure_program("varnishd", "varnish")?;
    let folder = work.fresh_subfolder("varnish")?;
    let instance = folder.join("instance");
    let launch = Launch::new(program)
        .args(["-F", "-j", "none"])
        .path("-n", &instance)
        .args(["-a", &local(VARNISH).to_string(), "-s", "malloc,256m"])
        .path("-f", &work.own("peers/varnish.vcl"))
        .args(["-p", "thread_pools=1", "-p", "thread_pool_min=100"])
        .args(["-p", "thread_pool_max=500", "-p", "listen_depth=4096"]);
    let mut server = Server::start("varnish", work.folder(), SERVER_CORE, &launch)?;
    server.wait_for(local(VARNISH))?;
    let launch = Launch::new(ensure_program("varnishncsa", "varnish")?)
        .path("-n", &instance)
        .path("-f", &work.own("peers/varnishncsa.format"))
        .args(["-a"])
        .path("-w", &varnish_record(work));
    let log = Server::start("varnishncsa", work.folder(), SERVER_CORE, &launch)?;
    server.add_helper(log);
    // It attaches to the log in shared memory.
    thread::sleep(Duration::from_millis(500));
    server.still_runs()?;
    Ok(server)
}

/// What varnishncsa writes.
pub(crate) fn varnish_record(work: &Work) -> PathBuf {
    work.folder().join("varnish/record.log")
}

/// The demo shop on the load's core.
///
/// # Errors
/// When it is not built or does not start.
pub(crate) fn shop(work: &Work) -> Result<Server> {
    let launch = Launch::new(work.dist("lockgate-shop")?)
        .args(["--listen", &local(SHOP).to_string(), "--threads", "1"])
        .args(["--test-endpoints"]);
    let mut server = Server::start("shop", work.folder(), LOAD_CORE, &launch)?;
    server.wait_for(local(SHOP))?;
    Ok(server)
}

/// Static files on the load's core: `/files/10m`, and the shared pictures below `/pictures/`,
/// where they are.
///
/// # Errors
/// When nginx is missing or does not start.
pub(crate) fn files(work: &Work) -> Result<Server> {
    let prefix = work.subfolder("origin")?;
    for folder in ["files/files", "files/pictures"] {
        fs::create_dir_all(prefix.join(folder))?;
    }
    let body: Vec<u8> = (0..BODY_BYTES).map(|index| (index % 251) as u8).collect();
    fs::write(prefix.join("files/files/10m"), body)?;
    for name in PICTURES {
        let picture = work.root().join("../shared/images").join(name);
        if let Ok(bytes) = fs::read(&picture) {
            fs::write(prefix.join("files/pictures").join(name), bytes)?;
        }
    }
    let mut server = start_nginx(work, "origin", "nginx-origin.conf", &prefix, LOAD_CORE)?;
    server.wait_for(local(FILES))?;
    Ok(server)
}

/// The picture to be scaled.
///
/// # Errors
/// When the shared pictures are not there.
pub(crate) fn shared_picture(work: &Work) -> Result<PathBuf> {
    let path = work.root().join("../shared/images/big.jpg");
    ensure!(path.is_file(), "../shared/images/big.jpg is missing");
    Ok(path)
}

/// # Errors
/// Names the first port that somebody else listens on.
pub(crate) fn ports_are_free() -> Result<()> {
    let ports = (NGINX_HIT..=NGINX_BODY_BARE).chain([VARNISH, SHOP, FILES]);
    let ours =
        [crate::gate::PORT, crate::spin::PORT, crate::firewall::PORT].map(|first| first..first + 8);
    for port in ports.chain(ours.into_iter().flatten()) {
        std::net::TcpListener::bind(local(port))
            .with_context(|| format!("port {port} is taken"))?;
    }
    Ok(())
}
