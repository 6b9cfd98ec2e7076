//! Patches, judged by git itself: what it makes of the old file is the new one, and back.

use super::{content, write};
use crate::fix::{Side, patch};
use proptest::prelude::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

fn git(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("git")
        .args(["-c", "core.autocrlf=false"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn side(content: &[u8], permissions: u16) -> Side<'_> {
    Side {
        content,
        permissions,
    }
}

/// Makes the old file, has git apply the patch, compares, and has git undo it.
fn check(path: &[u8], before: Option<(&[u8], u16)>, after: (&[u8], u16)) {
    let directory = tempfile::tempdir().unwrap();
    let work = directory.path().join("work");
    std::fs::create_dir(&work).unwrap();
    let place = work.join(OsStr::from_bytes(path));
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    let set = |content: &[u8], mode: u16| {
        write(&place, content);
        let mode = std::fs::Permissions::from_mode(mode.into());
        std::fs::set_permissions(&place, mode).unwrap();
    };
    if let Some((content, mode)) = before {
        set(content, mode);
    }
    let text = patch(
        path,
        before.map(|(text, mode)| side(text, mode)),
        side(after.0, after.1),
    )
    .unwrap();
    let file = directory.path().join("patch");
    write(&file, &text);
    assert!(git(&work, &["init", "--quiet", "."]).0);
    let shown = || String::from_utf8_lossy(&text).into_owned();
    for arguments in [
        &["apply", "--check"][..],
        &["apply"],
        &["apply", "--check", "-R"],
    ] {
        let (is_fine, error) = git(&work, &[arguments, &["../patch"]].concat());
        assert!(is_fine, "{arguments:?} {path:?}: {error}\n{}", shown());
    }
    assert_eq!(content(&place), after.0, "{}", shown());
    let mode = std::fs::metadata(&place).unwrap().permissions().mode();
    assert_eq!(mode & 0o100, u32::from(after.1) & 0o100);
    assert!(git(&work, &["apply", "-R", "../patch"]).0, "{}", shown());
    match before {
        Some((text, _)) => assert_eq!(content(&place), text),
        None => assert!(!place.exists()),
    }
}

#[test]
fn git_applies_and_undoes_every_kind_of_change() {
    let long = (0..40).fold(String::new(), |text, line| text + &format!("line {line}\n"));
    let changed = long.replace("line 3\n", "three\n").replace("line 30\n", "");
    let contents: [(&[u8], &[u8]); 12] = [
        (b"a  \nb\n", b"a\nb\n"),
        (b"a", b"a\n"),
        (b"a\n", b"a"),
        (b"a \r\nb\r\n", b"a\r\nb\r\n"),
        (b"a\r\nb\r\n", b"a\nb\n"),
        (b"", b"a\n"),
        (b"a\nb\n", b""),
        (b"a\0b\n", b"a\0c\n"),
        (b"\xff\xfea\0 \0\n\0", b"\xff\xfea\0\n\0"),
        (b"caf\xe9 \x1b[31m \n", b"caf\xe9 \x1b[31m\n"),
        (b"\xef\xbb\xbfa\n", b"a\n"),
        (long.as_bytes(), changed.as_bytes()),
    ];
    for (old, new) in contents {
        check(b"file.txt", Some((old, 0o644)), (new, 0o644));
        check(b"file.txt", Some((old, 0o644)), (new, 0o755));
    }
    check(b"file.txt", Some((b"same\n", 0o755)), (b"same\n", 0o644));
    check(b"a/new.txt", None, (b"new\n", 0o644));
    check(b"new.txt", None, (b"no end", 0o755));
    check(b"new.txt", None, (b"\0binary", 0o644));
}

#[test]
fn git_finds_files_whatever_their_names() {
    let names: [&[u8]; 9] = [
        b"with blank.txt",
        b" blank first",
        b"quote\"back\\slash",
        b"new\nline\ttab",
        "ä 漢.txt".as_bytes(),
        b"not utf-8 \xff",
        b"a b/b b",
        b"-rf",
        b"\x01\x7f",
    ];
    for name in names {
        check(name, Some((b"a \n", 0o644)), (b"a\n", 0o644));
        check(name, Some((b"a\n", 0o644)), (b"a\n", 0o755));
        check(name, Some((b"a\0 \n", 0o644)), (b"a\0\n", 0o755));
    }
    for name in [&b"with blank"[..], b"new\nline"] {
        check(name, None, (b"a\n", 0o644));
    }
}

/// git refuses to make an empty file by a patch without digests, or does not; either way ours says what is to be.
#[test]
fn an_empty_file_is_created() {
    check(b"empty", None, (b"", 0o644));
}

#[test]
fn nothing_to_change_is_no_patch() {
    let same = side(b"a\n", 0o664);
    assert!(
        patch(b"f", Some(side(b"a\n", 0o600)), same)
            .unwrap()
            .is_empty()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn git_applies_a_patch_between_any_two_texts(
        old in "([ab]{0,2}\r?\n){0,12}[ab]{0,2}",
        new in "([ab]{0,2}\r?\n){0,12}[ab]{0,2}",
    ) {
        if old != new {
            check(b"f", Some((old.as_bytes(), 0o644)), (new.as_bytes(), 0o644));
        }
    }
}
