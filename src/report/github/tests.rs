//! What GitHub is told.

use super::*;
use crate::finding::{Region, Severity};
use crate::report::encode::runner::{self, Command};
use crate::report::sample::{self, Sample, at, violation};
use crate::report::{Kind, Plan, Run, Shown};

const ROOMY: SummaryLimits = SummaryLimits {
    bytes: 900_000,
    violations: 500,
};
const DELIMITER: &str = "ghadelimiter_00112233445566778899";

fn source() -> Source {
    Source {
        blob_url: Some("https://github.com/o/r/blob/abc/".into()),
        prefix: "app/".into(),
    }
}

/// A failing run with this many errors and as many warnings, at paths that need encoding.
fn large(count: u32) -> Sample {
    let mut sample = sample::failing();
    sample.rows.violations = (0..count)
        .flat_map(|number| {
            let rule = if number % 3 == 0 {
                "no-keys"
            } else {
                "long-paths"
            };
            let path = format!("src/|{number:06}/\u{202e}<b>`@user`.rs");
            [Severity::Error, Severity::Warning].map(|severity| {
                at(
                    violation(severity, rule, &path, "a message | with\n漢字"),
                    number + 1,
                    1..2,
                    "x",
                )
            })
        })
        .collect();
    sample.recount();
    sample
}

fn commands(annotations: &Annotations) -> Vec<Command> {
    annotations
        .commands
        .lines()
        .map(|line| runner::parse_v2(line).unwrap())
        .collect()
}

/// The text with the invisible character that breaks mentions and links made visible.
fn breaks_shown(markdown: &str) -> String {
    markdown.replace('\u{200b}', "<break>")
}

