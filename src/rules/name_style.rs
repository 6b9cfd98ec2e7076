//! `name-style`: how files and directories are to be named: letter cases and regular expressions.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, OptionError, Rule};
use super::letter_case::Strictness;
use super::name_pattern::{Style, Verdict};
use super::options::build;
use crate::finding::{Found, Severity};
use crate::walk::{Entry, Kind};
use bstr::{BStr, ByteSlice as _};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

pub(super) static RULE: Rule = Rule {
    id: "name-style",
    summary: "a name is not written in the agreed style",
    why: "With one style of names nobody has to guess whether it is `userList.ts`, `user-list.ts` or `UserList.ts`, \
          and imports that differ only in case do not break on another system.",
    fix: "Rename the file or directory as the message suggests, or add its style to the list of alternatives.",
    severity: Severity::Warning,
    levels: &[Level::Entry],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<NameStyle>(),
    build: build::<NameStyle>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "The stem counts: extensions and the dot of hidden files do not",
        options: "files: kebab-case",
        files: &[
            text("user-list.test.ts"),
            text(".eslintrc.json"),
            text("Any_Directory/a1.ts"),
        ],
        violations: &[],
    },
    Example {
        title: "Files that are not in kebab-case",
        options: "files: kebab-case",
        files: &[
            text("UserList.ts"),
            text("user_list.ts"),
            text("user--list.ts"),
        ],
        violations: &["UserList.ts", "user--list.ts", "user_list.ts"],
    },
    Example {
        title: "One of several styles is enough; directories have their own",
        options: "{ paths: ['src/**'], files: [camelCase, PascalCase], directories: lowercase }",
        files: &[
            text("src/ui/useList.ts"),
            text("src/UI/List.tsx"),
            text("src/ui/a_b.ts"),
            text("README"),
        ],
        violations: &["src/UI", "src/ui/a_b.ts"],
    },
    Example {
        title: "A component is named like its directory: `${0}` is the directory's name",
        options: "{ paths: ['components/**'], files: [{ regex: '${0}(Test)?' }, { regex: 'index' }] }",
        files: &[
            text("components/List/List.tsx"),
            text("components/List/ListTest.tsx"),
            text("components/List/index.ts"),
            text("components/List/Table.tsx"),
        ],
        violations: &["components/List/Table.tsx"],
    },
    Example {
        title: "What a name must not look like, whatever the alternatives say",
        options: "{ files: [kebab-case, { not_regex: '.*-(new|final|copy)' }] }",
        files: &[text("report.md"), text("report-final.md")],
        violations: &["report-final.md"],
    },
    Example {
        title: "Python's own names, with doubled separators allowed",
        options: "{ files: snake_case, extra_separators: true }",
        files: &[text("pkg/__init__.py"), text("pkg/_private.py")],
        violations: &[],
    },
    Example {
        title: "The whole name, extension included",
        options: "{ files: { regex: '[a-z]+\\.(c|h)' }, file_part: name }",
        files: &[text("main.c"), text("main.cpp")],
        violations: &["main.cpp"],
    },
];

const fn text(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text("text\n"),
    }
}

/// Options of `name-style`. A style is the name of a letter case, `{ regex: PATTERN }` or `{ not_regex: PATTERN }`; of a
/// list one has to fit, and no `not_regex` may match.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct NameStyle {
    /// The styles of files (and links); none: they may have any name.
    files: Styles,
    /// The styles of directories; none: they may have any name. Their whole name counts.
    directories: Styles,
    /// Which part of a file's name counts.
    file_part: FilePart,
    /// Whether the dots at the start of hidden files and directories do not count.
    ignore_leading_dots: bool,
    /// Whether separators may be doubled, first or last (`__init__`) in `snake_case`, `kebab-case` and their like.
    extra_separators: bool,
    /// Most capital letters in a row in `camelCase` and `PascalCase`: with 2, `HtmlPage` is fine and `HTMLPage` is not.
    #[schemars(range(min = 1))]
    max_capitals: usize,
}

