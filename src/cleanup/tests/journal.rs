//! The order of record and act: nothing goes without a durable intent, whichever commit fails.

use super::kit::*;
use crate::cleanup::{Intent, Journal, Settled, Stop};

const FILES: usize = 700;

fn crowded() -> World {
    let world = World::new();
    for number in 0..FILES {
        world.file(&format!("trash/{}/{number:04}", number % 7));
    }
    world
}

#[test]
fn results_and_intents_travel_in_batches() {
    let world = crowded();
    let plan = world.plan(&trash(&["trash/"]));
    let sweeper = world.sweeper();
    let mut journal = Memory::new(&world, &plan);
    let identified = sweeper.identify(&plan, &unprotected());
    let swept = sweeper.sweep(&identified, &mut journal).unwrap();
    assert_eq!(plan.targets().len(), FILES + 8);
    assert_eq!(journal.commits, (FILES + 8).div_ceil(256) + 1);
    assert_eq!((swept.files, swept.directories), (FILES as u64, 8));
    assert_eq!(swept.bytes, plan.bytes());
    assert_eq!(world.results(&plan, &journal).len(), FILES + 8);
    journal.assert_no_unrecorded_removal();
}

#[test]
fn whichever_commit_fails_nothing_is_removed_after_it() {
    for fail_at in 1..=4 {
        let world = crowded();
        let plan = world.plan(&trash(&["trash/"]));
        let sweeper = world.sweeper();
        let mut journal = Memory::new(&world, &plan);
        journal.fail_at = Some(fail_at);
        let identified = sweeper.identify(&plan, &unprotected());
        let error = sweeper.sweep(&identified, &mut journal).unwrap_err();
        journal.assert_no_unrecorded_removal();
        // While the commit that failed was tried, the batch before its intents was under way; it was stopped.
        let most = ((fail_at - 1) * 256).min(FILES + 8);
        let least = fail_at.saturating_sub(2) * 256;
        let done = plan
            .targets()
            .iter()
            .filter(|target| !world.exists(std::str::from_utf8(&target.path).unwrap()))
            .count();
        assert!((least..=most).contains(&done), "commit {fail_at}: {done}");
        assert_eq!(error.swept.files + error.swept.directories, done as u64);
        assert_eq!(journal.settled.len() + error.unrecorded.len(), done);
        assert!(!world.exists(".factory-gate"), "nothing is left aside");
        assert!(error.source.to_string().contains("disk full"));
        let affected = |all: &[Settled]| all.iter().map(|it| it.files_affected).sum::<u64>();
        assert_eq!(
            affected(&journal.settled) + affected(&error.unrecorded),
            done as u64
        );

        // The next run finishes the work.
        let results = world.clean(&trash(&["trash/"]));
        assert_eq!(results.len(), FILES + 8 - done, "commit {fail_at}");
        assert_eq!(world.clean(&trash(&["trash/"])).len(), 0);
    }
}

#[test]
fn an_empty_or_refused_plan_bothers_no_journal() {
    let world = crowded();
    let mut policy = trash(&["trash/"]);
    policy.limits.max_files = 10;
    for policy in [policy, trash(&["nothing"])] {
        let plan = world.plan(&policy);
        let sweeper = world.sweeper();
        let mut journal = Memory::new(&world, &plan);
        let identified = sweeper.identify(&plan, &unprotected());
        let swept = sweeper.sweep(&identified, &mut journal).unwrap();
        assert_eq!((swept.files, swept.directories, journal.commits), (0, 0, 0));
    }
    assert!(world.exists("trash/0/0000"));
}

/// Takes one batch, then wants to stop.
struct OneBatch<'w>(Memory<'w>);

impl Journal for OneBatch<'_> {
    fn commit(&mut self, settled: &[Settled], intents: &[Intent]) -> anyhow::Result<()> {
        self.0.commit(settled, intents)
    }

    fn stop(&self) -> Option<Stop> {
        (self.0.commits > 0).then_some(Stop::Interrupted)
    }
}

#[test]
fn a_sweep_that_is_asked_to_stop_settles_what_it_did_and_begins_nothing_more() {
    let world = crowded();
    let plan = world.plan(&trash(&["trash/"]));
    let sweeper = world.sweeper();
    let mut journal = OneBatch(Memory::new(&world, &plan));
    let identified = sweeper.identify(&plan, &unprotected());
    let swept = sweeper.sweep(&identified, &mut journal).unwrap();
    assert_eq!(swept.stopped, Some(Stop::Interrupted));
    assert!(
        swept.files > 0 && usize::try_from(swept.files).unwrap() < plan.targets().len(),
        "{swept:?}"
    );
    journal.0.assert_no_unrecorded_removal();
    assert_eq!(
        journal.0.settled.len(),
        journal.0.intents.len(),
        "each act has its result"
    );
}
