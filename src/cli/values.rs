//! Values on the command line that have a form of their own.

/// Whose policy holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyRef {
    /// That of the target branch where a change wants to be merged, else the workspace's.
    Auto,
    /// That of the base.
    Base,
    /// The workspace's.
    Head,
    /// That of a commit.
    Commit(String),
}

pub(super) fn policy_ref(text: &str) -> Result<PolicyRef, String> {
    match text {
        "auto" => Ok(PolicyRef::Auto),
        "base" => Ok(PolicyRef::Base),
        "head" => Ok(PolicyRef::Head),
        name => revision(name)
            .map(PolicyRef::Commit)
            .map_err(|error| format!("{error}; or `auto`, `base` or `head`")),
    }
}

/// The name of a commit, which is neither an option nor anything that acts on a terminal.
pub(super) fn revision(text: &str) -> Result<String, String> {
    if crate::base::is_revision(text) {
        Ok(text.to_owned())
    } else {
        Err("expected a commit: an id, branch, tag or `HEAD^1`".into())
    }
}

/// A SHA-256 in hex, in lower case.
pub(super) fn plan_digest(text: &str) -> Result<String, String> {
    let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("expected the 64 hexadecimal digits that a run prints as the digest of its plan".into())
    }
}

pub(super) fn category(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    if text.len() <= 100 && text.bytes().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("expected at most 100 letters, digits, `.`, `_`, `-` and `/`".into())
    }
}
