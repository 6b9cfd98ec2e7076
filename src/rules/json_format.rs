//! `json-format`: JSON that is laid out in one way.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Rule};
use super::json_layout::{Blank, Departures, Layout};
use super::line_endings;
use super::options::build;
use super::text_rules::followed;
use crate::editorconfig::{EndOfLine, IndentStyle, Properties};
use crate::finding::{Change, Edit, Found, Safety, Severity};
use crate::syntax::{self, MistakeKind, Notation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) static RULE: Rule = Rule {
    id: "json-format",
    summary: "a JSON file is laid out in another way than the policy's",
    why: "Programs that write JSON lay all of it out anew, so that a change of one value is a diff of the whole file, unless everything \
          is laid out alike.",
    fix: "Let a formatter write the file, or `--apply=fix`: it changes nothing but blanks and line ends between the values; only the order \
          of keys (`sort_keys`) it changes if unsafe fixes are allowed.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<JsonFormat>(),
    build: build::<JsonFormat>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "Each member on its own line, nothing in what is empty; what is after the value is left to other rules",
        options: "",
        files: &[
            json(
                "a.json",
                "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}\n",
            ),
            json("b.json", "1\n\n"),
        ],
        violations: &[],
    },
    Example {
        title: "One finding a file, at the first difference",
        options: "",
        files: &[
            json("a.json", "{\n  \"a\": [1, 2]\n}\n"),
            json("b.json", "{ \"a\" : 1 }"),
        ],
        violations: &["a.json:2:9", "b.json:1:2"],
    },
    Example {
        title: "With tabs",
        options: "indent: tab",
        files: &[json("a.json", "[\n\t1\n]\n"), json("b.json", "[\n  1\n]\n")],
        violations: &["b.json:1:2"],
    },
    Example {
        title: "With comments, or mistakes, nothing is said",
        options: "",
        files: &[
            json("a.json", "{\"a\": 1, }\n"),
            json("tsconfig.json", "{\"a\": 1} // one\n"),
        ],
        violations: &[],
    },
    Example {
        title: "Keys in order",
        options: "sort_keys: true",
        files: &[json("a.json", "{\n  \"b\": 1,\n  \"a\": 2\n}\n")],
        violations: &["a.json:3:3"],
    },
    Example {
        title: "`.editorconfig` says how far",
        options: "",
        files: &[
            json(".editorconfig", "[*.json]\nindent_size = 4\n"),
            json("a.json", "[\n    1\n]\n"),
            json("b.json", "[\n  1\n]\n"),
        ],
        violations: &["b.json:1:2"],
    },
];

const fn json(path: &'static str, text: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text(text),
    }
}

/// Options of `json-format`. The layout is that of JavaScript's `JSON.stringify` and Python's `json.dump` with an
/// indentation: each member and each item on a line of its own, `: ` after a key, `{}` and `[]` for what is empty.
/// Files with comments are not looked at.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct JsonFormat {
    /// What a level is indented by: a number of spaces, or `tab`.
    indent: Indent,
    /// Whether the keys of each object have to be in order, by the code points of their characters.
    sort_keys: bool,
    /// Whether `indent_style` and `indent_size` of the file's `.editorconfig` hold instead of `indent`.
    follow_editorconfig: bool,
}

/// What a level is indented by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Indent {
    /// So many spaces.
    Spaces(u8),
    /// One tab.
    Tab(Tab),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Tab {
    Tab,
}

/// The most spaces that a policy can ask for.
const MOST_SPACES: u8 = 16;

/// The longest that a file may become, beside sixteen times what it is: what is nested a thousand levels deep could grow to
/// more than any machine holds.
const MOST_BYTES: usize = 1 << 27;

impl Default for JsonFormat {
    fn default() -> Self {
        Self {
            indent: Indent::Spaces(2),
            sort_keys: false,
            follow_editorconfig: true,
        }
    }
}

