//! All patterns of a cleanup policy in one compiled set, and what each of them matches in a tree.

use crate::policy::{CleanupPolicy, CleanupRule};
use crate::rules::PathPattern;
use crate::walk::{EntryId, Kind, Tree};
use rayon::prelude::*;

/// What a glob of the set belongs to.
#[derive(Clone, Copy)]
enum Member {
    /// A plain pattern of the rule with this index: files and symbolic links.
    Plain(u32),
    /// A pattern of the rule with this index that ends in `/`: directories.
    Directory(u32),
    /// A pattern of `keep`: by index in the policy, and whether it ends in `/`.
    Keep(u32, bool),
}

/// Tells which rules match a path.
pub(super) struct Matcher {
    set: globset::GlobSet,
    members: Vec<Member>,
}

/// What matches one entry itself; what its directory hands down is another question.
#[derive(Clone, Copy)]
pub(super) struct Hit {
    pub(super) entry: EntryId,
    /// Index of the first `keep` pattern.
    pub(super) keep: Option<u32>,
    /// Where its rules stand among those of all hits.
    rules: (u32, u32),
}

/// The entries that something matches, in tree order.
#[derive(Default)]
pub(super) struct Hits {
    hits: Vec<Hit>,
    /// Indexes of rules; those of one hit are ascending.
    rules: Vec<u32>,
}

impl Hits {
    pub(super) fn iter(&self) -> impl Iterator<Item = (Hit, &[u32])> {
        self.hits.iter().map(|hit| {
            let (start, end) = hit.rules;
            (*hit, &self.rules[start as usize..end as usize])
        })
    }

    fn append(&mut self, other: &Self) {
        let offset = index(self.rules.len());
        self.rules.extend_from_slice(&other.rules);
        self.hits.extend(other.hits.iter().map(|hit| Hit {
            rules: (hit.rules.0 + offset, hit.rules.1 + offset),
            ..*hit
        }));
    }
}

/// Entries that one thread matches in one go.
const CHUNK: usize = 2_048;

impl Matcher {
    /// Compiles the patterns of those rules that are `wanted`, and `keep`.
    pub(super) fn new(
        policy: &CleanupPolicy,
        wanted: impl Fn(&CleanupRule) -> bool,
    ) -> Result<Self, globset::Error> {
        let mut set = globset::GlobSetBuilder::new();
        let mut members = Vec::new();
        let mut add = |pattern: &PathPattern, member| -> Result<(), globset::Error> {
            // The first glob is the thing itself; what lies below a directory follows from the tree.
            for glob in pattern.globs()?.into_iter().take(1) {
                set.add(glob);
                members.push(member);
            }
            Ok(())
        };
        for (number, rule) in policy.rules.iter().enumerate() {
            for pattern in rule.paths.iter().filter(|_| wanted(rule)) {
                let member = if pattern.is_directory() {
                    Member::Directory(index(number))
                } else {
                    Member::Plain(index(number))
                };
                add(pattern, member)?;
            }
        }
        for (number, pattern) in policy.keep.iter().enumerate() {
            add(pattern, Member::Keep(index(number), pattern.is_directory()))?;
        }
        Ok(Self {
            set: set.build()?,
            members,
        })
    }

    /// Matches every entry of a tree, on all threads; the answer does not depend on how many there are.
    pub(super) fn hits(&self, tree: &Tree) -> Hits {
        let chunks: Vec<Hits> = (0..tree.len().div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let (mut hits, mut scratch) = (Hits::default(), Vec::new());
                for entry in tree.slice(chunk * CHUNK, CHUNK) {
                    let path: &[u8] = entry.path();
                    self.look(path, (entry.id(), entry.kind()), (&mut hits, &mut scratch));
                }
                hits
            })
            .collect();
        let mut all = Hits::default();
        for chunk in &chunks {
            all.append(chunk);
        }
        all
    }

    /// Whether a rule matches the directory at `path` itself.
    pub(super) fn matches_directory(&self, path: &[u8]) -> bool {
        let (mut hits, mut scratch) = (Hits::default(), Vec::new());
        let directory = (EntryId(0), Kind::Directory);
        self.look(path, directory, (&mut hits, &mut scratch));
        !hits.rules.is_empty()
    }

    fn look(
        &self,
        path: &[u8],
        (entry, kind): (EntryId, Kind),
        (found, scratch): (&mut Hits, &mut Vec<usize>),
    ) {
        let path = globset::Candidate::from_bytes(path);
        self.set.matches_candidate_into(&path, scratch);
        if scratch.is_empty() {
            return;
        }
        let start = found.rules.len();
        let mut kept: Option<u32> = None;
        let is_directory = matches!(kind, Kind::Directory | Kind::NestedRepository);
        for place in scratch.iter() {
            match self.members[*place] {
                Member::Plain(rule) if !is_directory => found.rules.push(rule),
                Member::Directory(rule) if is_directory => found.rules.push(rule),
                // In doubt `keep` is the wider one: a link in place of the kept directory stays too.
                Member::Keep(keep, directory_only) if !directory_only || kind != Kind::File => {
                    kept = Some(kept.map_or(keep, |first| first.min(keep)));
                }
                Member::Plain(_) | Member::Directory(_) | Member::Keep(..) => {}
            }
        }
        // Globs are answered in the order in which they were added, so equal rules stand side by side.
        let mut end = start;
        found.rules[start..].sort_unstable();
        for at in start..found.rules.len() {
            if at == start || found.rules[at] != found.rules[end - 1] {
                found.rules[end] = found.rules[at];
                end += 1;
            }
        }
        found.rules.truncate(end);
        if end > start || kept.is_some() {
            found.hits.push(Hit {
                entry,
                keep: kept,
                rules: (index(start), index(end)),
            });
        }
    }
}

/// A policy has a few rules, a tree at most as many entries as its ids can tell apart.
fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
