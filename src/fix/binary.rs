//! What git does not take for text, as a `GIT binary patch` that can also be undone.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write as _;

/// git's digits of base 85.
const DIGITS: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
/// Most bytes on one line.
const LINE: usize = 52;

/// Appends the change: digests of both sides, the new content, the old one.
pub(super) fn push(old: Option<&[u8]>, new: &[u8], out: &mut Vec<u8>) -> anyhow::Result<()> {
    let digest = |content: Option<&[u8]>| -> anyhow::Result<String> {
        let kind = gix::hash::Kind::Sha1;
        Ok(match content {
            None => kind.null().to_string(),
            Some(content) => {
                gix::objs::compute_hash(kind, gix::objs::Kind::Blob, content)?.to_string()
            }
        })
    };
    let index = format!("index {}..{}\n", digest(old)?, digest(Some(new))?);
    out.extend_from_slice(index.as_bytes());
    out.extend_from_slice(b"GIT binary patch\n");
    literal(new, out)?;
    literal(old.unwrap_or_default(), out)?;
    Ok(())
}

fn literal(content: &[u8], out: &mut Vec<u8>) -> std::io::Result<()> {
    out.extend_from_slice(format!("literal {}\n", content.len()).as_bytes());
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    for line in encoder.finish()?.chunks(LINE) {
        // The length as a letter: A to Z are 1 to 26, a to z 27 to 52.
        let length = u8::try_from(line.len()).unwrap_or(0);
        out.push(if length <= 26 {
            b'A' + length - 1
        } else {
            b'a' + length - 27
        });
        for group in line.chunks(4) {
            let mut bytes = [0; 4];
            bytes[..group.len()].copy_from_slice(group);
            let mut number = u32::from_be_bytes(bytes);
            let mut digits = [0; 5];
            for digit in digits.iter_mut().rev() {
                *digit = DIGITS[(number % 85) as usize];
                number /= 85;
            }
            out.extend_from_slice(&digits);
        }
        out.push(b'\n');
    }
    out.push(b'\n');
    Ok(())
}
