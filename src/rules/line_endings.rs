//! `line-endings`: all lines of a file end alike, and as the policy says.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::edits::{Edits, has_extension, is_verbatim};
use super::extensions::Extensions;
use super::options::build;
use super::text_rules::followed;
use crate::editorconfig::EndOfLine;
use crate::finding::{Change, Found, Safety, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

pub(super) static RULE: Rule = Rule {
    id: "line-endings",
    summary: "lines end in different ways, or not as required",
    why: "Unix ends a line with LF, Windows with CRLF. A mix shows up as a change of every line in diffs, and a shell script with CRLF \
          does not even start: the system looks for an interpreter whose name ends in a carriage return.",
    fix: "Convert the file (`dos2unix`, `unix2dos`, or the editor's status bar), and pin the style with `* text=auto` or `eol=` in `.gitattributes`. \
          `--apply=fix` converts the file; where several CRs stand before an LF, and in files that quote others (patches, CSV, snapshots), only \
          if unsafe fixes are allowed.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<LineEndings>(),
    build: build::<LineEndings>,
    examples: &[
        Example {
            title: "Each file is consistent in itself",
            options: "",
            files: &[
                ExampleFile {
                    path: "unix.txt",
                    is: ExampleKind::Text("one\ntwo\n"),
                },
                ExampleFile {
                    path: "windows.txt",
                    is: ExampleKind::Text("one\r\ntwo\r\n"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "A carriage return inside of a line ends nothing",
            options: "style: lf",
            files: &[ExampleFile {
                path: "progress.log",
                is: ExampleKind::Text("10 %\r50 %\r100 %\ndone\n"),
            }],
            violations: &[],
        },
        Example {
            title: "A mix is reported once, at the first line that differs from most",
            options: "",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("one\ntwo\nthree\r\nfour\r\nfive\n"),
            }],
            violations: &["a.txt:3:6"],
        },
        Example {
            title: "A script with Windows line ends does not run",
            options: "",
            files: &[ExampleFile {
                path: "tool",
                is: ExampleKind::Executable("#!/bin/sh\r\nexit 0\r\n"),
            }],
            violations: &["tool:1:10"],
        },
        Example {
            title: "LF everywhere, but in batch files either",
            options: "style: lf",
            files: &[
                ExampleFile {
                    path: "a.txt",
                    is: ExampleKind::Text("one\r\ntwo\r\n"),
                },
                ExampleFile {
                    path: "start.bat",
                    is: ExampleKind::Text("echo one\r\necho two\r\n"),
                },
            ],
            violations: &["a.txt:1:4"],
        },
        Example {
            title: "`.editorconfig` says how lines end",
            options: "style: crlf",
            files: &[
                ExampleFile {
                    path: ".editorconfig",
                    is: ExampleKind::Text(
                        "[*]\r\nend_of_line = crlf\r\n[*.txt]\r\nend_of_line = lf\r\n",
                    ),
                },
                ExampleFile {
                    path: "a.txt",
                    is: ExampleKind::Text("one\n"),
                },
                ExampleFile {
                    path: "b.sh",
                    is: ExampleKind::Text("exit 0\n"),
                },
            ],
            violations: &["b.sh:1:7"],
        },
        Example {
            title: "CRLF everywhere, but LF in shell scripts",
            options: "style: crlf",
            files: &[
                ExampleFile {
                    path: "a.txt",
                    is: ExampleKind::Text("one\r\ntwo\n"),
                },
                ExampleFile {
                    path: "b.sh",
                    is: ExampleKind::Text("exit 0\n"),
                },
            ],
            violations: &["a.txt:2:4"],
        },
    ],
};

/// Options of `line-endings`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct LineEndings {
    /// How lines have to end.
    style: Style,
    /// Extensions of files that may have CRLF under `style: lf` too, as long as they do not mix.
    crlf_extensions: Extensions,
    /// Extensions of files that need LF under any style.
    lf_extensions: Extensions,
    /// Whether scripts (files that start with `#!` and a path) need LF under any style.
    shebang_lf: bool,
    /// Whether `end_of_line` of the file's `.editorconfig` holds instead of all this.
    follow_editorconfig: bool,
}

/// How lines have to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Style {
    /// LF or CRLF, but all lines of a file alike.
    #[default]
    Consistent,
    /// LF.
    Lf,
    /// CRLF.
    Crlf,
    /// CR, as before Mac OS X.
    Cr,
}

