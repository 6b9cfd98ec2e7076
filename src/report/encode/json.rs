//! JSON that may be printed into a CI log: strings are spelt so that no line is a command and nothing hidden is in it.

use super::{command_breaks, is_hidden};
use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;
use std::io::{self, Write};

/// Indented JSON. Inside strings, the `[` of a command's opening and every hidden character are written as
/// `\uXXXX`, which every JSON parser reads back as the same string.
pub struct Formatter(PrettyFormatter<'static>);

impl Formatter {
    /// With an indentation of two spaces.
    pub fn new() -> Self {
        Self(PrettyFormatter::new())
    }
}

/// A value as such JSON.
///
/// # Errors
/// The value cannot be JSON.
pub fn json_bytes(value: &serde_json::Value) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Formatter::new());
    value.serialize(&mut serializer)?;
    Ok(bytes)
}

impl Default for Formatter {
    fn default() -> Self {
        Self::new()
    }
}

/// Hands the layout of arrays and objects on to the pretty printer.
macro_rules! same_layout {
    ($($method:ident($($name:ident: $kind:ty)?)),* $(,)?) => {
        $(fn $method<W: Write + ?Sized>(&mut self, out: &mut W $(, $name: $kind)?) -> io::Result<()> {
            self.0.$method(out $(, $name)?)
        })*
    };
}

impl serde_json::ser::Formatter for Formatter {
    same_layout!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        begin_object_value(),
        end_object_value(),
    );

    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Nearly every fragment is plain; those that are not take the long way.
        if fragment.is_ascii() && !fragment.bytes().any(|byte| matches!(byte, b'[' | 0x7f)) {
            return out.write_all(fragment.as_bytes());
        }
        // A command's opening holds nothing that JSON escapes, so it is always whole within one fragment.
        let breaks = command_breaks(fragment);
        let mut written = 0;
        for (at, character) in fragment.char_indices() {
            let opens = character == '[' && breaks.binary_search(&at).is_ok();
            if !opens && !is_hidden(character) {
                continue;
            }
            out.write_all(&fragment.as_bytes()[written..at])?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            written = at + character.len_utf8();
        }
        out.write_all(&fragment.as_bytes()[written..])
    }
}

#[cfg(test)]
mod tests {
    use super::super::runner::{is_command, is_other_command};
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn written(value: &Value) -> String {
        let mut bytes = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Formatter::new());
        value.serialize(&mut serializer).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn commands_and_hidden_characters_are_spelt_out() {
        let text = written(&json!(["##[error]x", "\u{202e}", "[a]"]));
        assert_eq!(
            text,
            "[\n  \"##\\u005berror]x\",\n  \"\\u202e\",\n  \"[a]\"\n]"
        );
    }

    proptest! {
        #[test]
        fn json_reads_back_the_same_and_is_no_command(
            key in "([#:\\[\\]\\r\\n]|##vso\\[|\\PC)*", text in any::<String>(), tail in "(##\\[|::|\\u{85}|\\u{2028}|\"|\\\\)*"
        ) {
            let value = json!({ key: [text, tail], "number": 1.5, "empty": [] });
            let text = written(&value);
            prop_assert!(!is_command(&text) && !is_other_command(&text), "{text}");
            prop_assert!(!text.chars().any(|c| is_hidden(c) && c != '\n'));
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
