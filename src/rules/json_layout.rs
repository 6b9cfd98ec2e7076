//! How JSON is laid out: the tokens of a document that parses, the blanks that belong between them, and its keys in order.

use super::edits::Edits;
use std::borrow::Cow;
use std::ops::Range;

/// What indents a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// A tab or a space, and how many of them a level has.
    pub(super) unit: (u8, usize),
    /// LF or CRLF.
    pub(super) line_end: &'static [u8],
}

/// What belongs between two tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blank {
    Nothing,
    Space,
    /// A line end, and the indentation of so many levels.
    Line(usize),
}

/// What a document has to be changed in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Departures {
    /// The first blank that is another one.
    pub(super) blank: Option<(Range<usize>, Blank)>,
    /// The first key that belongs before the one before it.
    pub(super) key: Option<Range<usize>>,
    /// The bytes that the document has when it is laid out.
    pub(super) length: usize,
}

impl Layout {
    fn length(&self, blank: Blank) -> usize {
        match blank {
            Blank::Nothing => 0,
            Blank::Space => 1,
            Blank::Line(depth) => self.line_end.len() + depth.saturating_mul(self.unit.1),
        }
    }

    fn is(&self, blank: Blank, text: &[u8]) -> bool {
        text.len() == self.length(blank)
            && match blank {
                Blank::Nothing => true,
                Blank::Space => text == b" ",
                Blank::Line(_) => text
                    .strip_prefix(self.line_end)
                    .is_some_and(|indent| indent.iter().all(|byte| *byte == self.unit.0)),
            }
    }

    fn write(&self, blank: Blank, out: &mut Vec<u8>) {
        match blank {
            Blank::Nothing => {}
            Blank::Space => out.push(b' '),
            Blank::Line(_) => {
                out.extend_from_slice(self.line_end);
                let indent = self.length(blank) - self.line_end.len();
                out.extend(std::iter::repeat_n(self.unit.0, indent));
            }
        }
    }

    /// Compares a document with its layout. `sorted`: keys are compared too.
    pub(super) fn departures(&self, text: &[u8], sorted: bool) -> Departures {
        let mut found = Departures::default();
        // The last key of each open object.
        let mut keys: Vec<Option<Range<usize>>> = Vec::new();
        for token in Tokens::new(text) {
            found.length += self.length(token.blank) + token.place.len();
            let gap = token.gap();
            if found.blank.is_none() && !self.is(token.blank, &text[gap.clone()]) {
                found.blank = Some((gap, token.blank));
            }
            if !sorted || found.key.is_some() {
                continue;
            }
            match token.kind {
                Kind::Open => keys.push(None),
                Kind::Close => drop(keys.pop()),
                Kind::Key => {
                    let last = keys
                        .last_mut()
                        .and_then(|it| it.replace(token.place.clone()));
                    let is_wrong = last.is_some_and(|last| {
                        key_text(&text[last]) > key_text(&text[token.place.clone()])
                    });
                    found.key = is_wrong.then_some(token.place);
                }
                Kind::Scalar | Kind::Mark => {}
            }
        }
        found
    }

    /// The edits that lay a document out and leave its tokens as they are.
    pub(super) fn edits(&self, text: &[u8]) -> Edits {
        let mut edits = Edits::default();
        let mut blank = Vec::new();
        for token in Tokens::new(text) {
            blank.clear();
            self.write(token.blank, &mut blank);
            edits.replace(text, token.gap(), &blank);
        }
        edits
    }

    /// The document, laid out, with the keys of each object in order, and where it was.
    pub(super) fn sorted(&self, text: &[u8]) -> (Range<usize>, Vec<u8>) {
        let mut open: Vec<Group> = vec![Group::default()];
        let mut end = 0;
        for Token { place, kind, .. } in Tokens::new(text) {
            end = place.end;
            match (kind, open.last_mut()) {
                (Kind::Open, _) => open.push(Group {
                    is_object: text[place.start] == b'{',
                    ..Group::default()
                }),
                (Kind::Key, Some(group)) => group.key = Some(place),
                (Kind::Scalar, Some(group)) => group.add(Value::Scalar(place)),
                (Kind::Close, _) => {
                    let closed = open.pop().unwrap_or_default();
                    if let Some(group) = open.last_mut() {
                        group.add(Value::Group(closed));
                    }
                }
                (Kind::Mark, _) | (_, None) => {}
            }
        }
        let mut out = Vec::new();
        for (_, value) in open.iter_mut().flat_map(|root| &mut root.members) {
            self.write_sorted(text, value, 0, &mut out);
        }
        (0..end, out)
    }

