//! The five phases, visible in one place. Each is recorded; a phase that fails does not stop the reporting one.

mod against;
#[cfg(unix)]
mod apply;
#[cfg(not(unix))]
#[path = "apply/refused.rs"]
mod apply;
#[cfg(unix)]
mod cleanup;
#[cfg(not(unix))]
#[path = "cleanup/refused.rs"]
mod cleanup;
#[cfg(unix)]
mod cleanup_export;
#[cfg(not(unix))]
#[path = "cleanup_export/refused.rs"]
mod cleanup_export;
#[cfg(unix)]
mod cleanup_guard;
mod line_hashes;
mod look;
mod moment;
mod progress;
mod report;
mod tell_ci;
mod trust;
mod validate;
mod verdict;
mod verify;

use against::Against;
pub use cleanup::Places;
pub use cleanup_export::Export;
pub use moment::{Clock, deployment_id, stamp};
pub use progress::Watch;
pub use report::{DiffForm, Form, Outputs, ReportFile, STANDARD_OUTPUT};
pub use tell_ci::CiOptions;
pub use trust::{Judged, Trust};
pub use verdict::Exit;

use crate::base::Resolution;
use crate::beneath::ContainmentRecord;
use crate::policy::Policy;
use crate::scan::{NamedBaseline, Outcome, Plan};
use crate::secrets::Key;
use crate::store::Recorder;
use crate::store::rows::{PhaseRow, Verdict};
use crate::walk::{Root, Walked};

/// The phases, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Walk, run every rule, collect violations.
    Validate,
    /// Apply the standards that can be applied safely.
    Apply,
    /// Plan removals, and remove with `--apply`.
    Cleanup,
    /// Look again.
    Verify,
    /// Score, verdict, reports, seal.
    Report,
}

impl Phase {
    /// 1 to 5.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The name in the record and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Validate => "Pre-deployment validation",
            Self::Apply => "Factory standards application",
            Self::Cleanup => "Automated cleanup",
            Self::Verify => "Post-deployment verification",
            Self::Report => "Integration reporting",
        }
    }
}

/// What a run is to do. Time, randomness and everything of the environment come in here.
pub struct Job<'j> {
    /// The workspace.
    pub root: Root,
    /// The policy.
    pub policy: &'j Policy,
    /// Violations that are accepted as they are.
    pub baseline: Option<NamedBaseline<'j>>,
    /// Where policy and baseline come from, and what a change has in their place.
    pub trust: Trust<'j>,
    /// Whether `--apply` allows cleanup to remove.
    pub may_clean_up: bool,
    /// The digest of the only plan of cleanup that is not refused (SHA-256, hex in lower case).
    pub expected_plan: Option<String>,
    /// Whether fixes were asked for.
    pub may_fix: bool,
    /// The commit to compare with; `None` if nobody wants one.
    pub base: Option<Resolution>,
    /// Whether the user named that commit, so that it has to be there.
    pub needs_base: bool,
    /// What file rules look at.
    pub scope: Scope,
    /// What the kernel holds the threads to that look.
    pub containment: ContainmentRecord,
    /// Places that cleanup has to know of.
    pub places: Places,
    /// Where this run's quarantined files are packed to, if they are.
    pub export: Option<Export>,
    /// Of the fingerprints of credentials; in no record.
    pub secret_key: Key,
    /// The time.
    pub clock: &'j dyn Clock,
    /// Progress and interruption.
    pub watch: &'j Watch,
}

/// What of the workspace file rules look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    #[default]
    All,
    /// What differs from the base.
    Changed,
}

impl Scope {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Changed => "changed",
        }
    }
}

/// What the phases learn, from the first to the last.
struct Run<'j> {
    job: &'j Job<'j>,
    recorder: Recorder,
    rows: Vec<PhaseRow>,
    /// By what means the workspace is kept from harm, so far.
    containment: ContainmentRecord,
    /// What kept the run from looking or finishing: one is enough to leave the verdict open.
    reasons: Vec<String>,
    /// Counts of both looks.
    files_skipped: u64,
    bytes_read: u64,
}

/// What phase 1 saw.
struct Seen<'j> {
    /// When the walk began.
    walked_at: jiff::Timestamp,
    walked: Walked,
    plan: Plan<'j>,
    outcome: Outcome,
    against: Against,
}

/// How a run ended.
pub struct Ended {
    /// The verdict.
    pub verdict: Verdict,
    /// The exit code that goes with it.
    pub exit: Exit,
}

/// Runs the five phases and publishes the record.
///
/// # Errors
/// The record could not be made durable or published; what there is of it stays for `recover`.
pub fn run(job: &Job<'_>, recorder: Recorder, outputs: &mut Outputs<'_>) -> anyhow::Result<Ended> {
    let mut run = Run {
        job,
        recorder,
        rows: Vec::new(),
        containment: job.containment.clone(),
        reasons: Vec::new(),
        files_skipped: 0,
        bytes_read: 0,
    };
    let seen = run.phase(Phase::Validate, validate::run)?;
    let fixed = run.phase(Phase::Apply, |run| apply::run(run, seen.as_ref(), outputs))?;
    let fixed = fixed.unwrap_or_default();
    let changed = run.phase(Phase::Cleanup, |run| {
        let did = cleanup::run(run, seen.as_ref());
        cleanup_export::run(run, did)
    })?;
    run.phase(Phase::Verify, |run| {
        verify::run(run, seen.as_ref(), (&fixed, changed.unwrap_or(false)))
    })?;
    let ended = report::run(run, seen.as_ref(), outputs);
    // The process is about to end: taking a tree of millions of paths apart first helps nobody.
    std::mem::forget(seen);
    ended
}

/// What a phase did: its result, and what the record says of it.
struct Did<T> {
    result: T,
    detail: serde_json::Value,
}

impl Run<'_> {
    /// Runs one phase and records it. `None` if it failed, which makes the verdict undecided.
    fn phase<T>(
        &mut self,
        phase: Phase,
        work: impl FnOnce(&mut Self) -> anyhow::Result<Did<T>>,
    ) -> anyhow::Result<Option<T>> {
        let started = self.begin(phase);
        let (result, status, detail) = match work(self) {
            Ok(did) => (Some(did.result), "completed", did.detail),
            Err(error) => {
                let why = format!("{error:#}");
                self.reasons.push(format!(
                    "phase {} ({}) failed: {why}",
                    phase.number(),
                    phase.name()
                ));
                (None, "failed", serde_json::json!({ "error": why }))
            }
        };
        let row = self.row(phase, &started, (status, detail));
        self.recorder.phase(row.clone())?;
        self.rows.push(row);
        Ok(result)
    }

    fn begin(&self, phase: Phase) -> Started {
        self.job.watch.phase(phase);
        Started {
            time: self.job.clock.now(),
            instant: std::time::Instant::now(),
        }
    }

    fn row(
        &self,
        phase: Phase,
        started: &Started,
        (status, detail): (&str, serde_json::Value),
    ) -> PhaseRow {
        PhaseRow {
            phase: phase.number(),
            name: phase.name().to_owned(),
            status: status.to_owned(),
            start_time: stamp(started.time),
            end_time: stamp(self.job.clock.now()),
            duration_ms: u64::try_from(started.instant.elapsed().as_millis()).unwrap_or(u64::MAX),
            detail,
        }
    }
}

struct Started {
    time: jiff::Timestamp,
    instant: std::time::Instant,
}
