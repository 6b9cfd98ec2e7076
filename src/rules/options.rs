//! Types for the options of rules: each refuses nonsense while the policy is read, with a message that says what is expected.

use super::check::{Check, OptionError};
use crate::search;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// Builds a rule's check from its mapping: every wrong key is reported, not only the first.
///
/// # Errors
/// One [`OptionError`] for each key that is unknown or does not fit.
pub(super) fn build<T>(options: &serde_yaml::Value) -> Result<Box<dyn Check>, Vec<OptionError>>
where
    T: DeserializeOwned + Check + 'static,
{
    let parsed = match from_value::<T>(options.clone()) {
        Ok(parsed) => parsed,
        Err(first) => return Err(every_mistake::<T>(options, first)),
    };
    let mistakes = parsed.validate();
    if mistakes.is_empty() {
        Ok(Box::new(parsed))
    } else {
        Err(mistakes)
    }
}

fn from_value<T: DeserializeOwned>(options: serde_yaml::Value) -> Result<T, OptionError> {
    serde_path_to_error::deserialize(options).map_err(|error| OptionError {
        path: key_path(error.path()),
        message: error.into_inner().to_string(),
    })
}

fn key_path(path: &serde_path_to_error::Path) -> Vec<String> {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// Serde stops at the first mistake; all options have defaults, so each key can be tried alone.
fn every_mistake<T: DeserializeOwned>(
    options: &serde_yaml::Value,
    first: OptionError,
) -> Vec<OptionError> {
    let Some(mapping) = options.as_mapping() else {
        return vec![first];
    };
    let mut mistakes: Vec<OptionError> = mapping
        .iter()
        .filter_map(|(key, value)| {
            let alone = serde_yaml::Mapping::from_iter([(key.clone(), value.clone())]);
            from_value::<T>(serde_yaml::Value::Mapping(alone)).err()
        })
        .collect();
    if mistakes.is_empty() {
        mistakes.push(first);
    }
    mistakes
}

/// A number of bytes: `1048576`, `"500 kB"`, `1 MiB`, `2GiB`. Decimal and binary units differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    const UNITS: [(&'static str, u64); 10] = [
        ("b", 1),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("tb", 1_000_000_000_000),
        ("", 1),
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("tib", 1 << 40),
    ];

    /// Reads a size as a policy writes it.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected =
            || format!("`{text}` is no size: expected for example 500 kB, 1 MiB or 2 GiB");
        let text = text.trim();
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let number: u64 = text[..digits].parse().map_err(|_| expected())?;
        let unit = text[digits..].trim().to_ascii_lowercase();
        let factor = Self::UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(expected)?
            .1;
        number.checked_mul(factor).map(Self).ok_or_else(expected)
    }
}

impl std::fmt::Display for ByteSize {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const UNITS: [(&str, u64); 4] = [
            ("TiB", 1 << 40),
            ("GiB", 1 << 30),
            ("MiB", 1 << 20),
            ("KiB", 1 << 10),
        ];
        match UNITS.iter().find(|(_, factor)| self.0 >= *factor) {
            None => write!(out, "{} bytes", self.0),
            Some((unit, factor)) if self.0.is_multiple_of(*factor) => {
                write!(out, "{} {unit}", self.0 / factor)
            }
            Some((unit, factor)) => {
                let tenths = u128::from(self.0) * 10 / u128::from(*factor);
                write!(out, "{}.{} {unit}", tenths / 10, tenths % 10)
            }
        }
    }
}

/// As it is shown where a default is documented.
impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        target.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        number_or_text(source).and_then(|value| match value {
            NumberOrText::Number(bytes) => Ok(Self(bytes)),
            NumberOrText::Text(text) => Self::parse(&text).map_err(D::Error::custom),
        })
    }
}

impl schemars::JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A number of bytes, or a size with a unit: 500 kB, 1 MiB, 2 GiB",
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^ *[0-9]+ *([kKmMgGtT][iI]?[bB]|[bB])? *$" }
            ]
        })
    }
}

/// A length of time: `90s`, `15m`, `12h`, `7d`, `4w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(pub std::time::Duration);

impl Age {
    /// Reads a length of time as a policy writes it.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected =
            || format!("`{text}` is no age: expected for example 90s, 15m, 12h, 7d or 4w");
        let text = text.trim();
        let unit = text.chars().last().ok_or_else(expected)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            _ => return Err(expected()),
        };
        let number: u64 = text[..text.len() - 1]
            .trim()
            .parse()
            .map_err(|_| expected())?;
        let total = number
            .checked_mul(seconds)
            .filter(|total| *total <= 100 * 366 * 86_400);
        total
            .map(|total| Self(std::time::Duration::from_secs(total)))
            .ok_or_else(expected)
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        match number_or_text(source)? {
            NumberOrText::Text(text) => Self::parse(&text).map_err(D::Error::custom),
            NumberOrText::Number(number) => Err(D::Error::custom(format!(
                "`{number}` has no unit: expected for example {number}d for days or {number}h for hours"
            ))),
        }
    }
}

impl schemars::JsonSchema for Age {
    fn schema_name() -> Cow<'static, str> {
        "Age".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A length of time: 90s, 15m, 12h, 7d, 4w",
            "type": "string", "pattern": "^ *[0-9]+ *[smhdw] *$"
        })
    }
}

