//! `windows-name`: names that Windows cannot store or opens as a device.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule};
use super::options::build;
use crate::finding::{Found, Severity};
use crate::walk::Entry;
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "windows-name",
    summary: "a name does not work on Windows",
    why: "One such file anywhere in a repository, and nobody can check it out on Windows. Windows keeps names \
          such as `AUX` for devices (with any extension), forbids some characters, and drops dots and spaces at the end.",
    fix: "Rename it: letters, digits, `-`, `_` and single dots work everywhere. No fix does so: other files may name it.",
    severity: Severity::Warning,
    levels: &[Level::Entry],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<WindowsName>(),
    build: build::<WindowsName>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "Names that only look like devices",
        options: "",
        files: &[
            text("console.c"),
            text("com10.txt"),
            text("nul-device.md"),
            text("lib.aux"),
            text(".gitignore"),
        ],
        violations: &[],
    },
    Example {
        title: "Device names, in any case and with any extension",
        options: "",
        files: &[
            text("AUX"),
            text("Com1.tar.gz"),
            text("LPT\u{b2}"),
            text("conin$.txt"),
            text("src/nul.c"),
        ],
        violations: &["AUX", "Com1.tar.gz", "LPT\u{b2}", "conin$.txt", "src/nul.c"],
    },
    Example {
        title: "Characters that Windows forbids",
        options: "",
        files: &[text("12:30.log"), text("what?.txt"), text("a\\b")],
        violations: &["12:30.log", "a\\b", "what?.txt"],
    },
    Example {
        title: "A dot or a space at the end, of a directory too",
        options: "",
        files: &[text("etc./a.txt"), text("note ")],
        violations: &["etc.", "note "],
    },
    Example {
        title: "Only device names matter here",
        options: "{ characters: false, ending: false }",
        files: &[text("12:30.log"), text("note ")],
        violations: &[],
    },
];

const fn text(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text("text\n"),
    }
}

/// Options of `windows-name`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct WindowsName {
    /// Whether to refuse names of devices: CON, PRN, AUX, NUL, COM0 to COM9, LPT0 to LPT9 and their like.
    devices: bool,
    /// Whether to refuse the characters `< > : " \ | ? *` and control characters.
    characters: bool,
    /// Whether to refuse a dot or a space at the end.
    ending: bool,
}

impl Default for WindowsName {
    fn default() -> Self {
        Self {
            devices: true,
            characters: true,
            ending: true,
        }
    }
}

impl Check for WindowsName {
    fn entry(&self, entry: Entry<'_>, found: &mut Found) {
        let name = entry.name();
        if self.devices && is_device(name) {
            found.whole(format!(
                "`{}` is the name of a device on Windows, whatever the extension",
                device_part(name).as_bstr()
            ));
        }
        if self.characters
            && let Some(byte) = name.iter().find(|byte| is_forbidden(**byte))
        {
            found.whole(format!(
                "name has {}, which Windows forbids",
                describe(*byte)
            ));
        }
        if self.ending
            && let Some(last @ (b'.' | b' ')) = name.last()
        {
            let last = if *last == b'.' { "dot" } else { "space" };
            found.whole(format!("name ends in a {last}, which Windows drops"));
        }
    }
}

/// The name up to the first dot, without the spaces that Windows drops there.
fn device_part(name: &[u8]) -> &[u8] {
    name.find_byte(b'.')
        .map_or(name, |dot| &name[..dot])
        .trim_end_with(|character| character == ' ')
}

fn is_device(name: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [b"CON", b"PRN", b"AUX", b"NUL", b"CONIN$", b"CONOUT$"];
    let stem = device_part(name);
    if WORDS.iter().any(|word| stem.eq_ignore_ascii_case(word)) {
        return true;
    }
    let Some((port, number)) = stem.split_at_checked(3) else {
        return false;
    };
    // Superscript one, two and three count as digits there.
    let is_number = matches!(number, [b'0'..=b'9'] | [0xc2, 0xb9 | 0xb2 | 0xb3]);
    is_number && (port.eq_ignore_ascii_case(b"COM") || port.eq_ignore_ascii_case(b"LPT"))
}

fn is_forbidden(byte: u8) -> bool {
    matches!(
        byte,
        0..=0x1f | b'<' | b'>' | b':' | b'"' | b'\\' | b'|' | b'?' | b'*'
    )
}

fn describe(byte: u8) -> String {
    if byte < b' ' {
        format!("the control character U+{byte:04X}")
    } else {
        format!("the character `{}`", char::from(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_is_known_with_any_extension_and_case() {
        let mut names: Vec<String> = ["con", "Prn", "AUX", "nul", "CONIN$", "conout$"]
            .map(str::to_owned)
            .to_vec();
        for digit in "0123456789\u{b9}\u{b2}\u{b3}".chars() {
            names.push(format!("com{digit}"));
            names.push(format!("LPT{digit}"));
        }
        for name in &names {
            for end in ["", ".txt", ".tar.gz", " .txt", "."] {
                assert!(is_device(format!("{name}{end}").as_bytes()), "{name}{end}");
            }
            for near in [format!("x{name}"), format!("{name}x"), format!(" {name}")] {
                assert!(!is_device(near.as_bytes()), "{near}");
            }
        }
        for near in ["com", "com10", "lpt\u{2074}", "", ".", ".con", "conin"] {
            assert!(!is_device(near.as_bytes()), "{near}");
        }
        assert!(!is_device(b"com\xb9"), "not UTF-8");
    }
}
