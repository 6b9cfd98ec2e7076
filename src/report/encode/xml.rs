//! Text inside XML 1.0, in content and in attributes.

use super::{command_breaks, escape, is_hidden};
use std::fmt::Write as _;

/// Encodes a text so that every XML parser reads it back as it is, but for characters that XML 1.0 cannot hold: those
/// become visible escapes such as `\x1b`. Hidden characters, line breaks and what a CI system would take for a command
/// are written as references, so the encoded text is one visible line.
pub fn xml(text: &str) -> String {
    let breaks = command_breaks(text);
    let mut encoded = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        match character {
            '&' => encoded.push_str("&amp;"),
            '<' => encoded.push_str("&lt;"),
            '>' => encoded.push_str("&gt;"),
            '"' => encoded.push_str("&quot;"),
            '\'' => encoded.push_str("&apos;"),
            other if !is_legal(other) => encoded.push_str(&escape(other)),
            other if is_hidden(other) || breaks.binary_search(&at).is_ok() => {
                let _infallible = write!(encoded, "&#{};", u32::from(other));
            }
            other => encoded.push(other),
        }
    }
    encoded
}

/// Whether XML 1.0 can hold the character, even as a reference.
fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::super::runner::{is_command, is_other_command};
    use super::*;
    use proptest::prelude::*;

    /// The text as a reader of the XML gets it.
    fn kept(text: &str) -> String {
        let spelt = |character: char| {
            if is_legal(character) {
                character.to_string()
            } else {
                escape(character)
            }
        };
        text.chars().map(spelt).collect()
    }

    #[test]
    fn what_xml_cannot_hold_becomes_visible() {
        assert_eq!(xml("a\u{1b}[0m\u{0}\u{ffff}"), "a\\x1b[0m\\x00\\u{ffff}");
        assert_eq!(
            xml("<a b=\"'&'\">\n"),
            "&lt;a b=&quot;&apos;&amp;&apos;&quot;&gt;&#10;"
        );
        assert_eq!(xml("::error::##[x"), "&#58;:error::##&#91;x");
    }

    proptest! {
        #[test]
        fn a_parser_reads_the_same_text(text in "(?s)(.|[<>&\"'\\r\\n\\t:#\\[]|##\\[|\\PC)*") {
            let document = format!("<a b=\"{0}\">{0}</a>", xml(&text));
            prop_assert!(!is_command(&xml(&text)) && !is_other_command(&xml(&text)));
            let mut reader = quick_xml::Reader::from_str(&document);
            let mut content = String::new();
            loop {
                match reader.read_event().unwrap() {
                    quick_xml::events::Event::Start(start) => {
                        let value = start.attributes().next().unwrap().unwrap();
                        let value = quick_xml::escape::unescape(&value.value).unwrap().into_owned();
                        prop_assert_eq!(value, kept(&text));
                    }
                    quick_xml::events::Event::Text(part) => content.push_str(&part),
                    quick_xml::events::Event::GeneralRef(name) => {
                        content.extend(["&", &*name, ";"]);
                    }
                    quick_xml::events::Event::Eof => break,
                    _ => {}
                }
            }
            prop_assert_eq!(quick_xml::escape::unescape(&content).unwrap().into_owned(), kept(&text));
        }
    }
}
