//! Rounds of fixes on one file in memory, until its rules have nothing left to fix.

use super::compose::{Composed, Invalid, Offer, compose};
use super::encode;
use crate::finding::{Change, Safety};
use crate::text::Encoding;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many rounds are made. Rules whose fixes undo one another's need no more to show it.
const ROUNDS: usize = 10;

const UNSETTLED: &str = "the fixes do not settle";
/// Where git tracks a file, rules ask for the mode that it has staged.
const STAGED: &str = "the mode on disk is right already, and git has staged another";

/// What a file is, as far as fixes can change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// All of its bytes.
    pub content: Vec<u8>,
    /// `st_mode`'s permission bits (`0o7777`).
    pub permissions: u16,
}

/// What rules say about a file.
#[derive(Debug)]
pub struct Look {
    /// The encoding in which they saw it.
    pub encoding: Encoding,
    /// What they can fix and are allowed to.
    pub offers: Vec<Offer>,
}

/// The rules that hold for files; other rooms know them.
pub trait Rules: Sync {
    /// Runs the rules for this path on a file that stands in memory. `None` if it is no text.
    fn look(&self, path: &[u8], state: &State) -> Option<Look>;
}

/// What one rule changes in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The rule's name in the policy.
    pub rule: Arc<str>,
    /// How sure it is of what it is least sure of.
    pub safety: Safety,
    /// Places that it changes.
    pub edits: u64,
}

/// What the rounds came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// There is nothing to fix.
    Nothing,
    /// The file as it is to be: its rules would fix nothing in it any more.
    Fixed(State, Vec<Share>),
    /// It stays as it is, why, and what rules would have changed.
    Left(String, Vec<Share>),
}

/// Fixes a file in memory.
pub fn settle(path: &[u8], before: &State, rules: &dyn Rules) -> Settled {
    let mut now = before.clone();
    let mut sums: BTreeMap<Arc<str>, (Safety, u64)> = BTreeMap::new();
    for _ in 0..=ROUNDS {
        let Some(look) = rules.look(path, &now) else {
            return Settled::Left("it would be no text any more".into(), shares(sums));
        };
        if look.offers.is_empty() {
            return if &now == before {
                Settled::Nothing
            } else {
                Settled::Fixed(now, shares(sums))
            };
        }
        let named = named(&look.offers);
        let modes_only = look
            .offers
            .iter()
            .all(|offer| matches!(offer.change, Change::Executable(_)));
        let next = match one_round(&now, look) {
            Ok((next, composed)) => {
                for (rule, (safety, edits)) in composed.made {
                    let sum = sums.entry(rule).or_insert((safety, 0));
                    *sum = (safety.max(sum.0), sum.1 + edits);
                }
                next
            }
            Err(why) => {
                for (rule, (safety, count)) in named {
                    sums.entry(rule).or_insert((safety, 0)).1 += count;
                }
                return Settled::Left(why, shares(sums));
            }
        };
        if next == now {
            let is_mode = modes_only && now == *before;
            return Settled::Left(
                if is_mode { STAGED } else { UNSETTLED }.into(),
                shares(sums),
            );
        }
        now = next;
    }
    Settled::Left(UNSETTLED.into(), shares(sums))
}

/// What is offered, counted by rule.
fn named(offers: &[Offer]) -> BTreeMap<Arc<str>, (Safety, u64)> {
    let mut named = BTreeMap::new();
    for offer in offers {
        let one = named.entry(Arc::clone(&offer.rule));
        one.or_insert((offer.safety, 0)).1 += 1;
    }
    named
}

fn shares(sums: BTreeMap<Arc<str>, (Safety, u64)>) -> Vec<Share> {
    let shares = sums.into_iter();
    shares
        .map(|(rule, (safety, edits))| Share {
            rule,
            safety,
            edits,
        })
        .collect()
}

fn one_round(now: &State, look: Look) -> Result<(State, Composed), String> {
    let unfaithful = || "its text cannot be written back as it is".to_owned();
    let text = encode::decode(&now.content, look.encoding).ok_or_else(unfaithful)?;
    let composed = compose(&text, look.offers)
        .map_err(|Invalid(rule)| format!("the fix of {rule} is none: its edits overlap"))?;
    let content = if composed.to_utf8 {
        let lossy = || "its text cannot be converted without loss".to_owned();
        encode::to_utf8(&now.content, look.encoding).ok_or_else(lossy)?
    } else {
        let bytes = encode::encode(&composed.text, look.encoding).ok_or_else(unfaithful)?;
        bytes.into_owned()
    };
    let permissions = match composed.executable {
        None => now.permissions,
        // Everyone who may read.
        Some(true) => now.permissions | (now.permissions & 0o444) >> 2,
        Some(false) => now.permissions & !0o111,
    };
    let next = State {
        content,
        permissions,
    };
    Ok((next, composed))
}
