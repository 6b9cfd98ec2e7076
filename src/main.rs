//! The command: parse, run, exit.

use factory_gate::commands;
use std::process::ExitCode;

fn main() -> ExitCode {
    commands::show_panics_harmlessly();
    let cli = match commands::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return ExitCode::from(code),
    };
    // A mistake of ours must not look like a verdict: undecided, as the hook has said why.
    let exit = std::panic::catch_unwind(|| commands::main(cli));
    ExitCode::from(exit.map_or(3, factory_gate::phases::Exit::code))
}
