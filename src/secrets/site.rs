//! Where a match stands: what kind of file it is in, and the line around it.

use std::ops::Range;

/// What a file's path says about what stands in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FileKind {
    traits: u8,
}

const SETTINGS: u8 = 1;
const TESTS: u8 = 2;
const DIGESTS: u8 = 4;
const GENERATED: u8 = 8;
const TEXTS: u8 = 16;

/// Extensions of files in which values stand without quotes.
const SETTINGS_EXTENSIONS: [&[u8]; 21] = [
    b"env",
    b"ini",
    b"cfg",
    b"conf",
    b"config",
    b"properties",
    b"yml",
    b"yaml",
    b"toml",
    b"sh",
    b"bash",
    b"zsh",
    b"ksh",
    b"fish",
    b"tfvars",
    b"ps1",
    b"bat",
    b"cmd",
    b"netrc",
    b"cnf",
    b"rc",
];

/// Names of files that pin versions by their digests.
const LOCK_FILES: [&[u8]; 16] = [
    b"package-lock.json",
    b"npm-shrinkwrap.json",
    b"yarn.lock",
    b"pnpm-lock.yaml",
    b"bun.lock",
    b"deno.lock",
    b"cargo.lock",
    b"go.sum",
    b"poetry.lock",
    b"uv.lock",
    b"pdm.lock",
    b"pipfile.lock",
    b"composer.lock",
    b"gemfile.lock",
    b"flake.lock",
    b"packages.lock.json",
];

/// Folders of what tries a program or shows how to use it.
const TEST_FOLDERS: [&[u8]; 20] = [
    b"test",
    b"tests",
    b"testing",
    b"testdata",
    b"test-data",
    b"test_data",
    b"__tests__",
    b"__mocks__",
    b"spec",
    b"specs",
    b"fixture",
    b"fixtures",
    b"__fixtures__",
    b"mock",
    b"mocks",
    b"example",
    b"examples",
    b"sample",
    b"samples",
    b"e2e",
];

/// Folders of translated texts.
const TEXT_FOLDERS: [&[u8]; 8] = [
    b"locale",
    b"locales",
    b"i18n",
    b"lang",
    b"langs",
    b"translations",
    b"l10n",
    b"po",
];

const DIGEST_EXTENSIONS: [&[u8]; 7] = [
    b"lock", b"sum", b"sha256", b"sha512", b"md5", b"asc", b"sig",
];

/// Ends of names of what programs wrote.
const GENERATED_ENDS: [&[u8]; 9] = [
    b".min.js",
    b".min.css",
    b".min.mjs",
    b".map",
    b".bundle.js",
    b".svg",
    b".ipynb",
    b".pdf",
    b".snap",
];

/// Ends of names of tests, before the extension.
const TEST_ENDS: [&[u8]; 7] = [
    b"_test", b".test", b"_spec", b".spec", b"-test", b"tests", b"test",
];

const EXAMPLE_EXTENSIONS: [&[u8]; 5] = [b"example", b"sample", b"dist", b"template", b"tmpl"];

/// Extensions of translated texts.
const TEXT_EXTENSIONS: [&[u8]; 6] = [b"po", b"pot", b"xlf", b"strings", b"resx", b"arb"];

fn is_one_of(name: &[u8], list: &[&[u8]]) -> bool {
    list.iter().any(|one| name.eq_ignore_ascii_case(one))
}

fn ends_with(name: &[u8], end: &[u8]) -> bool {
    name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end)
}

impl FileKind {
    /// What the path says.
    pub(super) fn of(path: &[u8]) -> Self {
        let mut traits = 0;
        let mut parts = path.rsplit(|byte| *byte == b'/');
        let name = parts.next().unwrap_or_default();
        let dot = name.iter().rposition(|byte| *byte == b'.');
        let extension = dot.map_or(&b""[..], |dot| &name[dot + 1..]);
        let stem = name.split(|byte| *byte == b'.').next().unwrap_or_default();
        // Without an extension, or a dot file: no source code of a language.
        let is_plain = dot.is_none() || dot == Some(0) || name.starts_with(b".env");
        if is_plain
            || is_one_of(extension, &SETTINGS_EXTENSIONS)
            || is_one_of(stem, &[b"dockerfile"])
        {
            traits |= SETTINGS;
        }
        if is_one_of(name, &LOCK_FILES) || is_one_of(extension, &DIGEST_EXTENSIONS) {
            traits |= DIGESTS;
        }
        if GENERATED_ENDS.iter().any(|end| ends_with(name, end)) {
            traits |= GENERATED;
        }
        let before_dot = dot.map_or(name, |dot| &name[..dot]);
        if TEST_ENDS.iter().any(|end| ends_with(before_dot, end))
            || name.starts_with(b"test_")
            || is_one_of(extension, &EXAMPLE_EXTENSIONS)
        {
            traits |= TESTS;
        }
        if is_one_of(extension, &TEXT_EXTENSIONS) {
            traits |= TEXTS;
        }
        for folder in parts {
            if is_one_of(folder, &TEST_FOLDERS) {
                traits |= TESTS;
            }
            if is_one_of(folder, &TEXT_FOLDERS) {
                traits |= TEXTS;
            }
        }
        Self { traits }
    }

