//! One style of a name: a letter case, or a regular expression that may refer to the directories above.

use super::letter_case::{LetterCase, Strictness};
use bstr::{BStr, ByteSlice as _};
use regex::bytes::Regex;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A style that a name can have.
pub(super) enum Style {
    /// A letter case.
    Case(LetterCase),
    /// The whole name has to match.
    Regex(NameRegex),
    /// The whole name must not match, whatever else it does.
    NotRegex(NameRegex),
}

/// What a style says about a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The name has the style.
    Fits,
    /// It has not; another style may fit.
    Refused,
    /// The style has nothing to say about this name.
    Silent,
    /// No other style helps; the message.
    Forbidden(String),
}

impl Style {
    /// What this style says about `text`, part of a name in the directory `parent` (a path).
    pub(super) fn judge(&self, text: &BStr, parent: &BStr, strictness: Strictness) -> Verdict {
        match self {
            Self::Case(case) => match text.to_str().map(|text| case.check(text, strictness)) {
                Ok(Ok(())) => Verdict::Fits,
                Ok(Err(_)) | Err(_) => Verdict::Refused,
            },
            Self::Regex(regex) => match regex.is_match(text, parent) {
                Ok(Some(true)) => Verdict::Fits,
                Ok(Some(false)) => Verdict::Refused,
                Ok(None) => Verdict::Silent,
                Err(why) => Verdict::Forbidden(why),
            },
            Self::NotRegex(regex) => match regex.is_match(text, parent) {
                Ok(Some(true)) => Verdict::Forbidden(format!(
                    "`{text}` matches `{}`, which is refused",
                    regex.source
                )),
                Ok(Some(false) | None) => Verdict::Silent,
                Err(why) => Verdict::Forbidden(why),
            },
        }
    }

    /// How a message calls what is expected; `None` where nothing is.
    pub(super) fn expectation(&self) -> Option<String> {
        match self {
            Self::Case(case) => Some(case.name().to_owned()),
            Self::Regex(regex) => Some(format!("matching `{}`", regex.source)),
            Self::NotRegex(_) => None,
        }
    }

    /// The letter case, if it is one.
    pub(super) fn letter_case(&self) -> Option<LetterCase> {
        match self {
            Self::Case(case) => Some(*case),
            Self::Regex(_) | Self::NotRegex(_) => None,
        }
    }

    fn parse_case(name: &str) -> Result<Self, String> {
        if let Some((_, case)) = LetterCase::ALL.iter().find(|(known, _)| *known == name) {
            return Ok(Self::Case(*case));
        }
        let distance = |known: &str| strsim::damerau_levenshtein(known, name);
        let known = LetterCase::ALL.map(|(known, _)| known);
        let nearest = known.into_iter().min_by_key(|known| distance(known));
        let nearest = nearest
            .filter(|known| distance(known) <= 3)
            .map_or(String::new(), |known| format!("; is `{known}` meant?"));
        Err(format!(
            "`{name}` is no style: expected {}, or {{ regex: PATTERN }}{nearest}",
            known.join(", ")
        ))
    }
}

impl<'de> Deserialize<'de> for Style {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Style;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a letter case, { regex: PATTERN } or { not_regex: PATTERN }")
            }
            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Style, E> {
                Style::parse_case(name).map_err(E::custom)
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Style, A::Error> {
                let missing = || A::Error::custom("expected `regex` or `not_regex`");
                let key = map.next_key::<String>()?.ok_or_else(missing)?;
                let style = match key.as_str() {
                    "regex" => Style::Regex(map.next_value()?),
                    "not_regex" => Style::NotRegex(map.next_value()?),
                    _ => {
                        return Err(A::Error::custom(format!(
                            "unknown key `{key}`: expected `regex` or `not_regex`"
                        )));
                    }
                };
                match map.next_key::<String>()? {
                    None => Ok(style),
                    Some(_) => Err(A::Error::custom(
                        "more than one key: write each regular expression as an element of a list",
                    )),
                }
            }
        }
        source.deserialize_any(Visitor)
    }
}

