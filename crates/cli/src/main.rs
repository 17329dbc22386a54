//! The program: the real network, files, time and chance around [`keyferry_cli::run`].

use std::process::ExitCode;

/// A signed call is a signature and a hundred small pieces of text; this makes a twentieth less of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::io::Result<ExitCode> {
    keyferry_cli::hush_panics();
    let arguments: Vec<_> = std::env::args_os().collect();
    // A command is one task: more threads would only hand its connections to and fro. A realm has many to serve.
    let mut runtime = match arguments.iter().any(|word| word == "serve") {
        true => tokio::runtime::Builder::new_multi_thread(),
        false => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build()?;
    let world = keyferry_cli::World::real()?;
    let code = runtime.block_on(keyferry_cli::run(arguments, world));
    // A request that will never be answered must not keep an interrupted program alive.
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}
