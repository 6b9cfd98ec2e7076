//! The types of the format `factory-gate/1`: frozen, and nothing but what is written.

use super::streamed::{Actions, Violations};
use schemars::JsonSchema;
use serde::Serialize;

/// The report of one run of factory-gate.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "factory-gate report, format factory-gate/1")]
pub(super) struct Document<'a> {
    /// Always `factory-gate/1`.
    pub(super) format: &'static str,
    /// The run.
    pub(super) session: Session<'a>,
    /// The gate's verdict. Absent while the run has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<VerdictPart<'a>>,
    /// The compliance score when everything is done. Absent if nothing was validated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) score: Option<Score>,
    /// The commit that the change is compared with. Absent if none was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<Base<'a>>,
    /// Violations by what became of them.
    pub(super) counts: Counts,
    /// What was asked for and could not be done, so that more was looked at, or counts.
    pub(super) notices: Vec<&'a str>,
    /// The phases that ran, in order.
    pub(super) phases: Vec<Phase<'a>>,
    /// One entry for each rule and stage.
    pub(super) rules: Vec<RuleResult<'a>>,
    /// Accepted violations. A violation names one by its 1-based position in this list.
    pub(super) suppressions: Vec<Suppression<'a>>,
    /// Paths that were seen and not fully checked, by reason.
    pub(super) skipped: Vec<Skipped<'a>>,
    /// What was fixed or could be, by status.
    pub(super) fixes: Vec<Fixes<'a>>,
    /// What cleanup planned or did, in the order of planning.
    #[schemars(with = "Vec<Action>")]
    pub(super) cleanup: Actions<'a>,
    /// The database of the run. Absent if none was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) database: Option<DatabasePart<'a>>,
    /// Every violation, suppressed and resolved ones included, by path, line, column and rule.
    #[schemars(with = "Vec<Violation>")]
    pub(super) violations: Violations<'a>,
}

/// The run.
#[derive(Serialize, JsonSchema)]
pub(super) struct Session<'a> {
    /// The run's name: `FACTORY_DEPLOY_YYYYMMDD_HHMMSS_xxxxxx`, UTC.
    pub(super) deployment_id: &'a str,
    /// `in_progress`, `completed`, `completed_with_issues`, `interrupted` or `failed`.
    pub(super) status: &'static str,
    /// ISO 8601, UTC, milliseconds.
    pub(super) start_time: &'a str,
    /// ISO 8601, UTC, milliseconds. Null while the run has not ended.
    pub(super) end_time: Option<&'a str>,
    /// The absolute path of the workspace.
    pub(super) workspace_path: &'a str,
    /// Version of factory-gate.
    pub(super) tool_version: &'a str,
    /// Where the policy came from: a path, or `preset NAME` if there was no policy file.
    pub(super) policy_source: &'a str,
    /// SHA-256 of the policy's text, hex.
    pub(super) policy_sha256: &'a str,
    /// The commit looked at, if it is known.
    pub(super) head_sha: Option<&'a str>,
    /// The commit compared with, if one was.
    pub(super) base_sha: Option<&'a str>,
    /// Which part of the workspace was looked at.
    pub(super) scope: &'a str,
    /// `i/n` if the run is a shard.
    pub(super) shard: Option<&'a str>,
    /// The CI system, if one was recognised.
    pub(super) ci_system: Option<&'a str>,
    /// The page of the CI run, if it is known.
    pub(super) run_url: Option<&'a str>,
    /// Operating system.
    pub(super) os: &'a str,
    /// Processor architecture.
    pub(super) arch: &'a str,
    /// Files, symlinks and special files that the rules looked at. Null while the run has not ended.
    pub(super) files_scanned: Option<u64>,
    /// Paths seen and not fully checked. Null while the run has not ended.
    pub(super) files_skipped: Option<u64>,
    /// Bytes of content read. Null while the run has not ended.
    pub(super) bytes_scanned: Option<u64>,
    /// By what means the run was kept from changing what it must not: an object. Null while the run has not ended.
    pub(super) containment: Option<&'a serde_json::Value>,
    /// How many of the five phases ran to their end. Null while the run has not ended.
    pub(super) phases_completed: Option<u8>,
}

