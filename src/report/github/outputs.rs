//! The outputs of the step, for the file that `GITHUB_OUTPUT` names. Counts and paths only: outputs are limited
//! in size, and lists belong into the database.

use crate::report::encode::{HeredocError, heredoc};
use crate::report::tally::{Tally, last_validation};
use crate::report::{Kind, Run, text};
use crate::store::rows::Verdict;

/// What the outputs say beside what the record says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// Open violations that have no annotation of their own.
    pub annotations_dropped: u64,
    /// Open violations that are not in the job summary; `None`: there is no summary.
    pub summary_left_out: Option<u64>,
    /// The reports that were written to files, and the files as the user named them.
    pub reports: &'a [(Kind, &'a str)],
}

/// All outputs, to be appended in one go. Every one is always set; one that is not known is empty, and a run that
/// has not ended is undecided. `delimiter` is random: at least 16 letters, digits, `_` or `-`.
///
/// # Errors
/// A value holds the delimiter, or the delimiter is weak.
pub fn outputs(run: &Run<'_>, facts: &Facts<'_>, delimiter: &str) -> Result<Vec<u8>, HeredocError> {
    let mut file = String::new();
    for (key, value) in pairs(run, facts) {
        file.push_str(&heredoc(key, &value, delimiter)?);
    }
    Ok(file.into_bytes())
}

/// All outputs with their values, in order.
pub(in crate::report) fn pairs(run: &Run<'_>, facts: &Facts<'_>) -> Vec<(&'static str, String)> {
    let mut pairs = verdict_and_counts(run);
    pairs.extend(record_pairs(run));
    let report = |kind: Kind| {
        let file = facts.reports.iter().find(|(one, _)| *one == kind);
        file.map(|(_, name)| (*name).to_owned()).unwrap_or_default()
    };
    pairs.extend([
        ("annotations-dropped", facts.annotations_dropped.to_string()),
        ("summary-left-out", known(facts.summary_left_out)),
        ("sarif", report(Kind::Sarif)),
        ("junit", report(Kind::Junit)),
        ("codequality", report(Kind::Gitlab)),
        ("report-json", report(Kind::Json)),
        ("version", run.record.start.details.tool_version.clone()),
    ]);
    pairs
}

fn known(value: Option<u64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn verdict_and_counts(run: &Run<'_>) -> Vec<(&'static str, String)> {
    let (record, tally) = (run.record, Tally::of(run.record));
    let end = record.end.as_ref();
    let baselined = record.suppressions.iter();
    let baselined = baselined.filter(|row| row.source == "baseline");
    vec![
        (
            "verdict",
            end.map_or(Verdict::Undecided, |end| end.verdict)
                .as_str()
                .to_owned(),
        ),
        ("exit-code", end.map_or(3, |end| end.exit_code).to_string()),
        ("errors", tally.errors.to_string()),
        ("warnings", tally.warnings.to_string()),
        ("notes", tally.notes.to_string()),
        ("new", tally.new.to_string()),
        ("existing", tally.existing.to_string()),
        ("suppressed", tally.suppressed.to_string()),
        (
            "baselined",
            baselined.map(|row| row.matched).sum::<u64>().to_string(),
        ),
        ("files-scanned", known(end.map(|end| end.files_scanned))),
        ("files-skipped", known(end.map(|end| end.files_skipped))),
        (
            "score",
            last_validation(record)
                .map(|row| text::score(row.compliance_score))
                .unwrap_or_default(),
        ),
    ]
}

fn record_pairs(run: &Run<'_>) -> [(&'static str, String); 8] {
    let database = |part: fn(&crate::report::Database) -> &String| {
        run.database.map(part).cloned().unwrap_or_default()
    };
    let start = &run.record.start;
    let details = &start.details;
    [
        ("database", database(|database| &database.path)),
        ("database-sha256", database(|database| &database.sha256)),
        (
            "session-digest",
            database(|database| &database.session_digest),
        ),
        ("deployment-id", start.deployment_id.clone()),
        ("policy-sha256", details.policy_sha256.clone()),
        ("base-sha", details.base_sha.clone().unwrap_or_default()),
        ("head-sha", details.head_sha.clone().unwrap_or_default()),
        ("scope-used", details.scope.clone()),
    ]
}
