//! What a document says about one rule: a switch, or a mapping with options.

use super::model::Position;
use super::node::{Node, Value};
use super::problem::{KeyPath, Report, nearest, quote};
use super::reader::Item;
use crate::finding::Severity;

/// The keys that every rule has besides its own options.
pub(super) const COMMON_KEYS: [&str; 6] = ["use", "severity", "paths", "exclude", "message", "fix"];

/// Whether a rule is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    Off,
    On(Severity),
}

/// What one document says about one rule.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// The rule's name in the policy.
    pub(super) name: String,
    /// Where the name is written.
    pub(super) name_at: Position,
    /// The path of the rule's key.
    pub(super) path: KeyPath,
    /// The severity, if one is named.
    pub(super) switch: Option<Switch>,
    /// All keys but `severity` and `use`; `None` for a bare switch.
    pub(super) options: Option<Vec<RuleOption>>,
    /// The value of `use`.
    pub(super) uses: Option<RuleOption>,
}

/// One key of a rule's mapping.
#[derive(Clone, Debug)]
pub(super) struct RuleOption {
    pub(super) key: String,
    pub(super) key_at: Position,
    pub(super) path: KeyPath,
    pub(super) value: Node,
}

impl RuleOption {
    /// The option for the readers of values.
    pub(super) fn item(&self) -> Item<'_> {
        Item {
            key: &self.key,
            key_at: &self.key_at,
            node: &self.value,
            path: self.path.clone(),
        }
    }
}

impl Setting {
    /// Reads what stands at a rule's name.
    pub(super) fn read(item: &Item<'_>, report: &mut Report) -> Option<Self> {
        let mut setting = Self {
            name: item.key.to_owned(),
            name_at: item.key_at.clone(),
            path: item.path.clone(),
            switch: None,
            options: None,
            uses: None,
        };
        let expected = "`off`, `note`, `warning`, `error` or a mapping with options";
        if !matches!(item.node.value, Value::Mapping(_)) {
            setting.switch = Some(read_switch(item, expected, report)?);
            return Some(setting);
        }
        let mut options = Vec::new();
        for field in item.entries(expected, report) {
            let option = RuleOption {
                key: field.key.to_owned(),
                key_at: field.key_at.clone(),
                path: field.path.clone(),
                value: field.node.clone(),
            };
            match field.key {
                "severity" => {
                    setting.switch =
                        read_switch(&field, "`off`, `note`, `warning` or `error`", report);
                }
                "use" => setting.uses = Some(option),
                _ => options.push(option),
            }
        }
        setting.options = Some(options);
        Some(setting)
    }
}

fn read_switch(item: &Item<'_>, expected: &str, report: &mut Report) -> Option<Switch> {
    const WORDS: [(&str, Switch); 4] = [
        ("off", Switch::Off),
        ("note", Switch::On(Severity::Note)),
        ("warning", Switch::On(Severity::Warning)),
        ("error", Switch::On(Severity::Error)),
    ];
    let (message, nearest) = match &item.node.value {
        Value::Text(word) => {
            if let Some((_, switch)) = WORDS.iter().find(|(known, _)| known == word) {
                return Some(*switch);
            }
            let nearest = nearest(word, WORDS.iter().map(|(known, _)| *known));
            (
                format!("{} is no severity: expected {expected}", quote(word)),
                nearest,
            )
        }
        Value::Bool(false) => (
            "`false` is no severity: write `off` to switch a rule off".to_owned(),
            None,
        ),
        Value::Bool(true) => (
            "`true` is no severity: write `error`, `warning` or `note` to switch a rule on"
                .to_owned(),
            None,
        ),
        _ => {
            return {
                item.expected(expected, report);
                None
            };
        }
    };
    report.add_nearest(&item.node.at, &item.path, message, nearest);
    None
}
