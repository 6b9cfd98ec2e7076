//! Patterns that would leave the workspace or mean too much are mistakes of the policy; those that mean everything are
//! still held by what must never go.

use super::kit::{Scene, TRASH, cleaning};
use crate::world::snapshot;

/// A rule with one pattern, quoted so that YAML takes it as it is.
pub(super) fn one(pattern: &str) -> String {
    let quoted = serde_json::to_string(pattern).unwrap();
    format!("{{ rules: {{ trash: {{ paths: [{quoted}] }} }} }}")
}

/// Patterns that the policy takes, as rule or as `keep`, and those that changed something although it did not.
pub(super) fn taken(patterns: &[&str]) -> Vec<String> {
    let mut taken = Vec::new();
    for pattern in patterns {
        let quoted = serde_json::to_string(pattern).unwrap();
        let keep =
            format!("{{ rules: {{ trash: {{ paths: [\"**/*.tmp\"] }} }}, keep: [{quoted}] }}");
        for (list, cleanup) in [("rules", one(pattern)), ("keep", keep)] {
            let scene = Scene::of(cleaning(&cleanup).file("a.tmp", "x\n").file("trash", "x\n"));
            let before = snapshot(&scene.root());
            let answer = scene.sweep();
            let is_refused = answer.status == 2 && !scene.database().exists();
            if !is_refused || before != snapshot(&scene.root()) {
                taken.push(format!("{list} {pattern:?}: exit code {}", answer.status));
            }
        }
    }
    taken
}

#[test]
fn patterns_that_name_nothing_or_leave_the_workspace_are_mistakes() {
    let taken = taken(&[
        "",
        " ",
        ".",
        "./",
        "..",
        "/",
        "//",
        "/etc/**",
        "/**",
        "../x",
        "../**",
        "a/../../x",
        "a/..",
        "a/../b",
        "[",
        "{a",
    ]);
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn an_empty_list_of_patterns_is_a_mistake() {
    for cleanup in [
        "{ rules: { trash: { paths: [] } } }",
        "{ rules: { trash: {} } }",
        "{ rules: { trash: { paths: null } } }",
        "{ rules: { trash: { paths: \"\" } } }",
    ] {
        let scene = Scene::of(cleaning(cleanup).file("a.tmp", "x\n"));
        assert_eq!(scene.sweep().status, 2, "{cleanup}");
        assert!(scene.has("a.tmp"));
    }
}

/// Everything may be asked for; the policy, the record and git stay.
#[test]
fn a_pattern_for_everything_leaves_what_must_never_go() {
    for pattern in ["**", "*", "**/", "*/", "**/*", "?*"] {
        let world = cleaning(&one(pattern)).file("kept.txt", "tracked\n").git();
        let world = world.file("loose.txt", "x\n").file("dir/loose.txt", "x\n");
        let scene = Scene::of(world);
        let answer = scene.gate([
            "run",
            "work",
            "--apply=cleanup",
            "--quiet",
            "--database",
            "work/record.db",
        ]);
        let has = |path: &str| scene.has(path);
        assert!(
            has("kept.txt") && has(".factory-gate.yml"),
            "{pattern}: {answer:?}"
        );
        assert!(
            has(".git/index") && has(".git/HEAD") && has("record.db"),
            "{pattern}: {answer:?}"
        );
        scene.git_command(&["fsck", "--strict"]);
        if pattern == "**/" {
            assert!(!has("dir"), "{pattern}: {answer:?}");
        }
        scene.git_command(&["diff", "--quiet"]);
    }
}

/// Brackets are a set of letters, or a mistake of the policy: a name with brackets is not matched by itself.
#[test]
fn brackets_are_a_set_of_letters_unless_they_are_escaped() {
    let names = ["[moduleId]/x", "m/x", "I/x", "id/x"];
    for (pattern, goes) in [
        ("[moduleId]/", &["I", "m"][..]),
        ("\\[moduleId\\]/", &["[moduleId]"]),
        ("[[]moduleId[]]/", &["[moduleId]"]),
    ] {
        let world = names.iter().fold(cleaning(&one(pattern)), |world, name| {
            world.file(name, "x\n")
        });
        let scene = Scene::of(world);
        let answer = scene.sweep();
        if answer.status == 2 {
            assert!(
                names.iter().all(|name| scene.has(name)),
                "{pattern}: {answer:?}"
            );
            continue;
        }
        assert_eq!(answer.status, 0, "{pattern}: {answer:?}");
        for name in names {
            let top = name.split('/').next().unwrap();
            assert_eq!(scene.has(name), !goes.contains(&top), "{pattern}: {name}");
        }
        scene.assert_rows_are_true();
    }
}

#[test]
fn names_are_matched_as_bytes_and_in_their_own_case() {
    let composed = "caf\u{e9}.tmp";
    let decomposed = "cafe\u{301}.tmp";
    for (pattern, goes, stays) in [
        ("build", &["build"][..], &["Build", "BUILD"][..]),
        ("*.tmp ", &["b.tmp "], &["b.tmp"]),
        ("*.tmp\n", &["c.tmp\n"], &["c.tmp"]),
        ("-rf", &["-rf"], &["rf"]),
        (composed, &[composed], &[decomposed]),
        (decomposed, &[decomposed], &[composed]),
    ] {
        let all = goes.iter().chain(stays);
        let world = all.fold(cleaning(&one(pattern)), |world, name| {
            world.file(name, "x\n")
        });
        let scene = Scene::of(world);
        let answer = scene.sweep();
        let told = (answer.status, answer.stderr.clone());
        for name in goes {
            // A pattern may be refused as a mistake; it may not be taken for another.
            assert!(
                !scene.has(name) || answer.status == 2,
                "{pattern:?} {name:?}: {told:?}"
            );
        }
        for name in stays {
            assert!(scene.has(name), "{pattern:?} took {name:?}: {told:?}");
        }
    }
}

#[test]
fn what_is_kept_stays_whatever_the_rule_says() {
    let cleanup =
        "{ rules: { trash: { paths: [\"logs/\", \"**/*.tmp\"] } }, keep: [\"logs/audit.log\"] }";
    let scene = Scene::of(
        cleaning(cleanup)
            .file("logs/audit.log", "x\n")
            .file("logs/b.log", "x\n"),
    );
    scene.expect(
        0,
        &[
            "logs/b.log|removed",
            "logs|skipped: not empty: something below it stays",
            "logs/audit.log|skipped: kept by `logs/audit.log`",
        ],
    );
}

/// Without `--apply` nothing changes, and the rows say what would.
#[test]
fn a_run_without_apply_changes_nothing() {
    let scene = Scene::of(cleaning(TRASH).file("a.tmp", "x\n").file("trash/b", "x\n"));
    let before = snapshot(&scene.root());
    for arguments in [&[][..], &["--apply=fix"]] {
        assert_eq!(scene.run(arguments).status, 0);
        assert_eq!(before, snapshot(&scene.root()), "{arguments:?}");
        assert_eq!(
            scene.rows(),
            ["a.tmp|planned", "trash/b|planned", "trash|planned"]
        );
    }
    // An empty policy removes nothing either.
    let scene = Scene::of(cleaning("{}").file("a.tmp", "x\n"));
    assert_eq!(scene.sweep().status, 0);
    assert!(scene.has("a.tmp") && scene.rows().is_empty());
}
