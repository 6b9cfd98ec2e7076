//! The policy as the engine uses it: everything parsed, checked and compiled before the first file is read.

use super::globs::{GlobId, Globs};
use super::locks::{Lock, LockedKey};
use crate::finding::{Safety, Severity};
use crate::rules::{Check, PathPattern, Rule};
use std::sync::Arc;

/// A valid policy.
pub struct Policy {
    /// What it was read from, the main document first, then what it extends; for the record.
    pub sources: Vec<Source>,
    /// All path patterns of the policy, compiled into one set.
    pub globs: Globs,
    /// Paths that no rule looks at.
    pub exclude: Vec<GlobId>,
    /// The rules that are on somewhere, in the order of the catalogue, then the policy's own by name.
    pub rules: Vec<RuleInstance>,
    /// Accepted violations.
    pub suppressions: Vec<PolicySuppression>,
    /// What may be removed.
    pub cleanup: CleanupPolicy,
    /// When the merge is refused.
    pub gate: Gate,
    /// What belongs to the workspace.
    pub workspace: WorkspacePolicy,
    /// The file of violations that are accepted as they are.
    pub baseline: Option<BaselineFile>,
    /// What documents say that others may not weaken.
    pub locks: Vec<Lock>,
}

impl Policy {
    /// The lock that forbids suppressions of a rule, if there is one: also those in comments.
    pub fn suppression_lock(&self, rule: &str) -> Option<&Lock> {
        let wanted = LockedKey::Suppressions(Some(rule.to_owned()));
        self.locks.iter().find(|lock| lock.key.includes(&wanted))
    }
}

/// The file that a policy calls its baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineFile {
    /// Relative to the workspace, with `/`, inside it.
    pub path: String,
    /// Where the policy says so.
    pub position: Position,
}

/// A document that the policy was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as given, or `preset NAME`.
    pub name: String,
    /// Path relative to the workspace with `/`, if the document lies in it.
    pub workspace_path: Option<String>,
    /// The text as it was read.
    pub text: String,
    /// SHA-256 of the text, hex.
    pub sha256: String,
}

impl Source {
    /// Whether it came with this program.
    pub fn is_preset(&self) -> bool {
        self.name.starts_with("preset ")
    }

    /// How findings name it: its path in the workspace, or else its name.
    pub fn display_path(&self) -> &str {
        self.workspace_path.as_deref().unwrap_or(&self.name)
    }
}

/// A place in a policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Index into [`Policy::sources`].
    pub source: usize,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

/// A rule as one policy uses it.
pub struct RuleInstance {
    /// The name in the policy: the built-in id, or a name of the policy's own.
    pub id: Arc<str>,
    /// The built-in rule.
    pub rule: &'static Rule,
    /// Where the policy says something of it first.
    pub position: Position,
    /// The policy's own message, shown instead of the rule's.
    pub message: Option<String>,
    /// `variants[0]` is the base; the others are from overrides, each complete.
    pub variants: Vec<Variant>,
    /// The overrides that mention this rule, in order: (override's patterns, index of the variant).
    /// For a path the last override whose patterns match decides; without one the base does.
    pub overrides: Vec<(Vec<GlobId>, usize)>,
}

/// A rule with one set of options.
#[derive(Clone)]
pub struct Variant {
    /// `None`: off.
    pub severity: Option<Severity>,
    /// The compiled options. `None` where the rule is off.
    pub check: Option<Arc<dyn Check>>,
    /// Paths that the rule looks at; `None`: all.
    pub paths: Option<Vec<GlobId>>,
    /// Paths that it does not look at.
    pub exclude: Vec<GlobId>,
    /// Which of its fixes may be made.
    pub fixes: FixPermission,
    /// The rule's own options as they are written, as JSON with sorted keys: equal texts are equal options.
    pub options: Arc<str>,
}

/// Which of a rule's fixes may be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FixPermission {
    /// None.
    Off,
    /// Those that change nothing that anyone meant.
    #[default]
    Safe,
    /// All.
    Unsafe,
}

impl FixPermission {
    /// Whether a fix that is so safe may be made.
    pub fn allows(self, safety: Safety) -> bool {
        match self {
            Self::Off => false,
            Self::Safe => safety == Safety::Safe,
            Self::Unsafe => true,
        }
    }
}

/// A suppression in the policy. Its 1-based position in [`Policy::suppressions`] is its number.
#[derive(Clone, Debug)]
pub struct PolicySuppression {
    /// The rule (name in the policy) it covers.
    pub rule: String,
    /// The paths it covers.
    pub paths: Vec<GlobId>,
    /// Why. Never empty.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds.
    pub expires: Option<jiff::civil::Date>,
    /// Where it is written.
    pub position: Position,
}

