//! What the YAML parser says about single mistakes, and what it reads.

use crate::syntax::{Node, Notation, Value, check, parse};

fn say(text: &str) -> Vec<String> {
    let mistakes = check(text.as_bytes(), Notation::Yaml);
    assert_eq!(
        parse(text.as_bytes(), Notation::Yaml).mistakes,
        mistakes,
        "{text:?}"
    );
    mistakes
        .into_iter()
        .map(|mistake| {
            format!(
                "{}-{} {}",
                mistake.bytes.start, mistake.bytes.end, mistake.message
            )
        })
        .collect()
}

/// The value as JSON, for short assertions.
fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => serde_json::Value::Number(number.clone()),
        Value::String(text) => text.clone().into(),
        Value::Array(nodes) => nodes.iter().map(json).collect(),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|member| (member.key.clone(), json(&member.value)));
            serde_json::Value::Object(members.collect())
        }
    }
}

#[test]
fn duplicate_keys_have_both_places() {
    assert_eq!(
        say("a: 1\nb:\n  c: 1\n  'c': 2\n\"a\": 3\n"),
        [
            "17-20 duplicate key `c`: it is already set in line 3, column 3",
            "24-27 duplicate key `a`: it is already set in line 1, column 1",
        ]
    );
    assert_eq!(say("{a: 1, a: 2}").len(), 1);
    assert_eq!(say("&k a: 1\n*k : 2\n").len(), 1);
    for fine in [
        "1: a\n'1': b\n",
        "a: 1\n---\na: 1\n",
        "<<: {a: 1}\n<<: {b: 1}\n",
        "? [a]\n: 1\n? [a]\n: 2\n",
        "!a x: 1\n!b x: 2\n",
    ] {
        assert_eq!(say(fine), [""; 0], "{fine}");
    }
    let many: Vec<String> = (0..50)
        .map(|number| format!("k{}: 1\n", number % 49))
        .collect();
    assert_eq!(say(&many.concat()).len(), 1);
}

#[test]
fn tags_of_all_programs_are_fine() {
    for fine in [
        "a: !Ref B\nc: !Sub '${D}'\ne: !GetAtt [f, g]\n",
        "password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n",
        "a: !reference [.setup, script]\n",
        "a: !include b.yaml\nc: !secret d\n",
        "--- !ruby/object:Gem::Specification\nname: x\n",
        "!!python/tuple [1]\n",
    ] {
        assert_eq!(say(fine), [""; 0], "{fine}");
    }
}

#[test]
fn a_mistake_ends_its_document_only() {
    let text = "a: [1\n---\nb: 1\nb: 2\n---\nc: *nowhere\n";
    let said = say(text);
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[1].starts_with("15-16 duplicate key `b`"), "{said:?}");
    assert!(
        said[2].starts_with("27-35 `*nowhere` stands for nothing"),
        "{said:?}"
    );
}

#[test]
fn what_yaml_forbids_is_found() {
    for wrong in [
        "a:\n\t- b\n",
        "a: b: c\n",
        "a: 'b\n",
        "- a\nb: c\n",
        "a: \u{1}\n",
        "a: @b\n",
        "%FOO\n",
        "\"\\q\"\n",
    ] {
        assert_eq!(say(wrong).len(), 1, "{wrong:?}");
    }
    let mistakes = check(b"a: \xff\n", Notation::Yaml);
    assert_eq!(mistakes[0].bytes, 3..4);
}

#[test]
fn values_anchors_and_merges_are_written_out() {
    let text = "base: &b {x: 1, y: 0x10}\nuse:\n  <<: *b\n  y: [~, yes, 'no', 1.5, !!str 1, !Ref 2]\n? [k]\n: 2020-01-01\n";
    let parsed = parse(text.as_bytes(), Notation::Yaml);
    assert_eq!(parsed.mistakes, []);
    let expected = serde_json::json!({
        "base": {"x": 1, "y": 16},
        "use": {"y": [null, "yes", "no", 1.5, "1", "2"], "x": 1},
        "[k]": "2020-01-01",
    });
    assert_eq!(json(&parsed.documents[0]), expected);
    assert_eq!(parse(b"1\n---\n2\n", Notation::Yaml).documents.len(), 2);
    assert!(parse(b"", Notation::Yaml).documents.is_empty());
}

#[test]
fn bombs_are_not_written_out() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        let level = level.to_string();
        text.push_str(&["a", &level, ": &a", &level, " [", &aliases, "]\n"].concat());
    }
    assert_eq!(check(text.as_bytes(), Notation::Yaml), []);
    let parsed = parse(text.as_bytes(), Notation::Yaml);
    assert_eq!(parsed.mistakes.len(), 1);
    assert!(parsed.documents.is_empty());
    assert_eq!(say("&a [*a]\n"), [""; 0]);
}

#[test]
fn hostile_nesting_is_a_mistake() {
    for text in [
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(50_000),
        "? ".repeat(50_000),
    ] {
        assert_eq!(say(&text).len(), 1);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_does_harm(text in "([a\\-:?,\\[\\]{}&*!|>'\"%@ \n\t#]|é|---|- |: |&a |\\*a |<<: ){0,24}") {
        let mistakes = check(text.as_bytes(), Notation::Yaml);
        for mistake in &mistakes {
            proptest::prop_assert!(mistake.bytes.start <= mistake.bytes.end && mistake.bytes.end <= text.len());
        }
        proptest::prop_assert_eq!(mistakes, parse(text.as_bytes(), Notation::Yaml).mistakes);
    }
}
