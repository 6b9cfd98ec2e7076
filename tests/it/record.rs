//! The database: what an auditor with nothing but SQL finds in it.

use crate::world::{World, make_fifo, query};

fn dirty() -> World {
    World::new()
        .policy(
            "version: 1
rules: { trailing-whitespace: warning, final-newline: error, required: { use: required-path, all_of: [LICENSE] } }
cleanup:
  rules: { trash: { paths: [\"**/*.tmp\", \"cache/\"] } }
",
        )
        .file("a.txt", "x \ny \n")
        .file("b.txt", "no newline")
        .file("c.txt", "fine\n")
        .file("deep/t.tmp", "x \n")
        .file("cache/x/y", "data\n")
}

#[test]
fn the_given_tables_are_exactly_as_given() {
    let world = dirty();
    world.run(&[]);
    let columns = |table: &str| {
        let sql = format!(
            "SELECT name, type, \"notnull\", ifnull(dflt_value, '-'), pk FROM pragma_table_info('{table}')"
        );
        world.query(&sql).join("\n")
    };
    insta::assert_snapshot!(columns("deployment_sessions"), @"
    id|INTEGER|0|-|1
    deployment_id|TEXT|1|-|0
    start_time|TEXT|1|-|0
    end_time|TEXT|0|-|0
    status|TEXT|0|'in_progress'|0
    workspace_path|TEXT|1|-|0
    phases_completed|INTEGER|0|0|0
    total_phases|INTEGER|0|5|0
    success_rate|REAL|0|0.0|0
    created_at|TEXT|0|CURRENT_TIMESTAMP|0
    ");
    insta::assert_snapshot!(columns("factory_validation"), @"
    id|INTEGER|0|-|1
    deployment_id|TEXT|1|-|0
    validation_type|TEXT|1|-|0
    validation_result|TEXT|1|-|0
    files_checked|INTEGER|0|0|0
    violations_found|INTEGER|0|0|0
    compliance_score|REAL|0|0.0|0
    timestamp|TEXT|1|-|0
    created_at|TEXT|0|CURRENT_TIMESTAMP|0
    ");
    insta::assert_snapshot!(columns("cleanup_actions"), @"
    id|INTEGER|0|-|1
    deployment_id|TEXT|1|-|0
    action_type|TEXT|1|-|0
    target_path|TEXT|1|-|0
    action_result|TEXT|1|-|0
    files_affected|INTEGER|0|0|0
    timestamp|TEXT|1|-|0
    created_at|TEXT|0|CURRENT_TIMESTAMP|0
    ");
}

#[test]
fn the_score_can_be_recomputed_from_the_side_tables() {
    let world = dirty();
    assert_eq!(world.run(&[]).status, 1);
    let score = world.query(
        "WITH failing AS (SELECT DISTINCT subject, path FROM violations
                          WHERE state = 'open' AND severity IN ('error', 'warning')),
              checked AS (SELECT (SELECT files_scanned FROM session_details)
                               + (SELECT sum(requirements) FROM rule_results WHERE stage = 'pre_deployment') AS n)
         SELECT 100.0 * (1 - (SELECT count(*) FROM failing) * 1.0 / n) FROM checked",
    );
    let recorded = world.query("SELECT compliance_score FROM factory_validation ORDER BY id");
    assert_eq!(recorded.len(), 2);
    assert_eq!(recorded[0], recorded[1], "a read-only run's two rows agree");
    assert_eq!(score[0], recorded[0]);
    // Six files and one required thing were looked at; a.txt, b.txt, deep/t.tmp and LICENSE fail.
    assert!(
        (recorded[0].parse::<f64>().unwrap() - 100.0 * 3.0 / 7.0).abs() < 1e-9,
        "{recorded:?}"
    );
}

#[test]
fn a_read_only_run_changes_nothing_and_plans() {
    let world = dirty();
    world.run(&[]);
    assert!(world.root().join("deep/t.tmp").exists());
    assert_eq!(
        world.query("SELECT action_type, target_path, action_result, files_affected FROM cleanup_actions ORDER BY id"),
        [
            "file_removal|cache/x/y|planned|0",
            "file_removal|deep/t.tmp|planned|0",
            "directory_removal|cache/x|planned|0",
            "directory_removal|cache|planned|0",
        ]
    );
    assert_eq!(
        world.query(
            "SELECT status, phases_completed, total_phases, success_rate FROM deployment_sessions"
        ),
        ["completed|5|5|100"]
    );
}

#[test]
fn an_applied_cleanup_removes_what_it_planned_and_the_record_says_so() {
    let world = dirty();
    let answer = world.run(&["--apply=cleanup"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(!world.root().join("deep/t.tmp").exists());
    assert!(
        world.root().join("deep").exists(),
        "a directory that no pattern names stays"
    );
    assert!(!world.root().join("cache").exists());
    assert_eq!(
        world.query(
            "SELECT target_path, action_result, files_affected FROM cleanup_actions ORDER BY id"
        ),
        [
            "cache/x/y|removed|1",
            "deep/t.tmp|removed|1",
            "cache/x|removed|1",
            "cache|removed|1"
        ]
    );
    assert_eq!(
        world
            .query("SELECT path, rule_id, resolution FROM violations WHERE resolution IS NOT NULL"),
        ["deep/t.tmp|trailing-whitespace|removed"]
    );
    let counts = world.query("SELECT violations_found FROM factory_validation ORDER BY id");
    assert_eq!(counts, ["5", "4"]);
    assert_eq!(
        world.run(&["--apply"]).status,
        1,
        "a second run finds nothing to remove"
    );
    assert_eq!(world.query("SELECT count(*) FROM cleanup_actions"), ["4"]);
}

#[test]
fn a_second_run_is_appended_and_the_file_verifies() {
    let world = dirty();
    world.run(&[]);
    world.run(&[]);
    assert_eq!(
        world.query("SELECT count(*) FROM deployment_sessions"),
        ["2"]
    );
    let answer = world.gate(["verify", "factory_deployment.db"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn a_tampered_file_does_not_verify() {
    let world = dirty();
    world.run(&[]);
    let connection = rusqlite::Connection::open(world.database()).unwrap();
    connection
        .execute(
            "UPDATE violations SET severity = 'note' WHERE path = 'b.txt'",
            [],
        )
        .unwrap();
    drop(connection);
    let answer = world.gate(["verify", "factory_deployment.db"]);
    assert_eq!(answer.status, 1, "{answer:?}");
}

#[test]
fn every_view_answers() {
    let world = dirty();
    world.run(&[]);
    for view in [
        "v_latest_session",
        "v_open_violations",
        "v_violations_by_rule",
        "v_cleanup_timeline",
        "v_trend",
    ] {
        assert!(
            !query(&world.database(), &format!("SELECT * FROM {view}")).is_empty(),
            "{view}"
        );
    }
}

#[test]
fn nothing_is_left_beside_the_published_file() {
    let world = dirty();
    world.run(&[]);
    let mut names: Vec<_> = std::fs::read_dir(world.beside(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["factory_deployment.db", "work"]);
}

#[test]
fn files_that_whole_tree_rules_find_count_once_in_the_score() {
    let world = World::new()
        .policy("version: 1\nrules: { duplicate-file: { severity: error, min_size: 1 } }\n")
        .file("a.txt", "same\n")
        .file("b.txt", "same\n");
    world.run(&[]);
    // The policy is the third file; one of the two is a copy.
    assert_eq!(
        world.query("SELECT DISTINCT subject FROM violations"),
        ["file"]
    );
    let score = world.query("SELECT round(compliance_score, 4) FROM factory_validation");
    assert_eq!(score, ["66.6667", "66.6667"]);
}

#[test]
fn an_excerpt_never_shows_a_credential() {
    let world = World::new()
        .policy("version: 1\nrules: { trailing-whitespace: error }\n")
        .file("a.cfg", "password = \"correct-horse-battery\" \n");
    let answer = world.run(&[]);
    assert!(!answer.stdout.contains("correct-horse"), "{answer:?}");
    assert_eq!(
        world.query("SELECT excerpt FROM violations"),
        ["password = \"*********************\" "]
    );
}

#[test]
fn what_is_fixed_by_removal_of_its_twin_is_resolved() {
    let world = World::new()
        .policy(
            "version: 1\nrules: { duplicate-file: { severity: error, min_size: 1 } }\n\
             cleanup: { rules: { trash: { paths: [\"a.tmp\"] } } }\n",
        )
        .file("a.tmp", "same\n")
        .file("b.txt", "same\n");
    assert_eq!(world.run(&["--apply"]).status, 0);
    assert_eq!(
        world.query("SELECT path, resolution FROM violations"),
        ["b.txt|removed"]
    );
}

#[test]
fn what_a_guard_keeps_from_cleanup_leaves_the_verdict_open() {
    let world = World::new()
        .policy("version: 1\nrules: { final-newline: error }\ncleanup: { rules: { all: { paths: [\"**/*.pipe\"] } } }\n");
    let pipe = world.root().join("a.pipe");
    make_fifo(&pipe);
    let answer = world.run(&["--apply"]);
    assert_eq!(answer.status, 3, "{answer:?}");
    assert!(pipe.symlink_metadata().is_ok());
    let refused = "SELECT count(*) FROM cleanup_actions WHERE action_result LIKE 'refused: %'";
    assert_eq!(world.query(refused), ["1"]);
}

#[test]
fn bytes_read_do_not_depend_on_threads_or_on_the_files_before() {
    let mut world = World::new().policy("version: 1\nrules: { final-newline: error }\n");
    for number in 0..60_usize {
        let size = 40_000 * (number % 11);
        let text = if number % 3 == 0 {
            vec![0; size]
        } else {
            vec![b'x'; size]
        };
        world = world.file(format!("f{number}"), text);
    }
    let bytes = |threads: &str| {
        world.run(&["--threads", threads]);
        world.query("SELECT bytes_scanned FROM session_details ORDER BY rowid DESC LIMIT 1")
    };
    let one = bytes("1");
    assert_eq!([bytes("4"), bytes("16")], [one.clone(), one]);
}
