//! Where a violation is in the repository, and whether it still counts.

use super::github::Source;
use crate::store::rows::ViolationRow;
use std::borrow::Cow;

/// What a violation means to who reads a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It counts.
    Counts,
    /// The base has it, too.
    Existing,
    /// Somebody accepted it.
    Suppressed,
    /// This run has fixed or removed it.
    Resolved,
}

impl Standing {
    pub(super) fn of(row: &ViolationRow) -> Self {
        match (row.state.as_str(), row.resolution.is_some()) {
            ("suppressed", _) => Self::Suppressed,
            (_, true) => Self::Resolved,
            ("existing", _) => Self::Existing,
            _ => Self::Counts,
        }
    }
}

/// The path for people, relative to the repository.
pub(super) fn shown_path(row: &ViolationRow, source: &Source) -> String {
    match row.path.as_str() {
        "" if source.prefix.is_empty() => ".".to_owned(),
        "" => source.prefix.trim_end_matches('/').to_owned(),
        path => format!("{}{path}", source.prefix),
    }
}

/// The path's bytes, relative to the workspace.
pub(super) fn path_bytes(row: &ViolationRow) -> &[u8] {
    row.path_bytes.as_deref().unwrap_or(row.path.as_bytes())
}

/// The path as a relative URI reference, relative to the repository: percent-encoded, never with a scheme or a host.
pub(super) fn uri(row: &ViolationRow, source: &Source) -> String {
    let path = path_bytes(row);
    let full = [source.prefix.as_bytes(), path].concat();
    // A record that somebody made up may hold anything; `//x` would name a host.
    let start = full.iter().position(|byte| *byte != b'/');
    let full = start.map_or(&b"."[..], |start| &full[start..]);
    full.iter().map(|byte| uri_byte(*byte)).collect()
}

fn uri_byte(byte: u8) -> Cow<'static, str> {
    if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
        char::from(byte).to_string().into()
    } else {
        format!("%{byte:02X}").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::report::sample::violation;

    #[test]
    fn a_path_becomes_a_relative_reference() {
        let of = |path: &str, bytes: Option<&[u8]>, prefix: &str| {
            let mut row = violation(Severity::Error, "r", path, "m");
            row.path_bytes = bytes.map(<[u8]>::to_vec);
            let source = Source {
                prefix: prefix.into(),
                ..Source::default()
            };
            uri(&row, &source)
        };
        assert_eq!(
            of("a b/c#%é.rs", None, "app/"),
            "app/a%20b/c%23%25%C3%A9.rs"
        );
        assert_eq!(of("a\\xff", Some(b"a\xff"), ""), "a%FF");
        assert_eq!(of("https://x", None, ""), "https%3A//x");
        assert_eq!(of("//host/x", None, ""), "host/x");
        assert_eq!(of("", None, ""), ".");
    }
}