impl From<EndOfLine> for Style {
    fn from(end: EndOfLine) -> Self {
        match end {
            EndOfLine::Lf => Self::Lf,
            EndOfLine::CrLf => Self::Crlf,
            EndOfLine::Cr => Self::Cr,
        }
    }
}

impl Default for LineEndings {
    fn default() -> Self {
        Self {
            style: Style::Consistent,
            crlf_extensions: Extensions::of(&["bat", "cmd", "inf", "reg", "sln"]),
            lf_extensions: Extensions::of(&["sh", "bash", "zsh", "ksh", "fish"]),
            shebang_lf: true,
            follow_editorconfig: true,
        }
    }
}

impl Check for LineEndings {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let settings = followed(file, self.follow_editorconfig);
        let style = match settings.end_of_line {
            Some(end) => end.into(),
            None => self.style_of(file),
        };
        report(style, file, found);
    }
}

/// Adds one finding if lines end in another way.
pub(super) fn report(style: Style, file: &Content<'_>, found: &mut Found) {
    let bytes = file.bytes;
    // Most files of most trees: one search at memory speed.
    let may_lack_cr = matches!(style, Style::Consistent | Style::Lf);
    if may_lack_cr && memchr::memchr(b'\r', bytes).is_none() {
        return;
    }
    let ends = Ends::of(bytes);
    if let Some((kind, message)) = ends.judge(style) {
        found.at(first(kind, bytes), message);
        let wanted: &[u8] = match (style, kind) {
            (Style::Lf, _) | (Style::Consistent, Kind::Crlf | Kind::Cr) => b"\n",
            (Style::Crlf, _) | (Style::Consistent, Kind::Lf) => b"\r\n",
            (Style::Cr, _) => b"\r",
        };
        // Of a batch file with LF the system may miss labels: nobody should get more of that unasked.
        let is_batch = wanted == b"\n" && has_extension(file.entry.name(), &["bat", "cmd"]);
        let is_damaged = memchr::memmem::find(bytes, b"\r\r\n").is_some();
        let safety = if is_damaged || is_batch || is_verbatim(file.entry.name()) {
            Safety::Unsafe
        } else {
            Safety::Safe
        };
        found.fix(safety, || convert(bytes, wanted, ends.cr > 0));
    }
}

/// Makes all line ends the wanted one. A CR is one only where the file has no others.
fn convert(bytes: &[u8], wanted: &[u8], is_mac: bool) -> Change {
    let mut edits = Edits::default();
    let byte = if is_mac { b'\r' } else { b'\n' };
    for at in memchr::memchr_iter(byte, bytes) {
        let before = &bytes[..at];
        let crs = match wanted {
            _ if is_mac => 0,
            // With one of several left, the line would still end in CRLF.
            b"\n" => before.iter().rev().take_while(|it| **it == b'\r').count(),
            _ => usize::from(before.ends_with(b"\r")),
        };
        edits.replace(bytes, at - crs..at + 1, wanted);
    }
    edits.finish()
}

/// The line end that most lines of a text have, LF if there are as many of both; `None` if no line ends in LF.
pub(super) fn prevailing(bytes: &[u8]) -> Option<&'static [u8]> {
    let ends = Ends::of(bytes);
    match ends {
        Ends { lf: 0, crlf: 0, .. } => None,
        Ends { lf, crlf, .. } if lf < crlf => Some(b"\r\n"),
        _ => Some(b"\n"),
    }
}

impl LineEndings {
    fn style_of(&self, file: &Content<'_>) -> Style {
        let name = file.entry.name();
        let is_script =
            self.shebang_lf && (file.bytes.starts_with(b"#!/") || file.bytes.starts_with(b"#! /"));
        if is_script || self.lf_extensions.cover(name) {
            Style::Lf
        } else if self.style == Style::Lf && self.crlf_extensions.cover(name) {
            Style::Consistent
        } else {
            self.style
        }
    }
}

