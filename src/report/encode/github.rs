//! GitHub's own syntaxes: the parts of a workflow command, and the pairs of a `GITHUB_OUTPUT` file.

use thiserror::Error;

/// The data of a workflow command (`::error::DATA`). The runner decodes it to exactly `text`.
pub fn command_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property's value in a workflow command (`::error file=VALUE::`). The runner decodes it to exactly `text`.
pub fn command_property(text: &str) -> String {
    command_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Why a pair cannot be written to a `GITHUB_OUTPUT` file.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HeredocError {
    /// The delimiter is not at least 16 ASCII letters, digits, `_` or `-`.
    #[error("the delimiter has to be random: at least 16 ASCII letters, digits, `_` or `-`")]
    WeakDelimiter,
    /// The key is not a plain name.
    #[error("`{0}` is no name for an output: ASCII letters, digits, `_` and `-`")]
    BadKey(String),
    /// The value holds the delimiter, so it could end its own text and add pairs.
    #[error("the value of `{0}` holds the delimiter")]
    DelimiterInValue(String),
}

/// One `key<<delimiter`, value, delimiter block. `delimiter` is random for each file, so that no value can know it.
///
/// # Errors
/// The parts cannot be put together in a way that reads back the same.
pub fn heredoc(key: &str, value: &str, delimiter: &str) -> Result<String, HeredocError> {
    let is_plain = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    if delimiter.len() < 16 || !is_plain(delimiter) {
        return Err(HeredocError::WeakDelimiter);
    }
    if key.is_empty() || !is_plain(key) || key.contains(delimiter) {
        return Err(HeredocError::BadKey(super::visible(key).into_owned()));
    }
    if value.contains(delimiter) {
        return Err(HeredocError::DelimiterInValue(key.to_owned()));
    }
    Ok(format!("{key}<<{delimiter}\n{value}\n{delimiter}\n"))
}

#[cfg(test)]
mod tests {
    use super::super::runner::{parse_file_command, parse_v2};
    use super::*;
    use proptest::prelude::*;

    const DELIMITER: &str = "ghadelimiter_0123456789abcdef";

    #[test]
    fn a_value_cannot_end_its_own_text() {
        assert_eq!(
            heredoc("key", &format!("a\n{DELIMITER}\nmore=1"), DELIMITER),
            Err(HeredocError::DelimiterInValue("key".into()))
        );
        assert_eq!(
            heredoc("a=b", "", DELIMITER),
            Err(HeredocError::BadKey("a=b".into()))
        );
        assert_eq!(heredoc("a", "", "EOF"), Err(HeredocError::WeakDelimiter));
    }

    proptest! {
        #[test]
        fn a_command_reads_back_the_same(data in any::<String>(), property in any::<String>()) {
            // The runner trims the list of properties as a whole.
            let property = property.trim_end().to_owned();
            prop_assume!(!property.is_empty());
            let line = format!("::error title={}::{}", command_property(&property), command_data(&data));
            prop_assert!(!line.contains(['\r', '\n']));
            let command = parse_v2(&line).unwrap();
            prop_assert_eq!(&command.name, "error");
            prop_assert_eq!(&command.properties["title"], &property);
            prop_assert_eq!(&command.data, &data);
        }

        #[test]
        fn outputs_read_back_the_same(value in "(?s).*|([a-z<=\\n]|<<)*", next in any::<String>()) {
            let text = heredoc("one", &value, DELIMITER).unwrap() + &heredoc("two", &next, DELIMITER).unwrap();
            let pairs = parse_file_command(&text).unwrap();
            prop_assert_eq!(pairs, vec![("one".to_owned(), value), ("two".to_owned(), next)]);
        }
    }
}
