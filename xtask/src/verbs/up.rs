//! `up`: the demo. Builds, starts two shops and Lockgate in front of them, says what to try.

mod ports;
mod processes;
mod tries;

use super::{Verb, build, only_flags};
use crate::steps::Steps;
use crate::supervise;
use anyhow::{Result, bail};
use processes::Demo;
use std::time::Duration;

pub(super) const VERB: Verb = Verb {
    name: "up",
    arguments: "[--check] [--no-build]",
    about: "build, start the demo on 127.0.0.1:8080 and say what to try",
    details: "\
Starts two demo shops (ports 9000 and 9001) and Lockgate (8080, admin 9090) with gateway.toml,
waits until they are ready and prints requests to try. Ctrl-C stops all of them; they also stop
when this program is killed. What they log is in .lockgate/demo/.

  --check     make each of the printed requests once, compare the answers, stop
  --no-build  take dist/ as it is
",
    run,
};

fn run(args: &[String]) -> Result<()> {
    let flags = only_flags(args, &["--check", "--no-build"])?;
    // Before the build: a busy port is better said now than after minutes.
    ports_free()?;
    if !flags.contains(&"--no-build") {
        let options = build::Options::default();
        build::all(&options, &mut Steps::new(options.steps()))?;
    }
    if flags.contains(&"--check") {
        check_demo()
    } else {
        serve()
    }
}

/// Looks whether the demo's ports are free.
///
/// # Errors
/// Names those that are not, and what to do.
pub(super) fn ports_free() -> Result<()> {
    ports::check_free()
}

/// Starts the demo, makes each printed request once, stops the demo.
///
/// # Errors
/// Every answer that is not as the demo says, or a start that failed.
pub(super) fn check_demo() -> Result<()> {
    let mut demo = Demo::start()?;
    let token = demo.token()?;
    let mut wrong = Vec::new();
    for each in tries::TRIES {
        demo.still_runs()?;
        match each.check(&token) {
            Ok(()) => eprintln!("      ok: {}", each.title),
            Err(error) => {
                eprintln!("      NOT ok: {}: {error:#}", each.title);
                wrong.push(each.title);
            }
        }
    }
    demo.stop();
    if !wrong.is_empty() {
        bail!("the demo did not answer as it says: {}", wrong.join("; "));
    }
    Ok(())
}

fn serve() -> Result<()> {
    let mut demo = Demo::start()?;
    println!(
        "\nLockgate is on http://{}, its admin address on http://{}",
        ports::GATE,
        ports::ADMIN
    );
    println!(
        "Logs are in {}/, decision records where gateway.toml says",
        processes::LOGS
    );
    println!("\nTry, in another terminal:\n");
    for each in tries::TRIES {
        println!("# {}\n{}\n", each.title, each.command());
    }
    println!("Ctrl-C stops everything.");
    while !supervise::interrupted() {
        demo.still_runs()?;
        std::thread::sleep(Duration::from_millis(100));
    }
    demo.stop();
    println!("\nstopped");
    Ok(())
}
