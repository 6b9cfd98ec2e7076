//! What a schema refers to outside itself: files of the workspace and built-in schemas. Never the network.

use super::builtin::Builtin;
use jsonschema::{Retrieve, Uri};
use serde_json::Value;
use std::error::Error;
use std::sync::Arc;

/// The scheme of the addresses that files of the workspace have here.
const WORKSPACE: &str = "workspace:///";

/// Other schemas, by path.
pub trait Library: Send + Sync {
    /// The value in a file of the workspace (path relative to it, with `/`).
    ///
    /// # Errors
    /// It is missing, cannot be read, or holds no value: why, as a sentence.
    fn value(&self, path: &str) -> Result<Value, String>;
}

/// There are no other schemas.
#[derive(Debug)]
pub struct NoLibrary;

impl Library for NoLibrary {
    fn value(&self, path: &str) -> Result<Value, String> {
        Err(format!("`{path}`: files cannot be referred to from here"))
    }
}

/// Answers the validator's questions for other schemas.
pub(super) struct Resolver {
    pub(super) library: Arc<dyn Library>,
    /// Where the schema says that its folder is published, and the folder that it is in.
    pub(super) published: Option<(String, String)>,
}

impl Resolver {
    /// `id`: what the schema says its address is; `path`: where it is.
    pub(super) fn new(library: Arc<dyn Library>, id: Option<&str>, path: Option<&str>) -> Self {
        let folder = |address: &str| {
            let end = address.rfind('/').map_or(0, |slash| slash + 1);
            address[..end].to_owned()
        };
        let published = id
            .filter(|id| id.contains("://"))
            .zip(path)
            .map(|(id, path)| (folder(id), folder(path)));
        Self { library, published }
    }

    /// The path of the file that an address stands for.
    fn path(&self, address: &str) -> Option<String> {
        if let Some(path) = address.strip_prefix(WORKSPACE) {
            return Some(decode(path));
        }
        let (published, folder) = self.published.as_ref()?;
        let rest = address.strip_prefix(published.as_str())?;
        Some(format!("{folder}{}", decode(rest)))
    }
}

impl Retrieve for Resolver {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let address = uri.as_str();
        let address = address.split('#').next().unwrap_or(address);
        if let Some(name) = address.strip_prefix("builtin:") {
            return match Builtin::find(name) {
                Some(builtin) => Ok(builtin.source()?),
                None => Err(format!("`{address}` is no built-in schema").into()),
            };
        }
        match self.path(address) {
            Some(path) => Ok(self.library.value(&path)?),
            None => Err(format!(
                "`{address}` is outside of the workspace, and nothing is loaded from a network"
            )
            .into()),
        }
    }
}

/// The address of a file of the workspace.
pub(super) fn address(path: &str) -> String {
    use std::fmt::Write as _;
    let mut address = WORKSPACE.to_owned();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) if *first == b'%' => {
                bytes.push(code);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_back_to_their_paths() {
        let resolver = Resolver::new(Arc::new(NoLibrary), None, None);
        for path in ["a.json", "ä b/%41#.json", "100%", "%zz"] {
            assert_eq!(resolver.path(&address(path)).as_deref(), Some(path));
        }
        assert_eq!(resolver.path("https://example.com/a.json"), None);
    }

    #[test]
    fn what_a_schema_publishes_beside_itself_is_beside_it() {
        let id = "https://example.com/v1/main.json";
        let resolver = Resolver::new(Arc::new(NoLibrary), Some(id), Some("schemas/main.json"));
        let path = |address: &str| resolver.path(address);
        assert_eq!(
            path("https://example.com/v1/other.json").as_deref(),
            Some("schemas/other.json")
        );
        assert_eq!(path("https://example.com/v2/other.json"), None);
    }
}
