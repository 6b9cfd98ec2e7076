//! Each rule's good and bad examples, through the binary and its record.

use crate::world::World;
use factory_gate::rules::{Example, ExampleKind, Rule};

fn build(rule: &Rule, example: &Example) -> World {
    let mut options = String::from("severity: warning\n");
    options.push_str(example.options);
    let options: String = options
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
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
    let policy = format!("version: 1\nrules:\n  {}:\n{options}", rule.id);
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
