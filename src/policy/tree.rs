//! The events of the YAML parser put together to a tree, within the limits.

use super::document::{Fatal, end_of, narrow};
use super::model::Position;
use super::node::{Entry, Node, Value, Weight, plain_scalar};
use super::problem::{KeyPath, Report, quote};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};
use std::collections::HashMap;

const MAX_NODES: usize = 100_000;
const MAX_DEPTH: usize = 64;
/// Bytes of all texts with aliases written out.
const MAX_EXPANDED_BYTES: usize = 4 << 20;

/// A list or mapping whose end is not reached yet.
struct Frame {
    at: Position,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        seen: HashMap<String, Position>,
        key: Key,
    },
}

/// Where in a mapping the parser is.
enum Key {
    /// A key comes next.
    Awaited,
    /// The value of this key comes next.
    Read(String, Position),
    /// The value of a key that was refused comes next.
    Refused(Position),
}

/// The tree as far as it is read.
pub(super) struct Builder<'r> {
    source: usize,
    end: Position,
    report: &'r mut Report,
    frames: Vec<Frame>,
    anchors: HashMap<usize, (Node, Weight)>,
    root: Option<Node>,
    nodes: usize,
    bytes: usize,
}

impl<'r> Builder<'r> {
    /// Nothing is read yet. `source` is the number of the document.
    pub(super) fn new(text: &str, source: usize, report: &'r mut Report) -> Self {
        Self {
            source,
            end: end_of(text, source),
            report,
            frames: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            nodes: 0,
            bytes: 0,
        }
    }

