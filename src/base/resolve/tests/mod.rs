//! Each event in repositories made by git itself, whole and shallow, and hostile ones.

mod depths;
pub(in crate::base) mod kit;

use super::*;
use crate::base::Repository;
use crate::ci::PullRequest;
use kit::{World, git};
use std::path::Path;

fn ask(at: &Path, environment: &Environment, payload: Payload<'_>) -> Resolution {
    let repository = Repository::open(at).unwrap().unwrap();
    let asked = Asked {
        explicit: None,
        environment,
        payload,
    };
    resolve(&repository.reader(), &asked)
}

fn explicit(at: &Path, name: &str) -> Resolution {
    let repository = Repository::open(at).unwrap().unwrap();
    let asked = Asked {
        explicit: Some(name),
        environment: &Environment::default(),
        payload: Payload::Absent,
    };
    resolve(&repository.reader(), &asked)
}

fn job(system: System, base: BaseHint) -> Environment {
    Environment {
        system: Some(system),
        base: Some(base),
        ..Environment::default()
    }
}

fn sha(resolution: &Resolution) -> Option<String> {
    assert!(!resolution.steps.is_empty(), "nothing is said");
    resolution.base.map(|base| base.to_string())
}

fn last(resolution: &Resolution) -> &str {
    resolution.steps.last().unwrap()
}

fn pull_request(merge_commit: Option<&str>) -> BaseHint {
    BaseHint::PullRequest(PullRequest {
        merge_commit: merge_commit.map(str::to_owned),
        target: Some("main".to_owned()),
        ..PullRequest::default()
    })
}

fn push() -> BaseHint {
    BaseHint::Push {
        before: None,
        default_branch: None,
    }
}

const ZEROS: &str = "0000000000000000000000000000000000000000";

/// 0-1-2 is main, 3-4 the pull request from 0, 5 its test merge, 6 a merge of several branches.
fn usual() -> World {
    let world = World::new(&[
        (&[], 0),
        (&[0], 1),
        (&[1], 2),
        (&[0], 3),
        (&[3], 4),
        (&[2, 4], 5),
        (&[2, 4, 3], 6),
    ]);
    for (name, at) in [("main", 2), ("topic", 4), ("merge", 5), ("octopus", 6)] {
        world.branch(name, at);
    }
    world
}

fn event(world: &World, head: usize, base: usize) -> String {
    format!(
        r#"{{"pull_request":{{"head":{{"sha":"{}"}},"base":{{"sha":"{}","ref":"main"}}}}}}"#,
        world.ids[head], world.ids[base]
    )
}

#[test]
fn of_the_merge_commit_of_a_pull_request_the_first_parent_is_the_base_from_depth_2_on() {
    let world = usual();
    let event = event(&world, 4, 2);
    let hint = pull_request(Some(&world.ids[5]));
    for system in [System::GitHub, System::Azure] {
        let environment = job(system, hint.clone());
        for depth in [0, 2, 3] {
            let at = world.clone(&["merge"], depth, 5);
            for payload in [
                Payload::Text(event.as_bytes()),
                Payload::Absent,
                Payload::Unreadable("x"),
            ] {
                let found = ask(&at, &environment, payload);
                assert_eq!(
                    sha(&found).as_ref(),
                    Some(&world.ids[2]),
                    "{:?}",
                    found.steps
                );
                assert_eq!(found.change, Change::PullRequest);
            }
        }
        let shallow = world.clone(&["merge"], 1, 5);
        let found = ask(&shallow, &environment, Payload::Text(event.as_bytes()));
        assert_eq!(sha(&found), None);
        let depth = if system == System::GitHub {
            "fetch-depth: 2"
        } else {
            "fetchDepth: 2"
        };
        assert!(last(&found).contains(depth), "{:?}", found.steps);
    }
}

