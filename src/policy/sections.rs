//! The parts of a policy beside its rules and cleanup: suppressions, gate and workspace.

use super::model::{BaselineFile, Gate, Position, WorkspacePolicy};
use super::node::Value;
use super::problem::{KeyPath, Report, quote};
use super::reader::{Item, PlacedPattern};
use crate::finding::Severity;
use crate::rules::ByteSize;

/// An entry of `suppressions` whose rule is not looked up yet.
pub(super) struct SuppressionDraft {
    pub(super) rule: String,
    pub(super) rule_at: Position,
    pub(super) rule_path: KeyPath,
    pub(super) paths: Vec<PlacedPattern>,
    pub(super) reason: String,
    pub(super) owner: Option<String>,
    pub(super) expires: Option<jiff::civil::Date>,
    pub(super) position: Position,
}

impl SuppressionDraft {
    /// Reads one suppression.
    pub(super) fn read(item: &Item<'_>, report: &mut Report) -> Option<Self> {
        let known = ["rule", "paths", "reason", "owner", "expires"];
        let fields = item.fields(&known, report);
        if !matches!(item.node.value, Value::Mapping(_)) {
            return None;
        }
        let (mut rule, mut paths, mut reason) = (None, None, None);
        let (mut owner, mut expires) = (None, None);
        for field in &fields {
            match field.key {
                "rule" => {
                    rule = field
                        .text("the name of a rule", report)
                        .map(|rule| (rule, field));
                }
                "paths" => paths = field.some_patterns(report),
                "reason" => {
                    reason = field.text("a sentence that says why this is accepted", report);
                }
                "owner" => owner = field.text("who answers for it, like `@data`", report),
                _ => expires = read_date(field, report),
            }
        }
        let missing = |key: &str| !fields.iter().any(|field| field.key == key);
        require("rule", "file-size", missing("rule"), (item, report));
        require(
            "paths",
            "[\"data/big.bin\"]",
            missing("paths"),
            (item, report),
        );
        let example = "\"training set, reviewed\"";
        require("reason", example, missing("reason"), (item, report));
        let (rule, field) = rule?;
        Some(Self {
            rule,
            rule_at: field.node.at.clone(),
            rule_path: field.path.clone(),
            paths: paths?,
            reason: reason?,
            owner,
            expires,
            position: item.node.at.clone(),
        })
    }
}

/// Reports that a key is missing, where it `is_missing`.
pub(super) fn require(
    key: &str,
    example: &str,
    is_missing: bool,
    (item, report): (&Item<'_>, &mut Report),
) {
    if is_missing {
        let message = format!("missing key `{key}`: expected for example `{key}: {example}`");
        report.add(item.key_at, &item.path, message);
    }
}

fn read_date(field: &Item<'_>, report: &mut Report) -> Option<jiff::civil::Date> {
    let date = field.node.text().and_then(|text| {
        let has_form = text.len() == 10
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        has_form.then(|| text.parse().ok())?
    });
    if date.is_none() {
        field.expected(
            "a day of the calendar as YYYY-MM-DD, like 2027-06-30",
            report,
        );
    }
    date
}

/// Lays the `gate` of a document over what is there.
pub(super) fn lay_gate(gate: &mut Gate, item: &Item<'_>, report: &mut Report) {
    const WORDS: [(&str, Option<Severity>); 4] = [
        ("error", Some(Severity::Error)),
        ("warning", Some(Severity::Warning)),
        ("note", Some(Severity::Note)),
        ("never", None),
    ];
    for field in item.fields(&["fail_on", "min_score", "new_only"], report) {
        match field.key {
            "fail_on" => {
                if let Some(fail_on) = field.choice(&WORDS, report) {
                    gate.fail_on = fail_on;
                }
            }
            "min_score" => {
                let score = percentage(&field, "a score from 0 to 100", report);
                gate.min_score = score.or(gate.min_score);
            }
            _ => gate.new_only = field.boolean(report).unwrap_or(gate.new_only),
        }
    }
}

/// Reads `baseline`.
pub(super) fn read_baseline(field: &Item<'_>, report: &mut Report) -> Option<BaselineFile> {
    let expected =
        "the path of a baseline relative to the workspace, like `.factory-gate-baseline`";
    let path = field.text(expected, report)?;
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    if path.contains(['\\', '\0']) || !path.split('/').all(is_part) {
        field.expected(expected, report);
        return None;
    }
    Some(BaselineFile {
        path,
        position: field.node.at.clone(),
    })
}

/// A number from 0 to 100.
pub(super) fn percentage(field: &Item<'_>, expected: &str, report: &mut Report) -> Option<f64> {
    let number = match field.node.value {
        Value::Integer(number) => u8::try_from(number).ok().map(f64::from),
        Value::Float(number) => Some(number),
        _ => None,
    };
    let number = number.filter(|number| (0.0..=100.0).contains(number));
    if number.is_none() {
        field.expected(expected, report);
    }
    number
}

/// `workspace`, while documents are merged.
#[derive(Default)]
pub(super) struct WorkspaceDraft {
    pub(super) enter_nested: bool,
    pub(super) allow_unreadable: Vec<PlacedPattern>,
    /// In bytes.
    pub(super) max_content: Option<u64>,
    /// In bytes.
    pub(super) max_searched: Option<u64>,
}

impl WorkspaceDraft {
    /// Lays the `workspace` of a document over what is there.
    pub(super) fn lay(&mut self, item: &Item<'_>, report: &mut Report) {
        let known = [
            "enter_nested",
            "allow_unreadable",
            "max_content",
            "max_searched",
        ];
        for field in item.fields(&known, report) {
            match field.key {
                "enter_nested" => {
                    self.enter_nested = field.boolean(report).unwrap_or(self.enter_nested);
                }
                "allow_unreadable" => {
                    self.allow_unreadable = field.patterns(report).unwrap_or_default();
                }
                "max_content" => {
                    let most = WorkspacePolicy::MOST_MAX_CONTENT;
                    self.max_content = size(&field, most, report).or(self.max_content);
                }
                _ => {
                    let most = WorkspacePolicy::MOST_MAX_SEARCHED;
                    self.max_searched = size(&field, most, report).or(self.max_searched);
                }
            }
        }
    }
}

/// A size in bytes from 1 to `most`.
fn size(field: &Item<'_>, most: u64, report: &mut Report) -> Option<u64> {
    let ByteSize(bytes) = field.parsed(report)?;
    if (1..=most).contains(&bytes) {
        return Some(bytes);
    }
    let message = format!(
        "expected a size from 1 byte to {}, found {}",
        ByteSize(most),
        quote(&ByteSize(bytes).to_string())
    );
    report.add(&field.node.at, &field.path, message);
    None
}
