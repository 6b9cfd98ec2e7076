//! `baseline`: writes what a record holds into a baseline; and the baseline that a run goes by.

use super::commit::Commit;
use super::places::absolute;
use super::reports::own_file;
use super::{Answer, Problem, sealed, stdout};
use crate::baseline::{Baseline, Entry};
use crate::cli::{BaselineArgs, RunArgs};
use crate::finding::Fingerprint;
use crate::phases::Exit;
use crate::policy::Policy;
use crate::report::encode::log_line;
use crate::scan::NamedBaseline;
use crate::store::rows::{Order, RowSource as _, RunRecord, Verdict, ViolationRow};
use crate::store::{self, Outcome, Reader};
use crate::walk::{Root, read_named};
use anyhow::{Context as _, anyhow};
use std::io::{ErrorKind, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What is found about baselines is in none.
const STALE: &str = "stale-baseline";

/// The baseline of a run, with its name.
#[derive(Clone)]
pub(super) struct RunBaseline {
    name: String,
    pub(super) path: PathBuf,
    baseline: Baseline,
}

impl RunBaseline {
    /// For the scan.
    pub(super) fn named(&self) -> NamedBaseline<'_> {
        NamedBaseline {
            name: &self.name,
            baseline: &self.baseline,
        }
    }

    /// How findings name it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What it lists.
    pub(super) fn list(&self) -> &Baseline {
        &self.baseline
    }

    /// Without what the other one does not list any more.
    #[must_use]
    pub(super) fn shrunk_to(self, other: &Self) -> Self {
        Self {
            baseline: self.baseline.shrunk_to(&other.baseline),
            ..self
        }
    }
}

/// Reads the baseline that the command line or else the policy names: as this commit has it, if there is one.
pub(super) fn of_run(
    arguments: &RunArgs,
    policy: &Policy,
    root: &Root,
    commit: Option<&Commit<'_>>,
) -> anyhow::Result<Option<RunBaseline>> {
    let (name, path, bytes) = if let Some(path) = &arguments.baseline {
        let shown = path.display().to_string();
        let inside = commit.and_then(|commit| Some((commit, commit.tree.inside(path)?)));
        let bytes = match &inside {
            None => read_named(path, Baseline::MOST_BYTES),
            Some((commit, path)) => commit.read(path, Baseline::MOST_BYTES),
        };
        if inside.is_some()
            && bytes
                .as_ref()
                .is_err_and(|error| error.kind() == ErrorKind::NotFound)
        {
            return Ok(None);
        }
        let bytes = bytes.with_context(|| format!("the baseline `{shown}` cannot be read"))?;
        let real = dunce::canonicalize(path).or_else(|_| std::path::absolute(path))?;
        let inside = real.strip_prefix(root.path()).ok().and_then(Path::to_str);
        (inside.map_or(shown, str::to_owned), real, bytes)
    } else if let Some(file) = &policy.baseline {
        let place = policy.sources.get(file.position.source);
        let named_at = || {
            format!(
                "{}:{}:{}: baseline: `{}` cannot be read; `factory-gate baseline DATABASE --output {}` writes one",
                place.map_or("the policy", |source| source.name.as_str()),
                file.position.line,
                file.position.column,
                file.path,
                file.path
            )
        };
        let bytes = match commit {
            None => root.read_file(file.path.as_bytes(), Baseline::MOST_BYTES),
            Some(commit) => {
                let path = format!("{}{}", commit.tree.prefix, file.path);
                commit.read(&path, Baseline::MOST_BYTES)
            }
        };
        let bytes = bytes.with_context(named_at)?;
        (file.path.clone(), root.path().join(&file.path), bytes)
    } else {
        return Ok(None);
    };
    let baseline = parse(&name, &bytes)?;
    refuse_locked(&name, &baseline, policy)?;
    Ok(Some(RunBaseline {
        name,
        path,
        baseline,
    }))
}

fn parse(name: &str, bytes: &[u8]) -> anyhow::Result<Baseline> {
    Baseline::parse(bytes).map_err(|error| {
        let mistakes = error.mistakes.iter();
        let mut lines: Vec<String> = mistakes
            .map(|(line, mistake)| format!("{name}:{line}: {mistake}"))
            .collect();
        if error.more > 0 {
            lines.push(format!("{name}: {} more lines are no entries", error.more));
        }
        anyhow!("{}\nthe baseline cannot be used", lines.join("\n"))
    })
}

/// A baseline suppresses, so it cannot list what a document of the policy locks.
fn refuse_locked(name: &str, baseline: &Baseline, policy: &Policy) -> anyhow::Result<()> {
    let locked = baseline.by_rule().into_iter().filter_map(|(rule, count)| {
        let lock = policy.suppression_lock(rule)?;
        let source = policy.sources.get(lock.position.source)?;
        Some(format!(
            "{name}: {count} of `{rule}`, of which {}:{} locks suppressions (`{}`)",
            source.name, lock.position.line, lock.written
        ))
    });
    let locked: Vec<String> = locked.collect();
    if locked.is_empty() {
        return Ok(());
    }
    Err(anyhow!(
        "{}\nthe baseline lists what cannot be suppressed",
        locked.join("\n")
    ))
}

