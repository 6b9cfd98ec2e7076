//! The document type and the declarations in it.

use super::attributes;
use super::declarations::{System, external_id, literal};
use super::entity::{Entities, Entity, Judgement, character, entity_name};
use super::reader::{Reader, name_characters};
use crate::syntax::report::GaveUp;

/// Reads the document type; `<!DOCTYPE` is next.
pub(super) fn doctype(reader: &mut Reader<'_, '_>, entities: &mut Entities) -> Result<(), GaveUp> {
    reader.expect("<!DOCTYPE")?;
    reader.space()?;
    reader.name("the name of the root element")?;
    if reader.skip_space() && external_id(reader, System::Required)? {
        entities.may_be_elsewhere = true;
        reader.skip_space();
    }
    if reader.take(b"[") {
        internal_subset(reader, entities)?;
        reader.skip_space();
    }
    reader.expect(">")
}

fn internal_subset(reader: &mut Reader<'_, '_>, entities: &mut Entities) -> Result<(), GaveUp> {
    loop {
        reader.skip_space();
        if reader.take(b"]") {
            return Ok(());
        }
        if reader.looking_at(b"<!--") {
            reader.comment()?;
        } else if reader.looking_at(b"<?") {
            reader.instruction()?;
        } else if reader.looking_at(b"%") {
            // What it stands for may declare anything.
            entity_name(reader)?;
            entities.may_be_elsewhere = true;
        } else if reader.take(b"<!ENTITY") {
            entity(reader, entities)?;
        } else if reader.take(b"<!ELEMENT") {
            element(reader)?;
        } else if reader.take(b"<!ATTLIST") {
            attribute_list(reader, entities)?;
        } else if reader.take(b"<!NOTATION") {
            reader.space()?;
            reader.name("the name of a notation")?;
            reader.space()?;
            if !external_id(reader, System::Optional)? {
                return Err(reader.unexpected("`SYSTEM` or `PUBLIC`"));
            }
            end(reader)?;
        } else {
            return Err(reader.unexpected("a declaration or `]`"));
        }
    }
}

fn end(reader: &mut Reader<'_, '_>) -> Result<(), GaveUp> {
    reader.skip_space();
    reader.expect(">")
}

fn entity(reader: &mut Reader<'_, '_>, entities: &mut Entities) -> Result<(), GaveUp> {
    reader.space()?;
    let is_parameter = reader.take(b"%");
    if is_parameter {
        reader.space()?;
    }
    let name = reader.name("the name of an entity")?;
    let name = &reader.text[name];
    reader.space()?;
    let mut declared = if external_id(reader, System::Required)? {
        Entity::External
    } else {
        Entity::Internal(entity_value(reader)?, [Judgement::NotYet; 2])
    };
    let has_space = reader.skip_space();
    if !is_parameter && has_space && matches!(declared, Entity::External) && reader.take(b"NDATA") {
        reader.space()?;
        reader.name("the name of a notation")?;
        declared = Entity::Unparsed;
    }
    // Behind something that nobody here reads, another declaration may have come first.
    if !is_parameter {
        entities.declare(name, declared);
    }
    end(reader)
}

/// Reads what an entity stands for: references to characters are written out, others are not.
fn entity_value(reader: &mut Reader<'_, '_>) -> Result<Vec<u8>, GaveUp> {
    let start = reader.at;
    let value = literal(reader, "a value in quotes, `SYSTEM` or `PUBLIC`")?;
    let end = reader.at;
    let mut out = Vec::with_capacity(value.len());
    reader.at = start + 1;
    while reader.at < value.end {
        let rest = &reader.text[reader.at..value.end];
        let plain = memchr::memchr2(b'&', b'%', rest).unwrap_or(rest.len());
        out.extend_from_slice(&rest[..plain]);
        reader.at += plain;
        let at = reader.at;
        match rest.get(plain) {
            Some(b'&') => {
                if let Some(c) = character(reader)? {
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                } else {
                    entity_name(reader)?;
                    out.extend_from_slice(&reader.text[at..reader.at]);
                }
            }
            Some(_) => {
                let message = "a parameter entity cannot stand inside of a declaration here";
                return Err(reader.fatal(at..at + 1, message));
            }
            None => {}
        }
    }
    reader.at = end;
    Ok(out)
}