#[test]
fn a_merge_commit_that_the_author_made_does_not_choose_its_own_base() {
    // 4 is the author's own: its first parent is 3, where the policy may be anything.
    let world = World::new(&[(&[], 0), (&[0], 1), (&[], 2), (&[0], 3), (&[3, 2], 4)]);
    world.branch("main", 1);
    world.branch("topic", 4);
    let event = event(&world, 4, 1);
    let at = world.clone(&["main", "topic"], 0, 4);
    for system in [System::GitHub, System::Gitea, System::Forgejo] {
        let environment = job(system, pull_request(None));
        for payload in [
            Payload::Text(event.as_bytes()),
            Payload::Absent,
            Payload::Text(b"{"),
        ] {
            let found = ask(&at, &environment, payload);
            assert_eq!(
                sha(&found).as_ref(),
                Some(&world.ids[0]),
                "{:?}",
                found.steps
            );
            let target = found.target.map(|target| target.to_string());
            assert_eq!(target.as_ref(), Some(&world.ids[1]));
        }
    }
}

#[test]
fn where_the_pull_requests_own_commit_is_checked_out_its_fork_point_is_the_base() {
    let world = usual();
    let event = event(&world, 4, 2);
    let environment = job(System::GitHub, pull_request(Some(&world.ids[5])));
    let whole = world.clone(&["main", "topic"], 0, 4);
    for payload in [Payload::Text(event.as_bytes()), Payload::Absent] {
        assert_eq!(
            sha(&ask(&whole, &environment, payload)).as_ref(),
            Some(&world.ids[0])
        );
    }
    for (branches, depth) in [
        (&["main", "topic"][..], 1),
        (&["main", "topic"], 2),
        (&["topic"], 1),
    ] {
        let found = ask(
            &world.clone(branches, depth, 4),
            &environment,
            Payload::Text(event.as_bytes()),
        );
        assert_eq!(sha(&found), None);
        assert!(last(&found).contains("fetch-depth: 0"), "{:?}", found.steps);
    }
    // A merge of several branches is not the system's.
    let octopus = world.clone(&["main", "octopus"], 0, 6);
    let found = ask(&octopus, &environment, Payload::Text(event.as_bytes()));
    assert_eq!(sha(&found).as_ref(), Some(&world.ids[2]));
    assert!(found.steps[0].contains("3 parents"), "{:?}", found.steps);
}

#[test]
fn pull_request_target_and_jobs_without_a_change_have_no_base() {
    let world = usual();
    let at = world.clone(&["main", "merge"], 0, 5);
    for (hint, change) in [
        (BaseHint::PullRequestTarget, Change::PullRequest),
        (
            BaseHint::NoChange("the event `schedule`".into()),
            Change::Unknown,
        ),
    ] {
        let found = ask(&at, &job(System::GitHub, hint), Payload::Absent);
        assert_eq!((sha(&found), found.change), (None, change));
    }
}

