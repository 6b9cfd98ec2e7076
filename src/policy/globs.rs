//! Every path pattern of a policy in one compiled set, so that each path is matched once for all rules.

use super::model::Position;
use crate::rules::PathPattern;
use crate::walk::Kind;
use std::collections::HashMap;

/// A pattern of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlobId(pub u32);

/// All patterns of a policy, compiled.
pub struct Globs {
    set: globset::GlobSet,
    /// For each glob of the set: the pattern it stands for, and whether it matches only directories.
    members: Vec<(GlobId, bool)>,
    patterns: Vec<(PathPattern, Position)>,
}

impl Globs {
    /// The ids of the patterns that match, ascending, into `matched` (cleared first).
    pub fn matches(
        &self,
        path: &[u8],
        kind: Kind,
        matched: &mut Vec<GlobId>,
        scratch: &mut Vec<usize>,
    ) {
        matched.clear();
        let path = globset::Candidate::from_bytes(path);
        self.set.matches_candidate_into(&path, scratch);
        matched.extend(scratch.iter().filter_map(|index| {
            let (id, directory_only) = self.members[*index];
            (!directory_only || kind == Kind::Directory).then_some(id)
        }));
        matched.sort_unstable();
        matched.dedup();
    }

    /// The pattern with this id, and where it was first written.
    pub fn pattern(&self, id: GlobId) -> (&PathPattern, &Position) {
        let (pattern, position) = &self.patterns[id.0 as usize];
        (pattern, position)
    }

    /// All ids.
    pub fn ids(&self) -> impl Iterator<Item = GlobId> {
        (0..u32::try_from(self.patterns.len()).unwrap_or(u32::MAX)).map(GlobId)
    }
}

/// Collects patterns while a policy is read. Equal patterns share an id.
#[derive(Default)]
pub struct GlobsBuilder {
    patterns: Vec<(PathPattern, Position)>,
    known: HashMap<PathPattern, GlobId>,
}

impl GlobsBuilder {
    /// Takes a pattern in.
    pub fn add(&mut self, pattern: &PathPattern, position: &Position) -> GlobId {
        if let Some(id) = self.known.get(pattern) {
            return *id;
        }
        let id = GlobId(u32::try_from(self.patterns.len()).unwrap_or(u32::MAX));
        self.patterns.push((pattern.clone(), position.clone()));
        self.known.insert(pattern.clone(), id);
        id
    }

    /// Compiles the set.
    ///
    /// # Errors
    /// The set is too big to compile.
    pub fn build(self) -> Result<Globs, globset::Error> {
        let mut set = globset::GlobSetBuilder::new();
        let mut members = Vec::new();
        for (index, (pattern, _)) in self.patterns.iter().enumerate() {
            let id = GlobId(u32::try_from(index).unwrap_or(u32::MAX));
            for (part, glob) in pattern.globs()?.into_iter().enumerate() {
                set.add(glob);
                members.push((id, pattern.is_directory() && part == 0));
            }
        }
        Ok(Globs {
            set: set.build()?,
            members,
            patterns: self.patterns,
        })
    }
}
