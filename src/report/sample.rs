//! Hand-built records for the tests of reports.

use super::{Database, Run};
use crate::finding::{Columns, Excerpt, Region, Severity};
use crate::store::rows::{
    ActionRow, Order, PhaseRow, RowSource, RuleResultRow, RunRecord, SessionDetails, SessionEnd,
    SessionStart, SessionStatus, SkippedRow, Stage, SuppressionRow, ValidationRow, Verdict,
    ViolationRow,
};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// A row source in memory.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) violations: Vec<ViolationRow>,
    pub(super) skipped: Vec<SkippedRow>,
    pub(super) actions: Vec<ActionRow>,
}

type Each<'a, T> = &'a mut dyn FnMut(T) -> anyhow::Result<ControlFlow<()>>;

fn feed<T>(rows: impl Iterator<Item = T>, each: Each<'_, T>) -> anyhow::Result<()> {
    for row in rows {
        if each(row)?.is_break() {
            break;
        }
    }
    Ok(())
}

impl RowSource for Memory {
    fn violations(&self, order: Order, each: Each<'_, ViolationRow>) -> anyhow::Result<()> {
        let mut sorted: Vec<&ViolationRow> = self.violations.iter().collect();
        sorted.sort_by_key(|row| (row.path.as_str(), row.region, row.rule_id.as_str()));
        if order == Order::WorstFirst {
            sorted.sort_by_key(|row| Reverse(row.severity));
        }
        feed(sorted.into_iter().cloned(), each)
    }

    fn skipped(&self, each: Each<'_, SkippedRow>) -> anyhow::Result<()> {
        feed(self.skipped.iter().cloned(), each)
    }

    fn actions(&self, each: Each<'_, ActionRow>) -> anyhow::Result<()> {
        feed(self.actions.iter().cloned(), each)
    }
}

/// A whole run: the record, its rows, its database.
pub(super) struct Sample {
    pub(super) record: RunRecord,
    pub(super) rows: Memory,
    pub(super) database: Database,
}

impl Sample {
    pub(super) fn run(&self) -> Run<'_> {
        Run {
            record: &self.record,
            rows: &self.rows,
            database: Some(&self.database),
        }
    }

    /// Makes the record's counts those of the rows.
    pub(super) fn recount(&mut self) {
        self.record.counts.clear();
        for row in &self.rows.violations {
            let key = (row.severity, row.state.clone(), row.resolution.is_some());
            *self.record.counts.entry(key).or_default() += 1;
        }
        self.record.actions.clear();
        for row in &self.rows.actions {
            let result = row.action_result.split(':').next().unwrap().to_owned();
            let slot = self
                .record
                .actions
                .entry((row.action_type.clone(), result))
                .or_default();
            *slot = (slot.0 + 1, slot.1 + row.files_affected, slot.2 + row.bytes);
        }
    }
}

/// A violation of `rule` at `path`, without a region.
pub(super) fn violation(severity: Severity, rule: &str, path: &str, message: &str) -> ViolationRow {
    ViolationRow {
        stage: Stage::PreDeployment,
        rule_id: rule.into(),
        severity,
        subject: "file".into(),
        path: path.into(),
        path_bytes: None,
        region: None,
        message: message.into(),
        excerpt: None,
        fingerprint: "00112233445566778899aabbccddeeff".into(),
        state: "open".into(),
        resolution: None,
        suppression: None,
        columns: None,
        detections: Vec::new(),
    }
}

/// The violation with a region on one line and that line's text.
pub(super) fn at(
    row: ViolationRow,
    line: u32,
    columns: std::ops::Range<u32>,
    text: &str,
) -> ViolationRow {
    ViolationRow {
        region: Some(Region {
            line,
            column: columns.start,
            end_line: line,
            end_column: columns.end,
        }),
        columns: Some(Columns {
            bytes: (columns.start, columns.end),
            utf16: (columns.start, columns.end),
        }),
        excerpt: Some(Excerpt {
            text: text.into(),
            first_column: 1,
        }),
        ..row
    }
}

/// A failing, read-only run without a policy file.
pub(super) fn failing() -> Sample {
    let mut sample = Sample {
        record: record(),
        rows: rows(),
        database: database(),
    };
    sample.recount();
    sample
}

/// A run that found nothing, with a policy file.
pub(super) fn passing() -> Sample {
    let mut sample = Sample {
        record: record(),
        rows: Memory::default(),
        database: database(),
    };
    sample.record.suppressions.clear();
    sample.record.skipped.clear();
    sample.record.start.details.policy_source = ".factory-gate.yml".into();
    for row in &mut sample.record.validations {
        (
            row.violations_found,
            row.things_failing,
            row.compliance_score,
        ) = (0, 0, 100.0);
    }
    for row in &mut sample.record.rules {
        (row.violations_found, row.suppressed) = (0, 0);
    }
    if let Some(end) = &mut sample.record.end {
        (end.verdict, end.exit_code) = (Verdict::Pass, 0);
        end.verdict_reasons.clear();
        end.files_skipped = 0;
    }
    sample.recount();
    sample
}

fn database() -> Database {
    Database {
        path: "factory_deployment.db".into(),
        sha256: "5f".repeat(32),
        session_digest: "c4".repeat(32),
    }
}

