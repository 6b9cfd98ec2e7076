//! All patterns of a cleanup policy in one compiled set.

use crate::policy::CleanupPolicy;
use crate::rules::PathPattern;
use crate::walk::Kind;

/// What a glob of the set belongs to.
#[derive(Clone, Copy)]
enum Member {
    /// A plain pattern of the rule with this index: files and symbolic links.
    Plain(usize),
    /// A pattern of the rule with this index that ends in `/`: directories.
    Directory(usize),
    /// A pattern of `keep`: by index in the policy, and whether it ends in `/`.
    Keep(usize, bool),
}

/// Tells which rules match a path.
pub(super) struct Matcher {
    set: globset::GlobSet,
    members: Vec<Member>,
    scratch: Vec<usize>,
}

/// What matches one path.
#[derive(Default)]
pub(super) struct Matched {
    /// Indexes of rules whose patterns match the path itself, ascending.
    pub(super) rules: Vec<usize>,
    /// Index of the first `keep` pattern that matches the path itself.
    pub(super) keep: Option<usize>,
}

impl Matcher {
    pub(super) fn new(policy: &CleanupPolicy) -> Result<Self, globset::Error> {
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
        for (index, rule) in policy.rules.iter().enumerate() {
            for pattern in &rule.paths {
                let member = if pattern.is_directory() {
                    Member::Directory(index)
                } else {
                    Member::Plain(index)
                };
                add(pattern, member)?;
            }
        }
        for (index, pattern) in policy.keep.iter().enumerate() {
            add(pattern, Member::Keep(index, pattern.is_directory()))?;
        }
        Ok(Self {
            set: set.build()?,
            members,
            scratch: Vec::new(),
        })
    }

    /// Matches the path of one entry into `matched` (cleared first).
    pub(super) fn matches(&mut self, path: &[u8], kind: Kind, matched: &mut Matched) {
        matched.rules.clear();
        matched.keep = None;
        let path = globset::Candidate::from_bytes(path);
        self.set.matches_candidate_into(&path, &mut self.scratch);
        let is_directory = matches!(kind, Kind::Directory | Kind::NestedRepository);
        for index in &self.scratch {
            match self.members[*index] {
                Member::Plain(rule) if !is_directory => matched.rules.push(rule),
                Member::Directory(rule) if is_directory => matched.rules.push(rule),
                // In doubt `keep` is the wider one: a link in place of the kept directory stays too.
                Member::Keep(keep, directory_only) if !directory_only || kind != Kind::File => {
                    matched.keep = Some(matched.keep.map_or(keep, |first| first.min(keep)));
                }
                Member::Plain(_) | Member::Directory(_) | Member::Keep(..) => {}
            }
        }
        matched.rules.sort_unstable();
        matched.rules.dedup();
    }
}
