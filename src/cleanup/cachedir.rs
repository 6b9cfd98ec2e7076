//! Directories that say of themselves that they are caches (<https://bford.info/cachedir/>). Which ones to look into is
//! decided here; whoever reads files does the reading.

use super::matcher::Matcher;
use crate::policy::CleanupPolicy;
use crate::walk::{EntryId, Kind, Tree};
use std::collections::BTreeSet;

/// What a `CACHEDIR.TAG` begins with.
pub const CACHEDIR_SIGNATURE: &[u8; 43] = b"Signature: 8a477f597d28d172789f06886806bc55";

const TAG: &[u8] = b"CACHEDIR.TAG";

/// The tagged directories among those that a rule with `require_cachedir_tag` matches. `is_tag` answers, by the path of a
/// `CACHEDIR.TAG`, whether it begins with [`CACHEDIR_SIGNATURE`]; it is asked only about regular files in matched
/// directories.
pub fn cache_directories(
    tree: &Tree,
    policy: &CleanupPolicy,
    is_tag: &mut dyn FnMut(&[u8]) -> bool,
) -> BTreeSet<EntryId> {
    if !policy.rules.iter().any(|rule| rule.require_cachedir_tag) {
        return BTreeSet::new();
    }
    // Patterns that cannot be compiled make the plan refuse itself.
    let Ok(matcher) = Matcher::new(policy, |rule| rule.require_cachedir_tag) else {
        return BTreeSet::new();
    };
    let tags = tree
        .entries()
        .filter(|entry| entry.kind() == Kind::File && entry.path().ends_with(TAG));
    tags.filter(|tag| tag.name() == TAG && matcher.matches_directory(tag.parent()))
        .filter_map(|tag| Some((tag, tree.find(tag.parent())?)))
        .filter(|(tag, _)| is_tag(tag.path()))
        .map(|(_, directory)| directory.id())
        .collect()
}
