//! Attacks on the policy and on the baseline by a pull request, and honest changes of them.

use super::kit::{Judgement, POLICY, Request, git};
use crate::world::World;

/// A pull request that adds a violation and, beside it, what `change` does.
fn attack(policy: &str, change: impl FnOnce(&Request)) -> Judgement {
    let request = Request::of(World::new().policy(policy).file("a.txt", "a\n"));
    request.write("bad.txt", "b \n");
    change(&request);
    request.judge(&[])
}

fn with(line: &str) -> String {
    format!("{POLICY}{line}\n")
}

#[test]
fn a_change_is_judged_by_the_policy_of_the_base() {
    let judged = attack(POLICY, |request| {
        request.write(
            ".factory-gate.yml",
            "version: 1\nrules: { file-size: error }\n",
        );
    });
    judged.refuses("`trailing-whitespace` is switched off");
    judged.refuses("`gate-integrity` is switched off");
    judged.refuses("1 finding would not be reported (trailing-whitespace 1)");
    judged.still_finds("bad.txt");
    let notices = judged.notices();
    assert!(
        notices.contains("this change switches off 2 rules and hides 1 finding"),
        "{notices}"
    );
    let source = judged.report["session"]["policy_source"].as_str().unwrap();
    assert!(source.starts_with(".factory-gate.yml at "), "{source}");
    let policy = &judged.report["phases"][0]["detail"]["policy"];
    assert_eq!(policy["ref"], "base");
    assert_eq!(policy["shadow"]["hidden"], 1, "{policy}");
}

#[test]
fn every_way_to_weaken_the_policy_is_an_error() {
    let limit = with("  file-size: { max: 10, exclude: ['.factory-gate*'] }");
    for (text, says) in [
        (
            POLICY.replace("whitespace: error", "whitespace: note"),
            "becomes note",
        ),
        (with("exclude: [bad.txt]"), "`bad.txt`"),
        (
            with(
                "suppressions: [{ rule: trailing-whitespace, paths: [bad.txt], reason: because }]",
            ),
            "suppress",
        ),
        (with("gate: { fail_on: never }"), "the gate fails on never"),
        (
            with("overrides: [{ paths: [bad.txt], rules: { trailing-whitespace: off } }]"),
            "bad.txt",
        ),
    ] {
        let judged = attack(POLICY, |request| {
            request.write(".factory-gate.yml", &text);
        });
        judged.refuses(says);
        judged.still_finds("bad.txt");
    }
    let judged = attack(&limit, |request| {
        request.write("large.txt", "more than ten bytes\n");
        request.write(".factory-gate.yml", &limit.replace("10", "100"));
    });
    judged.refuses("1 finding would not be reported (file-size 1)");
    judged.still_finds("bad.txt");
}

#[test]
fn a_policy_that_goes_moves_or_breaks_is_seen() {
    let judged = attack(POLICY, |request| {
        request.remove(".factory-gate.yml");
    });
    judged.refuses("is removed");
    judged.still_finds("bad.txt");

    let judged = attack(POLICY, |request| {
        request
            .remove(".factory-gate.yml")
            .write(".factory-gate.yaml", POLICY);
    });
    judged.still_finds("bad.txt");
    assert!(
        judged
            .integrity()
            .contains("warning .factory-gate.yaml the policy is `.factory-gate.yaml` instead of"),
        "{}",
        judged.integrity()
    );

    let judged = attack(POLICY, |request| {
        request.write(".factory-gate.yaml", "version: 1\n");
    });
    judged.refuses("keep one");
    judged.still_finds("bad.txt");

    let judged = attack(POLICY, |request| {
        request.write(
            ".factory-gate.yml",
            "version: 1\nrules: { no-such-rule: error }\nx: [\n",
        );
    });
    judged.refuses("the policy of this change cannot be used");
    judged.still_finds("bad.txt");

    let judged = attack(POLICY, |request| {
        request.write("other.yml", "version: 1\nrules: { file-size: error }\n");
        request
            .remove(".factory-gate.yml")
            .link(".factory-gate.yml", "other.yml");
    });
    judged.refuses("cannot be used");
    judged.still_finds("bad.txt");
}

#[test]
fn an_extended_file_is_the_bases_too() {
    let world = World::new()
        .policy("version: 1\nextends: [ci/rules.yml]\n")
        .file("ci/rules.yml", POLICY);
    let request = Request::of(world);
    request.write("ci/rules.yml", "version: 1\nrules: { file-size: error }\n");
    request.write("bad.txt", "b \n");
    let judged = request.judge(&[]);
    judged.refuses("`trailing-whitespace` is switched off");
    judged.still_finds("bad.txt");
}

