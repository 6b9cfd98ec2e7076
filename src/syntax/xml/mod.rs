//! XML 1.0: whether a text is well-formed. Nothing is loaded from outside, no entity is written out.

mod attributes;
mod content;
mod declarations;
mod doctype;
mod entity;
mod reader;

use super::report::{GaveUp, Report};
use entity::Entities;
use reader::Reader;

/// Looks for mistakes.
pub(super) fn check(text: &[u8], report: &mut Report) {
    let mark = if text.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    if characters(text, report).is_ok() {
        // The mistakes are in the report, whether they end the reading or not.
        let _ = document(
            &mut Reader::new(text, mark, report),
            &mut Entities::default(),
        );
    }
}

fn document(reader: &mut Reader<'_, '_>, entities: &mut Entities) -> Result<(), GaveUp> {
    declarations::xml_declaration(reader, entities)?;
    let mut has_doctype = false;
    loop {
        reader.skip_space();
        if reader.looking_at(b"<!--") {
            reader.comment()?;
        } else if reader.looking_at(b"<?") {
            reader.instruction()?;
        } else if reader.looking_at(b"<!DOCTYPE") && !has_doctype {
            has_doctype = true;
            doctype::doctype(reader, entities)?;
        } else if reader.looking_at(b"<") && !reader.looking_at(b"<!") {
            break;
        } else {
            return Err(reader.unexpected("the root element"));
        }
    }
    content::root(reader, entities)?;
    loop {
        reader.skip_space();
        if reader.looking_at(b"<!--") {
            reader.comment()?;
        } else if reader.looking_at(b"<?") {
            reader.instruction()?;
        } else if reader.is_at_end() {
            return Ok(());
        } else {
            return Err(reader.unexpected("the end of the text after the root element"));
        }
    }
}

/// Looks for what no XML text may hold, wherever it stands.
fn characters(text: &[u8], report: &mut Report) -> Result<(), GaveUp> {
    if let Err(error) = std::str::from_utf8(text)
        && declarations::is_utf8(text)
    {
        let at = error.valid_up_to();
        let bytes = at..at + error.error_len().unwrap_or(text.len() - at);
        let message = format!(
            "byte 0x{:02x} is not UTF-8, and the file declares no other encoding",
            text[at]
        );
        return Err(report.fatal(bytes, message));
    }
    let control = |byte: &u8| matches!(byte, 0..=8 | 0xb | 0xc | 0xe..=0x1f);
    if let Some(at) = text.iter().position(control) {
        let message = format!(
            "the control character U+{:04X} cannot stand in XML",
            text[at]
        );
        return Err(report.fatal(at..at + 1, message));
    }
    for at in memchr::memmem::find_iter(text, b"\xef\xbf") {
        if matches!(text.get(at + 2), Some(0xbe | 0xbf)) {
            let message = "the characters U+FFFE and U+FFFF cannot stand in XML";
            return Err(report.fatal(at..at + 3, message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
