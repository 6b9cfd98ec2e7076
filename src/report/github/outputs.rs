//! The outputs of the step, for the file that `GITHUB_OUTPUT` names. Counts and paths only: outputs are limited
//! in size, and lists belong into the database.

use crate::report::encode::{HeredocError, heredoc};
use crate::report::tally::{Tally, last_validation};
use crate::report::{Run, text};
use crate::store::rows::Verdict;

/// All outputs, to be appended in one go. Every one is always set; one that is not known is empty, and a run that
/// has not ended is undecided. `delimiter` is random: at least 16 letters, digits, `_` or `-`.
///
/// # Errors
/// A value holds the delimiter, or the delimiter is weak.
pub fn outputs(
    run: &Run<'_>,
    annotations_dropped: u64,
    delimiter: &str,
) -> Result<Vec<u8>, HeredocError> {
    let (record, tally) = (run.record, Tally::of(run.record));
    let end = record.end.as_ref();
    let known = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let database = |part: fn(&crate::report::Database) -> &String| {
        run.database.map(part).cloned().unwrap_or_default()
    };
    let pairs = [
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
        ("suppressed", tally.suppressed.to_string()),
        ("files-scanned", known(end.map(|end| end.files_scanned))),
        ("files-skipped", known(end.map(|end| end.files_skipped))),
        (
            "score",
            last_validation(record)
                .map(|row| text::score(row.compliance_score))
                .unwrap_or_default(),
        ),
        ("database", database(|database| &database.path)),
        ("database-sha256", database(|database| &database.sha256)),
        (
            "session-digest",
            database(|database| &database.session_digest),
        ),
        ("deployment-id", record.start.deployment_id.clone()),
        ("policy-sha256", record.start.details.policy_sha256.clone()),
        ("annotations-dropped", annotations_dropped.to_string()),
    ];
    let mut file = String::new();
    for (key, value) in pairs {
        file.push_str(&heredoc(key, &value, delimiter)?);
    }
    Ok(file.into_bytes())
}
