//! Where the base cannot be read, nothing passes for that.

use super::kit::{commit, fact, git, rows, write};
use crate::world::World;

const POLICY: &str = "version: 1\nextends: []\nrules:\n  words: { use: forbidden-content, pattern: BAD, exclude: ['*.yml'], severity: error }\n";

fn detail(world: &World) -> String {
    world
        .query("SELECT detail FROM phases WHERE phase = 1 ORDER BY id DESC LIMIT 1")
        .join("")
}

#[test]
fn without_a_base_everything_counts_and_is_looked_at_and_that_is_said() {
    let world = World::new().policy(POLICY).file("a.txt", "BAD\n");
    commit(&world);
    let answer = world.run(&["--new-only", "--scope", "changed"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert_eq!(rows(&world), ["open words a.txt:1"]);
    assert_eq!(
        fact(&world, "ifnull(base_sha, '-') || ' ' || scope"),
        "- all"
    );
    assert!(
        answer.stdout.contains("every violation counts"),
        "{}",
        answer.stdout
    );
    assert!(
        answer.stdout.contains("everything was looked at"),
        "{}",
        answer.stdout
    );
    assert!(detail(&world).contains("widened"));
}

#[test]
fn outside_of_a_repository_everything_counts() {
    let world = World::new().policy(POLICY).file("a.txt", "BAD\n");
    let answer = world.run(&["--new-only", "--base", &"1".repeat(40)]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert_eq!(rows(&world), ["open words a.txt:1"]);
}

/// Removes the loose object with this id.
fn lose(world: &World, id: &str) {
    let place = world
        .root()
        .join(".git/objects")
        .join(&id[..2])
        .join(&id[2..]);
    std::fs::remove_file(place).unwrap();
}

#[test]
fn a_blob_or_a_tree_of_the_base_that_is_missing_makes_everything_count() {
    for object in ["a.txt", ""] {
        let world = World::new()
            .policy(POLICY)
            .file("a.txt", "BAD\nmore\n")
            .file("sub/x", "x");
        let base = commit(&world);
        write(&world, "a.txt", "BAD\nmore\nlines\n");
        commit(&world);
        lose(
            &world,
            &git(&world, &["rev-parse", &format!("{base}:{object}")]),
        );
        let answer = world.run(&["--new-only", "--base", &base]);
        assert_eq!(answer.status, 1, "{answer:?}");
        assert_eq!(rows(&world), ["open words a.txt:1"], "{object}");
        assert!(
            answer.stdout.contains("every violation counts"),
            "{}",
            answer.stdout
        );
    }
}

#[test]
fn a_base_that_looks_better_than_it_is_because_of_the_clock_is_compared_by_content() {
    // Same size, and written within the tick in which git wrote its index.
    let world = World::new()
        .policy(POLICY)
        .file("a.txt", "GOOD\n")
        .file("b.txt", "GOOD\n");
    let base = commit(&world);
    write(&world, "a.txt", " BAD\n");
    let index = std::fs::metadata(world.root().join(".git/index"))
        .unwrap()
        .modified()
        .unwrap();
    let file = std::fs::File::options()
        .write(true)
        .open(world.root().join("a.txt"))
        .unwrap();
    file.set_modified(index).unwrap();
    let answer = world.run(&["--new-only", "--base", &base]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert_eq!(rows(&world), ["new words a.txt:1"]);
}
