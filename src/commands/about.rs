//! Commands that tell about the program: rules, explanations, schemas, completions.

use super::{Answer, Problem, stdout};
use crate::cli::{Cli, SchemaOf};
use crate::phases::Exit;
use crate::report::catalogue;
use clap::CommandFactory as _;
use std::io::Write as _;

pub(super) fn rules() -> Answer {
    catalogue::list(&mut stdout())?;
    Ok(Exit::Pass)
}

pub(super) fn explain(name: &str) -> Answer {
    match crate::rules::find(name) {
        Some(rule) => {
            catalogue::explain(rule, &mut stdout())?;
            Ok(Exit::Pass)
        }
        None => Err(Problem::usage(unknown(name))),
    }
}

fn unknown(name: &str) -> anyhow::Error {
    let ids = crate::rules::all().iter().map(|rule| rule.id);
    match crate::policy::nearest(name, ids) {
        Some(near) => anyhow::anyhow!("`{name}` is no rule; did you mean `{near}`?"),
        None => anyhow::anyhow!("`{name}` is no rule; `factory-gate rules` lists them"),
    }
}

pub(super) fn schema(of: SchemaOf) -> Answer {
    let schema = match of {
        SchemaOf::Policy => crate::policy::schema(),
        SchemaOf::Report => crate::report::json_schema().to_value(),
    };
    writeln!(stdout(), "{}", serde_json::to_string_pretty(&schema)?)?;
    Ok(Exit::Pass)
}

pub(super) fn completions(shell: clap_complete::Shell) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "factory-gate", &mut script);
    stdout().write_all(&script)?;
    Ok(Exit::Pass)
}
