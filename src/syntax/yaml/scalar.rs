//! What a text without quotes means, by the core schema of YAML 1.2.

use crate::syntax::Value;
use serde_json::Number;

/// Whether it is nothing but text. Cheaper than the value.
pub(super) fn is_text(plain: &str) -> bool {
    match plain.as_bytes() {
        [] => false,
        [
            b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'+' | b'-' | b'.' | b'0'..=b'9',
            ..,
        ] => {
            matches!(value(plain), Value::String(_))
        }
        _ => true,
    }
}

/// The value. Infinity and NaN, which JSON has no numbers for, stay texts.
pub(super) fn value(plain: &str) -> Value {
    match plain {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(plain).map_or_else(|| Value::String(plain.to_owned()), Value::Number)
}

fn number(plain: &str) -> Option<Number> {
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = plain.strip_prefix(prefix) {
            let is_number = digits.chars().all(|c| c.is_digit(radix));
            return u64::from_str_radix(digits, radix)
                .ok()
                .filter(|_| is_number)
                .map(Number::from);
        }
    }
    let is_number = unsigned
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if !is_number {
        return None;
    }
    let bare = plain.strip_prefix('+').unwrap_or(plain);
    if let Ok(number) = bare.parse::<i64>() {
        return Some(number.into());
    }
    if let Ok(number) = bare.parse::<u64>() {
        return Some(number.into());
    }
    let number: f64 = bare.parse().ok()?;
    Number::from_f64(number.clamp(f64::MIN, f64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_core_schema_decides() {
        for text in [
            "yes",
            "on",
            "1_000",
            "0b1",
            "1:30",
            "2020-01-01",
            ".inf",
            "1.2.3",
            "+",
            "-",
            ".",
            "e3",
            "0xg",
            "1e",
            "infinity",
        ] {
            assert_eq!(value(text), Value::String(text.into()), "{text}");
        }
        assert_eq!(value("~"), Value::Null);
        assert_eq!(value("True"), Value::Bool(true));
        for (text, number) in [
            ("0x1F", 31),
            ("0o17", 15),
            ("+7", 7),
            ("-7", -7),
            ("007", 7),
        ] {
            assert_eq!(value(text), Value::Number(number.into()), "{text}");
        }
        let half = Value::Number(Number::from_f64(0.5).unwrap());
        assert_eq!(value(".5"), half);
        assert_eq!(value("5e-1"), half);
    }

    proptest! {
        #[test]
        fn the_short_way_agrees(plain in "(null|true|~|[-+.0-9a-zA-Z_:]{0,6})") {
            prop_assert_eq!(is_text(&plain), matches!(value(&plain), Value::String(_)));
        }
    }
}
