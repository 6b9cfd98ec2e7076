//! A second thread that swaps directories for links as fast as it can while the sweep runs.

use super::kit::*;
use crate::cleanup::{Orders, plan};
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

/// How often each target's name is exchanged with a file that nobody planned, while the sweep runs.
#[test]
fn nothing_that_was_swapped_in_is_ever_destroyed() {
    for quarantine in [false, true] {
        for round in 0..8 {
            exchange_leaves(round, quarantine);
        }
    }
}

fn exchange_leaves(round: usize, quarantine: bool) {
    let world = World::new();
    for number in 0..FILES {
        world.file(&format!("d/e/{number}.tmp"));
        let precious = world.file(&format!("precious/{number}"));
        fs::write(precious, format!("precious {number}")).unwrap();
    }
    world.link("decoy", &world.canary);
    let plan = world.plan(&trash(&["d/**/*.tmp"]));
    let plan = if quarantine {
        super::meddler::to_quarantine(plan)
    } else {
        plan
    };
    assert_eq!(plan.targets().len(), FILES);
    let stop = AtomicBool::new(false);
    let orders = Orders {
        batch: 16,
        hands: 3,
        ..Orders::new("run")
    };
    world.guarded(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    mutate(&world, round);
                }
            });
            let sweeper = world.sweeper_with(orders);
            let identified = sweeper.identify(&plan, &unprotected());
            sweeper.sweep(&identified, &mut Forgetful).unwrap();
            stop.store(true, Ordering::Relaxed);
        });
    });
    let left = contents(&world.root);
    for number in 0..FILES {
        let precious = format!("precious {number}");
        assert!(left.contains(&precious), "`{precious}` is gone");
    }
}

/// Exchanges leaves with precious files; and now and then a directory above them with a link to the canary.
fn mutate(world: &World, round: usize) {
    for number in 0..FILES {
        let (leaf, precious) = (
            world.at("d/e").join(format!("{number}.tmp")),
            world.at("precious").join(number.to_string()),
        );
        // What is gone cannot be exchanged.
        renameat_with(CWD, &leaf, CWD, &precious, RenameFlags::EXCHANGE).ok();
        if (number + round).is_multiple_of(7) {
            let above = world.at(if round.is_multiple_of(2) { "d" } else { "d/e" });
            let decoy = world.at("decoy");
            for _ in 0..2 {
                renameat_with(CWD, &above, CWD, &decoy, RenameFlags::EXCHANGE).unwrap();
            }
        }
    }
}

fn contents(directory: &std::path::Path) -> std::collections::BTreeSet<String> {
    World::snapshot(directory)
        .into_values()
        .map(|(_, _, content)| String::from_utf8_lossy(&content).into_owned())
        .collect()
}

#[test]
fn two_runs_at_once_remove_each_thing_once() {
    for _ in 0..5 {
        let world = World::new();
        for number in 0..300 {
            world.file(&format!("d/{}/{number}.tmp", number % 5));
        }
        let plan = world.plan(&trash(&["d/"]));
        let sweep = |run: &str| {
            let orders = Orders {
                batch: 32,
                hands: 2,
                ..Orders::new(run)
            };
            let sweeper = world.sweeper_with(orders);
            let identified = sweeper.identify(&plan, &unprotected());
            sweeper.sweep(&identified, &mut Forgetful).unwrap()
        };
        let (one, other) = std::thread::scope(|scope| {
            let other = scope.spawn(|| sweep("other"));
            (sweep("one"), other.join().unwrap())
        });
        assert_eq!(one.files + other.files, 300, "{one:?} {other:?}");
        assert_eq!(one.directories + other.directories, 6, "{one:?} {other:?}");
        assert_eq!((one.failed, other.failed), (0, 0), "{one:?} {other:?}");
        assert!(!world.exists("d") && !world.exists(".factory-gate"));
    }
}

#[test]
fn any_number_of_hands_gives_the_same_results_in_the_same_order() {
    let results = |hands: usize| {
        let world = World::new();
        for number in 0..200 {
            let file = world.file(&format!("d/{}/{number}.tmp", number % 9));
            if number % 3 == 0 {
                let link = world.at(&format!("d/{}/{number}.link", number % 4));
                fs::create_dir_all(link.parent().unwrap()).unwrap();
                fs::hard_link(file, link).unwrap();
            }
        }
        world.file("d/8/9/10/kept");
        let plan = world.plan(&trash(&["d/"]));
        let orders = Orders {
            batch: 50,
            hands,
            ..Orders::new("run")
        };
        let sweeper = world.sweeper_with(orders);
        let identified = sweeper.identify(&plan, &unprotected());
        fs::write(world.at("d/8/new"), "keeps a directory").unwrap();
        let mut journal = Memory::new(&world, &plan);
        sweeper.sweep(&identified, &mut journal).unwrap();
        assert_eq!(journal.settled.len(), plan.targets().len());
        journal.settled
    };
    let one = results(1);
    for (index, settled) in one.iter().enumerate() {
        assert_eq!(settled.target, index, "in the plan's order");
    }
    assert_eq!(one, results(2));
    assert_eq!(one, results(7));
}
