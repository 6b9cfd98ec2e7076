//! `unsafe-name`: names that break tools or deceive whoever reads them.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule};
use super::options::build;
use crate::finding::{Found, Severity};
use crate::walk::Entry;
use bstr::{BStr, ByteSlice as _};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "unsafe-name",
    summary: "a name breaks tools or deceives readers",
    why: "A newline in a name splits it in two for every script that reads a list of files, a leading `-` turns it into \
          an option, and characters that nobody can see make two names look the same or an extension look like another.",
    fix: "Rename it to what it is meant to say: `git mv -- OLD NEW`.",
    severity: Severity::Error,
    levels: &[Level::Entry],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<UnsafeName>(),
    build: build::<UnsafeName>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "Spaces inside and letters of any language are fine",
        options: "",
        files: &[
            text("a b.txt"),
            text("Übung.md"),
            text("日本語.txt"),
            text("می\u{200c}خواهم.txt"),
            text("\u{2764}\u{fe0f}.md"),
        ],
        violations: &[],
    },
    Example {
        title: "Control characters",
        options: "",
        files: &[text("a\nb.txt"), text("\u{1b}[31mred")],
        violations: &["\u{1b}[31mred", "a\nb.txt"],
    },
    Example {
        title: "Text direction: this name ends in `exe` and is shown with `txt` at its end",
        options: "",
        files: &[text("invoice\u{202e}txt.exe")],
        violations: &["invoice\u{202e}txt.exe"],
    },
    Example {
        title: "Characters that nobody sees",
        options: "",
        files: &[text("main.c"), text("ma\u{200b}in.c"), text("a\u{a0}b.txt")],
        violations: &["a\u{a0}b.txt", "ma\u{200b}in.c"],
    },
    Example {
        title: "Options and outer spaces",
        options: "",
        files: &[text("-rf"), text("src/ a.txt"), text("b.txt ")],
        violations: &["-rf", "b.txt ", "src/ a.txt"],
    },
    Example {
        title: "A leading `-` can be allowed",
        options: "leading_dash: false",
        files: &[text("-index.md")],
        violations: &[],
    },
];

const fn text(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text("text\n"),
    }
}

/// Options of `unsafe-name`: each kind of trouble can be switched off.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "six independent switches of the policy language"
)]
struct UnsafeName {
    /// Control characters: newline, tab, escape and the like.
    control: bool,
    /// Bytes that are not UTF-8.
    encoding: bool,
    /// Characters that change the direction of text and so the order in which the name is shown.
    direction: bool,
    /// Characters that nobody sees, and spaces that are not the usual one. Joiners in emoji and in
    /// scripts that need them are fine.
    invisible: bool,
    /// A `-` at the start, which commands take for an option.
    leading_dash: bool,
    /// White space at the start or the end.
    outer_space: bool,
}

impl Default for UnsafeName {
    fn default() -> Self {
        Self {
            control: true,
            encoding: true,
            direction: true,
            invisible: true,
            leading_dash: true,
            outer_space: true,
        }
    }
}

