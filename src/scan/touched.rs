//! Which entries a change can have given other findings: those that changed, and those that rules judge by what changed
//! elsewhere.

use super::plan::{Plan, RuleSet};
use crate::rules::{Check, ElsewhereChange};
use crate::walk::{Entry, Tree};
use rayon::prelude::*;
use std::collections::HashSet;

/// What changed between two trees.
pub struct ChangedPaths<'c> {
    /// On either side, sorted as bytes.
    pub paths: &'c [Box<[u8]>],
    /// Whether paths came, went, or became something else.
    pub came_or_went: bool,
}

impl ChangedPaths<'_> {
    fn elsewhere(&self) -> Option<ElsewhereChange> {
        match (self.came_or_went, self.paths.is_empty()) {
            (true, _) => Some(ElsewhereChange::Paths),
            (false, false) => Some(ElsewhereChange::Contents),
            (false, true) => None,
        }
    }

    /// The directories whose `.editorconfig` changed.
    fn settings(&self) -> HashSet<&[u8]> {
        let paths = self.paths.iter().filter_map(|path| {
            let folder = path.strip_suffix(b".editorconfig")?;
            match folder {
                [] => Some(folder),
                _ => folder.strip_suffix(b"/"),
            }
        });
        paths.collect()
    }
}

/// For each entry of a tree whether it is to be looked at: `same` says which entries the other tree has, too.
pub fn touched(
    plan: &Plan<'_>,
    tree: &Tree,
    same: &[bool],
    changed: &ChangedPaths<'_>,
) -> Vec<bool> {
    let elsewhere = changed.elsewhere();
    let settings = changed.settings();
    let is_touched = |index: usize| {
        if !same[index] {
            return true;
        }
        let (Some(elsewhere), Some(entry)) = (elsewhere, tree.slice(index, 1).next()) else {
            return false;
        };
        let Some(set) = plan.set_of(entry).filter(|set| set.excluded.is_none()) else {
            return false;
        };
        (!settings.is_empty() && lies_in(entry.path(), &settings))
            || depends_on(plan, set, entry, elsewhere)
    };
    let indices = (0..tree.len()).into_par_iter().with_min_len(1024);
    indices.map(is_touched).collect()
}

fn depends_on(plan: &Plan<'_>, set: &RuleSet, entry: Entry<'_>, change: ElsewhereChange) -> bool {
    let slots = set.entry.iter().chain(&set.content.slots);
    let checks = slots.filter_map(|slot| plan.slot(*slot).check);
    let mut depend = checks.map(|check: &dyn Check| check.depends_on(entry, change));
    depend.any(|depends| depends)
}

fn lies_in(path: &[u8], directories: &HashSet<&[u8]>) -> bool {
    let ends = memchr::memchr_iter(b'/', path);
    directories.contains(&b""[..])
        || ends
            .into_iter()
            .any(|end| directories.contains(&path[..end]))
}
