//! TOML 1.1, by the parser that Cargo uses.

use super::report::{GaveUp, Report};
use super::{Member, Node, Value};
use serde_json::Number;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// Looks for mistakes.
pub(super) fn check(text: &[u8], report: &mut Report) {
    // Mistakes are all in the report, whether they end the reading or not.
    let _ = read(text, report);
}

/// Looks for mistakes, and keeps what could be read in spite of them.
pub(super) fn parse(text: &[u8], report: &mut Report) -> Vec<Node> {
    let Ok(table) = read(text, report) else {
        return Vec::new();
    };
    vec![Node {
        bytes: 0..text.len(),
        value: members(table.into_inner()),
    }]
}

fn read<'t>(text: &'t [u8], report: &mut Report) -> Result<Spanned<DeTable<'t>>, GaveUp> {
    let text = std::str::from_utf8(text).map_err(|error| {
        let at = error.valid_up_to();
        let bytes = at..at + error.error_len().unwrap_or(text.len() - at);
        let message = format!(
            "byte 0x{:02x} is not UTF-8, which TOML is written in",
            text[at]
        );
        report.fatal(bytes, message)
    })?;
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let bytes = error.span().unwrap_or(0..0);
        let message = error.message().trim().replace('\n', ", ");
        let message = message
            .strip_suffix(", expected nothing")
            .unwrap_or(&message);
        if message == "duplicate key" {
            let name = super::report::quote(&text.as_bytes()[bytes.clone()]);
            report.add_duplicate(bytes, format!("duplicate key {name}"), None)?;
        } else {
            report.add(bytes, message)?;
        }
    }
    if report.count() == 0 {
        empty_integers(table.get_ref(), text, report)?;
    }
    Ok(table)
}

/// The parser leaves the digits of numbers to its caller. Tables are nested as deep as the parser allows.
fn empty_integers(table: &DeTable<'_>, text: &str, report: &mut Report) -> Result<(), GaveUp> {
    table
        .values()
        .try_for_each(|value| empty_integer(value, text, report))
}

fn empty_integer(
    value: &Spanned<DeValue<'_>>,
    text: &str,
    report: &mut Report,
) -> Result<(), GaveUp> {
    match value.get_ref() {
        DeValue::Integer(number)
            if i128::from_str_radix(number.as_str(), number.radix()).is_err() =>
        {
            let bytes = value.span();
            let written = super::report::quote(&text.as_bytes()[bytes.clone()]);
            report.add(bytes, format!("{written} is no number"))
        }
        DeValue::Array(values) => values
            .iter()
            .try_for_each(|value| empty_integer(value, text, report)),
        DeValue::Table(table) => empty_integers(table, text, report),
        _ => Ok(()),
    }
}

fn members(table: DeTable<'_>) -> Value {
    let mut members: Vec<Member> = table
        .into_iter()
        .map(|(key, value)| Member {
            key_bytes: key.span(),
            key: key.into_inner().into_owned(),
            value: node(value),
        })
        .collect();
    members.sort_by_key(|member| member.key_bytes.start);
    Value::Object(members)
}

fn node(value: Spanned<DeValue<'_>>) -> Node {
    let bytes = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(moment) => Value::String(moment.to_string()),
        DeValue::Integer(number) => integer(&number),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .ok()
            .and_then(Number::from_f64)
            .map_or_else(|| Value::String(number.to_string()), Value::Number),
        DeValue::Array(values) => Value::Array(values.into_iter().map(node).collect()),
        DeValue::Table(table) => members(table),
    };
    Node { bytes, value }
}

fn integer(number: &DeInteger<'_>) -> Value {
    i64::from_str_radix(number.as_str(), number.radix()).map_or_else(
        |_| Value::String(number.to_string()),
        |number| Value::Number(number.into()),
    )
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Notation, Value, check, parse};

    fn say(text: &str) -> Vec<String> {
        let mistakes = check(text.as_bytes(), Notation::Toml);
        assert_eq!(parse(text.as_bytes(), Notation::Toml).mistakes, mistakes);
        mistakes
            .into_iter()
            .map(|mistake| {
                format!(
                    "{}-{} {}",
                    mistake.bytes.start, mistake.bytes.end, mistake.message
                )
            })
            .collect()
    }

    #[test]
    fn several_mistakes_are_all_named() {
        assert_eq!(
            say("a = 1\nb = \nc = 01\na = 2\n[t]\n[t]\n"),
            [
                "10-10 string values must be quoted, expected literal string",
                "15-16 unexpected leading zero",
                "18-19 duplicate key `a`",
                "29-30 duplicate key `t`",
            ]
        );
    }

    #[test]
    fn hostile_nesting_is_a_mistake() {
        for text in [
            "a.".repeat(100_000) + "a = 1",
            format!("[{}a]", "a.".repeat(100_000)),
            format!("a = {}", "[".repeat(100_000)),
            "a={".repeat(100_000),
            format!("x = {{ {}a = 1 }}", "\"a\".".repeat(100_000)),
        ] {
            assert!(!say(&text).is_empty());
        }
        assert_eq!(say(&format!("a = '{}'", "a.".repeat(100_000))), [""; 0]);
    }

    #[test]
    fn values_and_their_places_are_kept() {
        let parsed = parse(
            b"b = 0x10\na = [1.5, 2020-01-01, inf]\n[t.u]\nv = 'x'\n",
            Notation::Toml,
        );
        let Value::Object(members) = &parsed.documents[0].value else {
            panic!("a table");
        };
        let keys: Vec<&str> = members.iter().map(|member| member.key.as_str()).collect();
        assert_eq!(keys, ["b", "a", "t"]);
        assert_eq!(members[0].value.value, Value::Number(16.into()));
        assert_eq!(members[1].value.bytes, 13..35);
        let Value::Array(nodes) = &members[1].value.value else {
            panic!("a list");
        };
        assert_eq!(nodes[1].value, Value::String("2020-01-01".into()));
        assert_eq!(nodes[2].value, Value::String("inf".into()));
    }
}
