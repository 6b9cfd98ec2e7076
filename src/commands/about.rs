//! Commands that tell about the program: rules, explanations, schemas, completions.

use super::{Answer, Problem, stdout};
use crate::cli::{Cli, SchemaOf};
use crate::phases::Exit;
use crate::report::{catalogue, detectors};
use clap::CommandFactory as _;
use std::io::Write as _;

pub(super) fn rules() -> Answer {
    catalogue::list(&mut stdout())?;
    Ok(Exit::Pass)
}

pub(super) fn explain(name: &str) -> Answer {
    if let Some(rule) = crate::rules::find(name) {
        catalogue::explain(rule, &mut stdout())?;
    } else if let Some(detector) = detectors::find(name) {
        detectors::explain(detector, &mut stdout())?;
    } else {
        return Err(Problem::usage(unknown(name)));
    }
    Ok(Exit::Pass)
}

fn unknown(name: &str) -> anyhow::Error {
    let ids = crate::rules::all().iter().map(|rule| rule.id);
    let detectors = crate::secrets::detectors().iter();
    let ids = ids.chain(detectors.map(|detector| &*detector.id));
    let none = "neither a rule nor a detector";
    match crate::policy::nearest(name, ids) {
        Some(near) => anyhow::anyhow!("`{name}` is {none}; did you mean `{near}`?"),
        None => anyhow::anyhow!("`{name}` is {none}; `factory-gate rules` lists the rules"),
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
