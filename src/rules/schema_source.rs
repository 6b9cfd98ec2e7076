//! Where the schema of the rule `schema` comes from, as an option.

use crate::schemas::Builtin;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// What begins the name of a built-in schema.
const BUILTIN: &str = "builtin:";

/// A schema, as a policy names it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// A built-in one.
    Builtin(Builtin),
    /// A file of the workspace, by its path.
    File(String),
    /// Written in the policy.
    Inline(serde_json::Value),
}

impl Source {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix(BUILTIN) {
            return Builtin::find(name).map(Self::Builtin).ok_or_else(|| {
                let known = Builtin::ALL.map(|one| format!("`{BUILTIN}{}`", one.name()));
                format!(
                    "`{text}` is no built-in schema: expected {}",
                    known.join(" or ")
                )
            });
        }
        if text.contains("://") {
            return Err(format!(
                "`{text}`: nothing is loaded from a network; expected the path of a schema in the workspace"
            ));
        }
        let is_path = !text.is_empty()
            && !text.contains(['\\', '\0'])
            && !text.split('/').any(|part| matches!(part, "" | "." | ".."));
        if !is_path {
            return Err(format!(
                "`{text}` is no path of a file in the workspace: expected for example `schemas/config.json`"
            ));
        }
        Ok(Self::File(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(source)? {
            serde_json::Value::String(text) => Self::parse(&text).map_err(D::Error::custom),
            schema @ serde_json::Value::Object(_) => Ok(Self::Inline(schema)),
            _ => Err(D::Error::custom(
                "expected `builtin:NAME`, the path of a schema in the workspace, or a schema",
            )),
        }
    }
}

impl JsonSchema for Source {
    fn schema_name() -> Cow<'static, str> {
        "SchemaSource".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A built-in schema (builtin:github-workflow, builtin:github-action), the path of one in the workspace, or one written here",
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "object" }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_schema_is_refused() {
        for (text, said) in [
            ("builtin:github", "is no built-in schema"),
            ("https://example.com/a.json", "nothing is loaded"),
            ("", "is no path"),
            ("../a.json", "is no path"),
            ("/a.json", "is no path"),
            ("a//b.json", "is no path"),
        ] {
            let message = Source::parse(text).unwrap_err();
            assert!(message.contains(said), "{message}");
        }
        let builtin = Source::Builtin(Builtin::GithubAction);
        assert_eq!(Source::parse("builtin:github-action"), Ok(builtin));
    }
}