    /// Recursive: the parser before it refuses what is nested deeper than a stack has room for.
    fn write_sorted(&self, text: &[u8], value: &mut Value, depth: usize, out: &mut Vec<u8>) {
        let group = match value {
            Value::Scalar(place) => return out.extend_from_slice(&text[place.clone()]),
            Value::Group(group) => group,
        };
        let name = |key: &Option<Range<usize>>| {
            let key = key.clone().map(|key| key_text(&text[key]));
            key.unwrap_or_default()
        };
        if group.is_object {
            group.members.sort_by_cached_key(|(key, _)| name(key));
        }
        let (opening, closing) = if group.is_object {
            (b'{', b'}')
        } else {
            (b'[', b']')
        };
        out.push(opening);
        for (number, (key, value)) in group.members.iter_mut().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            self.write(Blank::Line(depth + 1), out);
            if let Some(key) = key {
                out.extend_from_slice(&text[key.clone()]);
                out.extend_from_slice(b": ");
            }
            self.write_sorted(text, value, depth + 1, out);
        }
        if !group.members.is_empty() {
            self.write(Blank::Line(depth), out);
        }
        out.push(closing);
    }
}

/// A list or an object.
#[derive(Default)]
struct Group {
    is_object: bool,
    members: Vec<(Option<Range<usize>>, Value)>,
    /// The key whose value comes next.
    key: Option<Range<usize>>,
}

enum Value {
    Scalar(Range<usize>),
    Group(Group),
}

impl Group {
    fn add(&mut self, value: Value) {
        self.members.push((self.key.take(), value));
    }
}

/// A key as its characters, by which keys are ordered; of half a surrogate pair, which is no character, the escape.
fn key_text(quoted: &[u8]) -> Cow<'_, [u8]> {
    let inside = &quoted[1..quoted.len() - 1];
    if memchr::memchr(b'\\', inside).is_none() {
        return inside.into();
    }
    match serde_json::from_slice::<String>(quoted) {
        Ok(text) => text.into_bytes().into(),
        Err(_) => inside.into(),
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Key,
    Scalar,
    /// A comma or a colon.
    Mark,
}

/// A token, and what belongs before it.
struct Token {
    place: Range<usize>,
    kind: Kind,
    blank: Blank,
    before: usize,
}

impl Token {
    /// What is between the token before it and this one.
    fn gap(&self) -> Range<usize> {
        self.before..self.place.start
    }
}

/// The tokens of a document that parses.
struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
    /// The byte that the token before began with.
    last: Option<u8>,
    /// What is open: whether it is an object.
    open: Vec<bool>,
}

impl<'t> Tokens<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            at: 0,
            last: None,
            open: Vec::new(),
        }
    }

    fn kind(&self, first: u8) -> Kind {
        let is_in_object = self.open.last() == Some(&true);
        match first {
            b'{' | b'[' => Kind::Open,
            b'}' | b']' => Kind::Close,
            b',' | b':' => Kind::Mark,
            _ if is_in_object && matches!(self.last, Some(b'{' | b',')) => Kind::Key,
            _ => Kind::Scalar,
        }
    }

    fn blank(&self, kind: Kind) -> Blank {
        let depth = self.open.len();
        match (self.last, kind) {
            (None, _) | (_, Kind::Mark) | (Some(b'{' | b'['), Kind::Close) => Blank::Nothing,
            (_, Kind::Close) => Blank::Line(depth.saturating_sub(1)),
            (Some(b':'), _) => Blank::Space,
            _ => Blank::Line(depth),
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The length of the string at the start.
fn string(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(next) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += next;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let before = self.at;
        let rest = &self.text[before..];
        let start = before + rest.iter().position(|byte| !is_blank(*byte))?;
        let rest = &self.text[start..];
        let first = rest[0];
        let kind = self.kind(first);
        let length = match first {
            b'"' => string(rest),
            _ if kind != Kind::Scalar => 1,
            _ => rest
                .iter()
                .position(|byte| is_blank(*byte) || b",:]}".contains(byte))
                .unwrap_or(rest.len()),
        };
        let blank = self.blank(kind);
        match kind {
            Kind::Open => self.open.push(first == b'{'),
            Kind::Close => drop(self.open.pop()),
            Kind::Key | Kind::Scalar | Kind::Mark => {}
        }
        self.last = Some(first);
        self.at = start + length;
        Some(Token {
            place: start..self.at,
            kind,
            blank,
            before,
        })
    }
}
