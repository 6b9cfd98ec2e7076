//! Documents laid over each other, what is extended first, into one draft of the policy. Later wins: a switch changes
//! a rule's severity, a mapping lays its keys over the inherited ones (lists replace lists), keys of `gate`, `workspace`
//! and `cleanup.limits` replace. `exclude`, `overrides`, `suppressions`, cleanup rules and `keep` add up.

use super::cleanup::CleanupDraft;
use super::locks::{self, Lock};
use super::model::{BaselineFile, Gate, Position};
use super::node::{Node, Value};
use super::problem::{KeyPath, Report, nearest, quote};
use super::reader::{Item, PlacedPattern};
use super::sections::{self, SuppressionDraft, WorkspaceDraft};
use super::setting::{RuleOption, Setting, Switch};
use crate::rules::Rule;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The rules that a policy can name.
pub(super) type Catalogue = [&'static Rule];

/// The keys of a document.
pub(super) const TOP_KEYS: [&str; 11] = [
    "version",
    "extends",
    "exclude",
    "rules",
    "overrides",
    "suppressions",
    "cleanup",
    "gate",
    "workspace",
    "locked",
    "baseline",
];

/// A policy whose documents are merged, but whose names and options are not checked yet.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) exclude: Vec<PlacedPattern>,
    pub(super) rules: BTreeMap<String, RuleDraft>,
    /// Names of rules whose definition is a mistake already reported.
    pub(super) broken: BTreeSet<String>,
    /// A document could not be read: names that are unknown may come from there.
    pub(super) incomplete: bool,
    pub(super) overrides: Vec<OverrideDraft>,
    pub(super) suppressions: Vec<SuppressionDraft>,
    pub(super) cleanup: CleanupDraft,
    pub(super) gate: Gate,
    pub(super) workspace: WorkspaceDraft,
    pub(super) baseline: Option<BaselineFile>,
    pub(super) locks: Vec<Lock>,
}

/// What all documents together say about one rule.
pub(super) struct RuleDraft {
    pub(super) rule: &'static Rule,
    pub(super) path: KeyPath,
    pub(super) at: Position,
    /// `None`: the rule's own default severity.
    pub(super) switch: Option<Switch>,
    pub(super) options: Vec<RuleOption>,
}

/// An entry of `overrides`.
pub(super) struct OverrideDraft {
    pub(super) at: Position,
    pub(super) path: KeyPath,
    pub(super) paths: Vec<PlacedPattern>,
    pub(super) rules: Vec<Setting>,
}

impl Draft {
    /// Lays a document over what is there. `again`: it is there already (two documents extend it), so its lists are.
    pub(super) fn lay(&mut self, root: &Node, again: bool, known: &Catalogue, report: &mut Report) {
        let fields = Item::root(root).fields(&TOP_KEYS, report);
        if let Value::Mapping(entries) = &root.value
            && !entries.iter().any(|entry| entry.key == "version")
        {
            let message = "missing key `version`: expected `version: 1`";
            report.add(&root.at, &KeyPath::default(), message);
        }
        for field in &fields {
            match field.key {
                "version" => check_version(field, report),
                "rules" => {
                    for item in field.entries("a mapping from rule names to settings", report) {
                        self.lay_rule(&item, known, report);
                    }
                }
                "cleanup" => self.cleanup.lay(field, again, report),
                "gate" => sections::lay_gate(&mut self.gate, field, report),
                "workspace" => self.workspace.lay(field, report),
                "baseline" => {
                    self.baseline = sections::read_baseline(field, report).or(self.baseline.take());
                }
                "exclude" | "overrides" | "suppressions" if !again => self.add_up(field, report),
                // What this document extends is already there.
                _ => {}
            }
        }
        // A lock can name the document's own rules, wherever it stands.
        for field in fields
            .iter()
            .filter(|field| field.key == "locked" && !again)
        {
            let locks = locks::read(field, (self, known), report);
            self.locks.extend(locks);
        }
    }

