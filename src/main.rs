//! The command: parse, run, exit.

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = factory_gate::cli::Cli::parse();
    // A mistake of ours must not look like a verdict: undecided, as the hook has said why.
    let exit = std::panic::catch_unwind(|| factory_gate::commands::main(cli));
    ExitCode::from(exit.map_or(3, factory_gate::phases::Exit::code))
}
