//! A YAML document as a tree in which every key and every value knows where it is written.

use super::model::Position;
use super::problem::quote;

/// A value and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it starts; of an alias, where the anchored value is written.
    pub at: Position,
    /// What it is.
    pub value: Value,
}

/// The kinds of values of YAML 1.2's core schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A whole number that only fits without a sign.
    Unsigned(u64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the document.
    Mapping(Vec<Entry>),
}

/// A key of a mapping and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key's text.
    pub key: String,
    /// Where the key starts.
    pub key_at: Position,
    /// Its value.
    pub value: Node,
}

/// How much a tree holds, everything below included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// Keys and values.
    pub(super) nodes: usize,
    /// Bytes of texts and keys.
    pub(super) bytes: usize,
    /// Levels of lists and mappings: 0 for a scalar.
    pub(super) depth: usize,
}

impl Node {
    /// The entry with this key, if this is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of this key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entries of a mapping; of anything else none.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; of anything else none.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What stands here, in words.
    pub(super) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Integer(number) => format!("the number {number}"),
            Value::Unsigned(number) => format!("the number {number}"),
            Value::Float(number) => format!("the number {number:?}"),
            Value::Text(text) if text.is_empty() => "an empty text".into(),
            Value::Text(text) => format!("the text {}", quote(text)),
            Value::List(_) => "a list".into(),
            Value::Mapping(_) => "a mapping".into(),
        }
    }

    /// The value as JSON with sorted keys: equal texts are equal values.
    pub(super) fn canonical(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match &self.value {
            Value::Null => "null".into(),
            Value::Bool(value) => value.to_string(),
            Value::Integer(number) => number.to_string(),
            Value::Unsigned(number) => number.to_string(),
            Value::Float(number) => format!("{number:?}"),
            Value::Text(text) => quoted(text),
            Value::List(nodes) => {
                let nodes: Vec<String> = nodes.iter().map(Self::canonical).collect();
                format!("[{}]", nodes.join(","))
            }
            Value::Mapping(entries) => {
                let mut pairs: Vec<String> = entries
                    .iter()
                    .map(|entry| format!("{}:{}", quoted(&entry.key), entry.value.canonical()))
                    .collect();
                pairs.sort_unstable();
                format!("{{{}}}", pairs.join(","))
            }
        }
    }

    /// How much it holds.
    pub(super) fn weight(&self) -> Weight {
        let mut weight = Weight {
            nodes: 1,
            bytes: self.text().map_or(0, str::len),
            depth: 0,
        };
        let mut add = |child: &Self, key: Option<&str>| {
            let below = child.weight();
            weight.nodes += below.nodes + usize::from(key.is_some());
            weight.bytes += below.bytes + key.map_or(0, str::len);
            weight.depth = weight.depth.max(below.depth);
        };
        match &self.value {
            Value::List(nodes) => nodes.iter().for_each(|node| add(node, None)),
            Value::Mapping(entries) => entries
                .iter()
                .for_each(|entry| add(&entry.value, Some(&entry.key))),
            _ => return weight,
        }
        weight.depth += 1;
        weight
    }

    /// The value without places, for deserialising.
    pub(super) fn to_yaml(&self) -> serde_yaml::Value {
        match &self.value {
            Value::Null => serde_yaml::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Integer(number) => (*number).into(),
            Value::Unsigned(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(nodes) => {
                serde_yaml::Value::Sequence(nodes.iter().map(Self::to_yaml).collect())
            }
            Value::Mapping(entries) => serde_yaml::Value::Mapping(
                entries
                    .iter()
                    .map(|entry| (entry.key.as_str().into(), entry.value.to_yaml()))
                    .collect(),
            ),
        }
    }
}

/// What an unquoted scalar means in YAML 1.2's core schema: `off`, `on`, `no` and dates are texts.
pub(super) fn plain_scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        let infinity = f64::INFINITY;
        return Value::Float(if negative { -infinity } else { infinity });
    }
    if let Some(integer) = whole_number(text, negative, digits) {
        return integer;
    }
    if is_decimal(digits)
        && let Ok(number) = text.parse()
    {
        return Value::Float(number);
    }
    Value::Text(text.to_owned())
}

fn whole_number(text: &str, negative: bool, digits: &str) -> Option<Value> {
    let radix = |digits: &str, radix| {
        digits
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric())
            .then(|| i128::from_str_radix(digits, radix).ok())
            .flatten()
    };
    let number = if let Some(octal) = text.strip_prefix("0o") {
        radix(octal, 8)?
    } else if let Some(hexadecimal) = text.strip_prefix("0x") {
        radix(hexadecimal, 16)?
    } else {
        let magnitude = radix(digits, 10)?;
        if negative { -magnitude } else { magnitude }
    };
    i64::try_from(number)
        .map(Value::Integer)
        .or_else(|_| u64::try_from(number).map(Value::Unsigned))
        .ok()
}

/// Digits with an optional point and exponent; the sign is already gone.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        None => (text, None),
        Some(at) => (&text[..at], Some(&text[at + 1..])),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_fine = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && whole.len() + fraction.len() > 0 && exponent_is_fine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let text = |text: &str| Value::Text(text.into());
        for (written, meant) in [
            ("off", text("off")),
            ("on", text("on")),
            ("no", text("no")),
            ("y", text("y")),
            ("2027-06-30", text("2027-06-30")),
            ("1 MiB", text("1 MiB")),
            ("12:30", text("12:30")),
            ("1_000", text("1_000")),
            ("-", text("-")),
            (".", text(".")),
            ("e5", text("e5")),
            ("1e", text("1e")),
            ("--1", text("--1")),
            ("-0x1", text("-0x1")),
            ("true", Value::Bool(true)),
            ("FALSE", Value::Bool(false)),
            ("~", Value::Null),
            ("", Value::Null),
            ("12", Value::Integer(12)),
            ("-12", Value::Integer(-12)),
            ("+12", Value::Integer(12)),
            ("0o17", Value::Integer(15)),
            ("0x1F", Value::Integer(31)),
            ("010", Value::Integer(10)),
            ("18446744073709551615", Value::Unsigned(u64::MAX)),
            (
                "18446744073709551616",
                Value::Float(18_446_744_073_709_551_616.0),
            ),
            ("1.5", Value::Float(1.5)),
            ("-.5e+3", Value::Float(-500.0)),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
        ] {
            assert_eq!(plain_scalar(written), meant, "{written}");
        }
        assert!(matches!(plain_scalar(".nan"), Value::Float(number) if number.is_nan()));
    }
}