    fn add_up(&mut self, field: &Item<'_>, report: &mut Report) {
        match field.key {
            "exclude" => self
                .exclude
                .extend(field.patterns(report).unwrap_or_default()),
            "overrides" => {
                let example = "[{ paths: [\"docs/**\"], rules: { file-size: off } }]";
                for item in field.elements(example, report).unwrap_or_default() {
                    self.overrides.extend(OverrideDraft::read(&item, report));
                }
            }
            _ => {
                let example = "[{ rule: file-size, paths: [\"data/big.bin\"], reason: \"...\" }]";
                for item in field.elements(example, report).unwrap_or_default() {
                    self.suppressions
                        .extend(SuppressionDraft::read(&item, report));
                }
            }
        }
    }

    fn lay_rule(&mut self, item: &Item<'_>, known: &Catalogue, report: &mut Report) {
        let Some(setting) = Setting::read(item, report) else {
            self.broken.insert(item.key.to_owned());
            return;
        };
        if self.broken.contains(&setting.name) {
            return;
        }
        match self.used_rule(&setting, known, report) {
            Some(rule) => self.lay_setting(rule, setting),
            None => {
                self.broken.insert(setting.name);
            }
        }
    }

    fn lay_setting(&mut self, rule: &'static Rule, setting: Setting) {
        let draft = self
            .rules
            .entry(setting.name)
            .or_insert_with(|| RuleDraft::new(rule, setting.path.clone(), setting.name_at.clone()));
        draft.path = setting.path;
        draft.at = setting.name_at;
        match (setting.switch, &setting.options) {
            (Some(switch), _) => draft.switch = Some(switch),
            // Options for a rule that was off switch it on: a setting without effect would be a trap.
            (None, Some(_)) if draft.switch == Some(Switch::Off) => draft.switch = None,
            (None, _) => {}
        }
        lay_options(&mut draft.options, setting.options.unwrap_or_default());
    }

    /// The built-in rule behind a name in `rules`.
    fn used_rule(
        &self,
        setting: &Setting,
        known: &Catalogue,
        report: &mut Report,
    ) -> Option<&'static Rule> {
        let name = setting.name.as_str();
        if let Some(rule) = find(known, name) {
            if let Some(uses) = &setting.uses {
                let message = format!(
                    "{name_quoted} is built in and cannot `use` a rule: leave `use` out, or give your rule another name, like `our-{name}`",
                    name_quoted = quote(name)
                );
                report.add(&uses.key_at, &uses.path, message);
            }
            return Some(rule);
        }
        let inherited = self.rules.get(name);
        match (&setting.uses, inherited) {
            (None, Some(inherited)) => Some(inherited.rule),
            (None, None) => {
                self.report_unknown(setting, known, report);
                None
            }
            (Some(uses), inherited) => {
                check_own_name(setting, report);
                let rule = read_use(uses, known, report)?;
                if let Some(inherited) = inherited
                    && inherited.rule.id != rule.id
                {
                    let message = format!(
                        "the rule {} that this policy extends uses `{}`: give yours another name",
                        quote(name),
                        inherited.rule.id
                    );
                    report.add(&uses.value.at, &uses.path, message);
                    return None;
                }
                Some(rule)
            }
        }
    }

    fn report_unknown(&self, setting: &Setting, known: &Catalogue, report: &mut Report) {
        let hint =
            ": a rule of your own names the built-in rule that it uses, like `use: forbidden-path`";
        let place = (&setting.name_at, &setting.path);
        self.unknown_rule(&setting.name, place, (known, hint), report);
    }

    /// Reports a name that no rule has, unless the rule is known to be a mistake itself.
    pub(super) fn unknown_rule(
        &self,
        name: &str,
        (at, path): (&Position, &KeyPath),
        (known, hint): (&Catalogue, &str),
        report: &mut Report,
    ) {
        let nearest = report.suggest(name, self.names(known));
        if self.broken.contains(name) || self.incomplete && nearest.is_none() {
            return;
        }
        let hint = if nearest.is_none() { hint } else { "" };
        let message = format!("unknown rule {}{hint}", quote(name));
        report.add_nearest(at, path, message, nearest);
    }

    /// The file of the baseline.
    pub(super) fn baseline_path(&self) -> Option<&str> {
        self.baseline.as_ref().map(|file| file.path.as_str())
    }

    /// All names of rules, built in or this policy's own.
    pub(super) fn names<'a>(&'a self, known: &'a Catalogue) -> impl Iterator<Item = &'a str> {
        let own = self.rules.keys().map(String::as_str);
        known.iter().map(|rule| rule.id).chain(own)
    }
}

