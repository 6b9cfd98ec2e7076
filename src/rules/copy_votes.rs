//! Files with equal content at equal relative paths vote for the pairs of directories of which one is a copy of the other.

use super::backup_name::{Claim, claim};
use super::folders::{Folders, is_at_or_below};
use super::name_set::NameSet;
use std::collections::HashMap;

/// More files with one content say nothing about directories, and all their pairs would be too many.
pub(super) const MAX_EQUAL: usize = 64;
/// Only paths that repeat their own names can be divided in more ways; the innermost ones are enough.
const MAX_SPLITS: usize = 4;

/// A file that can vote.
#[derive(Clone, Copy)]
pub(super) struct Voter<'t> {
    /// Relative path.
    pub path: &'t [u8],
    /// The number of its directory.
    pub folder: u32,
    /// The digest of its content; `None` where no other file has that content.
    pub digest: Option<u128>,
}

/// A directory that may be a copy, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Pair {
    /// The number of the directory that may be a copy.
    pub copy: u32,
    /// The number of what it may be a copy of.
    pub original: u32,
}

/// All tally.
pub(super) struct Votes {
    /// For each pair, the files (positions in the list) below the copy that are also in the original.
    pub by_pair: HashMap<Pair, Vec<u32>>,
    /// Whether a file counts at all; not those with a content that too many have.
    pub counts: Vec<bool>,
}

