//! Texts of documents: places, limits, and what is refused.

use crate::policy::document::parse;
use crate::policy::node::{Node, Value};
use crate::policy::problem::Report;
use proptest::prelude::*;

fn read(text: &str) -> (Option<Node>, Vec<String>) {
    let mut report = Report::default();
    let node = parse(text.as_bytes(), 0, &mut report);
    let problems = report.finish(&["p".into()]).0;
    (node, problems.iter().map(ToString::to_string).collect())
}

fn mistakes(text: &str) -> Vec<String> {
    read(text).1
}

/// `line:column` of each key and each value, in order.
fn places(node: &Node, out: &mut Vec<String>) {
    out.push(format!("{}:{}", node.at.line, node.at.column));
    match &node.value {
        Value::List(nodes) => nodes.iter().for_each(|node| places(node, out)),
        Value::Mapping(entries) => {
            for entry in entries {
                out.push(format!("{}:{}", entry.key_at.line, entry.key_at.column));
                places(&entry.value, out);
            }
        }
        _ => {}
    }
}

#[test]
fn keys_and_values_know_their_places_in_characters() {
    let text = "# ä\nversion: 1\nrules:\n  ä: {ü: [ö, x], z: 'q'}\n  empty:\n  b: |\n    text\n";
    let (node, problems) = read(text);
    assert_eq!(problems, [""; 0]);
    let mut found = Vec::new();
    places(&node.unwrap(), &mut found);
    assert_eq!(
        found,
        [
            "2:1", "2:1", "2:10", "3:1", "4:3", "4:3", "4:6", "4:7", "4:10", "4:11", "4:14",
            "4:18", "4:21", "5:3", "5:3", "6:3", "7:5"
        ]
    );
}

#[test]
fn aliases_are_written_out_and_keep_the_places_of_what_they_stand_for() {
    let (node, problems) = read("a: &x [1, 2]\nb: *x\n");
    assert_eq!(problems, [""; 0]);
    let node = node.unwrap();
    let Value::Mapping(entries) = &node.value else {
        panic!("{node:?}");
    };
    assert_eq!(entries[0].value, entries[1].value);
    assert_eq!(entries[1].key_at.line, 2);
}

#[test]
fn bombs_are_refused_before_they_cost_anything() {
    let laughs = (1..30).map(|level| {
        let last = format!("*a{}, ", level - 1).repeat(9);
        format!("a{level}: &a{level} [{last}]\n")
    });
    let laughs = laughs.fold(
        "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned(),
        |all, one| all + &one,
    );
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(100_000),
        "*a, ".repeat(1000)
    );
    for (text, said) in [
        (
            laughs,
            "p:6:10: the policy has more than 100000 keys and values once its aliases are written out",
        ),
        (long, "more than 4194304 bytes of text once its aliases"),
        (
            "- ".repeat(65),
            "p:1:129: the policy is nested more than 64 levels deep",
        ),
        (
            "[".repeat(65),
            "p:1:65: the policy is nested more than 64 levels deep",
        ),
        ("[".repeat(100_000), "nested more than 64 levels deep"),
        (
            " ".repeat((1 << 20) + 1),
            "p:1:1: the policy has 1048577 bytes: expected at most 1048576 (1 MiB)",
        ),
        (
            "a: &a [*a]".into(),
            "p:1:8: this alias stands inside the value that it stands for",
        ),
        ("a: *nothing".into(), "this is not YAML"),
    ] {
        let mistakes = mistakes(&text);
        assert_eq!(mistakes.len(), 1, "{said}");
        assert!(mistakes[0].contains(said), "{}", mistakes[0]);
    }
    assert_eq!(mistakes(&"- ".repeat(64)), [""; 0]);
}

