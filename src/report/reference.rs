//! The references in `docs/`, made from what the program itself goes by: the policy from its JSON Schema, the record
//! from the store's own schema, the commands from the command line's definition.

use crate::store::{ColumnDoc, TableDoc, TableKind};
use serde_json::Value;
use std::fmt::Write as _;

const POLICY: &str = include_str!("reference/policy.md");
const DATABASE: &str = include_str!("reference/database.md");
const COMMANDS: &str = include_str!("reference/cli.md");

/// Columns of the help's text.
const WIDTH: usize = 100;

/// The reference of the policy, out of its JSON Schema: `docs/policy.md`.
pub fn policy(schema: &Value) -> String {
    let mut text = POLICY.to_owned();
    for (name, section) in entries(schema, "properties") {
        let _infallible = write!(text, "\n## {name}\n\n{}\n", meaning(section));
        let mut rows = Vec::new();
        Keys { schema }.list(name, section, &mut rows);
        let required = names(schema, "required").any(|required| required == name);
        if rows.is_empty() || required {
            rows.insert(0, Keys { schema }.row(name, section, required));
        }
        text.push_str("\n| key | value | default | meaning |\n|---|---|---|---|\n");
        text.extend(rows);
        if name == "rules" {
            text.push_str(&rules(schema, section));
        }
    }
    text.push_str("\n## Kinds of values\n\n| kind | is |\n|---|---|\n");
    for kind in KINDS {
        if let Some(definition) = schema["$defs"].get(kind) {
            let (name, meaning) = (words(kind), meaning(definition));
            let _infallible = writeln!(text, "| <a id=\"{kind}\"></a>{name} | {meaning} |");
        }
    }
    text
}

/// Where the options of each rule stand, and which names the presets have taken.
fn rules(schema: &Value, section: &Value) -> String {
    let is_built_in = |name: &str| schema["$defs"].get(format!("rule-{name}")).is_some();
    let (built_in, of_presets): (Vec<&str>, Vec<&str>) = entries(section, "properties")
        .map(|(name, _)| name)
        .partition(|name| is_built_in(name));
    let built_in: Vec<String> = built_in
        .iter()
        .map(|name| format!("[`{name}`](rules.md#{name})"))
        .collect();
    let of_presets: Vec<String> = of_presets.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "\nEach built-in rule has options of its own besides: {}.\n\nThe presets define: {}.\n",
        built_in.join(", "),
        of_presets.join(", ")
    )
}

/// The definitions that have a row in the table of kinds, where the schema has them.
const KINDS: [&str; 4] = ["Age", "ByteSize", "pathPattern", "severity"];

/// Rows of a table of keys.
struct Keys<'s> {
    /// The whole document, which references lead into.
    schema: &'s Value,
}

impl<'s> Keys<'s> {
    /// The keys below `node`, which stands at `path`.
    fn list(&self, path: &str, node: &'s Value, rows: &mut Vec<String>) {
        let node = self.resolve(node);
        if let Some(items) = node.get("items") {
            return self.list(&format!("{path}[]"), items, rows);
        }
        // A mapping whose keys are names: what stands below each of them.
        if node["additionalProperties"].is_object() {
            let here = format!("{path}.NAME");
            rows.push(self.row(&here, &node["additionalProperties"], false));
            for form in self.forms(&node["additionalProperties"]) {
                self.list(&here, form, rows);
            }
            return;
        }
        for (key, value) in entries(node, "properties") {
            let here = format!("{path}.{key}");
            let required = names(node, "required").any(|required| required == key);
            rows.push(self.row(&here, value, required));
            self.list(&here, value, rows);
        }
    }

    fn row(&self, path: &str, value: &'s Value, required: bool) -> String {
        let default = match value.get("default") {
            _ if required => "required".to_owned(),
            None | Some(Value::Null) => String::new(),
            Some(default) => format!("`{}`", plain(default)),
        };
        let kind = if path == "rules.NAME.use" {
            "a [built-in rule](rules.md)".to_owned()
        } else {
            self.kind(value)
        };
        let meaning = match meaning(value) {
            empty if empty.is_empty() => meaning(self.resolve(value)),
            meaning => meaning,
        };
        format!("| `{path}` | {kind} | {default} | {meaning} |\n")
    }

