//! The letter cases that names can be written in: checks them, says what is wrong, and finds the right spelling.

use std::fmt;
use unicode_normalization::char::is_combining_mark;

/// A way to write names that have several words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LetterCase {
    Lower,
    Camel,
    Pascal,
    Snake,
    ScreamingSnake,
    Kebab,
    Dot,
}

/// How strictly names are held to their case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strictness {
    /// Whether separators may be doubled, first or last.
    pub extra_separators: bool,
    /// Most capital letters in a row in `camelCase` and `PascalCase`.
    pub max_capitals: usize,
}

/// Why a name is not in its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Empty,
    UpperCase(char),
    LowerCase(char),
    Forbidden(char),
    OuterSeparator(char),
    DoubledSeparator(char),
    Capitals(usize),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("it is empty"),
            Self::UpperCase(letter) => write!(out, "`{letter}` is a capital letter"),
            Self::LowerCase(letter) => write!(out, "`{letter}` is a small letter"),
            Self::Forbidden(' ') => out.write_str("a space is not allowed"),
            Self::Forbidden(character) => write!(out, "`{character}` is not allowed"),
            Self::OuterSeparator(separator) => {
                write!(out, "a `{separator}` is at its start or end")
            }
            Self::DoubledSeparator(separator) => {
                write!(out, "two `{separator}` follow each other")
            }
            Self::Capitals(count) => write!(out, "{count} capital letters are in a row"),
        }
    }
}

impl LetterCase {
    /// All cases, as policies name them.
    pub(super) const ALL: [(&'static str, Self); 7] = [
        ("lowercase", Self::Lower),
        ("camelCase", Self::Camel),
        ("PascalCase", Self::Pascal),
        ("snake_case", Self::Snake),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("kebab-case", Self::Kebab),
        ("dot.case", Self::Dot),
    ];

    /// The name in policies.
    pub(super) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, case)| *case == self)
            .map_or("", |(name, _)| name)
    }

    fn separator(self) -> Option<char> {
        match self {
            Self::Lower | Self::Camel | Self::Pascal => None,
            Self::Snake | Self::ScreamingSnake => Some('_'),
            Self::Kebab => Some('-'),
            Self::Dot => Some('.'),
        }
    }

    /// Whether `text` is written in this case.
    ///
    /// # Errors
    /// The first thing that is not.
    pub(super) fn check(self, text: &str, strictness: Strictness) -> Result<(), Fault> {
        if text.is_empty() {
            return Err(Fault::Empty);
        }
        match (self, self.separator()) {
            (Self::Lower, _) => text.chars().try_for_each(refuse_capital),
            (_, None) => self.check_humps(text, strictness.max_capitals),
            (_, Some(separator)) => {
                self.check_words(text, separator)?;
                if strictness.extra_separators {
                    return Ok(());
                }
                check_separators(text, separator)
            }
        }
    }

    fn check_words(self, text: &str, separator: char) -> Result<(), Fault> {
        for character in text.chars().filter(|character| *character != separator) {
            if !belongs_to_word(character) {
                return Err(Fault::Forbidden(character));
            }
            if self == Self::ScreamingSnake {
                refuse_small(character)?;
            } else {
                refuse_capital(character)?;
            }
        }
        Ok(())
    }

    fn check_humps(self, text: &str, max_capitals: usize) -> Result<(), Fault> {
        let (mut run, mut longest) = (0, 0);
        for (index, character) in text.chars().enumerate() {
            if !belongs_to_word(character) {
                return Err(Fault::Forbidden(character));
            }
            if index == 0 && self == Self::Camel {
                refuse_capital(character)?;
            }
            if index == 0 && self == Self::Pascal {
                refuse_small(character)?;
            }
            if is_capital(character) {
                run += 1;
                longest = longest.max(run);
            } else if !is_combining_mark(character) {
                run = 0;
            }
        }
        if longest > max_capitals {
            return Err(Fault::Capitals(longest));
        }
        Ok(())
    }

    /// The same words in this case, if that is another name and fits.
    pub(super) fn spell(self, text: &str, strictness: Strictness) -> Option<String> {
        let mut spelt = String::new();
        for (index, word) in words(text).into_iter().enumerate() {
            if index > 0 {
                spelt.extend(self.separator());
            }
            match self {
                Self::ScreamingSnake => spelt.push_str(&word.to_uppercase()),
                Self::Pascal => push_capitalised(&mut spelt, &word),
                Self::Camel if index > 0 => push_capitalised(&mut spelt, &word),
                _ => spelt.push_str(&word.to_lowercase()),
            }
        }
        (spelt != text && self.check(&spelt, strictness).is_ok()).then_some(spelt)
    }
}

/// Letters without case (as in Chinese) are neither capital nor small; titlecase letters are capital.
fn is_capital(character: char) -> bool {
    character.is_uppercase()
        || character.is_alphabetic() && !character.to_lowercase().eq([character])
}

fn is_small(character: char) -> bool {
    character.is_lowercase()
        || character.is_alphabetic() && !character.to_uppercase().eq([character])
}

