//! A look at the workspace: the first sees everything, the second what is there now, and reads only what changed.

use super::trust::{Open, remember};
use super::{Against, Run, Seen};
use crate::finding::{Finding, Fingerprint, State};
use crate::scan::{
    Focus, Origin, Outcome, Plan, Previous, Scan, Sink, Source, scan, scan_whole_tree,
};
use crate::store::rows::Stage;
use crate::walk::{EntryId, Skipped, WalkOptions, Walked, walk};
use std::collections::HashSet;

/// Walks the workspace as the policy says.
pub(super) fn walk_workspace(run: &Run<'_>) -> Walked {
    let options = WalkOptions {
        enter_nested: run.job.policy.workspace.enter_nested,
        list_ignored: !run.job.policy.cleanup.rules.is_empty(),
        own_outputs: run.job.places.own_outputs.clone(),
    };
    walk(&run.job.root, &options)
}

/// Looks at everything.
pub(super) fn first(
    run: &Run<'_>,
    (walked, plan): (&Walked, &Plan<'_>),
    against: &Against,
    open: Option<&mut Open>,
) -> anyhow::Result<Outcome> {
    let none = HashSet::new();
    let mut sink = RecordSink {
        run,
        stage: Stage::PreDeployment,
        against,
        watched: &none,
        again: FoundAgain::default(),
        open,
    };
    let focus = against.focus(None);
    with_scan(run, (walked, plan, None), focus, |prepared| {
        scan(prepared, &walked.skipped, &mut sink)
    })
}

/// Looks again. If not a path has changed, nothing is read again; every whole-tree rule runs in any case.
pub(super) fn second(
    run: &Run<'_>,
    now: &Walked,
    (seen, unchanged): (&Seen<'_>, Vec<Option<EntryId>>),
    watched: &HashSet<Box<[u8]>>,
) -> anyhow::Result<(Outcome, FoundAgain)> {
    let mut sink = RecordSink {
        run,
        stage: Stage::PostDeployment,
        against: &seen.against,
        watched,
        again: FoundAgain::default(),
        open: None,
    };
    let outcome = look_again(run, now, (seen, unchanged), &mut sink)?;
    Ok((outcome, sink.again))
}

/// What the second look says of the paths that phase 2 changed.
#[derive(Debug, Default)]
pub(super) struct FoundAgain {
    /// What was found in them.
    pub(super) found: HashSet<(Fingerprint, State)>,
    /// Those of them that were not fully checked.
    pub(super) skipped: HashSet<Box<[u8]>>,
}

fn look_again(
    run: &Run<'_>,
    now: &Walked,
    (seen, unchanged): (&Seen<'_>, Vec<Option<EntryId>>),
    sink: &mut RecordSink<'_, '_>,
) -> anyhow::Result<Outcome> {
    let is_same = now.tree.len() == seen.walked.tree.len() && unchanged.iter().all(Option::is_some);
    if is_same && now.skipped == seen.walked.skipped {
        let focus = seen.against.focus(None);
        return with_scan(run, (now, &seen.plan, None), focus, |prepared| {
            // Every path was compared.
            run.job.watch.progress().advance(now.tree.len() as u64);
            scan_whole_tree(prepared, &seen.outcome, sink)
        });
    }
    // What the earlier walk also passed over has its row already.
    let known: HashSet<&Skipped> = seen.walked.skipped.iter().collect();
    let fresh = now
        .skipped
        .iter()
        .filter(|one| !known.contains(one))
        .cloned();
    let fresh: Vec<Skipped> = fresh.collect();
    let focus = seen.against.focus(Some(&unchanged));
    let previous = Previous {
        unchanged,
        outcome: &seen.outcome,
    };
    let plan = Plan::new(run.job.policy, &now.tree);
    with_scan(run, (now, &plan, Some(previous)), focus, |prepared| {
        scan(prepared, &fresh, sink)
    })
}

/// The day of this run, in UTC.
pub(super) fn today(run: &Run<'_>) -> jiff::civil::Date {
    run.job.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

pub(super) fn with_scan<T>(
    run: &Run<'_>,
    (walked, plan, previous): (&Walked, &Plan<'_>, Option<Previous<'_>>),
    focus: Option<Focus>,
    look: impl FnOnce(&Scan<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let progress = run.job.watch.progress();
    progress.total(walked.tree.len() as u64);
    let today = today(run);
    let advance = |count| progress.advance(count);
    let whole = Scan::new(
        (Source::Workspace(&run.job.root), &walked.tree),
        plan,
        (today, &run.job.secret_key),
        previous,
        &advance,
    );
    let whole = whole.with_baseline(run.job.baseline);
    match focus {
        None => look(&whole),
        Some(focus) => look(&whole.only(focus)),
    }
}

/// Most findings in one message to the record.
pub(super) const PIECE: usize = 512;

struct RecordSink<'r, 'j> {
    run: &'r Run<'j>,
    stage: Stage,
    against: &'r Against,
    /// The paths of which to remember what is found.
    watched: &'r HashSet<Box<[u8]>>,
    again: FoundAgain,
    /// What nothing covers, if that is to be remembered.
    open: Option<&'r mut Open>,
}

impl Sink for RecordSink<'_, '_> {
    fn findings(&mut self, origin: Origin, mut findings: Vec<Finding>) -> anyhow::Result<()> {
        self.against.judge((self.stage, origin), &mut findings);
        if let Some(open) = &mut self.open {
            remember(&findings, open);
        }
        let watched = findings
            .iter()
            .filter(|one| self.watched.contains(&one.path));
        self.again
            .found
            .extend(watched.map(|one| (one.fingerprint, one.state)));
        // In pieces: how much waits for the record is counted in messages.
        let mut findings = findings.into_iter().peekable();
        while findings.peek().is_some() {
            let piece = findings.by_ref().take(PIECE).collect();
            self.run.recorder.findings(self.stage, piece)?;
        }
        Ok(())
    }

    fn skipped(&mut self, skipped: Vec<Skipped>) -> anyhow::Result<()> {
        let watched = skipped
            .iter()
            .filter(|one| self.watched.contains(&one.path));
        self.again
            .skipped
            .extend(watched.map(|one| one.path.clone()));
        Ok(self.run.recorder.skipped(skipped)?)
    }

    fn go_on(&mut self) -> anyhow::Result<()> {
        Ok(self.run.job.watch.check()?)
    }
}