    /// What may be written.
    fn kind(&self, node: &Value) -> String {
        if let Some(name) = reference(node) {
            return if KINDS.contains(&name) {
                format!("[{}](#{name})", words(name))
            } else {
                self.kind(&self.schema["$defs"][name])
            };
        }
        if let Some(value) = node.get("const") {
            return format!("`{}`", plain(value));
        }
        if let Some(values) = node["enum"].as_array() {
            let values: Vec<String> = values
                .iter()
                .map(|one| format!("`{}`", plain(one)))
                .collect();
            return values.join(", ");
        }
        if let Some(any) = node["anyOf"].as_array() {
            let kinds: Vec<String> = any.iter().map(|one| self.kind(one)).collect();
            return kinds.join(" or ");
        }
        match node["type"].as_str() {
            Some("array") => format!("list: {}", self.kind(&node["items"])),
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("integer" | "number") => number(node),
            Some("object") => "mapping".to_owned(),
            Some("string") if node["format"] == "date" => "date".to_owned(),
            Some("string") => "text".to_owned(),
            // A kind with a further condition.
            _ => node["allOf"]
                .get(0)
                .map_or_else(String::new, |one| self.kind(one)),
        }
    }

    /// The definition that a reference leads to.
    fn resolve(&self, node: &'s Value) -> &'s Value {
        reference(node).map_or(node, |name| &self.schema["$defs"][name])
    }

    fn forms(&self, node: &'s Value) -> Vec<&'s Value> {
        match node["anyOf"].as_array() {
            Some(forms) => forms.iter().map(|form| self.resolve(form)).collect(),
            None => vec![self.resolve(node)],
        }
    }
}

fn number(node: &Value) -> String {
    match (node.get("minimum"), node.get("maximum")) {
        (Some(least), Some(most)) => format!("number from {least} to {most}"),
        (Some(least), None) => format!("number from {least}"),
        _ => "number".to_owned(),
    }
}

/// The name of the definition that a node refers to.
fn reference(node: &Value) -> Option<&str> {
    node["$ref"].as_str()?.strip_prefix("#/$defs/")
}

fn entries<'v>(node: &'v Value, key: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
    let entries = node[key].as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.as_str(), value))
}

fn names<'v>(node: &'v Value, key: &str) -> impl Iterator<Item = &'v str> {
    let names = node[key].as_array().into_iter().flatten();
    names.filter_map(Value::as_str)
}

/// The reference of the record: `docs/database.md`.
pub fn database(tables: &[TableDoc]) -> String {
    let mut text = DATABASE.to_owned();
    let chapters = [
        (TableKind::Given, "The three tables that never change"),
        (TableKind::Side, "The tables beside them"),
        (TableKind::View, "Views: the questions that are asked most"),
    ];
    for (kind, title) in chapters {
        let _infallible = writeln!(text, "\n## {title}");
        for table in tables.iter().filter(|table| table.kind == kind) {
            let _infallible = write!(
                text,
                "\n### {}\n\n{}\n\n{}",
                table.name,
                cell(&table.description),
                heads(kind)
            );
            text.extend(table.columns.iter().map(|column| row(kind, column)));
        }
    }
    text
}

fn heads(kind: TableKind) -> &'static str {
    match kind {
        TableKind::View => "| column | unit | meaning |\n|---|---|---|\n",
        TableKind::Given | TableKind::Side => {
            "| column | type | unit | meaning |\n|---|---|---|---|\n"
        }
    }
}

fn row(kind: TableKind, column: &ColumnDoc) -> String {
    let sql_type = match kind {
        TableKind::View => String::new(),
        TableKind::Given | TableKind::Side => format!(" {} |", column.sql_type),
    };
    format!(
        "| `{}` |{sql_type} {} | {} |\n",
        column.name,
        column.unit.as_deref().unwrap_or_default(),
        cell(&column.description)
    )
}

/// The help of the program and of each of its commands: `docs/cli.md`.
pub fn commands(program: clap::Command) -> String {
    let mut program = program.term_width(WIDTH);
    program.build();
    let mut text = COMMANDS.to_owned();
    text.push_str(&help(&mut program));
    for command in program.get_subcommands_mut() {
        if command.get_name() != "help" {
            let shown = help(command);
            let _infallible = write!(text, "\n## {}\n{shown}", command.get_name());
        }
    }
    text
}

