//! How to speak of a credential without telling it: a preview for people, a fingerprint for comparing.

use super::data::public_prefix;
use sha2::{Digest as _, Sha256};

/// The key of the fingerprints of one run: without it nobody can try guesses.
#[derive(Clone)]
pub struct Key {
    inner: Sha256,
    outer: Sha256,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Key(..)")
    }
}

impl Key {
    /// A key of these bytes: random ones, 32 or more.
    pub fn new(bytes: &[u8]) -> Self {
        let mut block = [0_u8; 64];
        if bytes.len() > block.len() {
            block[..32].copy_from_slice(&Sha256::digest(bytes));
        } else {
            block[..bytes.len()].copy_from_slice(bytes);
        }
        let padded = |with: u8| Sha256::new_with_prefix(block.map(|byte| byte ^ with));
        Self {
            inner: padded(0x36),
            outer: padded(0x5c),
        }
    }

    /// HMAC-SHA-256 (RFC 2104).
    fn authenticate(&self, message: &[u8]) -> [u8; 32] {
        let inner = self.inner.clone().chain_update(message).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }
}

/// The first 16 bytes of an HMAC-SHA-256 of the credential: equal for equal credentials under one key.
pub fn fingerprint(key: &Key, secret: &[u8]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&key.authenticate(secret)[..16]);
    first
}

/// Stands for what is not told, however long it is.
const MASK: &str = "****";

/// The credential with nearly all of it masked: what says of which kind it is (`ghp_`), and of a long one its last
/// characters, 4 at most. A line of printable ASCII, whatever the bytes are.
pub fn preview(secret: &[u8]) -> String {
    if let Some(header) = block_header(secret) {
        return format!("{header}{MASK}");
    }
    let prefix = public_prefix(secret);
    let rest = &secret[prefix.len()..];
    let shown = match rest.len() {
        0..20 => 0,
        20..32 => 2,
        _ => 4,
    };
    let tail = &rest[rest.len() - shown..];
    let tail = if tail.iter().all(u8::is_ascii_alphanumeric) {
        String::from_utf8_lossy(tail)
    } else {
        "".into()
    };
    format!("{prefix}{MASK}{tail}")
}

/// `-----BEGIN ... PRIVATE KEY-----`: the first line of a key in PEM, which everybody's key begins with.
fn block_header(secret: &[u8]) -> Option<&str> {
    const DASHES: &str = "-----";
    let head = &secret[..secret.len().min(64)];
    let label = head.strip_prefix(b"-----BEGIN ")?;
    let is_label = |byte: &u8| byte.is_ascii_uppercase() || *byte == b' ';
    let length = label.iter().take_while(|byte| is_label(byte)).count();
    let is_closed = label[length..].starts_with(DASHES.as_bytes());
    let header = &head[..head.len() - label.len() + length + DASHES.len() * usize::from(is_closed)];
    (is_closed && label[..length].ends_with(b"KEY"))
        .then(|| std::str::from_utf8(header).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_published_vectors_hold() {
        // RFC 4231, test cases 1, 2 and 6.
        for (key, message, expected) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            let whole = Key::new(key).authenticate(message);
            assert_eq!(
                format!("{whole:02x?}").replace(['[', ']', ',', ' '], ""),
                expected
            );
            assert_eq!(fingerprint(&Key::new(key), message), whole[..16]);
        }
    }

    #[test]
    fn previews_tell_the_kind_and_little_more() {
        assert_eq!(preview(b"hunter2"), "****");
        assert_eq!(preview(b"0123456789abcdefghij"), "****ij");
        assert_eq!(preview(b"0123456789abcdefghijklmnopqrstuvwxyz"), "****wxyz");
        assert_eq!(
            preview(b"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"),
            "-----BEGIN RSA PRIVATE KEY-----****"
        );
        assert_eq!(preview(b"-----BEGIN secret"), "****");
        assert_eq!(preview(b""), "****");
        assert!(!format!("{:?}", Key::new(b"very secret")).contains("secret"));
    }

    proptest! {
        #[test]
        fn previews_of_any_bytes_tell_at_most_four_of_them(bytes in proptest::collection::vec(any::<u8>(), 0..90)) {
            let shown = preview(&bytes);
            prop_assert!(shown.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
            let prefix = public_prefix(&bytes);
            let tail = shown.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(MASK)).unwrap();
            prop_assert!(tail.len() <= 4 && tail.len() * 8 <= bytes.len());
        }
    }
}
