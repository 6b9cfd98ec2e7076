//! The rows of the record as data: what the phases hand to the store, and what reports read back from it.

use crate::finding::{Columns, Excerpt, Region, Safety, Severity};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Which of the two looks at the workspace a row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Phase 1.
    PreDeployment,
    /// Phase 4.
    PostDeployment,
}

impl Stage {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreDeployment => "pre_deployment",
            Self::PostDeployment => "post_deployment",
        }
    }
}

/// `deployment_sessions` when a run starts.
#[derive(Clone, Debug)]
pub struct SessionStart {
    /// `FACTORY_DEPLOY_YYYYMMDD_HHMMSS_xxxxxx`, UTC.
    pub deployment_id: String,
    /// ISO 8601, UTC, milliseconds, `Z`.
    pub start_time: String,
    /// Absolute path of the workspace; bytes that are not UTF-8 are escaped.
    pub workspace_path: String,
    /// Facts known from the start.
    pub details: SessionDetails,
}

/// `session_details`, as far as it is known before the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionDetails {
    /// Version of this program.
    pub tool_version: String,
    /// SHA-256 of the policy's text (hex).
    pub policy_sha256: String,
    /// Where the policy came from: a path, or `preset recommended`.
    pub policy_source: String,
    /// Commit at HEAD, if there is one.
    pub head_sha: Option<String>,
    /// Commit compared with, if one was.
    pub base_sha: Option<String>,
    /// Which part of the workspace was looked at: `all` or `changed`.
    pub scope: String,
    /// `i/n`, if this run is a shard.
    pub shard: Option<String>,
    /// The CI system, if one was recognised.
    pub ci_system: Option<String>,
    /// The page of the CI run, if it is known.
    pub run_url: Option<String>,
    /// Operating system the run was on.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
}

/// The status of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStatus {
    /// Still running.
    InProgress,
    /// All phases ran to their end.
    Completed,
    /// A phase failed.
    CompletedWithIssues,
    /// Stopped from outside, or found dead by `recover`.
    Interrupted,
    /// Could not do its work.
    Failed,
}

impl SessionStatus {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::CompletedWithIssues => "completed_with_issues",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// The gate's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing at or above the gate.
    Pass,
    /// Violations at or above the gate, or a score below the least.
    Fail,
    /// Could not decide.
    Undecided,
}

impl Verdict {
    /// The word in the record and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Undecided => "undecided",
        }
    }
}

/// What is known only at the end: the rest of `deployment_sessions` and `session_details`.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionEnd {
    /// ISO 8601, UTC, milliseconds, `Z`.
    pub end_time: String,
    /// How the session ended.
    pub status: SessionStatus,
    /// How many of the five phases ran to their end.
    pub phases_completed: u8,
    /// The gate's verdict.
    pub verdict: Verdict,
    /// Why, one sentence each; for `undecided` what could not be decided.
    pub verdict_reasons: Vec<String>,
    /// The exit code that goes with the verdict.
    pub exit_code: u8,
    /// Files (and symlinks, and special files) that the rules looked at.
    pub files_scanned: u64,
    /// Rows in `skipped_files`.
    pub files_skipped: u64,
    /// Bytes of content read.
    pub bytes_scanned: u64,
    /// JSON object: by what means the run was kept from changing what it must not change.
    pub containment: Option<serde_json::Value>,
}

/// A row of `phases`.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseRow {
    /// 1 to 5.
    pub phase: u8,
    /// The phase's name.
    pub name: String,
    /// `completed`, `failed` or `skipped`.
    pub status: String,
    /// ISO 8601, UTC, milliseconds, `Z`.
    pub start_time: String,
    /// ISO 8601, UTC, milliseconds, `Z`.
    pub end_time: String,
    /// Measured.
    pub duration_ms: u64,
    /// JSON object: what the phase did.
    pub detail: serde_json::Value,
}

/// A row of `rule_results`: one rule in one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleResultRow {
    /// Which look.
    pub stage: Stage,
    /// The rule's name in the policy.
    pub rule_id: String,
    /// The built-in rule behind it.
    pub uses: String,
    /// Severity without overrides.
    pub severity: Severity,
    /// Files (directories not counted) that the rule looked at.
    pub files_checked: u64,
    /// Unsuppressed violations, whatever the severity.
    pub violations_found: u64,
    /// Suppressed violations.
    pub suppressed: u64,
    /// Required things that the rule looked for.
    pub requirements: u64,
    /// Time in the rule's code over all threads, microseconds.
    pub duration_us: u64,
}

