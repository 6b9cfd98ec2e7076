//! More targets than one private directory is for: each has its own place, and each is found there again.

use super::kit::*;
use super::meddler::{Call, Meddler, meddled};
use crate::cleanup::{ApplyToken, Interrupted, Leftovers, Look, Orders, Sight};
use rustix::io::Errno;
use std::fs;

/// Some in each of the four directories, and then some in the first again.
const COUNT: usize = 1030;

fn path(number: usize) -> String {
    format!("{number:04}.tmp")
}

fn world() -> World {
    let world = World::new();
    for number in 1..=COUNT {
        fs::write(world.at(&path(number)), path(number)).unwrap();
    }
    world
}

#[test]
fn what_a_dead_run_left_in_any_of_its_directories_comes_back() {
    let world = world();
    let plan = world.plan(&trash(&["*.tmp"]));
    let orders = Orders {
        hands: 4,
        ..Orders::new("run")
    };
    let mut sweeper = world.sweeper_with(orders);
    // Nothing can be removed, and nothing put back: as if the run had died between a move and a removal each time.
    sweeper.leaf = Box::new(Meddler(Box::new(|call, name| {
        let is_back = name.ends_with(b".tmp") && call != Call::Look;
        if is_back || call == Call::Unlink {
            return Err(Errno::IO);
        }
        Ok(())
    })));
    let identified = sweeper.identify(&plan, &unprotected());
    let mut journal = Memory::new(&world, &plan);
    let swept = sweeper.sweep(&identified, &mut journal).unwrap();
    assert_eq!(swept.failed, COUNT as u64);
    for (number, directory) in [(1, "run"), (257, "run.1"), (768, "run.2"), (1024, "run.3")] {
        let aside = format!(".factory-gate/staging/{directory}/{number}");
        assert_eq!(fs::read_to_string(world.at(&aside)).unwrap(), path(number));
        let told = journal.settled[number - 1].outcome.to_string();
        assert!(told.contains(&format!("is at `{aside}`")), "{told}");
        assert!(!world.exists(&path(number)));
    }

    let token = ApplyToken::because_recover_was_asked_for();
    let left = Leftovers::open(&world.root, "run", token).unwrap();
    let all = ["", ".1", ".2", ".3"].map(|end| format!(".factory-gate/staging/run{end}"));
    assert_eq!(left.clear(), Ok(Some(all.join(", "))));
    for (number, look) in (1..).zip(identified.looks()) {
        let Look::Present(identity) = look else {
            panic!("{number} was there");
        };
        let sight = left.settle(&Interrupted {
            path: path(number).as_bytes(),
            identity: &identity.to_json(),
            number,
            is_quarantine: false,
        });
        assert_eq!(sight, Sight::PutBack, "{number}");
        let content = fs::read_to_string(world.at(&path(number))).unwrap();
        assert_eq!(content, path(number));
    }
    assert_eq!(left.clear(), Ok(None));
    assert!(!world.exists(".factory-gate"));
}

#[test]
fn a_hostile_directory_keeps_its_own_targets_only() {
    let world = world();
    let staging = world.at(".factory-gate/staging");
    fs::create_dir_all(&staging).unwrap();
    world.link(".factory-gate/staging/run.2", &world.canary);
    let plan = world.plan(&trash(&["*.tmp"]));
    let results = world.guarded(|| meddled(&world, &plan, |_, _| Ok(())));
    for number in 1..=COUNT {
        let (text, affected) = &results[&path(number)];
        if (513..=768).contains(&number) {
            let why = "the directory `.factory-gate/staging/run.2` cannot be used: a link or file is in its way";
            assert_eq!(*text, format!("refused: {why}"), "{number}");
            assert_eq!((*affected, world.exists(&path(number))), (0, true));
        } else {
            assert_eq!((&**text, *affected), ("removed", 1), "{number}");
            assert!(!world.exists(&path(number)));
        }
    }
    assert!(world.exists(".factory-gate/staging/run.2"));
}
