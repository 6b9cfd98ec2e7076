//! Files beyond the content limit: read once, in segments that overlap, by the rules that can look at a content that way.
//!
//! Each segment is looked at with what stands before and after it, and keeps only the matches that begin in it, so the
//! findings are those that a look at the whole would give.

use super::accounts::Status;
use super::content::{Piece, extension};
use super::file::FileScanner;
use super::governance;
use super::inline::{self, Inline};
use super::locate::{Base, Locator};
use super::plan::{ContentRules, MARKER_PATTERN, RuleSet};
use super::read::{self, Digest, DigestKind, Reading};
use super::source::Opened;
use super::suppress::InlineSuppressions;
use crate::editorconfig::Properties;
use crate::rules::Part;
use crate::search::{Resume, Segment};
use crate::text::{self, Encoding, Transcoder};
use crate::walk::{Entry, SkipReason};
use std::io::Read as _;

/// Bytes of text that a segment owns, about.
const SEGMENT: usize = 4 << 20;
/// Bytes of text before a segment that are looked at with it: for the line above it, and for what a rule wants to know
/// about the surroundings of a match.
const BEFORE: usize = 64 << 10;
/// Bytes that are read at a time.
const PIECE: usize = 256 << 10;

/// Reads a file from its beginning to its end as text.
struct Source {
    file: Opened,
    encoding: Option<Encoding>,
    transcoder: Option<Transcoder>,
    hash: Option<Digest>,
    bytes: u64,
    is_at_end: bool,
}

impl Source {
    /// Reads on until the window holds so many bytes, or the file is at its end.
    fn fill(&mut self, window: &mut Vec<u8>, until: usize) -> std::io::Result<()> {
        let mut raw = Vec::new();
        while window.len() < until && !self.is_at_end {
            raw.clear();
            raw.reserve(PIECE);
            let read = self
                .file
                .by_ref()
                .take(PIECE as u64)
                .read_to_end(&mut raw)?;
            self.bytes += read as u64;
            self.is_at_end = read < PIECE;
            if let Some(hash) = &mut self.hash {
                hash.update(&raw);
            }
            if self.encoding.is_none() {
                let encoding = text::detect(&raw, self.is_at_end);
                self.encoding = Some(encoding);
                self.transcoder = Transcoder::new(encoding);
            }
            match &mut self.transcoder {
                Some(transcoder) => transcoder.push(&raw, window),
                None => window.extend_from_slice(&raw),
            }
        }
        if self.is_at_end
            && let Some(transcoder) = self.transcoder.take()
        {
            transcoder.finish(window);
        }
        Ok(())
    }
}

/// What goes on from segment to segment.
struct Progress {
    window: Vec<u8>,
    /// Where the window begins in the file.
    base: Base,
    /// The first byte of the window that belongs to this segment and not to the one before.
    own: usize,
    /// The offset of the window in the text.
    offset: u64,
    resume: Resume,
    settings: Option<Properties>,
    earlier: Vec<bool>,
}

