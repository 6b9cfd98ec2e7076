//! The comparison with a base: what of the workspace is looked at, and which violations the base has, too.

use super::{Run, Scope};
use crate::base::{Blobs, Changes, CommitId, Repository, Resolution, compare};
use crate::finding::{Finding, Fingerprint, State};
use crate::scan::{ChangedPaths, Focus, Origin, Plan, Scan, Sink, Source, scan, touched};
use crate::store::rows::Stage;
use crate::walk::{EntryId, Kind, PathMap, Skipped, Tree, Walked};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// What phase 1 knows of the base.
#[derive(Default)]
pub(super) struct Against {
    /// What differs, if only that is looked at.
    focus: Option<Narrowed>,
    /// The base's violations, if `new` is to be told from `existing`.
    known: Option<Known>,
    /// For the record.
    pub(super) detail: Value,
}

struct Narrowed {
    changes: Changes,
    only: Vec<bool>,
}

/// The violations that the base has.
struct Known {
    /// Paths of the workspace whose entries may have other violations than in the base; all others have the same.
    touched: HashSet<Box<[u8]>>,
    prints: HashSet<Fingerprint>,
    /// Fingerprints of credentials: another one in the place of an old one is new.
    secrets: HashSet<[u8; 16]>,
}

/// Compares with the base, as far as that is asked for and possible. What is not possible is said, and then everything
/// is looked at and everything counts.
pub(super) fn prepare(run: &Run<'_>, walked: &Walked, plan: &Plan<'_>) -> anyhow::Result<Against> {
    let new_only = run.job.policy.gate.new_only;
    let asked_scope = run.job.scope;
    let wants = new_only || asked_scope == Scope::Changed;
    let resolution = run.job.base.as_ref();
    let base = resolution.and_then(|resolution| resolution.base);
    let result = match base {
        _ if !wants => return Ok(Against::default()),
        None => Err(no_base(resolution)),
        Some(base) => compared(run, base, (walked, plan), new_only),
    };
    run.job.watch.check()?;
    let (against, sha) = match result {
        Ok(against) => (against, base.map(|base| base.to_string())),
        Err(error) => (widened(&error, (base, asked_scope), new_only), None),
    };
    let scope = if against.focus.is_some() {
        Scope::Changed
    } else {
        Scope::All
    };
    run.recorder.compared(sha, scope.as_str())?;
    Ok(against)
}

fn no_base(resolution: Option<&Resolution>) -> anyhow::Error {
    match resolution.and_then(|resolution| resolution.steps.last()) {
        Some(why) => anyhow::anyhow!("no base was found: {why}"),
        None => anyhow::anyhow!("no base is known: `--base` names one"),
    }
}

fn widened(
    error: &anyhow::Error,
    (base, scope): (Option<CommitId>, Scope),
    new_only: bool,
) -> Against {
    let base = base.map(|base| format!(" with {base}")).unwrap_or_default();
    let mut notices = Vec::new();
    if scope == Scope::Changed {
        notices.push(format!(
            "everything was looked at, not only what changed: could not compare{base}: {error:#}"
        ));
    }
    if new_only {
        notices.push(format!(
            "every violation counts, not only new ones: could not compare{base}: {error:#}"
        ));
    }
    Against {
        detail: json!({ "widened": true, "notices": notices }),
        ..Against::default()
    }
}

