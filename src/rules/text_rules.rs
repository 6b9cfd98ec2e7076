//! The rules that `.editorconfig` has settings for, and how they and the rule `editorconfig` share the work.
//!
//! Each of these rules takes its settings from the file's `.editorconfig` where that says something (unless its option
//! `follow_editorconfig` is off), and reports under its own name. The rule `editorconfig` reports what is left: the
//! properties of which no rule looks at the file. So a finding keeps its name, severity and suppressions whether or not
//! the repository has an `.editorconfig`, and no place is reported twice for one cause.

use super::check::Content;
use crate::editorconfig::Properties;
use std::num::{NonZeroU32, NonZeroUsize};

/// A set of rules that `.editorconfig` has settings for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextRules(u8);

/// One of these rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextRule {
    TrailingWhitespace,
    FinalNewline,
    LineEndings,
    ByteOrderMark,
    LineLength,
    Indentation,
}

impl TextRules {
    /// Those among the built-in rules with these ids. A rule of the policy's own counts as the one that it is made of.
    pub fn of<'i>(ids: impl IntoIterator<Item = &'i str>) -> Self {
        let bits = ids.into_iter().map(|id| match id {
            "trailing-whitespace" => TextRule::TrailingWhitespace.bit(),
            "final-newline" => TextRule::FinalNewline.bit(),
            "line-endings" => TextRule::LineEndings.bit(),
            "byte-order-mark" => TextRule::ByteOrderMark.bit(),
            "line-length" => TextRule::LineLength.bit(),
            "indentation" => TextRule::Indentation.bit(),
            _ => 0,
        });
        Self(bits.fold(0, |all, bit| all | bit))
    }

    /// Whether the rule is in the set.
    pub(super) fn has(self, rule: TextRule) -> bool {
        self.0 & rule.bit() != 0
    }
}

impl TextRule {
    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What a rule has to follow, if it follows anything.
pub(super) fn followed(file: &Content<'_>, follow: bool) -> Properties {
    let settings = file.settings.filter(|_| follow);
    settings.copied().unwrap_or_default()
}

/// A number of an `.editorconfig` as a rule counts.
pub(super) fn columns(number: NonZeroU32) -> NonZeroUsize {
    NonZeroUsize::try_from(number).unwrap_or(NonZeroUsize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_known_by_their_ids() {
        let some = TextRules::of(["line-length", "file-size", "indentation"]);
        assert!(some.has(TextRule::LineLength) && some.has(TextRule::Indentation));
        assert!(!some.has(TextRule::FinalNewline));
        let ids = [
            "trailing-whitespace",
            "final-newline",
            "line-endings",
            "byte-order-mark",
            "line-length",
            "indentation",
        ];
        for id in ids {
            assert_ne!(TextRules::of([id]), TextRules::default(), "{id}");
        }
    }
}
