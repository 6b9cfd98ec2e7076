//! What the deserialiser says, in the words of the person who writes a policy.

use super::node::Node;
use super::problem::{clip, listing, nearest, quote};

/// The mistake in plain words, and the known name that was probably meant. `node` is the value it is about.
/// A message that the deserialiser did not make (it comes from an option's own type) stays as it is.
pub(super) fn phrase(message: &str, node: Option<&Node>) -> (String, Option<String>) {
    for (start, noun) in [("unknown field ", "key"), ("unknown variant ", "word")] {
        if let Some(rest) = message.strip_prefix(start) {
            return unknown(noun, rest);
        }
    }
    if let Some(name) = message.strip_prefix("missing field ") {
        return (format!("missing key {name}"), None);
    }
    for start in ["invalid type: ", "invalid value: "] {
        let parts = message
            .strip_prefix(start)
            .and_then(|rest| rest.rsplit_once(", expected "));
        if let Some((found, expected)) = parts {
            let found = node.map_or_else(|| clip(found), Node::describe);
            return (format!("expected {}, found {found}", plain(expected)), None);
        }
    }
    (on_one_line(message), None)
}

/// The regex crate draws its mistakes over several lines; the last one says what it is.
fn on_one_line(message: &str) -> String {
    match message.split_once("regex parse error:") {
        Some((start, drawing)) => {
            let last = drawing.lines().last().unwrap_or_default();
            format!("{start}{}", last.trim_start_matches("error: "))
        }
        None => message.to_owned(),
    }
}

/// ``NAME`, expected one of `a`, `b``: what follows the deserialiser's "unknown".
fn unknown(noun: &str, rest: &str) -> (String, Option<String>) {
    // The name is untrusted and may hold this separator, the known ones are ours and do not.
    let (name, expected) = rest.rsplit_once(", expected ").unwrap_or((rest, ""));
    let name = name.trim_matches('`');
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let nearest = nearest(name, known.iter().copied());
    let message = if nearest.is_some() || known.is_empty() {
        format!("unknown {noun} {}", quote(name))
    } else {
        format!(
            "unknown {noun} {}: expected {}",
            quote(name),
            listing(known)
        )
    };
    (message, nearest)
}

/// The deserialiser's names of types, as a policy's author knows them.
fn plain(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        other if other.starts_with("a nonzero u") => "a whole number, at least 1",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" | "a borrowed string" | "string or map" => "a text",
        "a sequence" => "a list",
        "a map" => "a mapping",
        other if other.starts_with("struct ") => "a mapping",
        other => return clip(other),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only deserialised")]
    struct Options {
        max: u32,
        style: Style,
        names: Vec<String>,
        strict: bool,
        most: std::num::NonZeroUsize,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Style {
        Mixed,
        OnlyLf,
    }

    fn said(yaml: &str) -> String {
        let value: serde_yaml::Value = serde_yaml::from_str(yaml).unwrap();
        let error = serde_yaml::from_value::<Options>(value).unwrap_err();
        let (message, nearest) = phrase(&error.to_string(), None);
        nearest.map_or(message.clone(), |nearest| format!("{message} ({nearest})"))
    }

    #[test]
    fn messages_of_the_deserialiser_lose_their_jargon() {
        for (yaml, expected) in [
            ("maxx: 1", "unknown key `maxx` (max)"),
            (
                "zebra: 1",
                "unknown key `zebra`: expected `max`, `style`, `names`, `strict` or `most`",
            ),
            (
                "max: x",
                "expected a whole number, not negative, found string \"x\"",
            ),
            (
                "max: -1",
                "expected a whole number, not negative, found integer `-1`",
            ),
            ("style: only_lf", "unknown word `only_lf` (only-lf)"),
            (
                "style: zebra",
                "unknown word `zebra`: expected `mixed` or `only-lf`",
            ),
            ("names: x", "expected a list, found string \"x\""),
            (
                "strict: x",
                "expected `true` or `false`, found string \"x\"",
            ),
            (
                "most: 0",
                "expected a whole number, at least 1, found integer `0`",
            ),
            ("{}", "missing key `max`"),
            ("[]", "expected a mapping, found sequence"),
        ] {
            assert_eq!(said(yaml), expected, "{yaml}");
        }
    }

    #[test]
    fn messages_of_option_types_stay_as_they_are() {
        let message = "`1 XB` is no size: expected for example 500 kB, 1 MiB or 2 GiB";
        assert_eq!(phrase(message, None), (message.to_owned(), None));
        let broken = crate::rules::Pattern::parse("a(b\nc").unwrap_err();
        assert_eq!(
            phrase(&broken, None).0,
            "`a(b\nc` is no regular expression: unclosed group"
        );
    }
}