fn compared(
    run: &Run<'_>,
    base: CommitId,
    (walked, plan): (&Walked, &Plan<'_>),
    new_only: bool,
) -> anyhow::Result<Against> {
    if let Some(error) = &walked.git_error {
        anyhow::bail!("{error}");
    }
    let repository = Repository::open(run.job.root.path())?;
    let repository = Arc::new(repository.context("the workspace is in no git repository")?);
    let tree = Arc::new(repository.reader().tree(base)?);
    let blobs = Blobs::new(repository, tree);
    let changes = compare(&blobs, &run.job.root, walked)?;
    let elsewhere = ChangedPaths {
        paths: &changes.paths,
        came_or_went: changes.came_or_went,
    };
    let only = touched(plan, &walked.tree, &changes.same, &elsewhere);
    let known = if new_only {
        Some(known(run, (&blobs, &changes), (walked, &only))?)
    } else {
        None
    };
    let looked_at = only.iter().filter(|touched| **touched).count();
    let mut detail = json!({
        "base": base.to_string(),
        "paths_changed": changes.paths.len(),
        "paths_renamed": changes.renames.len(),
        "entries_touched": looked_at,
        "entries_untouched": only.len() - looked_at,
    });
    if let Some(known) = &known {
        detail["base_violations_in_touched"] = known.prints.len().into();
    }
    let focus = (run.job.scope == Scope::Changed).then_some(Narrowed { changes, only });
    Ok(Against {
        focus,
        known,
        detail,
    })
}

/// Runs the policy over the base: its files that may have had other violations, and the rules about the whole tree.
fn known(
    run: &Run<'_>,
    (blobs, changes): (&Blobs, &Changes),
    (walked, only): (&Walked, &[bool]),
) -> anyhow::Result<Known> {
    settings_are_there(blobs, &changes.base)?;
    let plan = Plan::new(run.job.policy, &changes.base);
    let elsewhere = ChangedPaths {
        paths: &changes.paths,
        came_or_went: changes.came_or_went,
    };
    let focus = Focus {
        only: touched(&plan, &changes.base, &changes.base_same, &elsewhere),
        ids: changes.base_ids.clone(),
        like: changes.like,
        renamed: changes.renames.clone(),
        is_base: true,
    };
    let today = run.job.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let prepared = Scan::new(
        (Source::Commit(blobs), &changes.base),
        &plan,
        (today, &run.job.secret_key),
        None,
        &|_| {},
    );
    let mut sink = BaseSink {
        run,
        prints: HashSet::new(),
        secrets: HashSet::new(),
    };
    let outcome = scan(&prepared.only(focus), &[], &mut sink)?;
    if let Some(example) = outcome.totals.undecided_examples.first() {
        let path = crate::store::escape(&example.path);
        anyhow::bail!("{path} as it was: {}", example.reason.text());
    }
    let entries = walked.tree.entries().zip(only);
    let touched = entries.filter(|(_, touched)| **touched);
    Ok(Known {
        touched: touched
            .map(|(entry, _)| entry.path().to_vec().into())
            .collect(),
        prints: sink.prints,
        secrets: sink.secrets,
    })
}

/// The engine takes an `.editorconfig` that it cannot read for one that says nothing, since it comes to it as to every
/// file; in the base it does not come to those that are the same.
fn settings_are_there(blobs: &Blobs, base: &Tree) -> anyhow::Result<()> {
    const MOST: u64 = 1 << 20;
    let files = base.entries().filter(|entry| {
        entry.name() == b".editorconfig" && entry.kind() == Kind::File && entry.size() <= MOST
    });
    for entry in files {
        blobs
            .read(entry.path(), MOST)
            .with_context(|| entry.path().to_string())?;
    }
    Ok(())
}

struct BaseSink<'r, 'j> {
    run: &'r Run<'j>,
    prints: HashSet<Fingerprint>,
    secrets: HashSet<[u8; 16]>,
}

impl Sink for BaseSink<'_, '_> {
    fn findings(&mut self, _: Origin, findings: Vec<Finding>) -> anyhow::Result<()> {
        for finding in findings.iter().filter(|one| one.state == State::Open) {
            self.prints.insert(finding.fingerprint);
            self.secrets
                .extend(finding.detections.iter().map(|one| one.secret));
        }
        Ok(())
    }

    fn skipped(&mut self, _: Vec<Skipped>) -> anyhow::Result<()> {
        Ok(())
    }

    fn go_on(&mut self) -> anyhow::Result<()> {
        Ok(self.run.job.watch.check()?)
    }
}

impl Against {
    /// What a look sees, if it is not everything. The entries of the second look stand where those of the first did,
    /// as `before` says.
    pub(super) fn focus(&self, before: Option<&[Option<EntryId>]>) -> Option<Focus> {
        let narrowed = self.focus.as_ref()?;
        let known = &narrowed.changes.ids;
        let (only, ids) = match before {
            None => (narrowed.only.clone(), known.clone()),
            Some(before) => {
                let before = before.iter().map(|id| id.map(|id| id.0 as usize));
                let only = before
                    .clone()
                    .map(|at| at.is_none_or(|at| narrowed.only[at]));
                (only.collect(), before.map(|at| known[at?]).collect())
            }
        };
        Some(Focus {
            only,
            ids,
            like: narrowed.changes.like,
            renamed: PathMap::new(),
            is_base: false,
        })
    }

    /// Whether only what changed is looked at: that may be nothing.
    pub(super) fn is_narrowed(&self) -> bool {
        self.focus.is_some()
    }

    /// Tells new violations from those that the base has, too.
    pub(super) fn judge(&self, (stage, origin): (Stage, Origin), findings: &mut [Finding]) {
        let Some(known) = &self.known else {
            return;
        };
        for finding in findings.iter_mut().filter(|one| one.state == State::Open) {
            // What changed since the first look is not what the base has, whatever it was.
            let is_untouched = origin == Origin::Entry
                && stage == Stage::PreDeployment
                && !known.touched.contains(&finding.path);
            finding.state = if is_untouched || known.has(finding) {
                State::Existing
            } else {
                State::New
            };
        }
    }
}

impl Known {
    fn has(&self, finding: &Finding) -> bool {
        let mut detections = finding.detections.iter();
        self.prints.contains(&finding.fingerprint)
            && detections.all(|one| self.secrets.contains(&one.secret))
    }
}
