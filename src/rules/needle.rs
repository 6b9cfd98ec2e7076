//! What the content rules look for: regular expressions and literal texts, as options and compiled.

use super::check::OptionError;
use super::listing::clipped;
use super::options::Pattern;
use crate::search;
use schemars::JsonSchema;
use serde::de::{Error as _, IntoDeserializer as _};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Range;

/// One value, or a list of values.
#[derive(Clone, Debug)]
pub(super) struct OneOrMore<T>(Vec<T>);

impl<T> Default for OneOrMore<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = OneOrMore<T>;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a text or a list of texts")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(text.into_deserializer()).map(|one| OneOrMore(vec![one]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = list.next_element()? {
                    all.push(one);
                }
                Ok(OneOrMore(all))
            }
        }
        source.deserialize_any(Visitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMore<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMore{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let one = generator.subschema_for::<T>();
        schemars::json_schema!({
            "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }]
        })
    }
}

/// A literal text, never empty.
#[derive(Clone, Debug)]
pub(super) struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        if text.is_empty() {
            return Err(D::Error::custom(
                "an empty text is found everywhere: expected a text",
            ));
        }
        Ok(Self(text))
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A text, taken literally",
            "type": "string", "minLength": 1
        })
    }
}

/// Something to look for.
pub(super) struct Needle {
    key: &'static str,
    written: String,
    pattern: search::Pattern,
}

impl Needle {
    /// Patterns, then texts, each in the order of the policy.
    ///
    /// # Errors
    /// A pattern that is too big when it ignores case.
    pub(super) fn all_of(
        patterns: &OneOrMore<Pattern>,
        texts: &OneOrMore<Text>,
        ignore_case: bool,
    ) -> Result<Vec<Self>, String> {
        let syntax = search::Syntax {
            ignore_case,
            ..Pattern::SYNTAX
        };
        let mut needles = Vec::new();
        for Pattern(pattern) in &patterns.0 {
            let written = pattern.source().to_owned();
            let pattern = if ignore_case {
                search::Pattern::new(&written, syntax).map_err(|error| error.to_string())?
            } else {
                pattern.clone()
            };
            needles.push(Self {
                key: "pattern",
                written,
                pattern,
            });
        }
        for Text(text) in &texts.0 {
            needles.push(Self {
                key: "text",
                written: text.clone(),
                pattern: search::Pattern::literal(text, syntax)
                    .map_err(|error| error.to_string())?,
            });
        }
        Ok(needles)
    }

    /// What the engine is to look for.
    pub(super) fn pattern(&self) -> search::Pattern {
        self.pattern.clone()
    }

    /// The first place in a text that is not what the engine looked at, if there is one.
    pub(super) fn first(&self, bytes: &[u8]) -> Option<Range<usize>> {
        let regex = self.pattern.regex()?;
        regex.find(bytes).map(|found| found.range())
    }

    /// `text` or `pattern`, and what the policy wrote, clipped.
    pub(super) fn describe(&self) -> String {
        format!("{} `{}`", self.key, clipped(&self.written, 100))
    }

    /// A mistake, if the pattern matches where there is nothing.
    fn matches_nothing(&self) -> Option<OptionError> {
        // Places in a line of text, at its start and end, and where there is no text at all.
        let is_empty_somewhere = ["x", "\u{1}", "x y"]
            .iter()
            .filter_map(|probe| Some(self.pattern.regex()?.find_iter(probe.as_bytes())))
            .flatten()
            .any(|place| place.is_empty());
        is_empty_somewhere.then(|| {
            OptionError::new(
                self.key,
                format!(
                    "`{}` also matches no character at all, so it is found everywhere",
                    self.written
                ),
            )
        })
    }
}

/// Mistakes in what is looked for: nothing at all, or something that is found everywhere.
pub(super) fn mistakes(needles: &[Needle]) -> Vec<OptionError> {
    if needles.is_empty() {
        return vec![OptionError::new(
            "pattern",
            "nothing to look for: expected `pattern` (a regular expression) or `text` (taken literally), or a list of either",
        )];
    }
    needles.iter().filter_map(Needle::matches_nothing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles(pattern: &str, text: &str, ignore_case: bool) -> Vec<Needle> {
        let patterns = serde_yaml::from_str(pattern).unwrap();
        let texts = serde_yaml::from_str(text).unwrap();
        Needle::all_of(&patterns, &texts, ignore_case).unwrap()
    }

    fn places(needle: &Needle, text: &str) -> Vec<(usize, usize)> {
        let places = needle.pattern.regex().unwrap().find_iter(text.as_bytes());
        places.map(|place| (place.start(), place.end())).collect()
    }

    #[test]
    fn texts_are_literal_and_patterns_are_not() {
        let [pattern, text] = &needles("a.c", "[a.c]", false)[..] else {
            panic!("two needles");
        };
        assert_eq!(places(pattern, "abc a.c A.C"), [(0, 3), (4, 7)]);
        assert_eq!(places(text, "abc a.c A.C"), [(4, 7)]);
    }

    #[test]
    fn case_is_ignored_in_both() {
        for needle in needles("[b|a.c]", "a.c", true).iter().skip(1) {
            assert_eq!(places(needle, "-A.C"), [(1, 4)], "{}", needle.describe());
        }
    }

    #[test]
    fn line_ends_of_windows_are_line_ends() {
        let needle = &needles("'^b$'", "[]", false)[0];
        assert_eq!(places(needle, "a\r\nb\r\nc"), [(3, 4)]);
    }

    #[test]
    fn what_is_found_everywhere_is_refused() {
        for everywhere in ["a*", "'^'", "$", "x?", "(a|)", r"\b"] {
            assert_eq!(
                mistakes(&needles(everywhere, "[]", false)).len(),
                1,
                "{everywhere}"
            );
        }
        for fine in ["a+", "'^$'", "'^\\s+$'"] {
            assert_eq!(mistakes(&needles(fine, "[]", false)), [], "{fine}");
        }
        assert_eq!(mistakes(&[]).len(), 1);
    }
}
