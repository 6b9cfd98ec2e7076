//! Bases of changes: right, or none with a reason; in clones of every depth.

use super::super::*;
use super::scratch::{commit, git};
use crate::ci::{BaseHint, Change, ChangeKind, Lookup};
use serde_json::json;
use std::path::Path;

fn pull_request() -> Change {
    Change {
        kind: ChangeKind::PullRequest,
        hints: vec![
            BaseHint::MergedFrom(Lookup::Payload("/pull_request/head/sha")),
            BaseHint::LeftFrom("the base", Lookup::Payload("/pull_request/base/sha")),
        ],
        payload: None,
    }
}

fn push() -> Change {
    Change {
        kind: ChangeKind::Push,
        hints: vec![
            BaseHint::Commit("before", Lookup::Payload("/before")),
            BaseHint::Branch(Lookup::Payload("/repository/default_branch")),
        ],
        payload: None,
    }
}

fn found(at: &Path, change: &Change, payload: &serde_json::Value) -> (Option<String>, String) {
    let repository = Repository::open(at).unwrap().unwrap();
    let reader = repository.reader();
    let known = Known {
        reader: &reader,
        payload: Some(payload),
    };
    let resolution = resolve(change, &known);
    (
        resolution.base.map(|base| base.to_string()),
        resolution.told(),
    )
}

/// main: 1 - 2 - 3 - 4; topic leaves at 2 and has a, b; the merge of topic into 4 is checked out.
struct Story {
    place: tempfile::TempDir,
    fork: String,
    main: String,
    topic: String,
    merge: String,
}