impl Check for JsonFormat {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let notation = Notation::of(file.entry.path());
        let is_json = matches!(notation, Some(Notation::Json | Notation::JsonWithComments));
        if !is_json || file.encoding.is_utf16() {
            return;
        }
        let text = file.bytes;
        let mistakes = syntax::check(text, Notation::Json);
        if mistakes.iter().any(|it| it.kind == MistakeKind::Syntax) {
            return;
        }
        let has_duplicates = !mistakes.is_empty();
        let layout = self.layout(file);
        let departures = layout.departures(text, self.sort_keys);
        let may_grow = departures.length <= MOST_BYTES.min(text.len().saturating_mul(16) + 65_536);
        match &departures {
            Departures {
                key: None,
                blank: None,
                ..
            } => {}
            Departures {
                key: None,
                blank: Some((place, blank)),
                ..
            } => {
                found.at(place.clone(), message(*blank, &layout));
                if may_grow {
                    found.fix(Safety::Safe, || layout.edits(text).finish());
                }
            }
            Departures {
                key: Some(key),
                blank,
                ..
            } => {
                match blank {
                    Some((place, blank)) if place.start < key.start => {
                        found.at(place.clone(), message(*blank, &layout));
                    }
                    _ => found.at(key.clone(), "this key belongs before the one before it"),
                }
                if may_grow && !has_duplicates {
                    found.fix(Safety::Unsafe, || {
                        let (place, sorted) = layout.sorted(text);
                        Change::Edits(vec![Edit::new(place, sorted)])
                    });
                }
            }
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        let is_fine = !matches!(self.indent, Indent::Spaces(0 | 17..));
        let mistake = || {
            OptionError::new(
                "indent",
                format!("expected 1 to {MOST_SPACES} spaces, or `tab`"),
            )
        };
        (!is_fine).then(mistake).into_iter().collect()
    }
}

impl JsonFormat {
    fn layout(&self, file: &Content<'_>) -> Layout {
        let settings = followed(file, self.follow_editorconfig);
        let own = match self.indent {
            Indent::Spaces(count) => (b' ', usize::from(count)),
            Indent::Tab(Tab::Tab) => (b'\t', 1),
        };
        let unit = match settings {
            Properties {
                indent_style: Some(IndentStyle::Tab),
                ..
            } => (b'\t', 1),
            Properties {
                indent_size: Some(size),
                ..
            } => (b' ', size.get() as usize),
            Properties {
                indent_style: Some(IndentStyle::Space),
                ..
            } if own.0 == b'\t' => (b' ', 2),
            _ => own,
        };
        let wanted = file.settings.and_then(|it| it.end_of_line);
        let line_end: &[u8] = match (line_endings::prevailing(file.bytes), wanted) {
            (Some(end), _) => end,
            (None, Some(EndOfLine::CrLf)) => b"\r\n",
            (None, _) => b"\n",
        };
        Layout { unit, line_end }
    }
}

