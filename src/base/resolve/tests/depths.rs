//! Clones of every depth against what the whole history says.

use super::kit::World;
use crate::base::Repository;
use crate::base::resolve::history::{MergeBase, merge_base};

/// Compares the answers of clones of every depth with the truth. Answers how many were exact, and how many not given.
fn every_depth(world: &World, one: usize, other: usize) -> (usize, usize) {
    world.branch("one", one);
    world.branch("other", other);
    let truth = world.truth(one, other);
    let mut counts = (0, 0);
    for depth in 0..=world.ids.len() {
        let at = world.clone(&["one", "other"], depth, one);
        let repository = Repository::open(&at).unwrap().unwrap();
        let reader = repository.reader();
        let tips = [one, other].map(|tip| reader.commit(&world.ids[tip]).unwrap());
        match merge_base(&reader, tips[0], tips[1]).unwrap() {
            MergeBase::At(found) => {
                let mut found: Vec<String> = found.iter().map(ToString::to_string).collect();
                let mut truth = truth.clone();
                found.sort();
                truth.sort();
                assert_eq!(found, truth, "depth {depth}");
                counts.0 += 1;
            }
            MergeBase::Unrelated => {
                assert!(truth.is_empty(), "depth {depth}");
                counts.0 += 1;
            }
            MergeBase::CutOff(id) => {
                assert!(depth > 0, "the whole clone lacks {id}");
                counts.1 += 1;
            }
        }
    }
    counts
}

#[test]
fn a_shallow_clone_whose_merge_base_looks_older_than_it_is_gives_none() {
    // 5 merged 3, over a long way; 2 is in both at once. Cut off, only 0..2 would seem to be in common.
    let world = World::new(&[
        (&[], 0),
        (&[0], 1),
        (&[1], 2),
        (&[2], 3),
        (&[3], 4),
        (&[4], 5),
        (&[1, 5], 6),
        (&[3], 7),
        (&[7, 1], 8),
    ]);
    let (exact, unknown) = every_depth(&world, 6, 8);
    assert!(exact > 1 && unknown > 1, "{exact} {unknown}");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 12, failure_persistence: None, ..Default::default() })]

    #[test]
    fn in_a_clone_of_any_depth_the_fork_point_is_right_or_not_given(
        commits in proptest::collection::vec((proptest::collection::vec(0..100_usize, 0..4), 0..30_i64), 3..10),
        tips in (0..100_usize, 0..100_usize),
    ) {
        let history: Vec<(Vec<usize>, i64)> = commits.iter().enumerate().map(|(at, (parents, minute))| {
            let mut parents: Vec<usize> = parents.iter().filter(|_| at > 0).map(|parent| at - 1 - parent % at.min(4)).collect();
            parents.sort_unstable();
            parents.dedup();
            (parents, *minute * 100 + i64::try_from(at).unwrap())
        }).collect();
        let history: Vec<(&[usize], i64)> = history.iter().map(|(parents, minute)| (&parents[..], *minute)).collect();
        let world = World::new(&history);
        let count = world.ids.len();
        every_depth(&world, tips.0 % count, tips.1 % count);
    }
}