impl Story {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        git(root, &["init", "-q", "-b", "main"]);
        git(root, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        commit(root, "1", "1");
        let fork = commit(root, "2", "2");
        git(root, &["checkout", "-qb", "topic"]);
        commit(root, "a", "a");
        let topic = commit(root, "b", "b");
        git(root, &["checkout", "-q", "main"]);
        commit(root, "3", "3");
        let main = commit(root, "4", "4");
        git(root, &["checkout", "-qb", "merge"]);
        git(root, &["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
        let merge = git(root, &["rev-parse", "HEAD"]);
        Self {
            place,
            fork,
            main,
            topic,
            merge,
        }
    }

    /// A clone of so many commits of a branch, with the branch checked out.
    fn clone(&self, branch: &str, depth: usize) -> tempfile::TempDir {
        self.clone_with("--no-single-branch", branch, depth)
    }

    fn clone_with(&self, which: &str, branch: &str, depth: usize) -> tempfile::TempDir {
        let clone = tempfile::tempdir().unwrap();
        let url = format!("file://{}", self.place.path().display());
        let depth = format!("--depth={depth}");
        git(
            clone.path(),
            &["clone", "-q", which, &depth, "-b", branch, &url, "."],
        );
        clone
    }

    fn payload(&self) -> serde_json::Value {
        json!({ "pull_request": { "head": { "sha": self.topic }, "base": { "sha": self.main } } })
    }
}

#[test]
fn a_pull_request_is_compared_with_the_first_parent_of_its_merge() {
    let story = Story::new();
    let (base, told) = found(story.place.path(), &pull_request(), &story.payload());
    assert_eq!(base, Some(story.main.clone()), "{told}");
    let (base, told) = found(
        story.clone("merge", 2).path(),
        &pull_request(),
        &story.payload(),
    );
    assert_eq!(base, Some(story.main.clone()), "{told}");
    let (base, told) = found(
        story.clone_with("--single-branch", "merge", 1).path(),
        &pull_request(),
        &story.payload(),
    );
    assert_eq!(base, None, "{told}");
    assert!(told.contains("fetch-depth"), "{told}");
}

#[test]
fn a_merge_that_is_not_of_the_change_is_not_taken_for_one() {
    let story = Story::new();
    let root = story.place.path();
    // The author merged main into the topic: its first parent is the topic itself.
    git(root, &["checkout", "-q", "topic"]);
    git(
        root,
        &["merge", "-q", "--no-ff", "-m", "catch up", &story.main],
    );
    let caught_up = git(root, &["rev-parse", "HEAD"]);
    let payload =
        json!({ "pull_request": { "head": { "sha": caught_up }, "base": { "sha": story.main } } });
    let (base, told) = found(root, &pull_request(), &payload);
    assert_eq!(base, Some(story.main.clone()), "{told}");
    // Without the payload nobody knows of what it is a merge.
    let (base, told) = found(root, &pull_request(), &json!({}));
    assert_eq!(base, None, "{told}");
}

/// A clone that is cut off gives the same base as the whole history, or none and a reason.
#[test]
fn a_clone_that_is_cut_off_is_right_or_says_that_it_cannot_tell() {
    let story = Story::new();
    let mut answers = Vec::new();
    for branch in ["merge", "topic", "main"] {
        let whole = story.clone(branch, 100);
        for hints in [pull_request(), push()] {
            let payload = json!({
                "pull_request": { "head": { "sha": story.topic }, "base": { "sha": story.main } },
                "before": story.fork, "repository": { "default_branch": "main" },
            });
            let (right, _) = found(whole.path(), &hints, &payload);
            for depth in 1..6 {
                let clone = story.clone(branch, depth);
                let (base, told) = found(clone.path(), &hints, &payload);
                assert!(!told.is_empty());
                let is_first_choice = base == right;
                // What is not there for the first hint may be for the second, as good an answer.
                let is_fork = base.as_ref() == Some(&story.fork);
                assert!(
                    base.is_none() || is_first_choice || is_fork,
                    "{branch} {depth}: {base:?} {told}"
                );
                answers.push(base);
            }
        }
    }
    assert!(answers.iter().any(Option::is_some) && answers.iter().any(Option::is_none));
}

#[test]
fn a_push_is_compared_with_what_was_before_it_and_a_new_branch_with_where_it_left() {
    let story = Story::new();
    let root = story.place.path();
    git(root, &["checkout", "-q", "topic"]);
    let with =
        |before: &str| json!({ "before": before, "repository": { "default_branch": "main" } });
    assert_eq!(
        found(root, &push(), &with(&story.fork)).0,
        Some(story.fork.clone())
    );
    let zeros = "0".repeat(40);
    let (base, told) = found(root, &push(), &with(&zeros));
    assert_eq!(base, Some(story.fork.clone()), "{told}");
    assert!(told.contains("the branch is new"), "{told}");
    // A push by force: the commit before it is nowhere.
    let (base, told) = found(root, &push(), &with(&"1".repeat(40)));
    assert_eq!(base, Some(story.fork.clone()), "{told}");
    // A new default branch has left nothing: that must not read as "nothing changed".
    git(root, &["checkout", "-q", "main"]);
    let (base, told) = found(root, &push(), &with(&zeros));
    assert_eq!(base, None, "{told}");
    assert!(told.contains("nothing to compare with"), "{told}");
}

#[test]
fn what_a_payload_says_is_not_believed() {
    let story = Story::new();
    let root = story.place.path();
    for payload in [
        json!(null),
        json!([]),
        json!({ "before": 7 }),
        json!({ "before": "HEAD" }),
        json!({ "before": "-x" }),
        json!({ "before": "../../etc/passwd" }),
        json!({ "before": "\u{1b}[31m\n::error::" }),
        json!({ "repository": { "default_branch": "a..b" } }),
        json!({ "repository": { "default_branch": "" } }),
        json!({ "repository": { "default_branch": "\0" } }),
        json!({ "pull_request": "x" }),
    ] {
        for change in [pull_request(), push()] {
            let (base, told) = found(root, &change, &payload);
            assert_eq!(base, None, "{payload}: {told}");
            assert!(!told.is_empty());
        }
    }
}

#[test]
fn a_base_that_was_asked_for_is_that_commit_or_where_the_branch_was_left() {
    let story = Story::new();
    let root = story.place.path();
    git(root, &["checkout", "-q", "--detach", "topic"]);
    let repository = Repository::open(root).unwrap().unwrap();
    let reader = repository.reader();
    let asked = |wanted: &str| {
        let resolution = resolve_explicit(wanted, ChangeKind::None, &reader);
        (
            resolution.base.map(|base| base.to_string()),
            resolution.told(),
        )
    };
    assert_eq!(asked(&story.main).0, Some(story.main.clone()));
    assert_eq!(asked(&story.main[..12]).0, Some(story.main.clone()));
    assert_eq!(asked("main").0, Some(story.fork.clone()));
    assert_eq!(asked("HEAD").0, Some(story.topic.clone()));
    assert_eq!(asked("HEAD~2").0, Some(story.fork.clone()));
    assert_eq!(asked("merge^1").0, Some(story.main.clone()));
    for odd in [
        "",
        "-x",
        "absent",
        "main..topic",
        "HEAD:a",
        "a b",
        "x\n",
        "\u{1b}",
        "HEAD^9",
        "@{-1}x",
    ] {
        let (base, told) = asked(odd);
        assert_eq!(base, None, "{odd}: {told}");
    }
    assert_ne!(story.merge, story.main);
}

#[test]
fn an_octopus_and_a_root_are_no_merges_of_a_change() {
    let story = Story::new();
    let root = story.place.path();
    git(root, &["checkout", "-qb", "other", &story.fork]);
    commit(root, "o", "o");
    git(root, &["checkout", "-qb", "third", &story.fork]);
    commit(root, "t", "t");
    git(root, &["checkout", "-q", "main"]);
    git(
        root,
        &["merge", "-q", "-m", "octopus", "topic", "other", "third"],
    );
    let payload = json!({ "pull_request": { "head": { "sha": story.topic }, "base": { "sha": story.main } } });
    let (base, told) = found(root, &pull_request(), &payload);
    assert_eq!(base, Some(story.main.clone()), "{told}");
    assert!(told.contains("4 parents"), "{told}");
    git(root, &["checkout", "-q", "--orphan", "lonely"]);
    commit(root, "l", "l");
    let (base, told) = found(root, &pull_request(), &payload);
    assert_eq!(base, None);
    assert!(told.contains("no commit in common"), "{told}");
}