fn message(expected: Blank, layout: &Layout) -> String {
    let (unit, size) = layout.unit;
    let expected = match expected {
        Blank::Nothing => "nothing".to_owned(),
        Blank::Space => "a space".to_owned(),
        Blank::Line(0) => "a new line".to_owned(),
        Blank::Line(depth) => {
            let count = depth.saturating_mul(size);
            let noun = if unit == b'\t' { "tab" } else { "space" };
            let plural = if count == 1 { "" } else { "s" };
            format!("a new line, indented by {count} {noun}{plural},")
        }
    };
    format!("laid out in another way: expected {expected} here")
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use proptest::prelude::*;

    /// What becomes of a text, and how sure that is.
    fn format(options: &str, text: &str) -> Option<(Safety, String)> {
        let check = trial::check(&RULE, options).unwrap();
        let drafts = trial::fixes(check.as_ref(), "a.json", text.as_bytes());
        let draft = drafts.first()?;
        let after = trial::apply(text.as_bytes(), draft.change.as_deref()?);
        Some((draft.fixable?, String::from_utf8(after).unwrap()))
    }

    #[test]
    fn tokens_are_kept_as_they_are() {
        let text =
            " {\"\\u0061\\\"\":1.0E+2,\"b\" : [ ] ,\"c\":[true,\"x, {y\"],\"\":{\"d\":{\n}}}\t\n";
        assert_eq!(
            format("", text).unwrap().1,
            "{\n  \"\\u0061\\\"\": 1.0E+2,\n  \"b\": [],\n  \"c\": [\n    true,\n    \"x, {y\"\n  ],\n  \"\": {\n    \"d\": {}\n  }\n}\t\n"
        );
    }

    #[test]
    fn line_ends_are_those_of_the_file() {
        let crlf = format("indent: tab", "[1,\r\n2]\r\n").unwrap();
        assert_eq!(crlf, (Safety::Safe, "[\r\n\t1,\r\n\t2\r\n]\r\n".into()));
    }

    #[test]
    fn keys_are_sorted_with_what_they_hold() {
        let text = "{\"b\":{\"z\":1,\"y\":[{\"d\":2,\"c\":3}]},\"\\u0061\":0}";
        let (safety, after) = format("{ sort_keys: true, indent: 1 }", text).unwrap();
        assert_eq!(safety, Safety::Unsafe);
        assert_eq!(
            after,
            "{\n \"\\u0061\": 0,\n \"b\": {\n  \"y\": [\n   {\n    \"c\": 3,\n    \"d\": 2\n   }\n  ],\n  \"z\": 1\n }\n}"
        );
        let twice = "{\n  \"b\": 1,\n  \"a\": 2,\n  \"a\": 3\n}";
        assert_eq!(format("sort_keys: true", twice), None, "which one counts?");
    }

    #[test]
    fn what_is_no_json_is_left_alone() {
        let check = trial::check(&RULE, "").unwrap();
        for (name, text) in [
            ("a.json", "{\"a\":1,}"),
            ("a.json", ""),
            ("a.json", "\u{feff}[1]"),
            ("a.jsonl", "[1]\n[2]\n"),
            ("a.json5", "[1]"),
            ("a.txt", "[1]"),
        ] {
            assert!(trial::content(check.as_ref(), name, text.as_bytes()).is_empty());
        }
    }

    #[test]
    fn what_would_grow_beyond_measure_is_told_but_not_fixed() {
        let deep = |items: usize| {
            let items = vec!["1"; items].join(",");
            format!("{}{items}{}", "[".repeat(900), "]".repeat(900))
        };
        let check = trial::check(&RULE, "").unwrap();
        let fixable =
            |text: &str| trial::content(check.as_ref(), "a.json", text.as_bytes())[0].fixable;
        assert_eq!(fixable("[1]"), Some(Safety::Safe));
        assert_eq!(fixable(&deep(2000)), None);
    }

    #[test]
    fn an_indentation_has_a_measure() {
        assert_eq!(trial::mistakes(&RULE, "indent: 0").len(), 1);
        assert_eq!(trial::mistakes(&RULE, "indent: 17").len(), 1);
        assert_eq!(trial::mistakes(&RULE, "indent: 300").len(), 1);
        assert_eq!(trial::mistakes(&RULE, "indent: tabs").len(), 1);
        assert_eq!(trial::mistakes(&RULE, "indent: tab").len(), 0);
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(Into::into),
            "[a-b\"\\\\ ,:{}\\[\\]\n]{0,4}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::vec(("[a-c\"]{0,2}", inner), 0..4)
                    .prop_map(|all| serde_json::Value::Object(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn agrees_with_the_layout_of_serde(value in any_json(), is_pretty: bool) {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let text = if is_pretty { pretty.clone() } else { serde_json::to_string(&value).unwrap() };
            let after = format("", &text).map_or(text, |(_, after)| after);
            prop_assert_eq!(&after, &pretty);
            prop_assert_eq!(format("", &pretty), None, "once is enough");
        }

        #[test]
        fn sorting_keeps_what_the_text_means(value in any_json()) {
            let text = serde_json::to_string(&value).unwrap();
            let after = format("sort_keys: true", &text).map_or(text, |(_, after)| after);
            prop_assert_eq!(format("sort_keys: true", &after), None);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&after).unwrap(), value);
        }
    }
}
