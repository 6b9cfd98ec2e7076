//! Locked rules: severity, options and scope, and overrides of them.

use super::Check;
use crate::finding::Severity;
use crate::policy::locks::LockedKey;
use crate::policy::merge::{Catalogue, Draft, OverrideDraft, RuleDraft, find};
use crate::policy::node::{Node, Value};
use crate::policy::problem::{Report, quote};
use crate::policy::setting::{RuleOption, Setting, Switch};
use crate::policy::variants::severity_of;
use crate::rules::Rule;
use std::collections::BTreeSet;

/// What a rule was before anyone could weaken it.
struct Floor<'f> {
    name: &'f str,
    rule: &'static Rule,
    /// `None`: off, but for overrides.
    base: Option<Severity>,
    /// What overrides without a severity get.
    inherited: Severity,
    options: &'f [RuleOption],
    overrides: Vec<(&'f OverrideDraft, &'f Setting)>,
}

impl<'f> Floor<'f> {
    fn new(name: &'f str, rule: &'static Rule, draft: &'f Draft) -> Self {
        let own = draft.rules.get(name);
        let switch = own.map_or(Some(Switch::Off), |own| own.switch);
        let mentions = draft.overrides.iter().flat_map(|one| {
            let settings = one.rules.iter().filter(|setting| setting.name == name);
            settings.map(move |setting| (one, setting))
        });
        Self {
            name,
            rule,
            base: severity_of(switch, rule),
            inherited: inherited(switch, rule),
            options: own.map_or(&[], |own| own.options.as_slice()),
            overrides: mentions.collect(),
        }
    }

    /// The severity of one of its overrides.
    fn severity(&self, setting: &Setting) -> Option<Severity> {
        match setting.switch {
            Some(Switch::Off) => None,
            Some(Switch::On(severity)) => Some(severity),
            None => Some(self.inherited),
        }
    }

    /// The highest severity anywhere; `None`: off everywhere.
    fn highest(&self) -> Option<Severity> {
        let overrides = self
            .overrides
            .iter()
            .map(|(_, setting)| self.severity(setting));
        overrides.chain([self.base]).max().flatten()
    }

    fn option(&self, key: &str) -> Option<&'f Node> {
        let option = self.options.iter().find(|option| option.key == key);
        option.map(|option| &option.value)
    }
}

/// What an override without a severity makes of a rule: options for one that is off switch it on.
fn inherited(switch: Option<Switch>, rule: &Rule) -> Severity {
    severity_of(switch, rule).unwrap_or(rule.severity)
}

