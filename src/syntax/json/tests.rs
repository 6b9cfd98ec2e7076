//! What the JSON parsers say about single mistakes, and what they read.

use crate::syntax::{Notation, Value, check, parse};

fn say(notation: Notation, text: &str) -> Vec<String> {
    let mistakes = check(text.as_bytes(), notation);
    let parsed = parse(text.as_bytes(), notation);
    assert_eq!(
        parsed.mistakes, mistakes,
        "both ways say the same of {text:?}"
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

/// Texts with one mistake, and what is said of it.
const SINGLE: &[(&str, &str)] = &[
    ("[1,]", "2-3 a trailing comma, which JSON does not have"),
    (
        "{\"a\":1,}",
        "6-7 a trailing comma, which JSON does not have",
    ),
    (
        "['a']",
        "1-4 a text in single quotes: expected double quotes",
    ),
    ("{a: 1}", "1-2 the key `a` must stand in double quotes"),
    ("[1] // x", "4-8 a comment, which JSON does not have"),
    (
        "[NaN]",
        "1-4 `NaN` is no value of JSON: expected a number, or `null`",
    ),
    ("[True]", "1-5 `True` is no value of JSON: expected `true`"),
    (
        "[01]",
        "1-3 `01` is no number of JSON: it must not begin with a zero",
    ),
    ("[+1]", "1-3 `+1` is no number of JSON: leave out the `+`"),
    (
        "[1.]",
        "1-3 `1.` is no number of JSON: a digit must stand behind the point",
    ),
    (
        "[\"a\tb\"]",
        "3-4 the control character U+0009 must be escaped in a text: `\\t`",
    ),
    (
        "[\"\\x\"]",
        "2-4 `\\x` is no escape: write `\\\\` for a backslash",
    ),
    (
        "[\"a\nb\"]",
        "1-3 this text is not closed on its line: expected a closing quote, or `\\n` for a line break",
    ),
    (
        "\u{feff}[]",
        "0-3 a byte order mark, which JSON must not begin with",
    ),
    (
        "[] []",
        "3-4 expected the end of the text after the value, found `[`",
    ),
    (
        "{\"a\": {\"b\": 1",
        "6-7 `{` is never closed: expected `}` before the end of the text",
    ),
    (
        "{\"a\": [1}",
        "8-9 expected `]`, found `}`: `[` was opened in line 1, column 7",
    ),
    ("[1\n2]", "2-2 expected a comma"),
    ("{\"a\" 1}", "4-4 expected a colon after this key"),
    ("{\"a\":}", "4-5 expected a value after this colon"),
    ("", "0-0 nothing here: expected a value"),
    (
        "{\"a\": 1, \"\\u0061\": 2}",
        "9-17 duplicate key `a`: it is already set in line 1, column 2",
    ),
];

#[test]
fn single_mistakes_have_their_place_and_a_message() {
    for (text, said) in SINGLE {
        assert_eq!(say(Notation::Json, text), [*said], "{text:?}");
    }
}

#[test]
fn several_mistakes_are_all_named() {
    let text = "{\n  'a': 01,\n  \"b\": True\n  \"a\": [1,],\n}";
    let starts: Vec<String> = say(Notation::Json, text)
        .iter()
        .map(|said| said.split(' ').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        starts,
        ["4-7", "9-11", "20-24", "24-24", "27-30", "34-35", "36-37"]
    );
}

#[test]
fn comments_and_trailing_commas_are_fine_where_they_belong() {
    assert!(say(Notation::JsonWithComments, "// a\n{ /* b */ \"a\": [1,], }").is_empty());
    assert!(say(Notation::JsonWithComments, " // nothing").is_empty());
    assert_eq!(say(Notation::JsonWithComments, "{'a': 1}").len(), 1);
    assert_eq!(say(Notation::JsonWithComments, "[] /*").len(), 1);
}

#[test]
fn json5_is_what_its_specification_says() {
    for fine in [
        "{a: 1, $b_: 'it\\'s', \"c\": .5, d: 5., e: 0xFf, f: +1, g: -Infinity, h: NaN, 'i': 'a\\\nb',}",
        "\u{a0}[1]\u{2028}",
        "'\\x41\\0'",
        "{\u{fc}: 1, \\u0061b: 2}",
        "'tab\there'",
    ] {
        assert_eq!(say(Notation::Json5, fine), [""; 0], "{fine}");
    }
    for wrong in [
        "",
        "010",
        "0x",
        "{1a: 1}",
        "'\\1'",
        "'\\x4'",
        "[,]",
        "{a: b}",
        "'a\nb'",
        "{a: 1, a: 2}",
    ] {
        assert_eq!(say(Notation::Json5, wrong).len(), 1, "{wrong}");
    }
}

#[test]
fn each_line_of_json_lines_is_a_text() {
    assert!(say(Notation::JsonLines, "{\"a\":1}\n\n[2]\r\n").is_empty());
    let said = say(Notation::JsonLines, "{\"a\":\n1}\n[2] [3]\n");
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(parse(b"1\n2\n", Notation::JsonLines).documents.len(), 2);
}

#[test]
fn values_and_their_places_are_kept() {
    let text = br#"{"a\n": [1, -2.5, 18446744073709551615, 1e999, true, null, "x\u00e9"]}"#;
    let parsed = parse(text, Notation::Json);
    let Value::Object(members) = &parsed.documents[0].value else {
        panic!("an object");
    };
    assert_eq!(
        (members[0].key.as_str(), &members[0].key_bytes),
        ("a\n", &(1..6))
    );
    let Value::Array(nodes) = &members[0].value.value else {
        panic!("a list");
    };
    let values: Vec<Value> = nodes.iter().map(|node| node.value.clone()).collect();
    let number = |value: f64| Value::Number(serde_json::Number::from_f64(value).unwrap());
    assert_eq!(
        values,
        [
            Value::Number(1.into()),
            number(-2.5),
            Value::Number(u64::MAX.into()),
            number(f64::MAX),
            Value::Bool(true),
            Value::Null,
            Value::String("xé".into()),
        ]
    );
    assert_eq!(nodes[1].bytes, 12..16);
}

#[test]
fn hostile_nesting_is_a_mistake() {
    let deep = "[".repeat(100_000);
    assert_eq!(say(Notation::Json, &deep).len(), 1);
    assert_eq!(say(Notation::Json, &"{\"a\":".repeat(100_000)).len(), 1);
}

#[test]
fn bytes_that_are_not_utf8_have_their_place() {
    let mistakes = check(b"[\"a\xff\xfe\"]", Notation::Json);
    assert_eq!(mistakes.len(), 1);
    assert_eq!(mistakes[0].bytes, 3..4);
}

proptest::proptest! {
    /// RFC 8259 is what `serde_json` reads, except for what it gives up on its own account.
    #[test]
    fn agrees_with_serde_json(text in r#"([\[\]{}:, \n"\\a1.eE+\-0]|true|null|"a"|"b":|\\u12aB){0,14}"#) {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        let ours = check(text.as_bytes(), Notation::Json)
            .iter()
            .all(|mistake| mistake.message.starts_with("duplicate key"));
        proptest::prop_assert_eq!(ours, theirs, "{:?}", text);
    }

    #[test]
    fn no_bytes_do_harm(
        bytes in proptest::collection::vec(proptest::prop_oneof![proptest::prelude::any::<u8>(), proptest::sample::select(b"[]{}:,'\"\\/*-0.e\n".to_vec())], 0..40),
    ) {
        for notation in [Notation::Json, Notation::JsonWithComments, Notation::Json5, Notation::JsonLines] {
            let mistakes = check(&bytes, notation);
            for mistake in &mistakes {
                proptest::prop_assert!(mistake.bytes.start <= mistake.bytes.end && mistake.bytes.end <= bytes.len());
            }
            proptest::prop_assert_eq!(mistakes, parse(&bytes, notation).mistakes);
        }
    }
}