impl FileScanner<'_> {
    /// Runs the rules that can look at a large file. It is in `reading` whether they could.
    pub(super) fn segments(
        &mut self,
        (entry, set): (Entry<'_>, &RuleSet),
        file: Opened,
        reading: &mut Reading,
        wants_digest: Option<DigestKind>,
    ) -> Status {
        let mut source = Source {
            file,
            encoding: None,
            transcoder: None,
            hash: wants_digest.map(|kind| Digest::new(kind, entry.size())),
            bytes: 0,
            is_at_end: false,
        };
        let result = self.read_segments((entry, set), &mut source, reading);
        reading.bytes = source.bytes;
        let result = result.and_then(|status| {
            reading.digest = source.hash.and_then(Digest::finish);
            read::check_unchanged(&source.file, entry, reading)?;
            Ok(status)
        });
        match result {
            Ok(status) => status,
            Err(error) => {
                reading.refuse(&error);
                Status::NotChecked
            }
        }
    }

    fn read_segments(
        &mut self,
        (entry, set): (Entry<'_>, &RuleSet),
        source: &mut Source,
        reading: &mut Reading,
    ) -> std::io::Result<Status> {
        let mut window = Vec::new();
        source.fill(&mut window, PIECE)?;
        let (rules, status) = if source.encoding == Some(Encoding::Binary) {
            (&set.in_binaries, Status::CheckedAsBinary)
        } else {
            (&set.in_parts, Status::CheckedInParts)
        };
        if rules.slots.is_empty() {
            // Only now it is known of which kind it is.
            if source.encoding == Some(Encoding::Binary) {
                reading.skipped = Some(SkipReason::Binary);
            } else {
                let limit = self.scan.plan.policy().workspace.max_content;
                reading.skipped = Some(SkipReason::TooLarge(limit));
            }
            if source.hash.is_some() {
                drain(source, &mut window)?;
            }
            return Ok(Status::NotChecked);
        }
        let searcher = rules.searcher(self.scan.plan);
        let mut progress = Progress {
            window,
            base: Base::FILE,
            own: 0,
            offset: 0,
            resume: Resume::default(),
            settings: self.scan.settings(entry),
            earlier: vec![false; searcher.patterns().len()],
        };
        if status == Status::CheckedInParts {
            self.count_governance(set);
        }
        loop {
            let wanted = progress.own + SEGMENT + searcher.reach();
            source.fill(&mut progress.window, wanted)?;
            let encoding = source.encoding.unwrap_or_default();
            let end = (encoding, source.is_at_end);
            if let Some(pattern) = self.segment((entry, set), rules, end, &mut progress) {
                reading.skipped = Some(SkipReason::CutOff(pattern));
            }
            if source.is_at_end {
                return Ok(status);
            }
        }
    }

    /// Looks at what the window holds, and leaves in it what the next segment needs. Answers with the pattern of which a
    /// match may be longer than the window reaches.
    fn segment(
        &mut self,
        (entry, set): (Entry<'_>, &RuleSet),
        rules: &ContentRules,
        (encoding, is_last): (Encoding, bool),
        progress: &mut Progress,
    ) -> Option<String> {
        let searcher = rules.searcher(self.scan.plan);
        let reach = searcher.reach();
        let text = progress.window.as_slice();
        let own = progress.own..text.len() - if is_last { 0 } else { reach };
        let segment = Segment {
            text,
            offset: progress.offset,
            own: own.clone(),
            last: is_last,
        };
        let matches = searcher.search_segment(&segment, &mut progress.resume, &mut self.search);
        let piece = Piece {
            text,
            encoding,
            part: Part {
                is_first: progress.offset == 0 && progress.own == 0,
                is_last,
            },
            matches: &matches,
            settings: progress.settings.as_ref(),
            earlier: &progress.earlier,
        };
        self.run_rules((entry, set), rules, &piece);
        let mut comments = InlineSuppressions::default();
        if encoding != Encoding::Binary {
            let markers = matches.of(MARKER_PATTERN).map(|place| place.start);
            comments = self.comments((entry, set), progress, markers, own.end);
        }
        if !self.drafts.is_empty() || !comments.comments.is_empty() {
            self.finish(entry, set, Some((text, progress.base, comments)));
        }
        for (number, seen) in progress.earlier.iter_mut().enumerate() {
            *seen |= matches.of(number).len() > 0;
        }
        let keep_from = own.end.saturating_sub(reach.max(BEFORE));
        progress.base = Locator::with_base(text, progress.base).base_at(keep_from);
        progress.window.drain(..keep_from);
        progress.offset += keep_from as u64;
        progress.own = own.end - keep_from;
        let (number, _) = matches.cut().first()?;
        let pattern = searcher.patterns().get(*number as usize)?;
        Some(pattern.source().to_owned())
    }

    /// The inline suppressions that can cover something in this segment: its own, and those right before it.
    fn comments(
        &self,
        (entry, set): (Entry<'_>, &RuleSet),
        progress: &Progress,
        markers: impl Iterator<Item = usize>,
        end: usize,
    ) -> InlineSuppressions {
        let text = progress.window.as_slice();
        let before = memchr::memmem::find_iter(&text[..progress.own], inline::MARKER);
        let before: Vec<usize> = before.collect();
        let mut comments: Vec<Inline> = inline::parse(
            text,
            before.iter().copied().chain(markers),
            &extension(entry),
        );
        if comments.is_empty() {
            return InlineSuppressions::default();
        }
        let first = progress.base.line() - 1;
        let mut visitors = 0;
        for comment in &mut comments {
            visitors += usize::from(comment.bytes.start < progress.own);
            comment.line = comment.line.saturating_add(first);
            comment.last_line = comment.last_line.saturating_add(first);
        }
        governance::hold_to_terms(self.scan, set, &mut comments);
        let end = Locator::with_base(text, progress.base).base_at(end).line();
        let mut comments = InlineSuppressions::new(comments, self.scan.today);
        comments.visitors = visitors;
        comments.goes_on_from = Some(end);
        comments
    }
}

/// Reads the rest for the digest alone.
fn drain(source: &mut Source, window: &mut Vec<u8>) -> std::io::Result<()> {
    while !source.is_at_end {
        window.clear();
        source.fill(window, PIECE)?;
    }
    Ok(())
}
