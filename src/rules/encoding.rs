//! `encoding`: text in another encoding than the policy allows, damaged characters, NULs.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Rule};
use super::edits::has_extension;
use super::invalid_utf8::{self, and_more};
use super::options::build;
use crate::finding::{Change, Edit, Found, Safety, Severity};
use crate::text::{self, Encoding};
use schemars::JsonSchema;
use serde::Deserialize;

/// UTF-8's byte order mark.
const MARK: &[u8] = "\u{FEFF}".as_bytes();

pub(super) static RULE: Rule = Rule {
    id: "encoding",
    summary: "a text is not in an allowed encoding, or is damaged",
    why: "Compilers, browsers and reviewers take a text for UTF-8. What is not shows as � or as other letters than were \
          meant, differs from machine to machine, and makes programs stop that expect better. A NUL cuts a text off in C.",
    fix: "Convert the file, for example by `iconv -f WINDOWS-1252 -t UTF-8`, or repair the damaged place; if the encoding \
          has to be as it is, allow it for these `paths`. `--apply=fix` converts UTF-16 after a mark to UTF-8 and takes a mark out that is \
          not allowed; if unsafe fixes are allowed, UTF-16 without a mark too, and bytes that are not UTF-8 as Windows-1252.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<EncodingRule>(),
    build: build::<EncodingRule>,
    examples: &[
        Example {
            title: "ASCII, UTF-8, and UTF-8 after a mark, about which another rule decides",
            options: "",
            files: &[
                ExampleFile {
                    path: "a.txt",
                    is: ExampleKind::Text("plain\n"),
                },
                ExampleFile {
                    path: "b.txt",
                    is: ExampleKind::Text("Zürich, 東京\n"),
                },
                ExampleFile {
                    path: "c.txt",
                    is: ExampleKind::Text("\u{FEFF}Zürich\n"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "Latin-1 where UTF-8 is expected",
            options: "",
            files: &[ExampleFile {
                path: "menu.txt",
                is: ExampleKind::Bytes(b"tea\ncaf\xe9\ncr\xe8me\n"),
            }],
            violations: &["menu.txt:2:4"],
        },
        Example {
            title: "A character that was cut off",
            options: "",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Bytes(b"na\xc3\xafve caf\xc3"),
            }],
            violations: &["a.txt:1:10"],
        },
        Example {
            title: "Latin-1, allowed",
            options: "allow: [utf-8, latin1]",
            files: &[ExampleFile {
                path: "menu.txt",
                is: ExampleKind::Bytes(b"caf\xe9\n"),
            }],
            violations: &[],
        },
        Example {
            title: "ASCII only",
            options: "allow: [ascii]",
            files: &[ExampleFile {
                path: "a.h",
                is: ExampleKind::Text("/* 5 µm */\n"),
            }],
            violations: &["a.h:1:6"],
        },
    ],
};

/// An encoding that a policy can allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
enum Allowed {
    /// ASCII. Every other 8-bit encoding allows it too.
    #[serde(rename = "ascii")]
    Ascii,
    /// UTF-8 without byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-8 after a byte order mark.
    #[serde(rename = "utf-8-bom")]
    Utf8WithMark,
    /// UTF-16, little endian, with or without byte order mark.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, big endian, with or without byte order mark.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Latin-1, Windows-1252, and all other encodings of 8-bit units: any bytes, but not UTF-8.
    #[serde(rename = "latin1")]
    Latin1,
}

/// Options of `encoding`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Encoding")]
struct EncodingRule {
    /// The encodings that a text may be in.
    allow: Vec<Allowed>,
}

impl Default for EncodingRule {
    fn default() -> Self {
        Self {
            allow: vec![Allowed::Utf8, Allowed::Utf8WithMark],
        }
    }
}

impl Check for EncodingRule {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let before = found.len();
        match file.encoding {
            Encoding::Binary => return,
            Encoding::Utf8 => self.without_mark(file.bytes, found),
            Encoding::Utf8WithMark => self.with_mark(file.bytes, found),
            Encoding::Utf16Le(mark) if !self.allows(Allowed::Utf16Le) => {
                refuse("UTF-16, little endian", mark, file.bytes, found);
                self.offer_utf8(file, found);
            }
            Encoding::Utf16Be(mark) if !self.allows(Allowed::Utf16Be) => {
                refuse("UTF-16, big endian", mark, file.bytes, found);
                self.offer_utf8(file, found);
            }
            Encoding::Utf16Le(_) | Encoding::Utf16Be(_) => {}
        }
        if found.len() > before {
            return;
        }
        if let Some(at) = memchr::memchr(0, file.bytes) {
            let more = memchr::memchr_iter(0, &file.bytes[at + 1..]).count();
            found.at(at..at + 1, format!("NUL in a text{}", and_more(more)));
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        let mistake = || OptionError::new("allow", "no text could be in an allowed encoding");
        self.allow.is_empty().then(mistake).into_iter().collect()
    }
}

impl EncodingRule {
    fn allows(&self, one: Allowed) -> bool {
        self.allow.contains(&one)
    }

    fn without_mark(&self, bytes: &[u8], found: &mut Found) {
        let takes_utf8 = self.allows(Allowed::Utf8);
        let takes_latin1 = self.allows(Allowed::Latin1);
        if takes_utf8 && takes_latin1 {
            return;
        }
        match text::first_invalid(bytes) {
            Some(_) if takes_latin1 => {}
            Some(at) => {
                invalid_utf8::report(bytes, at, found);
                if takes_utf8 {
                    invalid_utf8::offer_windows_1252(bytes, found);
                }
            }
            None if takes_utf8 => {}
            None => self.without_utf8(bytes, found),
        }
    }

    /// What is UTF-8 in truth, where that is not allowed.
    fn without_utf8(&self, bytes: &[u8], found: &mut Found) {
        let takes_ascii = self.allows(Allowed::Ascii) || self.allows(Allowed::Latin1);
        match bytes.iter().position(|byte| !byte.is_ascii()) {
            None if takes_ascii => {}
            Some(at) if takes_ascii => {
                let (character, size) = bstr::decode_utf8(&bytes[at..]);
                let code = u32::from(character.unwrap_or(char::REPLACEMENT_CHARACTER));
                let more = bytes[at + size..]
                    .iter()
                    .filter(|byte| **byte >= 0xC0)
                    .count();
                let expected = if self.allows(Allowed::Latin1) {
                    "is in UTF-8, not in Latin-1"
                } else {
                    "is not ASCII"
                };
                found.at(
                    at..at + size,
                    format!("character U+{code:04X} {expected}{}", and_more(more)),
                );
            }
            _ => {
                refuse("UTF-8", false, bytes, found);
                let has_marked = self.allows(Allowed::Utf8WithMark);
                if has_marked && memchr::memchr(0, bytes).is_none() {
                    found.fix(Safety::Unsafe, || {
                        Change::Edits(vec![Edit::insert(0, MARK)])
                    });
                }
            }
        }
    }

    /// UTF-16 can be written as UTF-8, if that is allowed.
    fn offer_utf8(&self, file: &Content<'_>, found: &mut Found) {
        if self.allows(Allowed::Utf8) {
            offer_utf8(file, found);
        }
    }

    fn with_mark(&self, bytes: &[u8], found: &mut Found) {
        let is_allowed = self.allows(Allowed::Utf8WithMark);
        let invalid = text::first_invalid(bytes);
        if !is_allowed {
            refuse("UTF-8", true, bytes, found);
            let rest = &bytes[MARK.len()..];
            let is_text = memchr::memchr(0, rest).is_none() && !rest.starts_with(MARK);
            if self.allows(Allowed::Utf8) && invalid.is_none() && is_text {
                found.fix(Safety::Safe, || {
                    Change::Edits(vec![Edit::delete(0..MARK.len())])
                });
            }
        }
        if let Some(at) = invalid {
            invalid_utf8::report(bytes, at, found);
            if is_allowed || self.allows(Allowed::Utf8) {
                invalid_utf8::offer_windows_1252(bytes, found);
            }
        }
    }
}

/// Extensions of files whose readers want UTF-16: the registry's, and those of Windows' resource compilers.
const WANT_UTF16: &[&str] = &["reg", "inf", "rc", "rc2", "mc", "adml", "admx"];

/// A file that is not in UTF-8 can be written in it, if nothing gets lost: for the finding that was reported last.
pub(super) fn offer_utf8(file: &Content<'_>, found: &mut Found) {
    let bytes = file.bytes;
    let (Encoding::Utf16Le(has_mark) | Encoding::Utf16Be(has_mark)) = file.encoding else {
        if file.encoding == Encoding::Utf8 && text::first_invalid(bytes).is_some() {
            invalid_utf8::offer_windows_1252(bytes, found);
        }
        return;
    };
    // U+FFFD stands for what is no character. A NUL, or a mark after the mark, would be the next violation.
    let is_whole = memchr::memmem::find(bytes, "\u{FFFD}".as_bytes()).is_none()
        && memchr::memchr(0, bytes).is_none()
        && !bytes.starts_with(MARK);
    if !is_whole {
        return;
    }
    let says_so = ["utf-16", "utf16", "unicode", "ucs-2"];
    let has_reason =
        invalid_utf8::head_names(bytes, &says_so) || has_extension(file.entry.name(), WANT_UTF16);
    let safety = if has_mark && !has_reason {
        Safety::Safe
    } else {
        Safety::Unsafe
    };
    found.fix(safety, || Change::Utf8);
}

/// The whole file is in an encoding that is not allowed.
fn refuse(name: &str, has_mark: bool, bytes: &[u8], found: &mut Found) {
    let with = if has_mark { "with" } else { "without" };
    let start = if bytes.starts_with(MARK) {
        MARK.len()
    } else {
        0
    };
    found.at(
        start..start,
        format!("the file is {name}, {with} byte order mark, which is not allowed"),
    );
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use proptest::prelude::*;

    /// Place and message of each finding.
    fn says(options: &str, bytes: &[u8]) -> Vec<((usize, usize), String)> {
        let drafts = trial::content(trial::check(&RULE, options).unwrap().as_ref(), "a", bytes);
        let messages = drafts.iter().map(|draft| draft.message.clone());
        trial::ranges(&drafts).into_iter().zip(messages).collect()
    }

    fn refused(place: usize, name: &str) -> Vec<((usize, usize), String)> {
        let message = format!("the file is {name} byte order mark, which is not allowed");
        vec![((place, place), message)]
    }

    #[test]
    fn utf_16_has_to_be_allowed() {
        assert_eq!(
            says("", b"\xff\xfea\0b\0"),
            refused(0, "UTF-16, little endian, with")
        );
        assert_eq!(
            says("", b"\0a\0b"),
            refused(0, "UTF-16, big endian, without")
        );
        assert_eq!(says("allow: [utf-16be]", b"\0a\0b"), []);
        assert_eq!(
            says("allow: [utf-16le]", b"abc"),
            refused(0, "UTF-8, without")
        );
    }

    #[test]
    fn marks_have_to_be_allowed() {
        let marked = "\u{FEFF}abc".as_bytes();
        assert_eq!(says("allow: [utf-8]", marked), refused(3, "UTF-8, with"));
        assert_eq!(says("allow: [utf-8-bom]", marked), []);
        assert_eq!(
            says("allow: [utf-8-bom]", b"abc"),
            refused(0, "UTF-8, without")
        );
    }

    #[test]
    fn utf_8_is_not_latin_1() {
        assert_eq!(says("allow: [latin1]", b"abc\xe9"), []);
        let found = says("allow: [latin1]", "é, ü".as_bytes());
        let message = "character U+00E9 is in UTF-8, not in Latin-1; 1 more of these in this file";
        assert_eq!(found, [((0, 2), message.to_owned())]);
        assert_eq!(says("allow: [ascii, utf-8]", "é".as_bytes()), []);
        assert_eq!(says("allow: [ascii]", b"e").len(), 0);
    }

    #[test]
    fn nuls_far_into_a_text() {
        let text = [&b"x\n".repeat(8000)[..], b"\0\0y"].concat();
        let message = "NUL in a text; 1 more of these in this file";
        assert_eq!(says("", &text), [((16000, 16001), message.to_owned())]);
    }

    #[test]
    fn something_has_to_be_allowed() {
        assert!(trial::mistakes(&RULE, "allow: []")[0].starts_with("allow: no text"));
        assert_eq!(trial::mistakes(&RULE, "allow: [utf8]").len(), 1);
    }

    fn fix(options: &str, name: &str, bytes: &[u8]) -> Option<(Safety, Change)> {
        let check = trial::check(&RULE, options).unwrap();
        let drafts = trial::fixes(check.as_ref(), name, bytes);
        let draft = drafts.into_iter().next().unwrap();
        draft.fixable.zip(draft.change.map(|it| *it))
    }

    #[test]
    fn utf_16_becomes_utf_8_where_nothing_gets_lost() {
        let safe = Some((Safety::Safe, Change::Utf8));
        let not = Some((Safety::Unsafe, Change::Utf8));
        assert_eq!(fix("", "a", b"\xff\xfea\0b\0"), safe);
        assert_eq!(fix("", "a", b"a\0b\0"), not, "no mark");
        assert_eq!(fix("", "a.reg", b"\xff\xfea\0b\0"), not, "wants UTF-16");
        let named = "\u{feff}<?xml encoding='UTF-16'?>".encode_utf16();
        let named: Vec<u8> = named.flat_map(u16::to_le_bytes).collect();
        assert_eq!(fix("", "a", &named), not, "says so itself");
        assert_eq!(fix("", "a", b"\xff\xfea\0b\0c"), None, "half a unit");
        assert_eq!(fix("allow: [utf-8-bom]", "a", b"\xff\xfea\0b\0"), None);
    }

    #[test]
    fn marks_are_taken_out_or_put_in() {
        let edits = |edit| Change::Edits(vec![edit]);
        let out = Some((Safety::Safe, edits(Edit::delete(0..3))));
        assert_eq!(fix("allow: [utf-8]", "a", "\u{FEFF}a".as_bytes()), out);
        assert_eq!(fix("allow: [ascii]", "a", "\u{FEFF}a".as_bytes()), None);
        let put = Some((Safety::Unsafe, edits(Edit::insert(0, MARK))));
        assert_eq!(fix("allow: [utf-8-bom]", "a", b"a"), put);
    }

    proptest! {
        #[test]
        fn what_is_utf_8_is_fine_and_nothing_else(bytes in proptest::collection::vec(1u8.., 0..40)) {
            prop_assume!(text::detect(&bytes, true) == Encoding::Utf8);
            prop_assert_eq!(says("", &bytes).is_empty(), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