impl Default for NameStyle {
    fn default() -> Self {
        Self {
            files: Styles::default(),
            directories: Styles::default(),
            file_part: FilePart::Stem,
            ignore_leading_dots: true,
            extra_separators: false,
            max_capitals: 2,
        }
    }
}

#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum FilePart {
    /// Up to the first dot: `list` of `list.test.ts`.
    Stem,
    /// Up to the last dot: `list.test` of `list.test.ts`.
    BeforeLastDot,
    /// All of it.
    Name,
}

/// One style, or a list of them.
#[derive(Default)]
struct Styles(Vec<Style>);

impl<'de> Deserialize<'de> for Styles {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Styles;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a style or a list of styles, for example kebab-case")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Styles, E> {
                let source = serde::de::value::StrDeserializer::new(text);
                Style::deserialize(source).map(|style| Styles(vec![style]))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Styles, A::Error> {
                let source = serde::de::value::MapAccessDeserializer::new(map);
                Style::deserialize(source).map(|style| Styles(vec![style]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Styles, A::Error> {
                let mut styles = Vec::new();
                while let Some(style) = list.next_element()? {
                    styles.push(style);
                }
                Ok(Styles(styles))
            }
        }
        source.deserialize_any(Visitor)
    }
}

impl JsonSchema for Styles {
    fn schema_name() -> Cow<'static, str> {
        "NameStyles".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let style = generator.subschema_for::<Style>();
        schemars::json_schema!({
            "description": "One style, or a list of which one has to fit",
            "anyOf": [style, { "type": "array", "items": style, "minItems": 1 }]
        })
    }
}

impl Check for NameStyle {
    fn entry(&self, entry: Entry<'_>, found: &mut Found) {
        let (styles, part) = match entry.kind() {
            Kind::Directory | Kind::NestedRepository => (&self.directories, FilePart::Name),
            Kind::File | Kind::Symlink | Kind::Special => (&self.files, self.file_part),
        };
        if styles.0.is_empty() {
            return;
        }
        let text = self.counted_part(entry.name(), part);
        if let Some(message) = self.judge(&styles.0, text, entry.parent()) {
            found.whole(message);
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        let mut mistakes = Vec::new();
        if self.files.0.is_empty() && self.directories.0.is_empty() {
            mistakes.push(OptionError::new(
                "files",
                "nothing to check: expected a style for `files` or `directories`, for example kebab-case",
            ));
        }
        if self.max_capitals == 0 {
            mistakes.push(OptionError::new("max_capitals", "expected at least 1"));
        }
        mistakes
    }
}

impl NameStyle {
    fn counted_part<'n>(&self, name: &'n BStr, part: FilePart) -> &'n BStr {
        let dots = name.iter().take_while(|byte| **byte == b'.').count();
        let rest = &name[dots..];
        let length = match part {
            FilePart::Stem => rest.find_byte(b'.'),
            FilePart::BeforeLastDot => rest.rfind_byte(b'.'),
            FilePart::Name => None,
        };
        let end = dots + length.unwrap_or(rest.len());
        let start = if self.ignore_leading_dots { dots } else { 0 };
        name[start..end].as_bstr()
    }

    /// What is wrong with the name, if no alternative fits or one that must not does. Allocates only then.
    fn judge(&self, styles: &[Style], text: &BStr, parent: &BStr) -> Option<String> {
        let strictness = Strictness {
            extra_separators: self.extra_separators,
            max_capitals: self.max_capitals,
        };
        let (mut fits, mut refused) = (false, false);
        for style in styles {
            match style.judge(text, parent, strictness) {
                Verdict::Fits => fits = true,
                Verdict::Refused => refused = true,
                Verdict::Silent => {}
                Verdict::Forbidden(why) => return Some(why),
            }
        }
        (refused && !fits).then(|| refusal(styles, text, strictness))
    }
}

