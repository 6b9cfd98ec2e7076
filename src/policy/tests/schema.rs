//! The schema against a real validator, and against the loader.

use crate::policy::document::parse;
use crate::policy::merge::find;
use crate::policy::presets::PRESETS;
use crate::policy::problem::Report;
use crate::policy::schema::{option_names, schema, schema_for};
use crate::policy::trial::{RULES, load_files, policy_file};
use serde_json::Value;

fn as_json(text: &str) -> Value {
    let node = parse(text.as_bytes(), 0, &mut Report::default()).unwrap();
    serde_json::to_value(node.to_yaml()).unwrap()
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::meta::validate(schema).unwrap();
    jsonschema::draft202012::new(schema).unwrap()
}

const GOOD: &[&str] = &[
    "",
    "extends: [strict, recommended]",
    "extends: [team.yml]\nrules: {theirs: off}",
    "extends: [./team.yml]\nrules: {theirs: {paths: [a], pattern: z}}",
    "extends: [team.yml]\ncleanup: {rules: {their-trash: {older_than: 1d}}}",
    "exclude: ['third_party/**', 'a b', '..x/y', '.hidden/']",
    "rules: {file-size: off, path-length: error}",
    "rules: {file-size: {max: 1 MiB, severity: off, paths: [a], exclude: [], message: m}}",
    "rules: {file-size: {max: 5}}",
    "rules: {dead-pattern: {quiet: true}}",
    "rules: {own: {use: forbidden-content, paths: [a], pattern: 'x', style: each-line, within: [{lines: 2}]}}",
    "rules: {own-2: {use: file-size, max: 1 kB}}",
    "overrides: [{paths: [a], rules: {file-size: off, path-length: {max: 5, severity: note}}}]",
    "rules: {own: {use: file-size}}\noverrides: [{paths: [a], rules: {own: {max: 3}}}]",
    "suppressions: [{rule: file-size, paths: [a], reason: r, owner: '@o', expires: 2027-06-30}]",
    "cleanup: {rules: {a: {paths: [b/], older_than: 7d, larger_than: 1, action: remove, tracked: true}, c: off}}",
    "cleanup: {keep: [], limits: {max_files: 0, max_bytes: 2 GiB}}",
    "cleanup: {rules: {a: {paths: [b], action: quarantine, hard_links: keep, keep_newest: 3, ignored_only: true}}}",
    "cleanup: {rules: {a: {paths: [b/], empty_directories: true, require_cachedir_tag: true, tracked: false}}}",
    "cleanup: {rules: {a: {paths: [b], tracked: true, ignored_only: false}}}",
    "cleanup: {limits: {max_directories: 5, max_depth: 9, max_share: 12.5, max_failures: 0, max_time: 5m}}",
    "gate: {fail_on: never, min_score: 99.5, new_only: true}",
    "workspace: {enter_nested: true, allow_unreadable: ['x/**'], max_content: 64 MiB}",
    "workspace: {max_content: 67108864}",
];