    /// The tree of a text; `None` if there is nothing in it.
    pub(super) fn read(mut self, text: &str) -> Result<Option<Node>, Fatal> {
        let mut documents = 0;
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| self.scan_error(&error))?;
            let at = self.position(span.start);
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        let message = "a second YAML document begins here: expected one document, without another `---`";
                        return Err(Fatal {
                            at,
                            message: message.into(),
                        });
                    }
                }
                Event::Alias(id) => self.alias(id, &at)?,
                Event::Scalar(text, style, anchor, tag) => {
                    self.count(&at, 1, text.len())?;
                    let value = self.scalar(&text, style, tag.as_deref(), &at);
                    // A value that is not written has its place behind the key.
                    let at = match (self.frames.last(), span.is_empty()) {
                        (Some(frame), true) => frame.key_position().unwrap_or(at),
                        _ => at,
                    };
                    self.add(Node { at, value }, anchor, Some(&text));
                }
                Event::SequenceStart(anchor, tag) => {
                    self.open(at, anchor, tag.as_deref(), Content::List(Vec::new()))?;
                }
                Event::MappingStart(anchor, tag) => {
                    let content = Content::Mapping {
                        entries: Vec::new(),
                        seen: HashMap::new(),
                        key: Key::Awaited,
                    };
                    self.open(at, anchor, tag.as_deref(), content)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(),
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Ok(self.root)
    }

    fn scan_error(&self, error: &ScanError) -> Fatal {
        let message = if error.info().contains("recursion limit") {
            format!("the policy is nested more than {MAX_DEPTH} levels deep")
        } else {
            format!("this is not YAML: {}", error.info())
        };
        Fatal {
            at: self.position(*error.marker()),
            message,
        }
    }

    fn position(&self, marker: Marker) -> Position {
        let line = narrow(marker.line()).max(1);
        let column = narrow(marker.col() + 1);
        // At the end of the text the parser's marker may already be behind it.
        if (line, column) > (self.end.line, self.end.column) {
            return self.end.clone();
        }
        Position {
            source: self.source,
            line,
            column,
        }
    }

    /// Counts what a node brings, before it is kept.
    fn count(&mut self, at: &Position, nodes: usize, bytes: usize) -> Result<(), Fatal> {
        self.nodes += nodes;
        self.bytes += bytes;
        let message = if self.nodes > MAX_NODES {
            format!(
                "the policy has more than {MAX_NODES} keys and values once its aliases are written out"
            )
        } else if self.bytes > MAX_EXPANDED_BYTES {
            format!(
                "the policy has more than {MAX_EXPANDED_BYTES} bytes of text once its aliases are written out"
            )
        } else {
            return Ok(());
        };
        Err(Fatal {
            at: at.clone(),
            message,
        })
    }

    fn check_depth(&self, at: &Position, below: usize) -> Result<(), Fatal> {
        if self.frames.len() + below <= MAX_DEPTH {
            return Ok(());
        }
        Err(Fatal {
            at: at.clone(),
            message: format!("the policy is nested more than {MAX_DEPTH} levels deep"),
        })
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: &Position,
    ) -> Value {
        match tag {
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => {
                return Value::Text(text.to_owned());
            }
            Some(tag) => self.refuse_tag(tag, at),
            None => {}
        }
        if style == ScalarStyle::Plain {
            plain_scalar(text)
        } else {
            Value::Text(text.to_owned())
        }
    }

    fn refuse_tag(&mut self, tag: &Tag, at: &Position) {
        let message = format!(
            "the tag {} means nothing in a policy: leave it out",
            quote(&tag.to_string())
        );
        let path = self.path();
        self.report.add(at, &path, message);
    }

    fn alias(&mut self, id: usize, at: &Position) -> Result<(), Fatal> {
        let Some((node, weight)) = self.anchors.get(&id) else {
            return Err(Fatal {
                at: at.clone(),
                message: "this alias stands inside the value that it stands for".into(),
            });
        };
        let (node, weight) = (node.clone(), *weight);
        self.check_depth(at, weight.depth)?;
        self.count(at, weight.nodes, weight.bytes)?;
        let text = node.text().map(str::to_owned);
        self.add(node, 0, text.as_deref());
        Ok(())
    }

    fn open(
        &mut self,
        at: Position,
        anchor: usize,
        tag: Option<&Tag>,
        content: Content,
    ) -> Result<(), Fatal> {
        self.count(&at, 1, 0)?;
        self.check_depth(&at, 1)?;
        if let Some(tag) = tag {
            self.refuse_tag(tag, &at);
        }
        self.frames.push(Frame {
            at,
            anchor,
            content,
        });
        Ok(())
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let value = match frame.content {
            Content::List(nodes) => Value::List(nodes),
            Content::Mapping { entries, .. } => Value::Mapping(entries),
        };
        self.add(
            Node {
                at: frame.at,
                value,
            },
            frame.anchor,
            None,
        );
    }

    /// Puts a finished node where it belongs. `written` is the text of a scalar.
    fn add(&mut self, node: Node, anchor: usize, written: Option<&str>) {
        if anchor > 0 {
            let weight = node.weight();
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return;
        };
        let (entries, seen, key) = match &mut frame.content {
            Content::List(nodes) => return nodes.push(node),
            Content::Mapping { entries, seen, key } => (entries, seen, key),
        };
        match std::mem::replace(key, Key::Awaited) {
            Key::Awaited => match key_name(written, seen) {
                Ok(name) => {
                    seen.insert(name.clone(), node.at.clone());
                    *key = Key::Read(name, node.at);
                }
                Err(message) => {
                    *key = Key::Refused(node.at.clone());
                    let path = self.path();
                    let path = written.map_or(path.clone(), |name| path.key(name));
                    self.report.add(&node.at, &path, message);
                }
            },
            Key::Read(name, key_at) => entries.push(Entry {
                key: name,
                key_at,
                value: node,
            }),
            Key::Refused(_) => {}
        }
    }

    /// The path of the place that the parser has reached.
    fn path(&self) -> KeyPath {
        self.frames
            .iter()
            .fold(KeyPath::default(), |path, frame| match &frame.content {
                Content::List(nodes) => path.index(nodes.len()),
                Content::Mapping {
                    key: Key::Read(key, _),
                    ..
                } => path.key(key),
                Content::Mapping { .. } => path,
            })
    }
}

impl Frame {
    fn key_position(&self) -> Option<Position> {
        match &self.content {
            Content::Mapping {
                key: Key::Read(_, at) | Key::Refused(at),
                ..
            } => Some(at.clone()),
            _ => None,
        }
    }
}

fn key_name(written: Option<&str>, seen: &HashMap<String, Position>) -> Result<String, String> {
    let name = written.ok_or("a list or mapping cannot be a key: expected a name")?;
    if name == "<<" {
        return Err(
            "merge keys are not part of YAML 1.2: write the keys out, or share them with `extends`"
                .into(),
        );
    }
    match seen.get(name) {
        None => Ok(name.to_owned()),
        Some(first) => Err(format!(
            "duplicate key {}: it is already set in line {}, column {}",
            quote(name),
            first.line,
            first.column
        )),
    }
}
