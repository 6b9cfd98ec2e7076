//! Reads the data files of the detectors. They are TOML, of which this knows the part that they use, and reads it without
//! copying: all of them have to be there before the first file is looked at. A test compares it with a complete reader.

use super::checksum::Checksum;
use super::detector::{Confidence, DetectorData, Shape};
use std::borrow::Cow;

type Text = Cow<'static, str>;

/// The detectors of a data file.
///
/// # Errors
/// The line that is no TOML, or more of TOML than this knows, or no field of a detector.
pub(super) fn parse(file: &'static str) -> Result<Vec<DetectorData>, String> {
    let mut all: Vec<DetectorData> = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if line.is_empty() || line.starts_with('#') {
            rest = after;
        } else if line == "[[detector]]" {
            all.push(DetectorData::default());
            rest = after;
        } else {
            let field = line.split_once(" = ").zip(all.last_mut());
            let left =
                field.and_then(|((key, _), detector)| set(detector, key, &rest[key.len() + 3..]));
            rest = left.ok_or_else(|| format!("not understood: {line}"))?;
        }
    }
    Ok(all)
}

/// Sets a field to the value at the beginning of the text, and gives what comes after its line.
fn set(detector: &mut DetectorData, key: &str, text: &'static str) -> Option<&'static str> {
    let rest = match key {
        "keywords" => list(text, &mut detector.keywords)?,
        "examples" => list(text, &mut detector.examples)?,
        "counterexamples" => list(text, &mut detector.counterexamples)?,
        "ignore_case" | "entropy" => {
            let (word, _) = text.split_once('\n')?;
            if key == "entropy" {
                detector.entropy = Some(word.parse().ok()?);
            } else {
                detector.ignore_case = word.parse().ok()?;
            }
            &text[word.len()..]
        }
        _ => {
            let (value, rest) = string(text)?;
            match key {
                "id" => detector.id = value,
                "name" => detector.name = value,
                "pattern" => detector.pattern = value,
                "remedy" => detector.remedy = value,
                "url" => detector.url = value,
                "checksum" => detector.checksum = Some(Checksum::named(&value)?),
                "confidence" => detector.confidence = Confidence::named(&value)?,
                "shape" => detector.shape = Shape::named(&value)?,
                _ => return None,
            }
            rest
        }
    };
    rest.strip_prefix('\n')
        .or_else(|| rest.is_empty().then_some(rest))
}

/// A list of strings, over one line or several.
fn list(text: &'static str, items: &mut Vec<Text>) -> Option<&'static str> {
    let mut rest = text.strip_prefix('[')?;
    loop {
        rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix(']') {
            return Some(rest);
        }
        let (item, after) = string(rest)?;
        items.push(item);
        rest = after.trim_start();
        rest = rest
            .strip_prefix(',')
            .or_else(|| rest.starts_with(']').then_some(rest))?;
    }
}

/// A string at the beginning of the text, and what comes after it.
fn string(text: &'static str) -> Option<(Text, &'static str)> {
    if let Some(rest) = text.strip_prefix("'''") {
        let (value, rest) = rest.split_once("'''")?;
        return Some((value.into(), rest));
    }
    if let Some(rest) = text.strip_prefix('\'') {
        let (value, rest) = rest.split_once('\'')?;
        return (!value.contains('\n')).then(|| (value.into(), rest));
    }
    let rest = text.strip_prefix('"')?;
    let end = memchr::memchr3(b'"', b'\\', b'\n', rest.as_bytes())?;
    match rest.as_bytes()[end] {
        b'"' => Some((rest[..end].into(), &rest[end + 1..])),
        b'\\' => escaped(rest),
        _ => None,
    }
}

/// A string with escapes, from behind its opening quote.
fn escaped(text: &'static str) -> Option<(Text, &'static str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let at = memchr::memchr3(b'"', b'\\', b'\n', rest.as_bytes())?;
        value.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => return Some((value.into(), &rest[at + 1..])),
            b'\n' => return None,
            _ => {}
        }
        value.push(match rest.as_bytes().get(at + 1)? {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'"' => '"',
            b'\\' => '\\',
            _ => return None,
        });
        rest = &rest[at + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::data::FILES;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct File {
        detector: Vec<DetectorData>,
    }

    #[test]
    fn a_complete_reader_of_toml_reads_the_same() {
        for (name, text) in FILES {
            let complete: File =
                toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(
                parse(text).as_ref() == Ok(&complete.detector),
                "{name}: {:?}",
                parse(text).err()
            );
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for text in [
            "id = 'x'",
            "[[detector]]\nid = x\n",
            "[[detector]]\nid = 'x\n'\n",
            "[[detector]]\ncolour = 'x'\n",
            "[[detector]]\nkeywords = ['x' 'y']\n",
            "[[detector]]\nkeywords = ['x',\n",
            "[[detector]]\nid = 'x' # no comments here\n",
            "[[detector]]\nconfidence = 'sure'\n",
            "[[detector]]\nentropy = much\n",
            "[[detector]]\nname = \"\\x\"\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let parsed = parse(
            "# file\n\n[[detector]]\nid = 'x'\nname = \"a\\\"b\"\nkeywords = [\n  'x',\n  \"y\"\n]",
        );
        let parsed = parsed.unwrap();
        assert_eq!(
            (&*parsed[0].id, &*parsed[0].name, parsed[0].keywords.len()),
            ("x", "a\"b", 2)
        );
    }
}
