//! A violation as a result.

use super::BASE;
use super::chosen::Chosen;
use super::rules::{Rules, id};
use crate::finding::Region;
use crate::report::encode::{clip, visible};
use crate::report::github::Source;
use crate::report::line_hash::LineHashes;
use crate::report::place::{Standing, path_bytes, uri};
use crate::report::tally::rule_behind;
use crate::store::rows::{RunRecord, SuppressionRow, ViolationRow};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The longest message, in characters.
const LONGEST: usize = 1_000;

/// GitHub's hashes of the lines of all results, by path.
pub(super) struct Hashes(BTreeMap<Vec<u8>, BTreeMap<u32, String>>);

impl Hashes {
    /// Asks for each file once; for none that holds a credential.
    pub(super) fn of(chosen: &Chosen, lines: &dyn LineHashes) -> Self {
        let mut wanted: BTreeMap<Vec<u8>, BTreeSet<u32>> = BTreeMap::new();
        let is_about_a_file =
            |row: &&ViolationRow| matches!(row.subject.as_str(), "file" | "policy");
        for row in chosen.rows.iter().filter(is_about_a_file) {
            let path = path_bytes(row);
            if chosen.may_hash(path) {
                wanted
                    .entry(path.to_vec())
                    .or_default()
                    .insert(first_line(row));
            }
        }
        let hashes = wanted.into_iter().map(|(path, wanted)| {
            let found = lines.line_hashes(&path, &wanted);
            (path, found)
        });
        Self(hashes.collect())
    }

    fn get(&self, row: &ViolationRow) -> Option<&str> {
        let hash = self.0.get(path_bytes(row))?.get(&first_line(row))?;
        Some(hash)
    }
}

/// GitHub takes the first line for what is about a whole file.
fn first_line(row: &ViolationRow) -> u32 {
    row.region.map_or(1, |region| region.line)
}

/// The result that a violation becomes.
pub(super) fn result(
    row: &ViolationRow,
    (record, source): (&RunRecord, &Source),
    (rules, hashes): (&Rules, &Hashes),
) -> Value {
    let mut fingerprints = json!({ "factoryGate/v1": row.fingerprint });
    if let Some(hash) = hashes.get(row) {
        fingerprints["primaryLocationLineHash"] = json!(hash);
    }
    let mut result = json!({
        "ruleId": id(&row.rule_id),
        "level": row.severity.as_str(),
        "message": { "text": message(record, row) },
        "locations": [{ "physicalLocation": location(row, source) }],
        "partialFingerprints": fingerprints,
    });
    if let Some(index) = rules.index(&row.rule_id) {
        result["ruleIndex"] = json!(index);
    }
    match row.state.as_str() {
        "new" => result["baselineState"] = json!("new"),
        "existing" => result["baselineState"] = json!("unchanged"),
        _ => {}
    }
    if Standing::of(row) == Standing::Suppressed {
        result["suppressions"] = json!([suppression(record, row)]);
    }
    result
}

/// The message as plain text in which a viewer sees no link, ended by a full stop.
fn message(record: &RunRecord, row: &ViolationRow) -> String {
    let text = visible(&clip(&row.message, LONGEST)).replace("](", "] (");
    let text = match text.trim() {
        "" => rule_behind(record, &row.rule_id)
            .map_or("violation of a rule", |rule| rule.summary)
            .to_owned(),
        text => text.to_owned(),
    };
    if text.ends_with(['.', '!', '?']) {
        text
    } else {
        format!("{text}.")
    }
}

fn location(row: &ViolationRow, source: &Source) -> Value {
    json!({
        "artifactLocation": { "uri": uri(row, source), "uriBaseId": BASE },
        "region": region(row),
    })
}

/// Where it is; the beginning of the first line stands for a file as a whole, because GitHub asks for a region.
fn region(row: &ViolationRow) -> Value {
    let whole = Region {
        line: 1,
        column: 1,
        end_line: 1,
        end_column: 1,
    };
    let region = row.region.unwrap_or(whole);
    let columns = row.columns.map(|columns| columns.utf16);
    let (first, last) = columns.unwrap_or((region.column, region.end_column));
    let (line, column) = (region.line.max(1), first.max(1));
    let end_line = region.end_line.max(line);
    // Of one line the end is never before the beginning.
    let lower_bound = if end_line == line { column } else { 1 };
    json!({
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": last.max(lower_bound),
    })
}

fn suppression(record: &RunRecord, row: &ViolationRow) -> Value {
    let number = row.suppression.and_then(|number| number.checked_sub(1));
    let accepted = number.and_then(|number| record.suppressions.get(number as usize));
    let kind = match accepted.map(|accepted| accepted.source.as_str()) {
        Some("inline") => "inSource",
        _ => "external",
    };
    let mut suppression = json!({ "kind": kind, "status": "accepted" });
    if let Some(accepted) = accepted {
        suppression["justification"] = json!(justification(accepted));
    }
    suppression
}

fn justification(accepted: &SuppressionRow) -> String {
    let mut text = visible(&clip(&accepted.reason, LONGEST)).into_owned();
    for (what, value) in [("owner", &accepted.owner), ("until", &accepted.expires)] {
        if let Some(value) = value {
            let _infallible = write!(text, " ({what}: {})", visible(&clip(value, LONGEST)));
        }
    }
    text
}
