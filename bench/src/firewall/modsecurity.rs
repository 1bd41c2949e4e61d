//! The peer: libmodsecurity from PyPI in one Python process behind `bench/peers/modsecurity.py`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::requests::Request;
use super::rule_set;
use crate::process::{find_program, output_of};
use crate::work::Work;

/// The version that is compared with.
const VERSION: &str = "3.0.15.post2";

/// A running peer.
#[derive(Debug)]
pub(super) struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// What it says of itself: version and number of rules.
    pub(super) about: Value,
}

/// What the peer made of a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    /// CPU time, µs.
    pub(super) us: f64,
    /// 200, or what was decided.
    pub(super) status: u64,
    /// The rules that matched and say so.
    pub(super) rules: Vec<u64>,
}

/// A response, where the peer is to look at one.
pub(super) use lockgate_seclang::ftw::Answer as Response;

fn python(work: &Work) -> PathBuf {
    work.folder().join("modsecurity/bin/python")
}

/// The version that is installed.
pub(crate) fn version(work: &Work) -> Option<String> {
    let script = "import libmodsecurity; print(libmodsecurity.__version__)";
    let python = python(work);
    let said = python
        .is_file()
        .then(|| output_of(&python, &["-c", script]));
    said.filter(|said| !said.is_empty() && !said.contains('\n'))
}

/// Installs it into the work folder when it is missing.
///
/// # Errors
/// When Python is missing, or the installation fails.
pub(super) fn ensure_installed(work: &Work) -> Result<PathBuf> {
    if version(work).as_deref() == Some(VERSION) {
        return Ok(python(work));
    }
    let folder = work.folder().join("modsecurity");
    eprintln!(
        "installing libmodsecurity {VERSION} into {}",
        folder.display()
    );
    let system = find_program("python3").context("python3 is missing")?;
    let folder_text = folder.display().to_string();
    run(&system, &["-m", "venv", "--clear", &folder_text])?;
    let wanted = format!("libmodsecurity=={VERSION}");
    let quietly = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    run(&python(work), &[&quietly[..], &[&wanted]].concat())?;
    ensure!(
        version(work).is_some(),
        "libmodsecurity was installed and does not load"
    );
    Ok(python(work))
}

fn run(program: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(program);
    let status = command.args(arguments).stdin(Stdio::null()).status();
    let status = status.with_context(|| program.display().to_string())?;
    ensure!(
        status.success(),
        "{} {} failed",
        program.display(),
        arguments.join(" ")
    );
    Ok(())
}

impl Peer {
    /// Starts it with the Core Rule Set and this set-up, on the core that this program is on.
    ///
    /// # Errors
    /// When it is missing, or does not load the rules.
    pub(super) fn start(work: &Work, name: &str, setup: &str) -> Result<Self> {
        let files = rule_set::peer_files(work, name, setup)?;
        let mut child = Command::new(ensure_installed(work)?)
            .arg(work.own("peers/modsecurity.py"))
            .args(&files)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start libmodsecurity")?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("it has no output")?;
        let mut peer = Self {
            child,
            input,
            output: BufReader::new(output),
            about: Value::Null,
        };
        peer.about = peer
            .line()
            .context("libmodsecurity does not load the rules")?;
        Ok(peer)
    }

    fn line(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        ensure!(!line.is_empty(), "it ended; see its messages above");
        Ok(serde_json::from_str(&line)?)
    }

    /// Hands over a round and waits for its answers, in the order of the requests. Where there
    /// are responses there is one for each request.
    ///
    /// # Errors
    /// When it ended.
    pub(super) fn ask(
        &mut self,
        requests: &[Request],
        responses: &[Response],
    ) -> Result<Vec<Answer>> {
        let of = |(index, request)| request_json(request, responses.get(index));
        let all: Vec<Value> = requests.iter().enumerate().map(of).collect();
        let input = self.input.as_mut().context("it has no input")?;
        let line = json!({ "requests": all }).to_string() + "\n";
        input.write_all(line.as_bytes())?;
        input.flush()?;
        let line = self.line()?;
        let answers = line.get("answers").and_then(Value::as_array);
        let answers: Option<Vec<Answer>> = answers
            .context("it gave no answers")?
            .iter()
            .map(answer)
            .collect();
        match answers {
            Some(answers) if answers.len() == requests.len() => Ok(answers),
            _ => bail!("libmodsecurity did not answer every request"),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// A character a byte.
fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn request_json(request: &Request, response: Option<&Response>) -> Value {
    let headers: Vec<[String; 2]> = request
        .headers
        .iter()
        .map(|(name, value)| [text(name), text(value)])
        .collect();
    let protocol = request.protocol.strip_prefix(b"HTTP/");
    let answer = response.map(|response| {
        let headers: Vec<[String; 2]> = response
            .headers
            .iter()
            .map(|(name, value)| [text(name.as_bytes()), text(value.as_bytes())])
            .collect();
        json!({
            "status": response.status,
            "headers": headers,
            "body": text(&response.body),
        })
    });
    json!({
        "method": text(&request.method),
        "uri": text(&request.target),
        "version": text(protocol.unwrap_or(&request.protocol)),
        "headers": headers,
        "body": text(&request.body),
        "answer": answer,
    })
}

fn answer(value: &Value) -> Option<Answer> {
    let rules = value.get("rules")?.as_array()?;
    Some(Answer {
        us: value.get("us")?.as_f64()?,
        status: value.get("status")?.as_u64()?,
        rules: rules.iter().filter_map(Value::as_u64).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_over_as_characters() {
        let mut request = Request::get("/\u{e9}", &[]);
        request.target = vec![b'/', 0xE9, 0xFF];
        request.body = vec![0, 0x80];
        let json = request_json(&request, None);
        assert_eq!(json["uri"], "/\u{e9}\u{ff}");
        assert_eq!(json["version"], "1.1");
        assert_eq!(json["body"], "\u{0}\u{80}");
        assert!(json["answer"].is_null());
    }

    #[test]
    fn an_answer_is_read() {
        let value = json!({ "us": 1.5, "status": 403, "rules": [942_100] });
        let expected = Answer {
            us: 1.5,
            status: 403,
            rules: vec![942_100],
        };
        assert_eq!(answer(&value), Some(expected));
        assert_eq!(answer(&json!({})), None);
    }
}