/// How many lines of a file end in which way.
#[derive(Debug, PartialEq, Eq)]
struct Ends {
    lf: usize,
    crlf: usize,
    /// Counted only where no line ends in LF and the file ends in CR: elsewhere a lone CR is content (a progress bar in
    /// a log) and not the line end of the classic Mac.
    cr: usize,
}

/// The line ends that are in violation.
#[derive(Clone, Copy)]
enum Kind {
    Lf,
    Crlf,
    Cr,
}

impl Ends {
    fn of(bytes: &[u8]) -> Self {
        let mut crlf = 0;
        let mut all = 0;
        for at in memchr::memchr_iter(b'\n', bytes) {
            all += 1;
            crlf += usize::from(at > 0 && bytes[at - 1] == b'\r');
        }
        let cr = if all == 0 && bytes.ends_with(b"\r") {
            memchr::memchr_iter(b'\r', bytes).count()
        } else {
            0
        };
        Self {
            lf: all - crlf,
            crlf,
            cr,
        }
    }

    /// Which line ends are wrong, and what to say about them.
    fn judge(&self, style: Style) -> Option<(Kind, String)> {
        let Self { lf, crlf, cr } = *self;
        let all = lf + crlf + cr;
        let wrong = |kind, count, name, expected| {
            let text = format!(
                "{count} of {all} line ends are {name}, expected {expected}; the first is here"
            );
            Some((kind, text))
        };
        match style {
            Style::Lf if cr > 0 => wrong(Kind::Cr, cr, "CR", "LF"),
            Style::Lf if crlf > 0 => wrong(Kind::Crlf, crlf, "CRLF", "LF"),
            Style::Crlf if cr > 0 => wrong(Kind::Cr, cr, "CR", "CRLF"),
            Style::Crlf if lf > 0 => wrong(Kind::Lf, lf, "LF", "CRLF"),
            Style::Cr if crlf > 0 => wrong(Kind::Crlf, crlf, "CRLF", "CR"),
            Style::Cr if lf > 0 => wrong(Kind::Lf, lf, "LF", "CR"),
            Style::Consistent if lf > 0 && crlf > 0 => {
                // A tie goes to LF.
                let (kind, name) = if lf < crlf {
                    (Kind::Lf, "LF")
                } else {
                    (Kind::Crlf, "CRLF")
                };
                let text = format!(
                    "line ends are mixed, {lf} LF and {crlf} CRLF; the first {name} is here"
                );
                Some((kind, text))
            }
            _ => None,
        }
    }
}

