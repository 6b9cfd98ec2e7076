//! Tests of the whole room: runs that are recorded, published, killed, verified and read back.

mod legacy;
mod publishing;
mod recording;
mod recovering;
mod verifying;
mod views;

use super::rows::*;
use super::*;
use crate::finding::{Excerpt, Finding, Fingerprint, Region, Severity, State, Subject};
use crate::walk::{SkipReason, Skipped};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

pub(super) const NOW: &str = "2026-11-22T16:00:00.000Z";

/// A directory for a database and one for copies.
pub(super) struct Place {
    directory: tempfile::TempDir,
    scratch: tempfile::TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            scratch: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn database(&self) -> PathBuf {
        self.directory.path().join("factory deployment%.db")
    }

    pub(super) fn reading(&self) -> ReadOptions {
        ReadOptions {
            scratch: self.scratch.path().into(),
            max_bytes: 1 << 30,
        }
    }

    pub(super) fn verify(&self) -> Result<Verification, StoreError> {
        let options = VerifyOptions {
            reading: self.reading(),
            expect_digest: None,
            expect_sha256: None,
        };
        let result = verify(&self.database(), &options);
        assert_eq!(std::fs::read_dir(self.scratch.path()).unwrap().count(), 0);
        result
    }

    /// Names of everything beside the database.
    pub(super) fn others(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "factory deployment%.db")
            .collect();
        names.sort();
        names
    }

    pub(super) fn start(&self, number: u8) -> Recorder {
        let suffix = format!("{number:06x}");
        Recorder::start(&self.database(), &suffix, &session(number), &[policy()]).unwrap()
    }

    /// A run with one of everything.
    pub(super) fn run(&self, number: u8) -> Published {
        let recorder = self.start(number);
        fill(&recorder);
        recorder.finish(&end(), &phase(5)).unwrap()
    }

    pub(super) fn open(&self) -> Connection {
        Connection::open(self.database()).unwrap()
    }
}

pub(super) fn id(number: u8) -> String {
    format!("FACTORY_DEPLOY_20261122_150000_{number:06x}")
}

pub(super) fn session(number: u8) -> SessionStart {
    SessionStart {
        deployment_id: id(number),
        start_time: "2026-11-22T15:00:00.000Z".into(),
        workspace_path: "/ws".into(),
        details: SessionDetails {
            tool_version: "0.1.0".into(),
            policy_sha256: "00".into(),
            policy_source: "preset recommended".into(),
            scope: "all".into(),
            os: "linux".into(),
            arch: "x86_64".into(),
            ..SessionDetails::default()
        },
    }
}

pub(super) fn policy() -> PolicyRow {
    PolicyRow {
        sha256: "00".into(),
        name: "recommended".into(),
        text: "version: 1\n".into(),
    }
}

pub(super) fn end() -> SessionEnd {
    SessionEnd {
        end_time: NOW.into(),
        status: SessionStatus::Completed,
        phases_completed: 5,
        verdict: Verdict::Fail,
        verdict_reasons: vec!["2 errors".into()],
        exit_code: 1,
        files_scanned: 10,
        files_skipped: 1,
        bytes_scanned: 1234,
        containment: Some(serde_json::json!({ "scan_threads": { "landlock_abi": 7 } })),
    }
}

pub(super) fn phase(number: u8) -> PhaseRow {
    PhaseRow {
        phase: number,
        name: format!("phase {number}"),
        status: "completed".into(),
        start_time: NOW.into(),
        end_time: NOW.into(),
        duration_ms: 7,
        detail: serde_json::json!({"files": 10}),
    }
}

pub(super) fn finding(number: u8, path: &[u8]) -> Finding {
    Finding {
        rule_id: "trailing-whitespace".into(),
        severity: Severity::Error,
        subject: Subject::File,
        path: path.into(),
        region: Some(Region {
            line: u32::from(number) + 1,
            column: 2,
            end_line: u32::from(number) + 1,
            end_column: 4,
        }),
        columns: None,
        message: format!("message {number}"),
        excerpt: Some(Excerpt {
            text: "x = 1  ".into(),
            first_column: 1,
        }),
        fingerprint: Fingerprint([number; 16]),
        state: State::Open,
        suppression: None,
        detections: Box::default(),
        fixable: None,
        change: None,
    }
}

