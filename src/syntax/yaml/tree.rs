//! The events of a YAML document put together to a tree. Aliases and merges are written out, within limits.

use super::MAX_DEPTH;
use super::reader::Sink;
use super::scalar;
use crate::syntax::report::Report;
use crate::syntax::{Member, Node, Value};
use granit_parser::{Event, ScalarStyle, Tag};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Values that may be kept for aliases, and written out for them, in one text: enough for people, and little memory.
const MAX_ADDED: usize = 1_000_000;

/// Builds the trees of the documents of a text.
pub(super) struct Tree<'t> {
    text: &'t [u8],
    frames: Vec<Frame>,
    /// What has an anchor; nothing, if there was no room for it.
    anchors: HashMap<usize, Option<(Node, Weight)>>,
    added: usize,
    /// The alias that was too much, in the document that is open.
    too_much: Option<Range<usize>>,
    mistakes: Vec<Range<usize>>,
    root: Option<Node>,
    documents: Vec<Node>,
}

/// What writing a value out costs.
#[derive(Clone, Copy, Default)]
struct Weight {
    values: usize,
    depth: usize,
}

struct Frame {
    bytes: Range<usize>,
    anchor: usize,
    content: Content,
    /// Of what is in it so far.
    weight: Weight,
}

enum Content {
    List(Vec<Node>),
    Mapping(Vec<Member>, Option<Key>),
}

struct Key {
    name: String,
    bytes: Range<usize>,
}

impl<'t> Tree<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            frames: Vec::new(),
            anchors: HashMap::new(),
            added: 0,
            too_much: None,
            mistakes: Vec::new(),
            root: None,
            documents: Vec::new(),
        }
    }

    /// The documents that could be read as a whole.
    pub(super) fn finish(self, report: &mut Report) -> Vec<Node> {
        for bytes in self.mistakes {
            let message = format!(
                "the aliases up to here stand for more than {MAX_ADDED} values, or for more than {MAX_DEPTH} levels: the document is not judged"
            );
            if report.add(bytes, message).is_err() {
                break;
            }
        }
        self.documents
    }

    fn alias(&mut self, anchor: usize, bytes: Range<usize>) {
        let stood_for = match self.anchors.get(&anchor) {
            Some(Some((node, weight))) if self.frames.len() + weight.depth <= MAX_DEPTH => {
                self.added += weight.values;
                (self.added <= MAX_ADDED).then(|| (node.value.clone(), *weight))
            }
            Some(_) => None,
            // An alias inside of what it stands for has no end: there is no value to write.
            None => Some((Value::Null, Weight::default())),
        };
        if stood_for.is_none() {
            self.too_much.get_or_insert(bytes.clone());
        }
        let (value, weight) = stood_for.unwrap_or((Value::Null, Weight::default()));
        self.add(Node { bytes, value }, weight, 0);
    }

    fn open(&mut self, bytes: Range<usize>, anchor: usize, content: Content) {
        self.frames.push(Frame {
            bytes,
            anchor,
            content,
            weight: Weight::default(),
        });
    }

    fn close(&mut self, end: usize) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let value = match frame.content {
            Content::List(nodes) => Value::Array(nodes),
            Content::Mapping(members, _) => Value::Object(merged(members, self.text)),
        };
        let bytes = frame.bytes.start..end.max(frame.bytes.end);
        let weight = Weight {
            values: frame.weight.values + 1,
            depth: frame.weight.depth + 1,
        };
        self.add(Node { bytes, value }, weight, frame.anchor);
    }

    fn add(&mut self, node: Node, weight: Weight, anchor: usize) {
        if anchor > 0 {
            self.added += weight.values;
            let kept = (self.added <= MAX_ADDED).then(|| (node.clone(), weight));
            self.anchors.insert(anchor, kept);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.weight.values += weight.values;
            frame.weight.depth = frame.weight.depth.max(weight.depth);
        }
        let written = |node: &Node| match &node.value {
            Value::String(text) => text.clone(),
            _ => String::from_utf8_lossy(&self.text[node.bytes.clone()])
                .trim_end()
                .to_owned(),
        };
        match self.frames.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(node),
            Some(Content::List(nodes)) => nodes.push(node),
            Some(Content::Mapping(members, key)) => match key.take() {
                None => {
                    *key = Some(Key {
                        name: written(&node),
                        bytes: node.bytes,
                    });
                }
                Some(open) => members.push(Member {
                    key: open.name,
                    key_bytes: open.bytes,
                    value: node,
                }),
            },
        }
    }
}

impl Sink for Tree<'_> {
    fn begin(&mut self) {
        self.frames.clear();
        self.anchors.clear();
        self.root = None;
    }

    fn event(&mut self, event: &Event<'_>, bytes: Range<usize>) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = typed(text, *style, tag.as_deref());
                // A long text costs as much as many values.
                let weight = Weight {
                    values: 1 + text.len() / 64,
                    depth: 0,
                };
                self.add(Node { bytes, value }, weight, *anchor);
            }
            Event::Alias(anchor) => self.alias(*anchor, bytes),
            Event::UnresolvedAlias(_) => {
                let value = Value::Null;
                self.add(Node { bytes, value }, Weight::default(), 0);
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(bytes, *anchor, Content::List(Vec::new()));
            }
            Event::MappingStart(_, anchor, _) => {
                self.open(bytes, *anchor, Content::Mapping(Vec::new(), None));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(bytes.end),
            _ => {}
        }
    }

    fn end(&mut self, is_whole: bool) {
        let root = self.root.take();
        match (self.too_much.take(), root) {
            (Some(alias), _) => self.mistakes.push(alias),
            (None, Some(root)) if is_whole => self.documents.push(root),
            _ => {}
        }
    }
}

/// A scalar's value by its style and tag. A tag that only its program knows leaves a text.
fn typed(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let core = tag.and_then(Tag::core_suffix);
    match (tag, core) {
        (None, _) if style == ScalarStyle::Plain => scalar::value(text),
        (Some(_), Some("int" | "float" | "bool" | "null")) => scalar::value(text),
        _ => Value::String(text.to_owned()),
    }
}

/// The members of a mapping, with those that `<<` names behind them, as far as they are not set.
fn merged(members: Vec<Member>, text: &[u8]) -> Vec<Member> {
    let is_merge = |member: &Member| {
        &text[member.key_bytes.clone()] == b"<<"
            && matches!(member.value.value, Value::Array(_) | Value::Object(_))
    };
    if !members.iter().any(is_merge) {
        return members;
    }
    let (merges, mut members): (Vec<Member>, Vec<Member>) = members.into_iter().partition(is_merge);
    let mut known: HashSet<String> = members.iter().map(|member| member.key.clone()).collect();
    let mut sources = Vec::new();
    for merge in merges {
        match merge.value.value {
            Value::Array(nodes) => sources.extend(nodes.into_iter().map(|node| node.value)),
            value => sources.push(value),
        }
    }
    for source in sources {
        if let Value::Object(more) = source {
            members.extend(
                more.into_iter()
                    .filter(|member| known.insert(member.key.clone())),
            );
        }
    }
    members
}