/// The commit that the change is compared with.
#[derive(Serialize, JsonSchema)]
pub(super) struct Base<'a> {
    /// Its id. Null if there is none, or it could not be found for sure.
    pub(super) sha: Option<&'a str>,
    /// What was judged: `pull request`, `merge queue`, `push`, `new branch`, `local` or `unknown`.
    pub(super) change: &'a str,
    /// Every decision in order, one sentence each; the last says why there is no base, if there is none.
    pub(super) how: Vec<&'a str>,
}

/// The gate's verdict.
#[derive(Serialize, JsonSchema)]
pub(super) struct VerdictPart<'a> {
    /// `pass`, `fail` or `undecided`.
    pub(super) result: &'static str,
    /// The exit code that goes with it.
    pub(super) exit_code: u8,
    /// Why, one sentence each.
    pub(super) reasons: &'a [String],
}

/// The compliance score.
#[derive(Serialize, JsonSchema)]
pub(super) struct Score {
    /// 100 × (1 − failing / checked).
    pub(super) value: f64,
    /// Things checked.
    pub(super) checked: u64,
    /// Of those, the ones with at least one open error or warning.
    pub(super) failing: u64,
}

/// Violations by what became of them.
#[derive(Serialize, JsonSchema)]
pub(super) struct Counts {
    /// Open errors, but those that the base has, too.
    pub(super) errors: u64,
    /// Open warnings, but those that the base has, too.
    pub(super) warnings: u64,
    /// Open notes, but those that the base has, too.
    pub(super) notes: u64,
    /// Open violations that the base has, too.
    pub(super) existing: u64,
    /// Accepted by a suppression.
    pub(super) suppressed: u64,
    /// Fixed or removed by this run.
    pub(super) resolved: u64,
}

/// A phase of the run.
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the format")]
pub(super) struct Phase<'a> {
    /// 1 to 5.
    pub(super) phase: u8,
    /// Its name.
    pub(super) name: &'a str,
    /// `completed`, `failed` or `skipped`.
    pub(super) status: &'a str,
    /// ISO 8601, UTC, milliseconds.
    pub(super) start_time: &'a str,
    /// ISO 8601, UTC, milliseconds.
    pub(super) end_time: &'a str,
    /// Measured, milliseconds.
    pub(super) duration_ms: u64,
    /// What the phase did: an object whose keys depend on the phase.
    pub(super) detail: &'a serde_json::Value,
}

/// One rule in one look at the workspace.
#[derive(Serialize, JsonSchema)]
pub(super) struct RuleResult<'a> {
    /// `pre_deployment` or `post_deployment`.
    pub(super) stage: &'static str,
    /// The rule's name in the policy.
    pub(super) rule_id: &'a str,
    /// The built-in rule behind it.
    pub(super) uses: &'a str,
    /// Severity without overrides: `error`, `warning` or `note`.
    pub(super) severity: &'static str,
    /// Files that the rule looked at.
    pub(super) files_checked: u64,
    /// Violations that no suppression covers.
    pub(super) violations_found: u64,
    /// Suppressed violations.
    pub(super) suppressed: u64,
    /// Required things that the rule looked for.
    pub(super) requirements: u64,
    /// Time in the rule's code over all threads, microseconds.
    pub(super) duration_us: u64,
}

/// An accepted violation.
#[derive(Serialize, JsonSchema)]
pub(super) struct Suppression<'a> {
    /// `inline` or `policy`.
    pub(super) source: &'a str,
    /// The rule it covers.
    pub(super) rule_id: &'a str,
    /// The file of the comment, or the policy's patterns joined by `, `.
    pub(super) path: &'a str,
    /// The line of the comment, or of the entry in the policy.
    pub(super) line: Option<u32>,
    /// Why it is accepted.
    pub(super) reason: &'a str,
    /// Who answers for it.
    pub(super) owner: Option<&'a str>,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub(super) expires: Option<&'a str>,
    /// How many violations it covered.
    pub(super) matched: u64,
}

/// How many paths were skipped for one reason.
#[derive(Serialize, JsonSchema)]
pub(super) struct Skipped<'a> {
    /// Why.
    pub(super) reason: &'a str,
    /// How many.
    pub(super) paths: u64,
}

