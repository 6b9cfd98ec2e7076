//! What GitHub Actions shows: the job summary, annotations, and the outputs of the step.

mod annotations;
mod outputs;
mod sides;
mod summary;

pub use annotations::{Annotations, annotations};
pub use outputs::{Facts, outputs};

pub(super) use outputs::pairs;
pub use summary::{Summary, SummaryLimits, summary};

use crate::finding::Region;

/// Where the workspace is in the repository, for links and annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The address of the repository's files at the commit, with a `/` at its end; `None`: no links.
    pub blob_url: Option<String>,
    /// The workspace's path in the checkout, with a `/` at its end; empty if it is the checkout.
    pub prefix: String,
}

impl Source {
    /// The address of a path, or of a place in it; `None` where the path cannot be spelt in one.
    fn link(&self, path: &str, region: Option<Region>) -> Option<String> {
        let base = self.blob_url.as_deref()?;
        let full = format!("{}{path}", self.prefix);
        // A backslash may stand for a byte that is not UTF-8; a link could then lead to another file.
        let is_odd =
            full.contains('\\') || full.split('/').any(|part| matches!(part, "" | "." | ".."));
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/%".contains(&byte);
        if is_odd || !base.bytes().all(is_safe) {
            return None;
        }
        let path: String = full.bytes().map(url_byte).collect();
        let line = match region {
            None => String::new(),
            Some(region) if region.end_line > region.line => {
                format!("#L{}-L{}", region.line, region.end_line)
            }
            Some(region) => format!("#L{}", region.line),
        };
        Some(format!("{base}{path}{line}"))
    }
}

/// A byte of a path as it is spelt in an address.
fn url_byte(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests;
