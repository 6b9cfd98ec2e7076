//! The characters that nobody sees: what they are called, and what they are for.

/// What an invisible character is for, which decides where it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Shows the following letters in the other order than their own.
    Override,
    /// Begins a piece of text from right to left.
    OpensRtl,
    /// Begins a piece of text from left to right, or in the direction of its first letter.
    OpensLtr,
    /// Ends what one of these began.
    Closes,
    /// Acts as a letter of one direction.
    DirectionMark,
    /// Makes letters, or emoji, join or not.
    Joiner,
    /// Allows or forbids a line break: in scripts without spaces, and in typesetting.
    Break,
    /// For formulas, music and the order of accents: right in a text about these.
    Typesetting,
    /// Stands for a missing Hangul letter, and counts as a letter in identifiers.
    HangulFiller,
    /// For Mongolian alone.
    Mongolian,
    /// For Khmer alone.
    Khmer,
    /// Shadows an ASCII character: for flags of regions.
    Tag,
    /// Chooses a variant of the character before it.
    Variation,
    /// As [`Self::Variation`], of an ideograph.
    IdeographVariation,
    /// A byte order mark that is not at the beginning.
    InnerMark,
    /// Deprecated, or for the inside of programs.
    Obsolete,
}

impl Kind {
    /// What a character is for, if it is invisible.
    pub(super) fn of(character: char) -> Option<Self> {
        Some(match character {
            '\u{202D}' | '\u{202E}' => Self::Override,
            '\u{202B}' | '\u{2067}' => Self::OpensRtl,
            '\u{202A}' | '\u{2066}' | '\u{2068}' => Self::OpensLtr,
            '\u{202C}' | '\u{2069}' => Self::Closes,
            '\u{200E}' | '\u{200F}' | '\u{061C}' => Self::DirectionMark,
            '\u{200C}' | '\u{200D}' => Self::Joiner,
            '\u{00AD}' | '\u{200B}' | '\u{2060}' => Self::Break,
            '\u{034F}' | '\u{2061}'..='\u{2064}' | '\u{1D173}'..='\u{1D17A}' => Self::Typesetting,
            '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' => Self::HangulFiller,
            '\u{180B}'..='\u{180F}' => Self::Mongolian,
            '\u{17B4}' | '\u{17B5}' => Self::Khmer,
            '\u{E0001}' | '\u{E0020}'..='\u{E007F}' => Self::Tag,
            '\u{FE00}'..='\u{FE0F}' => Self::Variation,
            '\u{E0100}'..='\u{E01EF}' => Self::IdeographVariation,
            '\u{FEFF}' => Self::InnerMark,
            '\u{206A}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}' => Self::Obsolete,
            _ => return None,
        })
    }
}

/// The name that Unicode gives to an invisible character.
pub(super) fn name(character: char) -> &'static str {
    match character {
        '\u{00AD}' => "SOFT HYPHEN",
        '\u{034F}' => "COMBINING GRAPHEME JOINER",
        '\u{061C}' => "ARABIC LETTER MARK",
        '\u{115F}' => "HANGUL CHOSEONG FILLER",
        '\u{1160}' => "HANGUL JUNGSEONG FILLER",
        '\u{17B4}' => "KHMER VOWEL INHERENT AQ",
        '\u{17B5}' => "KHMER VOWEL INHERENT AA",
        '\u{180E}' => "MONGOLIAN VOWEL SEPARATOR",
        '\u{180B}'..='\u{180F}' => "MONGOLIAN FREE VARIATION SELECTOR",
        '\u{200B}' => "ZERO WIDTH SPACE",
        '\u{200C}' => "ZERO WIDTH NON-JOINER",
        '\u{200D}' => "ZERO WIDTH JOINER",
        '\u{200E}' => "LEFT-TO-RIGHT MARK",
        '\u{200F}' => "RIGHT-TO-LEFT MARK",
        '\u{202A}' => "LEFT-TO-RIGHT EMBEDDING",
        '\u{202B}' => "RIGHT-TO-LEFT EMBEDDING",
        '\u{202C}' => "POP DIRECTIONAL FORMATTING",
        '\u{202D}' => "LEFT-TO-RIGHT OVERRIDE",
        '\u{202E}' => "RIGHT-TO-LEFT OVERRIDE",
        '\u{2060}' => "WORD JOINER",
        '\u{2061}' => "FUNCTION APPLICATION",
        '\u{2062}' => "INVISIBLE TIMES",
        '\u{2063}' => "INVISIBLE SEPARATOR",
        '\u{2064}' => "INVISIBLE PLUS",
        '\u{2066}' => "LEFT-TO-RIGHT ISOLATE",
        '\u{2067}' => "RIGHT-TO-LEFT ISOLATE",
        '\u{2068}' => "FIRST STRONG ISOLATE",
        '\u{2069}' => "POP DIRECTIONAL ISOLATE",
        '\u{206A}' => "INHIBIT SYMMETRIC SWAPPING",
        '\u{206B}' => "ACTIVATE SYMMETRIC SWAPPING",
        '\u{206C}' => "INHIBIT ARABIC FORM SHAPING",
        '\u{206D}' => "ACTIVATE ARABIC FORM SHAPING",
        '\u{206E}' => "NATIONAL DIGIT SHAPES",
        '\u{206F}' => "NOMINAL DIGIT SHAPES",
        '\u{3164}' => "HANGUL FILLER",
        '\u{FFA0}' => "HALFWIDTH HANGUL FILLER",
        '\u{FEFF}' => "ZERO WIDTH NO-BREAK SPACE",
        '\u{FFF9}' => "INTERLINEAR ANNOTATION ANCHOR",
        '\u{FFFA}' => "INTERLINEAR ANNOTATION SEPARATOR",
        '\u{FFFB}' => "INTERLINEAR ANNOTATION TERMINATOR",
        '\u{1D173}'..='\u{1D17A}' => "MUSICAL SYMBOL",
        '\u{E0001}'..='\u{E007F}' => "TAG",
        _ => "VARIATION SELECTOR",
    }
}

/// Whether a letter is written from right to left: Hebrew, Arabic, and all others of that direction.
pub(super) fn is_rtl(character: char) -> bool {
    matches!(
        u32::from(character),
        0x0590..=0x061B
            | 0x061D..=0x08FF
            | 0xFB1D..=0xFDFF
            | 0xFE70..=0xFEFC
            | 0x10800..=0x10FFF
            | 0x1E800..=0x1EFFF
    )
}

/// Whether a character can be a part of an emoji: pictures, arrows, signs, skin colours, the selector for colour.
pub(super) fn is_emoji(character: char) -> bool {
    matches!(
        u32::from(character),
        0xA9 | 0xAE | 0x203C | 0x2049 | 0x20E3 | 0x2122 | 0x2139 | 0x2190..=0x2BFF | 0x3030 | 0x303D | 0x3297 | 0x3299
            | 0xFE0F
            | 0x1F000..=0x1FAFF
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invisible_character_has_its_own_name() {
        for character in ('\0'..=char::MAX).filter(|it| Kind::of(*it).is_some()) {
            let is_variation = matches!(
                Kind::of(character),
                Some(Kind::Variation | Kind::IdeographVariation)
            );
            assert_eq!(
                name(character) == "VARIATION SELECTOR",
                is_variation,
                "U+{:04X}",
                u32::from(character)
            );
            assert!(!character.is_ascii() && !is_rtl(character));
        }
    }
}
