//! Findings about the policy itself: suppressions that are flawed, over or unused, patterns that match nothing.

use super::accounts::Tally;
use super::engine::Scan;
use super::finish::Drafted;
use super::inline::Inline;
use super::plan::{RuleSet, SlotId};
use super::suppress::{InlineSuppressions, SuppressionUse, is_over};
use crate::finding::{Draft, Place, Subject};
use crate::policy::{Policy, Position, Source};
use crate::rules::{Check, SuppressionTerms};
use jiff::civil::Date;

const MALFORMED: &str = "malformed-suppression";
const EXPIRED: &str = "expired-suppression";
const UNUSED: &str = "unused-suppression";
const DEAD: &str = "dead-pattern";
const SLOW: &str = "slow-pattern";

/// What is wrong with the suppressions of one file.
pub(super) fn flaws(scan: &Scan<'_>, set: &RuleSet, comments: &InlineSuppressions) -> Vec<Drafted> {
    let slot = |rule: &str| {
        set.all
            .iter()
            .copied()
            .find(|slot| scan.plan.slot(*slot).instance.rule.id == rule)
    };
    let slots = (slot(MALFORMED), slot(EXPIRED), slot(UNUSED));
    comments
        .own()
        .filter_map(|(comment, matched)| {
            let (slot, message) = match comment.flaw.clone() {
                Some(flaw) => (slots.0?, flaw),
                None if is_over(comment.expires, scan.today) => {
                    (slots.1?, expired_message(&comment.rule, comment.expires?))
                }
                None if matched == 0 && !comments.may_cover_more(comment) => {
                    (slots.2?, unused_message(&comment.rule))
                }
                None => return None,
            };
            let place = Place::Bytes(comment.bytes.clone());
            let draft = Draft {
                path: None,
                subject: Subject::File,
                place,
                message,
                sightings: Vec::new(),
                fixable: None,
                change: None,
            };
            Some(Drafted {
                slot: slot.0 as usize,
                draft,
            })
        })
        .collect()
}

/// Marks the comments that do not say what the policy wants every suppression to say: they cover nothing.
pub(super) fn hold_to_terms(scan: &Scan<'_>, set: &RuleSet, comments: &mut [Inline]) {
    if comments.is_empty() {
        return;
    }
    let slots = set.all.iter().map(|slot| scan.plan.slot(*slot));
    let malformed = slots
        .into_iter()
        .find(|slot| slot.instance.rule.id == MALFORMED);
    let terms = malformed
        .and_then(|slot| slot.check)
        .map(Check::suppression_terms);
    for comment in comments.iter_mut().filter(|comment| comment.flaw.is_none()) {
        comment.flaw = broken_terms(scan, comment, terms.unwrap_or_default());
    }
}

/// What the policy wants its own suppressions to say.
pub(super) fn terms_of_policy(policy: &Policy) -> SuppressionTerms {
    let malformed = policy
        .rules
        .iter()
        .find(|instance| instance.rule.id == MALFORMED);
    let check = malformed.and_then(|instance| instance.variants.first()?.check.as_deref());
    check.map(Check::suppression_terms).unwrap_or_default()
}

fn broken_terms(scan: &Scan<'_>, comment: &Inline, terms: SuppressionTerms) -> Option<String> {
    let policy = scan.plan.policy();
    let rule = comment.rule.as_str();
    if !policy.rules.iter().any(|instance| &*instance.id == rule)
        && crate::rules::find(rule).is_none()
    {
        return Some(format!("`{rule}` is no rule"));
    }
    if let Some(lock) = policy.suppression_lock(rule) {
        let source = policy.sources.get(lock.position.source);
        let name = source.map_or("the policy", |source| source.name.as_str());
        return Some(format!("{name} has locked suppressions of `{rule}`"));
    }
    missing_term(terms, comment.owner.is_some(), comment.expires.is_some())
}

