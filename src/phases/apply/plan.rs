//! The plan: what each file is to be, worked out in memory; many files side by side, one content a thread.

use super::rules::FileRules;
use crate::beneath::{Identity, Root};
use crate::finding::Fingerprint;
use crate::fix::{Original, Outcome, Settled, Share, Side, State, patch, read, settle, sha256};
use crate::phases::report::Outputs;
use crate::phases::{Places, Run, Seen};
use crate::scan::{Again, Created, Fixable};
use crate::store::rows::FixRow;
use crate::walk::{Entry, Kind};
use rayon::prelude::*;
use std::collections::HashSet;

/// Files that are planned together before their rows and patches are handed on.
const PIECE: usize = 64;

/// What to fix.
#[derive(Clone, Copy)]
pub(super) enum Task<'s> {
    /// A file in which phase 1 found something that can be fixed.
    File(&'s Fixable),
    /// A file that is missing.
    Create(&'s Created),
}

/// The plan for one file.
pub(super) struct Planned {
    /// Index into the desk's tasks.
    pub(super) task: usize,
    /// What is there; `None` if nothing, or nothing that may be fixed.
    pub(super) identity: Option<Identity>,
    /// One a rule; all of them planned, or none.
    pub(super) rows: Vec<FixRow>,
}

impl Planned {
    pub(super) fn is_planned(&self) -> bool {
        self.rows.first().is_some_and(|row| row.status == "planned")
    }
}

/// A file as it is and as it is to be.
pub(super) struct Change {
    /// What is there; `None` if it is to be created.
    pub(super) before: Option<Original>,
    pub(super) after: State,
    shares: Vec<Share>,
}

impl Change {
    /// What it changes, as `git apply` takes it.
    pub(super) fn patch(&self, path: &[u8]) -> anyhow::Result<Vec<u8>> {
        fn side(state: &State) -> Side<'_> {
            Side {
                content: &state.content,
                permissions: state.permissions,
            }
        }
        let before = self.before.as_ref().map(|original| side(&original.state));
        patch(path, before, side(&self.after))
    }

    pub(super) fn digests(&self) -> (Option<String>, Option<String>) {
        let before = self.before.as_ref();
        (
            before.map(|original| sha256(&original.state.content)),
            Some(sha256(&self.after.content)),
        )
    }
}

/// Why a file is not to be fixed, and what rules would have changed, if they were asked.
type Left = (Outcome, Option<Vec<Share>>);

/// Works plans out.
pub(super) struct Planner<'p> {
    places: &'p Places,
    /// Files that cleanup removes: what is fixed before would be another file than the planned one.
    going: HashSet<Box<[u8]>>,
    seen: &'p Seen<'p>,
    again: &'p Again<'p>,
    root: &'p Root,
    tasks: Vec<Task<'p>>,
}

