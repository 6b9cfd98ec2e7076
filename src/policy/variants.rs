//! Rules with their options, checked and built: one variant for the policy's base, one for each override.

use super::globs::{GlobId, GlobsBuilder};
use super::merge::{Catalogue, Draft, OverrideDraft, RuleDraft, find, lay_options};
use super::model::{FixPermission, Position, RuleInstance, Variant};
use super::node::{Node, Value};
use super::phrase::phrase;
use super::problem::{KeyPath, Report, quote};
use super::reader::PlacedPattern;
use super::schema::option_names;
use super::setting::{COMMON_KEYS, RuleOption, Setting, Switch};
use crate::finding::Severity;
use crate::rules::{Check, DefaultPaths, OptionError, Rule};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys and values in the options of all variants together: each override repeats the options of the base.
const MAX_VARIANT_NODES: usize = 1_000_000;

/// The rules of a policy on their way from draft to instances.
pub(super) struct Rules<'d> {
    draft: &'d Draft,
    known: &'d Catalogue,
    globs: &'d mut GlobsBuilder,
    report: &'d mut Report,
    nodes: usize,
}

/// A rule while its variants are built.
struct Subject<'d> {
    rule: &'static Rule,
    /// Where mistakes of the rule as a whole are reported.
    place: (&'d Position, &'d KeyPath),
    /// All names that may stand in its mapping; `None` if only its `build` knows.
    names: Option<Vec<String>>,
}

impl<'d> Rules<'d> {
    /// The rules of `draft`, not built yet. Patterns of rules that are on go to `globs`.
    pub(super) fn new(
        draft: &'d Draft,
        known: &'d Catalogue,
        globs: &'d mut GlobsBuilder,
        report: &'d mut Report,
    ) -> Self {
        Self {
            draft,
            known,
            globs,
            report,
            nodes: 0,
        }
    }

    /// Every rule that is on somewhere. Mistakes go to the report.
    pub(super) fn build(mut self) -> Vec<RuleInstance> {
        let mut mentions = self.mentions();
        let built_in = self.known.iter().map(|rule| rule.id);
        let own = self.draft.rules.keys().map(String::as_str);
        let own = own.filter(|name| find(self.known, name).is_none());
        let names: Vec<&str> = built_in.chain(own).collect();
        let mut instances = Vec::new();
        for name in names {
            let mentions = mentions.remove(name).unwrap_or_default();
            instances.extend(self.instance(name, &mentions));
        }
        instances
    }