impl Check for UnsafeName {
    fn entry(&self, entry: Entry<'_>, found: &mut Found) {
        let name = entry.name();
        let mut report = |what: &str| found.whole(format!("{what}: `{}`", escaped(name)));
        if self.leading_dash && name.starts_with(b"-") {
            report("name starts with `-`, which commands take for an option");
        }
        // Most names are plain ASCII: nothing below applies to them.
        if name.iter().all(u8::is_ascii_graphic) {
            return;
        }
        if self.encoding && name.to_str().is_err() {
            report("name is not UTF-8");
        }
        let outer = [name.chars().next(), name.chars().next_back()];
        if self.outer_space && outer.into_iter().flatten().any(char::is_whitespace) {
            report("name starts or ends with white space");
        }
        for (enabled, trouble, what) in [
            (
                self.control,
                Trouble::Control,
                "name has a control character",
            ),
            (
                self.direction,
                Trouble::Direction,
                "name has a character that changes the direction of text",
            ),
            (
                self.invisible,
                Trouble::Invisible,
                "name has a character that nobody sees",
            ),
        ] {
            if enabled && troubles(name).any(|(_, found)| found == Some(trouble)) {
                report(what);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    Control,
    Direction,
    Invisible,
}

/// Each character with the trouble it makes, which depends on the one before it.
fn troubles(name: &BStr) -> impl Iterator<Item = (char, Option<Trouble>)> {
    let mut before = '\0';
    let mut pictograph = false;
    name.chars().map(move |character| {
        let expected = is_expected_joiner(before, pictograph, character);
        let trouble = if expected { None } else { trouble(character) };
        // The selectors and joiners inside an emoji do not end it.
        pictograph = expected && pictograph || is_pictograph(character);
        before = character;
        (character, trouble)
    })
}

fn trouble(character: char) -> Option<Trouble> {
    match character {
        _ if character.is_control() => Some(Trouble::Control),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(Trouble::Direction)
        }
        ' ' => None,
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Some(Trouble::Invisible),
        _ if character.is_whitespace() => Some(Trouble::Invisible),
        _ => None,
    }
}

/// The blocks that emoji are made of; letters and punctuation are none of them.
fn is_pictograph(character: char) -> bool {
    matches!(
        character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
            | '\u{2190}'..='\u{27bf}' | '\u{2900}'..='\u{2bff}' | '\u{3030}' | '\u{303d}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

/// Variation selectors and the joiner inside an emoji; joiner and non-joiner after a letter of the scripts
/// whose spelling needs them (Arabic to Sinhala).
fn is_expected_joiner(before: char, pictograph: bool, character: char) -> bool {
    match character {
        '\u{fe0e}' | '\u{fe0f}' => pictograph,
        '\u{200c}' | '\u{200d}' => pictograph || ('\u{620}'..='\u{ddf}').contains(&before),
        _ => false,
    }
}

/// The name with everything that cannot be seen for what it is as an escape; made only for reports.
fn escaped(name: &BStr) -> String {
    let mut shown = String::new();
    let mut visible = troubles(name);
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            match visible.next() {
                Some((_, None)) if character != '\\' && character != '`' => shown.push(character),
                _ => shown.extend(character.escape_unicode()),
            }
        }
        if !chunk.invalid().is_empty() {
            visible.next();
        }
        shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::{Kind, Meta, TreeBuilder};
    use proptest::prelude::*;

    fn says(name: &[u8]) -> Vec<String> {
        let mut builder = TreeBuilder::default();
        let meta = Meta {
            kind: Kind::File,
            permissions: 0o644,
            size: 0,
            modified_ns: 0,
            tracked: None,
            ignored: false,
        };
        assert!(builder.push(name, meta));
        let tree = builder.finish("/w".into());
        let mut found = Found::default();
        UnsafeName::default().entry(tree.find(name).unwrap(), &mut found);
        found.drain().map(|draft| draft.message).collect()
    }

    #[test]
    fn messages_show_the_name_escaped() {
        assert_eq!(
            says(b"a\nb\xffc"),
            [
                "name is not UTF-8: `a\\u{a}b\\xFFc`",
                "name has a control character: `a\\u{a}b\\xFFc`"
            ]
        );
        assert_eq!(
            says("x\u{202e}y".as_bytes()),
            ["name has a character that changes the direction of text: `x\\u{202e}y`"]
        );
    }

    #[test]
    fn joiners_are_fine_only_where_a_script_or_an_emoji_needs_them() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}.png";
        assert!(says(family.as_bytes()).is_empty());
        assert_eq!(says("a\u{200d}b".as_bytes()).len(), 1);
        assert_eq!(says("a\u{fe0f}".as_bytes()).len(), 1);
        assert_eq!(says("\u{200d}".as_bytes()).len(), 1);
        assert_eq!(says("a\u{2014}\u{200d}b".as_bytes()).len(), 1);
    }

    proptest! {
        #[test]
        fn no_message_holds_a_character_that_makes_trouble(bytes in proptest::collection::vec(any::<u8>(), 1..24), text in "\\PC{0,4}[\u{200b}\u{202e}\u{7}\u{feff}]\\PC{0,4}") {
            let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'/' && *byte != 0).collect();
            for name in [bytes, text.replace('/', "").into_bytes()] {
                if name.is_empty() { continue; }
                for message in says(&name) {
                    let unsafe_left = message.chars().any(|character| character.is_control() || trouble(character) == Some(Trouble::Direction));
                    prop_assert!(!unsafe_left, "{message:?}");
                }
            }
        }

        #[test]
        fn words_of_ascii_are_never_reported(name in "[A-Za-z0-9_.][A-Za-z0-9_. -]{0,10}[A-Za-z0-9_.]") {
            prop_assert!(says(name.as_bytes()).is_empty());
        }
    }
}
