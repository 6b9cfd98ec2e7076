//! The globs of section headers: parsed once, then matched in linear time; the common forms without an automaton.

use super::integers;
use regex::bytes::{Regex, RegexBuilder};
use std::fmt::Write as _;

/// Braces in braces, at most.
const MOST_NESTED: usize = 16;
/// What a pattern of plain names and endings may spell out to, at most.
const MOST_SIMPLE: usize = 512;
/// Bytes of a compiled pattern, at most.
const MOST_COMPILED: usize = 1 << 20;

/// A compiled glob.
#[derive(Debug)]
pub(super) enum Glob {
    /// Matches each path.
    All,
    /// Matches by the name alone: whole names, and endings.
    Names {
        names: Vec<Box<[u8]>>,
        endings: Vec<Box<[u8]>>,
    },
    /// Matches the path, relative to the directory of the file.
    Path(Regex),
}

impl Glob {
    /// Compiles a glob.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let tokens: Vec<char> = text.chars().collect();
        let mut parser = Parser {
            text: &tokens,
            has_braces: are_braces_paired(&tokens),
            is_rooted: false,
        };
        let nodes = parser.sequence(0, tokens.len(), 0)?;
        if !parser.is_rooted
            && let Some(simple) = simple(&nodes)
        {
            return Ok(simple);
        }
        let mut expression = String::from(r"\A");
        let mut nodes = &nodes[..];
        if !parser.is_rooted {
            expression.push_str("(?:(?s-u:.)*/)?");
        } else if let [Node::Char('/'), rest @ ..] = nodes {
            nodes = rest;
        }
        if let [Node::Deep, Node::Char('/'), rest @ ..] = nodes {
            expression.push_str("(?:(?s-u:.)*/)?");
            nodes = rest;
        }
        write(nodes, &mut expression);
        expression.push_str(r"\z");
        RegexBuilder::new(&expression)
            .size_limit(MOST_COMPILED)
            .build()
            .map(Self::Path)
            .map_err(|_| "the pattern is too complex".to_owned())
    }

    /// Whether it matches a path, relative to the directory of its file.
    pub(super) fn is_match(&self, path: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Path(regex) => regex.is_match(path),
            Self::Names { names, endings } => {
                let name = memchr::memrchr(b'/', path).map_or(path, |at| &path[at + 1..]);
                endings.iter().any(|ending| name.ends_with(ending))
                    || names.iter().any(|whole| **whole == *name)
            }
        }
    }
}

enum Node {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
    /// `**`
    Deep,
    /// A class, as a regular expression has it.
    Class(String),
    /// `{a,b}`
    Either(Vec<Vec<Node>>),
    /// `{1..9}`
    Integers(i64, i64),
}

/// Braces that do not pair up are taken literally, all of them.
fn are_braces_paired(text: &[char]) -> bool {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            '\\' => at += 1,
            '{' => depth += 1,
            '}' => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
        at += 1;
    }
    depth == 0
}

struct Parser<'t> {
    text: &'t [char],
    has_braces: bool,
    is_rooted: bool,
}

impl Parser<'_> {
    fn sequence(&mut self, from: usize, to: usize, nested: usize) -> Result<Vec<Node>, String> {
        if nested > MOST_NESTED {
            return Err(format!("braces are nested more than {MOST_NESTED} deep"));
        }
        let mut nodes = Vec::new();
        let mut at = from;
        while at < to {
            let mut next = at + 1;
            let node = match self.text[at] {
                '\\' if next < to => {
                    next += 1;
                    Node::Char(self.text[at + 1])
                }
                '?' => Node::One,
                '*' if next < to && self.text[next] == '*' => {
                    while next < to && self.text[next] == '*' {
                        next += 1;
                    }
                    Node::Deep
                }
                '*' => Node::Any,
                '[' => match self.class_end(at, to) {
                    Some(end) => {
                        next = end + 1;
                        Node::Class(class(&self.text[at + 1..end])?)
                    }
                    None => Node::Char('['),
                },
                '{' if self.has_braces => {
                    let (end, commas) = self.braces(at, to);
                    next = end + 1;
                    if commas.is_empty() {
                        if let Some((a, b)) = range(&self.text[at + 1..end]) {
                            Node::Integers(a, b)
                        } else {
                            nodes.push(Node::Char('{'));
                            nodes.extend(self.sequence(at + 1, end, nested + 1)?);
                            Node::Char('}')
                        }
                    } else {
                        self.either(at + 1, &commas, end, nested + 1)?
                    }
                }
                other => {
                    self.is_rooted |= other == '/';
                    Node::Char(other)
                }
            };
            nodes.push(node);
            at = next;
        }
        Ok(nodes)
    }

    fn either(
        &mut self,
        from: usize,
        commas: &[usize],
        end: usize,
        nested: usize,
    ) -> Result<Node, String> {
        let mut branches = Vec::new();
        let mut start = from;
        for stop in commas.iter().copied().chain([end]) {
            branches.push(self.sequence(start, stop, nested)?);
            start = stop + 1;
        }
        Ok(Node::Either(branches))
    }

    /// The brace that closes the one here, and the commas between that belong to them. Braces are known to pair up.
    fn braces(&self, open: usize, to: usize) -> (usize, Vec<usize>) {
        let mut commas = Vec::new();
        let mut depth = 0_usize;
        let mut at = open;
        while at < to {
            match self.text[at] {
                '\\' => at += 1,
                '{' => depth += 1,
                '}' if depth <= 1 => return (at, commas),
                '}' => depth -= 1,
                ',' if depth == 1 => commas.push(at),
                _ => {}
            }
            at += 1;
        }
        (to.saturating_sub(1).max(open), commas)
    }

    /// The bracket that closes the class here. One with a `/` inside is no class, nor is an empty one.
    fn class_end(&self, open: usize, to: usize) -> Option<usize> {
        let first = open + 1 + usize::from(self.text.get(open + 1) == Some(&'!'));
        let mut at = first;
        while at < to {
            match self.text[at] {
                '\\' => at += 1,
                ']' if at > first => return Some(at),
                '/' | ']' => return None,
                _ => {}
            }
            at += 1;
        }
        None
    }
}

