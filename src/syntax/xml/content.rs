//! Elements, their text, and what may stand in it.

use super::attributes;
use super::entity::{self, Entities, Where};
use super::reader::Reader;
use crate::syntax::report::{GaveUp, quote};
use std::ops::Range;

/// Reads the root element.
pub(super) fn root(reader: &mut Reader<'_, '_>, entities: &mut Entities) -> Result<(), GaveUp> {
    let mut open = Vec::new();
    start_tag(reader, entities, &mut open)?;
    if !open.is_empty() {
        content(reader, entities, open, Until::RootCloses)?;
    }
    Ok(())
}

/// Reads what an entity stands for: any number of elements, each of which ends in it.
pub(super) fn replacement(
    reader: &mut Reader<'_, '_>,
    entities: &mut Entities,
) -> Result<(), GaveUp> {
    content(reader, entities, Vec::new(), Until::TextEnds)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    RootCloses,
    TextEnds,
}

fn content(
    reader: &mut Reader<'_, '_>,
    entities: &mut Entities,
    mut open: Vec<Range<usize>>,
    until: Until,
) -> Result<(), GaveUp> {
    loop {
        let rest = reader.rest();
        let text = memchr::memchr3(b'<', b'&', b']', rest).unwrap_or(rest.len());
        reader.at += text;
        match rest.get(text..) {
            Some([b'&', ..]) => entity::reference(reader, entities, Where::Content)?,
            Some([b']', b']', b'>', ..]) => {
                let message = "`]]>` cannot stand in a text: write `]]&gt;`";
                reader.mistake(reader.at..reader.at + 3, message)?;
                reader.at += 3;
            }
            Some([b']', ..]) => reader.at += 1,
            Some([b'<', b'/', ..]) => {
                end_tag(reader, &mut open)?;
                if open.is_empty() && until == Until::RootCloses {
                    return Ok(());
                }
            }
            Some([b'<', b'?', ..]) => reader.instruction()?,
            Some([b'<', b'!', ..]) => {
                if reader.looking_at(b"<!--") {
                    reader.comment()?;
                } else if reader.looking_at(b"<![CDATA[") {
                    cdata(reader)?;
                } else {
                    return Err(reader.unexpected("an element, a comment or `<![CDATA[`"));
                }
            }
            Some([b'<', ..]) => start_tag(reader, entities, &mut open)?,
            _ => {
                let Some(name) = open.pop() else {
                    return Ok(());
                };
                let shown = quote(&reader.text[name.clone()]);
                let message = format!("the element {shown} is never closed");
                return Err(reader.fatal(name.start - 1..name.end, message));
            }
        }
    }
}

fn cdata(reader: &mut Reader<'_, '_>) -> Result<(), GaveUp> {
    let start = reader.at;
    match memchr::memmem::find(reader.rest(), b"]]>") {
        Some(length) => {
            reader.at += length + 3;
            Ok(())
        }
        None => Err(reader.fatal(
            start..start + 9,
            "this CDATA section is never closed: expected `]]>`",
        )),
    }
}

fn start_tag(
    reader: &mut Reader<'_, '_>,
    entities: &mut Entities,
    open: &mut Vec<Range<usize>>,
) -> Result<(), GaveUp> {
    let start = reader.at;
    reader.at += 1;
    if super::reader::name_length(reader.rest()) == 0 {
        let message = "`<` begins no element here: write `&lt;` for the character";
        return Err(reader.fatal(start..start + 1, message));
    }
    let name = reader.name("the name of an element")?;
    attributes::attributes(reader, entities, &name)?;
    if !reader.take(b"/>") {
        reader.expect(">")?;
        open.push(name);
    }
    Ok(())
}

fn end_tag(reader: &mut Reader<'_, '_>, open: &mut Vec<Range<usize>>) -> Result<(), GaveUp> {
    let start = reader.at;
    reader.at += 2;
    let name = reader.name("the name of an element")?;
    reader.skip_space();
    let shown = quote(&reader.text[name.clone()]);
    let Some(opened) = open.pop() else {
        let message = format!("{shown} is closed, but it is not open");
        return Err(reader.fatal(start..name.end, message));
    };
    if reader.text[opened.clone()] != reader.text[name.clone()] {
        let expected = quote(&reader.text[opened.clone()]);
        let message = format!(
            "expected the end of the element {expected}, found that of {shown}: {expected} was opened in"
        );
        let place = reader.place(start..name.end);
        let other = reader.place(opened.start - 1..opened.end);
        reader.report.add_with(place, message, other.start)?;
        return Err(GaveUp);
    }
    reader.expect(">")
}