/// What may be removed, and how much.
#[derive(Clone, Debug, Default)]
pub struct CleanupPolicy {
    /// The rules, by name.
    pub rules: Vec<CleanupRule>,
    /// Never touched, whatever a rule says.
    pub keep: Vec<PathPattern>,
    /// Budgets for a whole run; a plan over one of them is refused as a whole.
    pub limits: CleanupLimits,
}

/// One cleanup rule.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the policy")]
pub struct CleanupRule {
    /// Its name in the policy.
    pub name: String,
    /// What it matches. A pattern that ends in `/` matches directories, with everything below them.
    pub paths: Vec<PathPattern>,
    /// Only files whose modification is longer ago.
    pub older_than: Option<std::time::Duration>,
    /// Only files of more bytes.
    pub larger_than: Option<u64>,
    /// Whether files that git tracks may go.
    pub tracked: bool,
    /// So many of the matched things, those that changed last, stay.
    pub keep_newest: Option<u32>,
    /// Only directories that hold nothing, or nothing but such directories and what goes anyway.
    pub empty_directories: bool,
    /// Only what git ignores.
    pub ignored_only: bool,
    /// Only directories that say by a `CACHEDIR.TAG` that they are caches.
    pub require_cachedir_tag: bool,
    /// Whether a name of a file that has more of them may go.
    pub hard_links: HardLinks,
    /// What is done with the files.
    pub action: CleanupAction,
    /// Where it is written.
    pub position: Position,
}

/// What a cleanup rule does with the files that it matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CleanupAction {
    /// They are removed.
    #[default]
    Remove,
    /// They are moved into the workspace's quarantine, from where `restore` puts them back.
    Quarantine,
}

/// What becomes of a file that has several names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HardLinks {
    /// The matched name goes; the content stays under the others.
    #[default]
    Remove,
    /// It stays.
    Keep,
}

/// Budgets of cleanup. A plan over one of the first six is refused as a whole, before the first act.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CleanupLimits {
    /// Most files.
    pub max_files: u64,
    /// Most directories.
    pub max_directories: u64,
    /// Most bytes.
    pub max_bytes: u64,
    /// Most components of a target's path.
    pub max_depth: Option<u32>,
    /// Most of the workspace's files (those that git ignores count), in percent.
    pub max_share: Option<f64>,
    /// So many targets may fail; with one more the cleanup stops.
    pub max_failures: Option<u64>,
    /// After this long the cleanup stops between two batches.
    pub max_time: Option<std::time::Duration>,
}

impl Default for CleanupLimits {
    fn default() -> Self {
        Self {
            max_files: 10_000,
            max_directories: 10_000,
            max_bytes: 10 << 30,
            max_depth: None,
            max_share: None,
            max_failures: None,
            max_time: None,
        }
    }
}

/// When the merge is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// Violations of at least this severity fail; `None`: never.
    pub fail_on: Option<Severity>,
    /// The least compliance score.
    pub min_score: Option<f64>,
    /// Only violations that the base does not have fail, as far as there is a base.
    pub new_only: bool,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            fail_on: Some(Severity::Error),
            min_score: None,
            new_only: false,
        }
    }
}

/// What belongs to the workspace, and what may stay unread.
#[derive(Clone, Debug)]
pub struct WorkspacePolicy {
    /// Whether nested repositories and submodules are entered.
    pub enter_nested: bool,
    /// Unreadable paths that do not make the verdict undecided.
    pub allow_unreadable: Vec<GlobId>,
    /// Files of more bytes get no content rules but those that can work in segments; at most 64 MiB.
    pub max_content: u64,
    /// Files of more bytes are not read at all by content rules, not in segments either.
    pub max_searched: u64,
}

impl WorkspacePolicy {
    /// Bytes: [`Self::max_content`] where a policy does not say.
    pub const DEFAULT_MAX_CONTENT: u64 = 32 << 20;
    /// Bytes: the most that [`Self::max_content`] can be.
    pub const MOST_MAX_CONTENT: u64 = 64 << 20;
    /// Bytes: [`Self::max_searched`] where a policy does not say.
    pub const DEFAULT_MAX_SEARCHED: u64 = 1 << 30;
    /// Bytes: the most that [`Self::max_searched`] can be.
    pub const MOST_MAX_SEARCHED: u64 = 1 << 50;
}

impl Default for WorkspacePolicy {
    fn default() -> Self {
        Self {
            enter_nested: false,
            allow_unreadable: Vec::new(),
            max_content: Self::DEFAULT_MAX_CONTENT,
            max_searched: Self::DEFAULT_MAX_SEARCHED,
        }
    }
}
