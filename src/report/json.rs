//! `--format json`: one document of the format `factory-gate/1`. Its types are its own, so that the program can
//! change without the format changing; a field is never removed nor its meaning changed within a version.

use super::encode::Formatter;
use super::tally::{Tally, last_validation};
use super::{Database, Run};
use crate::finding;
use crate::store::rows::{self, Order};
use schemars::JsonSchema;
use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use std::io::Write;
use std::ops::ControlFlow;

/// The name and version of the format.
pub const FORMAT: &str = "factory-gate/1";

/// Writes the document, indented, with a line end. Violations and cleanup actions are streamed: memory does not
/// grow with their number.
///
/// # Errors
/// The rows could not be read, or `out` not be written.
pub fn write(run: &Run<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Formatter::new());
    document(run).serialize(&mut serializer)?;
    Ok(out.write_all(b"\n")?)
}

/// The JSON Schema of the document, from its types.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Document<'static>)
}

/// The report of one run of factory-gate.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "factory-gate report, format factory-gate/1")]
struct Document<'a> {
    /// Always `factory-gate/1`.
    format: &'static str,
    /// The run.
    session: Session<'a>,
    /// The gate's verdict. Absent while the run has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<VerdictPart<'a>>,
    /// The compliance score when everything is done. Absent if nothing was validated.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Score>,
    /// Violations by what became of them.
    counts: Counts,
    /// The phases that ran, in order.
    phases: Vec<Phase<'a>>,
    /// One entry for each rule and stage.
    rules: Vec<RuleResult<'a>>,
    /// Accepted violations. A violation names one by its 1-based position in this list.
    suppressions: Vec<Suppression<'a>>,
    /// Paths that were seen and not fully checked, by reason.
    skipped: Vec<Skipped<'a>>,
    /// What cleanup planned or did, in the order of planning.
    #[schemars(with = "Vec<Action>")]
    cleanup: Actions<'a>,
    /// The database of the run. Absent if none was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<DatabasePart<'a>>,
    /// Every violation, suppressed and resolved ones included, by path, line, column and rule.
    #[schemars(with = "Vec<Violation>")]
    violations: Violations<'a>,
}

/// The run.
#[derive(Serialize, JsonSchema)]
struct Session<'a> {
    /// The run's name: `FACTORY_DEPLOY_YYYYMMDD_HHMMSS_xxxxxx`, UTC.
    deployment_id: &'a str,
    /// `in_progress`, `completed`, `completed_with_issues`, `interrupted` or `failed`.
    status: &'static str,
    /// ISO 8601, UTC, milliseconds.
    start_time: &'a str,
    /// ISO 8601, UTC, milliseconds. Null while the run has not ended.
    end_time: Option<&'a str>,
    /// The absolute path of the workspace.
    workspace_path: &'a str,
    /// Version of factory-gate.
    tool_version: &'a str,
    /// Where the policy came from: a path, or `preset NAME` if there was no policy file.
    policy_source: &'a str,
    /// SHA-256 of the policy's text, hex.
    policy_sha256: &'a str,
    /// The commit looked at, if it is known.
    head_sha: Option<&'a str>,
    /// The commit compared with, if one was.
    base_sha: Option<&'a str>,
    /// Which part of the workspace was looked at.
    scope: &'a str,
    /// `i/n` if the run is a shard.
    shard: Option<&'a str>,
    /// The CI system, if one was recognised.
    ci_system: Option<&'a str>,
    /// The page of the CI run, if it is known.
    run_url: Option<&'a str>,
    /// Operating system.
    os: &'a str,
    /// Processor architecture.
    arch: &'a str,
    /// Files, symlinks and special files that the rules looked at. Null while the run has not ended.
    files_scanned: Option<u64>,
    /// Paths seen and not fully checked. Null while the run has not ended.
    files_skipped: Option<u64>,
    /// Bytes of content read. Null while the run has not ended.
    bytes_scanned: Option<u64>,
    /// How many of the five phases ran to their end. Null while the run has not ended.
    phases_completed: Option<u8>,
}

