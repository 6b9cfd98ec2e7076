//! Names that are not what they look like: a Cyrillic, Greek or other letter among Latin ones, which UTS #39 lists as
//! looking like one of ASCII.

use super::invisible::Kind;
use std::ops::Range;
use unicode_script::{Script, UnicodeScript as _};

/// A name with a letter of another script in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Disguise {
    /// The first such letter.
    pub(super) letter: char,
    /// Its place.
    pub(super) bytes: Range<usize>,
    /// The ASCII letter it looks like.
    pub(super) looks_like: char,
    /// The name as it reads.
    pub(super) reads: String,
}

/// The word around the letter at `at`: letters, digits and low lines without a gap.
pub(super) fn word_around(bytes: &[u8], at: usize) -> Range<usize> {
    let mut word = at..at;
    while let (Some(before), size) = bstr::decode_last_utf8(&bytes[..word.start])
        && is_in_word(before)
    {
        word.start -= size;
    }
    while let (Some(after), size) = bstr::decode_utf8(&bytes[word.end..])
        && is_in_word(after)
    {
        word.end += size;
    }
    word
}

fn is_in_word(character: char) -> bool {
    (character == '_' || character.is_alphanumeric()) && Kind::of(character).is_none()
}

/// The first letter in a word that is not the ASCII letter that it looks like, if all the others are Latin or such, too.
pub(super) fn disguise(bytes: &[u8], word: Range<usize>) -> Option<Disguise> {
    let word = without_escape(bytes, word);
    let text = std::str::from_utf8(bytes.get(word.clone())?).ok()?;
    if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let mut first = None;
    let mut reads = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        if letter.is_ascii() || !is_foreign(letter.script()) {
            reads.push(letter);
            continue;
        }
        let looks_like = ascii_twin(letter)?;
        reads.push(looks_like);
        first.get_or_insert((at, letter, looks_like));
    }
    let (at, letter, looks_like) = first?;
    if is_inflected(bytes, &word, letter.script()) {
        return None;
    }
    let start = word.start + at;
    Some(Disguise {
        letter,
        bytes: start..start + letter.len_utf8(),
        looks_like,
        reads,
    })
}

/// Without what belongs to `\n` or `%s` in a string, right before a word of another script.
fn without_escape(bytes: &[u8], word: Range<usize>) -> Range<usize> {
    let text = &bytes[word.clone()];
    let escaped = match word.start.checked_sub(1).map(|before| bytes[before]) {
        Some(b'\\') => usize::from(text.first().is_some_and(u8::is_ascii)),
        Some(b'%') => text.iter().take_while(|byte| byte.is_ascii()).count(),
        _ => 0,
    };
    word.start + escaped..word.end
}

/// The alphabets with letters like Latin ones. Those from right to left, and the Indian ones, never pass for Latin.
fn is_foreign(script: Script) -> bool {
    !matches!(script, Script::Latin | Script::Common | Script::Inherited)
}

/// The one letter of ASCII that a letter looks like. Digits do not count: `б` is no 6 to those who can read it.
fn ascii_twin(letter: char) -> Option<char> {
    let is_alphabet = matches!(
        letter.script(),
        Script::Cyrillic
            | Script::Greek
            | Script::Armenian
            | Script::Cherokee
            | Script::Coptic
            | Script::Lisu
            | Script::Georgian
            | Script::Deseret
            | Script::Osage
            | Script::Tifinagh
            | Script::Warang_Citi
            | Script::Canadian_Aboriginal
    );
    // In formulas these are what they look like: Greek.
    let is_of_formulas = matches!(letter, 'α'..='ξ' | 'π'..='ω' | 'ϐ'..='ϗ' | 'ϰ' | 'ϱ' | 'ϵ');
    if !is_alphabet || is_of_formulas {
        return None;
    }
    let mut buffer = [0; 4];
    let mut like = unicode_security::skeleton(letter.encode_utf8(&mut buffer));
    let twin = like.next().filter(char::is_ascii_alphabetic);
    twin.filter(|_| like.next().is_none())
}

/// In a sentence, a Latin word has endings of the language that the sentence is in: a word of the same script stands beside
/// it, with nothing but a space or a hyphen between.
fn is_inflected(bytes: &[u8], word: &Range<usize>, script: Script) -> bool {
    let is_gap = |byte: &u8| matches!(byte, b' ' | b'-');
    let is_same = |letter: Option<char>| letter.is_some_and(|it| it.script() == script);
    let (before, after) = (&bytes[..word.start], &bytes[word.end..]);
    let gap_before = before.iter().rev().take_while(|byte| is_gap(byte)).count();
    let gap_after = after.iter().take_while(|byte| is_gap(byte)).count();
    let before = &before[..before.len() - gap_before];
    (gap_before > 0 && is_same(bstr::decode_last_utf8(before).0))
        || (gap_after > 0 && is_same(bstr::decode_utf8(&after[gap_after..]).0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The letter and how the word reads, for the word around the first letter that is not ASCII.
    fn of(text: &str) -> Option<(char, String)> {
        let at = text.find(|letter: char| !letter.is_ascii()).unwrap();
        let it = disguise(text.as_bytes(), word_around(text.as_bytes(), at))?;
        assert_eq!(&text[it.bytes.clone()], it.letter.to_string());
        Some((it.letter, it.reads))
    }

    #[test]
    fn latin_names_with_a_letter_of_another_alphabet() {
        assert_eq!(of("if (isАdmin) {"), Some(('А', "isAdmin".into())));
        assert_eq!(of("ѕсоре_1 = x"), None, "no letter of it is Latin");
        assert_eq!(of("let pаssword;"), Some(('а', "password".into())));
        assert_eq!(of("ΜAX"), Some(('Μ', "MAX".into())));
        assert_eq!(of("naïve_ѕet"), Some(('ѕ', "naïve_set".into())));
    }

    #[test]
    fn words_that_nobody_takes_for_latin() {
        for text in [
            "Δt",
            "fieldб",
            "αBlend",
            "σ_x",
            "größe",
            "мой_id",
            "名前abc",
            "été2",
            "ıstanbul",
            "nה",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn sentences_and_escapes() {
        assert_eq!(of("// список URLа"), None);
        assert_eq!(of("\\nа это"), None);
        assert_eq!(of("\"%sа\""), None);
        assert_eq!(of("\\tхorse(xа)"), Some(('х', "xorse".into())));
    }

    proptest! {
        #[test]
        fn any_text(text in "[a-c аеѕАД_\\\\%\\-é]{1,12}") {
            let bytes = text.as_bytes();
            for (at, letter) in text.char_indices().filter(|(_, letter)| letter.is_alphanumeric()) {
                let word = word_around(bytes, at);
                prop_assert!(word.start <= at && at + letter.len_utf8() <= word.end);
                if let Some(found) = disguise(bytes, word.clone()) {
                    prop_assert!(word.start <= found.bytes.start && found.bytes.end <= word.end);
                    prop_assert!(text.get(found.bytes).is_some());
                }
            }
        }
    }
}
