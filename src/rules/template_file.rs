//! A file of the workspace that missing files are made from, as an option.

use super::check::Files;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// The file, by its path, and what it held at the beginning of the scan.
pub(super) struct Template {
    path: String,
    content: Mutex<Option<Arc<[u8]>>>,
}

impl Template {
    /// The path in the workspace.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Reads the file.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn load(&self, files: &dyn Files) -> Result<(), String> {
        let read = files.read(&self.path).map(Arc::from);
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        *content = read.as_ref().ok().cloned();
        read.map(drop)
    }

    /// What it holds, if it could be read.
    pub(super) fn content(&self) -> Option<Arc<[u8]>> {
        let content = self.content.lock();
        content.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let path = String::deserialize(source)?;
        let is_path = !path.contains(['\\', '\0', '*', '?'])
            && !path.split('/').any(|part| matches!(part, "" | "." | ".."));
        if !is_path {
            return Err(D::Error::custom(format!(
                "`{path}` is no path of a file in the workspace: expected for example `templates/LICENSE`"
            )));
        }
        let content = Mutex::default();
        Ok(Self { path, content })
    }
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "TemplateFile".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The path of a file in the workspace, with /",
            "type": "string", "minLength": 1
        })
    }
}
