//! One round: of all that is offered for a text, what can be made together.

use crate::finding::{Change, Edit, Safety};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A fix that a rule offers for one violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The rule's name in the policy.
    pub rule: Arc<str>,
    /// How sure the rule is.
    pub safety: Safety,
    /// What it would change.
    pub change: Change,
}

/// What a round comes to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Composed {
    /// The text with the edits made.
    pub(super) text: Vec<u8>,
    /// Whether the text is to be written as UTF-8 without a mark.
    pub(super) to_utf8: bool,
    /// Whether it is to be executable.
    pub(super) executable: Option<bool>,
    /// How many places each rule changed, and how sure it was of the least sure one.
    pub(super) made: BTreeMap<Arc<str>, (Safety, u64)>,
}

/// A fix that is none: its edits leave the text or overlap one another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invalid(pub(super) Arc<str>);

/// Makes what goes together, rule after rule in the order of their names. An offer whose edits meet another rule's waits
/// for the next round, which sees what came of this one.
pub(super) fn compose(text: &[u8], mut offers: Vec<Offer>) -> Result<Composed, Invalid> {
    // Stable: offers of one rule stay in the order of their places.
    offers.sort_by(|one, other| one.rule.cmp(&other.rule));
    let mut composed = Composed {
        to_utf8: offers.iter().any(|offer| offer.change == Change::Utf8),
        ..Composed::default()
    };
    let mut accepted = Accepted::default();
    let mut is_converted = false;
    for offer in &offers {
        let places = match &offer.change {
            // Where things are in another encoding is another question.
            Change::Edits(_) if composed.to_utf8 => 0,
            Change::Edits(edits) => accepted.take(text, &offer.rule, edits)?,
            Change::Utf8 => u64::from(!std::mem::replace(&mut is_converted, true)),
            Change::Executable(wanted) if composed.executable.is_none() => {
                composed.executable = Some(*wanted);
                1
            }
            Change::Executable(_) | Change::Create { .. } => 0,
        };
        if places > 0 {
            let made = composed.made.entry(Arc::clone(&offer.rule));
            let (safety, edits) = made.or_insert((offer.safety, 0));
            *safety = offer.safety.max(*safety);
            *edits += places;
        }
    }
    composed.text = accepted.apply(text);
    Ok(composed)
}

/// Edits that do not meet, by where they begin.
#[derive(Default)]
struct Accepted<'o> {
    by_start: BTreeMap<usize, (&'o Edit, &'o str)>,
}

impl<'o> Accepted<'o> {
    /// Takes all of these edits, or none; answers how many it took.
    fn take(&mut self, text: &[u8], rule: &'o Arc<str>, edits: &'o [Edit]) -> Result<u64, Invalid> {
        let mut end = 0;
        for (number, edit) in edits.iter().enumerate() {
            let range = &edit.range;
            let is_inside = range.start <= range.end && range.end <= text.len();
            if !is_inside || (number > 0 && range.start < end) {
                return Err(Invalid(Arc::clone(rule)));
            }
            end = range.end;
        }
        if edits.iter().any(|edit| self.meets(edit, rule)) {
            return Ok(0);
        }
        for edit in edits {
            self.by_start.insert(edit.range.start, (edit, rule));
        }
        Ok(edits.len() as u64)
    }

    fn meets(&self, edit: &Edit, rule: &str) -> bool {
        let (start, end) = (edit.range.start, edit.range.end);
        let before = self.by_start.range(..=start).next_back();
        let after = self.by_start.range(start..).next();
        before.is_some_and(|(at, (one, of))| {
            *at == start
                || if *of == rule {
                    one.range.end > start
                } else {
                    one.range.end >= start
                }
        }) || after.is_some_and(|(at, (_, of))| if *of == rule { *at < end } else { *at <= end })
    }

    fn apply(&self, text: &[u8]) -> Vec<u8> {
        let mut made = Vec::with_capacity(text.len());
        let mut from = 0;
        for (edit, _) in self.by_start.values() {
            made.extend_from_slice(&text[from..edit.range.start]);
            made.extend_from_slice(&edit.text);
            from = edit.range.end;
        }
        made.extend_from_slice(&text[from..]);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn offer(rule: &str, edits: Vec<Edit>) -> Offer {
        Offer {
            rule: rule.into(),
            safety: Safety::Safe,
            change: Change::Edits(edits),
        }
    }

    fn made(text: &str, offers: Vec<Offer>) -> (String, Vec<(String, u64)>) {
        let composed = compose(text.as_bytes(), offers).unwrap();
        let made = composed.made.iter();
        let made = made.map(|(rule, (_, edits))| (rule.to_string(), *edits));
        (String::from_utf8(composed.text).unwrap(), made.collect())
    }

    #[test]
    fn edits_of_different_rules_that_touch_wait() {
        let offers = vec![
            offer("b", vec![Edit::insert(5, *b"\n")]),
            offer("a", vec![Edit::delete(3..5)]),
        ];
        assert_eq!(made("abc  ", offers), ("abc".into(), vec![("a".into(), 1)]));
    }

    #[test]
    fn an_offer_is_made_whole_or_not_at_all() {
        let offers = vec![
            offer("a", vec![Edit::delete(4..6)]),
            offer("b", vec![Edit::delete(0..1), Edit::delete(5..7)]),
            offer("b", vec![Edit::delete(8..9)]),
        ];
        assert_eq!(
            made("0123456789", offers),
            (
                "01236789".replace('8', ""),
                vec![("a".into(), 1), ("b".into(), 1)]
            )
        );
    }

    #[test]
    fn a_rule_may_touch_its_own_edits_and_not_overlap_them() {
        let touching = vec![
            offer("a", vec![Edit::delete(0..2)]),
            offer("a", vec![Edit::new(2..4, *b"x")]),
            offer("a", vec![Edit::new(3..5, *b"y")]),
        ];
        assert_eq!(
            made("01234", touching),
            ("x4".into(), vec![("a".into(), 2)])
        );
    }

    #[test]
    fn edits_that_are_none_are_refused() {
        #[expect(clippy::reversed_empty_ranges, reason = "what must be refused")]
        let backwards = vec![Edit::delete(2..1)];
        for edits in [
            vec![Edit::delete(2..9)],
            vec![Edit::delete(1..3), Edit::delete(2..4)],
            backwards,
        ] {
            assert_eq!(
                compose(b"text", vec![offer("a", edits)]),
                Err(Invalid("a".into()))
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_outside_of_all_edits_is_kept(
            places in proptest::collection::vec((0usize..60, 0usize..5, 0u8..3), 0..12),
        ) {
            let text: Vec<u8> = (0..60).collect();
            let offers = places.iter().map(|(start, length, rule)| {
                let range = *start..(*start + length).min(60);
                offer(&rule.to_string(), vec![Edit::new(range, vec![200 + rule])])
            });
            let composed = compose(&text, offers.collect()).unwrap();
            // Every byte that no edit names is there, in order; and nothing but that and what edits put in.
            let touched = |byte: u8| places.iter().any(|(start, length, _)| {
                (*start..*start + length).contains(&usize::from(byte))
            });
            let kept: Vec<u8> = composed.text.iter().copied().filter(|byte| *byte < 200).collect();
            let must: Vec<u8> = text.iter().copied().filter(|byte| !touched(*byte)).collect();
            prop_assert!(must.iter().all(|byte| kept.contains(byte)));
            prop_assert!(kept.is_sorted());
            let put = composed.text.len() - kept.len();
            prop_assert_eq!(put as u64, composed.made.values().map(|(_, edits)| edits).sum::<u64>());
        }
    }
}
