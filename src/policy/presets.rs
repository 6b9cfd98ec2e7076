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
pub const PRESETS: [Preset; 3] = [
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
];

/// The preset that applies where there is no policy.
pub(super) const DEFAULT: &str = "recommended";

/// The preset of this name.
pub(super) fn find(name: &str) -> Option<Preset> {
    PRESETS.into_iter().find(|preset| preset.name == name)
}
