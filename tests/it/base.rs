//! The commit to compare with, where users see it: the report, the document, the record, the exit code.

use crate::world::World;

/// A repository with main (one commit), a topic of one commit, and their merge checked out.
fn merged() -> World {
    let world = World::new()
        .policy("version: 1\nrules: { trailing-whitespace: error }\n")
        .file("a.txt", "one\n")
        .git();
    world.git_command(&["commit", "--quiet", "-m", "first"]);
    world.git_command(&["branch", "-M", "main"]);
    world.git_command(&["checkout", "--quiet", "-b", "topic"]);
    let world = world.file("b.txt", "two\n");
    world.git_command(&["add", "b.txt"]);
    world.git_command(&["commit", "--quiet", "-m", "second"]);
    world.git_command(&["checkout", "--quiet", "--detach", "main"]);
    world.git_command(&["merge", "--quiet", "--no-ff", "-m", "merge", "topic"]);
    world
}

fn id(world: &World, name: &str) -> String {
    world.git_command(&["rev-parse", name])
}

const GITHUB: [(&str, &str); 2] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_EVENT_NAME", "pull_request"),
];

fn document(answer: &crate::world::Answer) -> serde_json::Value {
    serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

#[test]
fn a_pull_request_says_what_it_is_compared_with() {
    let world = merged();
    let (main, topic, head) = (id(&world, "main"), id(&world, "topic"), id(&world, "HEAD"));
    let event = world.beside("event.json");
    std::fs::write(
        &event,
        format!(r#"{{"pull_request":{{"head":{{"sha":"{topic}"}}}}}}"#),
    )
    .unwrap();
    let environment = [
        &GITHUB[..],
        &[("GITHUB_EVENT_PATH", event.to_str().unwrap())],
    ]
    .concat();
    let json = world.gate_with(["run", "work", "--format", "json"], &environment);
    assert_eq!(json.status, 0, "{json:?}");
    let report = document(&json);
    assert_eq!(report["base"]["sha"], main);
    assert_eq!(report["session"]["base_sha"], main);
    assert_eq!(report["base"]["change"], "pull request");
    let rows = world.query("SELECT base_sha FROM session_details");
    assert_eq!(rows, std::slice::from_ref(&main));
    let text = world.gate_with(["run", "work"], &environment);
    let line = format!(
        "{} (pull request: first parent of the merge commit {head})",
        &main[..12]
    );
    assert!(text.stdout.contains(&line), "{}", text.stdout);
}

#[test]
fn a_clone_that_is_too_shallow_says_how_to_get_more() {
    let world = merged();
    let head = id(&world, "HEAD");
    world.git_command(&["update-ref", "refs/heads/merge", "HEAD"]);
    let url = format!("file://{}", world.root().display());
    let clone = world.beside("shallow");
    let mut arguments = vec!["clone", "--quiet", "--depth=1", "--branch=merge", &url];
    arguments.push(clone.to_str().unwrap());
    world.git_command(&arguments);
    let environment = [&GITHUB[..], &[("GITHUB_SHA", &head)]].concat();
    let answer = world.gate_with(["run", "shallow", "--format", "json"], &environment);
    let report = document(&answer);
    assert!(report["base"]["sha"].is_null() && report["session"]["base_sha"].is_null());
    let how = report["base"]["how"].as_array().unwrap();
    let last = how.last().unwrap().as_str().unwrap();
    assert!(last.contains("`fetch-depth: 2`"), "{last}");
    let text = world.gate_with(["run", "shallow"], &environment);
    assert!(
        text.stdout.contains("none: the first parent"),
        "{}",
        text.stdout
    );
}

#[test]
fn a_run_on_a_machine_looks_for_no_base_unless_it_is_named() {
    let world = merged();
    let report = world.run_json(&[]);
    assert!(report.get("base").is_none());
    assert!(report["session"]["base_sha"].is_null());
    let report = world.run_json(&["--base", "HEAD^2"]);
    assert_eq!(report["base"]["sha"], id(&world, "topic"));
    assert_eq!(report["base"]["change"], "local");
}

#[test]
fn a_base_that_is_not_there_leaves_the_verdict_open_and_no_name_at_all_is_a_mistake() {
    let world = merged();
    let answer = world.run(&["--base", "no-such-branch"]);
    assert_eq!(answer.status, 3, "{answer:?}");
    assert!(
        answer.stdout.contains("the base commit was not found"),
        "{}",
        answer.stdout
    );
    for name in ["--base=-x", "--base=", "--base=a\nb", "--base=a..b"] {
        assert_eq!(world.run(&[name]).status, 2, "{name:?}");
    }
    let bare = World::new().policy("version: 1\nrules: { trailing-whitespace: error }\n");
    assert_eq!(bare.run(&["--base", "HEAD"]).status, 3);
}

#[test]
fn the_ci_system_can_be_named_or_turned_off() {
    let world = merged();
    let head = id(&world, "HEAD");
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
        ("BUILD_SOURCEVERSION", &*head),
    ];
    let of = |ci: &str| {
        let arguments = ["run", "work", "--format", "json", "--ci", ci];
        document(&world.gate_with(arguments, &variables))
    };
    assert_eq!(of("auto")["session"]["ci_system"], "github");
    let azure = of("azure");
    assert_eq!(azure["session"]["ci_system"], "azure");
    assert_eq!(azure["base"]["sha"], id(&world, "main"));
    let none = of("none");
    assert!(none["session"]["ci_system"].is_null() && none.get("base").is_none());
    assert_eq!(world.run(&["--ci", "travis"]).status, 2);
}

#[test]
fn a_hostile_branch_name_reaches_the_log_only_encoded() {
    let world = merged();
    let variables = [
        ("BUILDKITE", "true"),
        (
            "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
            "x\n::error::y\u{1b}[2J##[error]z",
        ),
    ];
    let answer = world.gate_with(["run", "work"], &variables);
    assert!(
        answer.stdout.contains("is not in the clone"),
        "{}",
        answer.stdout
    );
    let is_plain = |line: &str| !line.trim_start().starts_with("::") && !line.contains("##[");
    assert!(answer.stdout.lines().all(is_plain), "{}", answer.stdout);
    assert!(!answer.stdout.contains('\u{1b}'));
}