    /// Which overrides say something about which rule, in order.
    fn mentions(&mut self) -> BTreeMap<&'d str, Vec<(&'d OverrideDraft, &'d Setting)>> {
        let mut mentions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for draft in &self.draft.overrides {
            for setting in &draft.rules {
                let name = setting.name.as_str();
                if find(self.known, name).is_some() || self.draft.rules.contains_key(name) {
                    mentions.entry(name).or_default().push((draft, setting));
                } else {
                    let place = (&setting.name_at, &setting.path);
                    let hint = ": a rule of your own is defined in `rules`";
                    self.draft
                        .unknown_rule(name, place, (self.known, hint), self.report);
                }
            }
        }
        mentions
    }

    fn instance(
        &mut self,
        name: &str,
        mentions: &[(&OverrideDraft, &Setting)],
    ) -> Option<RuleInstance> {
        let unmentioned;
        let base = match (self.draft.rules.get(name), mentions.first()) {
            (Some(base), _) => base,
            (None, Some((_, setting))) => {
                let rule = find(self.known, name)?;
                let mut off = RuleDraft::new(rule, setting.path.clone(), setting.name_at.clone());
                off.switch = Some(Switch::Off);
                unmentioned = off;
                &unmentioned
            }
            (None, None) => return None,
        };
        let subject = Subject {
            rule: base.rule,
            place: (&base.at, &base.path),
            names: option_names(base.rule),
        };
        let message = self.message(&base.options);
        let severity = severity_of(base.switch, base.rule);
        let base_variant = self.variant(&subject, &base.options, severity)?;
        let mut variants = vec![base_variant];
        let mut overrides = Vec::new();
        for (draft, setting) in mentions {
            let variant = self.overriding(base, setting, (&subject, &variants[0]))?;
            let paths = self.add_globs(&draft.paths);
            overrides.push((paths, variants.len()));
            variants.push(variant);
        }
        let is_on = variants.iter().any(|variant| variant.severity.is_some());
        is_on.then(|| RuleInstance {
            id: name.into(),
            rule: base.rule,
            position: base.at.clone(),
            message,
            variants,
            overrides,
        })
    }

    fn message(&mut self, options: &[RuleOption]) -> Option<String> {
        let option = options.iter().find(|option| option.key == "message")?;
        option
            .item()
            .text("a sentence for people who break the rule", self.report)
    }

    /// The variant that an override asks for.
    fn overriding(
        &mut self,
        base: &RuleDraft,
        setting: &Setting,
        (subject, base_variant): (&Subject<'_>, &Variant),
    ) -> Option<Variant> {
        let severity = match (setting.switch, base.switch) {
            (Some(switch), _) => severity_of(Some(switch), base.rule),
            // As in `rules`: options for a rule that is off switch it on.
            (None, Some(Switch::Off)) => Some(base.rule.severity),
            (None, switch) => severity_of(switch, base.rule),
        };
        let place = (&setting.name_at, &setting.path);
        if let Some(uses) = &setting.uses {
            let message = "`use` is the same for all paths: it stands in `rules`";
            self.report.add(&uses.key_at, &uses.path, message);
        }
        let mut over = setting.options.clone().unwrap_or_default();
        over.retain(|option| {
            if option.key == "message" {
                let message = "`message` is the same for all paths: it stands in `rules`";
                self.report.add(&option.key_at, &option.path, message);
            }
            option.key != "message"
        });
        if over.is_empty() && (severity.is_none() || base_variant.severity.is_some()) {
            return Some(Variant {
                severity,
                ..base_variant.clone()
            });
        }
        let mut options = base.options.clone();
        lay_options(&mut options, over);
        let subject = Subject {
            rule: subject.rule,
            place,
            names: subject.names.clone(),
        };
        self.variant(&subject, &options, severity)
    }

    /// Checks the options, and builds the check where the rule is on. `None`: nothing more can be said.
    fn variant(
        &mut self,
        subject: &Subject<'_>,
        options: &[RuleOption],
        severity: Option<Severity>,
    ) -> Option<Variant> {
        let before = self.nodes;
        self.nodes += options
            .iter()
            .map(|option| option.value.weight().nodes)
            .sum::<usize>();
        if self.nodes > MAX_VARIANT_NODES {
            if before <= MAX_VARIANT_NODES {
                let message = format!(
                    "the overrides repeat more than {MAX_VARIANT_NODES} keys and values of their rules"
                );
                self.report.add(subject.place.0, subject.place.1, message);
            }
            return None;
        }
        let (paths, exclude) = self.paths(subject, options, severity.is_some());
        let check = self.check(subject, options, severity.is_some());
        let mut variant = Variant {
            options: own_options(options),
            severity,
            check: None,
            paths: None,
            exclude: Vec::new(),
            fixes: self.fixes(options),
        };
        if severity.is_some() {
            variant.paths = match (paths, &check) {
                (Some(paths), _) => Some(self.add_globs(&paths)),
                (None, Some(check)) => self.default_paths(subject, check.as_ref()),
                (None, None) => None,
            };
            variant.check = check;
            variant.exclude = self.add_globs(&exclude);
        }
        Some(variant)
    }

    /// What the key `fix` says; a mistake goes to the report.
    fn fixes(&mut self, options: &[RuleOption]) -> FixPermission {
        let Some(option) = options.iter().find(|option| option.key == "fix") else {
            return FixPermission::default();
        };
        let permission = match &option.value.value {
            Value::Text(word) => match word.as_str() {
                "off" => Some(FixPermission::Off),
                "safe" => Some(FixPermission::Safe),
                "unsafe" => Some(FixPermission::Unsafe),
                _ => None,
            },
            _ => None,
        };
        permission.unwrap_or_else(|| {
            option
                .item()
                .expected("`off`, `safe` or `unsafe`", self.report);
            FixPermission::Off
        })
    }

    fn paths(
        &mut self,
        subject: &Subject<'_>,
        options: &[RuleOption],
        is_on: bool,
    ) -> (Option<Vec<PlacedPattern>>, Vec<PlacedPattern>) {
        let find = |key: &str| options.iter().find(|option| option.key == key);
        let paths = find("paths").map(|option| option.item().some_patterns(self.report));
        let exclude = find("exclude").and_then(|option| option.item().patterns(self.report));
        if paths.is_none() && is_on && subject.rule.needs_paths {
            self.no_paths(subject);
        }
        (paths.flatten(), exclude.unwrap_or_default())
    }

    fn check(
        &mut self,
        subject: &Subject<'_>,
        options: &[RuleOption],
        is_on: bool,
    ) -> Option<Arc<dyn Check>> {
        let mut mapping = serde_yaml::Mapping::new();
        for option in options {
            if COMMON_KEYS.contains(&option.key.as_str()) {
                continue;
            }
            match &subject.names {
                Some(names) if !names.contains(&option.key) => {
                    let known: Vec<&str> = names.iter().map(String::as_str).collect();
                    let what = format!("option of `{}`", subject.rule.id);
                    unknown_option(option, &what, &known, self.report);
                }
                _ => {
                    mapping.insert(option.key.as_str().into(), option.value.to_yaml());
                }
            }
        }
        match (subject.rule.build)(&serde_yaml::Value::Mapping(mapping)) {
            Ok(check) => Some(check.into()),
            Err(mistakes) => {
                for mistake in mistakes {
                    let option = mistake.path.first();
                    let option = options.iter().find(|one| Some(&one.key) == option);
                    // A rule that is off may lack options, but those that are written have to be right.
                    if is_on || option.is_some() {
                        self.option_mistake(subject, option, &mistake);
                    }
                }
                None
            }
        }
    }

    /// `option`: the one that the mistake is in, if it is written.
    fn option_mistake(
        &mut self,
        subject: &Subject<'_>,
        option: Option<&RuleOption>,
        mistake: &OptionError,
    ) {
        let Some(option) = option else {
            let (at, path) = subject.place;
            let (message, nearest) = phrase(&mistake.message, None);
            return self.report.add_nearest(at, path, message, nearest);
        };
        let mut found = descend(option, mistake.path.get(1..).unwrap_or_default());
        let node = found.node;
        let at = if mistake.message.starts_with("unknown field ") {
            found.step_to_unknown_field(&mistake.message);
            found.key_at
        } else {
            &node.at
        };
        let (message, nearest) = phrase(&mistake.message, Some(node));
        self.report.add_nearest(at, &found.path, message, nearest);
    }

    fn add_globs(&mut self, patterns: &[PlacedPattern]) -> Vec<GlobId> {
        let patterns = patterns.iter();
        patterns
            .map(|(pattern, at)| self.globs.add(pattern, at))
            .collect()
    }

    /// The paths of a check that is given none.
    fn default_paths(&mut self, subject: &Subject<'_>, check: &dyn Check) -> Option<Vec<GlobId>> {
        match check.default_paths() {
            DefaultPaths::All => None,
            DefaultPaths::Missing => {
                self.no_paths(subject);
                None
            }
            DefaultPaths::These(patterns) => {
                // They stand in no document, so that none of them is called dead.
                let nowhere = Position {
                    source: usize::MAX,
                    line: 1,
                    column: 1,
                };
                let patterns = patterns.iter();
                let ids = patterns.map(|pattern| self.globs.add(pattern, &nowhere));
                Some(ids.collect())
            }
        }
    }

    fn no_paths(&mut self, subject: &Subject<'_>) {
        let message = format!(
            "`{}` says nothing without `paths`: expected for example `paths: [\"**/*.bak\"]`",
            subject.rule.id
        );
        self.report.add(subject.place.0, subject.place.1, message);
    }
}

