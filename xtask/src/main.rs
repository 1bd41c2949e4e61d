//! `cargo xtask <verb>`: everything that a developer or CI does with this repository.
//!
//! One verb, one file in `verbs/`; `verbs.rs` is the table of them. The other modules are what
//! they share: how cargo is asked, how child processes are run and always stopped, how a step
//! shows its progress.

mod cargo;
mod checkout;
mod http;
mod spdx;
mod spelling;
mod steps;
mod supervise;
mod toolchain;
mod verbs;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match verbs::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<verbs::AlreadySaid>() {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
