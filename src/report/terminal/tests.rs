//! What the terminal shows.

use super::*;
use crate::report::encode;
use crate::report::sample::{self, at, violation};
use crate::store::rows::{Order, Verdict};

fn shown(sample: &sample::Sample, options: Options) -> String {
    let mut bytes = Vec::new();
    write(&sample.run(), options, &mut bytes).unwrap();
    anstream::adapter::strip_str(&String::from_utf8(bytes).unwrap()).to_string()
}

#[test]
fn a_failing_run() {
    insta::assert_snapshot!(shown(&sample::failing(), Options::default()), @r#"
    .factory-gate.yml
      note[dead-pattern]: the pattern `old/**` matches nothing

    docs/a\x1b[31m::error::/x.md
      error[long-paths]: path has 230 characters, more than 200

    src/settings.py
      12:7 error[no-keys]: a private key is stored in the file
         12 | KEY = "-----BEGIN PRIVATE KEY-----"
            |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      114:11 warning[tidy-space]: white space at the end of the line
        114 |     return 漢字
            |                ^^

    How to fix
      dead-pattern: a path pattern of the policy matches nothing
        fix  Correct the pattern (patterns match the whole path: `**/*.bak`, not `*.bak`), or remove it.
        why  A pattern that matches nothing is a rule that checks nothing: a typing mistake, or the files
             have moved.
        more factory-gate explain dead-pattern
      long-paths: a path or a name is too long
        fix  Shorten the name, or move the file up.
        why  Windows refuses paths over 260 characters unless told otherwise, and a checkout adds its own
             prefix. Archives, container layers and backup tools have limits of their own.
        more factory-gate explain path-length

    Rules
                    errors  warnings  notes  suppressed  resolved  files checked
      dead-pattern       -         -      1           -         -              -
      long-paths         1         -      -           -         -          1,204
      no-keys            1         -      -           -         -          1,204
      small-files        -         -      -           1         -          1,204
      tidy-space         -         1      -           -         -          1,204
      1 other rule found nothing

    Phases
      1  Pre-deployment validation      completed  1.2 s
      2  Factory standards application  completed  20 ms
      3  Automated cleanup              completed  30 ms
      4  Post-deployment verification   completed  40 ms
      5  Integration reporting          completed  50 ms

    Cleanup
      removal of 1 file: planned, 33.7 KiB
      removal of 1 file: refused, 12 B
      planned                           logs/old.log  33.7 KiB  stale-logs
      refused: not below the workspace  build/x.tmp       12 B  stale-logs
      nothing was removed: only a run with --apply or --apply=cleanup removes

    Not fully checked: 1 path
      1  binary

    Run
      Session   FACTORY_DEPLOY_20270102_030405_a1b2c3
      Policy    no policy file found, so the preset `recommended` applies; a `.factory-gate.yml` changes that
      Checked   1,204 files, 9.4 MiB read
      Score     99.83 of 100: 2 of 1,204 checked with an error or a warning
      Database  factory_deployment.db
                sha256 5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f

    FAIL  2 errors, 1 warning, 1 note (1 suppressed)  (exit code 1)
      - 2 errors, and the gate fails on errors
      Next: fix what is shown above, or accept a violation by a comment on its line: factory-gate: allow(RULE) REASON
    "#);
}

#[test]
fn a_passing_run() {
    insta::assert_snapshot!(shown(&sample::passing(), Options::default()), @r"
    Rules
      5 rules, nothing found

    Phases
      1  Pre-deployment validation      completed  1.2 s
      2  Factory standards application  completed  20 ms
      3  Automated cleanup              completed  30 ms
      4  Post-deployment verification   completed  40 ms
      5  Integration reporting          completed  50 ms

    Run
      Session   FACTORY_DEPLOY_20270102_030405_a1b2c3
      Policy    .factory-gate.yml
      Checked   1,204 files, 9.4 MiB read
      Score     100.00 of 100: 0 of 1,204 checked with an error or a warning
      Database  factory_deployment.db
                sha256 5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f

    PASS  no open violations  (exit code 0)
    ");
}

#[test]
fn what_is_left_out_is_counted_and_the_worst_is_shown() {
    let text = shown(
        &sample::failing(),
        Options {
            findings: 1,
            actions: 1,
        },
    );
    let (findings, _) = text.split_once("How to fix").unwrap();
    insta::assert_snapshot!(findings, @r#"
    docs/a\x1b[31m::error::/x.md
      error[long-paths]: path has 230 characters, more than 200

    3 more findings not shown: the worst 1 of 4 are above. To see all:
      sqlite3 factory_deployment.db "SELECT severity, path, line, rule_id, message FROM violations WHERE deployment_id = 'FACTORY_DEPLOY_20270102_030405_a1b2c3' AND state <> 'suppressed' AND resolution IS NULL"
    "#);
    assert!(text.contains("1 more in the table cleanup_actions"));
}

#[test]
fn an_undecided_run_says_what_to_do() {
    let mut sample = sample::passing();
    let end = sample.record.end.as_mut().unwrap();
    (end.verdict, end.exit_code) = (Verdict::Undecided, 3);
    end.verdict_reasons = vec!["1 file could not be read: a\n::error::b".into()];
    let text = shown(&sample, Options::default());
    let at = text.find("UNDECIDED").unwrap();
    insta::assert_snapshot!(&text[at..], @r"
    UNDECIDED  no open violations  (exit code 3)
      - 1 file could not be read: a\n::error::b
      Next: remove the cause named above and run again; an undecided run never passes
    ");
}

#[test]
fn why_a_whole_plan_was_refused_is_said_once() {
    let mut sample = sample::failing();
    let end = sample.record.end.as_mut().unwrap();
    end.verdict_reasons = vec!["cleanup was refused: not below the workspace".into()];
    let text = shown(&sample, Options::default());
    assert_eq!(text.matches("not below the workspace").count(), 1, "{text}");
    assert!(text.contains("refused  build/x.tmp"), "{text}");
}

#[test]
fn who_quarantined_is_not_told_that_nothing_was_done() {
    let mut sample = sample::failing();
    let key = ("file_quarantine".to_owned(), "quarantined".to_owned());
    sample.record.actions.insert(key, (1, 1, 12));
    let text = shown(&sample, Options::default());
    assert!(!text.contains("nothing was removed"), "{text}");
}

#[test]
fn resolved_and_suppressed_findings_are_counted_and_not_shown() {
    let mut sample = sample::passing();
    let mut fixed = violation(Severity::Error, "r", "fixed-file", "m");
    fixed.resolution = Some("fixed".into());
    let mut accepted = violation(Severity::Error, "r", "accepted-file", "m");
    accepted.state = "suppressed".into();
    sample.rows.violations = vec![fixed, accepted];
    sample.recount();
    let text = shown(&sample, Options::default());
    assert!(!text.contains("fixed-file") && !text.contains("accepted-file"));
    assert!(
        text.contains("no open violations (1 suppressed, 1 resolved)"),
        "{text}"
    );
}

#[test]
fn colours_are_conventional() {
    let mut bytes = Vec::new();
    write(&sample::failing().run(), Options::default(), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("\u{1b}[1m\u{1b}[31merror\u{1b}[0m"));
    assert!(text.contains("\u{1b}[1m\u{1b}[33mwarning\u{1b}[0m"));
}

/// Puts one hostile text everywhere a text of the record can be.
fn poisoned(hostile: &str) -> sample::Sample {
    let mut sample = sample::failing();
    let text = || hostile.to_owned();
    for row in &mut sample.rows.violations {
        (row.path, row.message, row.rule_id) = (text(), text(), text());
    }
    sample.rows.violations.push(at(
        violation(Severity::Error, hostile, hostile, hostile),
        1,
        1..3,
        hostile,
    ));
    for row in &mut sample.rows.actions {
        (row.target_path, row.action_result, row.cleanup_rule) = (text(), text(), text());
    }
    for row in &mut sample.record.rules {
        row.rule_id = text();
    }
    for row in &mut sample.record.phases {
        (row.name, row.status) = (text(), text());
    }
    let end = sample.record.end.as_mut().unwrap();
    end.verdict_reasons = vec![text()];
    sample.record.start.details.policy_source = text();
    sample.record.start.deployment_id = text();
    sample.record.skipped = [(text(), 3)].into();
    sample.database.path = text();
    sample.recount();
    sample
}

#[test]
fn a_source_that_fails_is_an_error() {
    struct Broken;
    impl crate::store::rows::RowSource for Broken {
        fn violations(
            &self,
            _: Order,
            _: &mut dyn FnMut(
                crate::store::rows::ViolationRow,
            ) -> anyhow::Result<std::ops::ControlFlow<()>>,
        ) -> anyhow::Result<()> {
            anyhow::bail!("disk on fire")
        }
        fn skipped(
            &self,
            _: &mut dyn FnMut(
                crate::store::rows::SkippedRow,
            ) -> anyhow::Result<std::ops::ControlFlow<()>>,
        ) -> anyhow::Result<()> {
            Ok(())
        }
        fn actions(
            &self,
            _: &mut dyn FnMut(
                crate::store::rows::ActionRow,
            ) -> anyhow::Result<std::ops::ControlFlow<()>>,
        ) -> anyhow::Result<()> {
            Ok(())
        }
    }
    let sample = sample::failing();
    let run = Run {
        rows: &Broken,
        ..sample.run()
    };
    assert!(write(&run, Options::default(), &mut Vec::new()).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_of_a_record_becomes_a_command(hostile in "([#:\\[\\]\\r\\n\\u{1b} -]|##\\[|##vso\\[|::|--- |error|\\PC)*") {
        let sample = poisoned(&hostile);
        let mut bytes = Vec::new();
        write(&sample.run(), Options { findings: 3, actions: 1 }, &mut bytes).unwrap();
        let styled = String::from_utf8(bytes).unwrap();
        let plain = anstream::adapter::strip_str(&styled).to_string();
        for text in [&styled, &plain] {
            proptest::prop_assert!(!encode::runner::is_command(text), "{}", text);
            proptest::prop_assert!(!encode::runner::is_other_command(text), "{}", text);
        }
        proptest::prop_assert!(!plain.replace('\n', "").chars().any(encode::is_hidden), "{}", plain);
    }
}
