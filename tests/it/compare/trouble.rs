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
    // A commit that was named has to be there.
    assert_eq!(answer.status, 3, "{answer:?}");
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

/// GitHub's variables, with the job summary beside the workspace.
fn github(world: &World) -> Vec<(&'static str, String)> {
    let summary = world.beside("summary.md");
    std::fs::write(&summary, "").unwrap();
    vec![
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap().to_owned()),
    ]
}

#[test]
fn the_job_summary_says_that_nothing_was_compared() {
    let world = World::new().policy(POLICY).file("a.txt", "BAD\n");
    commit(&world);
    let variables = github(&world);
    let variables: Vec<(&str, &str)> = variables.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let answer = world.gate_with(["run", "work", "--new-only"], &variables);
    assert_eq!(answer.status, 1, "{answer:?}");
    let summary = std::fs::read_to_string(world.beside("summary.md")).unwrap();
    assert!(summary.contains("every violation counts"), "{summary}");
}

#[test]
fn what_existed_gets_no_annotation_of_its_own_and_is_counted() {
    let old = "BAD1 \nBAD2 \nBAD3 \nBAD4 \nBAD5 \nBAD6 \n".repeat(2);
    let policy = "version: 1\nextends: []\nrules:\n  words: { use: forbidden-content, pattern: 'BAD\\w*', exclude: ['*.yml'], severity: error }\n  trailing-whitespace: note\n";
    let world = World::new().policy(policy).file("old.txt", old);
    let base = commit(&world);
    write(&world, "new.txt", "BAD\n");
    let variables = github(&world);
    let variables: Vec<(&str, &str)> = variables.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let answer = world.gate_with(["run", "work", "--new-only", "--base", &base], &variables);
    assert_eq!(answer.status, 1, "{answer:?}");
    let commands: Vec<&str> = answer
        .stdout
        .lines()
        .filter(|line| line.starts_with("::"))
        .collect();
    assert_eq!(commands.len(), 2, "{commands:#?}");
    assert!(
        commands[0].starts_with("::error file=new.txt"),
        "{commands:#?}"
    );
    assert!(
        commands[1].contains("title=24 more note or existing violations"),
        "{commands:#?}"
    );
    let summary = std::fs::read_to_string(world.beside("summary.md")).unwrap();
    assert!(summary.contains("1 error (24 existing)"), "{summary}");
    assert!(
        answer.stdout.contains("existing, the base has them, too"),
        "{}",
        answer.stdout
    );
}
