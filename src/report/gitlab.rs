//! `gitlab`: the Code Quality report, which GitLab shows in merge requests.

use super::encode::{clip, json_bytes, visible};
use super::place::{Standing, shown_path};
use super::{Context, Run, Told, text};
use crate::finding::Severity;
use crate::store::rows::{Order, ViolationRow};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write;
use std::ops::ControlFlow;

/// GitLab takes artefacts of 100 MB.
const MOST_BYTES: usize = 90_000_000;
/// The longest description, in characters.
const LONGEST: usize = 1_000;

/// Writes what is open, the worst first. What the base has, too, is among it: GitLab compares by itself.
pub(super) fn write(
    run: &Run<'_>,
    context: &Context<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    within(run, context, MOST_BYTES, out)
}

fn within(
    run: &Run<'_>,
    context: &Context<'_>,
    most: usize,
    out: &mut dyn Write,
) -> anyhow::Result<Told> {
    let (mut room, mut left_out) = (most, 0);
    let mut seen = Seen::new();
    let mut separator = "[\n";
    run.rows.violations(Order::WorstFirst, &mut |row| {
        if matches!(
            Standing::of(&row),
            Standing::Suppressed | Standing::Resolved
        ) {
            return Ok(ControlFlow::Continue(()));
        }
        // Nothing is written after the first that does not fit, so that the worst are there.
        if left_out == 0 {
            let fingerprint = unique(&row.fingerprint, &mut seen);
            let bytes = json_bytes(&issue(&row, context, &fingerprint))?;
            if let Some(rest) = room.checked_sub(bytes.len() + 2) {
                room = rest;
                out.write_all(separator.as_bytes())?;
                out.write_all(&bytes)?;
                separator = ",\n";
                return Ok(ControlFlow::Continue(()));
            }
        }
        left_out += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    if left_out > 0 {
        out.write_all(separator.as_bytes())?;
        out.write_all(&json_bytes(&roll_up(left_out))?)?;
        separator = ",\n";
    }
    // An array without elements has not been opened yet.
    out.write_all(if separator == "[\n" {
        b"[]\n"
    } else {
        b"\n]\n"
    })?;
    Ok(Told::without(
        left_out,
        "GitLab takes 100 MB; the worst are in the report, and its last entry says what is missing",
    ))
}

/// How often each fingerprint was there.
type Seen = HashMap<u64, u64>;

/// The fingerprint, or one made of it where it was there before: GitLab shows one issue of those that share one.
fn unique(fingerprint: &str, seen: &mut Seen) -> String {
    let fingerprint = clip(fingerprint, 64);
    let mut number = times(&fingerprint, seen);
    let mut candidate = fingerprint.clone().into_owned();
    while number > 1 {
        candidate = format!("{fingerprint}-{number}");
        if times(&candidate, seen) == 1 {
            break;
        }
        number = times(&fingerprint, seen);
    }
    candidate
}

/// How often this text is there now.
fn times(text: &str, seen: &mut Seen) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let count = seen.entry(hasher.finish()).or_default();
    *count += 1;
    *count
}

fn issue(row: &ViolationRow, context: &Context<'_>, fingerprint: &str) -> Value {
    let severity = match row.severity {
        Severity::Error => "critical",
        Severity::Warning => "minor",
        Severity::Note => "info",
    };
    let position = |line: u32, column: u32| json!({ "line": line.max(1), "column": column.max(1) });
    let place = match row.region {
        None => json!({ "lines": { "begin": 1 } }),
        Some(region) => json!({ "positions": {
            "begin": position(region.line, region.column),
            "end": position(region.end_line, region.end_column),
        }}),
    };
    let mut location = json!({ "path": visible(&shown_path(row, context.source)) });
    if let (Some(location), Value::Object(place)) = (location.as_object_mut(), place) {
        location.extend(place);
    }
    json!({
        "description": visible(&clip(&row.message, LONGEST)),
        "check_name": clip(&row.rule_id, 255),
        "fingerprint": fingerprint,
        "severity": severity,
        "location": location,
    })
}

fn roll_up(left_out: u64) -> Value {
    json!({
        "description": format!(
            "{} not shown here, for want of room: the database has all of them",
            text::count(left_out, "violation")
        ),
        "check_name": "factory-gate",
        "fingerprint": "factory-gate-left-out",
        "severity": "info",
        "location": { "path": ".", "lines": { "begin": 1 } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::github::Source;
    use crate::report::{NoFiles, sample};

    #[test]
    fn equal_fingerprints_are_told_apart() {
        let mut seen = Seen::new();
        let got = ["a", "a", "b", "a-2", "a"].map(|one| unique(one, &mut seen));
        assert_eq!(got, ["a", "a-2", "b", "a-2-2", "a-3"]);
    }

    #[test]
    fn what_does_not_fit_is_counted_in_the_report() {
        let sample = sample::failing();
        let source = Source::default();
        let context = Context {
            source: &source,
            category: "",
            lines: &NoFiles,
            plan: crate::report::Plan::default(),
        };
        let mut out = Vec::new();
        let told = within(&sample.run(), &context, 600, &mut out).unwrap();
        let issues: Vec<Value> = serde_json::from_slice(&out).unwrap();
        assert_eq!((told.left_out, issues.len()), (3, 2));
        assert!(
            issues[1]["description"]
                .as_str()
                .unwrap()
                .starts_with("3 violations")
        );
        let mut out = Vec::new();
        let told = within(&sample.run(), &context, 0, &mut out).unwrap();
        assert_eq!(told.left_out, 4);
        assert_eq!(serde_json::from_slice::<Vec<Value>>(&out).unwrap().len(), 1);
    }
}
