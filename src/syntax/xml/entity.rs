//! Entities: what they stand for is judged once, and never put into the text.

use super::content;
use super::reader::{Reader, name_length};
use crate::syntax::report::{GaveUp, quote};
use std::collections::HashMap;

/// Entities in what entities stand for.
const MAX_DEPTH: usize = 64;

/// What the document says about its entities.
#[derive(Default)]
pub(super) struct Entities {
    general: HashMap<Vec<u8>, Entity>,
    /// Whether there may be declarations that nobody here reads.
    pub(super) may_be_elsewhere: bool,
    pub(super) is_standalone: bool,
    depth: usize,
}

/// What an entity is.
pub(super) enum Entity {
    /// What it stands for, and how far that was judged.
    Internal(Vec<u8>, [Judgement; 2]),
    /// In another file.
    External,
    /// In another file that is not XML.
    Unparsed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    NotYet,
    Underway,
    Done,
}

/// Where a reference stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Content = 0,
    Attribute = 1,
}

impl Entities {
    /// Takes a declaration in; the first one counts.
    pub(super) fn declare(&mut self, name: &[u8], entity: Entity) {
        self.general.entry(name.to_vec()).or_insert(entity);
    }
}

/// Reads a reference; its `&` is next.
pub(super) fn reference(
    reader: &mut Reader<'_, '_>,
    entities: &mut Entities,
    place: Where,
) -> Result<(), GaveUp> {
    let start = reader.at;
    if character(reader)?.is_some() {
        return Ok(());
    }
    let name = entity_name(reader)?;
    if matches!(name, b"amp" | b"lt" | b"gt" | b"apos" | b"quot") {
        return Ok(());
    }
    let bytes = start..reader.at;
    let shown = quote(&reader.text[bytes.clone()]);
    let (text, judgement) = match entities.general.get_mut(name) {
        Some(Entity::Internal(text, judgement)) => (text, &mut judgement[place as usize]),
        Some(Entity::External) if place == Where::Content => return Ok(()),
        Some(Entity::External) => {
            let message =
                format!("{shown} stands for another file, which cannot be part of an attribute");
            return reader.mistake(bytes, message);
        }
        Some(Entity::Unparsed) => {
            let message = format!("{shown} stands for a file that is not XML");
            return reader.mistake(bytes, message);
        }
        None if entities.may_be_elsewhere && !entities.is_standalone => return Ok(()),
        None => {
            let message = format!("{shown} stands for nothing: the entity is not declared");
            return reader.mistake(bytes, message);
        }
    };
    match *judgement {
        Judgement::Done => return Ok(()),
        Judgement::Underway => {
            let message = format!("{shown} stands for a text that it is part of itself");
            return Err(reader.fatal(bytes, message));
        }
        Judgement::NotYet => *judgement = Judgement::Underway,
    }
    if entities.depth == MAX_DEPTH {
        let message = format!("entities stand for entities more than {MAX_DEPTH} levels deep");
        return Err(reader.fatal(bytes, message));
    }
    let text = std::mem::take(text);
    entities.depth += 1;
    let place_in_file = reader.place(bytes);
    let mut inside = Reader::inside(&text, place_in_file, reader.report);
    let result = match place {
        Where::Content => content::replacement(&mut inside, entities),
        Where::Attribute => attribute_text(&mut inside, entities),
    };
    entities.depth -= 1;
    if let Some(Entity::Internal(kept, judgement)) = entities.general.get_mut(name) {
        *kept = text;
        judgement[place as usize] = Judgement::Done;
    }
    result
}

fn attribute_text(reader: &mut Reader<'_, '_>, entities: &mut Entities) -> Result<(), GaveUp> {
    while let Some(at) = memchr::memchr2(b'<', b'&', reader.rest()) {
        reader.at += at;
        if reader.peek() == Some(b'<') {
            let message = "this entity puts `<` into the value of an attribute";
            return Err(reader.fatal(0..0, message));
        }
        reference(reader, entities, Where::Attribute)?;
    }
    Ok(())
}

/// Reads a reference to a character, if it is one; its `&` is next.
pub(super) fn character(reader: &mut Reader<'_, '_>) -> Result<Option<char>, GaveUp> {
    if !reader.looking_at(b"&#") {
        return Ok(None);
    }
    let start = reader.at;
    let rest = &reader.rest()[2..];
    let (digits, radix) = match rest {
        [b'x', digits @ ..] => (digits, 16),
        digits => (digits, 10),
    };
    let length = digits
        .iter()
        .take_while(|byte| char::from(**byte).is_digit(radix))
        .count();
    reader.at = reader.text.len() - digits.len() + length;
    if length == 0 || reader.peek() != Some(b';') {
        let message = "expected a number and `;` after `&#`";
        return Err(reader.fatal(start..reader.at, message));
    }
    reader.at += 1;
    let digits = std::str::from_utf8(&digits[..length]).unwrap_or_default();
    let code = u32::from_str_radix(digits, radix).ok();
    let allowed = code.and_then(char::from_u32).filter(|c| {
        !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
    });
    if allowed.is_none() {
        let message = format!(
            "{} is no character that XML allows",
            quote(&reader.text[start..reader.at])
        );
        reader.mistake(start..reader.at, message)?;
    }
    Ok(Some(allowed.unwrap_or(char::REPLACEMENT_CHARACTER)))
}

/// Reads a reference to an entity; its `&` or `%` is next.
pub(super) fn entity_name<'t>(reader: &mut Reader<'t, '_>) -> Result<&'t [u8], GaveUp> {
    let start = reader.at;
    let length = name_length(&reader.rest()[1..]);
    let name = &reader.rest()[1..=length];
    if length == 0 || reader.rest().get(length + 1) != Some(&b';') {
        let message = "`&` begins no reference here: write `&amp;` for the character";
        return Err(reader.fatal(start..start + 1, message));
    }
    reader.at += length + 2;
    Ok(name)
}
