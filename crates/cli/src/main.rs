//! The program: the real network, files, time and chance around [`keyferry_cli::run`].

use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    keyferry_cli::hush_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let world = keyferry_cli::World::real()?;
    let code = runtime.block_on(keyferry_cli::run(std::env::args_os().collect(), world));
    // A request that will never be answered must not keep an interrupted program alive.
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}