/// Counts the votes of all files (in tree order).
pub(super) fn count_votes(voters: &[Voter<'_>], folders: &Folders<'_>, words: &NameSet) -> Votes {
    let mut tally = Votes {
        by_pair: HashMap::new(),
        counts: vec![true; voters.len()],
    };
    let too_many = each_equal_pair(voters, |one, other| {
        tally.compare((one, other), voters, folders, words);
    });
    for file in too_many {
        tally.counts[file as usize] = false;
    }
    tally
}

/// Visits each pair of files with equal content, at most [`MAX_EQUAL`] for a file. Answers which files have a content
/// that more share than that: they are in no pair.
fn each_equal_pair(voters: &[Voter<'_>], mut visit: impl FnMut(u32, u32)) -> Vec<u32> {
    let mut by_digest: Vec<(u128, u32)> = (0..)
        .zip(voters)
        .filter_map(|(index, voter)| voter.digest.map(|digest| (digest, index)))
        .collect();
    by_digest.sort_unstable();
    let mut too_many = Vec::new();
    for group in by_digest.chunk_by(|one, other| one.0 == other.0) {
        if group.len() > MAX_EQUAL {
            too_many.extend(group.iter().map(|(_, index)| index));
            continue;
        }
        for (position, (_, one)) in group.iter().enumerate() {
            for (_, other) in &group[..position] {
                visit(*one, *other);
            }
        }
    }
    too_many
}

impl Votes {
    fn compare(
        &mut self,
        (one, other): (u32, u32),
        voters: &[Voter<'_>],
        folders: &Folders<'_>,
        words: &NameSet,
    ) {
        let depth = |voter: u32| folders.get(voters[voter as usize].folder).depth;
        if depth(one) < depth(other) {
            self.vote_for_ancestors(other, one, voters, folders);
        } else if depth(one) > depth(other) {
            self.vote_for_ancestors(one, other, voters, folders);
        } else if let Some((one_side, other_side)) =
            siblings((&voters[one as usize], &voters[other as usize]), folders)
        {
            let name = |folder: u32| folders.get(folder).name();
            if claim(name(one_side), name(other_side), words).is_some() {
                self.add(one_side, other_side, one);
            }
            if claim(name(other_side), name(one_side), words).is_some() {
                self.add(other_side, one_side, other);
            }
        }
    }

    /// `deep` is `A/X/R` where `high` is `A/R`: then `A/X` may be a copy of `A`, for each way to divide them so.
    fn vote_for_ancestors(
        &mut self,
        deep: u32,
        high: u32,
        voters: &[Voter<'_>],
        folders: &Folders<'_>,
    ) {
        let (copy, original) = (&voters[deep as usize], &voters[high as usize]);
        let (prefix, suffix) = common(copy.path, original.path);
        let length = folders.get(original.folder).depth + 1;
        let between = folders.get(copy.folder).depth + 1 - length;
        // `R` has a name at least, and the original itself does not lie in the copy.
        let lowest = (length - suffix).max((prefix + 1).saturating_sub(between));
        let highest = prefix.min(length - 1);
        for split in (lowest..=highest).rev().take(MAX_SPLITS) {
            let copy = ancestor(copy.folder, split + between, folders);
            self.add(copy, ancestor(original.folder, split, folders), deep);
        }
    }

    fn add(&mut self, copy: u32, original: u32, file: u32) {
        let pair = Pair { copy, original };
        self.by_pair.entry(pair).or_default().push(file);
    }
}

/// The two directories in which two paths of equal length differ, if it is one directory.
fn siblings((one, other): (&Voter<'_>, &Voter<'_>), folders: &Folders<'_>) -> Option<(u32, u32)> {
    let (prefix, suffix) = common(one.path, other.path);
    let length = folders.get(one.folder).depth + 1;
    (suffix > 0 && prefix + suffix + 1 == length).then(|| {
        (
            ancestor(one.folder, prefix + 1, folders),
            ancestor(other.folder, prefix + 1, folders),
        )
    })
}

/// The numbers of equal names at the start and at the end of two paths.
fn common(one: &[u8], other: &[u8]) -> (usize, usize) {
    let is_slash = |byte: &u8| *byte == b'/';
    let names = one.split(is_slash).zip(other.split(is_slash));
    let ends = one.rsplit(is_slash).zip(other.rsplit(is_slash));
    (
        names.take_while(|(one, other)| one == other).count(),
        ends.take_while(|(one, other)| one == other).count(),
    )
}

fn ancestor(mut folder: u32, depth: usize, folders: &Folders<'_>) -> u32 {
    while folders.get(folder).depth > depth {
        folder = folders.get(folder).parent;
    }
    folder
}

/// How clear the relation of a pair is without its content; a copy inside its original is as clear as can be.
pub(super) fn claim_of(pair: Pair, folders: &Folders<'_>, words: &NameSet) -> Option<Claim> {
    let (copy, original) = (folders.get(pair.copy), folders.get(pair.original));
    if is_at_or_below(copy.path, original.path) {
        return Some(Claim::Backup);
    }
    claim(copy.name(), original.name(), words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> NameSet {
        NameSet::of(&["old"])
    }

    /// The work for these files and what came of it: compared pairs, tally.
    fn work(files: &[(String, u128)]) -> (usize, usize) {
        let mut sorted: Vec<&(String, u128)> = files.iter().collect();
        sorted.sort_by_key(|(path, _)| path.split('/').collect::<Vec<_>>());
        let mut folders = Folders::new();
        let voters: Vec<Voter<'_>> = sorted
            .iter()
            .map(|(path, digest)| Voter {
                path: path.as_bytes(),
                folder: folders
                    .number(path.rsplit_once('/').map_or("", |split| split.0).as_bytes()),
                digest: Some(*digest),
            })
            .collect();
        let mut pairs = 0;
        each_equal_pair(&voters, |_, _| pairs += 1);
        let tally = count_votes(&voters, &folders, &words());
        (pairs, tally.by_pair.values().map(Vec::len).sum())
    }

    #[test]
    fn a_file_that_is_everywhere_costs_nothing() {
        let files: Vec<(String, u128)> = (0..5_000)
            .flat_map(|number| {
                let own = (format!("packages/p{number}/own.c"), 1_000 + number);
                [(format!("packages/p{number}/same.txt"), 1), own]
            })
            .collect();
        assert_eq!(work(&files), (0, 0));
    }

    #[test]
    fn work_and_votes_grow_with_the_files_not_with_their_square() {
        // The worst that is not left out: each content exactly as often as allowed, in copies of copies.
        for contents in [10_usize, 40] {
            let files: Vec<(String, u128)> = (0..contents)
                .flat_map(|content| {
                    (0..MAX_EQUAL).map(move |copy| {
                        let path = format!("{}f{content}", "a/".repeat(copy));
                        (path, content as u128)
                    })
                })
                .collect();
            let (pairs, votes) = work(&files);
            assert!(pairs <= files.len() * MAX_EQUAL / 2);
            assert!(votes <= pairs * MAX_SPLITS);
            assert!(votes > 0);
        }
    }

    #[test]
    fn paths_divide_into_original_and_copy() {
        let votes = |paths: [&str; 2]| work(&paths.map(|path| (path.to_owned(), 7))).1;
        assert_eq!(votes(["a/x", "b/a/x"]), 1, "copy of the workspace");
        assert_eq!(votes(["p/a/x", "p/b/a/x"]), 1, "copy of p");
        assert_eq!(votes(["p/x", "p/p/x"]), 1, "p in p");
        assert_eq!(votes(["p/x", "p_old/x"]), 1, "old p");
        assert_eq!(votes(["q/p/r/x", "q/p_old/r/x"]), 1, "old p in q");
        assert_eq!(votes(["p/x", "p_new/x"]), 0, "not named as a copy");
        assert_eq!(votes(["p/x", "p/y"]), 0, "different names of files");
        assert_eq!(votes(["p/a/x", "p_old/b/x"]), 0, "two differences");
        assert_eq!(votes(["p/a/x", "q/r/b/x"]), 0, "nothing in common");
    }
}
