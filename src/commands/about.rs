//! Commands that tell about the program: rules, schemas, completions.

use super::{Answer, stdout};
use crate::cli::{Cli, SchemaOf};
use crate::phases::Exit;
use crate::report::catalogue;
use clap::CommandFactory as _;
use std::io::Write as _;

pub(super) fn rules() -> Answer {
    catalogue::list(&mut stdout())?;
    Ok(Exit::Pass)
}

pub(super) fn schema(of: SchemaOf) -> Answer {
    let schema = match of {
        SchemaOf::Policy => crate::policy::schema(),
        SchemaOf::Report => crate::report::json_schema().to_value(),
    };
    // As it is: there is nothing in it but what is in this program.
    writeln!(
        std::io::stdout(),
        "{}",
        serde_json::to_string_pretty(&schema)?
    )?;
    Ok(Exit::Pass)
}

pub(super) fn completions(shell: clap_complete::Shell) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "factory-gate", &mut script);
    // A script is for a shell and not for a log; it is ours from the first to the last byte.
    std::io::stdout().write_all(&script)?;
    Ok(Exit::Pass)
}
