//! Every form, read back by a parser of its own: hostile texts stay texts, and what has no room is counted.

use super::encode::runner::{self, is_command, is_other_command};
use super::encode::visible;
use super::github::Source;
use super::sample::{self, Sample, at, violation};
use super::{Context, Kind, NoFiles, Run, Told};
use crate::finding::Severity;
use crate::store::rows::{ActionRow, Order, RowSource, SkippedRow, ViolationRow};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

fn source() -> Source {
    Source {
        blob_url: None,
        prefix: "app/".into(),
    }
}

fn written(kind: Kind, run: &Run<'_>) -> (String, Told) {
    let source = source();
    let context = Context {
        source: &source,
        category: "unit",
        lines: &NoFiles,
        plan: super::Plan::default(),
    };
    let mut out = Vec::new();
    let told = kind.write(run, &context, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), told)
}

/// Every `name` attribute of the cases, every text and every other attribute of an XML document.
fn xml_texts(document: &str) -> (Vec<String>, Vec<String>) {
    use quick_xml::events::Event;
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    let mut reader = quick_xml::Reader::from_str(document);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return (names, texts),
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    let attribute = attribute.unwrap();
                    let value = quick_xml::escape::unescape(&attribute.value)
                        .unwrap()
                        .into_owned();
                    let is_name =
                        element.name().as_ref() == "testcase" && attribute.key.as_ref() == "name";
                    if is_name { &mut names } else { &mut texts }.push(value);
                }
            }
            _ => {}
        }
    }
}

/// Rows by RFC 4180.
fn csv_rows(document: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut characters = document.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut field)),
            '\r' if !is_quoted && characters.next_if_eq(&'\n').is_some() => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            other => field.push(other),
        }
    }
    rows
}

/// A character as XML can hold it.
fn spelt(character: char) -> String {
    match character {
        '\u{fffe}' | '\u{ffff}' => format!("\\u{{{:x}}}", u32::from(character)),
        other => other.to_string(),
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("::error::x".to_owned()),
        Just("##[add-mask]".to_owned()),
        Just("##vso[task.complete]".to_owned()),
        Just("##teamcity[a b='c']".to_owned()),
        Just("\r\n".to_owned()),
        Just("\u{2028}\u{202e}\u{0}\u{1b}[31m".to_owned()),
        Just("]]>--></testcase><a b='\"&amp;".to_owned()),
        Just("=cmd|' /C calc'!A0,\"".to_owned()),
        Just("](https://evil.example) {0} @x".to_owned()),
        Just("\\xff\u{ffff}漢\u{1f600}".to_owned()),
        "[a-z/ .]{1,8}",
        any::<String>(),
    ];
    proptest::collection::vec(part, 1..4).prop_map(|parts| parts.concat())
}

/// The path of something with lines in it: the workspace itself has none.
fn hostile_path() -> impl Strategy<Value = String> {
    hostile().prop_map(|path| if path.is_empty() { "x".into() } else { path })
}

