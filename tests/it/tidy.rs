//! The shape of the source: arrows between rooms, a line that opens each file, lengths.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What each room may use. No arrow points back.
const ARROWS: &[(&str, &[&str])] = &[
    ("finding", &[]),
    ("walk", &[]),
    ("text", &[]),
    ("search", &[]),
    ("syntax", &[]),
    ("editorconfig", &[]),
    ("schemas", &["syntax"]),
    ("secrets", &["search"]),
    (
        "rules",
        &[
            "finding",
            "walk",
            "text",
            "search",
            "syntax",
            "schemas",
            "secrets",
            "editorconfig",
        ],
    ),
    ("policy", &["finding", "walk", "rules"]),
    ("baseline", &["finding"]),
    ("base", &["walk", "ci"]),
    (
        "scan",
        &[
            "finding",
            "walk",
            "text",
            "search",
            "secrets",
            "rules",
            "policy",
            "baseline",
            "base",
            "editorconfig",
        ],
    ),
    ("beneath", &[]),
    ("cleanup", &["beneath", "walk", "rules", "policy"]),
    ("fix", &["beneath", "finding", "walk", "text"]),
    ("store", &["finding", "walk"]),
    ("ci", &[]),
    ("wiring", &["policy"]),
    (
        "report",
        &["finding", "secrets", "rules", "store", "ci", "wiring"],
    ),
    (
        "phases",
        &[
            "finding", "walk", "secrets", "rules", "policy", "baseline", "base", "scan", "beneath",
            "cleanup", "fix", "store", "ci", "report",
        ],
    ),
    ("cli", &["base"]),
    (
        "commands",
        &[
            "cli", "finding", "walk", "secrets", "rules", "policy", "baseline", "base", "scan",
            "beneath", "cleanup", "fix", "store", "ci", "wiring", "report", "phases",
        ],
    ),
    ("main", &["cli", "commands", "phases"]),
    ("lib", &[]),
];

/// No source file is longer.
const MOST_LINES: usize = 530;

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

fn room(path: &Path) -> String {
    let inside = path
        .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .unwrap();
    let first = inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms that a file names by `crate::ROOM`, `use crate::{ROOM` or `factory_gate::ROOM`.
fn named_rooms(text: &str) -> BTreeSet<String> {
    let pattern = regex::Regex::new(r"\b(?:crate|factory_gate)::(\{[^}]*\}|\w+)").unwrap();
    let word = regex::Regex::new(r"\w+").unwrap();
    let rooms: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    let named = pattern.captures_iter(text).flat_map(|found| {
        let list = found.get(1).unwrap().as_str();
        word.find_iter(list)
            .map(|word| word.as_str().to_owned())
            .collect::<Vec<_>>()
    });
    named.filter(|name| rooms.contains(name.as_str())).collect()
}

#[test]
fn no_arrow_points_back() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let room = room(&path);
        let allowed = ARROWS.iter().find(|(name, _)| *name == room);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{room} is no room in ARROWS"));
        for named in named_rooms(&text) {
            if named != room && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{} names {named}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_opens_with_a_line_that_says_what_it_is() {
    for (path, text) in sources() {
        assert!(
            text.starts_with("//! "),
            "{} has no //! line",
            path.display()
        );
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn every_rule_is_registered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    for (path, text) in sources()
        .iter()
        .filter(|(path, _)| path.starts_with(&folder))
    {
        if let Some(id) = text.split("static RULE: Rule = Rule {\n    id: \"").nth(1) {
            let id = id.split('"').next().unwrap();
            assert!(
                factory_gate::rules::find(id).is_some(),
                "{} is not in the list",
                path.display()
            );
            let stem = path.file_stem().unwrap().to_str().unwrap();
            assert_eq!(
                id.replace('-', "_"),
                stem,
                "the file of a rule has the rule's name"
            );
        }
    }
}

#[test]
fn rules_have_good_names_and_texts() {
    let mut seen = BTreeSet::new();
    for rule in factory_gate::rules::all() {
        assert!(seen.insert(rule.id), "{} twice", rule.id);
        assert!(
            rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
            "{}",
            rule.id
        );
        assert!(
            !rule.summary.ends_with('.') && !rule.summary.is_empty(),
            "{}",
            rule.id
        );
        assert!(
            rule.why.ends_with('.') && rule.fix.ends_with('.'),
            "{}",
            rule.id
        );
        for option in factory_gate::rules::options(rule) {
            assert!(
                !option.description.is_empty(),
                "{}.{} says nothing",
                rule.id,
                option.name
            );
            assert_ne!(
                option.kind, "value",
                "{}.{} has no kind",
                rule.id, option.name
            );
        }
    }
}
