//! `bidi-control`: characters that make a text look like another one (Trojan Source).

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::confusable;
use super::extensions::Extensions;
use super::invisible::{self, Kind};
use super::invisible_context::Context;
use super::listing::{DEFAULT_MAX_FINDINGS, Listing};
use super::options::build;
use super::source_files;
use crate::finding::{Found, Severity};
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::ops::Range;
use unicode_script::UnicodeScript as _;

/// How many bytes at a time are asked whether they are ASCII.
const PIECE: usize = 256;

pub(super) static RULE: Rule = Rule {
    id: "bidi-control",
    summary: "a character makes the text look like another one",
    why: "A reviewer approves what the screen shows, a compiler reads the bytes. Characters that turn the order of the text \
          around, that cannot be seen, or that look like a Latin letter make these two differ (\"Trojan Source\", CVE-2021-42574).",
    fix: "Remove the character; where a program has to have it, write it as an escape such as `\\u202e`. Text for people in \
          languages that need these characters is left alone: what is odd there can be allowed by `allow`.",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<BidiControl>(),
    build: build::<BidiControl>,
    examples: &[
        Example {
            title: "A condition that is a comment in truth",
            options: "",
            files: &[ExampleFile {
                path: "access.js",
                is: ExampleKind::Text(
                    "/*\u{202e} } \u{2066}if (isAdmin)\u{2069} \u{2066} begin */\n",
                ),
            }],
            violations: &[
                "access.js:1:3",
                "access.js:1:7",
                "access.js:1:20",
                "access.js:1:22",
            ],
        },
        Example {
            title: "Names that differ by what nobody sees: a zero width space, and a Cyrillic letter",
            options: "",
            files: &[ExampleFile {
                path: "access.py",
                is: ExampleKind::Text("is\u{200b}admin = 1\nis\u{430}dmin = 2\n"),
            }],
            violations: &["access.py:1:3", "access.py:2:3"],
        },
        Example {
            title: "Languages that need such characters, and emoji",
            options: "",
            files: &[
                ExampleFile {
                    path: "fa.md",
                    is: ExampleKind::Text("می\u{200c}خواهم\n\u{200f}C++ زبان\n"),
                },
                ExampleFile {
                    path: "emoji.js",
                    is: ExampleKind::Text("say('👩\u{200d}🚒 ❤\u{fe0f}');\n"),
                },
                ExampleFile {
                    path: "ru.py",
                    is: ExampleKind::Text("# список URL\nΔt = 1\n"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "Text turned around where nothing is written from right to left",
            options: "",
            files: &[ExampleFile {
                path: "README.md",
                is: ExampleKind::Text("run \u{2067}rm -rf\u{2069} now\n"),
            }],
            violations: &["README.md:1:5", "README.md:1:12"],
        },
        Example {
            title: "A soft hyphen that is meant",
            options: "allow: [U+00AD]",
            files: &[ExampleFile {
                path: "a.js",
                is: ExampleKind::Text("const word = 'hyphen\u{ad}ation';\n"),
            }],
            violations: &[],
        },
    ],
};

/// Options of `bidi-control`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "BidiControl")]
struct BidiControl {
    /// Characters that are fine everywhere, such as `U+00AD`.
    allow: Vec<CodePoint>,
    /// Whether letters that look like Latin ones in an otherwise Latin name are looked for, in program code.
    confusables: bool,
    /// The extensions of program code, where next to no invisible character is right. Build files such as `Makefile`, and
    /// files that begin with `#!`, are program code too.
    source_extensions: Extensions,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

impl Default for BidiControl {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            confusables: true,
            source_extensions: Extensions::of(source_files::EXTENSIONS),
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

/// A character by its number.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct CodePoint(char);

impl TryFrom<String> for CodePoint {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix("U+").unwrap_or_default();
        let number = u32::from_str_radix(digits, 16).ok();
        let character = number.filter(|_| !digits.starts_with('+'));
        character.and_then(char::from_u32).map(Self).ok_or_else(|| {
            format!("`{text}` is no character: expected its number, for example U+00AD")
        })
    }
}

impl JsonSchema for CodePoint {
    fn schema_name() -> Cow<'static, str> {
        "CodePoint".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A character by its number in Unicode, for example U+00AD",
            "type": "string", "pattern": "^U\\+[0-9A-Fa-f]{4,6}$"
        })
    }
}

impl Check for BidiControl {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let bytes = file.bytes;
        let Some(first) = next_non_ascii(bytes, 0) else {
            return;
        };
        let is_source = source_files::is_source(file, &self.source_extensions);
        // What is no text, such as a PDF, has such bytes by chance.
        if !is_source && memchr::memchr(0, bytes).is_some() {
            return;
        }
        let mut context = Context::new(bytes, is_source);
        let mut listing = Listing::new(found, self.max_findings);
        let mut next = Some(first);
        while let Some(start) = next {
            let (character, size) = bstr::decode_utf8(&bytes[start..]);
            let place = start..start + size;
            let end = match character {
                Some('\u{FEFF}') if start == 0 => place.end,
                Some(it) if Kind::of(it).is_some() => {
                    self.invisible(it, &place, &mut context, &mut listing)
                }
                Some(letter) if is_source && self.confusables && letter.is_alphabetic() => {
                    name_at(bytes, start, &mut listing)
                }
                _ => place.end,
            };
            next = next_non_ascii(bytes, end.max(place.end));
        }
        listing.finish();
    }
}

