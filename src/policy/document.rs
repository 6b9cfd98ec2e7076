//! The text of one policy document to a tree with places, or what keeps it from being one. Hostile text is normal:
//! sizes are limited before they cost anything, aliases included.

use super::model::Position;
use super::node::{Entry, Node, Value, Weight, plain_scalar};
use super::problem::{KeyPath, Report, quote};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};
use std::collections::HashMap;

const MAX_BYTES: usize = 1 << 20;
const MAX_NODES: usize = 100_000;
const MAX_DEPTH: usize = 64;
/// Bytes of all texts with aliases written out.
const MAX_EXPANDED_BYTES: usize = 4 << 20;

/// Reads a document. Mistakes go to `report`; what could be read in spite of them comes back.
pub(super) fn parse(bytes: &[u8], source: usize, report: &mut Report) -> Option<Node> {
    let result = check_text(bytes, source).and_then(|text| {
        let mut builder = Builder {
            source,
            end: end_of(text, source),
            report,
            frames: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            nodes: 0,
            bytes: 0,
        };
        builder.read(text)?;
        let root = builder.root.filter(|root| root.value != Value::Null);
        root.ok_or_else(|| Fatal {
            at: start(source),
            message: "the policy is empty: expected at least `version: 1`".into(),
        })
    });
    result
        .map_err(|fatal| report.add(&fatal.at, &KeyPath::default(), fatal.message))
        .ok()
}

/// A mistake after which the rest of the text cannot be understood.
struct Fatal {
    at: Position,
    message: String,
}

/// The start of a document.
pub(super) fn start(source: usize) -> Position {
    Position {
        source,
        line: 1,
        column: 1,
    }
}