pub(super) fn rule(stage: Stage) -> RuleResultRow {
    RuleResultRow {
        stage,
        rule_id: "trailing-whitespace".into(),
        uses: "trailing-whitespace".into(),
        severity: Severity::Error,
        files_checked: 10,
        violations_found: 4,
        suppressed: 1,
        requirements: 2,
        duration_us: 3,
    }
}

pub(super) fn planned(target: &[u8], result: &str) -> PlannedRow {
    PlannedRow {
        action_type: "file_removal",
        target: target.into(),
        result: result.into(),
        timestamp: NOW.into(),
        cleanup_rule: "stale-logs".into(),
        bytes: 5,
        identity: r#"{"inode":7}"#.into(),
        kept_at: None,
    }
}

pub(super) fn settled(number: u32, result: &str, files_affected: u64) -> SettledRow {
    SettledRow {
        number,
        result: result.into(),
        files_affected,
        timestamp: NOW.into(),
    }
}

/// Ten files looked at, two requirements, one failing directory: 13 things; before the cleanup 4 of them fail (two
/// files, a requirement, a directory), one of them goes.
pub(super) fn fill(recorder: &Recorder) {
    let mut missing = finding(4, b"LICENSE");
    missing.subject = Subject::Requirement;
    missing.region = None;
    missing.excerpt = None;
    let mut directory = finding(5, b"tmp");
    directory.subject = Subject::Directory;
    directory.severity = Severity::Warning;
    let mut accepted = finding(6, b"c.txt");
    accepted.state = State::Suppressed;
    accepted.suppression = Some(1);
    let mut note = finding(7, b"d.txt");
    note.severity = Severity::Note;
    let findings = vec![
        finding(1, b"b.txt"),
        finding(2, b"b.txt"),
        finding(3, b"a-\xff.log"),
        missing,
        directory,
        accepted,
        note,
    ];
    recorder.suppressions(vec![suppression()]).unwrap();
    recorder.findings(Stage::PreDeployment, findings).unwrap();
    recorder
        .skipped(vec![skipped(b"bin\xfe"), skipped(b"a")])
        .unwrap();
    recorder
        .rule_results(vec![rule(Stage::PreDeployment)])
        .unwrap();
    recorder.validation(Stage::PreDeployment, 10, NOW).unwrap();
    recorder.phase(phase(1)).unwrap();
    let rows = vec![
        planned(b"a-\xff.log", "planned"),
        planned(b".git/x.log", "refused: protected"),
    ];
    recorder.plan(rows).unwrap();
    recorder.journal(&[], &[1]).unwrap();
    recorder.journal(&[settled(1, "removed", 1)], &[]).unwrap();
    assert_eq!(
        recorder
            .mark_resolved(vec![(*b"a-\xff.log").into()])
            .unwrap(),
        1
    );
    recorder
        .findings(Stage::PostDeployment, vec![finding(1, b"b.txt")])
        .unwrap();
    recorder
        .rule_results(vec![rule(Stage::PostDeployment)])
        .unwrap();
    recorder.validation(Stage::PostDeployment, 10, NOW).unwrap();
    recorder.phase(phase(4)).unwrap();
}

pub(super) fn suppression() -> SuppressionRow {
    SuppressionRow {
        source: "inline".into(),
        rule_id: "trailing-whitespace".into(),
        path: "c.txt".into(),
        line: Some(7),
        reason: "generated".into(),
        owner: None,
        expires: Some("2027-01-01".into()),
        matched: 1,
    }
}

pub(super) fn skipped(path: &[u8]) -> Skipped {
    Skipped {
        path: path.into(),
        reason: SkipReason::Unreadable("permission denied".into()),
        size: Some(3),
    }
}

/// All violations of a source, in this order.
pub(super) fn violations(source: &dyn RowSource, order: Order) -> Vec<ViolationRow> {
    let mut rows = Vec::new();
    source
        .violations(order, &mut |row| {
            rows.push(row);
            Ok(std::ops::ControlFlow::Continue(()))
        })
        .unwrap();
    rows
}

pub(super) fn count(path: &Path, sql: &str) -> i64 {
    Connection::open(path)
        .unwrap()
        .query_row(sql, (), |row| row.get(0))
        .unwrap()
}