impl JsonSchema for Style {
    fn schema_name() -> Cow<'static, str> {
        "NameStyleItem".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let object = |key: &str, description: &str| {
            schemars::json_schema!({
                "type": "object",
                "properties": { key: { "type": "string", "minLength": 1, "description": description } },
                "required": [key],
                "additionalProperties": false
            })
        };
        let regex = object(
            "regex",
            "The whole name has to match; ${0} is the name of its directory, ${1} of the one above, and so on",
        );
        let not_regex = object("not_regex", "The whole name must not match");
        schemars::json_schema!({
            "anyOf": [{ "enum": LetterCase::ALL.map(|(name, _)| name) }, regex, not_regex]
        })
    }
}

/// A regular expression for whole names. `${0}` stands for the name of the directory that the entry is in, `${1}` for
/// the one above that, and so on, character by character.
pub(super) struct NameRegex {
    source: String,
    program: Program,
}

enum Program {
    Fixed(Regex),
    WithParents(WithParents),
}

struct WithParents {
    parts: Vec<Part>,
    /// The number of directories that the parts refer to.
    reach: usize,
    /// Compiled for the directories seen last: siblings mostly come together.
    compiled: Mutex<Compiled>,
}

/// By the names of the directories that the pattern refers to.
type Compiled = HashMap<Box<[u8]>, Arc<Regex>>;

enum Part {
    Source(String),
    Parent(usize),
}

/// Most directories upwards that a pattern can refer to.
const MAX_PARENT: usize = 31;
/// Most compiled patterns that are kept; more directories only cost time.
const MAX_COMPILED: usize = 1024;

impl NameRegex {
    fn parse(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty pattern: expected a regular expression".into());
        }
        let parts = split_references(&text)?;
        let parents = parts.iter().filter_map(|part| match part {
            Part::Parent(number) => Some(number + 1),
            Part::Source(_) => None,
        });
        // A sample name in place of each reference shows syntax errors while the policy is read.
        let reach = parents.max().unwrap_or(0);
        let sample = assemble(&parts, &vec![b"parent".as_slice(); reach]);
        let compile = |pattern: &str| {
            Regex::new(pattern)
                .map_err(|error| format!("`{text}` is no regular expression: {error}"))
        };
        // Alone first: `a)(b` would be fine inside of the parentheses that anchor it.
        compile(&sample)?;
        let fixed = compile(&anchored(&sample))?;
        let program = if reach == 0 {
            Program::Fixed(fixed)
        } else {
            Program::WithParents(WithParents {
                parts,
                reach,
                compiled: Mutex::default(),
            })
        };
        Ok(Self {
            source: text,
            program,
        })
    }

    /// Whether the whole of `text` matches; `None` where there is no such directory above.
    ///
    /// # Errors
    /// The pattern is too big with the names of the directories in it.
    fn is_match(&self, text: &[u8], parent: &[u8]) -> Result<Option<bool>, String> {
        match &self.program {
            Program::Fixed(regex) => Ok(Some(regex.is_match(text))),
            Program::WithParents(pattern) => pattern.is_match(text, parent).map_err(|error| {
                format!(
                    "`{}` cannot be checked with the names of the directories here: {error}",
                    self.source
                )
            }),
        }
    }
}

impl<'de> Deserialize<'de> for NameRegex {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(source)?).map_err(D::Error::custom)
    }
}

impl WithParents {
    fn is_match(&self, text: &[u8], parent: &[u8]) -> Result<Option<bool>, regex::Error> {
        let Some(above) = innermost(parent, self.reach) else {
            return Ok(None);
        };
        let known = self.lock().get(above).cloned();
        let regex = match known {
            Some(regex) => regex,
            None => self.compile(above)?,
        };
        Ok(Some(regex.is_match(text)))
    }

    fn compile(&self, above: &[u8]) -> Result<Arc<Regex>, regex::Error> {
        let names: Vec<&[u8]> = above.rsplit(|byte| *byte == b'/').collect();
        let regex = Arc::new(Regex::new(&anchored(&assemble(&self.parts, &names)))?);
        let mut compiled = self.lock();
        if compiled.len() >= MAX_COMPILED {
            compiled.clear();
        }
        compiled.insert(above.into(), Arc::clone(&regex));
        Ok(regex)
    }