impl<'p> Planner<'p> {
    pub(super) fn new(
        (places, going): (&'p Places, HashSet<Box<[u8]>>),
        seen: &'p Seen<'p>,
        (again, root): (&'p Again<'p>, &'p Root),
    ) -> Self {
        let files = seen.outcome.fixable.iter().map(Task::File);
        let created = seen.outcome.created.iter().map(Task::Create);
        Self {
            places,
            going,
            seen,
            again,
            root,
            tasks: files.chain(created).collect(),
        }
    }

    pub(super) fn path(&self, task: usize) -> &[u8] {
        match self.tasks[task] {
            Task::File(fixable) => self.entry(fixable).path().as_ref(),
            Task::Create(created) => &created.path,
        }
    }

    /// The violation that goes away with a file that is created.
    pub(super) fn creation(&self, task: usize) -> Option<Fingerprint> {
        match self.tasks[task] {
            Task::File(_) => None,
            Task::Create(created) => Some(created.fingerprint),
        }
    }

    fn entry(&self, fixable: &Fixable) -> Entry<'p> {
        self.seen.walked.tree.entry(fixable.entry)
    }

    /// Reads a file and works out what it is to be. Equal files and rules give equal answers, however often it is asked.
    pub(super) fn change(&self, task: usize) -> Result<Change, Left> {
        match self.tasks[task] {
            Task::File(fixable) => self.fixed(self.entry(fixable)),
            Task::Create(created) => self.created(created),
        }
    }

    fn fixed(&self, entry: Entry<'_>) -> Result<Change, Left> {
        let path = entry.path();
        let path: &[u8] = path.as_ref();
        if let Some(why) = self.denial(path) {
            return Err((Outcome::Refused(why), None));
        }
        if self.going.contains(path) {
            return Err((Outcome::Skipped("cleanup removes it".into()), None));
        }
        let meta = entry.meta();
        let original =
            read(self.root, path, meta, self.again.limit()).map_err(|outcome| (outcome, None))?;
        let protected = self.places.protected.iter();
        let is_it = |(id, ..): &&(_, _, _)| *id == original.identity.id();
        if let Some((_, _, name)) = protected.into_iter().find(is_it) {
            return Err((Outcome::Refused(name.clone()), None));
        }
        let rules = FileRules {
            again: self.again,
            meta,
        };
        match settle(path, &original.state, &rules) {
            Settled::Fixed(after, shares) => Ok(Change {
                before: Some(original),
                after,
                shares,
            }),
            Settled::Left(why, shares) => Err((Outcome::Skipped(why), Some(shares))),
            Settled::Nothing => Err((Outcome::Skipped("nothing is left to fix".into()), None)),
        }
    }

    fn created(&self, created: &Created) -> Result<Change, Left> {
        let share = Share {
            rule: created.rule.clone(),
            safety: created.safety,
            edits: 1,
        };
        let refused = |why: &str| Err((Outcome::Refused(why.into()), Some(vec![share.clone()])));
        if crate::beneath::names::escapes(&created.path) {
            return refused("not a path beneath the workspace");
        }
        if let Some(why) = self.denial(&created.path) {
            return refused(&why);
        }
        if self.seen.walked.tree.find(&created.path).is_some() {
            return Err((
                Outcome::Skipped("something is there".into()),
                Some(vec![share]),
            ));
        }
        let after = State {
            content: created.content.to_vec(),
            permissions: 0o644,
        };
        Ok(Change {
            before: None,
            after,
            shares: vec![share],
        })
    }

    /// Why no file at this path is fixed, whatever it is.
    fn denial(&self, path: &[u8]) -> Option<String> {
        let places = self.places;
        if places.own_outputs.contains(path) {
            return Some("what this program writes".into());
        }
        if places.policy_paths.iter().any(|policy| policy == path) {
            return Some("the policy".into());
        }
        let components = path.split(|byte| *byte == b'/');
        if components
            .into_iter()
            .any(crate::beneath::names::is_git_directory)
        {
            return Some("in a git directory".into());
        }
        let tree = &self.seen.walked.tree;
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let mut above = slashes.filter_map(|(slash, _)| tree.find(&path[..slash]));
        above
            .any(|entry| entry.kind() == Kind::NestedRepository)
            .then(|| "in a nested repository".into())
    }

    /// What phase 1 knew of the fixes, where they could not be worked out.
    fn expected(&self, task: usize) -> Vec<Share> {
        let Task::File(fixable) = self.tasks[task] else {
            return Vec::new();
        };
        let mut shares: Vec<Share> = Vec::new();
        for fixes in &fixable.fixes {
            let rule = self.seen.plan.slot(fixes.slot).instance.id.clone();
            shares.push(Share {
                rule,
                safety: fixes.safety,
                edits: fixes.count,
            });
        }
        shares.sort_by(|one, other| one.rule.cmp(&other.rule));
        shares
    }

    fn plan(&self, task: usize, wants_patch: bool) -> anyhow::Result<(Planned, Vec<u8>)> {
        let path = self.path(task);
        let (shares, status, digests, identity, text) = match self.change(task) {
            Ok(change) => {
                let text = if wants_patch {
                    change.patch(path)?
                } else {
                    Vec::new()
                };
                let digests = change.digests();
                let identity = change.before.map(|original| original.identity);
                (change.shares, "planned".to_owned(), digests, identity, text)
            }
            Err((outcome, shares)) => {
                let shares = shares.filter(|shares| !shares.is_empty());
                let shares = shares.unwrap_or_else(|| self.expected(task));
                (shares, outcome.to_string(), (None, None), None, Vec::new())
            }
        };
        let row = |share: Share| FixRow {
            rule_id: share.rule.to_string(),
            path: path.into(),
            status: status.clone(),
            edits: share.edits,
            safety: share.safety,
            before_sha256: digests.0.clone(),
            after_sha256: digests.1.clone(),
        };
        let planned = Planned {
            task,
            identity,
            rows: shares.into_iter().map(row).collect(),
        };
        Ok((planned, text))
    }
}

/// Plans everything, in tree order; hands the rows to the record, and the patch to `outputs`.
pub(super) fn all(
    (run, desk): (&Run<'_>, &Planner<'_>),
    mut outputs: Option<&mut Outputs<'_>>,
) -> anyhow::Result<Vec<Planned>> {
    let watch = run.job.watch;
    let wants_patch = outputs
        .as_ref()
        .is_some_and(|outputs| outputs.wants_patch());
    watch.progress().total(desk.tasks.len() as u64);
    let mut all = Vec::with_capacity(desk.tasks.len());
    let tasks: Vec<usize> = (0..desk.tasks.len()).collect();
    for piece in tasks.chunks(PIECE) {
        watch.check()?;
        let planned: Vec<(Planned, Vec<u8>)> = piece
            .par_iter()
            .map(|task| desk.plan(*task, wants_patch))
            .collect::<anyhow::Result<_>>()?;
        let rows = planned.iter().flat_map(|(one, _)| one.rows.iter().cloned());
        run.recorder.plan_fixes(rows.collect())?;
        for (one, text) in planned {
            if let Some(outputs) = &mut outputs {
                outputs.push_patch(&text);
            }
            all.push(one);
        }
        watch.progress().advance(piece.len() as u64);
    }
    Ok(all)
}
