//! A list of names in an option: exact, or with `*`. Simpler than path patterns, so that rules can have defaults.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// Names of files or directories, without `/`. `*` stands for any characters; ASCII case does not matter.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct NameSet(Vec<NamePattern>);

impl NameSet {
    /// A set of these patterns, for defaults.
    pub(super) fn of(names: &[&str]) -> Self {
        Self(
            names
                .iter()
                .map(|name| NamePattern((*name).to_owned()))
                .collect(),
        )
    }

    /// Whether a pattern matches the whole name.
    pub(super) fn contains(&self, name: &[u8]) -> bool {
        self.0.iter().any(|pattern| {
            may_match(pattern.0.as_bytes(), name) && matches(pattern.0.as_bytes(), name)
        })
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
struct NamePattern(String);

impl<'de> Deserialize<'de> for NamePattern {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        if text.trim().is_empty() {
            return Err(D::Error::custom(
                "an empty name: expected for example `LICENSE*`",
            ));
        }
        if text.contains('/') {
            return Err(D::Error::custom(format!(
                "`{text}` is a path: expected a name without `/`, for example `LICENSE*`"
            )));
        }
        Ok(Self(text))
    }
}

impl JsonSchema for NamePattern {
    fn schema_name() -> Cow<'static, str> {
        "NamePattern".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A name without /, exact or with * for any characters; upper and lower case are the same",
            "type": "string", "minLength": 1, "pattern": "^[^/]+$"
        })
    }
}

/// Most names differ from most patterns in the first character already.
fn may_match(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.first(), name.first()) {
        (Some(b'*'), _) => true,
        (Some(wanted), Some(first)) => wanted.eq_ignore_ascii_case(first),
        _ => true,
    }
}

/// Compares with `*` as the only special character: one star's position is enough to step back to.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(byte) if byte.eq_ignore_ascii_case(&name[read]) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star_at, swallowed)) = star else {
                    return false;
                };
                star = Some((star_at, swallowed + 1));
                at = star_at + 1;
                read = swallowed + 1;
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_stand_for_any_characters_and_nothing_else_is_special() {
        let set = NameSet::of(&["LICENSE*", "*.min.*", "a?c"]);
        for inside in ["license", "LICENSE-MIT", "x.min.js", ".min.", "a?c"] {
            assert!(set.contains(inside.as_bytes()), "{inside}");
        }
        for outside in ["MYLICENSE", "x.min", "abc", ""] {
            assert!(!set.contains(outside.as_bytes()), "{outside}");
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_regular_expression(pattern in "[ab*]{1,6}", name in "[abAB]{0,8}") {
            let regex = pattern.to_ascii_lowercase().replace('*', ".*");
            let regex = regex::Regex::new(&format!("(?i)^{regex}$")).unwrap();
            prop_assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), regex.is_match(&name));
        }
    }
}
