//! The attributes of an element.

use super::entity::{self, Entities, Where};
use super::reader::Reader;
use crate::syntax::report::{GaveUp, quote};
use std::ops::Range;

/// Up to here, comparing all with all is faster than sorting.
const FEW: usize = 12;

/// Reads the attributes of the element `owner`, up to its `>` or `/>`.
pub(super) fn attributes(
    reader: &mut Reader<'_, '_>,
    entities: &mut Entities,
    owner: &Range<usize>,
) -> Result<(), GaveUp> {
    let mut names: Vec<Range<usize>> = Vec::new();
    loop {
        let has_space = reader.skip_space();
        match reader.peek() {
            Some(b'>' | b'/') => break,
            None => {
                let message = format!(
                    "the tag of {} is never closed: expected `>`",
                    quote(&reader.text[owner.clone()])
                );
                return Err(reader.fatal(owner.start - 1..owner.end, message));
            }
            Some(_) if !has_space => {
                return Err(reader.unexpected("a space, `>` or `/>`"));
            }
            Some(_) => {}
        }
        let name = reader.name("the name of an attribute, `>` or `/>`")?;
        reader.skip_space();
        if !reader.take(b"=") {
            let message = format!(
                "expected `=` and a value for the attribute {}",
                quote(&reader.text[name.clone()])
            );
            return Err(reader.fatal(name, message));
        }
        reader.skip_space();
        value(reader, entities)?;
        names.push(name);
    }
    unique(reader, names)
}

/// Reads a value in quotes.
pub(super) fn value(reader: &mut Reader<'_, '_>, entities: &mut Entities) -> Result<(), GaveUp> {
    let Some(delimiter @ (b'"' | b'\'')) = reader.peek() else {
        return Err(reader.unexpected("a value in quotes"));
    };
    let start = reader.at;
    reader.at += 1;
    loop {
        let rest = reader.rest();
        let plain = memchr::memchr3(delimiter, b'<', b'&', rest).unwrap_or(rest.len());
        reader.at += plain;
        match reader.peek() {
            Some(b'&') => entity::reference(reader, entities, Where::Attribute)?,
            Some(b'<') => {
                let message = "`<` cannot stand in the value of an attribute: write `&lt;`, or close the value before";
                return Err(reader.fatal(reader.at..reader.at + 1, message));
            }
            Some(_) => {
                reader.at += 1;
                return Ok(());
            }
            None => {
                let message = "this value is never closed: expected a closing quote";
                return Err(reader.fatal(start..start + 1, message));
            }
        }
    }
}

fn unique(reader: &mut Reader<'_, '_>, mut names: Vec<Range<usize>>) -> Result<(), GaveUp> {
    let text = reader.text;
    let mut doubles = Vec::new();
    if names.len() <= FEW {
        for (number, name) in names.iter().enumerate() {
            let is_same = |other: &Range<usize>| text[other.clone()] == text[name.clone()];
            if names[..number].iter().any(is_same) {
                doubles.push(name.clone());
            }
        }
    } else {
        names.sort_unstable_by_key(|name| (&text[name.clone()], name.start));
        for group in names.chunk_by(|a, b| text[a.clone()] == text[b.clone()]) {
            doubles.extend_from_slice(&group[1..]);
        }
    }
    for name in doubles {
        let message = format!("the attribute {} is set twice", quote(&text[name.clone()]));
        reader.mistake(name, message)?;
    }
    Ok(())
}