pub(super) fn baseline(arguments: &BaselineArgs) -> Answer {
    let database = absolute(&arguments.database).map_err(Problem::usage)?;
    if !database.exists() {
        let message = format!("there is no database at `{}`", arguments.database.display());
        return Err(Problem::usage(anyhow!(message)));
    }
    let before = existing(&arguments.output).map_err(Problem::usage)?;
    let reader = reader(&database, arguments)?;
    let current = current(&reader)?;
    let after = match &before {
        None => current.clone(),
        Some(before) if arguments.grow => {
            let kept = before.shrunk_to(&current);
            Baseline::new(kept.entries().iter().chain(current.entries()).cloned())
        }
        Some(before) => before.shrunk_to(&current),
    };
    if before.as_ref() != Some(&after) {
        let mut out = own_file(&arguments.output, &database).map_err(Problem::usage)?;
        write!(out, "{after}")
            .and_then(|()| out.flush())
            .with_context(|| format!("`{}` cannot be written", arguments.output.display()))?;
    }
    let none = Baseline::default();
    let change = Change {
        before: before.as_ref().unwrap_or(&none),
        after: &after,
        current: &current,
    };
    change.tell(arguments, &mut stdout())?;
    Ok(Exit::Pass)
}

/// The baseline that is there already.
fn existing(path: &Path) -> anyhow::Result<Option<Baseline>> {
    let name = path.display().to_string();
    match read_named(path, Baseline::MOST_BYTES) {
        // What an interrupted run of this command may have left: it had nothing to lose.
        Ok(bytes) if bytes.is_empty() => Ok(None),
        Ok(bytes) => Ok(Some(parse(&name, &bytes)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(anyhow!(error).context(format!("`{name}` cannot be read"))),
    }
}

/// Opens a session that saw everything and is as it was sealed.
fn reader(database: &Path, arguments: &BaselineArgs) -> Result<Reader, Problem> {
    let verified = sealed::verified(database)?;
    if verified.outcome == Outcome::Tampered {
        return Err(anyhow!(
            "the database is not what was sealed; `factory-gate verify {}` says more",
            arguments.database.display()
        )
        .into());
    }
    let session = arguments.session.as_deref();
    let reader =
        store::open_reader(database, session, &sealed::reading()).map_err(sealed::refused)?;
    if let Some(why) = incomplete(&reader.record()?) {
        return Err(anyhow!(
            "the session {} did not see everything ({why}), so nobody knows from it what is gone; run again, then \
             write the baseline",
            reader.deployment_id()
        )
        .into());
    }
    Ok(reader)
}

/// Why a session does not tell about all violations.
fn incomplete(record: &RunRecord) -> Option<String> {
    let details = &record.start.details;
    match &record.end {
        None => Some("it has not ended".into()),
        Some(end) if end.verdict == Verdict::Undecided => Some(format!(
            "its verdict is undecided: {}",
            end.verdict_reasons.join("; ")
        )),
        Some(_) if details.scope != "all" => Some(format!("its scope is {}", details.scope)),
        Some(_) => details
            .shard
            .as_ref()
            .map(|shard| format!("it is shard {shard}")),
    }
}

/// Every violation of a session that nothing but a baseline suppresses.
fn current(reader: &Reader) -> anyhow::Result<Baseline> {
    let record = reader.record()?;
    let in_baseline = |row: &ViolationRow| {
        let number = row.suppression.and_then(|number| number.checked_sub(1));
        let index = number.and_then(|number| usize::try_from(number).ok());
        let by = index.and_then(|index| record.suppressions.get(index));
        by.is_some_and(|by| by.source == "baseline")
    };
    let mut entries = Vec::new();
    reader.violations(Order::ByPath, &mut |row| {
        let is_open = row.state != "suppressed" || in_baseline(&row);
        let counts = is_open && row.resolution.is_none() && row.subject != "policy";
        if counts && row.rule_id != STALE {
            entries.push(entry(row)?);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Baseline::new(entries))
}

fn entry(row: ViolationRow) -> anyhow::Result<Entry> {
    let number = u128::from_str_radix(&row.fingerprint, 16)
        .with_context(|| format!("`{}` is no fingerprint", log_line(&row.fingerprint)))?;
    Ok(Entry {
        rule: row.rule_id,
        path: row.path,
        fingerprint: Fingerprint(number.to_be_bytes()),
    })
}

/// What became of a baseline.
struct Change<'c> {
    before: &'c Baseline,
    after: &'c Baseline,
    current: &'c Baseline,
}

impl Change<'_> {
    fn tell(&self, arguments: &BaselineArgs, out: &mut dyn Write) -> std::io::Result<()> {
        let removed = self.before.added_since(self.after);
        let added = self.after.added_since(self.before);
        let name = log_line(&arguments.output.display().to_string());
        let total = self.after.entries().len();
        let entries = if total == 1 { "entry" } else { "entries" };
        writeln!(out, "{name}: {total} {entries}")?;
        list("removed", &removed, out)?;
        list("added", &added, out)?;
        let left = self.current.added_since(self.after);
        list("open and not in it", &left, out)?;
        if !left.entries().is_empty() {
            writeln!(
                out,
                "A baseline only shrinks by itself; `--grow` adds what is open."
            )?;
        }
        Ok(())
    }
}

fn list(what: &str, baseline: &Baseline, out: &mut dyn Write) -> std::io::Result<()> {
    if baseline.entries().is_empty() {
        return Ok(());
    }
    writeln!(out, "{what}: {}", baseline.entries().len())?;
    for (rule, count) in baseline.by_rule() {
        writeln!(out, "  {count:>6}  {}", log_line(rule))?;
    }
    Ok(())
}
