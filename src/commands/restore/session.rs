//! One restore as a session of the record: planned, intended, done, looked at, sealed.

use super::super::run::{SystemClock, environment_variable, stop_on_signals};
use super::archive::{self, Archive};
use super::{Answer, Item, Work, examine, nothing, shown};
use crate::ci::Environment;
use crate::cleanup::{
    Directories, DirectoryManifest, Packed, PutBack, RestoreToken, Restorer, Shortfall, Staging,
};
use crate::commands::stdout;
use crate::phases::{self, Clock as _, Exit, Phase};
use crate::report::encode::log_line;
use crate::store::rows::{
    PhaseRow, PlannedRow, SessionDetails, SessionEnd, SessionStart, SessionStatus, SettledRow,
    Verdict,
};
use crate::store::{RESTORE_SCOPE, Recorder};
use anyhow::{Context as _, anyhow};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Intents that are made durable together.
const BATCH: usize = 256;

/// Most files whose shortfalls are named in the record.
const MOST_SHORTFALLS: usize = 100;

/// Puts files back from the quarantine, or from an archive with the known files of the session.
pub(super) fn restore(mut work: Work, from: Option<(&PathBuf, &Packed)>) -> Answer {
    let interruption = Arc::new(AtomicBool::new(false));
    stop_on_signals(&interruption)?;
    let token = RestoreToken::because_restore_was_asked_for();
    let restorer = Restorer::open(&work.workspace, &work.rules, token)?;
    let random = random()?;
    let now = SystemClock.now();
    let id = phases::deployment_id(now, random.id);
    let archive = from
        .map(|(path, known)| {
            let file = archive::open(path)?;
            Ok::<_, super::Problem>((file, path.as_path(), known))
        })
        .transpose()?;
    let staging = match archive {
        None => None,
        Some((file, path, known)) => {
            let staging = Staging::create(&restorer, &id)?;
            let notes = archive::take(&mut work, Some(&staging), (file, path, known));
            examine(restorer.root(), &mut work.items);
            Some((staging, notes))
        }
    };
    if work.items.is_empty() {
        if let Some((staging, _)) = staging {
            staging.remove([])?;
        }
        return nothing(&work);
    }
    let start = start(&work, &id, now);
    let recorder = Recorder::start(&work.database, &random.suffix, &start, &[])?;
    let mut session = Session {
        recorder,
        work: &work,
        started: now,
        instant: Instant::now(),
        interruption,
        tally: Tally::default(),
    };
    session.plan()?;
    session.put_back(&restorer)?;
    session.tidy(&restorer, staging);
    session.finish(&restorer)
}

fn start(work: &Work, id: &str, now: jiff::Timestamp) -> SessionStart {
    let environment = Environment::from_lookup(&|name| environment_variable(name));
    let workspace = work.workspace.as_os_str().as_encoded_bytes();
    SessionStart {
        deployment_id: id.to_owned(),
        start_time: phases::stamp(now),
        workspace_path: crate::store::escape(workspace).into_owned(),
        details: SessionDetails {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            policy_sha256: String::new(),
            policy_source: "none: a restore has no policy".to_owned(),
            head_sha: crate::walk::head_sha(&work.workspace).or(environment.head_sha),
            base_sha: None,
            scope: RESTORE_SCOPE.to_owned(),
            shard: None,
            ci_system: environment.system.map(|system| system.as_str().to_owned()),
            run_url: environment.run_url,
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
        },
    }
}

struct Random {
    id: [u8; 3],
    suffix: String,
}

fn random() -> anyhow::Result<Random> {
    let mut bytes = [0; 11];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no randomness: {error}"))?;
    let [first, second, third, rest @ ..] = bytes;
    Ok(Random {
        id: [first, second, third],
        suffix: format!("{:016x}", u64::from_be_bytes(rest)),
    })
}

/// What was done, counted from the results.
#[derive(Default)]
struct Tally {
    restored: u64,
    bytes: u64,
    /// Results other than `restored`, by their first word.
    others: BTreeMap<String, u64>,
    /// Files of which something is lost for good.
    incomplete: u64,
    /// Path and what could not be brought back, the first ones.
    shortfalls: Vec<serde_json::Value>,
    directories_made: usize,
    /// What else kept it from being whole.
    reasons: Vec<String>,
    archive: Option<serde_json::Value>,
    is_stopped: bool,
}

struct Session<'w> {
    recorder: Recorder,
    work: &'w Work,
    started: jiff::Timestamp,
    instant: Instant,
    interruption: Arc<AtomicBool>,
    tally: Tally,
}

