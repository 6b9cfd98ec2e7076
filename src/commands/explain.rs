//! `explain`: a rule, a detector, or who says what about a key of the policy.

use super::run::{policy_file, read_policy};
use super::{Answer, Problem, stderr, stdout};
use crate::cli::ExplainArgs;
use crate::phases::Exit;
use crate::policy::{self, ExplainError, Explanation, PolicyFile, Saying};
use crate::report::encode::log_line;
use crate::report::{catalogue, detectors};
use crate::walk::Root;
use anyhow::{Context as _, anyhow};
use std::io::{self, Write};
use std::path::Path;

pub(super) fn explain(arguments: &ExplainArgs) -> Answer {
    let name = arguments.name.as_str();
    if let Some(rule) = crate::rules::find(name) {
        catalogue::explain(rule, &mut stdout())?;
        in_policy(arguments)?;
    } else if let Some(detector) = detectors::find(name) {
        detectors::explain(detector, &mut stdout())?;
    } else {
        let workspace = Workspace::open(arguments).map_err(Problem::usage)?;
        let explanation = match workspace.explain(name) {
            Err(ExplainError::Unknown { nearest, .. }) if !name.contains('.') => {
                // A rule of the policy's own.
                let own = workspace.explain(&format!("rules.{name}"));
                own.map_err(|_| Problem::usage(unknown(name, nearest)))?
            }
            Err(ExplainError::Policy(problems)) => {
                let message =
                    format!("{problems}\nthe policy has mistakes, so there is nothing to explain");
                return Err(Problem::usage(anyhow!(message)));
            }
            other => other.map_err(Problem::usage)?,
        };
        show(&explanation, &mut stdout())?;
    }
    Ok(Exit::Pass)
}

/// What the policy says of a built-in rule, if there is a policy.
fn in_policy(arguments: &ExplainArgs) -> Result<(), Problem> {
    let workspace = match Workspace::open(arguments) {
        Ok(workspace) if workspace.file.is_some() => workspace,
        Err(error) if arguments.policy.is_some() => return Err(Problem::usage(error)),
        _ => return Ok(()),
    };
    match workspace.explain(&format!("rules.{}", arguments.name)) {
        Ok(explanation) => {
            let mut out = stdout();
            writeln!(out, "\nIn this policy:\n")?;
            show_values(&explanation, &mut out)?;
        }
        Err(error) => {
            let why = error.to_string();
            let lines: Vec<String> = why.lines().map(log_line).collect();
            writeln!(
                stderr(),
                "what the policy says of it is not shown:\n{}",
                lines.join("\n")
            )?;
        }
    }
    Ok(())
}

/// A workspace with its policy.
struct Workspace {
    root: Root,
    file: Option<PolicyFile>,
}

impl Workspace {
    fn open(arguments: &ExplainArgs) -> anyhow::Result<Self> {
        let place = &arguments.workspace;
        let path = dunce::canonicalize(place)
            .with_context(|| format!("there is no workspace at `{}`", place.display()))?;
        let root = Root::open(&path)
            .with_context(|| format!("`{}` cannot be opened as a workspace", path.display()))?;
        let file = policy_file(arguments.policy.as_deref(), &root)?;
        Ok(Self { root, file })
    }

    fn explain(&self, key: &str) -> Result<Explanation, ExplainError> {
        let loader = |path: &Path| read_policy(&self.root, path);
        policy::explain(self.file.clone(), &loader, key)
    }
}

fn unknown(name: &str, key: Option<String>) -> anyhow::Error {
    let ids = crate::rules::all().iter().map(|rule| rule.id);
    let detectors = crate::secrets::detectors().iter();
    let ids = ids.chain(detectors.map(|detector| &*detector.id));
    let none = "neither a rule, a detector nor a key of the policy";
    match policy::nearest(name, ids).or(key) {
        Some(near) => anyhow!("`{name}` is {none}; did you mean `{near}`?"),
        None => anyhow!("`{name}` is {none}; `factory-gate rules` lists the rules"),
    }
}

fn show(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}\n", log_line(&explanation.key))?;
    if let Some(description) = &explanation.description {
        for line in description.lines() {
            writeln!(out, "{}", log_line(line))?;
        }
        writeln!(out)?;
    }
    show_values(explanation, out)
}

fn show_values(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let default = explanation.default.as_deref();
    let value = match (&explanation.value, default) {
        (Some(value), _) => value.as_str(),
        (None, Some(default)) => default,
        (None, None) => "nothing",
    };
    writeln!(out, "In force: {}", log_line(value))?;
    if let Some(default) = default {
        writeln!(out, "Default:  {}", log_line(default))?;
    }
    writeln!(out)?;
    if explanation.sayings.is_empty() {
        writeln!(out, "No document says anything of it.")?;
    } else if explanation.adds_up {
        writeln!(out, "Documents, each of which adds to the list:")?;
    } else {
        writeln!(out, "Documents, a later one over the earlier ones:")?;
    }
    show_sayings(&explanation.sayings, out)?;
    if !explanation.overrides.is_empty() {
        writeln!(
            out,
            "\nOverrides, of which the last that matches a path decides:"
        )?;
        show_sayings(&explanation.overrides, out)?;
    }
    for (written, source, line) in &explanation.locks {
        let (written, source) = (log_line(written), log_line(source));
        writeln!(
            out,
            "\nLocked by `{written}` in {source}:{line}: other documents can only tighten it."
        )?;
    }
    Ok(())
}

fn show_sayings(sayings: &[Saying], out: &mut dyn Write) -> io::Result<()> {
    for saying in sayings {
        let (source, text) = (log_line(&saying.source), log_line(&saying.text));
        writeln!(out, "  {source}:{}: {text}", saying.line)?;
    }
    Ok(())
}
