//! Checksums that credentials carry: a match with a wrong one is no credential, and one with a right one is hardly
//! anything else. Computed here, asked of nobody. Only schemes whose issuers say how they are computed.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use schemars::JsonSchema;
use serde::Deserialize;

/// How a credential tells that it is well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Checksum {
    /// GitHub: after the last `_`, random characters and then 6 that are their CRC-32 in base 62.
    Github,
    /// npm: the same scheme as GitHub's.
    Npm,
    /// GitLab's routable tokens: the last 7 are the CRC-32, in base 36, of everything before them.
    GitlabRoutable,
    /// Grafana: after the last `_`, the CRC-32 of everything before it, as 8 hexadecimal digits, lowest byte first.
    Grafana,
    /// No checksum, but as telling: `user:password` in base 64.
    Userinfo,
    /// A JSON web token: its first part is a JSON object that names an algorithm.
    Jwt,
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Longest part of a web token that is decoded.
const LONGEST_HEADER: usize = 4096;

/// The alphabet of web tokens. Sloppy last bits and padding do not make it another header.
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Checksum {
    /// The scheme with this name in data files and templates.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "github" => Self::Github,
            "npm" => Self::Npm,
            "gitlab-routable" => Self::GitlabRoutable,
            "grafana" => Self::Grafana,
            "userinfo" => Self::Userinfo,
            "jwt" => Self::Jwt,
            _ => return None,
        })
    }

    /// Whether the credential's checksum is right.
    pub fn holds(self, credential: &[u8]) -> bool {
        match self {
            Self::Github | Self::Npm => {
                let body = after_last(credential, b'_');
                let Some(at) = body.len().checked_sub(6).filter(|at| *at > 0) else {
                    return false;
                };
                in_base(crc32fast::hash(&body[..at]), BASE62) == body[at..]
            }
            Self::GitlabRoutable => {
                let Some(at) = credential.len().checked_sub(7) else {
                    return false;
                };
                base36(crc32fast::hash(&credential[..at])) == credential[at..]
            }
            Self::Grafana => {
                let Some(at) = credential.len().checked_sub(9) else {
                    return false;
                };
                credential[at] == b'_'
                    && little_endian_hex(crc32fast::hash(&credential[..at])) == credential[at + 1..]
            }
            Self::Userinfo => is_userinfo(credential),
            Self::Jwt => is_jwt_header(credential),
        }
    }

    /// A right checksum proves by itself that something was issued: chance does not make one.
    pub fn is_proof(self) -> bool {
        !matches!(self, Self::Jwt | Self::Userinfo)
    }

    /// The credential that begins like this, with its checksum: for examples.
    pub(super) fn complete(self, beginning: &str) -> String {
        let text = |digits: &[u8]| String::from_utf8_lossy(digits).into_owned();
        let bytes = beginning.as_bytes();
        match self {
            Self::Github | Self::Npm => {
                let crc = crc32fast::hash(after_last(bytes, b'_'));
                beginning.to_owned() + &text(&in_base(crc, BASE62))
            }
            Self::GitlabRoutable => {
                let payload =
                    bytes.len() - bytes.iter().position(|b| *b == b'-').map_or(0, |at| at + 1);
                let length = base36(u32::try_from(payload).unwrap_or(0));
                let whole = format!("{beginning}.01.{}", text(&length[5..]));
                let crc = base36(crc32fast::hash(whole.as_bytes()));
                whole + &text(&crc)
            }
            Self::Grafana => {
                format!(
                    "{beginning}_{}",
                    text(&little_endian_hex(crc32fast::hash(bytes)))
                )
            }
            Self::Userinfo => general_purpose::STANDARD.encode(beginning),
            Self::Jwt => {
                let encode = |part: &[u8]| general_purpose::URL_SAFE_NO_PAD.encode(part);
                let header = encode(br#"{"alg":"HS256","typ":"JWT"}"#);
                let claims =
                    encode(format!("{{\"sub\":\"{beginning}\",\"iat\":1700000000}}").as_bytes());
                let signature = encode(
                    &beginning
                        .bytes()
                        .rev()
                        .cycle()
                        .take(32)
                        .collect::<Vec<u8>>(),
                );
                format!("{header}.{claims}.{signature}")
            }
        }
    }
}

