//! What a scan counts.

use super::plan::SlotId;
use crate::finding::Safety;
use crate::walk::{EntryId, Skipped};

/// What became of one entry's content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// No rule wanted it, or it could not be checked.
    #[default]
    NotChecked,
    /// Content rules saw all of it.
    Checked,
    /// A text beyond the content limit: those rules saw it that can look at it in segments.
    CheckedInParts,
    /// No text: those rules saw it that look at binaries.
    CheckedAsBinary,
}

/// Counts of one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files (directories not counted) that the rule looked at.
    pub files_checked: u64,
    /// Unsuppressed findings.
    pub violations: u64,
    /// Suppressed findings.
    pub suppressed: u64,
    /// Required things looked for.
    pub requirements: u64,
    /// Nanoseconds in the rule's code, over all threads.
    pub nanoseconds: u64,
    /// Bytes in which each of the rule's patterns without a usable literal had to be tried at every place.
    pub tried: u64,
}

impl Tally {
    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        self.files_checked += other.files_checked;
        self.violations += other.violations;
        self.suppressed += other.suppressed;
        self.requirements += other.requirements;
        self.nanoseconds += other.nanoseconds;
        self.tried += other.tried;
    }
}

/// An entry with open findings that can be fixed and may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixable {
    /// The entry.
    pub entry: EntryId,
    /// By rule.
    pub fixes: Box<[Fixes]>,
}

/// Findings of one rule in one entry that can be fixed and may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixes {
    /// The rule with its options.
    pub slot: SlotId,
    /// How sure it is of the fix that it is least sure of.
    pub safety: Safety,
    /// How many findings.
    pub count: u64,
}

impl Fixes {
    /// Counts one more.
    pub(super) fn add(all: &mut Vec<Self>, slot: SlotId, safety: Safety) {
        if let Some(one) = all.iter_mut().find(|one| one.slot == slot) {
            one.safety = safety.max(one.safety);
            one.count += 1;
        } else {
            all.push(Self {
                slot,
                safety,
                count: 1,
            });
        }
    }
}

/// Counts of a whole scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files, symlinks and special files that rules looked at.
    pub files: u64,
    /// Paths that were seen and not fully checked.
    pub skipped: u64,
    /// Bytes of content read.
    pub bytes: u64,
    /// How many paths make the verdict undecided.
    pub undecided: u64,
    /// The first few of them, for people.
    pub undecided_examples: Vec<Skipped>,
    /// Open findings with a fix that the policy allows.
    pub fixable: u64,
    /// Open findings with a fix that the policy does not allow.
    pub fixable_otherwise: u64,
}

/// How many undecided paths are named.
const EXAMPLES: usize = 3;

impl Totals {
    /// Adds a part's counts.
    pub(super) fn add(&mut self, part: Self) {
        self.files += part.files;
        self.skipped += part.skipped;
        self.bytes += part.bytes;
        self.undecided += part.undecided;
        self.fixable += part.fixable;
        self.fixable_otherwise += part.fixable_otherwise;
        let room = EXAMPLES.saturating_sub(self.undecided_examples.len());
        self.undecided_examples
            .extend(part.undecided_examples.into_iter().take(room));
    }

    /// Counts a skipped path; `is_undecided` if nobody allowed it to be unread.
    pub(super) fn skip(&mut self, skipped: &Skipped, is_undecided: bool) {
        self.skipped += 1;
        if is_undecided {
            self.undecided += 1;
            if self.undecided_examples.len() < EXAMPLES {
                self.undecided_examples.push(skipped.clone());
            }
        }
    }
}