#[test]
fn a_named_policy_in_the_repository_is_the_bases_and_no_link_leads_elsewhere() {
    for is_linked in [false, true] {
        let request = Request::of(World::new().file("ci/gate.yml", POLICY));
        request.write("bad.txt", "b \n");
        let weak = "version: 1\nrules: { file-size: error }\n";
        if is_linked {
            request.remove("ci/gate.yml").write("easy/gate.yml", weak);
            std::fs::remove_dir(request.world.root().join("ci")).unwrap();
            request.link("ci", "easy");
        } else {
            request.write("ci/gate.yml", weak);
        }
        let judged = request.judge(&["--policy", "work/ci/gate.yml"]);
        judged.refuses("`trailing-whitespace` is switched off");
        judged.still_finds("bad.txt");
    }
}

#[test]
fn a_policy_outside_of_the_repository_is_the_operators() {
    let request = Request::of(World::new().policy("version: 1\nrules: { file-size: error }\n"));
    std::fs::write(request.world.beside("org.yml"), POLICY).unwrap();
    request
        .write(".factory-gate.yml", "version: 1\n")
        .write("bad.txt", "b \n");
    let judged = request.judge(&["--policy", "org.yml"]);
    assert_eq!(judged.status, 1, "{judged:#?}");
    judged.still_finds("bad.txt");
    assert_eq!(
        judged.report["phases"][0]["detail"]["policy"]["ref"],
        "operator"
    );
    assert_eq!(judged.integrity(), "");
}

#[test]
fn a_policy_where_none_was_applies_once_merged() {
    let request = Request::of(World::new().file("a.txt", "a\n"));
    request.write(
        ".factory-gate.yml",
        "version: 1\nrules: { file-size: error }\n",
    );
    request.write("bad.txt", "<<<<<<< one\n=======\n>>>>>>> two\n");
    let topic = request.merge();
    let judged = request.run(&topic, &[]);
    assert_eq!(judged.status, 1, "{judged:#?}");
    assert_eq!(judged.of_rule("merge-conflict").len(), 1, "{judged:#?}");
    assert!(
        judged.notices().contains("has no policy yet"),
        "{}",
        judged.notices()
    );
    assert_eq!(
        judged.report["session"]["policy_source"],
        "preset recommended"
    );
    let own = request.run(&topic, &["--policy-ref", "head"]);
    assert_eq!(own.status, 0, "{own:#?}");
    assert_eq!(own.report["session"]["policy_source"], ".factory-gate.yml");
}

#[test]
fn a_policy_that_only_gets_stricter_passes_with_warnings() {
    let request = Request::of(World::new().policy(POLICY).file("a.txt", "a\n"));
    request.write(".factory-gate.yml", &with("  final-newline: error"));
    request.write("b.txt", "no newline");
    let judged = request.judge(&[]);
    assert_eq!(judged.status, 0, "{judged:#?}");
    let integrity = judged.integrity();
    assert!(
        integrity.starts_with("warning .factory-gate.yml `final-newline` is switched on"),
        "{integrity}"
    );
    assert!(
        judged
            .notices()
            .contains("this change shows 1 more finding"),
        "{}",
        judged.notices()
    );
    assert_eq!(judged.of_rule("final-newline"), [] as [String; 0]);
}

#[test]
fn a_change_that_leaves_the_gate_alone_has_no_shadow() {
    let judged = attack(POLICY, |_| {});
    assert_eq!(judged.status, 1);
    assert_eq!(judged.integrity(), "");
    let policy = &judged.report["phases"][0]["detail"]["policy"];
    assert!(policy.get("shadow").is_none(), "{policy}");
    assert_eq!(judged.notices(), "");
}

#[test]
fn no_suppression_of_the_change_covers_the_rule_about_the_gate() {
    let judged = attack(POLICY, |request| {
        let text = format!(
            "{POLICY}exclude: ['**']\n# factory-gate: allow(gate-integrity) because\nsuppressions: [{{ rule: gate-integrity, paths: ['**'], reason: x }}]\n"
        );
        request.write(".factory-gate.yml", &text);
    });
    judged.refuses("`**`");
    judged.still_finds("bad.txt");
}