/// The long help, without the blanks that clap leaves at ends of lines.
fn help(command: &mut clap::Command) -> String {
    let shown = command.render_long_help().to_string();
    let lines: Vec<&str> = shown.trim_end().lines().map(str::trim_end).collect();
    format!("\n```text\n{}\n```\n", lines.join("\n"))
}

/// A description as one line of a table.
fn meaning(node: &Value) -> String {
    cell(node["description"].as_str().unwrap_or_default())
}

/// `ByteSize` → `byte size`.
fn words(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.extend(character.to_lowercase());
    }
    text
}

/// A value as it is written in YAML.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A text of ours inside a cell of a table: no new cells, no emphasis. What stands between backticks is left as it is.
fn cell(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    let mut is_code = false;
    for character in text.chars() {
        match character {
            '\n' => encoded.push(' '),
            '|' => encoded.push_str("\\|"),
            '*' | '<' if !is_code => {
                encoded.push('\\');
                encoded.push(character);
            }
            _ => {
                is_code ^= character == '`';
                encoded.push(character);
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_key_has_a_row_with_value_default_and_meaning() {
        let schema = json!({
            "required": ["version"],
            "properties": {
                "version": { "const": 1, "description": "Of the language." },
                "cleanup": {
                    "description": "What goes.",
                    "properties": {
                        "rules": {
                            "type": "object",
                            "description": "By name.",
                            "additionalProperties": { "anyOf": [
                                { "const": "off" },
                                { "type": "object", "required": ["paths"], "properties": {
                                    "paths": {
                                        "type": "array",
                                        "items": { "$ref": "#/$defs/pathPattern" },
                                        "description": "`*` or * | **.",
                                    },
                                    "tracked": { "type": "boolean", "default": false },
                                } },
                            ] },
                        },
                    },
                },
                "overrides": {
                    "type": "array",
                    "items": { "properties": { "n": { "type": "number", "minimum": 0, "maximum": 9 } } },
                },
            },
            "$defs": { "pathPattern": { "description": "A pattern." } },
        });
        let text = policy(&schema);
        let rows: Vec<&str> = text[POLICY.len()..]
            .lines()
            .filter(|line| line.starts_with("| `") || line.starts_with("| <a"))
            .collect();
        assert_eq!(
            rows,
            [
                "| `version` | `1` | required | Of the language. |",
                "| `cleanup.rules` | mapping |  | By name. |",
                "| `cleanup.rules.NAME` | `off` or mapping |  |  |",
                r"| `cleanup.rules.NAME.paths` | list: [path pattern](#pathPattern) | required | `*` or \* \| \*\*. |",
                "| `cleanup.rules.NAME.tracked` | `true` or `false` | `false` |  |",
                "| `overrides[].n` | number from 0 to 9 |  |  |",
                "| <a id=\"pathPattern\"></a>path pattern | A pattern. |",
            ]
        );
    }

    #[test]
    fn views_have_no_types_and_units_are_shown() {
        let column = ColumnDoc {
            name: "size".into(),
            sql_type: "INTEGER".into(),
            description: "how_big".into(),
            unit: Some("bytes".into()),
        };
        assert_eq!(
            row(TableKind::Side, &column),
            "| `size` | INTEGER | bytes | how_big |\n"
        );
        assert_eq!(
            row(TableKind::View, &column),
            "| `size` | bytes | how_big |\n"
        );
    }

    #[test]
    fn every_command_is_there_with_its_help() {
        let program = clap::Command::new("gate")
            .subcommand(clap::Command::new("run").about("Runs it"))
            .subcommand(clap::Command::new("verify").about("Checks it"));
        let text = commands(program);
        assert!(
            text.contains("\n## run\n\n```text\nRuns it\n\nUsage: gate run"),
            "{text}"
        );
        assert!(text.contains("\n## verify\n\n```text\nChecks it"), "{text}");
        assert!(!text.contains("\n## help\n"), "{text}");
        assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
    }
}
