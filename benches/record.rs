//! How fast findings become a published record: `cargo bench --bench record [FINDINGS] [DIRECTORY]`.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use factory_gate::finding::{Excerpt, Finding, Fingerprint, Region, Severity, State, Subject};
use factory_gate::store::Recorder;
use factory_gate::store::rows::{
    PhaseRow, RuleResultRow, SessionDetails, SessionEnd, SessionStart, SessionStatus, Stage,
    Verdict,
};
use std::sync::Arc;
use std::time::Instant;

const NOW: &str = "2026-11-22T16:00:00.000Z";
/// Findings that are handed over at once, as a scanner would for some files.
const AT_ONCE: u32 = 512;

fn main() -> anyhow::Result<()> {
    // `cargo bench` adds `--bench`.
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'));
    let findings: u32 = arguments
        .next()
        .map_or(Ok(1_000_000), |count| count.parse())?;
    let directory = match arguments.next() {
        Some(directory) => tempfile::tempdir_in(directory)?,
        None => tempfile::tempdir()?,
    };
    let database = directory.path().canonicalize()?.join("record.db");
    let recorder = Recorder::start(&database, "be0c", &start(), &[])?;

    let rules: Vec<Arc<str>> = (0..20)
        .map(|rule| format!("rule-number-{rule}").into())
        .collect();
    let begun = Instant::now();
    for first in (0..findings).step_by(AT_ONCE as usize) {
        let batch = (first..findings.min(first + AT_ONCE)).map(|number| finding(number, &rules));
        recorder.findings(Stage::PreDeployment, batch.collect())?;
    }
    // Answers only when every row before it is committed.
    recorder.phase(phase(1))?;
    let inserted = begun.elapsed();

    recorder.rule_results(vec![rule(findings)])?;
    let before = recorder.validation(Stage::PreDeployment, u64::from(findings / 10), NOW)?;
    let after = recorder.validation(Stage::PostDeployment, u64::from(findings / 10), NOW)?;
    let totals = begun.elapsed();
    anyhow::ensure!(
        before.things_failing == after.things_failing,
        "a read-only run agrees with itself"
    );
    let published = recorder.finish(&end(), &phase(5))?;
    let finished = begun.elapsed();

    let rate = |time: std::time::Duration| f64::from(findings) / time.as_secs_f64();
    println!("{findings} findings, {} bytes", published.bytes);
    println!(
        "inserted and committed: {:.2} s, {:.0} rows/s",
        inserted.as_secs_f64(),
        rate(inserted)
    );
    println!(
        "totals of two stages: {:.2} s",
        totals.saturating_sub(inserted).as_secs_f64()
    );
    println!(
        "sealed and published: {:.2} s",
        finished.saturating_sub(totals).as_secs_f64()
    );
    println!(
        "first finding to published file: {:.2} s, {:.0} rows/s",
        finished.as_secs_f64(),
        rate(finished)
    );
    Ok(())
}

fn finding(number: u32, rules: &[Arc<str>]) -> Finding {
    let mut fingerprint = [0; 16];
    let mixed = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834);
    fingerprint.copy_from_slice(&mixed.to_be_bytes());
    let (file, line) = (number / 10, number % 10 * 7 + 1);
    Finding {
        rule_id: Arc::clone(&rules[number as usize % rules.len()]),
        severity: if number.is_multiple_of(3) {
            Severity::Warning
        } else {
            Severity::Error
        },
        subject: Subject::File,
        path: format!("src/package_{:03}/module_{file:06}.py", file % 500)
            .into_bytes()
            .into(),
        region: Some(Region {
            line,
            column: 21,
            end_line: line,
            end_column: 24,
        }),
        fixable: None,
        change: None,
        columns: None,
        message: "3 spaces or tabs at the end of the line".into(),
        excerpt: Some(Excerpt {
            text: format!("    value_{number} = 1   "),
            first_column: 1,
        }),
        fingerprint: Fingerprint(fingerprint),
        state: State::Open,
        suppression: None,
        detections: Box::default(),
    }
}

fn rule(findings: u32) -> RuleResultRow {
    RuleResultRow {
        stage: Stage::PreDeployment,
        rule_id: "rule-number-0".into(),
        uses: "trailing-whitespace".into(),
        severity: Severity::Error,
        files_checked: u64::from(findings / 10),
        violations_found: u64::from(findings),
        suppressed: 0,
        requirements: 0,
        duration_us: 1,
    }
}

fn start() -> SessionStart {
    SessionStart {
        deployment_id: "FACTORY_DEPLOY_20261122_150000_00be0c".into(),
        start_time: NOW.into(),
        workspace_path: "/workspace".into(),
        details: SessionDetails {
            scope: "all".into(),
            ..SessionDetails::default()
        },
    }
}

fn phase(number: u8) -> PhaseRow {
    PhaseRow {
        phase: number,
        name: format!("phase {number}"),
        status: "completed".into(),
        start_time: NOW.into(),
        end_time: NOW.into(),
        duration_ms: 1,
        detail: serde_json::json!({}),
    }
}

fn end() -> SessionEnd {
    SessionEnd {
        end_time: NOW.into(),
        status: SessionStatus::Completed,
        phases_completed: 5,
        verdict: Verdict::Fail,
        verdict_reasons: vec![],
        exit_code: 1,
        files_scanned: 1,
        files_skipped: 0,
        bytes_scanned: 1,
        containment: None,
    }
}
