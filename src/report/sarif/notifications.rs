//! How the run went, as SARIF says it: only what kept the tool from its work makes it unsuccessful, never a violation.

use crate::report::encode::{clip, visible};
use crate::report::text;
use crate::store::rows::{RunRecord, SessionEnd, Verdict};
use serde_json::{Value, json};

/// The most notifications of a kind.
const MOST: usize = 50;
/// The longest one, in characters.
const LONGEST: usize = 1_000;

/// The invocation, with what it has to say.
pub(super) fn invocation(record: &RunRecord, left_out: u64, written: u64) -> Value {
    let end = record.end.as_ref();
    let is_decided = end.is_some_and(|end| end.verdict != Verdict::Undecided);
    let mut notifications = Vec::new();
    if !is_decided {
        notifications.extend(undecided(end));
    }
    notifications.extend(record.skipped.iter().take(MOST).map(|(reason, count)| {
        let paths = text::count(*count, "path");
        notification(
            "skipped",
            "note",
            &format!("{paths} not fully checked: {reason}"),
        )
    }));
    if left_out > 0 {
        let message = format!(
            "{} of {} violations are not in this file, for want of room: the database has all of them",
            text::grouped(left_out),
            text::grouped(left_out + written)
        );
        notifications.push(notification("left-out", "warning", &message));
    }
    let mut invocation = json!({
        "executionSuccessful": is_decided,
        "startTimeUtc": record.start.start_time,
        "toolExecutionNotifications": notifications,
    });
    if let Some(end) = end {
        invocation["endTimeUtc"] = json!(end.end_time);
        invocation["exitCode"] = json!(end.exit_code);
        invocation["exitCodeDescription"] = json!(end.verdict.as_str());
    }
    for key in ["startTimeUtc", "endTimeUtc"] {
        // A record that somebody made up may hold anything; a time that is none makes the file invalid.
        let is_time = invocation[key]
            .as_str()
            .is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok());
        if let (false, Some(fields)) = (is_time, invocation.as_object_mut()) {
            fields.remove(key);
        }
    }
    invocation
}

fn undecided(end: Option<&SessionEnd>) -> Vec<Value> {
    let reasons = end.map_or(&[][..], |end| &end.verdict_reasons);
    let mut notifications: Vec<Value> = reasons
        .iter()
        .take(MOST)
        .map(|reason| notification("undecided", "error", reason))
        .collect();
    let more = reasons.len().saturating_sub(MOST) as u64;
    if more > 0 {
        notifications.push(notification(
            "undecided",
            "error",
            &text::count(more, "more reason"),
        ));
    }
    if notifications.is_empty() {
        notifications.push(notification(
            "undecided",
            "error",
            "the run did not come to its end",
        ));
    }
    notifications
}

fn notification(id: &str, level: &str, message: &str) -> Value {
    let message = visible(&clip(message, LONGEST)).replace("](", "] (");
    json!({
        "descriptor": { "id": id },
        "level": level,
        "message": { "text": format!("{}.", message.trim_end_matches('.')) },
    })
}
