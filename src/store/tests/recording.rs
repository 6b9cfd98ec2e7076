//! What is recorded is what is read back, from the run and from the published file.

use super::*;
use std::ops::ControlFlow;

fn check_record(record: &RunRecord) {
    assert_eq!(record.start.deployment_id, id(1));
    assert_eq!(record.start.details, session(1).details);
    assert_eq!(record.suppressions, [suppression()]);
    assert_eq!(
        record.rules,
        [rule(Stage::PreDeployment), rule(Stage::PostDeployment)]
    );
    let [before, after] = &record.validations[..] else {
        panic!("{:?}", record.validations)
    };
    assert_eq!((before.things_checked, before.things_failing), (13, 4));
    assert_eq!((after.things_checked, after.things_failing), (13, 3));
    assert_eq!((before.violations_found, after.violations_found), (5, 4));
    assert!((before.compliance_score - 100.0 * (1.0 - 4.0 / 13.0)).abs() < 1e-9);
    assert_eq!(record.skipped["unreadable"], 2);
    let key = |result: &str| ("file_removal".to_owned(), result.to_owned());
    assert_eq!(record.actions[&key("removed")], (1, 1, 5));
    assert_eq!(record.actions[&key("refused")], (1, 0, 5));
    assert_eq!(record.counts[&(Severity::Error, "open".into(), false)], 3);
    assert_eq!(record.counts[&(Severity::Error, "open".into(), true)], 1);
    assert_eq!(
        record.counts[&(Severity::Error, "suppressed".into(), false)],
        1
    );
}