/// Fixes of one status.
#[derive(Serialize, JsonSchema)]
pub(super) struct Fixes<'a> {
    /// `planned`, `applied`, `skipped`, `refused` or `failed`; of an interrupted run also `intent`, `applied_unconfirmed`
    /// or `unknown`.
    pub(super) status: &'a str,
    /// Files.
    pub(super) files: u64,
    /// Places in them.
    pub(super) places: u64,
}

/// The published database.
#[derive(Serialize, JsonSchema)]
pub(super) struct DatabasePart<'a> {
    /// Its path.
    pub(super) path: &'a str,
    /// SHA-256 of the file, hex.
    pub(super) sha256: &'a str,
    /// The digest of the session in its seal, hex.
    pub(super) session_digest: &'a str,
}

/// One target of cleanup.
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the format")]
pub(super) struct Action {
    /// `file_removal` or `directory_removal`.
    pub(super) action_type: String,
    /// Relative to the workspace, with `/`.
    pub(super) target_path: String,
    /// `planned`, `removed`, `already_gone`, or `skipped`, `refused` or `failed` with `: REASON`.
    pub(super) action_result: String,
    /// How many files were affected.
    pub(super) files_affected: u64,
    /// ISO 8601, UTC, milliseconds.
    pub(super) timestamp: String,
    /// The policy's cleanup rule that wants it.
    pub(super) cleanup_rule: String,
    /// Size in bytes.
    pub(super) bytes: u64,
}

/// One violation.
#[derive(Serialize, JsonSchema)]
pub(super) struct Violation {
    /// Where it was first seen: `pre_deployment` or `post_deployment`.
    pub(super) stage: &'static str,
    /// The rule's name in the policy.
    pub(super) rule_id: String,
    /// `error`, `warning` or `note`.
    pub(super) severity: &'static str,
    /// What the path stands for: `file`, `directory`, `requirement` or `policy`.
    pub(super) subject: String,
    /// Relative to the workspace, with `/`. Bytes that are not UTF-8 are written as `\xNN`.
    pub(super) path: String,
    /// First line, from 1. Null if the path as a whole is meant.
    pub(super) line: Option<u32>,
    /// First column in Unicode characters, from 1.
    pub(super) column: Option<u32>,
    /// Last line.
    pub(super) end_line: Option<u32>,
    /// One past the last column on the last line.
    pub(super) end_column: Option<u32>,
    /// The first column in UTF-8 bytes.
    pub(super) column_bytes: Option<u32>,
    /// One past the last column in UTF-8 bytes.
    pub(super) end_column_bytes: Option<u32>,
    /// The first column in UTF-16 code units.
    pub(super) column_utf16: Option<u32>,
    /// One past the last column in UTF-16 code units.
    pub(super) end_column_utf16: Option<u32>,
    /// What is wrong.
    pub(super) message: String,
    /// The source line, clipped and redacted. Null if there is none.
    pub(super) excerpt: Option<String>,
    /// The column of the excerpt's first character: more than 1 where the line was clipped.
    pub(super) excerpt_column: Option<u32>,
    /// Identity of the violation, stable when other lines move: 32 hex digits.
    pub(super) fingerprint: String,
    /// `open` or `suppressed`; `new` or `existing` where a base or baseline was compared.
    pub(super) state: String,
    /// `fixed` or `removed` if this run did so.
    pub(super) resolution: Option<String>,
    /// 1-based position in `suppressions`.
    pub(super) suppression: Option<u32>,
    /// If it is a credential: what each detector saw there, the one that is reported first. Empty for everything else.
    pub(super) detections: Vec<Detection>,
}

/// What a detector saw where a credential is. The credential itself is nowhere.
#[derive(Serialize, JsonSchema)]
pub(super) struct Detection {
    /// The detector's id.
    pub(super) detector: String,
    /// The id of the detector that is reported in its place.
    pub(super) superseded_by: Option<String>,
    /// First line of the credential, from 1.
    pub(super) line: u32,
    /// First column in Unicode characters, from 1.
    pub(super) column: u32,
    /// Last line.
    pub(super) end_line: u32,
    /// One past the last column on the last line.
    pub(super) end_column: u32,
    /// The credential with nearly all of it masked.
    pub(super) preview: String,
    /// Equal for equal credentials of one run (or of runs with one key): 32 hex digits of an HMAC-SHA-256.
    pub(super) secret_fingerprint: String,
}
