//! Which files may have the same content as another, told from what the walk knows: only those need a digest.

use super::plan::{Plan, RuleSet};
use crate::walk::{Entry, Kind, Tree};
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Files that share their size with another file; and those that share their name, too.
pub(super) struct Twins {
    sizes: HashSet<u64>,
    /// Hashes of size and name: one that two pairs share only costs a digest.
    named: HashSet<u64>,
}

impl Twins {
    /// Looks at the sizes of all files that some digest rule looks at.
    pub(super) fn new(tree: &Tree, plan: &Plan<'_>) -> Self {
        let files = || {
            tree.entries()
                .filter(|file| file.kind() == Kind::File && file.size() > 0)
        };
        let with = |wanted: fn(&RuleSet) -> bool| {
            files().filter(move |file| plan.set_of(*file).is_some_and(wanted))
        };
        Self {
            sizes: repeated(with(|set| set.wants_digest).map(|file| file.size())),
            named: repeated(with(|set| set.wants_named_digest).map(size_and_name)),
        }
    }

    /// Whether a rule that looks at this file wants its digest.
    pub(super) fn want_digest(&self, file: Entry<'_>, set: &RuleSet) -> bool {
        let by_size = set.wants_digest && self.sizes.contains(&file.size());
        by_size || (set.wants_named_digest && self.named.contains(&size_and_name(file)))
    }
}

fn size_and_name(file: Entry<'_>) -> u64 {
    xxh3_64_with_seed(file.name(), file.size())
}

fn repeated(values: impl Iterator<Item = u64>) -> HashSet<u64> {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
        .collect()
}