impl Check<'_> {
    /// Whether what is locked has the rule on, if only for some paths.
    pub(super) fn is_on_somewhere(&self, name: &str, known: &Catalogue) -> bool {
        self.rule(name, known)
            .is_some_and(|rule| Floor::new(name, rule, self.floor).highest().is_some())
    }

    fn rule(&self, name: &str, known: &Catalogue) -> Option<&'static Rule> {
        let draft = self.floor.rules.get(name);
        draft.map(|draft| draft.rule).or_else(|| find(known, name))
    }

    pub(super) fn rules(&self, known: &Catalogue, report: &mut Report) {
        let mentioned = self.floor.overrides.iter().flat_map(|one| &one.rules);
        let names: BTreeSet<&str> = self
            .floor
            .rules
            .keys()
            .chain(mentioned.map(|setting| &setting.name))
            .map(String::as_str)
            .filter(|name| {
                let key = LockedKey::Rules(Some((*name).to_owned()));
                self.lock.key.includes(&key)
            })
            .collect();
        for name in names {
            let now = self.all.rules.get(name);
            let Some(rule) = self.rule(name, known) else {
                continue;
            };
            let floor = Floor::new(name, rule, self.floor);
            if floor.highest().is_none() {
                continue;
            }
            if let Some(now) = now {
                self.base(&floor, now, report);
            }
            self.overrides_of(&floor, report);
        }
    }

    /// What the documents say in `rules`.
    fn base(&self, floor: &Floor<'_>, now: &RuleDraft, report: &mut Report) {
        let severity = severity_of(now.switch, now.rule);
        let inherits = |(_, setting): &(&OverrideDraft, &Setting)| setting.switch.is_none();
        let is_inherited = floor.overrides.iter().any(inherits);
        let is_lower = is_inherited && inherited(now.switch, now.rule) < floor.inherited;
        if severity < floor.base || is_lower {
            let least = floor.base.unwrap_or(floor.inherited);
            let why = format!(
                "{} would be {}: expected at least {}",
                quote(floor.name),
                word(severity),
                quote(least.as_str())
            );
            self.weaker_at(&["rules", floor.name, "severity"], &why, report);
        }
        for option in &now.options {
            let locked = floor.option(&option.key);
            if let Some(why) = loosened(floor.name, option, locked) {
                self.weaker_at(&["rules", floor.name, &option.key], &why, report);
            }
        }
    }

    /// Overrides of the rule that stand in other documents.
    fn overrides_of(&self, floor: &Floor<'_>, report: &mut Report) {
        let now = self.all.rules.get(floor.name);
        let switch = now.map_or(Some(Switch::Off), |now| now.switch);
        let has_options = floor.overrides.iter().any(|(_, setting)| {
            let options = setting.options.as_deref().unwrap_or_default();
            floor.severity(setting).is_some() && !options.is_empty()
        });
        for draft in self
            .all
            .overrides
            .iter()
            .filter(|one| self.is_outside(&one.at))
        {
            for setting in draft.rules.iter().filter(|one| one.name == floor.name) {
                let place = (&setting.name_at, &setting.path);
                let severity = match setting.switch {
                    Some(switch) => severity_of(Some(switch), floor.rule),
                    None => Some(inherited(switch, floor.rule)),
                };
                let highest = floor.highest();
                if severity < highest {
                    let why = format!(
                        "{} would be {} for these paths: expected at least {}",
                        quote(floor.name),
                        word(severity),
                        quote(&word(highest))
                    );
                    self.weaker(place, &why, report);
                } else if has_options {
                    let why = format!(
                        "for these paths this would replace the options that {} has by an override there",
                        quote(floor.name)
                    );
                    self.weaker(place, &why, report);
                }
                for option in setting.options.iter().flatten() {
                    let locked = floor.option(&option.key);
                    if let Some(why) = loosened(floor.name, option, locked) {
                        self.weaker((&option.key_at, &option.path), &why, report);
                    }
                }
            }
        }
    }
}

/// In what way an option of a locked rule is another than it was, if that can be weaker.
fn loosened(name: &str, option: &RuleOption, locked: Option<&Node>) -> Option<String> {
    let was = locked.map(Node::canonical);
    if was.as_ref() == Some(&option.value.canonical()) {
        return None;
    }
    let shown = || was.as_deref().map_or("no such option".to_owned(), quote);
    let texts = |node: &Node| match &node.value {
        Value::List(nodes) => nodes
            .iter()
            .filter_map(|node| node.text().map(str::to_owned))
            .collect(),
        _ => BTreeSet::new(),
    };
    let rule = quote(name);
    match option.key.as_str() {
        // Tells more or less, and changes nothing about what is found.
        "message" => None,
        "paths" => {
            let now = texts(&option.value);
            let is_wider = locked.is_some_and(|locked| texts(locked).is_subset(&now));
            (!is_wider).then(|| match locked {
                Some(_) => format!(
                    "{rule} would look at fewer paths: expected all of {}",
                    shown()
                ),
                None => format!("{rule} would look at fewer paths: expected no `paths`"),
            })
        }
        "exclude" => {
            let were = locked.map(texts).unwrap_or_default();
            let now = texts(&option.value);
            let more = now.difference(&were).next()?;
            Some(format!("{rule} would look at {} no more", quote(more)))
        }
        key => Some(format!(
            "the option {} of {rule} cannot be changed here: expected {}",
            quote(key),
            shown()
        )),
    }
}

fn word(severity: Option<Severity>) -> String {
    severity.map_or("off", Severity::as_str).to_owned()
}
