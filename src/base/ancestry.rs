//! Where two histories have left each other, in clones that may be cut off.

use super::objects::{BaseError, CommitId, Reader};
use gix::hash::ObjectId;
use std::collections::HashSet;

/// More commits than a clone that is cut off has: such a one is as good as whole, and too large to prove anything in.
const MOST: usize = 1_000_000;

/// The last commits that two histories have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MergeBase {
    /// This one.
    One(CommitId),
    /// So many, which merges brought about; the first that git's order has.
    Several(CommitId, usize),
    /// None: the histories have nothing in common.
    None,
    /// Cannot be told, because commits are missing.
    CutOff,
}

/// Finds them. In a clone that is cut off git's own answer can be too old a commit; here it is only given if no commit
/// that is cut off could have led to a later one.
pub(super) fn merge_base(
    reader: &Reader<'_>,
    one: CommitId,
    other: CommitId,
) -> Result<MergeBase, BaseError> {
    let cut = cut_off(reader)?;
    let bases = reader.repository.merge_bases_many(one.0, &[other.0]);
    let mut bases: Vec<ObjectId> = match bases {
        Ok(bases) => bases.into_iter().map(gix::Id::detach).collect(),
        // A parent that is missing, though the clone does not say that it is cut off there.
        Err(why) if cut.is_empty() => return Err(BaseError::unreadable("the history", why)),
        Err(_) => return Ok(MergeBase::CutOff),
    };
    bases.sort_unstable();
    if !cut.is_empty() && !is_proved(reader, (one, other), (&bases, &cut))? {
        return Ok(MergeBase::CutOff);
    }
    Ok(match bases[..] {
        [] => MergeBase::None,
        [only] => MergeBase::One(CommitId(only)),
        [first, ..] => MergeBase::Several(CommitId(first), bases.len()),
    })
}

/// The commits whose parents are left out of this clone.
fn cut_off(reader: &Reader<'_>) -> Result<HashSet<ObjectId>, BaseError> {
    let shallow = reader.repository.shallow_commits();
    let shallow =
        shallow.map_err(|why| BaseError::unreadable("the list of shallow commits", why))?;
    Ok(shallow
        .map(|commits| commits.iter().copied().collect())
        .unwrap_or_default())
}

/// Whether no commit on the way from the two to their common ones is cut off: beyond such a one could lie a later
/// common one.
fn is_proved(
    reader: &Reader<'_>,
    (one, other): (CommitId, CommitId),
    (bases, cut): (&[ObjectId], &HashSet<ObjectId>),
) -> Result<bool, BaseError> {
    let common = reachable(reader, bases.to_vec(), (&HashSet::new(), cut))?;
    let Some(common) = common else {
        return Ok(false);
    };
    let own = reachable(reader, vec![one.0, other.0], (&common, cut))?;
    Ok(own.is_some_and(|own| own.is_disjoint(cut)))
}

/// All commits that are reachable without going into `known`. `None`: more than can be looked at.
fn reachable(
    reader: &Reader<'_>,
    mut ahead: Vec<ObjectId>,
    (known, cut): (&HashSet<ObjectId>, &HashSet<ObjectId>),
) -> Result<Option<HashSet<ObjectId>>, BaseError> {
    let mut seen = HashSet::new();
    while let Some(id) = ahead.pop() {
        if known.contains(&id) || !seen.insert(id) {
            continue;
        }
        if seen.len() > MOST {
            return Ok(None);
        }
        if cut.contains(&id) {
            continue;
        }
        let commit = reader.repository.find_commit(id);
        let commit =
            commit.map_err(|why| BaseError::unreadable(format_args!("commit {id}"), why))?;
        ahead.extend(commit.parent_ids().map(gix::Id::detach));
    }
    Ok(Some(seen))
}