/// A regular expression (syntax of Rust's `regex` crate) on bytes. `^` and `$` match at line ends, LF and CRLF alike.
#[derive(Clone, Debug)]
pub struct Pattern(pub search::Pattern);

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// A sentence that says where the pattern is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(
                "an empty pattern matches everywhere: expected a regular expression".into(),
            );
        }
        search::Pattern::new(text, Self::SYNTAX)
            .map(Self)
            .map_err(|error| format!("`{text}` is no regular expression: {error}"))
    }

    /// How the patterns of a policy are read.
    pub(super) const SYNTAX: search::Syntax = search::Syntax {
        ignore_case: false,
        unicode: true,
        lines: true,
    };
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        target.serialize_str(self.0.source())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(source)?).map_err(D::Error::custom)
    }
}

impl schemars::JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A regular expression; ^ and $ match at line ends (LF or CRLF), (?i) ignores case, (?s) lets . match line ends",
            "type": "string", "minLength": 1
        })
    }
}

/// A path pattern, relative to the workspace with `/`, valid but not yet compiled into a set.
///
/// `*` and `?` stop at `/`; `**/` is any number of directories; `{a,b}` and `[abc]` as usual. A pattern that
/// ends in `/` means the directory and everything below it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathPattern(String);

impl PathPattern {
    /// Checks a pattern.
    ///
    /// # Errors
    /// A sentence that says what is wrong: empty, absolute, `..`, a backslash separator, or broken syntax.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err(
                "an empty path pattern: expected for example `src/**` or `**/*.log`".into(),
            );
        }
        if text.starts_with('/') {
            return Err(format!(
                "`{text}` is absolute: patterns are relative to the workspace"
            ));
        }
        if text.split('/').any(|part| part == ".." || part == ".") {
            return Err(format!(
                "`{text}` has a `.` or `..` component: patterns never leave the workspace"
            ));
        }
        let pattern = Self(text.to_owned());
        pattern
            .globs()
            .map_err(|error| format!("`{text}` is no path pattern: {}", error.kind()))?;
        Ok(pattern)
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The globs that stand for it: one, or two where it ends in `/` (the directory, and what is below it).
    ///
    /// # Errors
    /// The pattern's syntax.
    pub fn globs(&self) -> Result<Vec<globset::Glob>, globset::Error> {
        let build = |text: &str| {
            globset::GlobBuilder::new(text)
                .literal_separator(true)
                .build()
        };
        match self.0.strip_suffix('/') {
            None => Ok(vec![build(&self.0)?]),
            Some(directory) => Ok(vec![build(directory)?, build(&format!("{directory}/**"))?]),
        }
    }

    /// Whether it means only directories (and what is below them).
    pub fn is_directory(&self) -> bool {
        self.0.ends_with('/')
    }
}

impl Serialize for PathPattern {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        target.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PathPattern {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(source)?).map_err(D::Error::custom)
    }
}

impl schemars::JsonSchema for PathPattern {
    fn schema_name() -> Cow<'static, str> {
        "PathPattern".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A path pattern relative to the workspace: * stops at /, ** does not; a trailing / means a directory and everything below it",
            "type": "string", "minLength": 1
        })
    }
}

enum NumberOrText {
    Number(u64),
    Text(String),
}

fn number_or_text<'de, D: Deserializer<'de>>(source: D) -> Result<NumberOrText, D::Error> {
    struct Visitor;
    impl serde::de::Visitor<'_> for Visitor {
        type Value = NumberOrText;
        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("a number or a text with a unit")
        }
        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<NumberOrText, E> {
            Ok(NumberOrText::Number(value))
        }
        fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<NumberOrText, E> {
            u64::try_from(value)
                .map(NumberOrText::Number)
                .map_err(|_| E::custom("must not be negative"))
        }
        fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<NumberOrText, E> {
            Ok(NumberOrText::Text(value.to_owned()))
        }
    }
    source.deserialize_any(Visitor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_decimal_and_binary_units_apart() {
        assert_eq!(ByteSize::parse("1 MiB"), Ok(ByteSize(1_048_576)));
        assert_eq!(ByteSize::parse("1MB"), Ok(ByteSize(1_000_000)));
        assert_eq!(ByteSize::parse("12"), Ok(ByteSize(12)));
        for nonsense in ["", "MiB", "1.5 MiB", "-1", "1 XB", "99999999 TiB"] {
            assert!(ByteSize::parse(nonsense).is_err(), "{nonsense}");
        }
        assert_eq!(ByteSize(1_572_864).to_string(), "1.5 MiB");
    }

    #[test]
    fn path_patterns_never_leave_the_workspace() {
        for refused in [
            "",
            "  ",
            "/etc/**",
            "../x",
            "a/../../x",
            ".",
            "./",
            "a[",
            "{a,b",
        ] {
            assert!(PathPattern::parse(refused).is_err(), "{refused:?}");
        }
        for fine in ["*", "**", "src/**", "**/__pycache__/", "a b", "..x/y"] {
            assert!(PathPattern::parse(fine).is_ok(), "{fine:?}");
        }
    }
}