    fn has(self, one: u8) -> bool {
        self.traits & one != 0
    }

    /// Values stand without quotes: settings, shell scripts.
    pub(super) fn is_settings(self) -> bool {
        self.has(SETTINGS)
    }

    /// Tests, fixtures, examples.
    pub(super) fn is_tests(self) -> bool {
        self.has(TESTS)
    }

    /// Lists of digests.
    pub(super) fn is_digests(self) -> bool {
        self.has(DIGESTS)
    }

    /// Written by a program for a program, or pictures.
    pub(super) fn is_generated(self) -> bool {
        self.has(GENERATED)
    }

    /// Texts for people, in their languages.
    pub(super) fn is_texts(self) -> bool {
        self.has(TEXTS)
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

/// Farthest that a name is followed to the left of a match.
const LONGEST_NAME: usize = 80;

/// A match in its surroundings.
pub(super) struct Site<'t> {
    /// The file.
    pub(super) file: FileKind,
    /// The value.
    pub(super) value: &'t [u8],
    /// What stands before the value: the whole name of what it is assigned to, and the rest of the match.
    pub(super) before: &'t [u8],
    /// What stands right after the value, up to the end of the line, 40 bytes at most.
    pub(super) after: &'t [u8],
}

impl<'t> Site<'t> {
    pub(super) fn new(
        text: &'t [u8],
        file: FileKind,
        found: Range<usize>,
        secret: Range<usize>,
    ) -> Self {
        let left = &text[..found.start.min(secret.start)];
        let name = left
            .iter()
            .rev()
            .take(LONGEST_NAME)
            .take_while(|byte| is_name(**byte))
            .count();
        let right = &text[secret.end..(secret.end + 40).min(text.len())];
        let end = right.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        Self {
            file,
            value: &text[secret.clone()],
            before: &text[left.len() - name..secret.start],
            after: &right[..end.unwrap_or(right.len())],
        }
    }

    /// The name of what the value is assigned to: the first one in front of it.
    pub(super) fn name(&self) -> &'t [u8] {
        let start = self.before.iter().position(u8::is_ascii_alphanumeric);
        let named = &self.before[start.unwrap_or(self.before.len())..];
        let length = named.iter().take_while(|byte| is_name(**byte)).count();
        &named[..length]
    }

    /// The quote that the value stands in. Tags and the `@` of addresses delimit as quotes do.
    pub(super) fn is_quoted(&self) -> bool {
        let last = self.before.last();
        matches!(last, Some(b'"' | b'\'' | b'`' | b'>')) || self.after.starts_with(b"@")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_what_files_hold() {
        for path in [
            ".env",
            "deploy/.env.production",
            "a/Dockerfile",
            "config/app.yml",
            "x.properties",
            "",
        ] {
            assert!(FileKind::of(path.as_bytes()).is_settings(), "{path}");
        }
        assert!(!FileKind::of(b"src/main.rs").is_settings());
        for path in [
            "tests/a.rs",
            "src/a_test.go",
            "a.spec.ts",
            "config.yml.example",
            "test_a.py",
        ] {
            assert!(FileKind::of(path.as_bytes()).is_tests(), "{path}");
        }
        assert!(!FileKind::of(b"src/contest.d/main.rs").is_tests());
        assert!(FileKind::of(b"a/Cargo.lock").is_digests());
        assert!(FileKind::of(b"a/b.min.js").is_generated());
        assert!(FileKind::of(b"locales/de.json").is_texts());
    }

    #[test]
    fn names_are_followed_to_the_left() {
        let text = b"x = my_password_hash = \"abc\";\n";
        let site = Site::new(text, FileKind::default(), 7..28, 24..27);
        assert_eq!(site.before, b"my_password_hash = \"");
        assert_eq!(site.name(), b"my_password_hash");
        assert_eq!((site.value, site.after), (&b"abc"[..], &b"\";"[..]));
        assert!(site.is_quoted());
    }
}