fn element(reader: &mut Reader<'_, '_>) -> Result<(), GaveUp> {
    reader.space()?;
    reader.name("the name of an element")?;
    reader.space()?;
    if !reader.take(b"EMPTY") && !reader.take(b"ANY") {
        reader.expect("(")?;
        reader.skip_space();
        if reader.take(b"#PCDATA") {
            mixed(reader)?;
        } else {
            children(reader)?;
        }
    }
    end(reader)
}

fn mixed(reader: &mut Reader<'_, '_>) -> Result<(), GaveUp> {
    let mut has_names = false;
    loop {
        reader.skip_space();
        if reader.take(b")") {
            break;
        }
        reader.expect("|")?;
        reader.skip_space();
        reader.name("the name of an element")?;
        has_names = true;
    }
    let has_star = reader.take(b"*");
    if has_names && !has_star {
        return Err(reader.unexpected("`*`"));
    }
    Ok(())
}

/// Reads a content model behind its first bracket.
fn children(reader: &mut Reader<'_, '_>) -> Result<(), GaveUp> {
    // The separator of each group that is open, once it is known.
    let mut groups: Vec<Option<u8>> = vec![None];
    loop {
        reader.skip_space();
        if reader.take(b"(") {
            groups.push(None);
            continue;
        }
        reader.name("the name of an element or `(`")?;
        occurrence(reader);
        loop {
            reader.skip_space();
            let Some(separator) = groups.last_mut() else {
                return Ok(());
            };
            match reader.peek() {
                Some(b')') => {
                    reader.at += 1;
                    groups.pop();
                    occurrence(reader);
                    if groups.is_empty() {
                        return Ok(());
                    }
                }
                Some(mark @ (b',' | b'|')) if separator.is_none_or(|known| known == mark) => {
                    *separator = Some(mark);
                    reader.at += 1;
                    break;
                }
                _ => return Err(reader.unexpected("`)`, or the same separator as before")),
            }
        }
    }
}

fn occurrence(reader: &mut Reader<'_, '_>) {
    if let Some(b'?' | b'*' | b'+') = reader.peek() {
        reader.at += 1;
    }
}

fn attribute_list(reader: &mut Reader<'_, '_>, entities: &mut Entities) -> Result<(), GaveUp> {
    reader.space()?;
    reader.name("the name of an element")?;
    loop {
        let has_space = reader.skip_space();
        if reader.take(b">") {
            return Ok(());
        }
        if !has_space {
            return Err(reader.unexpected("a space or `>`"));
        }
        reader.name("the name of an attribute or `>`")?;
        reader.space()?;
        attribute_type(reader)?;
        reader.space()?;
        if reader.take(b"#REQUIRED") || reader.take(b"#IMPLIED") {
            continue;
        }
        if reader.take(b"#FIXED") {
            reader.space()?;
        }
        attributes::value(reader, entities)?;
    }
}

fn attribute_type(reader: &mut Reader<'_, '_>) -> Result<(), GaveUp> {
    const TYPES: [&[u8]; 8] = [
        b"CDATA",
        b"IDREFS",
        b"IDREF",
        b"ID",
        b"ENTITIES",
        b"ENTITY",
        b"NMTOKENS",
        b"NMTOKEN",
    ];
    if TYPES.iter().any(|name| reader.take(name)) {
        return Ok(());
    }
    if reader.take(b"NOTATION") {
        reader.space()?;
    }
    if !reader.take(b"(") {
        return Err(reader.unexpected("the type of an attribute"));
    }
    loop {
        reader.skip_space();
        let length = name_characters(reader.rest());
        if length == 0 {
            return Err(reader.unexpected("a value that the attribute may have"));
        }
        reader.at += length;
        reader.skip_space();
        if reader.take(b")") {
            return Ok(());
        }
        reader.expect("|")?;
    }
}