fn refusal(styles: &[Style], text: &BStr, strictness: Strictness) -> String {
    let names: Vec<String> = styles.iter().filter_map(Style::expectation).collect();
    let (Ok(text), Some((last, others))) = (text.to_str(), names.split_last()) else {
        return format!("`{text}` is not UTF-8, so it is in no style");
    };
    let case = styles.iter().find_map(Style::letter_case);
    let spelt = case.and_then(|case| case.spell(text, strictness));
    if !others.is_empty() {
        let hint = spelt.map(|spelt| format!("; for example `{spelt}` would fit"));
        let (others, hint) = (others.join(", "), hint.unwrap_or_default());
        return format!("`{text}` is none of {others} and {last}{hint}");
    }
    let fault = case.and_then(|case| case.check(text, strictness).err());
    let fault = fault.map(|fault| format!(": {fault}"));
    let hint = spelt.map(|spelt| format!("; `{spelt}` is"));
    let (fault, hint) = (fault.unwrap_or_default(), hint.unwrap_or_default());
    format!("`{text}` is not {last}{fault}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::{Meta, TreeBuilder};

    fn says(options: &str, path: &[u8]) -> Vec<String> {
        let Ok(check) = (RULE.build)(&serde_yaml::from_str(options).unwrap()) else {
            panic!("{options}");
        };
        let mut builder = TreeBuilder::default();
        let meta = Meta {
            kind: Kind::File,
            permissions: 0o644,
            size: 0,
            modified_ns: 0,
            tracked: None,
            ignored: false,
        };
        assert!(builder.push(path, meta));
        let tree = builder.finish("/w".into());
        let mut found = Found::default();
        check.entry(tree.find(path).unwrap(), &mut found);
        found.drain().map(|draft| draft.message).collect()
    }

    #[test]
    fn messages_say_what_is_wrong_and_what_is_right() {
        assert_eq!(
            says("files: kebab-case", b"src/UserList.ts"),
            ["`UserList` is not kebab-case: `U` is a capital letter; `user-list` is"]
        );
        assert_eq!(
            says("files: [kebab-case, {regex: 'v\\d'}]", b"A b"),
            ["`A b` is none of kebab-case and matching `v\\d`; for example `a-b` would fit"]
        );
        assert_eq!(
            says("files: {regex: 'v\\d'}", b"w1"),
            ["`w1` is not matching `v\\d`"]
        );
        assert_eq!(
            says("files: kebab-case", b"a\xff"),
            ["`a\u{fffd}` is not UTF-8, so it is in no style"]
        );
    }

    #[test]
    fn the_part_that_counts_can_be_chosen() {
        let name = b".a.b.c";
        for (options, expected) in [
            ("{}", "a"),
            ("file_part: before_last_dot", "a.b"),
            ("file_part: name", "a.b.c"),
            ("ignore_leading_dots: false", ".a"),
        ] {
            let rule: NameStyle = serde_yaml::from_str(options).unwrap();
            let part = rule.counted_part(name.as_bstr(), rule.file_part);
            assert_eq!(part, expected, "{options}");
        }
    }

    #[test]
    fn mistakes_are_refused_and_helpful() {
        for (options, key, expected) in [
            ("{}", "files", "nothing to check"),
            ("files: kebabcase", "files", "`kebab-case`"),
            ("files: [kebab-case, {rgx: a}]", "files", "rgx"),
            (
                "directories: {regex: '('}",
                "directories",
                "regular expression",
            ),
            (
                "directories: {regex: 'a)(b'}",
                "directories",
                "regular expression",
            ),
            ("files: {regex: '${64}'}", "files", "at most"),
        ] {
            let Err(mistakes) = (RULE.build)(&serde_yaml::from_str(options).unwrap()) else {
                panic!("accepted {options}");
            };
            assert_eq!(mistakes[0].path[0], key, "{options}");
            assert!(mistakes[0].message.contains(expected), "{mistakes:?}");
        }
    }
}
