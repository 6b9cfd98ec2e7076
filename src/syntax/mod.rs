//! Parsers for the notations of data (JSON, YAML, TOML, XML) that tell where everything stands: for the rules about
//! syntax, and for judging a file by a schema.

mod json;
mod notation;
mod report;
mod toml;
mod xml;
mod yaml;

use report::Report;
use std::ops::Range;

/// A way to write data down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notation {
    /// JSON by RFC 8259.
    Json,
    /// JSON with comments and trailing commas, which may also hold nothing (`tsconfig.json`, `.vscode/`).
    JsonWithComments,
    /// JSON5.
    Json5,
    /// A JSON value on each line.
    JsonLines,
    /// YAML 1.2, any number of documents.
    Yaml,
    /// TOML 1.1.
    Toml,
    /// XML 1.0.
    Xml,
}

impl Notation {
    /// The notation that a file with this path is in, as far as the name of the file and of its folders tell.
    pub fn of(path: &[u8]) -> Option<Self> {
        notation::of(path)
    }
}

/// What was read of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// The values of the documents in it; of a text with mistakes, what could be read in spite of them. None of XML.
    pub documents: Vec<Node>,
    /// What is wrong, by place.
    pub mistakes: Vec<Mistake>,
}

/// Reads a text.
pub fn parse(text: &[u8], notation: Notation) -> Parsed {
    let mut report = Report::default();
    let documents = match notation {
        Notation::Json | Notation::JsonWithComments | Notation::Json5 | Notation::JsonLines => {
            json::parse(text, notation, &mut report)
        }
        Notation::Yaml => yaml::parse(text, &mut report),
        Notation::Toml => toml::parse(text, &mut report),
        Notation::Xml => {
            xml::check(text, &mut report);
            Vec::new()
        }
    };
    Parsed {
        documents,
        mistakes: report.finish(text),
    }
}

/// Looks for mistakes only: the same as those of [`parse`], faster.
pub fn check(text: &[u8], notation: Notation) -> Vec<Mistake> {
    let mut report = Report::default();
    match notation {
        Notation::Json | Notation::JsonWithComments | Notation::Json5 | Notation::JsonLines => {
            json::check(text, notation, &mut report);
        }
        Notation::Yaml => yaml::check(text, &mut report),
        Notation::Toml => toml::check(text, &mut report),
        Notation::Xml => xml::check(text, &mut report),
    }
    report.finish(text)
}

/// A place at which a text is not what its notation asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Byte offsets into the text; an empty range marks a position.
    pub bytes: Range<usize>,
    /// What is wrong and what was expected: one sentence, no full stop. May hold untrusted text.
    pub message: String,
    /// What sort of mistake it is.
    pub kind: MistakeKind,
}

/// What sort of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MistakeKind {
    /// The text does not follow the grammar, or a value cannot be what it is written as.
    Syntax,
    /// A key that is already set.
    DuplicateKey,
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
