//! The part of a policy that says what may be removed: rules, `keep` and budgets.

use super::alternatives;
use super::model::{CleanupAction, CleanupLimits, CleanupRule, HardLinks, Position};
use super::node::Value;
use super::problem::{KeyPath, Report, quote};
use super::reader::{Item, PlacedPattern};
use super::sections::percentage;
use crate::rules::{Age, ByteSize, PathPattern};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// `cleanup`, while documents are merged.
#[derive(Default)]
pub(super) struct CleanupDraft {
    rules: BTreeMap<String, CleanupRuleDraft>,
    pub(super) keep: Vec<PathPattern>,
    pub(super) limits: CleanupLimits,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the policy, or what the reader knows of it"
)]
struct CleanupRuleDraft {
    path: KeyPath,
    position: Position,
    is_off: bool,
    /// Something in it is a mistake that is already reported.
    is_broken: bool,
    paths: Option<Vec<PlacedPattern>>,
    older_than: Option<std::time::Duration>,
    larger_than: Option<u64>,
    keep_newest: Option<u32>,
    empty_directories: bool,
    tracked: bool,
    ignored_only: bool,
    require_cachedir_tag: bool,
    hard_links: HardLinks,
    action: CleanupAction,
}

/// The keys of a cleanup rule.
pub(super) const RULE_KEYS: [&str; 10] = [
    "paths",
    "older_than",
    "larger_than",
    "keep_newest",
    "empty_directories",
    "tracked",
    "ignored_only",
    "require_cachedir_tag",
    "hard_links",
    "action",
];

/// The keys of `limits`.
pub(super) const LIMIT_KEYS: [&str; 7] = [
    "max_files",
    "max_directories",
    "max_bytes",
    "max_depth",
    "max_share",
    "max_failures",
    "max_time",
];

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
                    check_patterns(&patterns, &field, report);
                    self.keep
                        .extend(patterns.into_iter().map(|(pattern, _)| pattern));
                }
                _ => lay_limits(&mut self.limits, &field, report),
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
        for field in item.fields(&RULE_KEYS, report) {
            rule.lay_field(&field, report);
        }
    }

    /// The rules that are on, complete.
    pub(super) fn finish(self, report: &mut Report) -> Vec<CleanupRule> {
        let rules = self.rules.into_iter().filter(|(_, rule)| !rule.is_off);
        rules
            .filter_map(|(name, rule)| rule.finish(name, report))
            .collect()
    }
}

fn lay_limits(limits: &mut CleanupLimits, item: &Item<'_>, report: &mut Report) {
    for field in item.fields(&LIMIT_KEYS, report) {
        match field.key {
            "max_files" => limits.max_files = field.parsed(report).unwrap_or(limits.max_files),
            "max_directories" => {
                limits.max_directories = field.parsed(report).unwrap_or(limits.max_directories);
            }
            "max_bytes" => {
                if let Some(ByteSize(bytes)) = field.parsed(report) {
                    limits.max_bytes = bytes;
                }
            }
            "max_depth" => {
                if let Some(depth) = field.parsed::<NonZeroU32>(report) {
                    limits.max_depth = Some(depth.get());
                }
            }
            "max_share" => {
                let expected = "a share of the workspace's files in percent, from 0 to 100";
                limits.max_share = percentage(&field, expected, report).or(limits.max_share);
            }
            "max_failures" => {
                limits.max_failures = field.parsed(report).or(limits.max_failures);
            }
            _ => {
                if let Some(Age(time)) = field.parsed(report) {
                    limits.max_time = Some(time);
                }
            }
        }
    }
}

/// What would be only strange in another place is a mistake where it decides about removal.
fn check_patterns(patterns: &[PlacedPattern], field: &Item<'_>, report: &mut Report) -> bool {
    let mut is_fine = true;
    for (pattern, at) in patterns {
        if let Err(message) = alternatives::check(pattern.as_str()) {
            let index = match &field.node.value {
                Value::List(nodes) => nodes.iter().position(|node| node.at == *at),
                _ => None,
            };
            let path = index.map_or_else(|| field.path.clone(), |index| field.path.index(index));
            report.add(at, &path, message);
            is_fine = false;
        }
    }
    is_fine
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
            keep_newest: None,
            empty_directories: false,
            tracked: false,
            ignored_only: false,
            require_cachedir_tag: false,
            hard_links: HardLinks::Remove,
            action: CleanupAction::Remove,
        }
    }

    fn lay_field(&mut self, field: &Item<'_>, report: &mut Report) {
        let lay = |flag: &mut bool, report: &mut Report| {
            *flag = field.boolean(report).unwrap_or(*flag);
        };
        match field.key {
            "paths" => match field.some_patterns(report) {
                Some(paths) => {
                    self.is_broken |= !check_patterns(&paths, field, report);
                    self.paths = Some(paths);
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
            "keep_newest" => {
                if let Some(count) = field.parsed::<NonZeroU32>(report) {
                    self.keep_newest = Some(count.get());
                }
            }
            "empty_directories" => lay(&mut self.empty_directories, report),
            "tracked" => lay(&mut self.tracked, report),
            "ignored_only" => lay(&mut self.ignored_only, report),
            "require_cachedir_tag" => lay(&mut self.require_cachedir_tag, report),
            "hard_links" => {
                let words = [("remove", HardLinks::Remove), ("keep", HardLinks::Keep)];
                self.hard_links = field.choice(&words, report).unwrap_or(self.hard_links);
            }
            _ => {
                let words = [
                    ("remove", CleanupAction::Remove),
                    ("quarantine", CleanupAction::Quarantine),
                ];
                self.action = field.choice(&words, report).unwrap_or(self.action);
            }
        }
    }

    fn finish(self, name: String, report: &mut Report) -> Option<CleanupRule> {
        if self.paths.is_none() && !self.is_broken {
            let message = "missing key `paths`: expected for example `paths: [\"**/*.tmp\"]`";
            report.add(&self.position, &self.path, message);
        }
        self.report_contradictions(report);
        let paths = self.paths?.into_iter().map(|(pattern, _)| pattern);
        Some(CleanupRule {
            name,
            paths: paths.collect(),
            older_than: self.older_than,
            larger_than: self.larger_than,
            tracked: self.tracked,
            keep_newest: self.keep_newest,
            empty_directories: self.empty_directories,
            ignored_only: self.ignored_only,
            require_cachedir_tag: self.require_cachedir_tag,
            hard_links: self.hard_links,
            action: self.action,
            position: self.position,
        })
    }

    /// A rule, or a pattern of it, that can never match anything is a mistake of its author.
    fn report_contradictions(&self, report: &mut Report) {
        let mut never = |why: &str| {
            let message = format!("this rule can never match anything: {why}");
            report.add(&self.position, &self.path, message);
        };
        if self.tracked && self.ignored_only {
            never(
                "git ignores no file that it tracks, so `tracked` and `ignored_only` exclude each other",
            );
        }
        if self.empty_directories && self.larger_than.is_some() {
            never(
                "an empty directory has no size, so `empty_directories` and `larger_than` exclude each other",
            );
        }
        let only_directories = if self.require_cachedir_tag {
            "require_cachedir_tag"
        } else if self.empty_directories {
            "empty_directories"
        } else {
            return;
        };
        let path = self.path.key("paths");
        for (pattern, at) in self.paths.iter().flatten() {
            if !pattern.is_directory() {
                let text = pattern.as_str();
                let message = format!(
                    "{} means files, and with `{only_directories}` only directories match: expected {}",
                    quote(text),
                    quote(&format!("{text}/"))
                );
                report.add(at, &path, message);
            }
        }
    }
}
