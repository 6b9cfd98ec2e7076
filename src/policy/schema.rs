//! The JSON Schema of the policy language, for editors that complete and check while one types. Everything about rules
//! derives from the registry. What a schema cannot know (names in other files, broken patterns) the loader finds.

use super::merge::{Catalogue, find};
use super::presets::PRESETS;
use super::schema_parts::{cleanup_limits, cleanup_rule, gate, locked, pinned_file, workspace};
use crate::rules::{Age, ByteSize, Rule};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Names of rules of a policy's own.
pub(super) const OWN_NAME: &str = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$";
/// What makes an entry of `extends` a file.
const FILE: &str = "/|\\.ya?ml$";

/// The JSON Schema (draft 2020-12) of a policy.
pub fn schema() -> Value {
    schema_for(crate::rules::all())
}

/// The names of a rule's own options; `None` if its schema is no closed list of them.
pub(super) fn option_names(rule: &Rule) -> Option<Vec<String>> {
    let mut generator = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator();
    let options = options_of(rule, &mut generator);
    let is_closed = options.get("additionalProperties") == Some(&Value::Bool(false));
    let names = || options.get("properties").and_then(Value::as_object);
    is_closed.then(|| names().map_or_else(Vec::new, |names| names.keys().cloned().collect()))
}

/// Where a rule's mapping stands, which decides about its common keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    BuiltIn,
    /// A rule of the policy's own; the key `use` names the built-in one.
    Own,
    Override,
}

/// The schema of a policy over these rules.
pub(super) fn schema_for(known: &Catalogue) -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator();
    let size = generator.subschema_for::<ByteSize>().to_value();
    let age = generator.subschema_for::<Age>().to_value();
    let options: BTreeMap<&str, Map<String, Value>> = known
        .iter()
        .map(|rule| (rule.id, options_of(rule, &mut generator)))
        .collect();
    let inlined: Vec<Value> = known
        .iter()
        .map(|rule| (rule.schema)(&mut generator).to_value())
        .collect();
    let mut definitions = generator.take_definitions(true);
    // Their properties stand in the rules' own definitions, together with the common keys.
    for name in inlined.iter().filter_map(reference_name) {
        definitions.remove(name);
    }
    for rule in known {
        for (prefix, form) in [
            ("rule", Form::BuiltIn),
            ("own", Form::Own),
            ("override", Form::Override),
        ] {
            let mapping = rule_mapping(rule, &options[rule.id], form);
            definitions.insert(format!("{prefix}-{}", rule.id), mapping);
        }
    }
    definitions.insert("ownRule".into(), own_rule(known));
    definitions.extend(common_definitions());
    let preset_rules = preset_rules(known);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Factory Gate policy",
        "description": "What a workspace has to look like before it is merged or deployed.",
        "type": "object",
        "additionalProperties": false,
        "required": ["version"],
        "properties": {
            "version": { "description": "The version of the policy language.", "const": 1 },
            "extends": extends(),
            "exclude": described("Paths that no rule looks at.", &patterns(0)),
            "rules": rules(known, &preset_rules),
            "overrides": overrides(known, &preset_rules),
            "suppressions": suppressions(),
            "cleanup": cleanup(&size, &age),
            "gate": gate(),
            "workspace": workspace(&size),
            "locked": locked(),
            "baseline": {
                "description": "A file of violations, written by `factory-gate baseline`, that are accepted as they are; relative to the workspace.",
                "type": "string",
                "pattern": "^(?!/)(?!.*(//|/$))(?!(.*/)?\\.\\.?(/|$))[^\\\\]*\\S[^\\\\]*$",
            },
        },
        "allOf": [needs_use(known, &preset_rules), needs_cleanup_paths()],
        "$defs": definitions,
    })
}