impl BidiControl {
    /// Looks at an invisible character and, if it is not right there, at those that follow it directly. Returns where they end.
    fn invisible(
        &self,
        character: char,
        place: &Range<usize>,
        context: &mut Context<'_>,
        listing: &mut Listing<'_>,
    ) -> usize {
        let is_allowed = self.allow.contains(&CodePoint(character));
        let kind = Kind::of(character).filter(|_| !is_allowed);
        let Some(reason) = kind.and_then(|kind| context.objection(kind, place)) else {
            return place.end;
        };
        let (end, more) = context.run_after(place.end);
        listing.add(place.start..end, || {
            let code = u32::from(character);
            let name = invisible::name(character);
            let run = match more {
                0 => String::new(),
                more => format!("; {more} more invisible characters follow directly"),
            };
            format!("U+{code:04X} {name} {reason}{run}")
        });
        end
    }
}

/// Looks at the name around a letter, and returns where it ends.
fn name_at(bytes: &[u8], start: usize, listing: &mut Listing<'_>) -> usize {
    let word = confusable::word_around(bytes, start);
    if let Some(it) = confusable::disguise(bytes, word.clone()) {
        listing.add(it.bytes.clone(), || {
            format!(
                "U+{:04X} ({}) looks like `{}` in a name that reads as `{}`",
                u32::from(it.letter),
                it.letter.script().full_name(),
                it.looks_like,
                super::listing::clipped(&it.reads, 60),
            )
        });
    }
    word.end
}

