//! The parts of a policy beside its rules: suppressions, cleanup, gate and workspace.

use super::model::{
    CleanupAction, CleanupLimits, CleanupRule, Gate, HardLinks, Position, WorkspacePolicy,
};
use super::node::Value;
use super::problem::{KeyPath, Report, quote};
use super::reader::{Item, PlacedPattern};
use crate::finding::Severity;
use crate::rules::{Age, ByteSize, PathPattern};
use std::collections::BTreeMap;

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

/// `cleanup`, while documents are merged.
#[derive(Default)]
pub(super) struct CleanupDraft {
    rules: BTreeMap<String, CleanupRuleDraft>,
    pub(super) keep: Vec<PathPattern>,
    pub(super) limits: CleanupLimits,
}

struct CleanupRuleDraft {
    path: KeyPath,
    position: Position,
    is_off: bool,
    /// Something in it is a mistake that is already reported.
    is_broken: bool,
    paths: Option<Vec<PathPattern>>,
    older_than: Option<std::time::Duration>,
    larger_than: Option<u64>,
    tracked: bool,
}

impl CleanupDraft {
    /// Lays the `cleanup` of a document over what is there.
    pub(super) fn lay(&mut self, item: &Item<'_>, again: bool, report: &mut Report) {
        for field in item.fields(&["rules", "keep", "limits"], report) {
            match field.key {
                "rules" => {
                    for rule in field.entries("a mapping from names to cleanup rules", report) {
                        self.lay_rule(&rule, report);
                    }
                }
                "keep" if again => {}
                "keep" => {
                    let patterns = field.patterns(report).unwrap_or_default();
                    self.keep
                        .extend(patterns.into_iter().map(|(pattern, _)| pattern));
                }
                _ => self.lay_limits(&field, report),
            }
        }
    }

    fn lay_limits(&mut self, item: &Item<'_>, report: &mut Report) {
        for field in item.fields(&["max_files", "max_bytes"], report) {
            if field.key == "max_files" {
                self.limits.max_files = field.parsed(report).unwrap_or(self.limits.max_files);
            } else if let Some(ByteSize(bytes)) = field.parsed(report) {
                self.limits.max_bytes = bytes;
            }
        }
    }

    fn lay_rule(&mut self, item: &Item<'_>, report: &mut Report) {
        let rule = self
            .rules
            .entry(item.key.to_owned())
            .or_insert_with(|| CleanupRuleDraft::new(item));
        rule.path = item.path.clone();
        rule.position = item.key_at.clone();
        rule.is_off = item.node.text() == Some("off");
        if item.key.trim().is_empty() {
            let message = "a cleanup rule without a name: expected a name, like `build-trash`";
            report.add(item.key_at, &item.path, message);
        }
        if rule.is_off {
            return;
        }
        if !matches!(item.node.value, Value::Mapping(_)) {
            rule.is_broken = true;
            item.expected("`off` or a mapping with `paths`", report);
            return;
        }
        let known = ["paths", "older_than", "larger_than", "action", "tracked"];
        for field in item.fields(&known, report) {
            rule.lay_field(&field, report);
        }
    }

    /// The rules that are on, complete.
    pub(super) fn finish(self, report: &mut Report) -> Vec<CleanupRule> {
        let rules = self.rules.into_iter().filter(|(_, rule)| !rule.is_off);
        let finish = |(name, rule): (String, CleanupRuleDraft)| {
            if rule.paths.is_none() && !rule.is_broken {
                let message = "missing key `paths`: expected for example `paths: [\"**/*.tmp\"]`";
                report.add(&rule.position, &rule.path, message);
            }
            Some(CleanupRule {
                name,
                paths: rule.paths?,
                older_than: rule.older_than,
                larger_than: rule.larger_than,
                tracked: rule.tracked,
                keep_newest: None,
                empty_directories: false,
                ignored_only: false,
                require_cachedir_tag: false,
                hard_links: HardLinks::Remove,
                action: CleanupAction::Remove,
                position: rule.position,
            })
        };
        rules.filter_map(finish).collect()
    }
}

impl CleanupRuleDraft {
    fn new(item: &Item<'_>) -> Self {
        Self {
            path: item.path.clone(),
            position: item.key_at.clone(),
            is_off: false,
            is_broken: false,
            paths: None,
            older_than: None,
            larger_than: None,
            tracked: false,
        }
    }

    fn lay_field(&mut self, field: &Item<'_>, report: &mut Report) {
        match field.key {
            "paths" => match field.some_patterns(report) {
                Some(paths) => {
                    self.paths = Some(paths.into_iter().map(|(pattern, _)| pattern).collect());
                }
                None => self.is_broken = true,
            },
            "older_than" => {
                if let Some(Age(age)) = field.parsed(report) {
                    self.older_than = Some(age);
                }
            }
            "larger_than" => {
                if let Some(ByteSize(bytes)) = field.parsed(report) {
                    self.larger_than = Some(bytes);
                }
            }
            "tracked" => self.tracked = field.boolean(report).unwrap_or(self.tracked),
            _ if field.node.text() == Some("quarantine") => {
                let message =
                    "`quarantine` is not in this version, which only removes: expected `remove`";
                report.add(&field.node.at, &field.path, message);
            }
            _ => {
                field.choice(&[("remove", ())], report);
            }
        }
    }
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
            "min_score" => gate.min_score = read_score(&field, report).or(gate.min_score),
            _ => {
                if field.boolean(report) == Some(true) {
                    let message = "comparing with a base is not in this version: expected `false`";
                    report.add(&field.node.at, &field.path, message);
                }
            }
        }
    }
}

fn read_score(field: &Item<'_>, report: &mut Report) -> Option<f64> {
    let score = match field.node.value {
        Value::Integer(number) => u8::try_from(number).ok().map(f64::from),
        Value::Float(number) => Some(number),
        _ => None,
    };
    let score = score.filter(|score| (0.0..=100.0).contains(score));
    if score.is_none() {
        field.expected("a score from 0 to 100", report);
    }
    score
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