fn reference_name(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// The schema of a rule's own options, without indirection.
fn options_of(rule: &Rule, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let schema = (rule.schema)(generator).to_value();
    let definition = reference_name(&schema).and_then(|name| generator.definitions().get(name));
    let object = definition.unwrap_or(&schema).as_object();
    object.cloned().unwrap_or_default()
}

pub(super) fn described(description: &str, schema: &Value) -> Value {
    let mut schema = schema.clone();
    schema["description"] = description.into();
    schema
}

fn definition(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

pub(super) fn patterns(least: u8) -> Value {
    let mut list = json!({ "type": "array", "items": definition("pathPattern") });
    if least > 0 {
        list["minItems"] = least.into();
    }
    list
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string", "pattern": "\\S" })
}

fn common_definitions() -> Map<String, Value> {
    let definitions = json!({
        "severity": {
            "description": "off, or how bad a violation is: error fails the gate by default, warning counts in the score, note is only told.",
            "enum": ["off", "note", "warning", "error"]
        },
        "pathPattern": {
            "description": "A path pattern relative to the workspace: * stops at /, ** does not; a trailing / means a directory and everything below it.",
            "type": "string",
            "pattern": "^(?!/)(?!(.*/)?\\.\\.?(/|$))[\\s\\S]*\\S"
        },
        "name": { "type": "string", "pattern": OWN_NAME },
    });
    definitions.as_object().cloned().unwrap_or_default()
}

/// The keys that every rule has, as far as this form of it has them.
fn common_keys(form: Form, uses: &Value) -> Map<String, Value> {
    let mut keys = Map::new();
    if form == Form::Own {
        let uses = described("The built-in rule that this one uses.", uses);
        keys.insert("use".into(), uses);
    }
    keys.insert("severity".into(), definition("severity"));
    let paths = described("Only these paths are looked at.", &patterns(1));
    keys.insert("paths".into(), paths);
    let exclude = described("These paths are not looked at.", &patterns(0));
    keys.insert("exclude".into(), exclude);
    let fix = described(
        "Which of the rule's fixes `--apply=fix` makes: none, those that change nothing that anyone meant (the default), or all.",
        &json!({ "enum": ["off", "safe", "unsafe"] }),
    );
    keys.insert("fix".into(), fix);
    if form != Form::Override {
        let message = text("Shown instead of the rule's own message.");
        keys.insert("message".into(), message);
    }
    keys
}

/// A rule's mapping: its own options and the common keys.
fn rule_mapping(rule: &Rule, options: &Map<String, Value>, form: Form) -> Value {
    let mut mapping = options.clone();
    mapping.remove("title");
    mapping.insert("type".into(), "object".into());
    mapping.insert("description".into(), rule_text(rule).into());
    let mut keys = common_keys(form, &json!({ "const": rule.id }));
    if let Some(own) = options.get("properties").and_then(Value::as_object) {
        keys.extend(own.clone());
    }
    mapping.insert("properties".into(), keys.into());
    mapping.into()
}

fn rule_text(rule: &Rule) -> String {
    format!(
        "{}. {}\n\n{}",
        capitalised(rule.summary),
        rule.why,
        rule.fix
    )
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), characters.as_str())
}

fn setting(mapping: &Value, description: &str) -> Value {
    json!({ "description": description, "anyOf": [definition("severity"), mapping] })
}

/// A rule of the policy's own: its options are those of the rule that it uses.
fn own_rule(known: &Catalogue) -> Value {
    let ids: Vec<&str> = known.iter().map(|rule| rule.id).collect();
    let keys = common_keys(Form::Own, &json!({ "enum": ids }));
    let by_use = known.iter().map(|rule| {
        json!({
            "if": { "required": ["use"], "properties": { "use": { "const": rule.id } } },
            "then": definition(&format!("own-{}", rule.id)),
        })
    });
    json!({
        "description": "A rule of your own: any new name, with the built-in rule that it uses.",
        "type": "object",
        "properties": keys,
        "allOf": by_use.collect::<Vec<_>>(),
    })
}

/// Rules of their own that the presets have, with the rules that they use.
fn preset_rules(known: &Catalogue) -> BTreeMap<String, &'static Rule> {
    let mut found = BTreeMap::new();
    for preset in PRESETS {
        let document: serde_yaml::Value = serde_yaml::from_str(preset.text).unwrap_or_default();
        let rules = document
            .get("rules")
            .and_then(serde_yaml::Value::as_mapping);
        for (name, rule) in rules.into_iter().flatten() {
            let id = rule.get("use").and_then(serde_yaml::Value::as_str);
            let used = id.and_then(|id| find(known, id));
            if let (Some(name), Some(used)) = (name.as_str(), used) {
                found.insert(name.to_owned(), used);
            }
        }
    }
    found
}

