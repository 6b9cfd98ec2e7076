//! What the parser reads, kept as a tree.

use super::parser::{Bracket, Sink};
use super::scalar::Scalar;
use super::string;
use crate::syntax::{Member, Node, Value};
use serde_json::Number;
use std::ops::Range;

/// Builds the trees of the documents of a text.
pub(super) struct Tree<'t> {
    text: &'t [u8],
    frames: Vec<Frame>,
    documents: Vec<Node>,
}

struct Frame {
    start: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Object(Vec<Member>, Option<(String, Range<usize>)>),
}

impl<'t> Tree<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            frames: Vec::new(),
            documents: Vec::new(),
        }
    }

    /// The documents, as far as they could be read.
    pub(super) fn finish(self) -> Vec<Node> {
        self.documents
    }

    fn add(&mut self, node: Node) {
        match self.frames.last_mut().map(|frame| &mut frame.content) {
            None => self.documents.push(node),
            Some(Content::List(nodes)) => nodes.push(node),
            Some(Content::Object(members, key)) => {
                if let Some((key, key_bytes)) = key.take() {
                    members.push(Member {
                        key,
                        key_bytes,
                        value: node,
                    });
                }
            }
        }
    }

    fn inside(&self, bytes: Range<usize>, has_escapes: bool) -> String {
        let raw = &self.text[bytes];
        if has_escapes {
            String::from_utf8_lossy(&string::unescape(raw)).into_owned()
        } else {
            String::from_utf8_lossy(raw).into_owned()
        }
    }
}

impl Sink for Tree<'_> {
    fn open(&mut self, bracket: Bracket, at: usize) {
        self.frames.push(Frame {
            start: at,
            content: match bracket {
                Bracket::List => Content::List(Vec::new()),
                Bracket::Object => Content::Object(Vec::new(), None),
            },
        });
    }

    fn close(&mut self, end: usize) {
        if let Some(frame) = self.frames.pop() {
            self.add(Node {
                bytes: frame.start..end,
                value: match frame.content {
                    Content::List(nodes) => Value::Array(nodes),
                    Content::Object(members, _) => Value::Object(members),
                },
            });
        }
    }

    fn key(&mut self, bytes: Range<usize>) {
        let is_quoted = matches!(self.text[bytes.start], b'"' | b'\'');
        let inside = if is_quoted {
            bytes.start + 1..bytes.end - 1
        } else {
            bytes.clone()
        };
        let has_escapes = memchr::memchr(b'\\', &self.text[inside.clone()]).is_some();
        let key = self.inside(inside, has_escapes);
        if let Some(Content::Object(_, open)) = self.frames.last_mut().map(|it| &mut it.content) {
            *open = Some((key, bytes));
        }
    }

    fn scalar(&mut self, scalar: Scalar, bytes: Range<usize>) {
        let value = match scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Text(has_escapes) => {
                Value::String(self.inside(bytes.start + 1..bytes.end - 1, has_escapes))
            }
            Scalar::Number => self.number(bytes.clone()),
            Scalar::Word => Value::String(self.inside(bytes.clone(), false)),
        };
        self.add(Node { bytes, value });
    }
}

impl Tree<'_> {
    /// A number. What is none for JSON (infinity) is a text; what is too big is the biggest there is.
    fn number(&self, bytes: Range<usize>) -> Value {
        let written = self.inside(bytes, false);
        let number = number(&written);
        number.map_or(Value::String(written), Value::Number)
    }
}

fn number(written: &str) -> Option<Number> {
    let bare = written.strip_prefix('+').unwrap_or(written);
    if let Ok(number) = bare.parse::<i64>() {
        return Some(number.into());
    }
    if let Ok(number) = bare.parse::<u64>() {
        return Some(number.into());
    }
    let (sign, digits) = match bare.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, bare),
    };
    if let Some(hexadecimal) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        let number = i64::from_str_radix(hexadecimal, 16).ok()?;
        return Some(if sign < 0.0 { -number } else { number }.into());
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let number: f64 = digits.parse().ok()?;
    Number::from_f64(sign * number.min(f64::MAX))
}
