//! The start of a source file: what has to stay in front of everything, and a header in the file's comment style after it.

use super::comment_style::CommentStyle;

/// Where a header belongs, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Insertion {
    /// The byte offset.
    pub(super) at: usize,
    /// The comment, with line ends.
    pub(super) text: String,
}

/// Bytes at the start of a file that a header is looked for in, at most.
const HEAD: usize = 32 << 10;
/// Lines that may stand before a header, at most.
const MOST_LINES: usize = 16;

/// The offset after what has to come first: byte order mark, `#!` line, encoding, XML prolog, document type, build tags.
/// `None` where nothing can be said before it: a page that is not PHP from its first byte on.
pub(super) fn after_preamble(name: &[u8], bytes: &[u8]) -> Option<usize> {
    let mut at = if bytes.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let is_php = has_extension(name, &["php", "phtml", "php3", "php4", "php5"]);
    for number in 0..MOST_LINES {
        let Some(length) = leading(number, name, &bytes[at..]) else {
            break;
        };
        at += length;
    }
    let is_code = memchr::memmem::find(&bytes[..at], b"<?php").is_some();
    (!is_php || is_code).then_some(at)
}

/// The length of what has to stay in front, at the start of the rest.
fn leading(number: usize, name: &[u8], rest: &[u8]) -> Option<usize> {
    let line = first_line(rest);
    let lower = line[..line.len().min(200)].to_ascii_lowercase();
    let starts = |text: &str| lower.starts_with(text.as_bytes());
    let holds = |text: &str| memchr::memmem::find(&lower, text.as_bytes()).is_some();
    let is_comment = starts("#") || starts("//") || starts(";") || starts("/*") || starts("%");
    if starts("<?xml") || starts("<?xml-stylesheet") {
        return through(rest, b"?>");
    }
    if starts("<!doctype") {
        return through(rest, b">");
    }
    let is_kept = (starts("#!") && !starts("#![") && number == 0)
        || (is_comment && number < 3 && (holds("coding:") || holds("coding=") || holds("-*-")))
        || starts("# frozen_string_literal:")
        || starts("# syntax=")
        || starts("# escape=")
        || starts("//go:build")
        || starts("// +build")
        || starts("<?php")
        || starts("@charset")
        || starts("@echo off")
        || starts("%yaml")
        || (number > 0 && line.trim_ascii().is_empty() && has_extension(name, &["go"]));
    (is_kept && !rest.is_empty()).then_some(line.len())
}

/// The length up to the end of a token and of its line, if nothing else is on that.
fn through(rest: &[u8], end: &[u8]) -> Option<usize> {
    let near = &rest[..rest.len().min(10_000)];
    let end = memchr::memmem::find(near, end)? + end.len();
    let line = first_line(&rest[end..]);
    let is_blank = line.trim_ascii().is_empty();
    Some(if is_blank { end + line.len() } else { end })
}

/// The first line with its line end.
fn first_line(text: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', text).map_or(text, |end| &text[..=end])
}

fn has_extension(name: &[u8], extensions: &[&str]) -> bool {
    let dot = memchr::memrchr(b'.', name);
    dot.is_some_and(|dot| {
        extensions
            .iter()
            .any(|it| name[dot + 1..].eq_ignore_ascii_case(it.as_bytes()))
    })
}

/// The header with these lines at its place in the file, or `None` where it can have none.
pub(super) fn insertion(
    style: &CommentStyle,
    name: &[u8],
    bytes: &[u8],
    lines: &str,
) -> Option<Insertion> {
    let at = after_preamble(name, bytes)?;
    let is_crlf = first_line(bytes).ends_with(b"\r\n");
    let mut text = comment(style, lines);
    if at > 0 && !matches!(bytes[at - 1], b'\n' | 0xbf) {
        text.insert(0, '\n');
    }
    let next = first_line(&bytes[at..]);
    if !next.trim_ascii().is_empty() {
        text.push('\n');
    }
    if is_crlf {
        text = text.replace('\n', "\r\n");
    }
    Some(Insertion { at, text })
}

