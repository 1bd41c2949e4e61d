//! The peer: Sharp in one node process behind `bench/peers/sharp/tasks.mjs`, no HTTP between.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::pixels::Pixels;
use crate::process::find_program;
use crate::sharp;
use crate::work::Work;

/// A running peer. It ends with its input.
#[derive(Debug)]
pub(super) struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    folder: PathBuf,
}

/// What Sharp is to make.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// The source.
    pub(super) file: PathBuf,
    /// Sharp's options of `resize`.
    pub(super) resize: Value,
    /// As Sharp's `toFormat` takes it.
    pub(super) format: &'static str,
    /// Sharp's options of the format.
    pub(super) options: Value,
}

/// What it made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// CPU time of the process for one picture, mean, ms.
    pub(super) cpu_ms: f64,
    /// The file.
    pub(super) bytes: Vec<u8>,
}

impl Peer {
    /// Installs Sharp when it is missing, and starts it on the core that this program is on.
    ///
    /// # Errors
    /// When node is missing, or the installation fails.
    pub(super) fn start(work: &Work) -> Result<Self> {
        let folder = sharp::install(work)?;
        let mut child = Command::new(find_program("node").context("node is missing")?)
            .arg(folder.join("tasks.mjs"))
            .env("UV_THREADPOOL_SIZE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start node")?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("it has no output")?;
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
            folder: work.subfolder("image")?,
        })
    }

    /// Makes a picture so often.
    ///
    /// # Errors
    /// What Sharp says of it.
    pub(super) fn make(&mut self, ask: &Ask, repeat: usize) -> Result<Made> {
        let output = self.folder.join("sharp-made");
        let answer = self.ask(&json!({
            "make": {
                "file": ask.file,
                "resize": ask.resize,
                "format": ask.format,
                "options": ask.options,
            },
            "repeat": repeat,
            "output": output,
        }))?;
        Ok(Made {
            cpu_ms: number(&answer, "cpu_ms")?,
            bytes: fs::read(output)?,
        })
    }

    /// Decodes a picture of either side, so that no decoder's ways are in the comparison.
    ///
    /// # Errors
    /// What Sharp says of it.
    pub(super) fn decode(&mut self, picture: &[u8]) -> Result<Pixels> {
        let (input, output) = (self.folder.join("encoded"), self.folder.join("decoded"));
        fs::write(&input, picture)?;
        let answer = self.ask(&json!({ "decode": input, "output": output }))?;
        let side = |name| -> Result<usize> { Ok(number(&answer, name)? as usize) };
        Pixels::from_rgba8(side("width")?, side("height")?, &read(&output)?)
    }

    fn ask(&mut self, task: &Value) -> Result<Value> {
        let input = self.input.as_mut().context("it has no input")?;
        input.write_all((task.to_string() + "\n").as_bytes())?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        ensure!(!line.is_empty(), "Sharp ended; see its messages above");
        let answer: Value = serde_json::from_str(&line)?;
        ensure!(answer.get("error").is_none(), "Sharp: {}", answer["error"]);
        Ok(answer)
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

fn number(answer: &Value, name: &str) -> Result<f64> {
    let number = answer.get(name).and_then(Value::as_f64);
    number.with_context(|| format!("Sharp told no {name}"))
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}