/// Each rule with a known name, by the definitions of this prefix; `own` is for those of the presets.
fn named_rules(
    known: &Catalogue,
    preset_rules: &BTreeMap<String, &'static Rule>,
    (built_in, own): (&str, &str),
) -> Map<String, Value> {
    let mut rules = Map::new();
    for rule in known {
        let mapping = definition(&format!("{built_in}-{}", rule.id));
        rules.insert(rule.id.into(), setting(&mapping, &rule_text(rule)));
    }
    for (name, rule) in preset_rules {
        let mapping = definition(&format!("{own}-{}", rule.id));
        let description = format!(
            "A rule of a preset that uses {}: {}.",
            rule.id, rule.summary
        );
        rules.insert(name.clone(), setting(&mapping, &description));
    }
    rules
}

fn rules(known: &Catalogue, preset_rules: &BTreeMap<String, &'static Rule>) -> Value {
    let own = "A rule of your own, or one of a policy that this one extends.";
    json!({
        "description": "The rules: a severity, or a mapping with options. A rule that is not mentioned is off.",
        "type": "object",
        "propertyNames": definition("name"),
        "properties": named_rules(known, preset_rules, ("rule", "own")),
        "additionalProperties": setting(&definition("ownRule"), own),
    })
}

fn overrides(known: &Catalogue, preset_rules: &BTreeMap<String, &'static Rule>) -> Value {
    let own = json!({
        "type": "object",
        "properties": common_keys(Form::Override, &Value::Null),
        "not": { "anyOf": [{ "required": ["use"] }, { "required": ["message"] }] },
    });
    json!({
        "description": "Other settings for some paths. The last override that matches a path and mentions a rule decides.",
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["paths", "rules"],
            "properties": {
                "paths": described("The paths that this is about.", &patterns(1)),
                "rules": {
                    "description": "A severity, or options laid over those of the rule.",
                    "type": "object",
                    "propertyNames": definition("name"),
                    "properties": named_rules(known, preset_rules, ("override", "override")),
                    "additionalProperties": setting(&own, "A rule of your own."),
                },
            },
        },
    })
}

/// Only a file can bring rules whose names are not known here: without one, every new name says what it uses.
fn needs_use(known: &Catalogue, preset_rules: &BTreeMap<String, &'static Rule>) -> Value {
    let built_in = known.iter().map(|rule| rule.id.to_owned());
    let named: Map<String, Value> = built_in
        .chain(preset_rules.keys().cloned())
        .map(|name| (name, Value::Bool(true)))
        .collect();
    json!({
        "if": { "required": ["extends"], "properties": { "extends": { "contains": { "pattern": FILE } } } },
        "else": { "properties": { "rules": {
            "properties": named,
            "additionalProperties": { "type": "object", "required": ["use"] },
        } } },
    })
}

fn needs_cleanup_paths() -> Value {
    json!({
        "if": { "required": ["extends"] },
        "else": { "properties": { "cleanup": { "properties": { "rules": {
            "additionalProperties": { "if": { "type": "object" }, "then": { "required": ["paths"] } },
        } } } } },
    })
}

fn extends() -> Value {
    let presets = PRESETS.map(|preset| preset.name);
    json!({
        "description": "Policies that this one is laid over, in order: presets, paths relative to this file, inside the workspace, or files anywhere that are pinned by their SHA-256.",
        "type": "array",
        "items": { "anyOf": [
            { "enum": presets },
            { "type": "string", "allOf": [{ "pattern": FILE }, { "pattern": "^[^/\\\\][^\\\\]*$" }] },
            pinned_file(),
        ] },
    })
}

fn suppressions() -> Value {
    json!({
        "description": "Accepted violations, each with a reason.",
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["rule", "paths", "reason"],
            "properties": {
                "rule": text("The name of the rule."),
                "paths": described("The paths whose violations are accepted.", &patterns(1)),
                "reason": text("Why they are accepted."),
                "owner": text("Who answers for it."),
                "expires": {
                    "description": "The last day on which it holds: YYYY-MM-DD.",
                    "type": "string",
                    "format": "date",
                    "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
                },
            },
        },
    })
}

fn cleanup(size: &Value, age: &Value) -> Value {
    json!({
        "description": "What may be removed from the workspace, with --apply.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "rules": {
                "description": "Cleanup rules by name; off switches one off that a preset has.",
                "type": "object",
                "propertyNames": { "pattern": "\\S" },
                "additionalProperties": { "anyOf": [{ "const": "off" }, cleanup_rule(size, age)] },
            },
            "keep": described("Never removed, whatever a rule says.", &patterns(0)),
            "limits": cleanup_limits(size, age),
        },
    })
}