/// Lines as a comment: by line where the language can, except in markup.
pub(super) fn comment(style: &CommentStyle, lines: &str) -> String {
    let block = style.blocks.first();
    let is_markup = block.is_some_and(|(open, _)| open.starts_with('<'));
    let mut text = String::new();
    if let (Some(marker), false) = (style.lines.first(), is_markup && style.lines != ["#"]) {
        for line in lines.lines() {
            let marker = marker.trim_end();
            let line = format!("{marker} {line}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        return text;
    }
    let Some((open, close)) = block else {
        return text;
    };
    if lines.lines().count() < 2 {
        return format!("{open} {} {close}\n", lines.trim());
    }
    let (star, indent) = if *open == "/*" { (" *", " ") } else { ("", "") };
    text.push_str(open);
    text.push('\n');
    for line in lines.lines() {
        let blank = if star.is_empty() { "" } else { " " };
        let line = format!("{star}{blank}{line}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(indent);
    text.push_str(close);
    text.push('\n');
    text
}

/// The file up to so many lines after an offset, and not too far.
pub(super) fn head(bytes: &[u8], from: usize, lines: usize) -> &[u8] {
    let most = bytes.len().min(from.saturating_add(HEAD));
    let ends = memchr::memchr_iter(b'\n', &bytes[from..most]);
    let end = ends.take(lines).last().map_or(most, |at| from + at + 1);
    let has_all = memchr::memchr_iter(b'\n', &bytes[from..most])
        .nth(lines.saturating_sub(1))
        .is_some();
    if has_all {
        &bytes[..end]
    } else {
        &bytes[..most]
    }
}

/// Whether a file says that a program wrote it.
pub(super) fn is_generated(head: &[u8]) -> bool {
    let holds = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
    let is_by_program = || {
        const WORDS: &[u8] = b"automatically generated by";
        head.windows(WORDS.len())
            .any(|text| text.eq_ignore_ascii_case(WORDS))
    };
    holds("@generated") || (holds("ode generated") && holds("DO NOT EDIT")) || is_by_program()
}

#[cfg(test)]
mod tests {
    use super::super::comment_style;
    use super::*;

    fn after(name: &str, text: &str) -> Option<usize> {
        after_preamble(name.as_bytes(), text.as_bytes())
    }

    #[test]
    fn what_has_to_come_first_is_skipped() {
        for (name, before) in [
            ("a.sh", "#!/bin/sh\n"),
            ("a.sh", "\u{feff}#!/bin/sh\r\n"),
            ("a.py", "#!/usr/bin/python\n# -*- coding: utf-8 -*-\n"),
            ("a.xml", "<?xml version=\"1.0\"\n encoding=\"x\"?>\n"),
            ("a.html", "<!DOCTYPE html>\n"),
            ("a.php", "<?php\n"),
            ("a.go", "//go:build linux\n// +build linux\n\n"),
            ("Dockerfile", "# syntax=docker/dockerfile:1\n"),
            ("a.rs", ""),
            ("a.bat", "@echo off\r\n"),
        ] {
            assert_eq!(
                after(name, &format!("{before}#![x]\n\nrest\n")),
                Some(before.len()),
                "{name}"
            );
            assert_eq!(after(name, before), Some(before.len()), "{name}");
        }
        assert_eq!(after("a.php", "<html><?php"), None);
    }

    #[test]
    fn a_header_is_put_where_it_belongs() {
        let put = |name: &str, text: &str, lines: &str| {
            let style = comment_style::of(name.as_bytes()).unwrap();
            let it = insertion(style, name.as_bytes(), text.as_bytes(), lines).unwrap();
            format!("{}{}{}", &text[..it.at], it.text, &text[it.at..])
        };
        assert_eq!(
            put("a.sh", "#!/bin/sh\nexit\n", "A\n\nB"),
            "#!/bin/sh\n# A\n#\n# B\n\nexit\n"
        );
        assert_eq!(
            put("a.css", "a {}\r\n", "A\n\nB"),
            "/*\r\n * A\r\n *\r\n * B\r\n */\r\n\r\na {}\r\n"
        );
        assert_eq!(put("a.css", "\na {}\n", "A"), "/* A */\n\na {}\n");
        assert_eq!(put("a.vue", "<x/>", "A\nB"), "<!--\nA\nB\n-->\n\n<x/>");
        assert_eq!(
            put("a.xml", "<?xml?><x/>", "A"),
            "<?xml?>\n<!-- A -->\n\n<x/>"
        );
        assert_eq!(put("a.bat", "@echo off\n", "A"), "@echo off\nREM A\n");
        assert_eq!(put("a.ps1", "x", "A"), "# A\n\nx");
    }
}
