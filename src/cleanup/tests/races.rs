//! A second thread that swaps directories for links as fast as it can while the sweep runs.

use super::kit::*;
use crate::cleanup::plan;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const ROUNDS: usize = 25;
const FILES: usize = 60;

/// The files of the workspace are hard links of the canary's: identity cannot tell them apart, only containment can.
fn arrange(world: &World) {
    for number in 0..FILES {
        let outside = world.canary.join(format!("{number}.race"));
        fs::write(&outside, "canary").unwrap();
        fs::hard_link(&outside, world.at("d/e").join(format!("{number}.race"))).unwrap();
    }
}

#[test]
fn no_swap_leads_outside() {
    World::both(|world| {
        fs::create_dir_all(world.at("d/e")).unwrap();
        world.link("decoy", &world.canary);
        arrange(&world);
        let tree = world.tree();
        let plan = plan(&tree, &trash(&["**/*.race"]), &unprotected(), i64::MAX);
        assert_eq!(plan.targets().len(), FILES);
        let (stop, swaps) = (AtomicBool::new(false), AtomicU64::new(0));
        let removed = world.guarded(|| {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let (one, other) = (world.at("d/e"), world.at("decoy"));
                    while !stop.load(Ordering::Relaxed) {
                        renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).unwrap();
                        swaps.fetch_add(1, Ordering::Relaxed);
                    }
                });
                let removed = race(&world, &plan, &swaps);
                stop.store(true, Ordering::Relaxed);
                removed
            })
        });
        assert!(
            swaps.load(Ordering::Relaxed) >= ROUNDS as u64,
            "there was a race"
        );
        println!(
            "{removed} removed during {} swaps",
            swaps.load(Ordering::Relaxed)
        );
    });
}

fn race(world: &World, plan: &crate::cleanup::Plan, swaps: &AtomicU64) -> u64 {
    let sweeper = world.sweeper();
    let mut removed = 0;
    for _ in 0..ROUNDS {
        // Each round waits for a swap, but not for ever: the count is checked in the end.
        let before = swaps.load(Ordering::Relaxed);
        for _ in 0..10_000_000 {
            if swaps.load(Ordering::Relaxed) != before {
                break;
            }
            std::hint::spin_loop();
        }
        let identified = sweeper.identify(plan, &unprotected());
        let swept = sweeper.sweep(&identified, &mut Forgetful).unwrap();
        removed += swept.files;
        assert_eq!(swept.directories, 0);
    }
    removed
}

struct Forgetful;

impl crate::cleanup::Journal for Forgetful {
    fn commit(
        &mut self,
        _: &[crate::cleanup::Settled],
        _: &[crate::cleanup::Intent],
    ) -> anyhow::Result<()> {
        Ok(())
    }
}
