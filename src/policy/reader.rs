//! Values of a policy read by their type: what does not fit is a mistake that says what was expected.

use super::model::Position;
use super::node::{Node, Value};
use super::phrase::phrase;
use super::problem::{KeyPath, Report, listing, nearest, quote};
use crate::rules::PathPattern;
use serde::de::DeserializeOwned;

/// A pattern and where it is written.
pub(super) type PlacedPattern = (PathPattern, Position);

/// A value together with the key (or the place in a list) that it stands at.
#[derive(Clone, Debug)]
pub(super) struct Item<'n> {
    /// The key; empty for elements of lists.
    pub(super) key: &'n str,
    /// Where the key is written; of an element, where it starts.
    pub(super) key_at: &'n Position,
    /// The value.
    pub(super) node: &'n Node,
    /// The path of the value.
    pub(super) path: KeyPath,
}

impl<'n> Item<'n> {
    /// The root of a document.
    pub(super) fn root(node: &'n Node) -> Self {
        Self {
            key: "",
            key_at: &node.at,
            node,
            path: KeyPath::default(),
        }
    }

    /// Reports that this value does not fit.
    pub(super) fn expected(&self, expected: &str, report: &mut Report) {
        let message = format!("expected {expected}, found {}", self.node.describe());
        report.add(&self.node.at, &self.path, message);
    }

    /// All keys of the mapping that this is, whatever their names.
    pub(super) fn entries(&self, expected: &str, report: &mut Report) -> Vec<Self> {
        let Value::Mapping(entries) = &self.node.value else {
            self.expected(expected, report);
            return Vec::new();
        };
        let items = entries.iter().map(|entry| Item {
            key: &entry.key,
            key_at: &entry.key_at,
            node: &entry.value,
            path: self.path.key(&entry.key),
        });
        items.collect()
    }

    /// The keys of the mapping that this is, which may only have the `known` ones.
    pub(super) fn fields(&self, known: &[&str], report: &mut Report) -> Vec<Self> {
        let expected = format!("a mapping with {}", listing(known.iter().copied()));
        let mut items = self.entries(&expected, report);
        items.retain(|item| {
            let is_known = known.contains(&item.key);
            if !is_known {
                item.unknown("key", known, report);
            }
            is_known
        });
        items
    }

    /// Reports that the key is not one of `known`.
    pub(super) fn unknown(&self, what: &str, known: &[&str], report: &mut Report) {
        let nearest = nearest(self.key, known.iter().copied());
        let message = match nearest {
            Some(_) => format!("unknown {what} {}", quote(self.key)),
            None => format!(
                "unknown {what} {}: expected {}",
                quote(self.key),
                listing(known.iter().copied())
            ),
        };
        report.add_nearest(self.key_at, &self.path, message, nearest);
    }

    /// The elements of the list that this is; `example` is one element as a policy would write it.
    pub(super) fn elements(&self, example: &str, report: &mut Report) -> Option<Vec<Self>> {
        let Value::List(nodes) = &self.node.value else {
            let hint = match &self.node.value {
                Value::Text(text) if !text.is_empty() && text.len() < 40 => {
                    format!("[{}]", serde_json::Value::from(text.as_str()))
                }
                _ => example.to_owned(),
            };
            self.expected(&format!("a list, for example {}", quote(&hint)), report);
            return None;
        };
        let items = nodes.iter().enumerate().map(|(index, node)| Item {
            key: "",
            key_at: &node.at,
            node,
            path: self.path.index(index),
        });
        Some(items.collect())
    }

    /// A text that is not blank.
    pub(super) fn text(&self, expected: &str, report: &mut Report) -> Option<String> {
        match self.node.text() {
            Some(text) if !text.trim().is_empty() => Some(text.to_owned()),
            _ => {
                self.expected(expected, report);
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, report: &mut Report) -> Option<bool> {
        if let Value::Bool(value) = self.node.value {
            return Some(value);
        }
        self.expected("`true` or `false`", report);
        None
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(&self, words: &[(&str, T)], report: &mut Report) -> Option<T> {
        let written = self.node.text();
        if let Some((_, value)) = words.iter().find(|(word, _)| Some(*word) == written) {
            return Some(*value);
        }
        let names = || words.iter().map(|(word, _)| *word);
        let message = format!(
            "expected {}, found {}",
            listing(names()),
            self.node.describe()
        );
        let nearest = written.and_then(|written| nearest(written, names()));
        report.add_nearest(&self.node.at, &self.path, message, nearest);
        None
    }

    /// A value that a type of the options reads.
    pub(super) fn parsed<T: DeserializeOwned>(&self, report: &mut Report) -> Option<T> {
        match serde_yaml::from_value(self.node.to_yaml()) {
            Ok(value) => Some(value),
            Err(error) => {
                let (message, nearest) = phrase(&error.to_string(), Some(self.node));
                report.add_nearest(&self.node.at, &self.path, message, nearest);
                None
            }
        }
    }

    /// A list of path patterns.
    pub(super) fn patterns(&self, report: &mut Report) -> Option<Vec<PlacedPattern>> {
        let items = self.elements("[\"src/**\"]", report)?;
        let patterns = items.iter().filter_map(|item| {
            let Some(text) = item.node.text() else {
                item.expected("a path pattern, for example `src/**`", report);
                return None;
            };
            match PathPattern::parse(text) {
                Ok(pattern) => Some((pattern, item.node.at.clone())),
                Err(message) => {
                    report.add(&item.node.at, &item.path, message);
                    None
                }
            }
        });
        Some(patterns.collect())
    }

    /// A list of at least one path pattern.
    pub(super) fn some_patterns(&self, report: &mut Report) -> Option<Vec<PlacedPattern>> {
        if matches!(&self.node.value, Value::List(nodes) if nodes.is_empty()) {
            let message = "an empty list matches no path: expected at least one path pattern";
            report.add(&self.node.at, &self.path, message);
            return None;
        }
        self.patterns(report)
    }
}
