//! Made-up credentials from templates: for the examples of the detectors, and for corpora on which a scan is tried. The
//! same seed makes the same text.
//!
//! A template is a text with fields. `<digit:n>`, `<hex:n>`, `<HEX:n>`, `<lower:n>` (a-z0-9), `<upper:n>` (A-Z0-9),
//! `<alpha:n>`, `<alnum:n>`, `<word:n>` (with `-` and `_`, but not at its ends), `<base64:n>`, `<base64url:n>` and
//! `<base32:n>` are n random characters; `<uuid>` is a random UUID; `<checked:KIND:BEGINNING:n>` is the beginning, n random
//! letters and digits, and the checksum of that kind. Anything else in angle brackets stays as it is.

use super::checksum::Checksum;
use std::fmt::Write as _;

/// Longest run of random characters that a template can ask for.
const LONGEST: usize = 100_000;

/// Random numbers that are the same for the same seed (`SplitMix64`). Nothing secret may be made of them.
#[derive(Clone, Debug)]
pub struct Generator {
    state: u64,
}

impl Generator {
    /// A generator that begins here.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = end.max(1) as u64;
        usize::try_from(self.number() % end).unwrap_or(0)
    }

    /// The template with its fields filled.
    pub fn fill(&mut self, template: &str) -> String {
        let mut text = String::with_capacity(template.len() * 2);
        let mut rest = template;
        while let Some(open) = rest.find('<') {
            text.push_str(&rest[..open]);
            rest = &rest[open..];
            let field = rest.find('>').map(|close| &rest[1..close]);
            if let Some(field) = field
                && self.field(field, &mut text).is_some()
            {
                rest = &rest[field.len() + 2..];
            } else {
                text.push('<');
                rest = &rest[1..];
            }
        }
        text.push_str(rest);
        text
    }

    /// Writes what a field stands for; `None`, and nothing written, if it is no field.
    fn field(&mut self, field: &str, text: &mut String) -> Option<()> {
        if field == "uuid" {
            self.uuid(text);
            return Some(());
        }
        let (kind, length) = field.rsplit_once(':')?;
        let length: usize = length.parse().ok().filter(|length| *length <= LONGEST)?;
        if let Some(rest) = kind.strip_prefix("checked:") {
            let (kind, beginning) = rest.split_once(':')?;
            let checksum = Checksum::named(kind)?;
            let mut whole = beginning.to_owned();
            self.characters(ALNUM, length, &mut whole);
            text.push_str(&checksum.complete(&whole));
            return Some(());
        }
        let alphabet = alphabet(kind)?;
        if kind == "word" && length > 1 {
            self.characters(ALNUM, 1, text);
            self.characters(alphabet, length - 2, text);
            self.characters(ALNUM, 1, text);
        } else {
            self.characters(alphabet, length, text);
        }
        Some(())
    }

    fn characters(&mut self, alphabet: &[u8], count: usize, text: &mut String) {
        for _ in 0..count {
            text.push(char::from(alphabet[self.below(alphabet.len())]));
        }
    }

    fn uuid(&mut self, text: &mut String) {
        let (high, low) = (self.number(), self.number());
        // Version 4, variant 1 (RFC 9562).
        let high = high & 0xffff_ffff_ffff_0fff | 0x4000;
        let low = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
        let written = write!(
            text,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        );
        debug_assert!(written.is_ok(), "a string takes every text");
    }
}

const ALNUM: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn alphabet(kind: &str) -> Option<&'static [u8]> {
    Some(match kind {
        "digit" => b"0123456789",
        "hex" => b"0123456789abcdef",
        "HEX" => b"0123456789ABCDEF",
        "lower" => b"0123456789abcdefghijklmnopqrstuvwxyz",
        "upper" => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "alpha" => &ALNUM[10..],
        "alnum" => ALNUM,
        "word" | "base64url" => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_",
        "base64" => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/",
        "base32" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_filled_and_other_brackets_stay() {
        let mut random = Generator::new(7);
        let text = random.fill("a<your-token>b<hex:8>c<nothing:4>d<uuid><b");
        assert!(text.starts_with("a<your-token>b"), "{text}");
        assert!(
            text.ends_with("<b") && text.contains("c<nothing:4>d"),
            "{text}"
        );
        assert_eq!(
            text.len(),
            "a<your-token>b".len() + 8 + "c<nothing:4>d".len() + 36 + 2
        );
        assert_eq!(
            Generator::new(7).fill("<alnum:40>"),
            Generator::new(7).fill("<alnum:40>")
        );
        assert_ne!(
            Generator::new(7).fill("<alnum:40>"),
            Generator::new(8).fill("<alnum:40>")
        );
    }

    #[test]
    fn checked_credentials_are_right() {
        for (kind, template) in [
            (Checksum::Github, "<checked:github:ghp_:30>"),
            (
                Checksum::GitlabRoutable,
                "<checked:gitlab-routable:glpat-:30>",
            ),
            (Checksum::Grafana, "<checked:grafana:glsa_:32>"),
            (Checksum::Jwt, "<checked:jwt::20>"),
        ] {
            for seed in 0..50 {
                let token = Generator::new(seed).fill(template);
                assert!(kind.holds(token.as_bytes()), "{token}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_template_has_a_text(template in "[<>a-c:0-9é]{0,40}") {
            let _ = Generator::new(1).fill(&template);
        }
    }
}