#[test]
fn what_is_no_single_clean_document_is_refused() {
    for (text, said) in [
        (
            "",
            "p:1:1: the policy is empty: expected at least `version: 1`",
        ),
        (
            "# only a comment\n",
            "p:1:1: the policy is empty: expected at least `version: 1`",
        ),
        (
            "---\n",
            "p:1:1: the policy is empty: expected at least `version: 1`",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "p:2:1: a second YAML document begins here: expected one document, without another `---`",
        ),
        (
            "a: 1\n\nab\0c: 2",
            "p:3:3: the control character U+0000 cannot stand in a policy: write it as an escape in a \"quoted\" text",
        ),
        (
            "a: 1\r\nä\u{1b}",
            "p:2:2: the control character U+001B cannot stand in a policy: write it as an escape in a \"quoted\" text",
        ),
        (
            "a: 1\n<<: {b: 2}\n",
            "p:2:1: <<: merge keys are not part of YAML 1.2: write the keys out, or share them with `extends`",
        ),
        (
            "x:\n  - a: !secret 1\n",
            "p:2:8: x[0].a: the tag `!secret` means nothing in a policy: leave it out",
        ),
        (
            "[a]: 1\n",
            "p:1:1: a list or mapping cannot be a key: expected a name",
        ),
    ] {
        assert_eq!(mistakes(text), [said], "{text:?}");
    }
    let mut report = Report::default();
    assert_eq!(parse(b"a: 1\nb\xc3\xa4: \xff", 0, &mut report), None);
    assert_eq!(
        report.finish(&["p".into()]).to_string(),
        "p:2:5: byte 0xff is not UTF-8: expected a text in UTF-8"
    );
}

#[test]
fn every_duplicate_key_is_reported_with_both_places() {
    assert_eq!(
        mistakes("a:\n  b: 1\n  b: 2\n  'b': {c: 3}\na: 4\n"),
        [
            "p:3:3: a.b: duplicate key `b`: it is already set in line 2, column 3",
            "p:4:3: a.b: duplicate key `b`: it is already set in line 2, column 3",
            "p:5:1: a: duplicate key `a`: it is already set in line 1, column 1",
        ]
    );
}

#[test]
fn quotes_and_the_str_tag_make_texts() {
    let (node, problems) = read("\u{feff}a: ['1', \"true\", !!str 2, 3]");
    assert_eq!(problems, [""; 0]);
    let expected: serde_yaml::Value = serde_yaml::from_str("a: ['1', 'true', '2', 3]").unwrap();
    assert_eq!(node.unwrap().to_yaml(), expected);
}

fn check_places(bytes: &[u8]) {
    let mut report = Report::default();
    let node = parse(bytes, 0, &mut report);
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let lines: Vec<usize> = text
        .split(['\n', '\r'])
        .map(|line| line.chars().count())
        .collect();
    let inside = |line: u32, column: u32| {
        assert!(line >= 1 && column >= 1);
        let length = lines.get(line as usize - 1);
        assert!(
            length.is_some_and(|length| column as usize <= length + 1),
            "{line}:{column} in {text:?}"
        );
    };
    let mut found = Vec::new();
    if let Some(node) = &node {
        places(node, &mut found);
    }
    for place in found {
        let (line, column) = place.split_once(':').unwrap();
        inside(line.parse().unwrap(), column.parse().unwrap());
    }
    let problems = report.finish(&["p".into()]).0;
    assert!(node.is_some() || !problems.is_empty());
    for problem in problems {
        inside(problem.line, problem.column);
    }
}

proptest! {
    #[test]
    fn any_bytes_give_a_tree_or_mistakes_with_places_inside_the_text(
        bytes in proptest::collection::vec(any::<u8>(), 0..200)
    ) {
        check_places(&bytes);
    }

    #[test]
    fn any_yaml_like_text_does_too(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "a", "b", "ä", ": ", ":", "- ", "\n", "\r\n", "\r", "  ", "\t", "{", "}", "[", "]", ", ",
                "'", "\"", "\\", "|", ">", "-", "+", "2", "&x ", "*x", "!!str ", "!t ", "#", " #", "? ",
                "---", "...", "\n---\n", "%YAML 1.2\n", "%TAG ! t\n", "~", "true", "<<", "\u{feff}", "\u{85}",
                "\u{2028}", "\0",
            ]),
            0..40,
        )
    ) {
        check_places(words.concat().as_bytes());
    }
}
