//! What other programs read.

use super::*;
use crate::finding::Severity;
use crate::report::github::Source;
use crate::report::sample::{self, Sample, at, violation};
use crate::report::{LineHashes, NoFiles, line_hashes};
use crate::store::rows::Verdict;
use std::collections::{BTreeMap, BTreeSet};

fn document(sample: &Sample, lines: &dyn LineHashes, most: usize) -> (Value, Told) {
    let source = Source {
        blob_url: None,
        prefix: "app/".into(),
    };
    let context = Context {
        source: &source,
        category: "shard-1/",
        lines,
        plan: crate::report::Plan::default(),
    };
    let limits = Limits {
        results: most,
        ..LIMITS
    };
    let mut out = Vec::new();
    let told = within(&sample.run(), &context, limits, &mut out).unwrap();
    (serde_json::from_slice(&out).unwrap(), told)
}

/// One file.
struct OneFile;

impl LineHashes for OneFile {
    fn line_hashes(&self, path: &[u8], lines: &BTreeSet<u32>) -> BTreeMap<u32, String> {
        match path {
            b"src/settings.py" => line_hashes("x\n".repeat(20).as_bytes(), lines),
            _ => BTreeMap::new(),
        }
    }
}

#[test]
fn a_run_has_what_github_asks_for() {
    let (document, told) = document(&sample::failing(), &OneFile, 100);
    assert_eq!(told, Told::default());
    let run = &document["runs"][0];
    assert_eq!(run["automationDetails"]["id"], "factory-gate/shard-1/");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(
            result["partialFingerprints"]["factoryGate/v1"]
                .as_str()
                .unwrap()
                .len(),
            32
        );
    }
    let levels: Vec<_> = results
        .iter()
        .map(|result| result["level"].as_str().unwrap())
        .collect();
    // The accepted one is last.
    assert_eq!(levels, ["error", "error", "warning", "note", "error"]);
    assert_eq!(results[4]["suppressions"][0]["kind"], "external");
    assert_eq!(
        results[4]["suppressions"][0]["justification"],
        "training set | reviewed by @data (owner: @data) (until: 2027-06-30)"
    );
    let key = results
        .iter()
        .find(|result| result["ruleId"] == "no-keys")
        .unwrap();
    assert_eq!(
        key["partialFingerprints"]["primaryLocationLineHash"],
        line_hashes("x\n".repeat(20).as_bytes(), &BTreeSet::from([12]))[&12]
    );
    assert_eq!(
        key["locations"][0]["physicalLocation"],
        json!({
            "artifactLocation": { "uri": "app/src/settings.py", "uriBaseId": "SRCROOT" },
            "region": { "startLine": 12, "startColumn": 7, "endLine": 12, "endColumn": 34 },
        })
    );
    let path = &results
        .iter()
        .find(|result| result["ruleId"] == "long-paths")
        .unwrap()["locations"][0]["physicalLocation"];
    assert_eq!(
        path["artifactLocation"]["uri"],
        "app/docs/a%1B%5B31m%3A%3Aerror%3A%3A/x.md"
    );
    assert_eq!(
        path["region"],
        json!({ "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1 })
    );
}

#[test]
fn rules_have_the_texts_that_github_asks_for() {
    let (document, _) = document(&sample::failing(), &NoFiles, 100);
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for text in [
            "/shortDescription/text",
            "/fullDescription/text",
            "/help/text",
        ] {
            let text = rule.pointer(text).and_then(Value::as_str).unwrap();
            assert!(!text.is_empty() && text.chars().count() <= 1024, "{rule}");
        }
        assert!(rule["properties"].get("security-severity").is_none());
    }
}

#[test]
fn only_secrets_are_security_alerts() {
    let mut sample = sample::failing();
    sample.record.rules[2].uses = "secret".into();
    let (document, _) = document(&sample, &NoFiles, 100);
    let rules = document["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    let with: Vec<_> = rules
        .iter()
        .filter(|rule| rule["properties"].get("security-severity").is_some())
        .collect();
    assert_eq!(with.len(), 1);
    assert_eq!(with[0]["properties"]["security-severity"], "8.0");
}

#[test]
fn the_best_are_kept_new_before_existing_and_open_before_accepted() {
    let mut sample = sample::failing();
    let state = |severity, path: &str, state: &str| {
        let mut row = violation(severity, "r", path, "m");
        row.state = state.into();
        row
    };
    sample.rows.violations = vec![
        state(Severity::Error, "a", "existing"),
        state(Severity::Error, "b", "suppressed"),
        state(Severity::Error, "c", "new"),
        state(Severity::Warning, "d", "new"),
        state(Severity::Error, "e", "new"),
    ];
    sample.recount();
    for (most, expected) in [
        (5, "c e a d b"),
        (4, "c e a d"),
        (3, "c e a"),
        (2, "c e"),
        (1, "c"),
    ] {
        let (document, told) = document(&sample, &NoFiles, most);
        let results = document["runs"][0]["results"].as_array().unwrap();
        let uris: Vec<_> = results
            .iter()
            .map(|result| {
                result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                    .as_str()
                    .unwrap()
            })
            .map(|uri| uri.trim_start_matches("app/"))
            .collect();
        assert_eq!(uris.join(" "), expected);
        assert_eq!(told.left_out, 5 - most as u64);
        assert_eq!(results[0]["baselineState"], "new");
    }
}

#[test]
fn only_what_kept_the_tool_from_its_work_is_a_failed_execution() {
    let mut sample = sample::failing();
    if let Some(end) = &mut sample.record.end {
        (end.verdict, end.verdict_reasons) =
            (Verdict::Undecided, vec!["`a` cannot be read".into()]);
    }
    let (undecided, _) = document(&sample, &NoFiles, 100);
    let invocation = &undecided["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(
        invocation["toolExecutionNotifications"][0]["message"]["text"],
        "`a` cannot be read."
    );
    sample.record.end = None;
    let (unfinished, _) = document(&sample, &NoFiles, 100);
    assert_eq!(
        unfinished["runs"][0]["invocations"][0]["executionSuccessful"],
        false
    );
}

#[test]
fn a_record_that_somebody_made_up_gives_a_valid_document() {
    let mut sample = sample::failing();
    sample.record.start.start_time = "yesterday".into();
    sample.record.start.details.tool_version = "1\n".into();
    let mut row = at(
        violation(Severity::Error, "", "//host/x", " "),
        0,
        5..6,
        "x",
    );
    if let (Some(region), Some(columns)) = (&mut row.region, &mut row.columns) {
        (region.end_line, region.end_column) = (0, 2);
        columns.utf16 = (0, 0);
    }
    sample.rows.violations = vec![row];
    sample.recount();
    let (document, _) = document(&sample, &NoFiles, 100);
    let run = &document["runs"][0];
    assert!(run["invocations"][0].get("startTimeUtc").is_none());
    assert!(run["tool"]["driver"].get("semanticVersion").is_none());
    let result = &run["results"][0];
    assert_eq!(
        (&result["ruleId"], &result["message"]["text"]),
        (&json!("unnamed"), &json!("violation of a rule."))
    );
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        region,
        &json!({ "startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1 })
    );
}
