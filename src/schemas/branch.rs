//! A value that fits none of several alternatives: says what is wrong with the one that was probably meant, or what all
//! of them would have taken.

use super::expect::{self, Said, either};
use super::judge::{self, Remark};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

/// Adds what to say about an `anyOf` or `oneOf` of which no branch fits.
pub(super) fn explain(
    error: &ValidationError<'_>,
    branches: &[Vec<ValidationError<'static>>],
    source: &Value,
    told: &mut Vec<Remark>,
) {
    let here = error.instance_path().as_str();
    let is_plain = !(error.instance().is_object() || error.instance().is_array());
    if let Some(message) = all_missing(here, branches) {
        told.push(at(here, message));
        return;
    }
    let wanted: Vec<&Vec<_>> = branches
        .iter()
        .filter(|branch| !branch.iter().any(|error| refuses(error, here, is_plain)))
        .collect();
    let best = wanted
        .into_iter()
        .filter(|branch| !branch.is_empty())
        .min_by_key(|branch| weigh(branch, here));
    if let Some(branch) = best {
        for error in branch {
            judge::explain(error, source, told);
        }
        return;
    }
    told.extend(combined(error, branches, source));
}

/// Whether an error shows that its branch is not the one that was meant: another type, or another value of a key that
/// tells the branches apart.
fn refuses(error: &ValidationError<'_>, here: &str, is_plain: bool) -> bool {
    let path = error.instance_path().as_str();
    let is_here = path == here;
    let is_child = || {
        path.strip_prefix(here)
            .is_some_and(|rest| rest.starts_with('/') && !rest[1..].contains('/'))
    };
    match error.kind() {
        Kind::Type { .. } | Kind::FalseSchema | Kind::Not { .. } => is_here,
        Kind::Pattern { .. } | Kind::Format { .. } => is_here && is_plain,
        Kind::Constant { .. } => is_here || is_child(),
        // A list of one is a constant in drafts that have none.
        Kind::Enum { options } => {
            is_here || (is_child() && options.as_array().is_some_and(|all| all.len() == 1))
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            is_here
                && context
                    .iter()
                    .all(|branch| branch.iter().any(|one| refuses(one, here, is_plain)))
        }
        _ => false,
    }
}

/// How far a branch is from what was written, the least first: missing and unknown keys here, then all mistakes.
fn weigh(branch: &[ValidationError<'_>], here: &str) -> (usize, usize) {
    let about_keys = branch
        .iter()
        .filter(|error| error.instance_path().as_str() == here)
        .map(|error| match error.kind() {
            Kind::AdditionalProperties { unexpected }
            | Kind::UnevaluatedProperties { unexpected } => unexpected.len(),
            _ => 1,
        });
    (about_keys.sum(), branch.len())
}

/// The branches differ only in the keys that they require, and none is there.
fn all_missing(here: &str, branches: &[Vec<ValidationError<'static>>]) -> Option<String> {
    let mut keys = Vec::new();
    for branch in branches {
        let [only] = &branch[..] else { return None };
        let Kind::Required { property } = only.kind() else {
            return None;
        };
        if only.instance_path().as_str() != here {
            return None;
        }
        keys.push(format!("`{}`", property.as_str()?));
    }
    Some(format!("missing key: expected {}", either(keys)))
}

/// What all branches would have taken, at the deepest place that they agree on.
fn combined(
    error: &ValidationError<'_>,
    branches: &[Vec<ValidationError<'static>>],
    source: &Value,
) -> Option<Remark> {
    let here = error.instance_path().as_str();
    let mut refusals = Vec::new();
    gather(branches, here, &mut refusals);
    let deepest = refusals
        .iter()
        .map(|one| one.instance_path().as_str())
        .max_by_key(|path| path.len())?;
    let there: Vec<_> = refusals
        .iter()
        .filter(|one| one.instance_path().as_str() == deepest)
        .collect();
    let found = there.first()?.instance();
    let mut phrases = Vec::new();
    let mut sentences = Vec::new();
    for one in &there {
        let own = expect::own_message(one, source);
        if let (None, Kind::Enum { options }) = (&own, one.kind()) {
            phrases.extend(expect::quoted(options));
            continue;
        }
        let said = own.unwrap_or_else(|| expect::said(one));
        match said {
            Said::Expected(phrase) => phrases.push(phrase),
            Said::All(sentence) => sentences.push(sentence),
        }
    }
    let message = match sentences.into_iter().next() {
        Some(sentence) if phrases.is_empty() => sentence,
        _ => Said::Expected(either(phrases)).with_found(found),
    };
    Some(at(deepest, message))
}

/// The first refusal of each branch, those of nested alternatives in place of them.
fn gather<'e>(
    branches: &'e [Vec<ValidationError<'static>>],
    here: &str,
    refusals: &mut Vec<&'e ValidationError<'static>>,
) {
    for branch in branches {
        let first = branch.iter().find(|one| refuses(one, here, true));
        match first.map(|one| (one, one.kind())) {
            Some((_, Kind::AnyOf { context } | Kind::OneOfNotValid { context })) => {
                gather(context, here, refusals);
            }
            Some((one, _)) => refusals.push(one),
            None => {}
        }
    }
}

fn at(pointer: &str, message: String) -> Remark {
    Remark {
        pointer: pointer.to_owned(),
        key: None,
        message,
    }
}