fn hostile_sample(path: &str, rule: &str, text: &str) -> Sample {
    let mut sample = sample::failing();
    let mut known = violation(Severity::Warning, rule, path, text);
    known.state = "existing".into();
    let mut new = at(violation(Severity::Error, rule, path, text), 3, 2..5, text);
    (new.state, new.path_bytes) = ("new".into(), Some([path.as_bytes(), b"\xff"].concat()));
    sample.rows.violations.extend([known, new]);
    for accepted in &mut sample.record.suppressions {
        accepted.reason = text.to_owned();
        accepted.owner = Some(path.to_owned());
    }
    if let Some(end) = &mut sample.record.end {
        end.verdict_reasons.push(text.to_owned());
    }
    sample.recount();
    sample
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn hostile_texts_stay_texts(path in hostile(), rule in hostile(), text in hostile()) {
        let sample = hostile_sample(&path, &rule, &text);
        let run = sample.run();
        for kind in [Kind::Json, Kind::Sarif, Kind::Gitlab, Kind::Junit, Kind::Csv, Kind::Markdown, Kind::Buildkite] {
            let (document, told) = written(kind, &run);
            prop_assert_eq!(told, Told::default());
            prop_assert!(!is_command(&document) && !is_other_command(&document), "{kind:?}: {document}");
        }
        let gitlab: Vec<Value> = serde_json::from_str(&written(Kind::Gitlab, &run).0).unwrap();
        prop_assert_eq!(gitlab.len(), 6);
        // An empty path is the workspace itself.
        let shown = if path.is_empty() { "app".to_owned() } else { format!("app/{path}") };
        let shown = visible(&shown);
        prop_assert!(gitlab.iter().any(|issue| issue["location"]["path"] == *shown));
        prop_assert!(gitlab.iter().any(|issue| issue["description"] == *visible(&text)));
        let prints: BTreeSet<_> = gitlab.iter().map(|issue| issue["fingerprint"].as_str()).collect();
        prop_assert_eq!(prints.len(), gitlab.len());

        let sarif: Value = serde_json::from_str(&written(Kind::Sarif, &run).0).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        prop_assert_eq!(results.len(), 7);
        let uris = results.iter().map(|result| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap());
        for uri in uris.clone() {
            prop_assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte)), "{uri}");
        }
        prop_assert!(uris.clone().any(|uri| uri.ends_with("%FF")));

        let (names, texts) = xml_texts(&written(Kind::Junit, &run).0);
        prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len() + 1, names.len(), "only `no violations` is there twice: {:?}", names);
        // Noncharacters are visible, but none of XML's.
        let expected: String = visible(&text).chars().map(spelt).collect();
        let is_there = texts.iter().any(|value| value.ends_with(&expected));
        prop_assert!(is_there);

        let rows = csv_rows(&written(Kind::Csv, &run).0);
        prop_assert_eq!(rows.len(), 8);
        prop_assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    }

    #[test]
    fn logs_hold_their_own_commands_and_no_others(path in hostile_path(), rule in hostile(), text in hostile()) {
        let sample = hostile_sample(&path, &rule, &text);
        let shown = |text: &str| super::encode::log_line(text);
        let shown_rule = shown(&rule);
        let log = written(Kind::Github, &sample.run()).0;
        let commands = runner::github(&log);
        prop_assert_eq!(commands.len(), log.lines().count());
        let ours = commands.iter().find(|one| one.name == "error" && one.properties.get("line").is_some_and(|line| line == "3")).unwrap();
        // The runner trims the list of properties as a whole.
        prop_assert_eq!(ours.properties.get("title").map_or("", String::as_str), shown_rule.trim_end());
        prop_assert_eq!(&ours.properties["file"], &shown(&format!("app/{path}")));
        prop_assert!(ours.data.starts_with(&shown(&text)) || text.trim().is_empty());
        for line in log.lines() {
            prop_assert!(!is_other_command(line) && !line.contains("##["));
        }
        let log = written(Kind::Azure, &sample.run()).0;
        let commands = runner::azure(&log);
        prop_assert_eq!(commands.len(), log.lines().count());
        prop_assert!(commands.iter().all(|one| one.name == "task.logissue"));
        let ours = commands.iter().find(|one| one.properties.get("linenumber").is_some_and(|line| line == "3")).unwrap();
        prop_assert_eq!(ours.properties.get("code").map_or("", String::as_str), shown(&rule));
        prop_assert_eq!(&ours.data, &shown(&text));
        for line in log.lines() {
            let rest = line.strip_prefix("##vso[task.logissue type=");
            prop_assert!(rest.is_some_and(|rest| !is_command(rest) && !is_other_command(rest)), "{line}");
        }
        let log = written(Kind::Teamcity, &sample.run()).0;
        let messages = runner::teamcity(&log).unwrap();
        prop_assert_eq!(messages.len(), log.lines().count());
        let mut inspections = messages.iter().filter(|one| one.name == "inspection");
        prop_assert!(inspections.any(|one| one.properties.get("typeId") == Some(&shown(&rule)) || rule.is_empty()));
        for line in log.lines() {
            let rest = line.strip_prefix("##teamcity[");
            prop_assert!(rest.is_some_and(|rest| !is_command(rest) && !is_other_command(rest)), "{line}");
            prop_assert!(line.is_ascii() && line.ends_with(']'));
        }
    }

    #[test]
    fn variables_and_summaries_of_azure_stay_what_they_are(text in hostile()) {
        let mut sample = sample::failing();
        sample.database.path.clone_from(&text);
        sample.record.start.details.policy_sha256.clone_from(&text);
        let facts = super::github::Facts { reports: &[(Kind::Sarif, &text)], ..Default::default() };
        let log = super::azure_variables(&sample.run(), &facts);
        let commands = runner::azure(&log);
        prop_assert_eq!(commands.len(), log.lines().count());
        for (command, name) in commands.iter().zip(log.lines()) {
            prop_assert!(command.name == "task.setvariable" && command.properties["isOutput"] == "true");
            let rest = name.strip_prefix("##vso[").unwrap();
            prop_assert!(!is_command(rest) && !is_other_command(rest), "{name}");
        }
        let value = |name: &str| commands.iter().find(|one| one.properties["variable"] == name).unwrap().data.clone();
        prop_assert_eq!(value("sarif"), super::encode::log_line(&text));
        prop_assert_eq!(value("database"), super::encode::log_line(&text));
        if let Some(command) = super::azure_summary(std::path::Path::new(&text)) {
            prop_assert_eq!(&runner::azure(&command)[0].data, &text);
            prop_assert_eq!(runner::lines(&command).count(), 2);
        }
    }
}