#[test]
fn a_baseline_that_grows_covers_nothing_and_one_that_shrinks_is_fine() {
    let policy = with("baseline: known");
    let run = |world: &World, output: &str| {
        world.run(&[]);
        let made = world.gate([
            "baseline",
            "factory_deployment.db",
            "--output",
            output,
            "--grow",
        ]);
        assert_eq!(made.status, 0, "{made:?}");
    };
    let world = World::new().policy(POLICY).file("old.txt", "o \n");
    run(&world, "work/known");
    let request = Request::of(world.policy(&policy));
    request.write("bad.txt", "b \n");
    run(&request.world, "work/known");
    let grown = request.judge(&[]);
    grown.refuses("the baseline grows by 1 entry (trailing-whitespace 1)");
    grown.still_finds("bad.txt");
    assert_eq!(grown.of_rule("trailing-whitespace").len(), 1);

    let world = World::new().policy(POLICY).file("old.txt", "o \n");
    run(&world, "work/known");
    let request = Request::of(world.policy(&with("  stale-baseline: error\nbaseline: known")));
    request.write("old.txt", "o\n");
    let text = std::fs::read_to_string(request.world.root().join("known")).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
    request.write("known", &format!("{}\n", kept.join("\n")));
    let shrunk = request.judge(&[]);
    assert_eq!(shrunk.status, 0, "{shrunk:#?}");
}

#[test]
fn new_suppressions_in_comments_are_listed() {
    let old = "# factory-gate: allow(trailing-whitespace) old\na \n";
    let request = Request::of(World::new().policy(POLICY).file("a.sh", old));
    let new = format!("echo\n{old}# factory-gate: allow(trailing-whitespace) new one\nb \n");
    request.write("a.sh", &new);
    let judged = request.judge(&[]);
    assert_eq!(judged.status, 0, "{judged:#?}");
    assert_eq!(
        judged.integrity(),
        "note a.sh a new suppression accepts `trailing-whitespace` here: new one"
    );
    assert_eq!(
        judged.notices(),
        "this change adds 1 suppression in comments:\na.sh:4 accepts `trailing-whitespace`: new one"
    );
    let strict = Request::of(World::new().policy(&POLICY.replace(
        "gate-integrity: error",
        "gate-integrity: { new_suppressions: error }",
    )));
    strict.write("a.sh", old);
    assert_eq!(strict.judge(&[]).status, 1);
}

#[test]
fn a_mistake_in_the_bases_policy_is_said_to_be_the_bases() {
    let judged = attack("version: 1\nrules: { no-such-rule: error }\n", |request| {
        request.write(".factory-gate.yml", POLICY);
    });
    assert_eq!(judged.status, 2);
    assert!(
        judged.stderr.contains("1 mistake in the policy at "),
        "{}",
        judged.stderr
    );
    assert!(
        judged.stderr.contains("not this change's own"),
        "{}",
        judged.stderr
    );
}

#[test]
fn without_the_base_the_verdict_stays_open() {
    let request = Request::of(World::new().policy(POLICY).file("a.txt", "a\n"));
    request.write("bad.txt", "b \n");
    let topic = request.merge();
    let world = &request.world;
    git(world, &["update-ref", "refs/heads/merge", "HEAD"]);
    let (url, clone) = (
        format!("file://{}", world.root().display()),
        world.beside("shallow"),
    );
    let clone = clone.to_str().unwrap();
    git(
        world,
        &[
            "clone",
            "--quiet",
            "--depth=1",
            "--branch=merge",
            &url,
            clone,
        ],
    );
    let shallow = Request {
        world: World::new(),
        base: String::new(),
    };
    std::fs::remove_dir(shallow.world.root()).unwrap();
    std::fs::rename(clone, shallow.world.root()).unwrap();
    let judged = shallow.run(&topic, &[]);
    assert_eq!(judged.status, 3, "{judged:#?}");
    assert!(
        judged.reasons().contains("`fetch-depth: 2`"),
        "{}",
        judged.reasons()
    );
    judged.still_finds("bad.txt");
}

