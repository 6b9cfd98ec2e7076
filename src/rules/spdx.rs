//! SPDX licence expressions: as an option, in a comment, and compared.

use super::comment_style::CommentStyle;
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use std::ops::Range;

/// Names of licences, or `any`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Licences(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Licences {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Licences;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("the name of a licence, a list of names, or `any`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Licences, E> {
                Ok(Licences(vec![text.to_owned()]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Licences, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = list.next_element()? {
                    all.push(one);
                }
                Ok(Licences(all))
            }
        }
        source.deserialize_any(Visitor)
    }
}

impl JsonSchema for Licences {
    fn schema_name() -> Cow<'static, str> {
        "Licences".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let name = serde_json::json!({ "type": "string", "minLength": 1 });
        schemars::json_schema!({
            "description": "An SPDX licence expression, a list of those that are fine, or `any`",
            "anyOf": [name, { "type": "array", "items": name, "minItems": 1 }]
        })
    }
}

/// Where the expression after a tag is: to the end of the line or of the comment.
pub(super) fn expression(style: &CommentStyle, head: &[u8], rest: Range<usize>) -> Range<usize> {
    let text = &head[rest.clone()];
    let line = memchr::memchr(b'\n', text).map_or(text, |end| &text[..end]);
    let mut kept = line.trim_ascii_end();
    for (_, close) in style.blocks {
        kept = kept
            .strip_suffix(close.as_bytes())
            .unwrap_or(kept)
            .trim_ascii_end();
    }
    let start = rest.start + (kept.len() - kept.trim_ascii_start().len());
    start..start + kept.trim_ascii().len()
}

/// Whether two expressions are the same, apart from blanks, case and parentheses around all of it.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let text = text.trim();
        let inner = text
            .strip_prefix('(')
            .and_then(|text| text.strip_suffix(')'));
        let inner = inner.filter(|inner| !inner.contains(['(', ')']));
        let words: Vec<&str> = inner.unwrap_or(text).split_whitespace().collect();
        words.join(" ").to_ascii_lowercase()
    };
    plain(a) == plain(b)
}

pub(super) fn one_of(names: &[String]) -> String {
    match names {
        [] => "a licence".into(),
        names => {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            quoted.join(" or ")
        }
    }
}
