//! The command syntaxes of Azure Pipelines and of `TeamCity`.

use std::fmt::Write as _;

/// The data of an Azure logging command (`##vso[area.event]DATA`).
pub fn azure_data(text: &str) -> String {
    text.replace('%', "%AZP25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property's value in an Azure logging command (`##vso[area.event key=VALUE;]`).
pub fn azure_property(text: &str) -> String {
    azure_data(text).replace(']', "%5D").replace(';', "%3B")
}

/// A value in a service message of `TeamCity`, between its apostrophes.
pub fn teamcity_value(text: &str) -> String {
    let mut value = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => value.push_str("|n"),
            '\r' => value.push_str("|r"),
            '|' | '\'' | '[' | ']' => value.extend(['|', character]),
            ' '..='~' => value.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _infallible = write!(value, "|0x{unit:04x}");
                }
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the Azure agent reads.
    fn azure_read(text: &str) -> String {
        let text = text.replace("%3B", ";").replace("%5D", "]");
        let text = text.replace("%0D", "\r").replace("%0A", "\n");
        text.replace("%AZP25", "%")
    }

    /// What `TeamCity` reads; `None` where the value ends early.
    fn teamcity_read(text: &str) -> Option<String> {
        let mut units = Vec::new();
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            match character {
                '\'' | '[' | ']' | '\n' | '\r' => return None,
                '|' => match rest.next()? {
                    'n' => units.push(u16::from(b'\n')),
                    'r' => units.push(u16::from(b'\r')),
                    '0' => {
                        let digits: String = rest.by_ref().skip(1).take(4).collect();
                        units.push(u16::from_str_radix(&digits, 16).ok()?);
                    }
                    other => units.extend(other.encode_utf16(&mut [0; 2]).iter()),
                },
                other => units.extend(other.encode_utf16(&mut [0; 2]).iter()),
            }
        }
        String::from_utf16(&units).ok()
    }

    proptest! {
        #[test]
        fn azure_reads_the_same(text in "(?s)(.|[%;\\]\\r\\n]|%0A|%3B|%AZP25)*") {
            let value = azure_property(&text);
            prop_assert!(!value.contains([';', ']', '\r', '\n']));
            prop_assert_eq!(azure_read(&value), text.clone());
            prop_assert_eq!(azure_read(&azure_data(&text)), text);
        }

        #[test]
        fn teamcity_reads_the_same(text in "(?s)(.|['|\\[\\]\\r\\n]|\\|n|\\PC)*") {
            let value = teamcity_value(&text);
            prop_assert!(value.is_ascii());
            prop_assert_eq!(teamcity_read(&value), Some(text));
        }
    }
}