/// The gate's verdict.
#[derive(Serialize, JsonSchema)]
struct VerdictPart<'a> {
    /// `pass`, `fail` or `undecided`.
    result: &'static str,
    /// The exit code that goes with it.
    exit_code: u8,
    /// Why, one sentence each.
    reasons: &'a [String],
}

/// The compliance score.
#[derive(Serialize, JsonSchema)]
struct Score {
    /// 100 × (1 − failing / checked).
    value: f64,
    /// Things checked.
    checked: u64,
    /// Of those, the ones with at least one open error or warning.
    failing: u64,
}

/// Violations by what became of them.
#[derive(Serialize, JsonSchema)]
struct Counts {
    /// Open errors.
    errors: u64,
    /// Open warnings.
    warnings: u64,
    /// Open notes.
    notes: u64,
    /// Accepted by a suppression.
    suppressed: u64,
    /// Fixed or removed by this run.
    resolved: u64,
}

/// A phase of the run.
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the format")]
struct Phase<'a> {
    /// 1 to 5.
    phase: u8,
    /// Its name.
    name: &'a str,
    /// `completed`, `failed` or `skipped`.
    status: &'a str,
    /// ISO 8601, UTC, milliseconds.
    start_time: &'a str,
    /// ISO 8601, UTC, milliseconds.
    end_time: &'a str,
    /// Measured, milliseconds.
    duration_ms: u64,
    /// What the phase did: an object whose keys depend on the phase.
    detail: &'a serde_json::Value,
}

/// One rule in one look at the workspace.
#[derive(Serialize, JsonSchema)]
struct RuleResult<'a> {
    /// `pre_deployment` or `post_deployment`.
    stage: &'static str,
    /// The rule's name in the policy.
    rule_id: &'a str,
    /// The built-in rule behind it.
    uses: &'a str,
    /// Severity without overrides: `error`, `warning` or `note`.
    severity: &'static str,
    /// Files that the rule looked at.
    files_checked: u64,
    /// Violations that no suppression covers.
    violations_found: u64,
    /// Suppressed violations.
    suppressed: u64,
    /// Required things that the rule looked for.
    requirements: u64,
    /// Time in the rule's code over all threads, microseconds.
    duration_us: u64,
}

/// An accepted violation.
#[derive(Serialize, JsonSchema)]
struct Suppression<'a> {
    /// `inline` or `policy`.
    source: &'a str,
    /// The rule it covers.
    rule_id: &'a str,
    /// The file of the comment, or the policy's patterns joined by `, `.
    path: &'a str,
    /// The line of the comment, or of the entry in the policy.
    line: Option<u32>,
    /// Why it is accepted.
    reason: &'a str,
    /// Who answers for it.
    owner: Option<&'a str>,
    /// The last day on which it holds, `YYYY-MM-DD`.
    expires: Option<&'a str>,
    /// How many violations it covered.
    matched: u64,
}

/// How many paths were skipped for one reason.
#[derive(Serialize, JsonSchema)]
struct Skipped<'a> {
    /// Why.
    reason: &'a str,
    /// How many.
    paths: u64,
}

/// The published database.
#[derive(Serialize, JsonSchema)]
struct DatabasePart<'a> {
    /// Its path.
    path: &'a str,
    /// SHA-256 of the file, hex.
    sha256: &'a str,
    /// The digest of the session in its seal, hex.
    session_digest: &'a str,
}

/// One target of cleanup.
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the format")]
struct Action {
    /// `file_removal` or `directory_removal`.
    action_type: String,
    /// Relative to the workspace, with `/`.
    target_path: String,
    /// `planned`, `removed`, `already_gone`, or `skipped`, `refused` or `failed` with `: REASON`.
    action_result: String,
    /// How many files were affected.
    files_affected: u64,
    /// ISO 8601, UTC, milliseconds.
    timestamp: String,
    /// The policy's cleanup rule that wants it.
    cleanup_rule: String,
    /// Size in bytes.
    bytes: u64,
}

