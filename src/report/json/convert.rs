//! The record as a document.

use super::FORMAT;
use super::document::{
    Action, Base, Counts, DatabasePart, Detection, Document, Fixes, Phase, RuleResult, Score,
    Session, Skipped, Suppression, VerdictPart, Violation,
};
use super::streamed::{Actions, Violations};
use crate::finding;
use crate::report::base::base;
use crate::report::tally::{Tally, last_validation, notices};
use crate::report::{Database, Run};
use crate::store::rows;

/// The document of a run; its rows are read while it is written.
pub(super) fn document<'a>(run: &Run<'a>) -> Document<'a> {
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
        base: base(record).map(|base| Base {
            sha: base.sha,
            change: base.change,
            how: base.how,
        }),
        counts: Counts::from(Tally::of(record)),
        notices: notices(record),
        phases: record.phases.iter().map(Phase::from).collect(),
        rules: record.rules.iter().map(RuleResult::from).collect(),
        suppressions: record.suppressions.iter().map(Suppression::from).collect(),
        fixes: record
            .fixes
            .iter()
            .map(|(status, (files, places))| Fixes {
                status,
                files: *files,
                places: *places,
            })
            .collect(),
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
        containment: end.and_then(|end| end.containment.as_ref()),
        phases_completed: end.map(|end| end.phases_completed),
    }
}

impl From<Tally> for Counts {
    fn from(tally: Tally) -> Self {
        let Tally {
            errors,
            warnings,
            notes,
            new: _,
            existing,
            suppressed,
            resolved,
        } = tally;
        Self {
            errors,
            warnings,
            notes,
            existing,
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

impl From<rows::DetectionRow> for Detection {
    fn from(row: rows::DetectionRow) -> Self {
        Self {
            detector: row.detector,
            superseded_by: row.superseded_by,
            line: row.region.line,
            column: row.region.column,
            end_line: row.region.end_line,
            end_column: row.region.end_column,
            preview: row.preview,
            secret_fingerprint: row.secret_fingerprint,
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
            column_bytes: row.columns.map(|columns| columns.bytes.0),
            end_column_bytes: row.columns.map(|columns| columns.bytes.1),
            column_utf16: row.columns.map(|columns| columns.utf16.0),
            end_column_utf16: row.columns.map(|columns| columns.utf16.1),
            detections: row.detections.into_iter().map(Detection::from).collect(),
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