/// Where the first line end of a kind is: the CR, or the position of the LF (which shows nothing on its own).
fn first(kind: Kind, bytes: &[u8]) -> Range<usize> {
    let is_after_cr = |at: usize| at > 0 && bytes[at - 1] == b'\r';
    let position = match kind {
        Kind::Cr => memchr::memchr(b'\r', bytes),
        Kind::Crlf => memchr::memmem::find(bytes, b"\r\n"),
        Kind::Lf => memchr::memchr_iter(b'\n', bytes).find(|at| !is_after_cr(*at)),
    };
    // `judge` names only kinds that it counted.
    let at = position.unwrap_or_default();
    match kind {
        Kind::Lf => at..at,
        Kind::Cr | Kind::Crlf => at..at + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use crate::finding::Draft;
    use Safety::{Safe, Unsafe};
    use proptest::prelude::*;

    fn drafts(options: &str, name: &str, text: &str) -> Vec<Draft> {
        let check = trial::check(&RULE, options).unwrap();
        trial::content(check.as_ref(), name, text.as_bytes())
    }

    #[test]
    fn messages_count() {
        let say = |options, text| drafts(options, "a", text)[0].message.clone();
        assert_eq!(
            say("", "a\r\nb\nc\r\n"),
            "line ends are mixed, 1 LF and 2 CRLF; the first LF is here"
        );
        assert_eq!(
            say("style: lf", "a\nb\r\n"),
            "1 of 2 line ends are CRLF, expected LF; the first is here"
        );
        assert_eq!(
            say("style: crlf", "a\rb\r"),
            "2 of 2 line ends are CR, expected CRLF; the first is here"
        );
    }

    #[test]
    fn a_lone_cr_ends_a_line_only_on_the_classic_mac() {
        for fine in ["a\rb", "\r50 %\r100 %", "a\r\rb\n", "\r", ""] {
            assert!(drafts("", "a", fine).is_empty(), "{fine:?}");
        }
        assert!(drafts("", "a", "a\rb\r").is_empty(), "consistent");
        assert!(drafts("style: lf", "a", "\r1 %\r2 %").is_empty());
        assert_eq!(drafts("style: lf", "a", "a\rb\r").len(), 1);
    }

    #[test]
    fn exceptions_by_extension_and_shebang() {
        assert_eq!(drafts("style: lf", "a.cmd", "a\r\nb\n").len(), 1, "mixed");
        assert_eq!(drafts("style: crlf", "a.cmd", "a\n").len(), 1);
        assert_eq!(drafts("", "a.sh", "a\r\n").len(), 1);
        assert_eq!(drafts("lf_extensions: []", "a.sh", "a\r\n").len(), 0);
        assert_eq!(drafts("", "a", "#! /bin/sh\r\n").len(), 1);
        assert_eq!(drafts("shebang_lf: false", "a", "#!/bin/sh\r\n").len(), 0);
    }

    #[test]
    fn damaged_line_ends_are_converted_only_if_asked() {
        let fix = |style: &str, name: &str, text: &str| {
            let check = trial::check(&RULE, &format!("style: {style}")).unwrap();
            let drafts = trial::fixes(check.as_ref(), name, text.as_bytes());
            let after = trial::apply(text.as_bytes(), drafts[0].change.as_deref().unwrap());
            (
                drafts[0].fixable.unwrap(),
                String::from_utf8(after).unwrap(),
            )
        };
        for (style, name, text, after, safety) in [
            ("lf", "a", "a\r\nb\rc\n", "a\nb\rc\n", Safe),
            ("lf", "a", "a\r\r\nb\n", "a\nb\n", Unsafe),
            ("lf", "a", "a\rb\r", "a\nb\n", Safe),
            ("crlf", "a", "\n\r\n\n", "\r\n\r\n\r\n", Safe),
            ("crlf", "a", "\r\r", "\r\n\r\n", Safe),
            ("cr", "a", "a\r\n\n", "a\r\r", Safe),
            ("consistent", "a", "a\r\nb\r\nc\n", "a\r\nb\r\nc\r\n", Safe),
            ("consistent", "a.cmd", "a\r\nb\n", "a\nb\n", Unsafe),
            ("lf", "a.patch", "+a\r\n", "+a\n", Unsafe),
        ] {
            assert_eq!(
                fix(style, name, text),
                (safety, after.to_owned()),
                "{style}: {text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn agrees_with_splitting_into_lines(text in "[ab\r\n]{0,16}") {
            let lines: Vec<&str> = text.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
            let crlf = lines.iter().filter(|line| line.ends_with("\r\n")).count();
            let lf = lines.len() - crlf;
            let is_mac = lines.is_empty() && text.ends_with('\r');
            for (style, wrong) in [
                ("consistent", lf > 0 && crlf > 0),
                ("lf", crlf > 0 || is_mac),
                ("crlf", lf > 0 || is_mac),
                ("cr", !lines.is_empty()),
            ] {
                let drafts = drafts(&format!("style: {style}"), "a", &text);
                prop_assert_eq!(drafts.len(), usize::from(wrong), "{}", style);
                for (start, _) in trial::ranges(&drafts) {
                    let before_is_pure = match &text[start..] {
                        rest if rest.starts_with("\r\n") => !text[..start].contains("\r\n"),
                        rest if rest.starts_with('\r') => !text[..start].contains('\r'),
                        _ => text[..start].matches('\n').count() == text[..start].matches("\r\n").count(),
                    };
                    prop_assert!(before_is_pure, "{} is the first of its kind", start);
                }
            }
        }
    }
}