/// One violation.
#[derive(Serialize, JsonSchema)]
struct Violation {
    /// Where it was first seen: `pre_deployment` or `post_deployment`.
    stage: &'static str,
    /// The rule's name in the policy.
    rule_id: String,
    /// `error`, `warning` or `note`.
    severity: &'static str,
    /// What the path stands for: `file`, `directory`, `requirement` or `policy`.
    subject: String,
    /// Relative to the workspace, with `/`. Bytes that are not UTF-8 are written as `\xNN`.
    path: String,
    /// First line, from 1. Null if the path as a whole is meant.
    line: Option<u32>,
    /// First column in Unicode characters, from 1.
    column: Option<u32>,
    /// Last line.
    end_line: Option<u32>,
    /// One past the last column on the last line.
    end_column: Option<u32>,
    /// What is wrong.
    message: String,
    /// The source line, clipped and redacted. Null if there is none.
    excerpt: Option<String>,
    /// The column of the excerpt's first character: more than 1 where the line was clipped.
    excerpt_column: Option<u32>,
    /// Identity of the violation, stable when other lines move: 32 hex digits.
    fingerprint: String,
    /// `open` or `suppressed`; `new` or `existing` where a base or baseline was compared.
    state: String,
    /// `fixed` or `removed` if this run did so.
    resolution: Option<String>,
    /// 1-based position in `suppressions`.
    suppression: Option<u32>,
}

/// All violations, written as they are read.
struct Violations<'a>(&'a dyn rows::RowSource);
/// All cleanup actions, written as they are read.
struct Actions<'a>(&'a dyn rows::RowSource);

impl Serialize for Violations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        stream(serializer, |each| {
            self.0
                .violations(Order::ByPath, &mut |row| Ok(each(Violation::from(row))))
        })
    }
}

impl Serialize for Actions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        stream(serializer, |each| {
            self.0.actions(&mut |row| Ok(each(Action::from(row))))
        })
    }
}

/// Serialises what `read` hands out, without keeping it.
fn stream<S: Serializer, T: Serialize>(
    serializer: S,
    read: impl FnOnce(&mut dyn FnMut(T) -> ControlFlow<()>) -> anyhow::Result<()>,
) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(None)?;
    let mut failure = None;
    read(&mut |element| match sequence.serialize_element(&element) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    })
    .map_err(|error| S::Error::custom(format!("{error:#}")))?;
    match failure {
        Some(error) => Err(error),
        None => sequence.end(),
    }
}

fn document<'a>(run: &Run<'a>) -> Document<'a> {
    let record = run.record;
    Document {
        format: FORMAT,
        session: session(record),
        verdict: record.end.as_ref().map(|end| VerdictPart {
            result: end.verdict.as_str(),
            exit_code: end.exit_code,
            reasons: &end.verdict_reasons,
        }),
        score: last_validation(record).map(|row| Score {
            value: row.compliance_score,
            checked: row.things_checked,
            failing: row.things_failing,
        }),
        counts: Counts::from(Tally::of(record)),
        phases: record.phases.iter().map(Phase::from).collect(),
        rules: record.rules.iter().map(RuleResult::from).collect(),
        suppressions: record.suppressions.iter().map(Suppression::from).collect(),
        skipped: record
            .skipped
            .iter()
            .map(|(reason, paths)| Skipped {
                reason,
                paths: *paths,
            })
            .collect(),
        cleanup: Actions(run.rows),
        database: run.database.map(DatabasePart::from),
        violations: Violations(run.rows),
    }
}

