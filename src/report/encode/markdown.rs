//! Text inside GitHub's Markdown: in a table cell, or in the middle of a line.

use super::visible;

/// Put after a character that GitHub would make a mention, a reference or a link of. The only hidden character
/// that an encoded text holds; in the source text it would have become visible.
const BREAK: char = '\u{200b}';

/// Encodes a text so that GitHub shows it letter by letter: no HTML, emphasis, code, links, images, mentions,
/// references, formulas or table cells come of it. Not for the start of a line.
pub fn markdown(text: &str) -> String {
    let shown = visible(text);
    let mut encoded = String::with_capacity(shown.len() + 16);
    for (at, character) in shown.char_indices() {
        let is_domain_dot = character == '.' && ends_with_www(&shown[..at]);
        if is_domain_dot || is_special(character) {
            encoded.push('\\');
        }
        encoded.push(character);
        let is_scheme_end = character == ':' && shown[at + 1..].starts_with('/');
        if is_domain_dot || is_scheme_end || matches!(character, '@' | '#') {
            encoded.push(BREAK);
        }
    }
    encoded
}

fn is_special(character: char) -> bool {
    matches!(
        character,
        '\\' | '`'
            | '*'
            | '_'
            | '['
            | ']'
            | '('
            | ')'
            | '<'
            | '>'
            | '!'
            | '|'
            | '~'
            | '&'
            | '$'
            | '#'
            | ':'
            | '@'
    )
}

fn ends_with_www(text: &str) -> bool {
    text.len() >= 3 && text.as_bytes()[text.len() - 3..].eq_ignore_ascii_case(b"www")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The characters that Markdown would act on, and what follows each of them.
    fn acting(encoded: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut rest = encoded.chars();
        while let Some(character) = rest.next() {
            match character {
                '\\' => {
                    let literal = rest.next();
                    let follows = rest.clone().next();
                    let is_scheme = literal == Some(':') && follows == Some('/');
                    let is_reference = matches!(literal, Some('@' | '#')) && follows != Some(BREAK);
                    if is_scheme || is_reference {
                        found.push(format!("{literal:?} then {follows:?}"));
                    }
                }
                other if is_special(other) || super::super::is_hidden(other) && other != BREAK => {
                    found.push(other.to_string());
                }
                _ => {}
            }
        }
        found
    }

    #[test]
    fn markdown_is_shown_letter_by_letter() {
        assert_eq!(markdown("a|b <img> `c`"), "a\\|b \\<img\\> \\`c\\`");
        assert_eq!(markdown("@user"), "\\@\u{200b}user");
        assert_eq!(markdown("https://x"), "https\\:\u{200b}//x");
        assert_eq!(markdown("a:1"), "a\\:1");
        assert_eq!(markdown("www.x.y"), "www\\.\u{200b}x.y");
        assert_eq!(markdown("a\nb"), "a\\\\nb");
    }

    proptest! {
        #[test]
        fn nothing_in_an_encoded_text_acts(text in "(\\PC|[`|<>@#:\\[\\]()!*_~$&\\n\\r\\\\]|www\\.|http://)*") {
            let encoded = markdown(&text);
            prop_assert_eq!(acting(&encoded), Vec::<String>::new());
            prop_assert!(!encoded.to_ascii_lowercase().contains("www."));
            prop_assert!(!encoded.contains("://"));
        }

        #[test]
        fn taking_the_escapes_off_gives_the_text_back(text in "\\PC*") {
            let mut plain = String::new();
            let encoded = markdown(&text);
            let mut rest = encoded.chars().filter(|character| *character != BREAK);
            while let Some(character) = rest.next() {
                plain.push(if character == '\\' { rest.next().unwrap() } else { character });
            }
            prop_assert_eq!(plain, visible(&text));
        }
    }
}