pub(super) fn missing_term(
    terms: SuppressionTerms,
    has_owner: bool,
    has_expiry: bool,
) -> Option<String> {
    if terms.owner && !has_owner {
        return Some("the policy wants an owner: add `owner=NAME`".into());
    }
    (terms.expiry && !has_expiry)
        .then(|| "the policy wants a last day: add `expires=YYYY-MM-DD`".into())
}

fn expired_message(rule: &str, last_day: Date) -> String {
    format!("the suppression of `{rule}` was valid until {last_day}")
}

fn unused_message(rule: &str) -> String {
    format!("the suppression of `{rule}` covers nothing")
}

/// A finding about a place in a policy document.
pub(super) struct AboutPolicy {
    pub(super) rule: &'static str,
    pub(super) position: Position,
    pub(super) message: String,
}

/// What is wrong with the policy's own suppressions and patterns, once everything has been scanned.
pub(super) fn about_policy(
    scan: &Scan<'_>,
    uses: &[SuppressionUse],
    tallies: &[Tally],
) -> Vec<AboutPolicy> {
    let mut found = about_suppressions(scan, uses);
    found.extend(dead_patterns(scan));
    found.extend(slow_patterns(scan, tallies));
    found
}

/// Patterns that each byte of some files had to be tried for, with how many bytes that were.
fn slow_patterns<'s>(
    scan: &'s Scan<'_>,
    tallies: &'s [Tally],
) -> impl Iterator<Item = AboutPolicy> + 's {
    let slots = (0..).map(SlotId).zip(scan.plan.slots()).zip(tallies);
    let slow = slots.filter(|((_, slot), tally)| {
        let source = scan
            .plan
            .policy()
            .sources
            .get(slot.instance.position.source);
        tally.tried > 0 && !source.is_none_or(Source::is_preset)
    });
    slow.flat_map(|((id, slot), tally)| {
        scan.plan.slow_patterns(id).map(|pattern| AboutPolicy {
            rule: SLOW,
            position: slot.instance.position.clone(),
            message: format!(
                "no text of three characters or more is in every match of `{}`, so it had to be tried at each of {} bytes",
                pattern.source(),
                tally.tried
            ),
        })
    })
}

fn about_suppressions(scan: &Scan<'_>, uses: &[SuppressionUse]) -> Vec<AboutPolicy> {
    let policy = scan.plan.policy();
    let terms = terms_of_policy(policy);
    let mut found = Vec::new();
    for (one, used) in policy.suppressions.iter().zip(uses) {
        let missing = missing_term(terms, one.owner.is_some(), one.expires.is_some());
        let (rule, message) = match missing {
            Some(flaw) => (MALFORMED, flaw.replace('=', ": ")),
            None => match one.expires.filter(|_| is_over(one.expires, scan.today)) {
                Some(last_day) => (EXPIRED, expired_message(&one.rule, last_day)),
                None if used.matched == 0 && scan.knows_uses() => {
                    (UNUSED, unused_message(&one.rule))
                }
                None => continue,
            },
        };
        found.push(AboutPolicy {
            rule,
            position: one.position.clone(),
            message,
        });
    }
    found
}

fn dead_patterns(scan: &Scan<'_>) -> Vec<AboutPolicy> {
    let policy = scan.plan.policy();
    let mut found = Vec::new();
    for id in scan.plan.unused_patterns() {
        let (pattern, position) = policy.globs.pattern(id);
        let is_preset = policy
            .sources
            .get(position.source)
            .is_none_or(Source::is_preset);
        // An unused suppression is said above; its pattern need not be said again.
        if !is_preset
            && !policy
                .suppressions
                .iter()
                .any(|one| one.paths.contains(&id))
        {
            let message = dead_message(pattern.as_str());
            found.push(AboutPolicy {
                rule: DEAD,
                position: position.clone(),
                message,
            });
        }
    }
    found
}

fn dead_message(pattern: &str) -> String {
    if pattern.contains('/') {
        format!("`{pattern}` matches nothing in the workspace")
    } else {
        format!(
            "`{pattern}` matches nothing at the top of the workspace; `**/{pattern}` would match at any depth"
        )
    }
}
