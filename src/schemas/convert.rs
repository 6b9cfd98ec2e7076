//! Between a text's nodes and the values of the validator: conversion, and the way from a JSON pointer back to the node.

use crate::syntax::{Node, Value};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// The most levels of nesting that are judged: the validator is recursive.
pub(super) const MOST_DEPTH: usize = 256;

/// A value for the validator.
pub(super) struct Converted {
    pub(super) json: Json,
    /// How many values there are in it, itself included.
    pub(super) nodes: usize,
}

/// Converts a node; `None` if it is nested too deeply. Of equal keys the last one counts.
pub(super) fn convert(node: &Node) -> Option<Converted> {
    let mut nodes = 0;
    let json = value(node, MOST_DEPTH, &mut nodes)?;
    Some(Converted { json, nodes })
}

fn value(node: &Node, room: usize, nodes: &mut usize) -> Option<Json> {
    let room = room.checked_sub(1)?;
    *nodes += 1;
    Some(match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(value) => Json::Number(value.clone()),
        Value::String(value) => Json::String(value.clone()),
        Value::Array(items) => {
            let items = items.iter().map(|item| value(item, room, nodes));
            Json::Array(items.collect::<Option<_>>()?)
        }
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|member| Some((member.key.clone(), value(&member.value, room, nodes)?)));
            Json::Object(members.collect::<Option<_>>()?)
        }
    })
}

/// Where a value stands.
#[derive(Clone)]
pub(super) struct Spot<'n> {
    pub(super) node: &'n Node,
    /// The key that the value belongs to; `None` in lists and at the top.
    key: Option<Range<usize>>,
    /// Keys and positions from the top, for people: `jobs.build.steps[2]`.
    pub(super) path: String,
}

impl Spot<'_> {
    /// What to mark: a plain value itself, of a list or mapping its key, or else where it begins.
    pub(super) fn mark(&self) -> Range<usize> {
        match &self.node.value {
            Value::Array(_) | Value::Object(_) => {
                self.key.clone().unwrap_or_else(|| begin(self.node))
            }
            _ => self.node.bytes.clone(),
        }
    }

    /// Where one of its keys stands.
    pub(super) fn key_bytes(&self, key: &str) -> Option<Range<usize>> {
        let Value::Object(members) = &self.node.value else {
            return None;
        };
        let member = members.iter().rev().find(|member| member.key == key)?;
        Some(member.key_bytes.clone())
    }
}

/// The first key of a mapping that begins with it, or else the first byte: a brace, a bracket, a dash.
fn begin(node: &Node) -> Range<usize> {
    let start = node.bytes.start;
    if let Value::Object(members) = &node.value
        && let Some(first) = members.first()
        && first.key_bytes.start == start
    {
        return first.key_bytes.clone();
    }
    start..node.bytes.end.min(start + 1)
}

/// Finds nodes by JSON pointer. Large mappings are indexed when they are asked first.
pub(super) struct Finder<'n> {
    root: &'n Node,
    indices: HashMap<usize, HashMap<&'n str, usize>>,
}

/// Mappings of fewer keys are searched one by one.
const FEW: usize = 16;

impl<'n> Finder<'n> {
    pub(super) fn new(root: &'n Node) -> Self {
        let indices = HashMap::new();
        Self { root, indices }
    }

    /// The node at this JSON pointer, or as far as there is one.
    pub(super) fn find(&mut self, pointer: &str) -> Spot<'n> {
        let mut spot = Spot {
            node: self.root,
            key: None,
            path: String::new(),
        };
        for segment in pointer.split('/').skip(1) {
            let segment = unescape(segment);
            match &spot.node.value {
                Value::Array(items) => {
                    let Some(item) = segment.parse().ok().and_then(|at: usize| items.get(at))
                    else {
                        break;
                    };
                    spot.path += &["[", &segment, "]"].concat();
                    (spot.node, spot.key) = (item, None);
                }
                Value::Object(_) => {
                    let node = spot.node;
                    let Some(member) = self.member(node, &segment) else {
                        break;
                    };
                    spot.path = under(&spot.path, &segment);
                    (spot.node, spot.key) = (&member.value, Some(member.key_bytes.clone()));
                }
                _ => break,
            }
        }
        spot
    }

    fn member(&mut self, node: &'n Node, key: &str) -> Option<&'n crate::syntax::Member> {
        let Value::Object(members) = &node.value else {
            return None;
        };
        if members.len() < FEW {
            return members.iter().rev().find(|member| member.key == key);
        }
        // A node does not move while it is borrowed.
        let index = self
            .indices
            .entry(std::ptr::from_ref(node).addr())
            .or_insert_with(|| {
                let keys = members.iter().map(|member| member.key.as_str());
                keys.zip(0..).collect()
            });
        members.get(*index.get(key)?)
    }
}

/// The path of a key below a path, for people.
pub(super) fn under(path: &str, key: &str) -> String {
    let is_plain = !key.is_empty()
        && key.chars().count() <= 60
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '/' | '@'));
    if !is_plain {
        let key: String = key.chars().take(60).collect();
        format!("{path}[{key:?}]")
    } else if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// A segment of a JSON pointer as the key that it stands for.
pub(super) fn unescape(segment: &str) -> Cow<'_, str> {
    if segment.contains('~') {
        segment.replace("~1", "/").replace("~0", "~").into()
    } else {
        segment.into()
    }
}