fn rows() -> Memory {
    use Severity::{Error, Note, Warning};
    let key = violation(
        Error,
        "no-keys",
        "src/settings.py",
        "a private key is stored in the file",
    );
    let space = violation(
        Warning,
        "tidy-space",
        "src/settings.py",
        "white space at the end of the line",
    );
    let mut accepted = violation(
        Error,
        "small-files",
        "data/big.bin",
        "file has 9 MiB, more than 1 MiB",
    );
    (accepted.state, accepted.suppression) = ("suppressed".into(), Some(1));
    Memory {
        violations: vec![
            at(key, 12, 7..34, "KEY = \"-----BEGIN PRIVATE KEY-----\""),
            at(space, 114, 11..13, "\treturn 漢字  "),
            violation(
                Error,
                "long-paths",
                "docs/a\u{1b}[31m::error::/x.md",
                "path has 230 characters, more than 200",
            ),
            violation(
                Note,
                "dead-pattern",
                ".factory-gate.yml",
                "the pattern `old/**` matches nothing",
            ),
            accepted,
        ],
        skipped: vec![SkippedRow {
            path: "logo.png".into(),
            reason: "binary".into(),
            size: Some(5),
        }],
        actions: vec![
            action("logs/old.log", "planned", 34_567),
            action("build/x.tmp", "refused: not below the workspace", 12),
        ],
    }
}

fn action(path: &str, result: &str, bytes: u64) -> ActionRow {
    ActionRow {
        action_type: "file_removal".into(),
        target_path: path.into(),
        action_result: result.into(),
        files_affected: 0,
        timestamp: "2027-01-02T03:04:06.000Z".into(),
        cleanup_rule: "stale-logs".into(),
        bytes,
    }
}

fn record() -> RunRecord {
    let start = "2027-01-02T03:04:05.000Z".to_owned();
    RunRecord {
        start: SessionStart {
            deployment_id: "FACTORY_DEPLOY_20270102_030405_a1b2c3".into(),
            start_time: start.clone(),
            workspace_path: "/home/ci/work/app".into(),
            details: SessionDetails {
                tool_version: "0.1.0".into(),
                policy_sha256: "ab".repeat(32),
                policy_source: "preset recommended".into(),
                head_sha: Some("1".repeat(40)),
                scope: "all".into(),
                os: "linux".into(),
                arch: "x86_64".into(),
                ..SessionDetails::default()
            },
        },
        end: Some(SessionEnd {
            end_time: "2027-01-02T03:04:06.500Z".into(),
            status: SessionStatus::Completed,
            phases_completed: 5,
            verdict: Verdict::Fail,
            verdict_reasons: vec!["2 errors, and the gate fails on errors".into()],
            exit_code: 1,
            files_scanned: 1204,
            files_skipped: 1,
            bytes_scanned: 9_876_543,
            containment: Some(serde_json::json!({ "scan_threads": { "landlock_abi": 7 } })),
        }),
        phases: phases(&start),
        rules: vec![
            result("small-files", Severity::Error, 0, 1),
            result("long-paths", Severity::Warning, 1, 0),
            result("no-keys", Severity::Error, 1, 0),
            result("tidy-space", Severity::Warning, 1, 0),
            result("final-newline", Severity::Warning, 0, 0),
        ],
        validations: [Stage::PreDeployment, Stage::PostDeployment]
            .map(|stage| ValidationRow {
                stage,
                files_checked: 1204,
                violations_found: 3,
                things_checked: 1204,
                things_failing: 2,
                compliance_score: 100.0 * (1.0 - 2.0 / 1204.0),
                timestamp: start.clone(),
            })
            .into(),
        suppressions: vec![suppression()],
        skipped: BTreeMap::from([("binary".into(), 1)]),
        actions: BTreeMap::new(),
        fixes: BTreeMap::new(),
        fix_reasons: Vec::new(),
        counts: BTreeMap::new(),
    }
}

fn phases(start: &str) -> Vec<PhaseRow> {
    let names = [
        "Pre-deployment validation",
        "Factory standards application",
        "Automated cleanup",
        "Post-deployment verification",
        "Integration reporting",
    ];
    let row = |(name, phase): (&str, u8)| PhaseRow {
        phase,
        name: name.into(),
        status: "completed".into(),
        start_time: start.into(),
        end_time: start.into(),
        duration_ms: if phase == 1 {
            1234
        } else {
            u64::from(phase) * 10
        },
        detail: serde_json::json!({}),
    };
    names.into_iter().zip(1..).map(row).collect()
}

fn suppression() -> SuppressionRow {
    SuppressionRow {
        source: "policy".into(),
        rule_id: "small-files".into(),
        path: "data/big.bin".into(),
        line: Some(9),
        reason: "training set | reviewed by @data".into(),
        owner: Some("@data".into()),
        expires: Some("2027-06-30".into()),
        matched: 1,
    }
}

fn result(rule: &str, severity: Severity, found: u64, suppressed: u64) -> RuleResultRow {
    RuleResultRow {
        stage: Stage::PreDeployment,
        rule_id: rule.into(),
        // Only one of the names stands for a real rule, so that the texts of others cannot change a snapshot.
        uses: if rule == "long-paths" {
            "path-length"
        } else {
            "none-such"
        }
        .into(),
        severity,
        files_checked: 1204,
        violations_found: found,
        suppressed,
        requirements: 0,
        duration_us: 2_500,
    }
}
