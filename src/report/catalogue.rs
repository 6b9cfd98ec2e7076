//! The rules, for people: the list, one rule explained, and the catalogue as Markdown. All from the registry.

use super::encode::visible;
use crate::rules::{Example, ExampleFile, ExampleKind, Rule};
use anstyle::Style;
use std::fmt::Write as _;
use std::io::{self, Write};

const HEADING: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Lists all rules: name, severity, what a violation is.
///
/// # Errors
/// The target cannot be written to.
pub fn list(out: &mut dyn Write) -> io::Result<()> {
    let width = crate::rules::all()
        .iter()
        .map(|rule| rule.id.len())
        .max()
        .unwrap_or(0);
    for rule in crate::rules::all() {
        let (id, severity, summary) = (rule.id, rule.severity, rule.summary);
        writeln!(
            out,
            "{HEADING}{id:width$}{HEADING:#}  {severity:7}  {summary}"
        )?;
    }
    writeln!(
        out,
        "\n{DIM}`factory-gate explain RULE` says more about one.{DIM:#}"
    )
}

/// Explains one rule: what, why, how to fix, options, examples.
///
/// # Errors
/// The target cannot be written to.
pub fn explain(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    let Rule {
        id,
        summary,
        why,
        fix,
        severity,
        ..
    } = rule;
    writeln!(out, "{HEADING}{id}{HEADING:#} ({severity}): {summary}\n")?;
    writeln!(
        out,
        "{HEADING}Why{HEADING:#}\n  {why}\n\n{HEADING}How to fix{HEADING:#}\n  {fix}\n"
    )?;
    writeln!(out, "{HEADING}Options{HEADING:#}")?;
    for option in crate::rules::options(rule) {
        let default = option
            .default
            .map(|value| format!(", default {value}"))
            .unwrap_or_default();
        writeln!(
            out,
            "  {} {DIM}({}{default}){DIM:#}",
            option.name, option.kind
        )?;
        writeln!(out, "      {}", option.description)?;
    }
    writeln!(
        out,
        "  severity, paths, exclude, message, fix {DIM}(every rule has these){DIM:#}"
    )?;
    for example in rule.examples {
        write!(
            out,
            "\n{HEADING}Example:{HEADING:#} {}\n{}",
            example.title,
            body(rule, example, "  ")
        )?;
    }
    Ok(())
}

/// The catalogue of all rules as Markdown: `docs/rules.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Rules\n\n<!-- Generated from the code: `UPDATE_DOCS=1 cargo test` writes it. -->\n\n\
         Every rule also takes `severity`, `paths`, `exclude`, `message` and `fix`; see [policy.md](policy.md).\n\n\
         | rule | severity | a violation is |\n|---|---|---|\n",
    );
    for Rule {
        id,
        severity,
        summary,
        ..
    } in crate::rules::all()
    {
        let _infallible = writeln!(text, "| [`{id}`](#{id}) | {severity} | {summary} |");
    }
    for rule in crate::rules::all() {
        text.push_str(&markdown_of(rule));
    }
    text
}

fn markdown_of(rule: &Rule) -> String {
    let Rule {
        id,
        summary,
        why,
        fix,
        severity,
        ..
    } = rule;
    let mut text = format!(
        "\n## {id}\n\n{}.\n\n- **Why:** {why}\n- **How to fix:** {fix}\n- **Severity** when switched on without one: {severity}\n",
        capitalised(summary)
    );
    if rule.needs_paths {
        text.push_str("- Needs `paths`.\n");
    }
    let options = crate::rules::options(rule);
    if !options.is_empty() {
        text.push_str("\n| option | value | default | meaning |\n|---|---|---|---|\n");
    }
    for option in options {
        let default = option
            .default
            .map(|value| format!("`{value}`"))
            .unwrap_or_default();
        let row = [
            format!("`{}`", option.name),
            option.kind,
            default,
            option.description,
        ];
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _infallible = writeln!(text, "| {} |", cells.join(" | "));
    }
    for example in rule.examples {
        let _infallible = write!(
            text,
            "\n{}:\n\n```text\n{}```\n",
            example.title,
            body(rule, example, "")
        );
    }
    text
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

/// Policy, files and outcome of an example.
fn body(rule: &Rule, example: &Example, indent: &str) -> String {
    let mut text = String::new();
    if !example.options.is_empty() {
        let _infallible = writeln!(text, "{indent}rules:\n{indent}  {}:", rule.id);
        for line in example.options.lines() {
            let _infallible = writeln!(text, "{indent}    {}", visible(line));
        }
    }
    for file in example.files {
        let _infallible = writeln!(text, "{indent}{}", visible(&describe(file)));
    }
    match example.violations {
        [] => {
            let _infallible = writeln!(text, "{indent}→ no violation");
        }
        violations => {
            for violation in violations {
                let _infallible = writeln!(text, "{indent}→ {}", visible(&place(violation)));
            }
        }
    }
    text
}

/// Where a violation is; quoted where it would not be seen otherwise.
fn place(violation: &str) -> String {
    if violation.is_empty() {
        "the workspace".to_owned()
    } else if violation.trim() == violation {
        violation.to_owned()
    } else {
        format!("{violation:?}")
    }
}

fn describe(file: &ExampleFile) -> String {
    let path = file.path;
    match file.is {
        ExampleKind::Text("") => format!("{path} (empty)"),
        ExampleKind::Text(contents) => format!("{path}: {contents:?}"),
        ExampleKind::Bytes(contents) => format!("{path}: \"{}\"", contents.escape_ascii()),
        ExampleKind::Executable(contents) => format!("{path} (executable): {contents:?}"),
        ExampleKind::Link(target) => format!("{path} -> {target}"),
        ExampleKind::Size(size) => format!("{path} ({size} bytes)"),
        ExampleKind::Repository => format!("{path} (a git repository)"),
    }
}