/// A row of `factory_validation`: the totals of one stage.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidationRow {
    /// Which look.
    pub stage: Stage,
    /// Files looked at.
    pub files_checked: u64,
    /// Unsuppressed errors and warnings.
    pub violations_found: u64,
    /// Files looked at + required things looked for + directories and policy entries that fail.
    pub things_checked: u64,
    /// Of those, the ones with at least one unsuppressed error or warning.
    pub things_failing: u64,
    /// 100 × (1 − failing / checked); 100 if nothing was to be checked.
    pub compliance_score: f64,
    /// ISO 8601, UTC, milliseconds, `Z`.
    pub timestamp: String,
}

/// A row of `violations`, as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViolationRow {
    /// Where it was first seen.
    pub stage: Stage,
    /// The rule's name in the policy.
    pub rule_id: String,
    /// Severity.
    pub severity: Severity,
    /// `file`, `directory`, `requirement` or `policy`.
    pub subject: String,
    /// The path for display: UTF-8, with bytes that are not escaped as `\xNN`. Still untrusted.
    pub path: String,
    /// The path's bytes, where they are not UTF-8.
    pub path_bytes: Option<Vec<u8>>,
    /// Where in the file.
    pub region: Option<Region>,
    /// What is wrong. Untrusted.
    pub message: String,
    /// The source line. Untrusted.
    pub excerpt: Option<Excerpt>,
    /// 32 hex digits.
    pub fingerprint: String,
    /// `open`, or `new` or `existing` where a base was compared; or `suppressed`.
    pub state: String,
    /// `None`, `fixed` or `removed`.
    pub resolution: Option<String>,
    /// 1-based number of the suppression in the session.
    pub suppression: Option<u32>,
    /// The region's columns in bytes and in UTF-16 code units.
    pub columns: Option<Columns>,
    /// If it is a credential: what each detector saw there, the one that is reported first.
    pub detections: Vec<DetectionRow>,
}

/// A row of `detections`, as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectionRow {
    /// The detector's id.
    pub detector: String,
    /// The detector that is reported in its place.
    pub superseded_by: Option<String>,
    /// Where the credential itself is.
    pub region: Region,
    /// The credential with nearly all of it masked. Untrusted.
    pub preview: String,
    /// 32 hex digits.
    pub secret_fingerprint: String,
}

/// A row of `suppressions`. Its 1-based position in the session is its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppressionRow {
    /// `inline`, `policy` or `baseline`.
    pub source: String,
    /// The rule it covers.
    pub rule_id: String,
    /// Inline: the file (escaped like [`ViolationRow::path`]). Policy: the patterns, joined by `, `. Baseline: its path.
    pub path: String,
    /// Inline: the line of the comment. Policy: the line in the policy file. Baseline: none.
    pub line: Option<u32>,
    /// Why it is accepted. Untrusted.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// `YYYY-MM-DD`, the last day on which it holds.
    pub expires: Option<String>,
    /// How many violations it covered.
    pub matched: u64,
}

/// A row of `skipped_files`, as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedRow {
    /// Escaped like [`ViolationRow::path`].
    pub path: String,
    /// Why, as text.
    pub reason: String,
    /// Bytes, if known.
    pub size: Option<u64>,
}

/// A row of `policies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRow {
    /// SHA-256 of the text, hex.
    pub sha256: String,
    /// File name or preset name.
    pub name: String,
    /// The text as it was read.
    pub text: String,
}

/// A fix that is planned, or that is not to be made and why: a row of `fixes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixRow {
    /// The rule's name in the policy.
    pub rule_id: String,
    /// Relative to the workspace, raw bytes.
    pub path: Box<[u8]>,
    /// `planned`, or `skipped: REASON`, `refused: REASON`, `failed: REASON`.
    pub status: String,
    /// Places that it changes.
    pub edits: u64,
    /// How sure the rule is.
    pub safety: Safety,
    /// SHA-256 of the file before all fixes, hex; `None` if there is no file, or it was not read.
    pub before_sha256: Option<String>,
    /// SHA-256 of the file after all fixes, hex; `None` if there is no plan.
    pub after_sha256: Option<String>,
}

