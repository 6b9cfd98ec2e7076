//! The encoders. Every text that comes from the workspace, the policy or the record passes one of these on
//! its way out: a file name can hold line breaks, escape sequences and the commands of every CI system.

mod csv;
mod github;
mod guard;
mod json;
mod log;
mod markdown;
#[cfg(test)]
#[expect(dead_code, reason = "the tests of the binary use it, too")]
pub(super) mod runner;
mod services;
mod xml;

pub use csv::csv;
pub use github::{HeredocError, command_data, command_property, heredoc};
pub use guard::Guard;
pub use json::{Formatter, json_bytes};
pub use log::{LogLine, log_line};
pub use markdown::markdown;
pub use services::{azure_data, azure_property, teamcity_value};
pub use xml::xml;

pub(super) use log::command_breaks;

use std::borrow::Cow;

/// Replaces what a reader could not see, or what would act on a terminal: control characters, line breaks of
/// every kind, characters that change the direction of text, and invisible ones. Each becomes a visible escape
/// such as `\n`, `\x1b` or `\u{202e}`. Everything else stays as it is.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push_visible(&mut shown, character);
    }
    Cow::Owned(shown)
}

/// [`visible`] for bytes: those that are not UTF-8 become `\xNN`.
pub fn visible_bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&visible(chunk.valid()));
        shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    shown
}

/// Cuts a text after `most` characters and marks the cut with `…`.
pub fn clip(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// Appends one character as [`visible`] shows it.
pub(super) fn push_visible(shown: &mut String, character: char) {
    if is_hidden(character) {
        shown.push_str(&escape(character));
    } else {
        shown.push(character);
    }
}

/// The visible escape of a character.
fn escape(character: char) -> String {
    match character {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        other if other.is_ascii() => format!("\\x{:02x}", u32::from(other)),
        other => format!("\\u{{{:x}}}", u32::from(other)),
    }
}

/// Whether a reader would not see the character for what it is.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hidden_characters_become_visible_and_others_stay() {
        assert_eq!(
            visible("a\r\n\t\u{1b}[31m\u{85}\u{202e}é漢"),
            "a\\r\\n\\t\\x1b[31m\\u{85}\\u{202e}é漢"
        );
        assert!(matches!(visible("plain — text"), Cow::Borrowed(_)));
        assert_eq!(visible_bytes(b"a\xff\xfe\n"), "a\\xff\\xfe\\n");
    }

    #[test]
    fn a_clipped_text_says_so() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöüß", 3), "äöü…");
    }

    proptest! {
        #[test]
        fn nothing_hidden_survives(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC*|[\\u{0}-\\u{a0}\\u{2000}-\\u{2070}]*") {
            prop_assert!(!visible(&text).chars().any(is_hidden));
            prop_assert!(!visible_bytes(&bytes).chars().any(is_hidden));
        }
    }
}