fn belongs_to_word(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

fn refuse_capital(character: char) -> Result<(), Fault> {
    if is_capital(character) {
        return Err(Fault::UpperCase(character));
    }
    Ok(())
}

fn refuse_small(character: char) -> Result<(), Fault> {
    if is_small(character) && !is_capital(character) {
        return Err(Fault::LowerCase(character));
    }
    Ok(())
}

fn check_separators(text: &str, separator: char) -> Result<(), Fault> {
    if text.starts_with(separator) || text.ends_with(separator) {
        return Err(Fault::OuterSeparator(separator));
    }
    let mut before = None;
    for character in text.chars() {
        if character == separator && before == Some(separator) {
            return Err(Fault::DoubledSeparator(separator));
        }
        before = Some(character);
    }
    Ok(())
}

/// Divides at everything that is no letter or digit, before a capital after a small letter or digit, and before the
/// last capital of several that a small letter follows (`HTMLPage`: `HTML`, `Page`).
fn words(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (index, character) in characters.iter().copied().enumerate() {
        let before = index.checked_sub(1).map(|index| characters[index]);
        let after = characters.get(index + 1).copied();
        let starts_hump = is_capital(character)
            && before.is_some_and(|before| !is_capital(before) || after.is_some_and(is_small));
        if starts_hump || !belongs_to_word(character) {
            words.push(std::mem::take(&mut word));
        }
        if belongs_to_word(character) {
            word.push(character);
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn push_capitalised(spelt: &mut String, word: &str) {
    let mut characters = word.chars();
    spelt.extend(characters.next().into_iter().flat_map(char::to_uppercase));
    spelt.push_str(&characters.as_str().to_lowercase());
}

#[cfg(test)]
mod tests {
    use super::LetterCase::{Camel, Dot, Kebab, Lower, Pascal, ScreamingSnake, Snake};
    use super::*;
    use proptest::prelude::*;

    const STRICT: Strictness = Strictness {
        extra_separators: false,
        max_capitals: 2,
    };

    #[test]
    fn each_case_takes_its_own_names() {
        for (case, names) in [
            (Lower, &["a", "a b!", "über-x", "日本", "a1_b"][..]),
            (Camel, &["a", "fooBar", "ssrVFor", "v2Beta", "éÉ", "日本"]),
            (Pascal, &["A", "FooBar", "IOx", "Über", "V2", "日本"]),
            (Snake, &["a", "foo_bar", "v2_1", "straße", "e\u{301}_a"]),
            (ScreamingSnake, &["A", "FOO_BAR", "ÜBER_2"]),
            (Kebab, &["a", "foo-bar", "a-1"]),
            (Dot, &["a", "foo.bar", "a.1"]),
        ] {
            for name in names {
                assert_eq!(case.check(name, STRICT), Ok(()), "{case:?} {name}");
            }
        }
    }

    #[test]
    fn each_fault_is_named() {
        for (case, name, fault) in [
            (Lower, "aB", Fault::UpperCase('B')),
            (Lower, "\u{1c5}", Fault::UpperCase('\u{1c5}')),
            (Kebab, "\u{1d516}", Fault::UpperCase('\u{1d516}')),
            (Camel, "FooBar", Fault::UpperCase('F')),
            (Camel, "foo_bar", Fault::Forbidden('_')),
            (Camel, "myHTML", Fault::Capitals(4)),
            (Pascal, "fooBar", Fault::LowerCase('f')),
            (Pascal, "README", Fault::Capitals(6)),
            (Snake, "foo-bar", Fault::Forbidden('-')),
            (Snake, "Éa", Fault::UpperCase('É')),
            (Snake, "_foo", Fault::OuterSeparator('_')),
            (Snake, "foo__bar", Fault::DoubledSeparator('_')),
            (Kebab, "foo-", Fault::OuterSeparator('-')),
            (Kebab, "", Fault::Empty),
            (Kebab, "-", Fault::OuterSeparator('-')),
            (ScreamingSnake, "FOo", Fault::LowerCase('o')),
            (ScreamingSnake, "ß", Fault::LowerCase('ß')),
        ] {
            assert_eq!(case.check(name, STRICT), Err(fault), "{case:?} {name}");
        }
        let lenient = Strictness {
            extra_separators: true,
            max_capitals: 9,
        };
        assert_eq!(Snake.check("__init__", lenient), Ok(()));
        assert_eq!(Pascal.check("README", lenient), Ok(()));
    }

    #[test]
    fn names_are_spelt_word_by_word() {
        for (name, kebab, pascal) in [
            ("fooBar", "foo-bar", "FooBar"),
            ("HTMLPage_v2", "html-page-v2", "HtmlPageV2"),
            ("some  file (1)", "some-file-1", "SomeFile1"),
            ("ÜberMut", "über-mut", ""),
        ] {
            assert_eq!(Kebab.spell(name, STRICT).as_deref(), Some(kebab));
            if !pascal.is_empty() {
                assert_eq!(Pascal.spell(name, STRICT).as_deref(), Some(pascal));
            }
        }
        assert_eq!(Kebab.spell("foo-bar", STRICT), None);
        assert_eq!(Kebab.spell("???", STRICT), None);
    }

    proptest! {
        #[test]
        fn any_name_can_be_checked_and_a_new_spelling_fits(name in "\\PC{0,12}|[a-zA-Z0-9 _.-]{0,12}") {
            for (_, case) in LetterCase::ALL {
                let fits = case.check(&name, STRICT).is_ok();
                if let Some(spelt) = case.spell(&name, STRICT) {
                    prop_assert!(case.check(&spelt, STRICT).is_ok());
                    prop_assert!(spelt != name);
                }
                if fits && case == Kebab {
                    prop_assert!(!name.contains("--") && !name.chars().any(char::is_uppercase));
                }
            }
        }
    }
}