/// What was observed after making a planned fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledFix {
    /// The planned row's number, from 1.
    pub number: u32,
    /// `applied`, `skipped: REASON`, `refused: REASON` or `failed: REASON`.
    pub status: String,
}

/// A row of `cleanup_actions` with its `cleanup_details`, as planned. Its 1-based position in the session is its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedRow {
    /// `file_removal`, `directory_removal` or `file_quarantine`.
    pub action_type: &'static str,
    /// Relative to the workspace, raw bytes.
    pub target: Box<[u8]>,
    /// `planned`, `refused: REASON` or `skipped: REASON`.
    pub result: String,
    /// ISO 8601, UTC, milliseconds, `Z`.
    pub timestamp: String,
    /// Which cleanup rule wants it.
    pub cleanup_rule: String,
    /// Size in bytes.
    pub bytes: u64,
    /// JSON object: what identifies the file (device, inode, size, times, link count).
    pub identity: String,
    /// Where it will be kept, relative to the workspace, if it is to go into the quarantine.
    pub kept_at: Option<String>,
}

/// What was observed after acting on a planned row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledRow {
    /// The planned row's number, from 1.
    pub number: u32,
    /// `removed`, `quarantined`, `already_gone`, `skipped: REASON`, `refused: REASON` or `failed: REASON`.
    pub result: String,
    /// True count: 1 if something was removed or moved, else 0.
    pub files_affected: u64,
    /// ISO 8601, UTC, milliseconds, `Z`.
    pub timestamp: String,
}

/// A row of `cleanup_actions` with its `cleanup_details`, as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRow {
    /// `file_removal` or `directory_removal`.
    pub action_type: String,
    /// Escaped like [`ViolationRow::path`].
    pub target_path: String,
    /// `planned`, or what was observed.
    pub action_result: String,
    /// True count.
    pub files_affected: u64,
    /// ISO 8601, UTC, milliseconds, `Z`.
    pub timestamp: String,
    /// Which cleanup rule wanted it.
    pub cleanup_rule: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// Everything about one session that stays small whatever the workspace: all but violations and skipped files.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The session's start.
    pub start: SessionStart,
    /// The session's end; `None` while it runs.
    pub end: Option<SessionEnd>,
    /// Phases so far.
    pub phases: Vec<PhaseRow>,
    /// Results by rule, both stages.
    pub rules: Vec<RuleResultRow>,
    /// Both stages' totals.
    pub validations: Vec<ValidationRow>,
    /// All suppressions, in order.
    pub suppressions: Vec<SuppressionRow>,
    /// Skipped files by reason (the text before the first `:`): count.
    pub skipped: BTreeMap<String, u64>,
    /// Cleanup actions by (action type, result before the first `:`): targets, files, bytes.
    pub actions: BTreeMap<(String, String), (u64, u64, u64)>,
    /// Fixes by status (the text before the first `:`): files, places in them.
    pub fixes: BTreeMap<String, (u64, u64)>,
    /// Fixes that were not made, by their whole status: files, the most frequent first, at most 32.
    pub fix_reasons: Vec<(String, u64)>,
    /// Counts of violations by (severity, state, resolved).
    pub counts: BTreeMap<(Severity, String, bool), u64>,
}

/// How violations are ordered when they are read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By path, then line, column and rule: for reading file by file.
    ByPath,
    /// What the base has, too, last; by severity (worst first), then as `ByPath`: for cutting off at a budget.
    WorstFirst,
}

/// Where reports get the rows that may be many. Implemented by an open database.
pub trait RowSource {
    /// Hands every violation of the session to `each` until it breaks.
    ///
    /// # Errors
    /// The database could not be read.
    fn violations(
        &self,
        order: Order,
        each: &mut dyn FnMut(ViolationRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()>;

    /// Hands every skipped file of the session to `each`, by path, until it breaks.
    ///
    /// # Errors
    /// The database could not be read.
    fn skipped(
        &self,
        each: &mut dyn FnMut(SkippedRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()>;

    /// Hands every cleanup action of the session to `each`, in the order of planning, until it breaks.
    ///
    /// # Errors
    /// The database could not be read.
    fn actions(
        &self,
        each: &mut dyn FnMut(ActionRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()>;
}