const BAD: &[&str] = &[
    "zebra: 1",
    "extends: recommended",
    "extends: [recomended]",
    "extends: ['']",
    "extends: [/a.yml]",
    "extends: ['a\\b.yml']",
    "exclude: ''",
    "exclude: ['']",
    "exclude: [' ']",
    "exclude: [/a]",
    "exclude: [a/../b]",
    "exclude: [./a]",
    "rules: {file-sise: error}",
    "extends: [recommended]\nrules: {theirs: off}",
    "rules: {file-size: false}",
    "rules: {file-size: of}",
    "rules: {file-size: }",
    "rules: {file-size: {maxx: 1}}",
    "rules: {file-size: {max: 1 XB}}",
    "rules: {file-size: {max: -1}}",
    "rules: {file-size: {severity: fatal}}",
    "rules: {file-size: {message: ''}}",
    "rules: {file-size: {paths: []}}",
    "rules: {file-size: {use: path-length}}",
    "rules: {Own: {use: file-size}}",
    "rules: {own: {max: 3}}",
    "rules: {own: {use: nothing}}",
    "rules: {own: {use: file-size, pattern: x}}",
    "rules: {own: {use: forbidden-content, paths: [a], pattern: x, style: zebra}}",
    "rules: {own: {use: forbidden-content, paths: [a], pattern: x, within: [{line: 2}]}}",
    "rules: {dead-pattern: {quiet: 1}}",
    "overrides: [{rules: {file-size: off}}]",
    "overrides: [{paths: [], rules: {file-size: off}}]",
    "overrides: [{paths: [a]}]",
    "overrides: [{paths: [a], rules: {file-size: {message: x}}}]",
    "rules: {own: {use: file-size}}\noverrides: [{paths: [a], rules: {own: {use: file-size}}}]",
    "suppressions: [{rule: file-size, paths: [a]}]",
    "suppressions: [{rule: file-size, paths: [a], reason: ''}]",
    "suppressions: [{rule: file-size, paths: [a], reason: r, expires: tomorrow}]",
    "suppressions: [{rule: file-size, paths: [a], reason: r, expires: 2027-13-01}]",
    "cleanup: {rules: {a: {paths: [b], action: delete}}}",
    "cleanup: {rules: {a: {paths: [b], hard_links: follow}}}",
    "cleanup: {rules: {a: {paths: [b], keep_newest: 0}}}",
    "cleanup: {rules: {a: {paths: [b/], empty_directories: 1}}}",
    "cleanup: {rules: {a: {paths: [b], tracked: true, ignored_only: true}}}",
    "cleanup: {rules: {a: {paths: [b/], empty_directories: true, larger_than: 1}}}",
    "cleanup: {limits: {max_depth: 0}}",
    "cleanup: {limits: {max_share: 100.5}}",
    "cleanup: {limits: {max_failures: -1}}",
    "cleanup: {limits: {max_time: 5}}",
    "cleanup: {rules: {a: {older_than: 7d}}}",
    "cleanup: {rules: {a: {paths: [b], older_than: 7}}}",
    "cleanup: {rules: {a: on}}",
    "cleanup: {keep: ['']}",
    "cleanup: {limits: {max_files: -1}}",
    "gate: {fail_on: warnings}",
    "gate: {min_score: 101}",
    "gate: {new_only: 1}",
    "workspace: {max_content: 0}",
    "workspace: {max_content: 67108865}",
    "workspace: {enter_nested: yes}",
];

#[test]
fn schema_and_loader_agree() {
    let validator = validator(&schema_for(RULES));
    let team = "version: 1\nrules: {theirs: {use: forbidden-content, paths: [p], pattern: q}}\n\
        cleanup: {rules: {their-trash: {paths: [t]}}}\n";
    for (bodies, is_good) in [(GOOD, true), (BAD, false)] {
        for body in bodies {
            let text = format!("version: 1\n{body}\n");
            assert_eq!(
                validator.is_valid(&as_json(&text)),
                is_good,
                "schema: {body}"
            );
            // The presets use rules of the real catalogue.
            if body.contains("extends: [strict") {
                continue;
            }
            let loaded = load_files(&text, &[("team.yml", team)]);
            assert_eq!(
                loaded.is_ok(),
                is_good,
                "loader: {body}: {:?}",
                loaded.err()
            );
        }
    }
    for text in ["rules: {}", "version: 2", "version: '1'", "[]"] {
        assert!(!validator.is_valid(&as_json(text)), "{text}");
        assert!(load_files(text, &[]).is_err(), "{text}");
    }
}

#[test]
fn every_example_of_every_rule_is_a_valid_policy() {
    let validator = validator(&schema());
    for rule in crate::rules::all() {
        for example in rule.examples {
            let options = match example.options {
                "" => "{}".to_owned(),
                options => format!("\n    {}", options.replace('\n', "\n    ")),
            };
            let text = format!("version: 1\nrules:\n  {}: {options}\n", rule.id);
            let name = format!("{}: {}\n{text}", rule.id, example.title);
            assert!(validator.is_valid(&as_json(&text)), "{name}");
            let file = policy_file(text.as_bytes());
            let refuse = |_: &std::path::Path| panic!("nothing is read");
            if let Err(problems) = crate::policy::load(Some(file), &refuse) {
                panic!("{name}{problems}");
            }
        }
    }
}

#[test]
fn the_presets_are_valid_by_the_schema_except_for_rules_that_are_not_there() {
    for preset in PRESETS {
        let document = as_json(preset.text);
        let schema = schema();
        for error in validator(&schema).iter_errors(&document) {
            let place = error.instance_path().to_string();
            let name = place.split('/').nth(2).unwrap_or_default();
            assert!(
                place.starts_with("/rules/") && find(crate::rules::all(), name).is_none(),
                "{}: {place}: {error}",
                preset.name
            );
        }
    }
}

#[test]
fn names_of_options_come_from_the_schema() {
    let rule = find(RULES, "forbidden-content").unwrap();
    assert_eq!(option_names(rule).unwrap(), ["pattern", "style", "within"]);
}

#[test]
fn equal_rules_give_equal_bytes() {
    assert_eq!(schema().to_string(), schema().to_string());
}
