//! Judges a match of a detector: which part of it is the credential, and whether it is one at all. Cheapest first, and
//! nothing is allocated for what is refused.

use super::checksum::Checksum;
use super::detector::{Confidence, Detector, Shape};
use super::placeholder;
use super::plausible;
use super::site::{FileKind, Site};
use std::ops::Range;

/// Judges the matches in one text.
pub struct Judge<'t> {
    text: &'t [u8],
    file: FileKind,
}

impl<'t> Judge<'t> {
    /// For the text of the file with this path, or for a segment of it.
    pub fn new(path: &[u8], text: &'t [u8]) -> Self {
        Self {
            text,
            file: FileKind::of(path),
        }
    }

    /// Where the credential is, if this match of the detector's pattern is one.
    pub fn credential(&self, detector: &Detector, found: Range<usize>) -> Option<Range<usize>> {
        let secret = self.part(detector, found.clone())?;
        let value = self.text.get(secret.clone())?;
        let data = &detector.data;
        if let Some(checksum) = data.checksum {
            if !checksum.holds(value) {
                return None;
            }
            if checksum.is_proof() {
                return (!placeholder::is_documented(value)).then_some(secret);
            }
        }
        if data.shape == Shape::Block {
            let block = plausible::block(self.text, &secret)?;
            return Some(block);
        }
        if data.entropy.is_some_and(|least| entropy(value) < least) {
            return None;
        }
        if placeholder::is_placeholder(value) || placeholder::is_documented(value) {
            return None;
        }
        let is_plausible = match data.shape {
            Shape::Token if data.confidence == Confidence::High => true,
            Shape::Token | Shape::Block => !self.file.is_digests(),
            Shape::Value => plausible::value(&self.site(found, &secret)),
            Shape::Password if data.checksum == Some(Checksum::Userinfo) => true,
            Shape::Password => plausible::password(&self.site(found, &secret)),
        };
        is_plausible.then_some(secret)
    }

    /// Group 1 if the pattern has one and it took part, else the whole match.
    fn part(&self, detector: &Detector, found: Range<usize>) -> Option<Range<usize>> {
        let regex = detector.pattern.regex()?;
        if regex.captures_len() < 2 {
            return Some(found);
        }
        let mut places = regex.capture_locations();
        regex.captures_read_at(&mut places, self.text, found.start)?;
        let (start, end) = places.get(1).or_else(|| places.get(0))?;
        Some(start..end)
    }

    fn site<'s>(&'s self, found: Range<usize>, secret: &Range<usize>) -> Site<'s> {
        Site::new(self.text, self.file, found, secret.clone())
    }
}

/// Shannon entropy in bits per byte.
#[expect(
    clippy::cast_precision_loss,
    reason = "lengths of credentials are small"
)]
pub(super) fn entropy(value: &[u8]) -> f32 {
    let mut counts = [0_u32; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    let all = value.len() as f32;
    let bits = |count: &u32| {
        let share = *count as f32 / all;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(bits).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::detectors;
    use proptest::prelude::*;

    #[test]
    fn entropy_is_in_bits() {
        assert!(entropy(b"") < 0.001);
        assert!(entropy(b"aaaa") < 0.001);
        assert!((entropy(b"abab") - 1.0).abs() < 0.001);
        assert!((entropy(b"abcdefgh") - 3.0).abs() < 0.001);
    }

    proptest! {
        #[test]
        fn judging_survives_any_bytes(
            before in proptest::collection::vec(any::<u8>(), 0..20),
            middle in "[\"' =:<>a-zA-Z0-9@/${}.-]{0,60}",
            after in proptest::collection::vec(any::<u8>(), 0..20),
            path in "[a-z./]{0,12}",
        ) {
            let text = [&before, middle.as_bytes(), &after].concat();
            let judge = Judge::new(path.as_bytes(), &text);
            for detector in detectors().iter().filter(|one| one.data.shape != Shape::Token) {
                for start in [0, text.len() / 3] {
                    let end = text.len();
                    if let Some(secret) = judge.credential(detector, start..end) {
                        prop_assert!(secret.end <= end && secret.start <= secret.end);
                    }
                }
            }
        }
    }
}