/// Violations that are made as they are read.
struct Many {
    count: u32,
    message: String,
    files: u32,
}

impl RowSource for Many {
    fn violations(
        &self,
        order: Order,
        each: &mut dyn FnMut(ViolationRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        let severities = match order {
            Order::WorstFirst => vec![Severity::Error, Severity::Warning],
            Order::ByPath => vec![Severity::Error],
        };
        let share = self.count / u32::try_from(severities.len())?;
        for severity in severities {
            for number in 0..share {
                let rule = format!("rule-{}", number % 7);
                let path = format!("src/{:06}.rs", number / (share / self.files).max(1));
                let mut row = violation(severity, &rule, &path, &self.message);
                row.fingerprint = format!("{severity}{number:026}");
                let row = at(row, number + 1, 1..2, "x");
                if each(row)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn skipped(
        &self,
        _: &mut dyn FnMut(SkippedRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        Ok(())
    }

    fn actions(
        &self,
        _: &mut dyn FnMut(ActionRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        Ok(())
    }
}

fn with_many(many: &Many, look: impl FnOnce(&Run<'_>)) {
    let mut sample = sample::failing();
    sample.record.counts.clear();
    for severity in [Severity::Error, Severity::Warning] {
        let key = (severity, "open".to_owned(), false);
        sample.record.counts.insert(key, u64::from(many.count / 2));
    }
    let run = Run {
        rows: many,
        ..sample.run()
    };
    look(&run);
}

/// A hundred thousand.
fn many() -> Many {
    Many {
        count: 100_000,
        message: "a message of the usual length, with `code` and a number".into(),
        files: 40_000,
    }
}

#[test]
fn a_hundred_thousand_violations_fit_and_what_does_not_is_said() {
    with_many(&many(), |run| {
        let (sarif, told) = written(Kind::Sarif, run);
        let document: Value = serde_json::from_str(&sarif).unwrap();
        let run_object = &document["runs"][0];
        assert_eq!(run_object["results"].as_array().unwrap().len(), 5_000);
        assert!(
            run_object["results"]
                .as_array()
                .unwrap()
                .iter()
                .all(|result| result["level"] == "error")
        );
        assert_eq!(told.left_out, 95_000);
        let said = run_object["invocations"][0]["toolExecutionNotifications"].to_string();
        assert!(said.contains("95,000 of 100,000 violations"), "{said}");

        let (junit, told) = written(Kind::Junit, run);
        let listed = u64::try_from(
            xml_texts(&junit)
                .1
                .iter()
                .filter(|text| text.contains("a message"))
                .count(),
        )
        .unwrap();
        assert!(junit.len() < 30_000_000 && told.left_out > 0);
        let objects = junit.matches(['<', '=']).count();
        assert!(objects < 250_000, "{objects}");
        assert!(listed + told.left_out <= 100_000 && listed > 10_000);
        assert!(junit.contains("violations not in this report"));
    });
}

#[test]
fn a_hundred_thousand_violations_fit_into_lists_and_logs() {
    with_many(&many(), |run| {
        let (gitlab, told) = written(Kind::Gitlab, run);
        assert_eq!(
            (
                serde_json::from_str::<Vec<Value>>(&gitlab).unwrap().len(),
                told.left_out
            ),
            (100_000, 0)
        );
        assert!(gitlab.len() < 100_000_000);

        for (kind, most) in [(Kind::Markdown, 65_536), (Kind::Buildkite, 1 << 20)] {
            let (text, told) = written(kind, run);
            assert!(
                text.len() <= most && text.contains("not shown here"),
                "{kind:?}"
            );
            let rows = u64::try_from(
                text.lines()
                    .filter(|line| line.contains("a message"))
                    .count(),
            )
            .unwrap();
            assert_eq!(rows + told.left_out, 100_000, "{kind:?}");
        }
        let (teamcity, told) = written(Kind::Teamcity, run);
        assert_eq!(teamcity.matches("##teamcity[inspection ").count(), 5_000);
        assert_eq!(told.left_out, 95_000);
        for kind in [Kind::Github, Kind::Azure] {
            let (log, told) = written(kind, run);
            assert_eq!(
                (log.lines().count(), told.left_out),
                (20, 99_982),
                "{kind:?}"
            );
        }
        let (csv, told) = written(Kind::Csv, run);
        assert_eq!((csv.lines().count(), told.left_out), (100_001, 0));
    });
}

#[test]
fn of_a_hundred_thousand_as_many_are_shown_as_is_asked_for_and_the_outputs_stay_small() {
    with_many(&many(), |run| {
        for (most, shown) in [(1, 0), (3, 4), (50, 98)] {
            let source = source();
            let plan = super::Plan {
                most: Some(most),
                ..super::Plan::default()
            };
            let context = Context {
                source: &source,
                category: "",
                lines: &NoFiles,
                plan,
            };
            for kind in [Kind::Github, Kind::Azure, Kind::Teamcity] {
                let mut log = Vec::new();
                let told = kind.write(run, &context, &mut log).unwrap();
                let rows = if kind == Kind::Teamcity {
                    2 * most as u64
                } else {
                    shown
                };
                assert_eq!(told.left_out, 100_000 - rows, "{kind:?} {most}");
                assert!(log.len() < 100_000, "{kind:?} {most}");
            }
        }
        let facts = super::github::Facts {
            annotations_dropped: 99_982,
            summary_left_out: Some(99_000),
            ..Default::default()
        };
        let outputs = super::github::outputs(run, &facts, "ghadelimiter_00112233").unwrap();
        assert!(outputs.len() < 4_096 && super::azure_variables(run, &facts).len() < 4_096);
    });
}

#[test]
fn texts_that_do_not_compress_keep_within_ten_megabytes() {
    // Different in each place, so that a compressor finds nothing.
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from_u32(0x4e00 + u32::try_from(state >> 51).unwrap()).unwrap()
    };
    let mut sample = sample::failing();
    sample.rows.violations = (0..5_000)
        .map(|number| {
            let message: String = (0..1_000).map(|_| next()).collect();
            violation(Severity::Error, "r", &format!("{number:05}"), &message)
        })
        .collect();
    sample.recount();
    let (document, told) = written(Kind::Sarif, &sample.run());
    let mut compressed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut compressed, document.as_bytes()).unwrap();
    assert!(compressed.finish().unwrap().len() < 10_000_000);
    let results = serde_json::from_str::<Value>(&document).unwrap()["runs"][0]["results"]
        .as_array()
        .unwrap()
        .len();
    assert!(
        told.left_out > 0 && results as u64 + told.left_out == 5_000,
        "{told:?}"
    );
}

#[test]
fn a_log_gets_what_its_system_reads() {
    use crate::ci::System;
    assert_eq!(Kind::of_log(System::Azure), Some(Kind::Azure));
    assert_eq!(Kind::of_log(System::GitLab), None);
    assert_eq!(Kind::of_log(System::Gitea), None);
}