#[test]
fn a_run_reads_its_own_rows_and_the_published_file_holds_the_same() {
    let place = Place::new();
    let recorder = place.start(1);
    fill(&recorder);
    let reader = recorder.reader();
    check_record(&reader.record().unwrap());
    assert_eq!(recorder.counts().unwrap(), reader.record().unwrap().counts);
    let rows = violations(&reader, Order::ByPath);
    let paths: Vec<_> = rows.iter().map(|row| row.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "LICENSE",
            "a-\\xff.log",
            "b.txt",
            "b.txt",
            "c.txt",
            "d.txt",
            "tmp"
        ]
    );
    assert_eq!(rows[1].resolution.as_deref(), Some("removed"));
    assert_eq!(rows[4].suppression, Some(1));
    assert_eq!(rows[0].region, None);
    let published = recorder.finish(&end(), &phase(5)).unwrap();
    assert_eq!(published.path, place.database());
    assert_eq!(place.others(), [""; 0]);

    let reader = open_reader(&place.database(), None, &place.reading()).unwrap();
    let record = reader.record().unwrap();
    check_record(&record);
    assert_eq!(record.end, Some(end()));
    assert_eq!(record.phases, [phase(1), phase(4), phase(5)]);
    assert_eq!(violations(&reader, Order::ByPath), rows);
    let worst = violations(&reader, Order::WorstFirst);
    assert_eq!(worst[5].severity, Severity::Warning);
    assert_eq!(worst[6].severity, Severity::Note);
    let mut seen = Vec::new();
    reader
        .skipped(&mut |row| {
            seen.push(row.path);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(seen, ["a", "bin\\xfe"]);
    let mut results = Vec::new();
    reader
        .actions(&mut |row| {
            results.push((row.target_path, row.action_result));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    let expected = [
        ("a-\\xff.log", "removed"),
        (".git/x.log", "refused: protected"),
    ];
    assert_eq!(
        results,
        expected.map(|(path, result)| (path.into(), result.into()))
    );
}

#[test]
fn reading_stops_where_the_callback_breaks_or_fails() {
    let place = Place::new();
    let recorder = place.start(1);
    fill(&recorder);
    let reader = recorder.reader();
    let mut seen = 0;
    reader
        .violations(Order::ByPath, &mut |_| {
            seen += 1;
            Ok(ControlFlow::Break(()))
        })
        .unwrap();
    assert_eq!(seen, 1);
    let failed = reader.skipped(&mut |_| anyhow::bail!("the sink is full"));
    assert_eq!(failed.unwrap_err().to_string(), "the sink is full");
    assert_eq!(recorder.counts().unwrap().values().sum::<u64>(), 7);
}

#[test]
fn phase_four_adds_only_what_is_new_and_reopens_what_is_still_there() {
    let place = Place::new();
    let recorder = place.start(1);
    let before = vec![finding(1, b"a"), finding(2, b"b")];
    recorder.findings(Stage::PreDeployment, before).unwrap();
    let paths = vec![Box::from(&b"a"[..]), Box::from(&b"b"[..])];
    assert_eq!(recorder.mark_resolved(paths).unwrap(), 2);
    let after = vec![finding(2, b"b"), finding(3, b"c"), finding(3, b"c")];
    recorder.findings(Stage::PostDeployment, after).unwrap();
    let rows = violations(&recorder.reader(), Order::ByPath);
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.path.as_str(), row.stage, row.resolution.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            ("a", Stage::PreDeployment, Some("removed")),
            ("b", Stage::PreDeployment, None),
            ("c", Stage::PostDeployment, None)
        ]
    );
}

#[test]
fn a_name_that_looks_like_an_escape_is_told_from_the_bytes() {
    let place = Place::new();
    let recorder = place.start(1);
    let both = vec![finding(1, b"\xff"), finding(2, b"\\xff")];
    recorder.findings(Stage::PreDeployment, both).unwrap();
    recorder.rule_results(vec![]).unwrap();
    let totals = recorder.compliance(Stage::PreDeployment, 2).unwrap();
    assert_eq!((totals.things_checked, totals.things_failing), (2, 2));
    assert_eq!(recorder.mark_resolved(vec![(*b"\xff").into()]).unwrap(), 1);
}

#[test]
fn a_removal_without_an_intent_is_refused_and_the_recorder_goes_on() {
    let place = Place::new();
    let recorder = place.start(1);
    recorder
        .plan(vec![planned(b"a", "planned"), planned(b"b", "planned")])
        .unwrap();
    for untrue in [
        recorder.journal(&[settled(1, "removed", 1)], &[]),
        recorder.journal(&[settled(1, "removed", 0)], &[]),
        recorder.journal(&[settled(1, "skipped: x", 1)], &[]),
        recorder.journal(&[settled(1, "gone", 0)], &[]),
        recorder.journal(&[], &[1, 3]),
        recorder.plan(vec![planned(b"c", "removed")]),
    ] {
        assert!(matches!(untrue, Err(StoreError::Untrue(_))), "{untrue:?}");
    }
    recorder
        .journal(&[settled(2, "skipped: changed", 0)], &[1])
        .unwrap();
    recorder
        .journal(&[settled(1, "already_gone", 0)], &[])
        .unwrap();
    let twice = recorder.journal(&[settled(1, "already_gone", 0)], &[]);
    assert!(matches!(twice, Err(StoreError::Untrue(_))));
    let actions = recorder.reader().record().unwrap().actions;
    assert_eq!(actions.len(), 2, "{actions:?}");
}

#[test]
fn a_full_disk_is_answered_by_every_later_call_and_what_was_durable_stays() {
    let place = Place::new();
    let limited = (&[][..], Some(120));
    let recorder = Recorder::start_within(&place.database(), "0a", &session(1), limited).unwrap();
    recorder
        .findings(Stage::PreDeployment, vec![finding(0, b"first")])
        .unwrap();
    recorder.phase(phase(1)).unwrap();
    let many: Vec<_> = (0..20_000_u32)
        .map(|number| finding((number % 200) as u8, b"x"))
        .collect();
    // The thread may be busy with it; the failure shows with the next call that waits.
    recorder.findings(Stage::PreDeployment, many).unwrap();
    let error = recorder.counts().unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    assert!(recorder.phase(phase(2)).is_err());
    assert!(recorder.findings(Stage::PreDeployment, vec![]).is_err());
    assert!(recorder.journal(&[], &[]).is_err());
    assert!(recorder.finish(&end(), &phase(5)).is_err());
    assert!(!place.database().exists());
    let recovered = recover(&place.database(), NOW, &|_| Sight::Same).unwrap();
    assert_eq!(recovered.len(), 1);
    assert!(count(&place.database(), "SELECT COUNT(*) FROM violations") >= 1);
    assert_eq!(place.verify().unwrap().outcome, Outcome::Incomplete);
}

#[test]
fn a_run_is_durable_before_its_first_finding_and_nothing_is_at_the_destination() {
    let place = Place::new();
    let recorder = place.start(1);
    assert!(!place.database().exists());
    assert_eq!(place.others(), [".factory deployment%.db.run-000001"]);
    let record = recorder.reader().record().unwrap();
    assert_eq!(record.end, None);
    assert_eq!(record.start.workspace_path, "/ws");
}

#[test]
fn the_totals_are_those_of_the_view_also_where_paths_look_alike() {
    let place = Place::new();
    let recorder = place.start(1);
    let paths: [&[u8]; 6] = [b"a", b"\\xff", b"\xff", b"a", b"\\xff", b"b"];
    let mut findings: Vec<Finding> = (1..).zip(paths).map(|(n, path)| finding(n, path)).collect();
    findings[5].subject = Subject::Directory;
    findings.push(finding(7, b"b"));
    recorder.findings(Stage::PreDeployment, findings).unwrap();
    recorder
        .rule_results(vec![rule(Stage::PreDeployment)])
        .unwrap();
    let before = recorder.validation(Stage::PreDeployment, 10, NOW).unwrap();
    assert_eq!(
        (
            before.violations_found,
            before.things_failing,
            before.things_checked
        ),
        (7, 5, 13)
    );
    assert_eq!(recorder.mark_resolved(vec![(*b"\xff").into()]).unwrap(), 1);
    let after = recorder.validation(Stage::PostDeployment, 10, NOW).unwrap();
    assert_eq!((after.violations_found, after.things_failing), (6, 4));
    recorder.finish(&end(), &phase(5)).unwrap();
    assert_eq!(place.verify().unwrap().outcome, Outcome::Ok);
}