fn after_last(text: &[u8], separator: u8) -> &[u8] {
    let at = text.iter().rposition(|byte| *byte == separator);
    &text[at.map_or(0, |at| at + 1)..]
}

/// A number in base 62 with leading zeros, 6 digits wide: all that 32 bits take.
fn in_base(number: u32, digits: &[u8; 62]) -> [u8; 6] {
    let mut rest = number;
    let mut text = [digits[0]; 6];
    for place in text.iter_mut().rev() {
        *place = digits[(rest % 62) as usize];
        rest /= 62;
    }
    text
}

/// A number in base 36, small letters, with leading zeros, 7 digits wide: all that 32 bits take.
fn base36(number: u32) -> [u8; 7] {
    let mut rest = number;
    let mut text = [b'0'; 7];
    for place in text.iter_mut().rev() {
        *place = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
        rest /= 36;
    }
    text
}

fn little_endian_hex(number: u32) -> [u8; 8] {
    let mut text = [b'0'; 8];
    for (pair, byte) in text.chunks_exact_mut(2).zip(number.to_le_bytes()) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    text
}

/// Longest user and password in base 64 that are decoded.
const LONGEST_USERINFO: usize = 1024;

fn is_userinfo(encoded: &[u8]) -> bool {
    if encoded.len() > LONGEST_USERINFO {
        return false;
    }
    let Ok(decoded) = STANDARD.decode(encoded) else {
        return false;
    };
    let Some(colon) = decoded.iter().position(|byte| *byte == b':') else {
        return false;
    };
    let (user, password) = (&decoded[..colon], &decoded[colon + 1..]);
    decoded.iter().all(u8::is_ascii_graphic)
        && user.len() + password.len() >= 8
        && password.len() >= 4
        && user != password
        && !super::placeholder::is_placeholder(password)
        && !super::placeholder::is_placeholder(user)
        && !super::plausible::is_word(password)
}

fn is_jwt_header(token: &[u8]) -> bool {
    let end = token.iter().position(|byte| *byte == b'.');
    let header = &token[..end.unwrap_or(token.len())];
    if header.len() > LONGEST_HEADER {
        return false;
    }
    let Ok(json) = URL_SAFE.decode(header) else {
        return false;
    };
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&json)
        .is_ok_and(|header| header.get("alg").is_some_and(serde_json::Value::is_string))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_padded() {
        assert_eq!(&in_base(0, BASE62), b"000000");
        assert_eq!(&in_base(u32::MAX, BASE62), b"4gfFC3");
        assert_eq!(&base36(u32::MAX), b"1z141z3");
        assert_eq!(&little_endian_hex(0x0102_0304), b"04030201");
    }

    #[test]
    fn the_schemes_are_their_issuers() {
        // Values that their issuers published: in two pieces, so that nobody's scanner takes this for a leak.
        let github = ["ghp_zQWBuTSOoRi4A9sp", "HcVY5ncnsDkxkJ0mLq17"].concat();
        let grafana = ["glsa_iNValIdinValiDinval", "idinvalidinva_5b582697"].concat();
        for (kind, credential) in [(Checksum::Github, github), (Checksum::Grafana, grafana)] {
            assert!(kind.holds(credential.as_bytes()), "{kind:?}");
            for at in 5..credential.len() {
                let mut other = credential.clone().into_bytes();
                other[at] = if other[at] == b'0' { b'1' } else { b'0' };
                assert!(!kind.holds(&other), "{kind:?} {at}");
            }
        }
    }

    #[test]
    fn web_tokens_have_a_header_with_an_algorithm() {
        let token = Checksum::Jwt.complete("somebody");
        assert!(Checksum::Jwt.holds(token.as_bytes()), "{token}");
        assert!(!Checksum::Jwt.holds(b"eyJub3QiOiJhIGhlYWRlciJ9.e30.c2ln"));
        assert!(!Checksum::Jwt.holds(b"eyJhbGciOi.e30.c2ln"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_have_an_answer(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
            for kind in [Checksum::Github, Checksum::GitlabRoutable, Checksum::Grafana, Checksum::Jwt] {
                proptest::prop_assert!(!kind.holds(&bytes));
            }
        }
    }
}
