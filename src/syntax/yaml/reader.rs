//! The events of the YAML parser: mistakes, their places, and the way on after them.

use super::MAX_DEPTH;
use super::keys::Keys;
use crate::syntax::report::{GaveUp, Report, quote};
use granit_parser::{ErrorKind, Event, Parser, ScanError, Span};
use std::ops::Range;

/// Takes what the parser reads. `()` takes nothing.
pub(super) trait Sink {
    /// A document begins.
    fn begin(&mut self) {}
    /// What the document is made of, as far as it is a value.
    fn event(&mut self, _event: &Event<'_>, _bytes: Range<usize>) {}
    /// The document ends, or is given up because of a mistake in it.
    fn end(&mut self, _is_whole: bool) {}
}

impl Sink for () {}

pub(super) fn read(text: &[u8], report: &mut Report, sink: &mut impl Sink) {
    if let Ok(text) = readable(text, report) {
        let options = granit_parser::options! {
            emit_unresolved_aliases: true,
            emit_comments: false,
            flow_nesting_limit: MAX_DEPTH,
            block_nesting_limit: MAX_DEPTH,
        };
        let mut parser = Parser::new_from_str_with_options(text, options);
        let mut keys = Keys::default();
        loop {
            match document(text, &mut parser, &mut keys, report, sink) {
                Ok(More::Yes) => {}
                Ok(More::No) | Err(GaveUp) => return,
            }
        }
    }
}

/// Whether there may be another document.
enum More {
    Yes,
    No,
}

type StrParser<'t> = Parser<'t, granit_parser::StrInput<'t>>;

/// Reads to the end of a document, or to its first mistake and from there to its end.
fn document<'t>(
    text: &'t str,
    parser: &mut StrParser<'t>,
    keys: &mut Keys<'t>,
    report: &mut Report,
    sink: &mut impl Sink,
) -> Result<More, GaveUp> {
    loop {
        let Some(event) = parser.next_event() else {
            return Ok(More::No);
        };
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                sink.end(false);
                report.add(place(text, &error), message(&error))?;
                keys.give_up(report)?;
                let more = parser.proceed_next_document();
                return Ok(if matches!(more, Ok(true)) {
                    More::Yes
                } else {
                    More::No
                });
            }
        };
        let bytes = range(text, span);
        match event {
            Event::StreamEnd => return Ok(More::No),
            Event::DocumentStart(..) => {
                keys.clear();
                sink.begin();
            }
            Event::DocumentEnd => {
                sink.end(true);
                return Ok(More::Yes);
            }
            Event::UnresolvedAlias(name) => {
                let message = format!(
                    "{} stands for nothing: there is no anchor {} before it in this document",
                    quote(format!("*{name}").as_bytes()),
                    quote(format!("&{name}").as_bytes()),
                );
                report.add(bytes.clone(), message)?;
                let event = Event::UnresolvedAlias(name);
                sink.event(&event, bytes.clone());
                keys.event(event, bytes, report)?;
            }
            event => {
                sink.event(&event, bytes.clone());
                keys.event(event, bytes, report)?;
            }
        }
    }
}

fn range(text: &str, span: Span) -> Range<usize> {
    let bytes = span.byte_range().unwrap_or(0..0);
    bytes.start.min(text.len())..bytes.end.min(text.len())
}

fn place(text: &str, error: &ScanError) -> Range<usize> {
    let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let size = text[at..].chars().next().map_or(0, char::len_utf8);
    if text[at..].starts_with(['\n', '\r']) {
        return at..at;
    }
    at..at + size
}

fn message(error: &ScanError) -> String {
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => format!("nested more than {MAX_DEPTH} levels deep"),
        _ => error.info(),
    }
}

/// The text, if it is made of characters that YAML allows.
fn readable<'t>(text: &'t [u8], report: &mut Report) -> Result<&'t str, GaveUp> {
    let text = std::str::from_utf8(text).map_err(|error| {
        let at = error.valid_up_to();
        let bytes = at..at + error.error_len().unwrap_or(text.len() - at);
        let message = format!("byte 0x{:02x} is not UTF-8", text[at]);
        report.fatal(bytes, message)
    })?;
    let forbidden = |byte: &u8| matches!(byte, 0..=8 | 0xb | 0xc | 0xe..=0x1f);
    if let Some(at) = text.as_bytes().iter().position(forbidden) {
        let message = format!(
            "the control character U+{:04X} cannot stand in YAML: write it as an escape in a \"quoted\" text",
            text.as_bytes()[at]
        );
        return Err(report.fatal(at..at + 1, message));
    }
    Ok(text)
}
