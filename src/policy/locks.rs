//! `locked`: what a document says of its own keys that no other document may weaken.

use super::merge::{Catalogue, Draft};
use super::model::Position;
use super::problem::{Report, listing, nearest, quote};
use super::reader::Item;

/// What `locked` can name besides one rule.
const WORDS: [(&str, LockedKey); 12] = [
    ("all", LockedKey::All),
    ("rules.*", LockedKey::Rules(None)),
    ("gate", LockedKey::Gate(None)),
    ("gate.fail_on", LockedKey::Gate(Some(GateKey::FailOn))),
    ("gate.min_score", LockedKey::Gate(Some(GateKey::MinScore))),
    ("gate.new_only", LockedKey::Gate(Some(GateKey::NewOnly))),
    ("exclude", LockedKey::Exclude),
    ("suppressions", LockedKey::Suppressions(None)),
    ("overrides", LockedKey::Overrides),
    ("cleanup", LockedKey::Cleanup),
    ("workspace", LockedKey::Workspace),
    ("baseline", LockedKey::Baseline),
];

/// A key of `gate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateKey {
    /// `fail_on`.
    FailOn,
    /// `min_score`.
    MinScore,
    /// `new_only`.
    NewOnly,
}

/// What a lock is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockedKey {
    /// Everything.
    All,
    /// One rule of this name, or every rule.
    Rules(Option<String>),
    /// One key of the gate, or every one.
    Gate(Option<GateKey>),
    /// The paths that no rule looks at.
    Exclude,
    /// Suppressions of one rule, or every one.
    Suppressions(Option<String>),
    /// Overrides, of whatever rule.
    Overrides,
    /// What may be removed.
    Cleanup,
    /// What belongs to the workspace.
    Workspace,
    /// The baseline's name.
    Baseline,
}

impl LockedKey {
    /// Whether a lock on this holds everything that a lock on `other` holds.
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Gate(one), Self::Gate(key)) => one.is_none() || one == key,
            (Self::Rules(one), Self::Rules(name))
            | (Self::Suppressions(one), Self::Suppressions(name)) => one.is_none() || one == name,
            (one, other) => one == other,
        }
    }
}

/// An entry of `locked`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// What is locked.
    pub key: LockedKey,
    /// The key as it is written.
    pub written: String,
    /// Where.
    pub position: Position,
}

/// Reads the `locked` of a document that is laid already.
pub(super) fn read(
    item: &Item<'_>,
    (draft, known): (&Draft, &Catalogue),
    report: &mut Report,
) -> Vec<Lock> {
    let items = item.elements("[\"rules.secret\"]", report);
    let locks = items.unwrap_or_default().into_iter().filter_map(|item| {
        let written = item.text("a key to lock, like `rules.secret` or `all`", report)?;
        let key = read_key(&item, &written, (draft, known), report)?;
        Some(Lock {
            key,
            written,
            position: item.node.at.clone(),
        })
    });
    locks.collect()
}

fn read_key(
    item: &Item<'_>,
    written: &str,
    (draft, known): (&Draft, &Catalogue),
    report: &mut Report,
) -> Option<LockedKey> {
    if let Some((_, key)) = WORDS.iter().find(|(word, _)| *word == written) {
        return Some(key.clone());
    }
    let place = (&item.node.at, &item.path);
    let named = match written.split_once('.') {
        Some(("rules", name)) => Some((name, LockedKey::Rules(Some(name.to_owned())))),
        Some(("suppressions", name)) => {
            Some((name, LockedKey::Suppressions(Some(name.to_owned()))))
        }
        _ => None,
    };
    if let Some((name, key)) = named {
        if draft.names(known).any(|known| known == name) {
            return Some(key);
        }
        draft.unknown_rule(name, place, (known, ""), report);
        return None;
    }
    let near = nearest(written, words());
    let hint = match near {
        Some(_) => String::new(),
        None => format!(
            ": expected `rules.NAME`, `suppressions.NAME`, {}",
            listing(words())
        ),
    };
    let message = format!("{} cannot be locked{hint}", quote(written));
    report.add_nearest(place.0, place.1, message, near);
    None
}

/// What `locked` can name besides one rule, for the schema.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(word, _)| *word)
}
