//! The XML declaration, and the identifiers of other files.

use super::entity::Entities;
use super::reader::Reader;
use crate::syntax::report::{GaveUp, quote};
use std::ops::Range;

/// Reads the XML declaration, if there is one.
pub(super) fn xml_declaration(
    reader: &mut Reader<'_, '_>,
    entities: &mut Entities,
) -> Result<(), GaveUp> {
    let is_declaration = reader.looking_at(b"<?xml")
        && matches!(reader.rest().get(5), Some(b' ' | b'\t' | b'\n' | b'\r'));
    if !is_declaration {
        return Ok(());
    }
    reader.at += 5;
    reader.space()?;
    if !reader.looking_at(b"version") {
        return Err(reader.unexpected("`version`"));
    }
    let version = setting(reader, "version")?;
    let is_version = matches!(&reader.text[version.clone()], [b'1', b'.', minor @ ..]
        if !minor.is_empty() && minor.iter().all(u8::is_ascii_digit));
    if !is_version {
        let message = format!(
            "{} is no version of XML",
            quote(&reader.text[version.clone()])
        );
        return Err(reader.fatal(version, message));
    }
    let mut has_space = reader.skip_space();
    if has_space && reader.looking_at(b"encoding") {
        let encoding = setting(reader, "encoding")?;
        let name = &reader.text[encoding.clone()];
        let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
            && name
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte));
        if !is_name {
            let message = format!("{} is no name of an encoding", quote(name));
            return Err(reader.fatal(encoding, message));
        }
        has_space = reader.skip_space();
    }
    if has_space && reader.looking_at(b"standalone") {
        let standalone = setting(reader, "standalone")?;
        match &reader.text[standalone.clone()] {
            b"yes" => entities.is_standalone = true,
            b"no" => {}
            _ => return Err(reader.fatal(standalone, "expected `yes` or `no`")),
        }
        reader.skip_space();
    }
    reader.expect("?>")
}

fn setting(reader: &mut Reader<'_, '_>, name: &str) -> Result<Range<usize>, GaveUp> {
    reader.expect(name)?;
    reader.skip_space();
    reader.expect("=")?;
    reader.skip_space();
    literal(reader, "a value in quotes")
}

/// Reads a text in quotes, in which nothing has a meaning.
pub(super) fn literal(reader: &mut Reader<'_, '_>, what: &str) -> Result<Range<usize>, GaveUp> {
    let Some(delimiter @ (b'"' | b'\'')) = reader.peek() else {
        return Err(reader.unexpected(what));
    };
    let start = reader.at + 1;
    let Some(length) = memchr::memchr(delimiter, &reader.text[start..]) else {
        return Err(reader.fatal(start - 1..start, "expected a closing quote"));
    };
    reader.at = start + length + 1;
    Ok(start..start + length)
}

/// What comes after a public identifier.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Required,
    Optional,
}

/// Reads `SYSTEM "…"` or `PUBLIC "…" "…"`, if it is next.
pub(super) fn external_id(reader: &mut Reader<'_, '_>, system: System) -> Result<bool, GaveUp> {
    if reader.take(b"SYSTEM") {
        reader.space()?;
        literal(reader, "a system identifier in quotes")?;
        return Ok(true);
    }
    if !reader.take(b"PUBLIC") {
        return Ok(false);
    }
    reader.space()?;
    let public = literal(reader, "a public identifier in quotes")?;
    let odd = reader.text[public.clone()].iter().position(|byte| {
        !(byte.is_ascii_alphanumeric() || b" \r\n-'()+,./:=?;!*#@$_%".contains(byte))
    });
    if let Some(at) = odd {
        let at = public.start + at;
        return Err(reader.fatal(
            at..at + 1,
            "this character cannot stand in a public identifier",
        ));
    }
    let has_space = reader.skip_space();
    let is_literal = matches!(reader.peek(), Some(b'"' | b'\''));
    if system == System::Required || is_literal {
        if !has_space {
            return Err(reader.unexpected("a space"));
        }
        literal(reader, "a system identifier in quotes")?;
    }
    Ok(true)
}

/// Whether the text says that it is UTF-8, or says nothing.
pub(super) fn is_utf8(text: &[u8]) -> bool {
    let head = &text[..text.len().min(200)];
    let declaration = match memchr::memmem::find(head, b"?>") {
        Some(end) if head.starts_with(b"<?xml") => &head[..end],
        _ => return true,
    };
    let Some(at) = memchr::memmem::find(declaration, b"encoding") else {
        return true;
    };
    let value = declaration[at + 8..]
        .split(|byte| matches!(byte, b'"' | b'\''))
        .nth(1)
        .unwrap_or_default();
    value.eq_ignore_ascii_case(b"utf-8") || value.eq_ignore_ascii_case(b"utf8")
}