impl Session<'_> {
    fn plan(&self) -> anyhow::Result<()> {
        let timestamp = phases::stamp(self.started);
        let rows = self.work.items.iter().map(|item| {
            let mut identity = item.file.identity.clone();
            if let (Ok(now), Ok(kept)) = (&item.examined, &item.kept) {
                identity = now.to_json();
                identity["manifest"] = json!(kept.manifest);
            }
            identity["restores"] = json!({
                "deployment_id": self.work.quarantine.deployment_id,
                "number": item.file.number,
            });
            let kept = item.kept.as_ref().ok().map(|kept| &kept.source[..]);
            let kept_at = kept.map(|path| crate::store::escape(path).into_owned());
            PlannedRow {
                action_type: "file_restore",
                target: item.file.target.as_slice().into(),
                result: "planned".to_owned(),
                timestamp: timestamp.clone(),
                cleanup_rule: item.file.cleanup_rule.clone(),
                bytes: item.file.bytes,
                identity: identity.to_string(),
                kept_at,
            }
        });
        Ok(self.recorder.plan(rows.collect())?)
    }

    /// Puts the files back: the intents of a batch are durable before its first act.
    fn put_back(&mut self, restorer: &Restorer) -> anyhow::Result<()> {
        let work = self.work;
        let recorded = work.quarantine.directories.iter();
        let mut directories = Directories::new(
            recorded
                .filter_map(|(path, identity)| {
                    let facts = identity["manifest"].clone();
                    let facts: DirectoryManifest = serde_json::from_value(facts).ok()?;
                    Some((path.clone(), facts.mode))
                })
                .collect(),
        );
        let numbered: Vec<(u32, &Item)> = (1..).zip(&work.items).collect();
        let mut settled = Vec::new();
        for batch in numbered.chunks(BATCH) {
            if self.interruption.load(Ordering::Relaxed) {
                self.tally.is_stopped = true;
                break;
            }
            let intents: Vec<u32> = batch
                .iter()
                .filter(|(_, item)| item.examined.is_ok())
                .map(|(number, _)| *number)
                .collect();
            self.recorder.journal(&settled, &intents)?;
            settled.clear();
            for (number, item) in batch {
                let done = match (&item.kept, &item.examined) {
                    (Ok(kept), Ok(identity)) => restorer.put_back(kept, identity, &mut directories),
                    (_, Err(outcome)) | (Err(outcome), _) => PutBack::Not(outcome.clone(), 0),
                };
                settled.push(self.settle(*number, item, done)?);
            }
        }
        self.recorder.journal(&settled, &[])?;
        self.tally.directories_made = directories.made();
        for path in restorer.finish_directories(&directories) {
            let path = crate::store::escape(&path);
            self.tally.reasons.push(format!(
                "the directory `{path}` could not be given its permissions"
            ));
        }
        Ok(())
    }

    fn settle(&mut self, number: u32, item: &Item, done: PutBack) -> anyhow::Result<SettledRow> {
        let path = shown(&item.file.target);
        let mut out = stdout();
        let (result, files_affected) = match done {
            PutBack::Restored(shortfalls) => {
                self.tally.restored += 1;
                self.tally.bytes = self.tally.bytes.saturating_add(item.file.bytes);
                writeln!(out, "restored {path}")?;
                self.note(item, &shortfalls)?;
                ("restored".to_owned(), 1)
            }
            PutBack::Not(outcome, changed) => {
                let result = outcome.to_string();
                let word = result.split(':').next().unwrap_or_default().to_owned();
                *self.tally.others.entry(word).or_default() += 1;
                writeln!(out, "{} {path}", log_line(&result))?;
                (result, changed)
            }
        };
        Ok(SettledRow {
            number,
            result,
            files_affected,
            timestamp: phases::stamp(SystemClock.now()),
        })
    }

    /// Says what of a restored file could not be brought back.
    fn note(&mut self, item: &Item, shortfalls: &[Shortfall]) -> anyhow::Result<()> {
        let mut is_incomplete = false;
        for shortfall in shortfalls {
            let what = match shortfall {
                Shortfall::Lost(what) => {
                    is_incomplete = true;
                    what
                }
                Shortfall::Elsewhere(what) => what,
            };
            writeln!(stdout(), "         without its {}", log_line(what))?;
            if self.tally.shortfalls.len() < MOST_SHORTFALLS {
                let path = crate::store::escape(&item.file.target);
                self.tally
                    .shortfalls
                    .push(json!({ "path": path, "without": what }));
            }
        }
        self.tally.incomplete += u64::from(is_incomplete);
        Ok(())
    }

    /// Removes what is empty now, and what of an archive was not put back.
    fn tidy(&mut self, restorer: &Restorer, staging: Option<(Staging<'_>, Archive)>) {
        let mut problems = Vec::new();
        if let Some((staging, archive)) = staging {
            self.tally.reasons.extend(archive.problem());
            problems.extend(staging.remove(archive.numbers).err());
            self.tally.archive = Some(json!({
                "path": archive.path,
                "unknown_entries": archive.unknown,
                "broken": archive.broken,
            }));
        }
        let id = &self.work.quarantine.deployment_id;
        problems.extend(restorer.remove_empty_quarantine(id).err());
        let reasons = problems.iter().map(|error| format!("{error:#}"));
        self.tally.reasons.extend(reasons);
    }

    fn reasons(&self) -> Vec<String> {
        let tally = &self.tally;
        let mut reasons = tally.reasons.clone();
        let missing: u64 = tally.others.values().sum();
        if missing > 0 {
            reasons.push(format!(
                "{missing} files could not be restored; the table cleanup_actions says why"
            ));
        }
        if tally.incomplete > 0 {
            reasons.push(format!(
                "{} restored files lack something that they had",
                tally.incomplete
            ));
        }
        if tally.is_stopped {
            reasons.insert(0, "interrupted".into());
        }
        reasons
    }

    fn phase(&self, phase: Phase, detail: serde_json::Value) -> PhaseRow {
        PhaseRow {
            phase: phase.number(),
            name: phase.name().to_owned(),
            status: "completed".to_owned(),
            start_time: phases::stamp(self.started),
            end_time: phases::stamp(SystemClock.now()),
            duration_ms: u64::try_from(self.instant.elapsed().as_millis()).unwrap_or(u64::MAX),
            detail,
        }
    }

    /// What phase 3 did.
    fn detail(&self, restorer: &Restorer) -> serde_json::Value {
        let tally = &self.tally;
        json!({
            "restores": self.work.quarantine.deployment_id,
            "archive": tally.archive,
            "files": self.work.items.len(),
            "restored": tally.restored,
            "bytes": tally.bytes,
            "not_restored": tally.others,
            "directories_made": tally.directories_made,
            "shortfalls": tally.shortfalls,
            "containment": restorer.root().containment().as_str(),
        })
    }

    fn finish(mut self, restorer: &Restorer) -> Answer {
        let reasons = self.reasons();
        let row = self.phase(Phase::Cleanup, self.detail(restorer));
        self.recorder.phase(row)?;
        self.started = SystemClock.now();
        self.instant = Instant::now();
        let verdict = if reasons.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Undecided
        };
        let (status, exit) = if self.tally.is_stopped {
            (SessionStatus::Interrupted, Exit::Interrupted)
        } else {
            (SessionStatus::Completed, verdict.into())
        };
        let detail = json!({ "verdict": verdict.as_str(), "reasons": reasons });
        let row = self.phase(Phase::Report, detail);
        let end = SessionEnd {
            end_time: phases::stamp(SystemClock.now()),
            status,
            phases_completed: 2,
            verdict,
            verdict_reasons: reasons,
            exit_code: exit.code(),
            files_scanned: 0,
            files_skipped: 0,
            bytes_scanned: 0,
            containment: Some(json!({ "resolution": restorer.root().containment().as_str() })),
        };
        let Self {
            recorder,
            work,
            tally,
            ..
        } = self;
        let published = recorder.finish(&end, &row).context(
            "the files are where the lines above say, but the record could not be published",
        )?;
        show(&tally, work.items.len(), &end.verdict_reasons)?;
        writeln!(
            stdout(),
            "recorded in `{}`\n  session digest {}\n  file sha256    {}",
            log_line(&published.path.display().to_string()),
            published.session_digest,
            published.sha256
        )?;
        Ok(exit)
    }
}

/// The sum, and what is not as it should be.
fn show(tally: &Tally, files: usize, reasons: &[String]) -> std::io::Result<()> {
    let mut out = stdout();
    writeln!(
        out,
        "\n{} of {files} files restored ({} bytes)",
        tally.restored, tally.bytes
    )?;
    for reason in reasons {
        writeln!(out, "{}", log_line(reason))?;
    }
    let archive = tally.archive.as_ref();
    match archive.and_then(|archive| archive["unknown_entries"].as_u64()) {
        None | Some(0) => Ok(()),
        Some(count) => writeln!(
            out,
            "{count} entries of the archive were ignored: the record does not know them"
        ),
    }
}