fn check_text(bytes: &[u8], source: usize) -> Result<&str, Fatal> {
    if bytes.len() > MAX_BYTES {
        return Err(Fatal {
            at: start(source),
            message: format!(
                "the policy has {} bytes: expected at most {MAX_BYTES} (1 MiB)",
                bytes.len()
            ),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        Fatal {
            at: end_of(&valid, source),
            message: format!(
                "byte 0x{:02x} is not UTF-8: expected a text in UTF-8",
                bytes[error.valid_up_to()]
            ),
        }
    })?;
    // YAML forbids them, and the parser would take a NUL for the end of the text.
    let forbidden =
        |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}') || c == '\u{fffe}';
    if let Some(at) = text.find(forbidden) {
        let c = text[at..].chars().next().unwrap_or_default();
        return Err(Fatal {
            at: end_of(&text[..at], source),
            message: format!(
                "the control character U+{:04X} cannot stand in a policy: write it as an escape in a \"quoted\" text",
                u32::from(c)
            ),
        });
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The position right behind `text`.
fn end_of(text: &str, source: usize) -> Position {
    let text = text.replace("\r\n", "\n");
    let is_break = |c: char| matches!(c, '\n' | '\r');
    let last_line = text.rsplit(is_break).next().unwrap_or_default();
    Position {
        source,
        line: narrow(text.matches(is_break).count() + 1),
        column: narrow(last_line.chars().count() + 1),
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

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

struct Builder<'r> {
    source: usize,
    end: Position,
    report: &'r mut Report,
    frames: Vec<Frame>,
    anchors: HashMap<usize, (Node, Weight)>,
    root: Option<Node>,
    nodes: usize,
    bytes: usize,
}

impl Builder<'_> {
    fn read(&mut self, text: &str) -> Result<(), Fatal> {
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
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (Option<Node>, Vec<String>) {
        let mut report = Report::default();
        let node = parse(text.as_bytes(), 0, &mut report);
        let problems = report.finish(&["p".into()]).0;
        (node, problems.iter().map(ToString::to_string).collect())
    }

    fn mistakes(text: &str) -> Vec<String> {
        read(text).1
    }

    /// `line:column` of each key and each value, in order.
    fn places(node: &Node, out: &mut Vec<String>) {
        out.push(format!("{}:{}", node.at.line, node.at.column));
        match &node.value {
            Value::List(nodes) => nodes.iter().for_each(|node| places(node, out)),
            Value::Mapping(entries) => {
                for entry in entries {
                    out.push(format!("{}:{}", entry.key_at.line, entry.key_at.column));
                    places(&entry.value, out);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn keys_and_values_know_their_places_in_characters() {
        let text =
            "# ä\nversion: 1\nrules:\n  ä: {ü: [ö, x], z: 'q'}\n  empty:\n  b: |\n    text\n";
        let (node, problems) = read(text);
        assert_eq!(problems, [""; 0]);
        let mut found = Vec::new();
        places(&node.unwrap(), &mut found);
        assert_eq!(
            found,
            [
                "2:1", "2:1", "2:10", "3:1", "4:3", "4:3", "4:6", "4:7", "4:10", "4:11", "4:14",
                "4:18", "4:21", "5:3", "5:3", "6:3", "7:5"
            ]
        );
    }

    #[test]
    fn aliases_are_written_out_and_keep_the_places_of_what_they_stand_for() {
        let (node, problems) = read("a: &x [1, 2]\nb: *x\n");
        assert_eq!(problems, [""; 0]);
        let node = node.unwrap();
        let Value::Mapping(entries) = &node.value else {
            panic!("{node:?}");
        };
        assert_eq!(entries[0].value, entries[1].value);
        assert_eq!(entries[1].key_at.line, 2);
    }

    #[test]
    fn bombs_are_refused_before_they_cost_anything() {
        let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for level in 1..30 {
            let last = format!("*a{}, ", level - 1).repeat(9);
            laughs.push_str(&format!("a{level}: &a{level} [{last}]\n"));
        }
        let long = format!(
            "a: &a {}\nb: [{}]\n",
            "x".repeat(100_000),
            "*a, ".repeat(1000)
        );
        for (text, said) in [
            (
                laughs,
                "p:6:10: the policy has more than 100000 keys and values once its aliases are written out",
            ),
            (long, "more than 4194304 bytes of text once its aliases"),
            (
                "- ".repeat(65),
                "p:1:129: the policy is nested more than 64 levels deep",
            ),
            (
                "[".repeat(65),
                "p:1:65: the policy is nested more than 64 levels deep",
            ),
            ("[".repeat(100_000), "nested more than 64 levels deep"),
            (
                " ".repeat((1 << 20) + 1),
                "p:1:1: the policy has 1048577 bytes: expected at most 1048576 (1 MiB)",
            ),
            (
                "a: &a [*a]".into(),
                "p:1:8: this alias stands inside the value that it stands for",
            ),
            ("a: *nothing".into(), "this is not YAML"),
        ] {
            let mistakes = mistakes(&text);
            assert_eq!(mistakes.len(), 1, "{said}");
            assert!(mistakes[0].contains(said), "{}", mistakes[0]);
        }
        assert_eq!(mistakes(&"- ".repeat(64)), [""; 0]);
    }

    #[test]
    fn what_is_no_single_clean_document_is_refused() {
        for (text, said) in [
            (
                "",
                "p:1:1: the policy is empty: expected at least `version: 1`",
            ),
            (
                "# only a comment\n",
                "p:1:1: the policy is empty: expected at least `version: 1`",
            ),
            (
                "---\n",
                "p:1:1: the policy is empty: expected at least `version: 1`",
            ),
            (
                "a: 1\n---\nb: 2\n",
                "p:2:1: a second YAML document begins here: expected one document, without another `---`",
            ),
            (
                "a: 1\n\nab\0c: 2",
                "p:3:3: the control character U+0000 cannot stand in a policy: write it as an escape in a \"quoted\" text",
            ),
            (
                "a: 1\r\nä\u{1b}",
                "p:2:2: the control character U+001B cannot stand in a policy: write it as an escape in a \"quoted\" text",
            ),
            (
                "a: 1\n<<: {b: 2}\n",
                "p:2:1: <<: merge keys are not part of YAML 1.2: write the keys out, or share them with `extends`",
            ),
            (
                "x:\n  - a: !secret 1\n",
                "p:2:8: x[0].a: the tag `!secret` means nothing in a policy: leave it out",
            ),
            (
                "[a]: 1\n",
                "p:1:1: a list or mapping cannot be a key: expected a name",
            ),
        ] {
            assert_eq!(mistakes(text), [said], "{text:?}");
        }
        let mut report = Report::default();
        assert_eq!(parse(b"a: 1\nb\xc3\xa4: \xff", 0, &mut report), None);
        assert_eq!(
            report.finish(&["p".into()]).to_string(),
            "p:2:5: byte 0xff is not UTF-8: expected a text in UTF-8"
        );
    }

    #[test]
    fn every_duplicate_key_is_reported_with_both_places() {
        assert_eq!(
            mistakes("a:\n  b: 1\n  b: 2\n  'b': {c: 3}\na: 4\n"),
            [
                "p:3:3: a.b: duplicate key `b`: it is already set in line 2, column 3",
                "p:4:3: a.b: duplicate key `b`: it is already set in line 2, column 3",
                "p:5:1: a: duplicate key `a`: it is already set in line 1, column 1",
            ]
        );
    }

    #[test]
    fn quotes_and_the_str_tag_make_texts() {
        let (node, problems) = read("\u{feff}a: ['1', \"true\", !!str 2, 3]");
        assert_eq!(problems, [""; 0]);
        let expected: serde_yaml::Value = serde_yaml::from_str("a: ['1', 'true', '2', 3]").unwrap();
        assert_eq!(node.unwrap().to_yaml(), expected);
    }

    fn check_places(bytes: &[u8]) {
        let mut report = Report::default();
        let node = parse(bytes, 0, &mut report);
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        let lines: Vec<usize> = text
            .split(['\n', '\r'])
            .map(|line| line.chars().count())
            .collect();
        let inside = |line: u32, column: u32| {
            assert!(line >= 1 && column >= 1);
            let length = lines.get(line as usize - 1);
            assert!(
                length.is_some_and(|length| column as usize <= length + 1),
                "{line}:{column} in {text:?}"
            );
        };
        let mut found = Vec::new();
        if let Some(node) = &node {
            places(node, &mut found);
        }
        for place in found {
            let (line, column) = place.split_once(':').unwrap();
            inside(line.parse().unwrap(), column.parse().unwrap());
        }
        let problems = report.finish(&["p".into()]).0;
        assert!(node.is_some() || !problems.is_empty());
        for problem in problems {
            inside(problem.line, problem.column);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_tree_or_mistakes_with_places_inside_the_text(
            bytes in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            check_places(&bytes);
        }

        #[test]
        fn any_yaml_like_text_does_too(
            words in proptest::collection::vec(
                proptest::sample::select(vec![
                    "a", "b", "ä", ": ", ":", "- ", "\n", "\r\n", "\r", "  ", "\t", "{", "}", "[", "]", ", ",
                    "'", "\"", "\\", "|", ">", "-", "+", "2", "&x ", "*x", "!!str ", "!t ", "#", " #", "? ",
                    "---", "...", "\n---\n", "%YAML 1.2\n", "%TAG ! t\n", "~", "true", "<<", "\u{feff}", "\u{85}",
                    "\u{2028}", "\0",
                ]),
                0..40,
            )
        ) {
            check_places(words.concat().as_bytes());
        }
    }
}
