//! The `lockgate` binary.

use std::process::ExitCode;

/// Requests allocate small and free soon; the allocator of glibc was a tenth of a proxied one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