    /// A panic elsewhere leaves the map as good as it was.
    fn lock(&self) -> MutexGuard<'_, Compiled> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last `count` components of a path, if it has so many.
fn innermost(path: &[u8], count: usize) -> Option<&[u8]> {
    if path.is_empty() {
        return None;
    }
    match memchr::memrchr_iter(b'/', path).nth(count - 1) {
        Some(slash) => Some(&path[slash + 1..]),
        None => (memchr::memchr_iter(b'/', path).count() + 1 == count).then_some(path),
    }
}

fn anchored(pattern: &str) -> String {
    format!("\\A(?:{pattern})\\z")
}

fn split_references(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(end) = rest[start..].find('}').map(|end| start + end) else {
            break;
        };
        let digits = &rest[start + 2..end];
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            parts.push(Part::Source(rest[..=end].to_owned()));
        } else {
            let number = digits.parse().ok().filter(|number| *number <= MAX_PARENT);
            let number = number.ok_or_else(|| {
                format!("`${{{digits}}}` goes too far up: expected at most {MAX_PARENT}")
            })?;
            parts.push(Part::Source(rest[..start].to_owned()));
            parts.push(Part::Parent(number));
        }
        rest = &rest[end + 1..];
    }
    parts.push(Part::Source(rest.to_owned()));
    Ok(parts)
}

/// The pattern with `names` (innermost first) in place of the references, escaped.
fn assemble(parts: &[Part], names: &[&[u8]]) -> String {
    let mut pattern = String::new();
    for part in parts {
        match part {
            Part::Source(source) => pattern.push_str(source),
            Part::Parent(number) => {
                pattern.push_str("(?:");
                for chunk in names
                    .get(*number)
                    .copied()
                    .unwrap_or_default()
                    .utf8_chunks()
                {
                    pattern.push_str(&regex::escape(chunk.valid()));
                    let invalid = chunk.invalid().iter();
                    pattern.extend(invalid.map(|byte| format!("(?-u:\\x{byte:02X})")));
                }
                pattern.push(')');
            }
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, text: &[u8], parent: &[u8]) -> Option<bool> {
        let regex = NameRegex::parse(pattern.to_owned()).unwrap();
        regex.is_match(text, parent).unwrap()
    }

    #[test]
    fn the_whole_name_has_to_match_whatever_lines_it_has() {
        assert_eq!(matches("a|b", b"b", b""), Some(true));
        assert_eq!(matches("a|b", b"ab", b""), Some(false));
        assert_eq!(matches("^a$", b"a\nb", b""), Some(false));
        assert!(NameRegex::parse("${x}".into()).is_err());
    }

    #[test]
    fn references_go_up_and_are_taken_literally() {
        assert_eq!(matches("${0}_test", b"ui_test", b"src/ui"), Some(true));
        assert_eq!(matches("${1}-${0}", b"src-ui", b"a/src/ui"), Some(true));
        assert_eq!(matches("${0}", b"aXb", b"a.b"), Some(false));
        assert_eq!(matches("${0}", b"a+(b", b"x/a+(b"), Some(true));
        assert_eq!(matches("${0}{2}", b"abab", b"ab"), Some(true));
    }

    #[test]
    fn without_such_a_directory_the_pattern_says_nothing() {
        assert_eq!(matches("${0}", b"a", b""), None);
        assert_eq!(matches("${1}", b"a", b"a"), None);
        assert_eq!(matches("${1}", b"a", b"a/b"), Some(true));
    }

    #[test]
    fn one_pattern_serves_many_directories() {
        let regex = NameRegex::parse("${0}".into()).unwrap();
        for number in 0..3 * MAX_COMPILED {
            let name = format!("d{number}");
            assert_eq!(
                regex.is_match(name.as_bytes(), name.as_bytes()),
                Ok(Some(true))
            );
            assert_eq!(regex.is_match(b"x", name.as_bytes()), Ok(Some(false)));
        }
    }

    #[test]
    fn a_pattern_that_grows_too_big_is_an_error_not_a_pass() {
        let regex = NameRegex::parse("(${0}){20000}".into()).unwrap();
        assert!(regex.is_match(b"a", &[b'n'; 255]).is_err());
    }

    proptest! {
        #[test]
        fn any_directory_name_matches_itself_and_only_itself(
            parent in proptest::collection::vec(any::<u8>().prop_filter("no slash", |byte| *byte != b'/'), 1..12),
            other in proptest::collection::vec(any::<u8>(), 1..12),
        ) {
            prop_assert_eq!(matches("${0}", &parent, &parent), Some(true));
            prop_assert_eq!(matches("${0}", &other, &parent), Some(parent == other));
        }
    }
}