#[test]
fn a_merge_queue_names_its_base() {
    let world = usual();
    let environment = job(System::GitHub, BaseHint::MergeQueue { base: None });
    let event = format!(r#"{{"merge_group":{{"base_sha":"{}"}}}}"#, world.ids[2]);
    let found = ask(
        &world.clone(&["merge"], 2, 5),
        &environment,
        Payload::Text(event.as_bytes()),
    );
    assert_eq!(sha(&found).as_ref(), Some(&world.ids[2]));
    assert_eq!(found.change, Change::MergeQueue);
    let shallow = world.clone(&["merge"], 1, 5);
    assert_eq!(
        sha(&ask(
            &shallow,
            &environment,
            Payload::Text(event.as_bytes())
        )),
        None
    );
    assert_eq!(sha(&ask(&shallow, &environment, Payload::Absent)), None);
}

#[test]
fn a_push_is_compared_with_what_was_there_before() {
    let world = usual();
    let whole = world.clone(&["main", "topic"], 0, 4);
    let environment = job(System::GitHub, push());
    let ask_of = |at: &Path, before: &str| {
        let event = format!(r#"{{"before":"{before}","repository":{{"default_branch":"main"}}}}"#);
        ask(at, &environment, Payload::Text(event.as_bytes()))
    };
    let gone = "0123456789012345678901234567890123456789";
    assert_eq!(
        sha(&ask_of(&whole, &world.ids[3])).as_ref(),
        Some(&world.ids[3])
    );
    let new = ask_of(&whole, ZEROS);
    assert_eq!(
        (sha(&new).as_ref(), new.change),
        (Some(&world.ids[0]), Change::NewBranch)
    );
    let forced = ask_of(&whole, gone);
    assert_eq!(
        (sha(&forced).as_ref(), forced.change),
        (Some(&world.ids[0]), Change::Push)
    );
    // Too shallow: the default branch's tip would be there, and would be HEAD itself or an older commit.
    for before in [gone, &world.ids[3], ZEROS] {
        let shallow = world.clone(&["main", "topic"], 1, 4);
        assert_eq!(sha(&ask_of(&shallow, before)), None, "{before}");
    }
    let main = world.clone(&["main"], 0, 2);
    for before in [gone, ZEROS, "HEAD", "", "-x"] {
        let found = ask_of(&main, before);
        assert_eq!(
            sha(&found),
            None,
            "a push to the default branch itself: {:?}",
            found.steps
        );
    }
}

#[test]
fn gitlab_names_the_fork_point_or_makes_a_merge_commit() {
    let world = usual();
    let hint = |merge_commit: Option<usize>, head: Option<usize>| {
        BaseHint::PullRequest(PullRequest {
            merge_commit: merge_commit.map(|at| world.ids[at].clone()),
            head: head.map(|at| world.ids[at].clone()),
            fork_point: Some(world.ids[0].clone()),
            target: Some("main".to_owned()),
        })
    };
    let ask_of = |at: &Path, hint| ask(at, &job(System::GitLab, hint), Payload::Absent);
    let topic = world.clone(&["topic"], 0, 4);
    assert_eq!(
        sha(&ask_of(&topic, hint(None, None))).as_ref(),
        Some(&world.ids[0])
    );
    let merged = world.clone(&["merge"], 2, 5);
    assert_eq!(
        sha(&ask_of(&merged, hint(Some(5), Some(4)))).as_ref(),
        Some(&world.ids[2])
    );
    let found = ask_of(&world.clone(&["topic"], 1, 4), hint(None, None));
    assert_eq!(sha(&found), None);
    assert!(last(&found).contains("GIT_DEPTH"), "{:?}", found.steps);
}

#[test]
fn hostile_events_are_no_answer() {
    let world = usual();
    let at = world.clone(&["topic"], 0, 4);
    let deep = "[".repeat(100_000);
    let huge = format!(r#"{{"before":"{}"}}"#, "a".repeat(1 << 20));
    let texts: [&[u8]; 12] = [
        b"", b"{", b"null", b"[]", b"\"x\"", b"\xff\xfe", deep.as_bytes(), huge.as_bytes(),
        br#"{"before":7,"pull_request":[],"merge_group":null,"repository":"x"}"#,
        br#"{"before":"--upload-pack=x","merge_group":{"base_sha":"HEAD"}}"#,
        br#"{"pull_request":{"base":{"sha":"main","ref":"../../heads/x\u0000\n"},"head":{"sha":{}}}}"#,
        br#"{"before":"0000000000000000000000000000000000000000","repository":{"default_branch":"a..b/.lock"}}"#,
    ];
    let hints = [
        BaseHint::PullRequest(PullRequest::default()),
        BaseHint::MergeQueue { base: None },
        push(),
        BaseHint::Push {
            before: Some("HEAD~1".into()),
            default_branch: Some("@{-1}".into()),
        },
    ];
    for text in texts {
        for hint in &hints {
            let found = ask(&at, &job(System::GitHub, hint.clone()), Payload::Text(text));
            assert_eq!(sha(&found), None, "{hint:?} {:?}", found.steps);
        }
    }
}

#[test]
fn a_commit_is_named_as_git_names_it() {
    let world = usual();
    let at = world.clone(&["main", "topic"], 0, 4);
    git(&at, &["tag", "-a", "v1", "-m", "x", &world.ids[1]]);
    for (name, expected) in [
        (world.ids[2].as_str(), 2),
        (&world.ids[2][..12], 2),
        ("origin/main", 2),
        ("refs/remotes/origin/main", 2),
        ("v1", 1),
        ("HEAD", 4),
        ("HEAD^1", 3),
        ("HEAD~2", 0),
        ("origin/main^", 1),
    ] {
        let found = explicit(&at, name);
        assert_eq!(
            sha(&found).as_ref(),
            Some(&world.ids[expected]),
            "{name}: {:?}",
            found.steps
        );
    }
    for name in [
        "",
        "-x",
        "--all",
        "a\nb",
        "HEAD~9",
        "nothing",
        "a..b",
        "HEAD^{tree}",
        "\u{1b}[2J",
        &"a".repeat(5000),
    ] {
        assert_eq!(sha(&explicit(&at, name)), None, "{name}");
    }
    let shallow = world.clone(&["topic"], 1, 4);
    let found = explicit(&shallow, "HEAD^1");
    assert_eq!(sha(&found), None);
    assert!(last(&found).contains("shallow"), "{:?}", found.steps);
}

#[test]
fn on_a_machine_the_upstream_or_the_default_branch_is_what_the_work_is_for() {
    let world = usual();
    let at = world.clone(&["main", "topic"], 0, 4);
    let here = Environment::default();
    assert_eq!(
        sha(&ask(&at, &here, Payload::Absent)).as_ref(),
        Some(&world.ids[0])
    );
    git(&at, &["checkout", "-q", "-b", "work/topic", &world.ids[4]]);
    git(&at, &["branch", "-q", "--set-upstream-to=origin/topic"]);
    let found = ask(&at, &here, Payload::Absent);
    assert_eq!(
        sha(&found).as_ref(),
        Some(&world.ids[4]),
        "{:?}",
        found.steps
    );
    assert_eq!(found.change, Change::Local);
    git(&at, &["branch", "-q", "-m", "topic"]);
    let found = ask(&at, &here, Payload::Absent);
    assert_eq!(
        sha(&found).as_ref(),
        Some(&world.ids[0]),
        "its own copy is not its target: {:?}",
        found.steps
    );
}

#[test]
fn a_worktree_and_a_clone_without_objects_of_its_own_are_repositories_like_any() {
    let world = usual();
    let at = world.clone(&["main", "topic"], 0, 4);
    let here = Environment::default();
    let beside = world.place.path().join("beside");
    git(
        &at,
        &[
            "worktree",
            "add",
            "-q",
            "--detach",
            beside.to_str().unwrap(),
            "HEAD",
        ],
    );
    assert!(beside.join(".git").is_file());
    assert_eq!(
        sha(&ask(&beside, &here, Payload::Absent)).as_ref(),
        Some(&world.ids[0])
    );
    let borrowed = world.place.path().join("borrowed");
    git(
        world.place.path(),
        &[
            "clone",
            "-q",
            "--shared",
            "--no-checkout",
            "full",
            "borrowed",
        ],
    );
    git(
        &borrowed,
        &["update-ref", "--no-deref", "HEAD", &world.ids[4]],
    );
    assert_eq!(
        sha(&ask(&borrowed, &here, Payload::Absent)).as_ref(),
        Some(&world.ids[0])
    );
}

#[test]
fn before_the_first_commit_and_without_any_branch_there_is_no_base() {
    let place = tempfile::tempdir().unwrap();
    git(place.path(), &["init", "-q"]);
    assert_eq!(
        sha(&ask(place.path(), &Environment::default(), Payload::Absent)),
        None
    );
    let world = usual();
    let at = world.clone(&["topic"], 0, 4);
    let found = ask(&at, &Environment::default(), Payload::Absent);
    assert_eq!(sha(&found), None);
    assert!(
        last(&found).contains("no default branch"),
        "{:?}",
        found.steps
    );
    let unrelated = World::new(&[(&[], 0), (&[], 1)]);
    unrelated.branch("main", 0);
    unrelated.branch("topic", 1);
    let found = ask(
        &unrelated.clone(&["main", "topic"], 0, 1),
        &Environment::default(),
        Payload::Absent,
    );
    assert_eq!(sha(&found), None);
    assert!(
        last(&found).contains("no commit in common"),
        "{:?}",
        found.steps
    );
}
