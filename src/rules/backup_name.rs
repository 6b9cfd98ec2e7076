//! Whether a directory's name says that it is a copy of the one beside it: `src_backup`, `Copy of src`, `src-2024-05-01`.

use super::name_set::NameSet;

/// How clearly a name says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    /// Only by a number, as in `src2` or `example-2`, which means many other things.
    Number,
    /// By a word, a date or a `~`.
    Backup,
}

/// What `name` claims to be of `original`, by what it adds before or behind it. `words` are the marks of a backup.
pub(super) fn claim(name: &[u8], original: &[u8], words: &NameSet) -> Option<Claim> {
    let length = name
        .len()
        .checked_sub(original.len())
        .filter(|length| *length > 0)?;
    let (front, behind) = name.split_at(original.len());
    let as_prefix = front
        .eq_ignore_ascii_case(original)
        .then(|| added(behind, words))
        .flatten();
    let (before, end) = name.split_at(length);
    let as_suffix = end
        .eq_ignore_ascii_case(original)
        .then(|| added(before, words))
        .flatten();
    as_prefix.max(as_suffix)
}

/// What an addition means; `None` if a part of it is neither a mark, a number nor a separator.
fn added(addition: &[u8], words: &NameSet) -> Option<Claim> {
    let mut claim = addition.contains(&b'~').then_some(Claim::Backup);
    let mut digits = 0;
    let is_separator = |byte: &u8| b" -_.~()[]+#@,".contains(byte);
    for token in addition
        .split(is_separator)
        .filter(|token| !token.is_empty())
    {
        if token.eq_ignore_ascii_case(b"of") {
            continue;
        }
        let stem = without_number(token);
        digits += token.iter().filter(|byte| byte.is_ascii_digit()).count();
        if !stem.is_empty() && words.contains(stem) {
            claim = Some(Claim::Backup);
        } else if is_number_or_time(token) {
            claim = claim.max(Some(Claim::Number));
        } else {
            return None;
        }
    }
    // Six digits are a date; a number does not get so high.
    if digits >= 6 {
        claim = Some(Claim::Backup);
    }
    // `win32` and `lib64` are names of their own.
    let is_glued = addition.first().is_some_and(u8::is_ascii_digit);
    let is_own_name = is_glued && (2..6).contains(&digits) && claim == Some(Claim::Number);
    claim.filter(|_| !is_own_name)
}

fn without_number(token: &[u8]) -> &[u8] {
    let digits = token.iter().rev().take_while(|byte| byte.is_ascii_digit());
    &token[..token.len() - digits.count()]
}

/// `7`, `v7`, or a time as in `20240501T1200Z`.
fn is_number_or_time(token: &[u8]) -> bool {
    let number = token.strip_prefix(b"v").unwrap_or(token);
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'T' | b't' | b'Z' | b'z');
    number.first().is_some_and(u8::is_ascii_digit) && number.iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_claim_what_they_add() {
        let words = NameSet::of(&["backup", "bak", "copy", "old"]);
        for (name, expected) in [
            ("src_backup", Some(Claim::Backup)),
            ("src.bak2", Some(Claim::Backup)),
            ("Src~", Some(Claim::Backup)),
            ("Copy of src", Some(Claim::Backup)),
            ("src - Copy (2)", Some(Claim::Backup)),
            ("old-src", Some(Claim::Backup)),
            ("srcBackup", Some(Claim::Backup)),
            ("src_backup_2024-05-01_120000", Some(Claim::Backup)),
            ("src-20240501T120000Z", Some(Claim::Backup)),
            ("src2024-05-01", Some(Claim::Backup)),
            ("src2", Some(Claim::Number)),
            ("src (1)", Some(Claim::Number)),
            ("src-v2", Some(Claim::Number)),
            ("src64", None),
            ("src", None),
            ("src_", None),
            ("src-tests", None),
            ("src-backup-tests", None),
            ("lib_backup", None),
            ("sr", None),
            ("", None),
        ] {
            assert_eq!(claim(name.as_bytes(), b"src", &words), expected, "{name}");
        }
    }
}