impl RuleDraft {
    /// A rule of which nothing is said yet.
    pub(super) fn new(rule: &'static Rule, path: KeyPath, at: Position) -> Self {
        Self {
            rule,
            path,
            at,
            switch: None,
            options: Vec::new(),
        }
    }
}

impl OverrideDraft {
    fn read(item: &Item<'_>, report: &mut Report) -> Option<Self> {
        let mut paths = None;
        let mut rules = None;
        for field in item.fields(&["paths", "rules"], report) {
            if field.key == "paths" {
                paths = Some(field.some_patterns(report).unwrap_or_default());
            } else {
                let settings = field.entries("a mapping from rule names to settings", report);
                let read = |setting: &Item<'_>| Setting::read(setting, report);
                rules = Some(settings.iter().filter_map(read).collect());
            }
        }
        if !matches!(item.node.value, Value::Mapping(_)) {
            return None;
        }
        sections::require("paths", "[\"docs/**\"]", paths.is_none(), (item, report));
        sections::require(
            "rules",
            "{ file-size: off }",
            rules.is_none(),
            (item, report),
        );
        Some(Self {
            at: item.node.at.clone(),
            path: item.path.clone(),
            paths: paths?,
            rules: rules?,
        })
    }
}

/// Lays options over others: a key replaces the same key, whatever its value.
pub(super) fn lay_options(base: &mut Vec<RuleOption>, over: Vec<RuleOption>) {
    let places: HashMap<String, usize> = base
        .iter()
        .enumerate()
        .map(|(place, option)| (option.key.clone(), place))
        .collect();
    for option in over {
        match places.get(&option.key) {
            Some(place) => base[*place] = option,
            None => base.push(option),
        }
    }
}

/// The built-in rule of this name.
pub(super) fn find(known: &Catalogue, id: &str) -> Option<&'static Rule> {
    known.iter().copied().find(|rule| rule.id == id)
}

fn read_use(uses: &RuleOption, known: &Catalogue, report: &mut Report) -> Option<&'static Rule> {
    let item = uses.item();
    let id = item.text("the name of a built-in rule, like `forbidden-path`", report)?;
    let rule = find(known, &id);
    if rule.is_none() {
        let nearest = nearest(&id, known.iter().map(|rule| rule.id));
        let message = format!("no built-in rule is called {}", quote(&id));
        report.add_nearest(&uses.value.at, &uses.path, message, nearest);
    }
    rule
}

fn check_own_name(setting: &Setting, report: &mut Report) {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let starts_well = setting.name.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts_well || !setting.name.split('-').all(is_word) {
        let message = format!(
            "{} is no name for a rule: expected lower-case words joined by `-`, like `no-backups`",
            quote(&setting.name)
        );
        report.add(&setting.name_at, &setting.path, message);
    }
}

fn check_version(field: &Item<'_>, report: &mut Report) {
    match field.node.value {
        Value::Integer(1) => {}
        Value::Integer(_) => {
            let found = field.node.describe();
            let message =
                format!("this program understands version 1 of the policy language, found {found}");
            report.add(&field.node.at, &field.path, message);
        }
        _ => field.expected("the number 1", report),
    }
}
