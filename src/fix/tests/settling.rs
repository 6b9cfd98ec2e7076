//! Rounds: rules in small, and what they come to.

use crate::finding::{Change, Edit, Safety};
use crate::fix::{Look, Offer, Rules, Settled, State, settle};
use crate::text::Encoding;
use proptest::prelude::*;

type Rule = fn(&[u8]) -> Vec<Edit>;

struct Some3(Vec<(&'static str, Rule)>, Encoding);

impl Rules for Some3 {
    fn look(&self, _: &[u8], state: &State) -> Option<Look> {
        let mut text = Vec::new();
        crate::text::transcode(&state.content, self.1, &mut text);
        let offers = self.0.iter().flat_map(|(name, rule)| {
            rule(&text).into_iter().map(|edit| Offer {
                rule: (*name).into(),
                safety: Safety::Safe,
                change: Change::Edits(vec![edit]),
            })
        });
        Some(Look {
            encoding: self.1,
            offers: offers.collect(),
        })
    }
}

/// Blanks at the ends of lines.
fn blanks(text: &[u8]) -> Vec<Edit> {
    let mut start = 0;
    let lines = text.split(|byte| *byte == b'\n');
    let edits = lines.filter_map(|line| {
        let kept = line.trim_ascii_end().len();
        let range = start + kept..start + line.len();
        start += line.len() + 1;
        (!range.is_empty()).then(|| Edit::delete(range))
    });
    edits.collect()
}

/// A line end at the end of a text.
fn last(text: &[u8]) -> Vec<Edit> {
    if text.is_empty() || text.ends_with(b"\n") {
        return Vec::new();
    }
    vec![Edit::insert(text.len(), *b"\n")]
}

fn state(content: &[u8]) -> State {
    State {
        content: content.to_vec(),
        permissions: 0o644,
    }
}

#[test]
fn what_one_rule_leaves_is_the_next_round_for_another() {
    let rules = Some3(vec![("last", last), ("blanks", blanks)], Encoding::Utf8);
    let Settled::Fixed(after, shares) = settle(b"f", &state(b"a \nb \t"), &rules) else {
        panic!("it settles");
    };
    assert_eq!(after.content, b"a\nb\n");
    let edits: Vec<_> = shares.iter().map(|one| (&*one.rule, one.edits)).collect();
    assert_eq!(edits, [("blanks", 2), ("last", 1)]);
}

#[test]
fn rules_that_undo_one_another_change_nothing() {
    let off: Rule = |text| {
        if text.starts_with(b"x") {
            vec![Edit::delete(0..1)]
        } else {
            Vec::new()
        }
    };
    let on: Rule = |text| {
        if text.starts_with(b"x") {
            Vec::new()
        } else {
            vec![Edit::insert(0, *b"x")]
        }
    };
    let rules = Some3(vec![("off", off), ("on", on)], Encoding::Utf8);
    let Settled::Left(why, shares) = settle(b"f", &state(b"y"), &rules) else {
        panic!("it never settles");
    };
    assert_eq!(why, "the fixes do not settle");
    assert!(!shares.is_empty());
}

#[test]
fn utf_16_stays_what_it_is_or_is_left_alone() {
    let rules = Some3(vec![("blanks", blanks)], Encoding::Utf16Le(true));
    let bytes = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let Settled::Fixed(after, _) = settle(b"f", &state(&bytes("ä 🦀 \r\nb")), &rules) else {
        panic!("it settles");
    };
    assert_eq!(after.content, bytes("ä 🦀\nb"));
    let mut odd = bytes("a \n");
    odd.push(0);
    assert!(matches!(
        settle(b"f", &state(&odd), &rules),
        Settled::Left(..)
    ));
}

proptest! {
    #[test]
    fn fixing_twice_is_fixing_once(text in "[ab \t\n]{0,30}") {
        let rules = Some3(vec![("last", last), ("blanks", blanks)], Encoding::Utf8);
        match settle(b"f", &state(text.as_bytes()), &rules) {
            Settled::Nothing => prop_assert!(blanks(text.as_bytes()).is_empty() && last(text.as_bytes()).is_empty()),
            Settled::Fixed(after, _) => {
                prop_assert_eq!(settle(b"f", &after, &rules), Settled::Nothing);
                let kept = |text: &[u8]| text.iter().copied().filter(u8::is_ascii_alphabetic).collect::<Vec<_>>();
                prop_assert_eq!(kept(&after.content), kept(text.as_bytes()));
            }
            Settled::Left(why, _) => prop_assert!(false, "{}", why),
        }
    }
}
