//! Parsers for the notations of data (JSON, YAML, TOML, XML) that tell where everything stands: for the rules about
//! syntax, and for judging a file by a schema.

use std::ops::Range;

/// A place at which a text is not what its notation asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Byte offsets into the text; an empty range marks a position.
    pub bytes: Range<usize>,
    /// What is wrong and what was expected: one sentence, no full stop. May hold untrusted text.
    pub message: String,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Byte offsets of the value in the text.
    pub bytes: Range<usize>,
    /// The value.
    pub value: Value,
}

/// A value, whatever notation it was written in. What only YAML or TOML have (dates, tags) is what it is in JSON: text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Node>),
    /// A mapping, in the order of the text. Keys of other types are written as YAML writes them.
    Object(Vec<Member>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The key.
    pub key: String,
    /// Byte offsets of the key in the text.
    pub key_bytes: Range<usize>,
    /// The value.
    pub value: Node,
}
