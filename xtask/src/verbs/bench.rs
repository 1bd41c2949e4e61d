//! `bench`: builds, then runs one of the benchmarks.

use super::Verb;
use super::build;
use crate::steps::Steps;
use crate::{cargo, supervise};
use anyhow::Result;

pub(super) const VERB: Verb = Verb {
    name: "bench",
    arguments: "NAME [OPTIONS]",
    about: "build, then run a benchmark",
    details: "\
Everything after `bench` goes to the benchmark program, which lists what it has when it gets
no name.
",
    run,
};

fn run(args: &[String]) -> Result<()> {
    let options = build::Options::default();
    build::all(&options, &mut Steps::new(options.steps()))?;
    let mut command = cargo::command(&["run", "--release", "--package", "lockgate-bench", "--"]);
    supervise::run(command.args(args), "the benchmark")
}