/// The rule's own options as JSON with sorted keys.
fn own_options(options: &[RuleOption]) -> Arc<str> {
    let own = options
        .iter()
        .filter(|option| !COMMON_KEYS.contains(&option.key.as_str()));
    let sorted: BTreeMap<&str, String> = own
        .map(|option| (option.key.as_str(), option.value.canonical()))
        .collect();
    let pairs: Vec<String> = sorted
        .into_iter()
        .map(|(key, value)| format!("{}:{value}", serde_json::Value::from(key)))
        .collect();
    format!("{{{}}}", pairs.join(",")).into()
}

pub(super) fn severity_of(switch: Option<Switch>, rule: &Rule) -> Option<Severity> {
    match switch {
        Some(Switch::Off) => None,
        Some(Switch::On(severity)) => Some(severity),
        None => Some(rule.severity),
    }
}

fn unknown_option(option: &RuleOption, what: &str, known: &[&str], report: &mut Report) {
    // `use` is no help here: it is either there or wrong.
    let common = COMMON_KEYS.iter().copied().filter(|key| *key != "use");
    let all: Vec<&str> = known.iter().copied().chain(common).collect();
    let nearest = super::problem::nearest(&option.key, all.iter().copied());
    let hint = match &nearest {
        Some(_) => String::new(),
        None => format!(": expected {}", super::problem::listing(all)),
    };
    let message = format!("unknown {what}: {}{hint}", quote(&option.key));
    report.add_nearest(&option.key_at, &option.path, message, nearest);
}

/// A value in an option.
struct Place<'o> {
    key_at: &'o Position,
    path: KeyPath,
    node: &'o Node,
}

/// The value at a path below an option, or the last one on the way to it.
fn descend<'o>(option: &'o RuleOption, below: &[String]) -> Place<'o> {
    let mut place = Place {
        key_at: &option.key_at,
        path: option.path.clone(),
        node: &option.value,
    };
    for step in below {
        let next = match &place.node.value {
            Value::List(nodes) => step
                .parse()
                .ok()
                .and_then(|index: usize| Some((place.path.index(index), nodes.get(index)?)))
                .map(|(path, node)| (&node.at, path, node)),
            Value::Mapping(entries) => entries
                .iter()
                .find(|entry| entry.key == *step)
                .map(|entry| (&entry.key_at, place.path.key(step), &entry.value)),
            _ => None,
        };
        let Some((key_at, path, node)) = next else {
            break;
        };
        place = Place { key_at, path, node };
    }
    place
}

impl Place<'_> {
    /// Goes on to the key that the deserialiser calls unknown, if its path ended one step too early.
    fn step_to_unknown_field(&mut self, message: &str) {
        let Value::Mapping(entries) = &self.node.value else {
            return;
        };
        let rest = message.strip_prefix("unknown field `").unwrap_or_default();
        let is_it = |key: &str| {
            rest.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with('`'))
        };
        if let Some(entry) = entries.iter().find(|entry| is_it(&entry.key)) {
            self.key_at = &entry.key_at;
            self.path = self.path.key(&entry.key);
        }
    }
}
