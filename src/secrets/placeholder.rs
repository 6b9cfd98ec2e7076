//! Values that only stand for a credential: placeholders, references to where it really is, and the examples that vendors
//! publish.

use regex::bytes::{Regex, RegexBuilder};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// What no issued credential says. Long words anywhere; short ones only where something else than a letter surrounds them.
const WORDS: &str = concat!(
    "example|change[-_.]?(?:me|this|it)|placeholder|redacted|replace[-_.]?(?:me|this|it|with)|insert[-_.]?(?:your|here)",
    "|not[-_.]?(?:a[-_.]?)?(?:real|valid)|dummy|x{5}|your[-_.]|[-_.]here\\b",
    "|your(?:api|token|key|secret|pass|access|client|auth|own|real|private)",
    "|(?:^|[^a-z])(?:fake|todo|tbd|foobar|sample|invalid|revoked|expired|xxx+|removed|hidden|masked|omitted)(?:[^a-z]|$)",
    "|(?:token|key|secret|password)[-_.]?(?:goes|here)",
);

/// How templates, shells and formats refer to a value that is elsewhere.
const REFERENCES: &str = concat!(
    r"^\$|\$\{|\$\(|\{\{|\}\}|<%|%>|\*\*\*|\.\.\.|…|^<|>$|^%|%[sdv@]$|^\{[^}]*\}$|^\[[^\]]*\]$|#\{|@\{|\(\(",
    r"|^__.*__$|^@@|process\.env|os\.environ|getenv|ENV\[|secrets\.|vault:|^arn:|^env:|^file:|^ref\+|^op://",
);

fn compile(source: &str) -> Option<Regex> {
    RegexBuilder::new(source)
        .case_insensitive(true)
        .unicode(false)
        .build()
        .ok()
}

static PLACEHOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| compile(WORDS));
static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| compile(REFERENCES));

/// Whether the value stands for a credential and is none.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    // Cannot be missing: a test compiles it. Without it everything is reported.
    PLACEHOLDER
        .as_ref()
        .is_some_and(|words| words.is_match(value))
        || is_monotonous(value)
        || has_sequence(value)
}

/// Whether the value says where the credential is: a variable, a template, a path in a store.
pub(super) fn is_reference(value: &[u8]) -> bool {
    REFERENCE
        .as_ref()
        .is_some_and(|forms| forms.is_match(value))
}

/// One character many times over, or hardly any different ones.
fn is_monotonous(value: &[u8]) -> bool {
    let mut longest = 0;
    let mut run = 0;
    let mut before = None;
    let mut seen = [false; 256];
    let mut kinds = 0;
    for byte in value {
        run = if before == Some(byte) { run + 1 } else { 1 };
        longest = longest.max(run);
        before = Some(byte);
        let seen = &mut seen[usize::from(*byte)];
        kinds += usize::from(!*seen);
        *seen = true;
    }
    // A third: some issuers fill up with one character.
    let longest_by_chance = if value.len() <= 16 {
        4
    } else {
        6.max(value.len() / 3)
    };
    longest > longest_by_chance || kinds <= 2 || (value.len() >= 16 && kinds <= 4)
}

/// Rows of keys on a keyboard and of characters in their order.
const ROWS: [&[u8]; 5] = [
    b"01234567890123456789",
    b"abcdefghijklmnopqrstuvwxyz0123456789",
    b"9876543210987654321",
    b"qwertyuiop",
    b"asdfghjkl",
];

/// Most characters in a row that chance puts beside each other.
const LONGEST_SEQUENCE: usize = 6;

/// Whether a row of characters in their order makes up a good part of the value.
fn has_sequence(value: &[u8]) -> bool {
    ROWS.iter().any(|row| {
        let mut matched = 0;
        let mut longest = 0;
        let mut at: Option<usize> = None;
        for byte in value.iter().map(u8::to_ascii_lowercase) {
            let follows = at.is_some_and(|at| row.get(at + 1) == Some(&byte));
            at = if follows {
                at.map(|at| at + 1)
            } else {
                row.iter().position(|one| *one == byte)
            };
            matched = if follows {
                matched + 1
            } else {
                usize::from(at.is_some())
            };
            longest = longest.max(matched);
        }
        longest > LONGEST_SEQUENCE || (longest >= 5 && longest * 2 >= value.len())
    })
}

/// The first 8 bytes of the SHA-256 of credentials that their vendors publish as examples or that are the same in every
/// installation: told like this, no scanner takes them for a leak.
const DOCUMENTED: [u64; 11] = [
    // RFC 6749 and RFC 6750: client credentials, access tokens, refresh token.
    0xca74_59e2_b267_76de,
    0x6c96_130f_130a_b0d6,
    0x00cf_4c78_1dc3_7003,
    0xb8e1_4854_5b13_c78b,
    // RFC 7515 and jwt.io: web tokens.
    0x8d4e_f653_6dc8_895f,
    0x7f75_367e_7881_2551,
    // Stripe: keys of the public sandbox.
    0x2caf_c097_0149_a84f,
    0xf2d6_ca16_5150_33e5,
    0xb147_1f54_4cee_ea31,
    // Azure: keys of the storage and of the Cosmos DB emulators.
    0x0011_cc25_eb43_2071,
    0xaa65_4743_9583_c3a2,
];

/// Whether a vendor's documentation holds this very value.
pub(super) fn is_documented(value: &[u8]) -> bool {
    let digest = Sha256::digest(value);
    let first = digest
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    DOCUMENTED.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::synthetic::Generator;

    #[test]
    fn placeholders_are_known() {
        for value in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "your_api_key",
            "YOUR-TOKEN-HERE",
            "changeme",
            "change_me",
            "<password>",
            "${DB_PASSWORD}",
            "$PASSWORD",
            "{{ password }}",
            "%s",
            "********",
            "sk_live_0000000000000000",
            "abcdefghijklmnop",
            "0123456789abcdef",
            "1234567890",
            "qwertyuiop",
            "aaaaaaaa",
            "sk-...",
            "replace_with_token",
            "[password]",
            "__TOKEN__",
        ] {
            let value = value.as_bytes();
            assert!(is_placeholder(value) || is_reference(value), "{value:?}");
        }
    }

    #[test]
    fn values_that_vendors_publish_are_known() {
        assert!(is_documented(
            ["2YotnFZF", "Ejr1zCsicMWpAA"].concat().as_bytes()
        ));
        assert!(!is_documented(b"2YotnFZFEjr1zCsicMWpAB"));
    }

    #[test]
    fn issued_values_are_none() {
        for template in [
            "<alnum:20>",
            "<hex:32>",
            "<hex:64>",
            "sk_test_<alnum:24>",
            "<base64url:86>",
            "<digit:10>:<word:35>",
        ] {
            for seed in 0..300 {
                let value = Generator::new(seed).fill(template);
                assert!(!is_placeholder(value.as_bytes()), "{value}");
            }
        }
    }
}