#[test]
fn a_push_is_judged_by_the_workspaces_policy() {
    let request = Request::of(World::new().policy(POLICY).file("a.txt", "a\n"));
    request.write(
        ".factory-gate.yml",
        "version: 1\nrules: { file-size: error }\n",
    );
    request.write("bad.txt", "b \n").merge();
    let environment = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push")];
    let answer = request
        .world
        .gate_with(["run", "work", "--format", "json"], &environment);
    let pushed = Judgement::of(answer);
    assert_eq!(pushed.status, 0, "{pushed:#?}");
    assert_eq!(
        pushed.report["session"]["policy_source"],
        ".factory-gate.yml"
    );
    let local = request.world.run(&["--format", "json"]);
    assert_eq!(local.status, 0, "{local:?}");
    let asked = [
        "--policy-ref",
        "base",
        "--base",
        &request.base,
        "--format",
        "json",
    ];
    let asked = Judgement::of(request.world.run(&asked));
    asked.refuses("`trailing-whitespace` is switched off");
    let named = ["--policy-ref", &request.base, "--format", "json"];
    let named = Judgement::of(request.world.run(&named));
    assert_eq!(named.status, 1, "{named:#?}");
    assert_eq!(named.integrity(), "");
    named.still_finds("bad.txt");
    assert_eq!(request.world.run(&["--policy-ref", "no-such"]).status, 3);
    assert_eq!(request.world.run(&["--policy-ref", "a..b"]).status, 2);
}

#[test]
fn findings_about_the_gate_are_new() {
    let world = World::new().policy(POLICY).file("old.txt", "o \n");
    let request = Request::of(world);
    request.write(
        ".factory-gate.yml",
        "version: 1\nrules: { gate-integrity: error }\n",
    );
    let judged = request.judge(&["--new-only"]);
    judged.refuses("`trailing-whitespace` is switched off");
    let rows = judged.report["violations"].as_array().unwrap();
    let states: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["rule_id"].as_str().unwrap(),
                row["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(
        states.contains(&("trailing-whitespace", "existing")),
        "{states:?}"
    );
    assert!(states.contains(&("gate-integrity", "new")), "{states:?}");
}

#[test]
fn a_merge_queue_is_judged_by_what_it_merges_into() {
    let request = Request::of(World::new().policy(POLICY).file("a.txt", "a\n"));
    request.write(
        ".factory-gate.yml",
        "version: 1\nrules: { file-size: error }\n",
    );
    request.write("bad.txt", "b \n").merge();
    let event = request.world.beside("event.json");
    let text = format!(r#"{{"merge_group":{{"base_sha":"{}"}}}}"#, request.base);
    std::fs::write(&event, text).unwrap();
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "merge_group"),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
    ];
    let answer = request
        .world
        .gate_with(["run", "work", "--format", "json"], &environment);
    let queued = Judgement::of(answer);
    assert_eq!(queued.report["base"]["change"], "merge queue");
    queued.refuses("`trailing-whitespace` is switched off");
    queued.still_finds("bad.txt");
}

#[test]
fn a_baseline_on_the_command_line_is_the_bases_too() {
    let request = Request::of(World::new().policy(POLICY));
    request.write("bad.txt", "b \n");
    let world = &request.world;
    world.run(&[]);
    let make = [
        "baseline",
        "factory_deployment.db",
        "--output",
        "work/known",
    ];
    assert_eq!(world.gate(make).status, 0);
    let judged = request.judge(&["--baseline", "work/known"]);
    judged.refuses("the baseline grows by 1 entry");
    judged.still_finds("bad.txt");
}

#[test]
fn of_many_new_suppressions_the_first_are_listed_everywhere() {
    let request = Request::of(World::new().policy(POLICY));
    for number in 10..22 {
        let text = "# factory-gate: allow(trailing-whitespace) why \u{1b}[31m\na \n";
        request.write(&format!("f{number}.sh"), text);
    }
    let topic = request.merge();
    let judged = request.run(&topic, &[]);
    let list = &judged.report["phases"][0]["detail"]["policy"]["new_suppressions"];
    assert_eq!(
        (&list["count"], list["first"].as_array().unwrap().len()),
        (&12.into(), 10)
    );
    let summary = request.world.beside("summary.md");
    std::fs::write(&summary, "").unwrap();
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    let event = request.world.beside("event.json");
    let event = [("GITHUB_EVENT_PATH", event.to_str().unwrap())];
    let environment = [&environment[..], &event].concat();
    let text = request
        .world
        .gate_with(["run", "work"], &environment)
        .stdout;
    assert!(
        text.contains("adds 12 suppressions in comments; the first 10:"),
        "{text}"
    );
    assert!(
        text.contains("f19.sh:1 accepts") && !text.contains("f20.sh:1 accepts"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "{text}");
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains("adds 12 suppressions"), "{summary}");
}

#[test]
fn a_fix_of_the_policy_s_own_text_does_not_make_it_right() {
    let judged = Request::of(World::new().policy(POLICY));
    let weak = "version: 1 \nrules: { file-size: error }\n";
    judged.write(".factory-gate.yml", weak);
    let judged = judged.judge(&["--apply=fix"]);
    judged.refuses("`trailing-whitespace` is switched off");
}