/// A class as a regular expression has it. Never matches `/`.
fn class(text: &[char]) -> Result<String, String> {
    let (is_negated, mut rest) = match text {
        ['!', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut expression = String::from(if is_negated { "[^/" } else { "[" });
    while let Some((low, after)) = one_of_class(rest) {
        rest = after;
        escape(low, &mut expression);
        let high = match rest {
            ['-', after @ ..] => one_of_class(after),
            _ => None,
        };
        if let Some((high, after)) = high {
            if high < low {
                return Err(format!("the range `{low}-{high}` goes the wrong way"));
            }
            expression.push('-');
            escape(high, &mut expression);
            rest = after;
        }
    }
    if !is_negated {
        // A range such as `.-0` goes over the slash.
        expression.push_str("&&[^/]");
    }
    expression.push(']');
    Ok(expression)
}

/// The next character of a class, and what is after it.
fn one_of_class(text: &[char]) -> Option<(char, &[char])> {
    match text {
        ['\\', one, rest @ ..] | [one, rest @ ..] => Some((*one, rest)),
        [] => None,
    }
}

fn escape(one: char, expression: &mut String) {
    // A string takes what is written to it.
    let _ = write!(expression, r"\x{{{:x}}}", u32::from(one));
}

/// The two integers of `3..120`.
fn range(text: &[char]) -> Option<(i64, i64)> {
    let text: String = text.iter().collect();
    let (a, b) = text.split_once("..")?;
    Some((a.parse().ok()?, b.parse().ok()?))
}

/// The nodes as a regular expression. The nesting was bounded by the parser.
fn write(nodes: &[Node], expression: &mut String) {
    let mut rest = nodes;
    loop {
        rest = match rest {
            [] => return,
            [Node::Char('/'), Node::Deep, Node::Char('/'), after @ ..] => {
                expression.push_str("/(?:(?s-u:.)*/)?");
                after
            }
            [node, after @ ..] => {
                match node {
                    Node::Char(one) => escape(*one, expression),
                    Node::One => expression.push_str("[^/]"),
                    Node::Any => expression.push_str("(?-u:[^/])*"),
                    Node::Deep => expression.push_str("(?s-u:.)*"),
                    Node::Class(class) => expression.push_str(class),
                    Node::Integers(a, b) => expression.push_str(&integers::expression(*a, *b)),
                    Node::Either(branches) => {
                        for (number, branch) in branches.iter().enumerate() {
                            expression.push_str(if number == 0 { "(?:" } else { "|" });
                            write(branch, expression);
                        }
                        expression.push(')');
                    }
                }
                after
            }
        };
    }
}

/// A plain text, after `*` or not.
#[derive(Clone, Default)]
struct Plain {
    is_ending: bool,
    text: String,
}

/// The glob as a list of names and endings, if it is one: `*`, `*.md`, `*.{c,h}`, `{Makefile,*.mk}`.
fn simple(nodes: &[Node]) -> Option<Glob> {
    let all = spell_out(nodes, vec![Plain::default()])?;
    if all
        .iter()
        .any(|plain| plain.is_ending && plain.text.is_empty())
    {
        return Some(Glob::All);
    }
    let (endings, names): (Vec<_>, Vec<_>) = all.into_iter().partition(|plain| plain.is_ending);
    let texts = |plain: Vec<Plain>| -> Vec<Box<[u8]>> {
        plain
            .into_iter()
            .map(|plain| plain.text.into_bytes().into())
            .collect()
    };
    Some(Glob::Names {
        names: texts(names),
        endings: texts(endings),
    })
}

/// Every text that the nodes stand for, each after one of `before`.
fn spell_out(nodes: &[Node], before: Vec<Plain>) -> Option<Vec<Plain>> {
    let mut all = before;
    for node in nodes {
        match node {
            Node::Char(one) => all.iter_mut().for_each(|plain| plain.text.push(*one)),
            Node::Any | Node::Deep => {
                for plain in &mut all {
                    if !plain.text.is_empty() {
                        return None;
                    }
                    plain.is_ending = true;
                }
            }
            Node::Either(branches) => {
                let mut longer = Vec::new();
                for branch in branches {
                    longer.extend(spell_out(branch, all.clone())?);
                    if longer.len() > MOST_SIMPLE {
                        return None;
                    }
                }
                all = longer;
            }
            Node::One | Node::Class(_) | Node::Integers(..) => return None,
        }
    }
    Some(all)
}
