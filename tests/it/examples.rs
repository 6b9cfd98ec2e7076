//! Each rule's good and bad examples, through the binary and its record.

use crate::world::World;
use factory_gate::rules::{Example, ExampleKind, Rule};

/// A policy of the one rule, as a warning, with the example's options.
fn policy(rule: &Rule, example: &Example) -> String {
    let options = if example.options.is_empty() {
        "{}"
    } else {
        example.options
    };
    let mut options: serde_json::Value = serde_yaml::from_str(options).unwrap();
    options["severity"] = "warning".into();
    serde_json::json!({ "version": 1, "rules": { rule.id: options } }).to_string()
}

fn build(rule: &Rule, example: &Example) -> World {
    let mut world = World::new();
    for file in example.files {
        world = match file.is {
            _ if file.path.ends_with('/') => world.directory(file.path),
            ExampleKind::Text(text) => world.file(file.path, text),
            ExampleKind::Bytes(bytes) => world.file(file.path, bytes),
            ExampleKind::Executable(text) => world.executable(file.path, text),
            ExampleKind::Link(target) => world.link(file.path, target),
            ExampleKind::Size(size) => {
                world.file(file.path, vec![0; usize::try_from(size).unwrap()])
            }
            ExampleKind::Repository => world.directory(&format!("{}/.git", file.path)),
        };
    }
    let policy = policy(rule, example);
    std::fs::write(world.beside("policy.yml"), policy).unwrap();
    world
}

#[test]
fn every_example_of_every_rule_holds() {
    for rule in factory_gate::rules::all() {
        for example in rule.examples {
            let world = build(rule, example);
            let policy = world.beside("policy.yml");
            let mut expected: Vec<String> = example
                .violations
                .iter()
                .map(|violation| format!("warning {} {violation}", rule.id))
                .collect();
            expected.sort();
            let mut found = world.violations(&["--policy", policy.to_str().unwrap()]);
            found.sort();
            assert_eq!(found, expected, "{}: {}", rule.id, example.title);
        }
    }
}
