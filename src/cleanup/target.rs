//! A plan as data: what goes, in order, what stays and why, and a digest of all of it.

use crate::policy::HardLinks;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to be done with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Remove a file or a symbolic link (the link, never what it points to).
    FileRemoval,
    /// Remove a directory that is empty by then.
    DirectoryRemoval,
    /// Move a file or a symbolic link into the quarantine.
    FileQuarantine,
}

impl Action {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FileRemoval => "file_removal",
            Self::DirectoryRemoval => "directory_removal",
            Self::FileQuarantine => "file_quarantine",
        }
    }
}

/// A thing to remove, with what the walk saw of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Relative to the workspace, with `/`; raw bytes.
    pub path: Box<[u8]>,
    /// What is to be done.
    pub action: Action,
    /// What the walk saw there: a file, a symbolic link or a directory.
    pub kind: crate::beneath::ObjectKind,
    /// The cleanup rule that wants it.
    pub rule: Arc<str>,
    /// Whether it may go if it is a file with more names.
    pub hard_links: HardLinks,
    /// Size in bytes; of a symbolic link the length of its target, of a directory 0.
    pub bytes: u64,
    /// Modification time the walk saw, nanoseconds since 1970-01-01 UTC.
    pub modified_ns: i64,
}

impl Target {
    /// What the walk knew of the thing, for the record of a run that only plans: a JSON object.
    pub fn facts(&self) -> serde_json::Value {
        serde_json::json!({
            "kind": self.kind,
            "size": self.bytes,
            "modified_ns": self.modified_ns,
        })
    }
}

/// Why a thing that a rule matches stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The policy itself says so: kept, tracked, not empty.
    Skipped(String),
    /// A guard says so, whatever the policy says.
    Refused(String),
}

impl std::fmt::Display for Denial {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Skipped(why) => write!(out, "skipped: {why}"),
            Self::Refused(why) => write!(out, "refused: {why}"),
        }
    }
}

/// A thing that a rule matches and that stays. Its denial's text is its result in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The thing.
    pub target: Target,
    /// Why it stays.
    pub denial: Denial,
}

/// What one rule takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleTally {
    /// Files and symbolic links that go.
    pub files: u64,
    /// Directories that go.
    pub directories: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Things that it matches and that stay.
    pub kept: u64,
}

/// What one run of cleanup would do. Made by [`super::plan()`]; nothing else makes targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(super) targets: Vec<Target>,
    pub(super) denied: Vec<Denied>,
    pub(super) refused: Option<String>,
    pub(super) digest: String,
}

impl Plan {
    /// What goes, in the order of the acts: files in tree order, then directories, children before parents.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// What a rule matches and what stays nevertheless, in tree order.
    pub fn denied(&self) -> &[Denied] {
        &self.denied
    }

    /// Why nothing at all is done, if so: over a budget, an unreadable git index, or not the plan that was expected. There are then no targets, every
    /// one is among the denied, and the run cannot be decided.
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// SHA-256 (hex) over all that the plan says: equal plans have equal digests, on any machine. Modification times
    /// and the workspace's own path are left out, so that a plan approved in one job can be compared in the next.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The same plan, but refused unless its digest is `expected` (hex, in lower case). What the digest covers is the plan
    /// before that, so that it can be compared and approved.
    #[must_use]
    pub fn expecting(mut self, expected: &str) -> Self {
        if self.digest == expected {
            return self;
        }
        let over = self.refused.take();
        let also = over.map_or_else(String::new, |why| format!("; besides, it is {why}"));
        let why = format!(
            "this is not the expected plan: expected {expected}, found {}; look at what would go now, and if that is \
             right, run again with `--expect-plan {}`{also}",
            self.digest, self.digest
        );
        self.refuse(&why);
        self
    }

    /// What each rule would take, and what of it stays, by the rule's name. Rules that match nothing are not there.
    pub fn by_rule(&self) -> BTreeMap<&str, RuleTally> {
        let mut tallies: BTreeMap<&str, RuleTally> = BTreeMap::new();
        for target in &self.targets {
            let tally = tallies.entry(&target.rule).or_default();
            if target.action == Action::DirectoryRemoval {
                tally.directories += 1;
            } else {
                tally.files += 1;
            }
            tally.bytes = tally.bytes.saturating_add(target.bytes);
        }
        for denied in &self.denied {
            tallies.entry(&denied.target.rule).or_default().kept += 1;
        }
        tallies
    }

    /// Bytes of all targets. Every name counts with its apparent size, so that hard links and sparse files are
    /// never counted too low.
    pub fn bytes(&self) -> u64 {
        self.targets
            .iter()
            .fold(0, |sum, target| sum.saturating_add(target.bytes))
    }

    /// Closes a plan: with a refusal no target stays one.
    pub(super) fn close(
        targets: Vec<Target>,
        denied: Vec<Denied>,
        refused: Option<String>,
    ) -> Self {
        let mut plan = Self {
            targets,
            denied,
            refused: None,
            digest: String::new(),
        };
        if let Some(why) = refused {
            plan.refuse(&why);
        }
        plan.digest = digest(&plan.targets, &plan.denied, plan.refused.as_deref());
        plan
    }

    fn refuse(&mut self, why: &str) {
        let targets = std::mem::take(&mut self.targets);
        self.denied.extend(targets.into_iter().map(|target| Denied {
            target,
            denial: Denial::Refused(why.to_owned()),
        }));
        self.denied
            .sort_by(|one, other| compare(&one.target.path, &other.target.path));
        self.refused = Some(why.to_owned());
    }
}

/// Tree order: components as bytes, a directory right before what is in it.
fn compare(one: &[u8], other: &[u8]) -> std::cmp::Ordering {
    let components = |path| <[u8]>::split(path, |byte: &u8| *byte == b'/');
    components(one).cmp(components(other))
}

/// Every field with its length in front, so that no two different plans have the same bytes.
fn digest(targets: &[Target], denied: &[Denied], refused: Option<&str>) -> String {
    let mut hasher = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    let target = |field: &mut dyn FnMut(&[u8]), target: &Target| {
        field(target.action.as_str().as_bytes());
        field(&target.path);
        field(target.rule.as_bytes());
        field(match target.hard_links {
            HardLinks::Remove => b"",
            HardLinks::Keep => b"only with one name",
        });
        field(&target.bytes.to_be_bytes());
    };
    field(b"factory-gate cleanup plan 2");
    field(&(targets.len() as u64).to_be_bytes());
    for one in targets {
        target(&mut field, one);
    }
    field(&(denied.len() as u64).to_be_bytes());
    for one in denied {
        target(&mut field, &one.target);
        field(one.denial.to_string().as_bytes());
    }
    field(refused.unwrap_or_default().as_bytes());
    let bytes: [u8; 32] = hasher.finalize().into();
    bytes.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
