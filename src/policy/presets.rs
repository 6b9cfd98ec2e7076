//! The presets: policies inside the binary, in the same language as any other.

/// A policy that is part of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The name that `extends` uses.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// All presets.
pub const PRESETS: [Preset; 4] = [
    Preset {
        name: "recommended",
        text: include_str!("presets/recommended.yml"),
    },
    Preset {
        name: "strict",
        text: include_str!("presets/strict.yml"),
    },
    Preset {
        name: "factory",
        text: include_str!("presets/factory.yml"),
    },
    Preset {
        name: "secrets",
        text: include_str!("presets/secrets.yml"),
    },
];

/// The preset that applies where there is no policy.
pub(super) const DEFAULT: &str = "recommended";

/// The preset of this name.
pub(super) fn find(name: &str) -> Option<Preset> {
    PRESETS.into_iter().find(|preset| preset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::policy::{Policy, PolicyFile, Problems, load};

    fn load_preset(name: &str) -> Result<Policy, Problems> {
        let file = PolicyFile {
            name: "p.yml".into(),
            workspace_path: None,
            outside_path: None,
            text: format!("version: 1\nextends: [{name}]\n").into_bytes(),
        };
        load(Some(file), &|_| panic!("presets read no files"))
    }

    #[test]
    fn every_preset_loads() {
        for preset in PRESETS {
            if let Err(problems) = load_preset(preset.name) {
                panic!("{problems}");
            }
        }
    }

    #[test]
    fn what_presets_say_arrives() {
        let factory = load_preset("factory").unwrap();
        assert!(factory.cleanup.rules.iter().all(|rule| !rule.tracked));
        let names: Vec<&str> = factory
            .sources
            .iter()
            .map(|source| source.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "p.yml",
                "preset factory",
                "preset recommended",
                "preset secrets"
            ]
        );
        for (preset, errors) in [("recommended", 11), ("strict", 31)] {
            let policy = load_preset(preset).unwrap();
            let is_error = |severity| severity == Some(Severity::Error);
            let found = policy
                .rules
                .iter()
                .filter(|rule| is_error(rule.variants[0].severity));
            assert_eq!(found.count(), errors, "{preset}");
        }
    }
}
