//! `shebang-executable`: the executable bit and the `#!` line belong together.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::extensions::Extensions;
use super::listing::clipped;
use super::options::build;
use crate::finding::{Change, Found, Safety, Severity};
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "shebang-executable",
    summary: "a script is not executable, or an executable text has no `#!` line",
    why: "A script that starts with `#!` is meant to be run, and fails with `Permission denied` without the executable bit. \
          An executable text without `#!` is run by whatever shell happens to be there, or not at all.",
    fix: "Script: `chmod +x FILE` (or `git update-index --chmod=+x FILE`). No script: `chmod -x FILE`, or remove the `#!` line. \
          `--apply=fix` makes scripts executable; it takes the bit from other texts only if unsafe fixes are allowed.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<ShebangExecutable>(),
    build: build::<ShebangExecutable>,
    examples: &[
        Example {
            title: "An executable script and a plain text",
            options: "",
            files: &[
                ExampleFile {
                    path: "build.sh",
                    is: ExampleKind::Executable("#!/bin/sh\nmake\n"),
                },
                ExampleFile {
                    path: "notes.txt",
                    is: ExampleKind::Text("make\n"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "`#!` that names no interpreter's path: a Rust attribute, a boot script, a template",
            options: "",
            files: &[
                ExampleFile {
                    path: "boot.cfg",
                    is: ExampleKind::Text("#!ipxe\ndhcp\n"),
                },
                ExampleFile {
                    path: "main.rs",
                    is: ExampleKind::Text("#![forbid(unsafe_code)]\n"),
                },
                ExampleFile {
                    path: "run.sh.in",
                    is: ExampleKind::Text("#!/bin/sh\nexec @bindir@/run\n"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "A script without the executable bit",
            options: "",
            files: &[ExampleFile {
                path: "build.sh",
                is: ExampleKind::Text("#!/bin/sh\nmake\n"),
            }],
            violations: &["build.sh:1:1"],
        },
        Example {
            title: "An executable text that is no script",
            options: "",
            files: &[ExampleFile {
                path: "README.md",
                is: ExampleKind::Executable("# Read me\n"),
            }],
            violations: &["README.md"],
        },
        Example {
            title: "A byte order mark hides the `#!` from the system",
            options: "",
            files: &[ExampleFile {
                path: "build.sh",
                is: ExampleKind::Executable("\u{feff}#!/bin/sh\nmake\n"),
            }],
            violations: &["build.sh"],
        },
        Example {
            title: "One direction can be switched off",
            options: "require_executable: false",
            files: &[ExampleFile {
                path: "build.sh",
                is: ExampleKind::Text("#!/bin/sh\nmake\n"),
            }],
            violations: &[],
        },
    ],
};

/// Options of `shebang-executable`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ShebangExecutable {
    /// Whether a file that starts with `#!` and an interpreter's absolute path has to be executable.
    require_executable: bool,
    /// Whether an executable text file has to start with `#!`.
    require_shebang: bool,
    /// Extensions of files that may be either way: templates that become scripts later, tests that a harness runs,
    /// scripts of other systems, and Perl modules.
    ignore_extensions: Extensions,
}

impl Default for ShebangExecutable {
    fn default() -> Self {
        Self {
            require_executable: true,
            require_shebang: true,
            ignore_extensions: Extensions::of(&[
                "in", "tmpl", "tpl", "template", "j2", "jinja", "jinja2", "erb", "mustache", "hbs",
                "sample", "t", "bats", "bat", "cmd", "ps1", "desktop", "pm",
            ]),
        }
    }
}

impl Check for ShebangExecutable {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        if !file.entry.tells_executable() {
            return;
        }
        let executable = file.entry.is_executable();
        let marked = file.bytes.starts_with(b"#!");
        if executable == marked && (!marked || interpreter(file.bytes).is_some()) {
            return;
        }
        if self.ignore_extensions.cover(file.entry.name()) {
            return;
        }
        if executable && self.require_shebang {
            if let Some(message) = no_shebang(file.bytes) {
                found.whole(message);
                // A `#!` that is hidden or unfinished is to be repaired: the file is meant to be run.
                let has_mark = memchr::memmem::find(&file.bytes[..file.bytes.len().min(5)], b"#!");
                if has_mark.is_none() {
                    found.fix(Safety::Unsafe, || Change::Executable(false));
                }
            }
        } else if !executable
            && self.require_executable
            && interpreter(file.bytes).is_some_and(|path| path.starts_with(b"/"))
        {
            let end = file.bytes.find_byteset(b"\r\n");
            let line = &file.bytes[..end.unwrap_or(file.bytes.len())];
            let start = line[..line.len().min(MOST_BYTES)].to_str_lossy();
            found.at(
                0..line.len(),
                format!("not executable, but starts with `{}`", clipped(&start, 80)),
            );
            found.fix(Safety::Safe, || Change::Executable(true));
        }
    }
}

/// The longest `#!` line that Linux reads; the rest of a longer one is not part of it.
const MOST_BYTES: usize = 256;

/// What is wrong with the start of an executable text, if anything is.
fn no_shebang(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        Some("executable, but empty")
    } else if bytes.starts_with(b"\xef\xbb\xbf#!") {
        Some("executable, but a byte order mark before the `#!` hides it from the system")
    } else if !bytes.starts_with(b"#!") {
        Some("executable, but a text that does not start with `#!`")
    } else if interpreter(bytes).is_none() {
        Some("executable, but no interpreter follows the `#!`")
    } else {
        None
    }
}

/// The interpreter on a `#!` line; `None` where nothing or a Rust attribute (`#![...]`) follows.
fn interpreter(bytes: &[u8]) -> Option<&[u8]> {
    let line = bytes
        .get(..MOST_BYTES)
        .unwrap_or(bytes)
        .strip_prefix(b"#!")?;
    let line = line.split(|byte| *byte == b'\n').next()?;
    let word = line.trim_start_with(|c| matches!(c, ' ' | '\t'));
    let end = word.find_byteset(b" \t\r").unwrap_or(word.len());
    let interpreter = &word[..end];
    (!interpreter.is_empty() && !interpreter.starts_with(b"[")).then_some(interpreter)
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, PLAIN};
    use super::*;
    use crate::walk::{IndexMode, Meta};

    #[test]
    fn interpreters_are_read_as_the_system_reads_them() {
        let read = |text: &'static str| interpreter(text.as_bytes()).map(|i| i.to_str().unwrap());
        assert_eq!(read("#!/bin/sh"), Some("/bin/sh"));
        assert_eq!(read("#! \t/usr/bin/env bash\n/x"), Some("/usr/bin/env"));
        assert_eq!(read("#!/bin/sh\r\n"), Some("/bin/sh"));
        assert_eq!(read("#!perl -w\n"), Some("perl"));
        for none in [
            "",
            "#",
            "#!",
            "#!\n/bin/sh",
            "#! \r\n",
            "#![x]",
            "#! [x]",
            " #!/bin/sh",
        ] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    #[test]
    fn git_decides_what_is_executable() {
        let check = trial::check(&RULE, "").unwrap();
        let tracked = |mode| Meta {
            permissions: 0o777,
            tracked: Some(mode),
            ..PLAIN
        };
        let say = |mode, bytes: &[u8]| {
            trial::content_with(check.as_ref(), "a", tracked(mode), bytes).len()
        };
        assert_eq!(say(IndexMode::Regular, b"#!/bin/sh\n"), 1);
        assert_eq!(say(IndexMode::Regular, b"text\n"), 0);
        assert_eq!(say(IndexMode::Executable, b"#!/bin/sh\n"), 0);
        assert_eq!(say(IndexMode::Executable, b"text\n"), 1);
        assert_eq!(say(IndexMode::Executable, b"#![feature(x)]\n"), 1);
        assert_eq!(say(IndexMode::Executable, b""), 1);
    }
}
