//! Budgets: a plan over one of them is refused as a whole, before the first act.

use super::kit::{Scene, cleaning};
use crate::world::snapshot;

fn limited(limit: &str) -> String {
    format!(
        "{{ rules: {{ trash: {{ paths: [\"**/*.tmp\", \"trash/\"] }} }}, limits: {{ {limit} }} }}"
    )
}

/// Each budget just over, exactly at, and under what is wanted: three files of 4, 4 and 2 bytes.
#[test]
fn a_plan_over_a_budget_is_refused_whole() {
    for (limit, fits) in [
        ("max_files: 2", false),
        ("max_files: 3", true),
        ("max_files: 4", true),
        ("max_files: 0", false),
        ("max_bytes: 9 B", false),
        ("max_bytes: 10 B", true),
        ("max_bytes: 11 B", true),
        ("max_files: 3, max_bytes: 9 B", false),
        ("max_files: 2, max_bytes: 1 GiB", false),
    ] {
        let world = cleaning(&limited(limit))
            .file("a.tmp", "123\n")
            .file("b.tmp", "123\n")
            .file("deep/c.tmp", "1\n");
        let scene = Scene::of(world);
        let before = snapshot(&scene.root());
        let answer = scene.sweep();
        if answer.status == 2 {
            assert!(limit.contains(": 0"), "{limit}: {answer:?}");
            assert_eq!(before, snapshot(&scene.root()), "{limit}");
            continue;
        }
        assert_eq!(
            answer.status,
            if fits { 0 } else { 3 },
            "{limit}: {answer:?}"
        );
        let rows = scene.rows();
        assert_eq!(rows.len(), 3, "{limit}: {rows:?}");
        if fits {
            assert!(
                rows.iter().all(|row| row.ends_with("|removed")),
                "{limit}: {rows:?}"
            );
        } else {
            assert_eq!(before, snapshot(&scene.root()), "{limit}");
            assert!(
                rows.iter()
                    .all(|row| row.contains("|refused: over the budget: ")),
                "{limit}: {rows:?}"
            );
        }
    }
}

/// A file with holes counts with its length, and each name of a file with several: never too low.
#[test]
fn bytes_are_never_counted_too_low() {
    let scene = Scene::of(cleaning(&limited("max_bytes: 1 MiB")).file("hole.tmp", ""));
    std::fs::File::options()
        .write(true)
        .open(scene.at("hole.tmp"))
        .unwrap()
        .set_len(2 << 20)
        .unwrap();
    assert_eq!(scene.sweep().status, 3);
    assert!(scene.has("hole.tmp"));

    let scene = Scene::of(cleaning(&limited("max_bytes: 1 kB")).file("0.tmp", "x".repeat(400)));
    for name in ["1.tmp", "2.tmp"] {
        std::fs::hard_link(scene.at("0.tmp"), scene.at(name)).unwrap();
    }
    assert_eq!(scene.sweep().status, 3);
    assert!(scene.has("0.tmp") && scene.has("1.tmp") && scene.has("2.tmp"));
}

#[test]
fn limits_that_are_no_numbers_are_mistakes() {
    for limit in [
        "max_files: -1",
        "max_files: many",
        "max_bytes: 1 XB",
        "max_bytes: -1 B",
        "max_flies: 1",
        "max_files: null",
        "max_files: \"\"",
        "max_files: 1e400",
    ] {
        let scene = Scene::of(cleaning(&limited(limit)).file("a.tmp", "x\n"));
        let answer = scene.sweep();
        assert_eq!(answer.status, 2, "{limit}: {answer:?}");
        assert!(scene.has("a.tmp"), "{limit}");
    }
}

/// A cleanup that takes longer than it may stops between two batches: what was not begun stays planned, and is done by
/// the next run.
#[test]
fn a_cleanup_over_its_time_stops_and_says_so() {
    let world = (0..3000).fold(cleaning(&limited("max_time: 0s")), |world, number| {
        world.file(format!("d{}/{number}.tmp", number % 5), "x\n")
    });
    let scene = Scene::of(world);
    let answer = scene.sweep();
    assert_eq!(answer.status, 3, "{answer:?}");
    assert!(answer.stdout.contains("max_time"), "{answer:?}");
    let rows = scene.rows();
    let planned = rows.iter().filter(|row| row.ends_with("|planned")).count();
    assert!(planned > 0, "{} rows, none left", rows.len());
    scene.assert_rows_are_true();
}

/// So many failures, and no more, are borne.
#[test]
fn a_cleanup_with_too_many_failures_stops() {
    let name = "a_cleanup_with_too_many_failures";
    if !super::kit::can_run(name, "strace", &["-f", "-qq", "-o", "/dev/null", "true"]) {
        return;
    }
    let world = (0..2500).fold(cleaning(&limited("max_failures: 3")), |world, number| {
        world.file(format!("d{}/{number}.tmp", number % 5), "x\n")
    });
    let scene = Scene::of(world);
    let output = std::process::Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat2"])
        .args(["-e", "inject=renameat2:error=EIO:when=2..20"])
        .arg(crate::world::binary())
        .args(super::kit::SWEEP)
        .current_dir(scene.beside(""))
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        super::kit::say(&output)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("max_failures"), "{text}");
    let rows = scene.rows();
    let not_begun = rows
        .iter()
        .filter(|row| row.ends_with("|planned") || row.contains("|skipped: not begun"));
    assert!(not_begun.count() > 0, "everything was tried");
    scene.assert_rows_are_true();
    let again = scene.sweep();
    assert_eq!(again.status, 0, "{again:?}");
}