/// The next byte that is not ASCII, most of them passed by at memory speed.
fn next_non_ascii(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    for piece in bytes[from..].chunks(PIECE) {
        if !piece.is_ascii() {
            let inside = piece.iter().position(|byte| !byte.is_ascii())?;
            return Some(at + inside);
        }
        at += piece.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use proptest::prelude::*;

    /// Places and messages of what is found in a file of this name.
    fn says(options: &str, name: &str, text: &str) -> Vec<((usize, usize), String)> {
        let check = trial::check(&RULE, options).unwrap();
        let drafts = trial::content(check.as_ref(), name, text.as_bytes());
        let messages = drafts.iter().map(|draft| draft.message.clone());
        trial::ranges(&drafts).into_iter().zip(messages).collect()
    }

    fn places(name: &str, text: &str) -> Vec<usize> {
        let found = says("", name, text);
        found.into_iter().map(|((start, _), _)| start).collect()
    }

    #[test]
    fn messages_name_the_character_and_never_hold_it() {
        let found = says("", "a.c", "int a\u{202e}b; x\u{430}x;");
        let expected = [
            "U+202E RIGHT-TO-LEFT OVERRIDE shows the text in another order than the one in which it is read by programs",
            "U+0430 (Cyrillic) looks like `a` in a name that reads as `xax`",
        ];
        let messages: Vec<&str> = found.iter().map(|(_, message)| &**message).collect();
        assert_eq!(messages, expected);
    }

    #[test]
    fn hidden_data_is_one_finding() {
        let text = format!("x\u{FE0F}{}y", "\u{E0101}\u{E0132}".repeat(50));
        let found = says("", "a.js", &text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, (1, text.len() - 1));
        assert!(
            found[0]
                .1
                .ends_with("; 100 more invisible characters follow directly")
        );
        let tags = "a\u{E0069}\u{E0067}\u{E006E}\u{E006F}\u{E0072}\u{E0065}";
        assert_eq!(says("", "a.md", tags).len(), 1);
    }

    #[test]
    fn code_is_stricter_than_prose() {
        for (text, in_code, in_prose) in [
            ("soft\u{ad}ly", 1, 0),
            ("long\u{200b}word", 1, 0),
            ("a\u{2060}b", 1, 0),
            ("f\u{2061}(x)", 1, 0),
            ("non\u{200c}joiner", 1, 1),
            ("B\t\u{200c}\n", 1, 0),
            ("\u{e9}\u{202e}\0", 1, 0),
            ("\u{200e}-5", 1, 1),
            ("\u{2068}name\u{2069}", 2, 0),
            ("\u{2068}name", 1, 1),
            ("שלום \u{202b}עולם", 1, 0),
            ("שלום \u{200f}!", 0, 0),
            ("שלום \u{202e}x", 1, 1),
            ("x\u{3164}", 1, 1),
            ("한\u{1160}", 0, 0),
            ("a\u{feff}b", 1, 1),
            ("\u{feff}ab", 0, 0),
            ("ไทย\u{200b}ไทย", 0, 0),
            ("क्\u{200d}ष", 0, 0),
            ("葛\u{e0100}", 0, 0),
            ("x\u{e0100}", 1, 1),
            ("1\u{fe0f}\u{20e3} ©\u{fe0f}", 0, 0),
            ("; \u{fe0f}", 1, 0),
            (
                "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
                0,
                0,
            ),
            ("p\u{430}ge", 1, 0),
        ] {
            assert_eq!(places("a.rs", text).len(), in_code, "code: {text:?}");
            assert_eq!(places("a.md", text).len(), in_prose, "prose: {text:?}");
        }
    }

    #[test]
    fn marks_are_right_in_a_file_of_such_a_language() {
        assert_eq!(
            places("he.json", "{\"minus\": \"\u{200e}-\", \"a\": \"שלום\"}\n").len(),
            0
        );
        assert_eq!(
            places("he.json", "{\"minus\": \"\u{200e}-\",\n\"a\": \"שלום\"}\n").len(),
            0
        );
        assert_eq!(
            places("he.js", "x = \"\u{200e}-\";\ny = \"שלום\"\n").len(),
            1
        );
    }

    #[test]
    fn letters_of_an_older_encoding_are_none_of_these() {
        let bytes = b"\xae\xe1\xa0\x8b\xe2";
        let findings =
            |name| trial::content(trial::check(&RULE, "").unwrap().as_ref(), name, bytes).len();
        assert_eq!((findings("a.xml"), findings("a.c")), (0, 1));
    }

    #[test]
    fn scripts_are_code_by_their_first_line() {
        assert_eq!(places("run", "#!/bin/sh\na\u{ad}b\n").len(), 1);
        assert_eq!(places("Makefile", "a\u{ad}b:\n").len(), 1);
        assert_eq!(places("run", "a\u{ad}b\n").len(), 0);
    }

    #[test]
    fn options() {
        assert_eq!(says("confusables: false", "a.c", "p\u{430}ge").len(), 0);
        assert_eq!(
            says("source_extensions: [txt]", "a.txt", "p\u{430}ge").len(),
            1
        );
        assert_eq!(says("allow: [U+202E]", "a.c", "\u{202e} \u{202d}").len(), 1);
        for wrong in ["[AD]", "[U+]", "[U+D800]", "[U++AD]", "[U+110000]"] {
            assert_eq!(
                trial::mistakes(&RULE, &format!("allow: {wrong}")).len(),
                1,
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn ascii_is_found_nothing_in(text in "[ -~\\n]{0,60}") {
            prop_assert_eq!(says("", "a.c", &text), []);
        }

        #[test]
        fn an_override_is_always_found(before in "\\PC{0,10}", after in "\\PC{0,10}", is_code: bool) {
            let name = if is_code { "a.c" } else { "a.md" };
            let text = format!("{before}\n\u{202e}{after}");
            let at = before.len() + 1;
            prop_assert!(places(name, &text).contains(&at));
        }

        #[test]
        fn messages_are_visible(text in "[a-b а\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{fe0f}\u{feff}א\n]{0,30}") {
            for (_, message) in says("", "a.c", &text) {
                prop_assert!(message.chars().all(|it| Kind::of(it).is_none()), "{}", message);
            }
        }
    }
}