fn session(record: &rows::RunRecord) -> Session<'_> {
    let (start, end) = (&record.start, record.end.as_ref());
    let details = &start.details;
    Session {
        deployment_id: &start.deployment_id,
        status: end
            .map_or(rows::SessionStatus::InProgress, |end| end.status)
            .as_str(),
        start_time: &start.start_time,
        end_time: end.map(|end| end.end_time.as_str()),
        workspace_path: &start.workspace_path,
        tool_version: &details.tool_version,
        policy_source: &details.policy_source,
        policy_sha256: &details.policy_sha256,
        head_sha: details.head_sha.as_deref(),
        base_sha: details.base_sha.as_deref(),
        scope: &details.scope,
        shard: details.shard.as_deref(),
        ci_system: details.ci_system.as_deref(),
        run_url: details.run_url.as_deref(),
        os: &details.os,
        arch: &details.arch,
        files_scanned: end.map(|end| end.files_scanned),
        files_skipped: end.map(|end| end.files_skipped),
        bytes_scanned: end.map(|end| end.bytes_scanned),
        phases_completed: end.map(|end| end.phases_completed),
    }
}

impl From<Tally> for Counts {
    fn from(tally: Tally) -> Self {
        let Tally {
            errors,
            warnings,
            notes,
            suppressed,
            resolved,
        } = tally;
        Self {
            errors,
            warnings,
            notes,
            suppressed,
            resolved,
        }
    }
}

impl<'a> From<&'a rows::PhaseRow> for Phase<'a> {
    fn from(row: &'a rows::PhaseRow) -> Self {
        Self {
            phase: row.phase,
            name: &row.name,
            status: &row.status,
            start_time: &row.start_time,
            end_time: &row.end_time,
            duration_ms: row.duration_ms,
            detail: &row.detail,
        }
    }
}

impl<'a> From<&'a rows::RuleResultRow> for RuleResult<'a> {
    fn from(row: &'a rows::RuleResultRow) -> Self {
        Self {
            stage: row.stage.as_str(),
            rule_id: &row.rule_id,
            uses: &row.uses,
            severity: row.severity.as_str(),
            files_checked: row.files_checked,
            violations_found: row.violations_found,
            suppressed: row.suppressed,
            requirements: row.requirements,
            duration_us: row.duration_us,
        }
    }
}

impl<'a> From<&'a rows::SuppressionRow> for Suppression<'a> {
    fn from(row: &'a rows::SuppressionRow) -> Self {
        Self {
            source: &row.source,
            rule_id: &row.rule_id,
            path: &row.path,
            line: row.line,
            reason: &row.reason,
            owner: row.owner.as_deref(),
            expires: row.expires.as_deref(),
            matched: row.matched,
        }
    }
}

impl<'a> From<&'a Database> for DatabasePart<'a> {
    fn from(database: &'a Database) -> Self {
        Self {
            path: &database.path,
            sha256: &database.sha256,
            session_digest: &database.session_digest,
        }
    }
}

impl From<rows::ActionRow> for Action {
    fn from(row: rows::ActionRow) -> Self {
        Self {
            action_type: row.action_type,
            target_path: row.target_path,
            action_result: row.action_result,
            files_affected: row.files_affected,
            timestamp: row.timestamp,
            cleanup_rule: row.cleanup_rule,
            bytes: row.bytes,
        }
    }
}

