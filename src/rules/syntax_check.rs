//! What the rules about syntax have in common: which mistakes count, and how they are told.

use super::check::Content;
use super::listing::Listing;
use crate::finding::Found;
use crate::syntax::{MistakeKind, Notation, check, first_template_mark};
use crate::text::Encoding;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroUsize;

/// What to do with a file that only a template engine makes into what its name says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Templates {
    /// Mistakes count as far as the file is no template: up to its first `{{ … }}`, `{% … %}` or `<% … %>` outside of
    /// quotes.
    #[default]
    Skip,
    /// All mistakes count.
    Check,
}

/// Which mistakes count.
pub(super) struct Terms {
    pub(super) duplicate_keys: bool,
    pub(super) templates: Templates,
    pub(super) max_findings: NonZeroUsize,
}

/// Tells the mistakes in a file.
pub(super) fn tell(file: &Content<'_>, notation: Notation, terms: &Terms, found: &mut Found) {
    let is_utf16 = matches!(file.encoding, Encoding::Utf16Le(_) | Encoding::Utf16Be(_));
    if let (true, Some(name)) = (is_utf16, utf8_only(notation)) {
        found.at(
            0..0,
            format!("the file is in UTF-16: expected UTF-8, which {name} is written in"),
        );
    }
    // The text that is looked at is UTF-8 in any case, and may keep its mark.
    let mark: &[u8] = if is_utf16 { b"\xef\xbb\xbf" } else { b"" };
    let text = file.bytes.strip_prefix(mark).unwrap_or(file.bytes);
    let skipped = file.bytes.len() - text.len();
    let mistakes = check(text, notation);
    if mistakes.is_empty() {
        return;
    }
    let end = match terms.templates {
        Templates::Skip => first_template_mark(text, notation),
        Templates::Check => None,
    };
    let is_in_template = |start: usize| {
        end.is_some_and(|end| notation == Notation::Xml || start >= line_start(text, end))
    };
    let mut listing = Listing::new(found, terms.max_findings);
    for mistake in mistakes {
        let counts = terms.duplicate_keys || mistake.kind != MistakeKind::DuplicateKey;
        if counts && !is_in_template(mistake.bytes.start) {
            let bytes = mistake.bytes.start + skipped..mistake.bytes.end + skipped;
            listing.add(bytes, || mistake.message);
        }
    }
    listing.finish();
}

fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1)
}

/// The name of a notation that knows no other encoding.
fn utf8_only(notation: Notation) -> Option<&'static str> {
    match notation {
        Notation::Json | Notation::JsonWithComments | Notation::Json5 | Notation::JsonLines => {
            Some("JSON")
        }
        Notation::Toml => Some("TOML"),
        Notation::Yaml | Notation::Xml => None,
    }
}
