//! The `lockgate` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    match lockgate_host::cli::main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a backtrace: what is wrong is the reader's to mend, not ours to debug.
            eprintln!("lockgate: {error:#}");
            ExitCode::FAILURE
        }
    }
}
