//! File-name extensions as an option of a rule.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Extensions as a policy lists them: with or without the dot, in any case, of any number of parts (`tar.gz`).
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub(super) struct Extensions(Vec<Extension>);

impl Extensions {
    /// These extensions, without dot and in lower case.
    pub(super) fn of(list: &[&str]) -> Self {
        Self(
            list.iter()
                .map(|text| Extension((*text).to_owned()))
                .collect(),
        )
    }

    /// Whether a file name ends in one of them.
    pub(super) fn cover(&self, name: &[u8]) -> bool {
        self.0.iter().any(|Extension(wanted)| {
            name.len().checked_sub(wanted.len() + 1).is_some_and(|dot| {
                name[dot] == b'.' && name[dot + 1..].eq_ignore_ascii_case(wanted.as_bytes())
            })
        })
    }
}

/// One extension, without its dot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
struct Extension(String);

impl TryFrom<String> for Extension {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let bare = text.strip_prefix('.').unwrap_or(&text);
        if bare.is_empty() || bare.contains(['/', '*']) {
            return Err(format!(
                "`{text}` is no extension: expected for example `md` or `tar.gz`"
            ));
        }
        Ok(Self(bare.to_owned()))
    }
}

impl schemars::JsonSchema for Extension {
    fn schema_name() -> Cow<'static, str> {
        "Extension".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The end of a file name after a dot; case does not matter",
            "type": "string", "pattern": "^\\.?[^*/]+$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_covered_from_a_dot_on_in_any_case() {
        let extensions: Extensions = serde_yaml::from_str("[.MD, tar.gz]").unwrap();
        for covered in ["a.md", "a.b.Md", ".md", "x.TAR.gz"] {
            assert!(extensions.cover(covered.as_bytes()), "{covered}");
        }
        for other in ["md", "amd", "a.mdx", "gz", "a.gz", ""] {
            assert!(!extensions.cover(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn what_is_no_extension_is_refused() {
        for refused in ["['']", "['.']", "['*.md']", "['a/b']"] {
            assert!(
                serde_yaml::from_str::<Extensions>(refused).is_err(),
                "{refused}"
            );
        }
    }
}
