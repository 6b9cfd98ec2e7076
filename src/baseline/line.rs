//! One line of a baseline: `FINGERPRINT RULE PATH`. There is one way to write an entry, and nothing in it that a reviewer
//! would not see.

use super::Entry;
use crate::finding::Fingerprint;
use std::fmt::{self, Write};

/// Stands for the workspace itself, whose path is empty.
const WORKSPACE: &str = ".";

pub(super) fn write(entry: &Entry, out: &mut impl Write) -> fmt::Result {
    write!(out, "{} {} ", entry.fingerprint, entry.rule)?;
    write_path(&entry.path, out)
}

fn write_path(path: &str, out: &mut impl Write) -> fmt::Result {
    if path.is_empty() {
        return out.write_str(WORKSPACE);
    }
    if path == WORKSPACE {
        return out.write_str("\\u{2e}");
    }
    let last = path.chars().count() - 1;
    for (index, character) in path.chars().enumerate() {
        match character {
            '\\' => out.write_str("\\\\")?,
            ' ' if index > 0 && index < last => out.write_char(' ')?,
            character if is_unseen(character) => {
                write!(out, "\\u{{{:x}}}", u32::from(character))?;
            }
            character => out.write_char(character)?,
        }
    }
    Ok(())
}

/// Whether a character is white, steers a terminal, or cannot be seen in a review.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || character.is_whitespace()
        || matches!(character, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Reads a line without its end.
pub(super) fn read(line: &str) -> Result<Entry, String> {
    if line.trim().is_empty() {
        return Err("an empty line: expected FINGERPRINT RULE PATH".into());
    }
    if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
        .iter()
        .any(|mark| line.starts_with(mark))
    {
        return Err(
            "a merge that was not finished: keep the entries of both sides, then run \
                    `factory-gate baseline`, which takes away what is gone"
                .into(),
        );
    }
    if line.starts_with('#') {
        return Err(
            "comments stand only at the top, and are not kept: a reason belongs into `suppressions`"
                .into(),
        );
    }
    let mut words = line.splitn(3, ' ');
    let (print, rule, path) = (words.next(), words.next(), words.next());
    let fingerprint = print
        .and_then(fingerprint)
        .ok_or("expected a fingerprint of 32 hexadecimal digits in lower case at the start")?;
    let rule = rule
        .filter(|rule| is_rule(rule))
        .ok_or("expected a rule's name after the fingerprint")?;
    let path = path.ok_or("expected a path after the rule's name")?;
    let entry = Entry {
        rule: rule.to_owned(),
        path: read_path(path).ok_or_else(|| {
            "the path is not written as this program writes it: `\\` as `\\\\`, what cannot be seen as `\\u{..}`".to_owned()
        })?,
        fingerprint,
    };
    Ok(entry)
}

fn fingerprint(text: &str) -> Option<Fingerprint> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 32 || !text.bytes().all(is_digit) {
        return None;
    }
    let number = u128::from_str_radix(text, 16).ok()?;
    Some(Fingerprint(number.to_be_bytes()))
}

fn is_rule(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(is_part)
}

/// The path, if it is written in the one way that there is.
fn read_path(text: &str) -> Option<String> {
    let path = if text == WORKSPACE {
        String::new()
    } else {
        unescape(text)?
    };
    let mut again = String::with_capacity(text.len());
    write_path(&path, &mut again).ok()?;
    (again == text).then_some(path)
}

fn unescape(text: &str) -> Option<String> {
    let mut path = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        path.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('\\') {
            path.push('\\');
            rest = after;
        } else {
            let (digits, after) = rest.strip_prefix("u{")?.split_once('}')?;
            path.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
            rest = after;
        }
    }
    path.push_str(rest);
    Some(path)
}
