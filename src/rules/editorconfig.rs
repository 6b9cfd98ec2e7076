//! `editorconfig`: files are as the repository's `.editorconfig` files say, and these say something.

use super::byte_order_mark::{self, Mark};
use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::encoding;
use super::final_newline;
use super::indentation::Indentation;
use super::line_endings;
use super::line_length::LineLength;
use super::options::build;
use super::text_rules::{TextRule, columns};
use super::trailing_whitespace::TrailingWhitespace;
use crate::editorconfig::{self, Charset, LineLimit, Properties};
use crate::finding::{Found, Severity};
use crate::text::{self, Encoding};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "editorconfig",
    summary: "a file departs from its `.editorconfig`, or that has a mistake",
    why: "The repository says itself how its files are to be written, but only editors that read `.editorconfig` heed it. \
          A property that is misspelt heeds nobody.",
    fix: "Save the file with an editor that reads `.editorconfig`, or correct the `.editorconfig`. `--apply=fix` fixes what the rules \
          `trailing-whitespace`, `final-newline`, `line-endings`, `byte-order-mark`, `encoding` and `indentation` would fix.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<Options>(),
    build: build::<Editorconfig>,
    examples: &[
        Example {
            title: "Files as they are to be",
            options: "",
            files: &[
                ExampleFile {
                    path: ".editorconfig",
                    is: ExampleKind::Text(
                        "root = true\n[*]\ninsert_final_newline = true\nend_of_line = lf\n[*.{py,rs}]\nindent_style = space\n",
                    ),
                },
                ExampleFile {
                    path: "src/a.rs",
                    is: ExampleKind::Text("fn f() {\n    g();\n}\n"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "Departures",
            options: "",
            files: &[
                ExampleFile {
                    path: ".editorconfig",
                    is: ExampleKind::Text(
                        "[*.c]\nindent_style = tab\ninsert_final_newline = true\ntrim_trailing_whitespace = true\nmax_line_length = 8\n",
                    ),
                },
                ExampleFile {
                    path: "a.c",
                    is: ExampleKind::Text("{ \n    x;\n\tmuch too long;\n}"),
                },
                ExampleFile {
                    path: "a.h",
                    is: ExampleKind::Text("{ \n    x;\n}"),
                },
            ],
            violations: &["a.c:1:2", "a.c:4:2", "a.c:3:9", "a.c:2:1"],
        },
        Example {
            title: "The nearest file holds",
            options: "",
            files: &[
                ExampleFile {
                    path: ".editorconfig",
                    is: ExampleKind::Text("[*]\nend_of_line = lf\n"),
                },
                ExampleFile {
                    path: "win/.editorconfig",
                    is: ExampleKind::Text("[*.bat]\nend_of_line = crlf\n"),
                },
                ExampleFile {
                    path: "win/a.bat",
                    is: ExampleKind::Text("exit\n"),
                },
            ],
            violations: &["win/a.bat:1:5"],
        },
        Example {
            title: "Mistakes in an `.editorconfig`",
            options: "",
            files: &[ExampleFile {
                path: ".editorconfig",
                is: ExampleKind::Text(
                    "[*]\nindent_sytle = tab\ncharset = utf8\n[*.{a\nroot = true\n[\n",
                ),
            }],
            violations: &[
                ".editorconfig:2:1",
                ".editorconfig:3:1",
                ".editorconfig:4:1",
                ".editorconfig:5:1",
                ".editorconfig:6:1",
            ],
        },
    ],
};

/// Options of `editorconfig`: none of its own, since the `.editorconfig` files say all. Which files it looks at is up to `paths`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Editorconfig")]
struct Options {}

/// The rules whose work it does where they do not look at a file, with their defaults.
#[derive(Default, Deserialize)]
#[serde(from = "Options")]
struct Editorconfig {
    trailing_whitespace: TrailingWhitespace,
    line_length: LineLength,
    indentation: Indentation,
}

impl From<Options> for Editorconfig {
    fn from(Options {}: Options) -> Self {
        Self::default()
    }
}

impl Check for Editorconfig {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        if file.entry.name() == editorconfig::FILE_NAME {
            mistakes(file.bytes, found);
        }
        if let Some(settings) = file.settings {
            self.departures(settings, file, found);
        }
    }
}

impl Editorconfig {
    fn departures(&self, settings: &Properties, file: &Content<'_>, found: &mut Found) {
        let is_open = |rule| !file.text_rules.has(rule);
        if let Some(charset) = settings.charset {
            let mark = Mark::by(charset).filter(|_| is_open(TextRule::ByteOrderMark));
            under("charset", found, |own| {
                compare_encoding(charset, file, own);
                if let Some(mark) = mark {
                    byte_order_mark::report(mark, file, own);
                }
            });
        }
        if let Some(end) = settings
            .end_of_line
            .filter(|_| is_open(TextRule::LineEndings))
        {
            under("end_of_line", found, |own| {
                line_endings::report(end.into(), file, own);
            });
        }
        if settings.trim_trailing_whitespace == Some(true) && is_open(TextRule::TrailingWhitespace)
        {
            under("trim_trailing_whitespace", found, |own| {
                self.trailing_whitespace.report(file, false, own);
            });
        }
        if settings.insert_final_newline == Some(true) && is_open(TextRule::FinalNewline) {
            under("insert_final_newline", found, |own| {
                final_newline::report_missing(file, own);
            });
        }
        self.line_length(settings, file, found);
        let has_indent = settings.indent_style.is_some() || settings.indent_size.is_some();
        if has_indent && is_open(TextRule::Indentation) {
            let property = match settings.indent_style {
                Some(_) => "indent_style",
                None => "indent_size",
            };
            under(property, found, |own| {
                self.indentation.report(settings, file, own);
            });
        }
    }

    fn line_length(&self, settings: &Properties, file: &Content<'_>, found: &mut Found) {
        let is_open = !file.text_rules.has(TextRule::LineLength);
        if let (Some(LineLimit::Characters(max)), true) = (settings.max_line_length, is_open) {
            let tab_width = settings
                .tab_width
                .map_or(self.line_length.tab_width, columns);
            under("max_line_length", found, |own| {
                self.line_length
                    .report(columns(max), tab_width, file.bytes, own);
            });
        }
    }
}

/// What is wrong in an `.editorconfig` itself.
fn mistakes(bytes: &[u8], found: &mut Found) {
    let file = editorconfig::parse(bytes);
    for mistake in file.mistakes() {
        found.at(mistake.place.clone(), mistake.message.clone());
    }
    if let (Some(last), 1..) = (file.mistakes().last(), file.unlisted_mistakes()) {
        let unlisted = file.unlisted_mistakes();
        found.at(
            last.place.clone(),
            format!("{unlisted} more mistakes after this one"),
        );
    }
}

/// Says of each finding which property it departs from.
fn under(property: &str, found: &mut Found, report: impl FnOnce(&mut Found)) {
    let mut own = if found.wants_changes() {
        Found::with_changes()
    } else {
        Found::default()
    };
    report(&mut own);
    for mut draft in own.drain() {
        draft.message = format!("`{property}` of .editorconfig: {}", draft.message);
        found.adopt(draft);
    }
}

/// Whether the file has another encoding, apart from a mark. Plain ASCII is the same in most of them.
fn compare_encoding(charset: Charset, file: &Content<'_>, found: &mut Found) {
    let is_ascii = || file.bytes.is_ascii();
    let (is, fits) = match file.encoding {
        Encoding::Binary => return,
        Encoding::Utf8 | Encoding::Utf8WithMark if text::first_invalid(file.bytes).is_some() => {
            ("not UTF-8", charset == Charset::Latin1)
        }
        Encoding::Utf8 | Encoding::Utf8WithMark => (
            "UTF-8",
            match charset {
                Charset::Utf8 | Charset::Utf8Bom => true,
                Charset::Latin1 => is_ascii(),
                Charset::Utf16Be | Charset::Utf16Le => file.bytes.is_empty(),
            },
        ),
        Encoding::Utf16Le(_) => ("UTF-16, little endian", charset == Charset::Utf16Le),
        Encoding::Utf16Be(_) => ("UTF-16, big endian", charset == Charset::Utf16Be),
    };
    if !fits {
        let expected = match charset {
            Charset::Latin1 => "latin1",
            Charset::Utf8 => "utf-8",
            Charset::Utf8Bom => "utf-8-bom",
            Charset::Utf16Be => "utf-16be",
            Charset::Utf16Le => "utf-16le",
        };
        found.whole(format!("file is {is}, expected {expected}"));
        if charset == Charset::Utf8 {
            encoding::offer_utf8(file, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text_rules::TextRules;
    use super::super::trial;
    use super::*;

    const SETTINGS: &str = "[*]\nindent_style = tab\nend_of_line = lf\ncharset = utf-8\n\
                            trim_trailing_whitespace = true\ninsert_final_newline = true\nmax_line_length = 8\n";
    const TEXT: &str = "\u{feff}{ \n    x;\r\n\tmuch too long;\n}";

    fn messages(
        encoding: Encoding,
        settings: &str,
        text: impl AsRef<[u8]>,
        others: TextRules,
    ) -> Vec<String> {
        let file = editorconfig::parse(settings.as_bytes());
        let cascade = editorconfig::Cascade::new([(Box::from(&b""[..]), file)]);
        let known = trial::Known {
            encoding: Some(encoding),
            settings: Some(cascade.properties(b"a.c")),
            text_rules: others,
        };
        let check = trial::check(&RULE, "").unwrap();
        let file = ("a.c", trial::PLAIN);
        let drafts = trial::content_known(check.as_ref(), file, text.as_ref(), &known);
        drafts.into_iter().map(|draft| draft.message).collect()
    }

    #[test]
    fn each_property_is_named() {
        let found = messages(Encoding::Utf8WithMark, SETTINGS, TEXT, TextRules::default());
        insta::assert_snapshot!(found.join("\n"), @r"
        `charset` of .editorconfig: file starts with a UTF-8 byte order mark (bytes EF BB BF)
        `end_of_line` of .editorconfig: 1 of 3 line ends are CRLF, expected LF; the first is here
        `trim_trailing_whitespace` of .editorconfig: line ends in 1 space
        `insert_final_newline` of .editorconfig: last line has no line end
        `max_line_length` of .editorconfig: line has 15 characters, more than 8
        `indent_style` of .editorconfig: indented by 4 spaces, expected tabs
        ");
    }

    #[test]
    fn what_another_rule_reports_is_left_to_it() {
        for rule in [
            "trailing-whitespace",
            "final-newline",
            "line-endings",
            "byte-order-mark",
            "line-length",
            "indentation",
        ] {
            let found = messages(
                Encoding::Utf8WithMark,
                SETTINGS,
                TEXT,
                TextRules::of([rule]),
            );
            assert_eq!(found.len(), 5, "{rule}: {found:?}");
        }
    }

    #[test]
    fn encodings_are_compared() {
        let say = |encoding, charset: &str, text: &[u8]| {
            let settings = format!("[*]\ncharset = {charset}\n");
            messages(encoding, &settings, text, TextRules::default())
                .first()
                .map(|message| message.replace("`charset` of .editorconfig: file is ", ""))
        };
        assert_eq!(say(Encoding::Utf8, "latin1", b"caf\xe9"), None);
        assert_eq!(
            say(Encoding::Utf8, "utf-8", b"caf\xe9").unwrap(),
            "not UTF-8, expected utf-8"
        );
        assert_eq!(say(Encoding::Utf8, "latin1", b"a"), None);
        assert_eq!(
            say(Encoding::Utf8, "latin1", "ä".as_bytes()).unwrap(),
            "UTF-8, expected latin1"
        );
        assert_eq!(
            say(Encoding::Utf16Le(true), "utf-16le", "ä".as_bytes()),
            None
        );
        assert_eq!(
            say(Encoding::Utf16Be(true), "utf-16le", "ä".as_bytes()).unwrap(),
            "UTF-16, big endian, expected utf-16le"
        );
        assert_eq!(say(Encoding::Utf8, "utf-8-bom", b"a"), None, "ASCII");
        assert!(say(Encoding::Utf8, "utf-8-bom", "ä".as_bytes()).is_some());
    }

    #[test]
    fn unset_and_false_ask_for_nothing() {
        let settings = "[*]\nindent_style = unset\ntrim_trailing_whitespace = false\n\
                        insert_final_newline = false\nmax_line_length = off\n";
        assert_eq!(
            messages(Encoding::Utf8WithMark, settings, TEXT, TextRules::default()),
            [""; 0]
        );
    }

    #[test]
    fn mistakes_are_cut_off_with_a_count() {
        let check = trial::check(&RULE, "").unwrap();
        let drafts = trial::content(check.as_ref(), ".editorconfig", &b"x\n".repeat(120));
        assert_eq!(drafts.len(), 101);
        assert_eq!(drafts[100].message, "20 more mistakes after this one");
    }
}
