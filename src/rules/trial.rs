//! Tries one rule on one file that exists only in memory, for unit tests.

use super::check::{Check, Content, OptionError, Part, Rule};
use super::text_rules::TextRules;
use crate::editorconfig::Properties;
use crate::finding::{Change, Draft, Edit, Found, Place};
use crate::search::{Desk, Searcher};
use crate::text::{self, Encoding};
use crate::walk::{Entry, Kind, Meta, TreeBuilder};

/// A file of mode 644 that git does not track.
pub(super) const PLAIN: Meta = Meta {
    kind: Kind::File,
    permissions: 0o644,
    size: 0,
    modified_ns: 0,
    tracked: None,
    ignored: false,
};

/// The rule's check with these options (YAML, or empty).
pub(super) fn check(rule: &Rule, options: &str) -> Result<Box<dyn Check>, Vec<OptionError>> {
    let yaml = if options.is_empty() { "{}" } else { options };
    (rule.build)(&serde_yaml::from_str(yaml).unwrap())
}

/// The messages for wrong options, each after its key path.
pub(super) fn mistakes(rule: &Rule, options: &str) -> Vec<String> {
    let Err(mistakes) = check(rule, options) else {
        return Vec::new();
    };
    mistakes
        .into_iter()
        .map(|mistake| format!("{}: {}", mistake.path.join("."), mistake.message))
        .collect()
}

/// What a check says about a plain file with this name and content.
pub(super) fn content(check: &dyn Check, path: &str, bytes: &[u8]) -> Vec<Draft> {
    content_with(check, path, PLAIN, bytes)
}

/// What a check says about a file, path and content; the size is the content's.
pub(super) fn content_with(check: &dyn Check, path: &str, meta: Meta, bytes: &[u8]) -> Vec<Draft> {
    content_known(check, (path, meta), bytes, &Known::default())
}

/// What a check says about a plain file, with its fixes.
pub(super) fn fixes(check: &dyn Check, path: &str, bytes: &[u8]) -> Vec<Draft> {
    let mut found = Found::with_changes();
    content_into(check, (path, PLAIN), bytes, &Known::default(), &mut found);
    found.drain().collect()
}

/// What a check says about a file of which more is known.
pub(super) fn content_known(
    check: &dyn Check,
    file: (&str, Meta),
    bytes: &[u8],
    known: &Known,
) -> Vec<Draft> {
    let mut found = Found::default();
    content_into(check, file, bytes, known, &mut found);
    found.drain().collect()
}

/// Puts what a check says about a file into a collector.
pub(super) fn content_into(
    check: &dyn Check,
    (path, meta): (&str, Meta),
    bytes: &[u8],
    known: &Known,
    found: &mut Found,
) {
    let mut builder = TreeBuilder::default();
    let size = bytes.len() as u64;
    assert!(builder.push(path.as_bytes(), Meta { size, ..meta }));
    let tree = builder.finish("/nowhere".into());
    let entry = tree.find(path.as_bytes()).unwrap();
    check.entry(entry, found);
    read(check, entry, bytes, known, found);
}

/// What is known about a file beside its path and content.
#[derive(Default)]
pub(super) struct Known {
    /// `None`: what its bytes say, and UTF-16 is transcoded.
    pub(super) encoding: Option<Encoding>,
    pub(super) settings: Option<Properties>,
    pub(super) text_rules: TextRules,
}

/// Hands a check a whole text, with the matches of its patterns.
pub(super) fn read(
    check: &dyn Check,
    entry: Entry<'_>,
    bytes: &[u8],
    known: &Known,
    found: &mut Found,
) {
    let encoding = known.encoding.unwrap_or_else(|| text::detect(bytes, true));
    let mut utf8 = Vec::new();
    match known.encoding {
        None => text::transcode(bytes, encoding, &mut utf8),
        Some(_) => utf8.extend_from_slice(bytes),
    }
    let bytes = utf8.as_slice();
    let searcher = Searcher::new(check.patterns());
    let content = Content {
        entry,
        bytes,
        encoding,
        part: Part::WHOLE,
        found: &searcher.search(bytes, &mut Desk::default()),
        first_pattern: 0,
        earlier: &[],
        settings: known.settings.as_ref(),
        text_rules: known.text_rules,
    };
    check.content(&content, found);
}

/// What is left of a text when a change of it is made.
pub(super) fn apply(bytes: &[u8], change: &Change) -> Vec<u8> {
    match change {
        Change::Edits(edits) => apply_edits(bytes, edits.iter()),
        Change::Utf8 | Change::Executable(_) | Change::Create { .. } => bytes.to_vec(),
    }
}

/// What is left of a text after these edits, which are ascending and do not touch.
pub(super) fn apply_edits<'e>(bytes: &[u8], edits: impl Iterator<Item = &'e Edit>) -> Vec<u8> {
    let mut text = Vec::new();
    let mut at = 0;
    for (number, edit) in edits.enumerate() {
        assert!(number == 0 || edit.range.start > at, "{edit:?} touches one");
        assert!(edit.range.start <= edit.range.end && edit.range.end <= bytes.len());
        assert_ne!(bytes[edit.range.clone()], *edit.text, "changes nothing");
        text.extend_from_slice(&bytes[at..edit.range.start]);
        text.extend_from_slice(&edit.text);
        at = edit.range.end;
    }
    text.extend_from_slice(&bytes[at..]);
    text
}

/// Start and end of each draft, none of which is about the file as a whole.
pub(super) fn ranges(drafts: &[Draft]) -> Vec<(usize, usize)> {
    drafts
        .iter()
        .map(|draft| match &draft.place {
            Place::Bytes(range) => (range.start, range.end),
            Place::Whole => panic!("not about a place: {}", draft.message),
        })
        .collect()
}

mod tests {
    use super::*;
    use crate::rules::Level;
    use proptest::prelude::*;

    /// Each content rule with the options of each of its examples.
    fn all_content_checks() -> Vec<(&'static str, Box<dyn Check>)> {
        let mut checks = Vec::new();
        for rule in crate::rules::all() {
            for example in rule.examples {
                let text = if example.options.is_empty() {
                    "{}"
                } else {
                    example.options
                };
                let mut options: serde_yaml::Mapping = serde_yaml::from_str(text).unwrap();
                options.remove("paths");
                options.remove("exclude");
                if rule.levels.contains(&Level::Content) {
                    let built = (rule.build)(&serde_yaml::Value::Mapping(options));
                    checks.push((rule.id, built.unwrap()));
                }
            }
        }
        checks
    }

    proptest! {
        /// Whatever the bytes are: no panic, every place lies in them, and the same again says the same.
        #[test]
        fn content_rules_survive_any_bytes(
            bytes in proptest::collection::vec(
                prop_oneof![any::<u8>(), proptest::sample::select(b"\r\n \t<=>#!/\xef\xbb\xbf".to_vec())], 0..80,
            ),
            executable: bool,
        ) {
            let meta = Meta { permissions: if executable { 0o755 } else { 0o644 }, ..PLAIN };
            for (id, check) in all_content_checks() {
                let drafts = content_with(check.as_ref(), "d/a.md", meta, &bytes);
                for draft in &drafts {
                    if let Place::Bytes(range) = &draft.place {
                        prop_assert!(range.start <= range.end && range.end <= bytes.len(), "{}: {:?}", id, draft);
                    }
                }
                prop_assert_eq!(drafts, content_with(check.as_ref(), "d/a.md", meta, &bytes), "{}", id);
            }
        }
    }
}