#[test]
fn a_summary() {
    let sample = sample::failing();
    let summary = summary(&sample.run(), &source(), SummaryLimits::within(900_000)).unwrap();
    assert_eq!(summary.left_out, 0);
    insta::assert_snapshot!(breaks_shown(&summary.markdown), @r"
    ## Factory Gate: ❌ fail

    2 errors, 1 warning, 1 note (1 suppressed)

    * 2 errors, and the gate fails on errors

    | errors | warnings | notes | suppressed | resolved | files checked | score |
    | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | 2 | 1 | 1 | 1 | 0 | 1,204 | 99.83 |

    ### Violations

    | severity | rule | where | what |
    | --- | --- | --- | --- |
    | error | long-paths | [docs/a\\x1b\[31m\:\:error\:\:<break>/x.md](https://github.com/o/r/blob/abc/app/docs/a%1B%5B31m%3A%3Aerror%3A%3A/x.md) | path has 230 characters, more than 200 |
    | error | no-keys | [src/settings.py\:12](https://github.com/o/r/blob/abc/app/src/settings.py#L12) | a private key is stored in the file |
    | warning | tidy-space | [src/settings.py\:114](https://github.com/o/r/blob/abc/app/src/settings.py#L114) | white space at the end of the line |
    | note | dead-pattern | [.factory-gate.yml](https://github.com/o/r/blob/abc/app/.factory-gate.yml) | the pattern \`old/\*\*\` matches nothing |

    ### How to fix

    * **long-paths**: Shorten the name, or move the file up. Windows refuses paths over 260 characters unless told otherwise, and a checkout adds its own prefix. Archives, container layers and backup tools have limits of their own.

    More: `factory-gate explain RULE`

    ### Suppressions: 1

    | rule | where | reason | owner | until | matched |
    | --- | --- | --- | --- | --- | ---: |
    | small-files | data/big.bin | training set \| reviewed by \@<break>data | \@<break>data | 2027-06-30 | 1 |

    ### Cleanup: 2 targets

    * removal of 1 file: planned, 33.7 KiB
    * removal of 1 file: refused, 12 B

    | result | path | size | rule |
    | --- | --- | ---: | --- |
    | planned | logs/old.log | 33.7 KiB | stale-logs |
    | refused\: not below the workspace | build/x.tmp | 12 B | stale-logs |

    ### Not fully checked: 1 path

    | paths | reason |
    | ---: | --- |
    | 1 | binary |

    Policy: preset recommended · Run: FACTORY\_DEPLOY\_20270102\_030405\_a1b2c3 · Version: 0.1.0

    Database: factory\_deployment.db, SHA-256 5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f
    ");
}

#[test]
fn a_summary_of_a_pass() {
    let sample = sample::passing();
    let summary = summary(&sample.run(), &source(), ROOMY).unwrap();
    insta::assert_snapshot!(breaks_shown(&summary.markdown), @r"
    ## Factory Gate: ✅ pass

    no open violations


    | errors | warnings | notes | suppressed | resolved | files checked | score |
    | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | 0 | 0 | 0 | 0 | 0 | 1,204 | 100.00 |

    Policy: .factory-gate.yml · Run: FACTORY\_DEPLOY\_20270102\_030405\_a1b2c3 · Version: 0.1.0

    Database: factory\_deployment.db, SHA-256 5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f
    ");
}

#[test]
fn a_hundred_thousand_rows_fit_and_the_rest_is_counted_exactly() {
    let sample = large(50_000);
    for bytes in [900_000, 100_000, 10_000, 3_000] {
        let limits = SummaryLimits {
            bytes,
            violations: u64::MAX,
        };
        let summary = summary(&sample.run(), &source(), limits).unwrap();
        assert!(
            summary.markdown.len() <= bytes,
            "{} > {bytes}",
            summary.markdown.len()
        );
        let rows = summary
            .markdown
            .lines()
            .filter(|line| line.starts_with("| error ") | line.starts_with("| warning "))
            .count();
        assert_eq!(summary.left_out, 100_000 - rows as u64);
        let said = format!(
            "**{} violations not shown here**",
            crate::report::text::grouped(summary.left_out)
        );
        assert!(summary.markdown.contains(&said), "{bytes}: {said}");
        assert!(
            bytes < 100_000 || summary.markdown.len() > bytes * 9 / 10,
            "room is wasted"
        );
    }
}

#[test]
fn without_room_there_is_one_line_or_nothing_and_the_count_says_so() {
    let sample = large(10);
    for bytes in 0..2_000 {
        let limits = SummaryLimits {
            bytes,
            violations: 500,
        };
        let summary = summary(&sample.run(), &source(), limits).unwrap();
        assert!(summary.markdown.len() <= bytes);
        assert!(!summary.markdown.is_empty() || summary.left_out == 20);
        assert!(summary.markdown.is_empty() || summary.markdown.contains("❌ fail"));
    }
}

#[test]
fn the_row_limit_holds() {
    let sample = large(10);
    let limits = SummaryLimits {
        violations: 3,
        ..ROOMY
    };
    let summary = summary(&sample.run(), &source(), limits).unwrap();
    assert_eq!(summary.left_out, 17);
    assert!(
        summary
            .markdown
            .contains("**17 violations not shown here** (3 of 20 are, the worst first)")
    );
}

#[test]
fn every_row_of_a_table_has_its_columns() {
    let sample = large(50);
    let summary = summary(&sample.run(), &source(), ROOMY).unwrap();
    for line in summary
        .markdown
        .lines()
        .filter(|line| line.starts_with("| error"))
    {
        let bare = line.replace("\\\\", "").replace("\\|", "");
        if !line.contains("errors") {
            assert_eq!(bare.matches('|').count(), 5, "{line}");
        }
        assert!(!line.contains('\u{202e}'));
    }
}

#[test]
fn links_lead_only_where_they_should() {
    let region = Some(Region {
        line: 3,
        column: 1,
        end_line: 5,
        end_column: 1,
    });
    let link = |path: &str| source().link(path, region);
    assert_eq!(
        link("a b/ü)(#?.rs").as_deref(),
        Some("https://github.com/o/r/blob/abc/app/a%20b/%C3%BC%29%28%23%3F.rs#L3-L5")
    );
    assert_eq!(link("../../x"), None);
    assert_eq!(link("a\\xff"), None);
    assert_eq!(link(""), None);
    assert_eq!(Source::default().link("a", None), None);
    let hostile = Source {
        blob_url: Some("https://x/)[y](z".into()),
        prefix: String::new(),
    };
    assert_eq!(hostile.link("a", None), None);
}

#[test]
fn what_is_not_a_file_gets_no_link() {
    let mut sample = sample::passing();
    let mut required = violation(Severity::Error, "r", "LICENSE", "is missing");
    required.subject = "requirement".into();
    sample.rows.violations = vec![required, violation(Severity::Error, "r", "NOTICE", "m")];
    sample.recount();
    let summary = summary(&sample.run(), &source(), ROOMY).unwrap();
    assert!(summary.markdown.contains("| LICENSE |"));
    assert!(
        summary
            .markdown
            .contains("| [NOTICE](https://github.com/o/r/blob/abc/app/NOTICE) |")
    );
}

#[test]
fn ten_of_a_level_are_shown_and_of_more_nine_and_a_roll_up() {
    let few = annotations(&large(10).run(), &source(), &Plan::default()).unwrap();
    assert_eq!((commands(&few).len(), few.dropped), (20, 0));
    let many = annotations(&large(300).run(), &source(), &Plan::default()).unwrap();
    let commands = commands(&many);
    assert_eq!((commands.len(), many.dropped), (20, 582));
    let levels: Vec<&str> = commands
        .iter()
        .map(|command| command.name.as_str())
        .collect();
    assert_eq!(levels, [["error"; 10], ["warning"; 10]].concat());
    let roll_up = &commands[9];
    assert_eq!(roll_up.properties["title"], "291 more errors");
    assert!(!roll_up.properties.contains_key("file"));
    // 300 errors: 100 of one rule and 200 of the other; of the nine shown 3 and 6.
    assert!(
        roll_up
            .data
            .contains("Not shown: 194 long-paths, 97 no-keys."),
        "{}",
        roll_up.data
    );
}

#[test]
fn an_annotation_names_file_place_and_rule_and_says_what_to_do() {
    let mut sample = sample::passing();
    let mut wide = at(violation(Severity::Note, "r", "a.rs", "m"), 3, 1..2, "");
    wide.region = Some(Region {
        line: 3,
        column: 4,
        end_line: 7,
        end_column: 2,
    });
    sample.rows.violations = vec![
        at(
            violation(Severity::Error, "long-paths", "a,b:c.rs", "100% ::x"),
            3,
            4..9,
            "",
        ),
        wide,
        violation(Severity::Warning, "no-licence", "", " "),
    ];
    sample.rows.violations[2].subject = "requirement".into();
    let text = annotations(&sample.run(), &source(), &Plan::default())
        .unwrap()
        .commands;
    insta::assert_snapshot!(text, @r"
    ::error file=app/a%2Cb%3Ac.rs,line=3,endLine=3,col=4,endColumn=9,title=long-paths::100%25 ::x%0AHow to fix: Shorten the name, or move the file up.
    ::warning title=no-licence::violation of a rule
    ::notice file=app/a.rs,line=3,endLine=7,title=r::m
    ");
}

#[test]
fn long_messages_are_cut_where_github_would_cut_them() {
    for message in ["𝄞".repeat(5_000), "é".repeat(4_097)] {
        let mut sample = sample::passing();
        sample.rows.violations = vec![violation(Severity::Error, "r", "a", &message)];
        let commands = commands(&annotations(&sample.run(), &source(), &Plan::default()).unwrap());
        let units = commands[0].data.encode_utf16().count();
        assert!((4_094..=4_096).contains(&units), "{units}");
        assert!(
            commands[0]
                .data
                .ends_with("[cut; the whole message is in the database]")
        );
    }
}

/// What is shown of one violation of each kind, and how many have no annotation of their own.
fn planned(shown: Shown, most: Option<usize>) -> (Vec<String>, u64) {
    let mut sample = sample::passing();
    let mut known = violation(Severity::Error, "r", "a", "known");
    known.state = "existing".into();
    let mut new = violation(Severity::Warning, "r", "b", "new");
    new.state = "new".into();
    sample.rows.violations = vec![
        known,
        new,
        violation(Severity::Error, "r", "c", "elsewhere"),
        violation(Severity::Error, "r", "d", "changed"),
    ];
    let changed = [Box::from(*b"d")];
    let plan = Plan {
        shown,
        most,
        changed: Some(&changed),
    };
    let annotations = annotations(&sample.run(), &source(), &plan).unwrap();
    let lines = commands(&annotations).into_iter().map(|one| {
        let title = &one.properties["title"];
        let message = one.data.split('.').next().unwrap().to_owned();
        format!("{} {title}: {message}", one.name)
    });
    (lines.collect(), annotations.dropped)
}

#[test]
fn what_changed_comes_first_and_what_the_base_has_last() {
    let (lines, dropped) = planned(Shown::Auto, None);
    insta::assert_snapshot!(lines.join("\n"), @"
    error r: changed
    error r: elsewhere
    warning r: new
    notice 1 more note or existing violation: At most 10 of a level have an annotation of their own
    ");
    assert_eq!(dropped, 1);
    let (lines, dropped) = planned(Shown::All, None);
    insta::assert_snapshot!(lines.join("\n"), @"
    error r: changed
    error r: elsewhere
    warning r: new
    notice r (existing): known
    ");
    assert_eq!(dropped, 0);
    let (lines, dropped) = planned(Shown::Changed, None);
    insta::assert_snapshot!(lines.join("\n"), @"
    error r: changed
    error 1 more error: At most 10 of a level have an annotation of their own
    warning r: new
    notice 1 more note or existing violation: At most 10 of a level have an annotation of their own
    ");
    assert_eq!(dropped, 2);
    let (lines, dropped) = planned(Shown::All, Some(1));
    insta::assert_snapshot!(lines.join("\n"), @"
    error 2 more errors: At most 1 of a level have an annotation of their own
    warning r: new
    notice r (existing): known
    ");
    assert_eq!(dropped, 2);
}

#[test]
fn suppressed_and_resolved_violations_get_no_annotation() {
    let mut sample = sample::passing();
    let mut fixed = violation(Severity::Error, "r", "a", "m");
    fixed.resolution = Some("fixed".into());
    let mut accepted = violation(Severity::Error, "r", "a", "m");
    accepted.state = "suppressed".into();
    sample.rows.violations = vec![fixed, accepted];
    assert_eq!(
        annotations(&sample.run(), &source(), &Plan::default()).unwrap(),
        Annotations::default()
    );
}

#[test]
fn outputs_are_all_set() {
    let mut sample = sample::failing();
    sample.record.start.details.base_sha = Some("2".repeat(40));
    let mut new = violation(Severity::Error, "r", "a", "m");
    new.state = "new".into();
    let mut known = new.clone();
    known.state = "existing".into();
    sample.rows.violations.extend([new, known]);
    sample.record.suppressions[0].source = "baseline".into();
    sample.recount();
    let facts = Facts {
        annotations_dropped: 7,
        summary_left_out: Some(2),
        reports: &[(Kind::Sarif, "a b.sarif"), (Kind::Json, "x.json")],
    };
    let bytes = outputs(&sample.run(), &facts, DELIMITER).unwrap();
    let pairs = runner::parse_file_command(&String::from_utf8(bytes).unwrap()).unwrap();
    let text: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    insta::assert_snapshot!(text.join("\n"), @"
    verdict=fail
    exit-code=1
    errors=3
    warnings=1
    notes=1
    new=1
    existing=1
    suppressed=1
    baselined=1
    files-scanned=1204
    files-skipped=1
    score=99.83
    database=factory_deployment.db
    database-sha256=5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f
    session-digest=c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4
    deployment-id=FACTORY_DEPLOY_20270102_030405_a1b2c3
    policy-sha256=abababababababababababababababababababababababababababababababab
    base-sha=2222222222222222222222222222222222222222
    head-sha=1111111111111111111111111111111111111111
    scope-used=all
    annotations-dropped=7
    summary-left-out=2
    sarif=a b.sarif
    junit=
    codequality=
    report-json=x.json
    version=0.1.0
    ");
}

#[test]
fn a_run_that_has_not_ended_gives_undecided_outputs() {
    let mut sample = sample::failing();
    sample.record.end = None;
    let run = Run {
        database: None,
        ..sample.run()
    };
    let text = String::from_utf8(outputs(&run, &Facts::default(), DELIMITER).unwrap()).unwrap();
    let pairs = runner::parse_file_command(&text).unwrap();
    assert_eq!(pairs.len(), 27);
    assert_eq!(pairs[0].1, "undecided");
    assert_eq!(pairs[1].1, "3");
    assert!(pairs.contains(&("database".into(), String::new())));
}

proptest::proptest! {
    #[test]
    fn no_text_of_a_violation_gets_out_of_its_annotation(
        path in "([:,%=;\\r\\n]|::|##\\[|\\PC){1,20}", message in "([:,%\\r\\n]|::error::|##\\[x\\]|\\PC)*"
    ) {
        let mut sample = sample::passing();
        sample.rows.violations = vec![violation(Severity::Error, &path, &path, &message)];
        let annotations = annotations(&sample.run(), &source(), &Plan::default()).unwrap();
        proptest::prop_assert_eq!(annotations.commands.matches(['\r', '\n']).count(), 1);
        let line = annotations.commands.trim_end_matches('\n');
        let command = runner::parse_v2(line).unwrap();
        proptest::prop_assert_eq!(&command.name, "error");
        let keys: Vec<&str> = command.properties.keys().map(String::as_str).collect();
        proptest::prop_assert_eq!(keys, vec!["file", "title"]);
        proptest::prop_assert!(!runner::is_command(&command.data), "{}", command.data);
    }
}
