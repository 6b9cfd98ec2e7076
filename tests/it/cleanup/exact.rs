//! What is destroyed is exactly what was planned: a file that takes a planned one's place in the last moment survives.

use super::kit::{SWEEP, Scene, TRASH, cleaning};
use super::races::{lasting, racing};
use crate::world::query;
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Mutex;
use std::time::Instant;

const FILES: u64 = 40;

/// The mutator renames precious files over the planned ones while the sweep removes them. A precious file is never
/// planned: it is older than any that the rule wants.
#[test]
fn a_file_in_a_planned_ones_place_survives_or_is_accounted_for() {
    let scene = Scene::of(cleaning(TRASH).directory("precious").directory("d"));
    let placed: Mutex<BTreeSet<u64>> = Mutex::default();
    let mut sweeps = 0;
    let end = Instant::now() + lasting();
    while Instant::now() < end {
        for number in 0..FILES {
            std::fs::write(scene.at("d").join(format!("{number}.tmp")), "planned\n").unwrap();
        }
        placed.lock().unwrap().clear();
        racing(
            |round| {
                if round >= FILES {
                    return std::thread::yield_now();
                }
                // Only over a name that is there: a precious file in an empty place would be nobody's victim.
                let leaf = scene.at("d").join(format!("{round}.tmp"));
                let from = scene.at("precious").join(round.to_string());
                std::fs::write(&from, "the only copy\n").unwrap();
                let inode = std::fs::metadata(&from).unwrap().ino();
                std::thread::sleep(std::time::Duration::from_micros(700));
                if leaf.exists() && std::fs::rename(&from, &leaf).is_ok() {
                    placed.lock().unwrap().insert(inode);
                }
            },
            || {
                let answer = scene.gate(SWEEP);
                assert!([0, 3].contains(&answer.status), "{answer:?}");
            },
        );
        sweeps += 1;
        // A precious file that was there when the run looked was planned itself: its identity is in the record.
        let identities = "SELECT json_extract(identity, '$.inode') FROM cleanup_details WHERE state IN \
             ('removed', 'applied_unconfirmed', 'quarantined') AND deployment_id = (SELECT deployment_id FROM v_latest_session)";
        let planned: BTreeSet<u64> = query(&scene.database(), identities)
            .iter()
            .map(|inode| inode.parse().unwrap())
            .collect();
        let mut there = BTreeSet::new();
        let mut open = vec![scene.root()];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let entry = entry.unwrap();
                there.insert(entry.metadata().unwrap().ino());
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                }
            }
        }
        for inode in placed.lock().unwrap().iter() {
            assert!(
                there.contains(inode) || planned.contains(inode),
                "a file that nobody had planned is gone, in sweep {sweeps}"
            );
        }
    }
    assert!(sweeps > 0);
}
