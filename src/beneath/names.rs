//! Names that no cleanup may touch, in every spelling that some file system takes for the same name.

use bstr::ByteSlice as _;

/// Whether a file system could take this name for `.git`: other case, the short names `GIT~1` to `GIT~4`
/// (a number is free only if no other name took it before), trailing dots and
/// spaces, an NTFS stream suffix, code points that HFS+ ignores.
pub fn is_git_directory(name: &[u8]) -> bool {
    let before_stream = name.split(|byte| *byte == b':').next().unwrap_or(name);
    let folded: String = before_stream
        .chars()
        .filter(|character| !is_ignored_by_hfs(*character))
        .flat_map(char::to_lowercase)
        .collect();
    matches!(
        folded.trim_end_matches(['.', ' ']),
        ".git" | "git~1" | "git~2" | "git~3" | "git~4"
    )
}

/// Code points that HFS+ leaves out when it compares names.
fn is_ignored_by_hfs(character: char) -> bool {
    matches!(character,
        '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// Whether this is no plain path beneath a workspace: empty, absolute, with `.`, `..`, an empty component or NUL.
pub fn escapes(path: &[u8]) -> bool {
    path.contains(&0)
        || path
            .split(|byte| *byte == b'/')
            .any(|part| matches!(part, b"" | b"." | b".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_git_directory_is_known() {
        for name in [
            ".git",
            ".GIT",
            ".Git",
            "git~1",
            "GIT~1",
            "Git~4",
            ".git.",
            ".git ",
            ".git . .",
            ".git::$INDEX_ALLOCATION",
            ".g\u{200c}it",
            "\u{feff}.git",
        ] {
            assert!(is_git_directory(name.as_bytes()), "{name:?}");
        }
        for name in [
            ".gitignore",
            ".github",
            "git",
            "x.git",
            ".git2",
            "git~10",
            "git~5",
            " .git",
            "",
        ] {
            assert!(!is_git_directory(name.as_bytes()), "{name:?}");
        }
        assert!(!is_git_directory(b".git\xff"));
    }

    #[test]
    fn only_plain_relative_paths_stay_beneath() {
        for path in [
            "", "/", "/etc", "a//b", "a/", ".", "..", "a/../b", "a/./b", "a\0b",
        ] {
            assert!(escapes(path.as_bytes()), "{path:?}");
        }
        for path in ["a", "..a", "a/...", "-rf", " ", "\n", "*"] {
            assert!(!escapes(path.as_bytes()), "{path:?}");
        }
    }
}
