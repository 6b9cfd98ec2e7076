//! `file-size`: files that are too big (or too small), git LFS pointers included.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Rule};
use super::options::{ByteSize, build};
use crate::finding::{Found, Severity};
use crate::walk::{Entry, Kind};
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "file-size",
    summary: "a file is too big or too small",
    why: "A big file stays in every clone forever, even after it is deleted, and slows every checkout and every build. \
          Most big files are there by accident: a core dump, an archive, a build product.",
    fix: "Remove the file, or keep it in git LFS, a package registry or a release. If it belongs here, raise `max` for its path.",
    severity: Severity::Error,
    levels: &[Level::Entry, Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<FileSize>(),
    build: build::<FileSize>,
    examples: &[
        Example {
            title: "A file of just the limit is fine",
            options: "max: 1 KiB",
            files: &[ExampleFile {
                path: "assets/logo.bin",
                is: ExampleKind::Size(1024),
            }],
            violations: &[],
        },
        Example {
            title: "A file that git LFS stores elsewhere has no limit by default",
            options: "max: 1 KiB",
            files: &[ExampleFile {
                path: "assets/film.mp4",
                is: ExampleKind::Text(POINTER),
            }],
            violations: &[],
        },
        Example {
            title: "One byte over the limit",
            options: "max: 1 KiB",
            files: &[ExampleFile {
                path: "assets/logo.bin",
                is: ExampleKind::Size(1025),
            }],
            violations: &["assets/logo.bin"],
        },
        Example {
            title: "A limit for git LFS counts the size of the real file",
            options: "lfs_max: 500 kB",
            files: &[ExampleFile {
                path: "assets/film.mp4",
                is: ExampleKind::Text(POINTER),
            }],
            violations: &["assets/film.mp4"],
        },
        Example {
            title: "A file that was cut off",
            options: "{ min: 100, paths: ['models/**'] }",
            files: &[ExampleFile {
                path: "models/base.bin",
                is: ExampleKind::Size(99),
            }],
            violations: &["models/base.bin"],
        },
    ],
};

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n\
    size 734003\n";

/// Options of `file-size`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct FileSize {
    /// Most bytes of a file.
    max: ByteSize,
    /// Fewest bytes of a file, as it lies in the workspace: a git LFS pointer counts with its own few bytes.
    min: Option<ByteSize>,
    /// Most bytes of a file that git LFS keeps and of which only the pointer is in the workspace. Without it there is
    /// no limit: big files are what git LFS is for. A file that was already fetched counts like any other, by `max`.
    lfs_max: Option<ByteSize>,
}

impl Default for FileSize {
    fn default() -> Self {
        Self {
            max: ByteSize(5 << 20),
            min: None,
            lfs_max: None,
        }
    }
}

impl Check for FileSize {
    fn entry(&self, entry: Entry<'_>, found: &mut Found) {
        if entry.kind() != Kind::File {
            return;
        }
        let size = ByteSize(entry.size());
        if size > self.max {
            found.whole(format!("file has {}, more than {}", exact(size), self.max));
        } else if let Some(min) = self.min
            && size < min
        {
            found.whole(format!("file has {}, fewer than {min}", exact(size)));
        }
    }

    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let Some(max) = self.lfs_max else { return };
        let Some(size) = pointed_size(file.bytes).map(ByteSize) else {
            return;
        };
        if size > max {
            found.whole(format!(
                "git LFS pointer to a file of {}, more than {max}",
                exact(size)
            ));
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        match self.min {
            Some(min) if min > self.max => vec![OptionError::new(
                "min",
                format!(
                    "{min} is more than `max` ({}): no file could pass",
                    self.max
                ),
            )],
            _ => Vec::new(),
        }
    }
}

/// A rounded size alone cannot tell `5 MiB` from one byte more.
fn exact(size: ByteSize) -> String {
    if size.0 < 1024 {
        size.to_string()
    } else {
        format!("{size} ({} bytes)", size.0)
    }
}

/// The size that a git LFS pointer declares; `None` for everything that is not a whole and valid pointer.
fn pointed_size(bytes: &[u8]) -> Option<u64> {
    // The format's own limit.
    const MOST_BYTES: usize = 1024;
    if bytes.len() >= MOST_BYTES || !bytes.starts_with(b"version https://git-lfs.github.com/spec/v")
    {
        return None;
    }
    let value = |key: &[u8]| bytes.lines().find_map(|line| line.strip_prefix(key));
    let digest = value(b"oid sha256:")?;
    if digest.len() != 64 || !digest.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let size = value(b"size ")?;
    if size.is_empty() || !size.iter().all(u8::is_ascii_digit) {
        return None;
    }
    size.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    #[test]
    fn only_a_whole_pointer_is_a_pointer() {
        assert_eq!(pointed_size(POINTER.as_bytes()), Some(734_003));
        assert_eq!(
            pointed_size(POINTER.replace('\n', "\r\n").as_bytes()),
            Some(734_003)
        );
        for broken in [
            String::new(),
            POINTER.replace("version", "Version"),
            POINTER.replace("size 734003", "size -1"),
            POINTER.replace("size 734003", "size "),
            POINTER.replace("size 734003", "size 99999999999999999999"),
            POINTER.replace("size 734003\n", ""),
            POINTER.replace("4d7a", "4d7"),
            POINTER.replace("4d7a", "xyz!"),
            format!("{POINTER}{}", "x".repeat(1024)),
        ] {
            assert_eq!(pointed_size(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn messages_tell_one_byte_too_many() {
        let check = trial::check(&RULE, "max: 1 MiB").unwrap();
        let drafts = trial::content(check.as_ref(), "a", &vec![b'x'; (1 << 20) + 1]);
        assert_eq!(
            drafts[0].message,
            "file has 1.0 MiB (1048577 bytes), more than 1 MiB"
        );
    }

    #[test]
    fn limits_that_no_file_can_meet_are_refused() {
        assert_eq!(trial::mistakes(&RULE, "{ min: 2 kB, max: 1 kB }").len(), 1);
    }
}
