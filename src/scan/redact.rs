//! Masks what looks like a credential in a source line before it becomes an excerpt: the record and the log are read by
//! many. Only the excerpt: positions and identities come from the line as it is.

use regex::{Captures, Regex, RegexSet};
use std::borrow::Cow;
use std::sync::LazyLock;

/// Shapes of credentials; the group is what is masked. Formats as their issuers document them, and values that are
/// assigned to names that say what they are.
const SHAPES: [&str; 8] = [
    // Amazon access key ids: four letters that say the kind, then 16.
    r"\b((?:AKIA|ASIA)[0-9A-Z]{16})\b",
    // GitHub tokens: a kind, then at least 36 characters.
    r"\b((?:gh[pousr]_|github_pat_)[0-9A-Za-z_]{36,})\b",
    // Slack, Stripe and OpenAI style keys: a prefix that names them.
    r"\b((?:xox[abposr]-|[sr]k_(?:live|test)_|sk-)[0-9A-Za-z_-]{16,})",
    // A user and a password in an address.
    r"://[^\s/:@]*:([^\s/@]{3,})@",
    // JSON web tokens.
    r"\b(eyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*)",
    // Authorization headers.
    r"(?i)\b(?:bearer|basic)\s+([0-9A-Za-z+/_.=-]{16,})",
    // NAME = "value", NAME: 'value'
    r#"(?i)(?:passw(?:or)?d|passphrase|secret|token|api_?-?key|access_?-?key|private_?-?key|credential)[0-9a-z_-]*["']?\s*(?:=>|:=|=|:)\s*["']([^"']{6,})["']"#,
    // NAME=value without quotes: a name of something else rarely has digits in it.
    r#"(?i)(?:passw(?:or)?d|passphrase|secret|token|api_?-?key|access_?-?key|private_?-?key|credential)[0-9a-z_-]*["']?\s*(?:=>|:=|=|:)\s*([0-9A-Za-z+/_.=-]{2,}[0-9][0-9A-Za-z+/_.=-]{3,})"#,
];

struct Shapes {
    any: RegexSet,
    each: Vec<Regex>,
}

static COMPILED: LazyLock<Option<Shapes>> = LazyLock::new(|| {
    let any = RegexSet::new(SHAPES).ok()?;
    let each = SHAPES
        .iter()
        .map(|shape| Regex::new(shape))
        .collect::<Result<_, _>>()
        .ok()?;
    Some(Shapes { any, each })
});

/// Whether something in the line looks like a credential.
pub fn holds_credential(line: &str) -> bool {
    redact(line) != line
}

/// The line with each character of what looks like a credential replaced by `*`; so columns stay what they are.
pub(super) fn redact(line: &str) -> Cow<'_, str> {
    let Some(shapes) = &*COMPILED else {
        // Cannot happen: a test compiles them. Rather no excerpt than one that tells.
        return Cow::Borrowed("");
    };
    let found = shapes.any.matches(line);
    let mut line = Cow::Borrowed(line);
    for shape in &found {
        let masked = shapes.each[shape].replace_all(&line, |found: &Captures<'_>| {
            let (whole, secret) = (&found[0], &found[1]);
            whole.replacen(secret, &"*".repeat(secret.chars().count()), 1)
        });
        line = Cow::Owned(masked.into_owned());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_masked_and_columns_stay() {
        for (line, masked) in [
            (
                "password = \"hunter2-hunter2\" ",
                "password = \"***************\" ",
            ),
            (
                "export AWS_KEY=AKIAQWERTYUIOPASDFGH;",
                "export AWS_KEY=********************;",
            ),
            (
                "url: https://me:s3cr3t@host/",
                "url: https://me:******@host/",
            ),
            ("API_KEY: abcdef123456", "API_KEY: ************"),
        ] {
            assert_eq!(redact(line), masked);
            assert_eq!(redact(line).chars().count(), line.chars().count());
        }
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        for line in [
            "let token = next_token_of(&lexer);",
            "passwd: x",
            "fn secret(&self) -> u8 {",
            "http://host:8080/path",
            "",
        ] {
            assert_eq!(redact(line), line);
        }
    }
}
