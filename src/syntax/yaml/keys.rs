//! The keys of the mappings that are open, and which of them occur twice.

use super::scalar;
use crate::syntax::report::{GaveUp, Report, quote};
use granit_parser::{Event, ScalarStyle};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// Up to here, comparing all with all is faster than sorting.
const FEW: usize = 12;

/// What makes two keys the same: `a` and `"a"` are, `1` and `"1"` are not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name<'t> {
    is_text: bool,
    tag: Option<String>,
    text: Cow<'t, str>,
}

struct Key<'t> {
    name: Name<'t>,
    bytes: Range<usize>,
}

/// A list or mapping that is open.
enum Frame {
    List,
    /// Where its keys begin, and whether a key comes next.
    Mapping(usize, bool),
}

/// Keys of all open mappings, the innermost one's last.
#[derive(Default)]
pub(super) struct Keys<'t> {
    frames: Vec<Frame>,
    all: Vec<Key<'t>>,
    anchors: HashMap<usize, Name<'t>>,
}

impl<'t> Keys<'t> {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.all.clear();
        self.anchors.clear();
    }

    /// Judges the mappings that are still open when a mistake ends the document, then forgets everything.
    pub(super) fn give_up(&mut self, report: &mut Report) -> Result<(), GaveUp> {
        while let Some(frame) = self.frames.pop() {
            if let Frame::Mapping(first, _) = frame {
                self.compare(first, report)?;
                self.all.truncate(first);
            }
        }
        self.clear();
        Ok(())
    }

    /// Takes in what comes next.
    pub(super) fn event(
        &mut self,
        event: Event<'t>,
        bytes: Range<usize>,
        report: &mut Report,
    ) -> Result<(), GaveUp> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_key = matches!(self.frames.last(), Some(Frame::Mapping(_, true)));
                if is_key || anchor > 0 {
                    let tag = tag.map(|tag| tag.to_string());
                    let is_text = match &tag {
                        Some(_) => true,
                        None => style != ScalarStyle::Plain || scalar::is_text(&text),
                    };
                    let name = Name { is_text, tag, text };
                    if anchor > 0 {
                        self.anchors.insert(anchor, name.clone());
                    }
                    // Several merges in one mapping are common, and mean what they say.
                    if is_key && !(name.text == "<<" && style == ScalarStyle::Plain) {
                        self.all.push(Key { name, bytes });
                    }
                }
                self.node();
            }
            Event::Alias(anchor) => {
                if let (Some(Frame::Mapping(_, true)), Some(name)) =
                    (self.frames.last(), self.anchors.get(&anchor))
                {
                    let name = name.clone();
                    self.all.push(Key { name, bytes });
                }
                self.node();
            }
            Event::UnresolvedAlias(_) => self.node(),
            Event::SequenceStart(..) => self.frames.push(Frame::List),
            Event::MappingStart(..) => self.frames.push(Frame::Mapping(self.all.len(), true)),
            Event::SequenceEnd => {
                self.frames.pop();
                self.node();
            }
            Event::MappingEnd => {
                if let Some(Frame::Mapping(first, _)) = self.frames.pop() {
                    self.compare(first, report)?;
                    self.all.truncate(first);
                }
                self.node();
            }
            _ => {}
        }
        Ok(())
    }

    /// A value is complete.
    fn node(&mut self) {
        if let Some(Frame::Mapping(_, awaits_key)) = self.frames.last_mut() {
            *awaits_key = !*awaits_key;
        }
    }

    fn compare(&self, first: usize, report: &mut Report) -> Result<(), GaveUp> {
        let keys = &self.all[first..];
        if keys.len() <= FEW {
            for (number, key) in keys.iter().enumerate() {
                if let Some(first) = keys[..number].iter().find(|other| other.name == key.name) {
                    duplicate(key, first, report)?;
                }
            }
            return Ok(());
        }
        let mut sorted: Vec<&Key<'_>> = keys.iter().collect();
        sorted.sort_by(|a, b| (&a.name, a.bytes.start).cmp(&(&b.name, b.bytes.start)));
        for group in sorted.chunk_by(|a, b| a.name == b.name) {
            for key in &group[1..] {
                duplicate(key, group[0], report)?;
            }
        }
        Ok(())
    }
}

fn duplicate(key: &Key<'_>, first: &Key<'_>, report: &mut Report) -> Result<(), GaveUp> {
    let message = format!(
        "duplicate key {}: it is already set in",
        quote(key.name.text.as_bytes())
    );
    report.add_duplicate(key.bytes.clone(), message, Some(first.bytes.start))
}
