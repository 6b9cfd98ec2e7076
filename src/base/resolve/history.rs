//! The commit where two lines of history part, proven even where a part of the history is not there.

use crate::base::{BaseError, CommitId, Reader};
use gix::hash::ObjectId;
use std::collections::{BinaryHeap, HashMap};

/// Where two lines of history part.
pub(super) enum MergeBase {
    /// Here: the latest commits that both have, more than one if they were merged crosswise. The latest first.
    At(Vec<CommitId>),
    /// They have no commit in common.
    Unrelated,
    /// The history that is there does not tell: this commit is not.
    CutOff(ObjectId),
}

const ONE: u8 = 1;
const OTHER: u8 = 2;
const BOTH: u8 = ONE | OTHER;
/// Below a commit that both have.
const BELOW: u8 = 4;

struct Seen {
    flags: u8,
    /// Of a commit that is there: its parents, as the commit itself names them, and its time.
    known: Option<(Vec<ObjectId>, i64)>,
}

/// Paints the ancestors of two commits in two colours, the latest first. A commit with both colours is in common, and
/// all below it are of no interest: of them nothing needs to be known.
struct Painting<'r> {
    reader: &'r Reader<'r>,
    seen: HashMap<ObjectId, Seen>,
    ahead: BinaryHeap<(bool, i64, ObjectId)>,
    /// Entries of `ahead` that are of interest.
    interesting: usize,
}

/// Finds where the histories of two commits part.
///
/// The answer is right whatever the commits' times are, and if commits are missing: it is given only if every missing
/// one lies below a commit that both have.
///
/// # Errors
/// A commit that is there cannot be read.
pub(super) fn merge_base(
    reader: &Reader<'_>,
    one: CommitId,
    other: CommitId,
) -> Result<MergeBase, BaseError> {
    let mut painting = Painting {
        reader,
        seen: HashMap::new(),
        ahead: BinaryHeap::new(),
        interesting: 0,
    };
    painting.paint(one.0, ONE)?;
    painting.paint(other.0, OTHER)?;
    painting.run(|painting| painting.interesting == 0)?;
    let common = painting.common();
    if common.len() == 1 && painting.missing(|flags| flags & BELOW == 0).is_none() {
        return Ok(MergeBase::At(common));
    }
    // One of several may lie below another, and a missing one below one of them: that shows at the end of the walk.
    painting.run(|painting| painting.ahead.is_empty())?;
    let common = painting.common();
    let cut_off = match common.len() {
        1 => painting.missing(|flags| flags & BELOW == 0),
        _ => painting.missing(|_| true),
    };
    Ok(match cut_off {
        Some(id) => MergeBase::CutOff(id),
        None if common.is_empty() => MergeBase::Unrelated,
        None => MergeBase::At(common),
    })
}

impl Painting<'_> {
    /// Adds colours to a commit, and has its parents painted if that is news.
    fn paint(&mut self, id: ObjectId, flags: u8) -> Result<(), BaseError> {
        if !self.seen.contains_key(&id) {
            let known = self.reader.history(id)?;
            self.seen.insert(id, Seen { flags: 0, known });
        }
        let Some(seen) = self.seen.get_mut(&id) else {
            return Ok(());
        };
        if seen.flags & flags == flags {
            return Ok(());
        }
        seen.flags |= flags;
        if let Some((_, time)) = seen.known {
            let is_interesting = seen.flags & BELOW == 0;
            self.interesting += usize::from(is_interesting);
            self.ahead.push((is_interesting, time, id));
        }
        Ok(())
    }

    fn run(&mut self, is_done: impl Fn(&Self) -> bool) -> Result<(), BaseError> {
        while !is_done(self) {
            let Some((was_interesting, _, id)) = self.ahead.pop() else {
                return Ok(());
            };
            self.interesting -= usize::from(was_interesting);
            let Some(Seen {
                flags,
                known: Some((parents, _)),
            }) = self.seen.get(&id)
            else {
                continue;
            };
            let below = if flags & BOTH == BOTH { BELOW } else { 0 };
            let (flags, parents) = (flags | below, parents.clone());
            for parent in parents {
                self.paint(parent, flags)?;
            }
        }
        Ok(())
    }

    /// The commits with both colours that lie below no other.
    fn common(&self) -> Vec<CommitId> {
        let mut common: Vec<_> = self
            .seen
            .iter()
            .filter(|(_, seen)| seen.flags == BOTH)
            .filter_map(|(id, seen)| Some((seen.known.as_ref()?.1, *id)))
            .collect();
        common.sort_unstable_by(|one, other| other.cmp(one));
        common.into_iter().map(|(_, id)| CommitId(id)).collect()
    }

    /// The first commit that is not there, of those with such colours.
    fn missing(&self, is_asked: impl Fn(u8) -> bool) -> Option<ObjectId> {
        let missing = self
            .seen
            .iter()
            .filter(|(_, seen)| seen.known.is_none() && is_asked(seen.flags));
        missing.map(|(id, _)| *id).min()
    }
}