impl From<rows::ViolationRow> for Violation {
    fn from(row: rows::ViolationRow) -> Self {
        let place = |part: fn(finding::Region) -> u32| row.region.map(part);
        Self {
            stage: row.stage.as_str(),
            severity: row.severity.as_str(),
            line: place(|region| region.line),
            column: place(|region| region.column),
            end_line: place(|region| region.end_line),
            end_column: place(|region| region.end_column),
            excerpt_column: row.excerpt.as_ref().map(|excerpt| excerpt.first_column),
            excerpt: row.excerpt.map(|excerpt| excerpt.text),
            rule_id: row.rule_id,
            subject: row.subject,
            path: row.path,
            message: row.message,
            fingerprint: row.fingerprint,
            state: row.state,
            resolution: row.resolution,
            suppression: row.suppression,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::report::encode::runner;
    use crate::report::sample;
    use serde_json::Value;

    fn written(sample: &sample::Sample) -> String {
        let mut bytes = Vec::new();
        write(&sample.run(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn everything_is_in_the_document() {
        let sample = sample::failing();
        let document: Value = serde_json::from_str(&written(&sample)).unwrap();
        assert_eq!(document["format"], "factory-gate/1");
        assert_eq!(document["verdict"]["result"], "fail");
        assert_eq!(document["counts"]["errors"], 2);
        assert_eq!(document["violations"].as_array().unwrap().len(), 5);
        assert_eq!(document["cleanup"].as_array().unwrap().len(), 2);
        assert_eq!(document["skipped"][0]["reason"], "binary");
        let key = &document["violations"][3];
        assert_eq!((&key["line"], &key["end_column"]), (&12.into(), &34.into()));
        assert_eq!(
            document["violations"][2]["path"],
            "docs/a\u{1b}[31m::error::/x.md"
        );
    }

    /// Follows `$ref`s and checks that objects have exactly the properties of the schema, required ones included.
    fn fits(value: &Value, schema: &Value, root: &Value, place: &str) {
        if let Some(name) = schema["$ref"].as_str() {
            return fits(value, root.pointer(&name[1..]).unwrap(), root, place);
        }
        if let Some(options) = schema["anyOf"].as_array() {
            let chosen = options
                .iter()
                .find(|option| (option["type"] == "null") == value.is_null());
            return fits(value, chosen.unwrap(), root, place);
        }
        if let (Some(object), Some(properties)) =
            (value.as_object(), schema["properties"].as_object())
        {
            for (key, part) in object {
                let part_schema = properties
                    .get(key)
                    .unwrap_or_else(|| panic!("{place}.{key} is not in the schema"));
                fits(part, part_schema, root, &format!("{place}.{key}"));
            }
            for key in schema["required"].as_array().into_iter().flatten() {
                assert!(
                    object.contains_key(key.as_str().unwrap()),
                    "{place} lacks {key}"
                );
            }
        }
        for (index, part) in value.as_array().into_iter().flatten().enumerate() {
            fits(part, &schema["items"], root, &format!("{place}[{index}]"));
        }
        let types = match &schema["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        let is = |kind: &str| match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64(),
            "number" => value.is_number(),
            "null" => value.is_null(),
            other => panic!("{place}: unexpected type {other}"),
        };
        assert!(
            types.iter().any(|kind| is(kind)),
            "{place}: {value} is none of {types:?}"
        );
    }

    #[test]
    fn the_document_fits_its_schema() {
        let schema = schema().to_value();
        let mut unfinished = sample::failing();
        unfinished.record.end = None;
        unfinished.record.validations.clear();
        for sample in [sample::failing(), sample::passing(), unfinished] {
            fits(
                &serde_json::from_str(&written(&sample)).unwrap(),
                &schema,
                &schema,
                "$",
            );
        }
    }

    #[test]
    fn every_field_of_the_schema_is_documented() {
        fn check(schema: &Value) {
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                assert!(
                    property["description"].is_string(),
                    "{name} has no description"
                );
            }
            schema["$defs"]
                .as_object()
                .into_iter()
                .flatten()
                .for_each(|(_, part)| check(part));
        }
        let schema = schema().to_value();
        assert!(schema["$defs"].as_object().unwrap().len() >= 10);
        check(&schema);
    }

    #[test]
    fn a_log_that_holds_the_document_holds_no_command() {
        let mut sample = sample::failing();
        let hostile = "\r::error::a\n##[group]b ##vso[task.complete]c";
        sample.rows.violations.push(sample::violation(
            Severity::Error,
            hostile,
            hostile,
            hostile,
        ));
        let text = written(&sample);
        assert!(!runner::is_command(&text) && !runner::is_other_command(&text));
        assert!(text.contains("##\\u005bgroup]"));
    }

    #[test]
    fn rows_that_cannot_be_read_are_an_error() {
        let mut bytes = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut bytes);
        let outcome = stream::<_, u8>(&mut serializer, |_| anyhow::bail!("disk on fire"));
        assert!(outcome.unwrap_err().to_string().contains("disk on fire"));
    }
}
