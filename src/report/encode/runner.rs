//! What CI systems do with a log line, written again from their documented behaviour, to test the encoders
//! against. Wider than the originals: any command name counts, not only registered ones.

use std::collections::BTreeMap;

/// A command as the GitHub runner understands it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) data: String,
}

/// Whether the GitHub runner would take a part of the text for a command, in either of its two syntaxes.
pub(crate) fn is_command(text: &str) -> bool {
    text.split(['\r', '\n'])
        .any(|line| parse_v2(line).is_some() || parse_v1(line).is_some())
}

/// Whether Azure, `TeamCity` or Buildkite would take a part of the text for a command.
pub(crate) fn is_other_command(text: &str) -> bool {
    text.split(['\r', '\n']).any(|line| {
        let folded = line.to_ascii_lowercase();
        folded.contains("##vso[")
            || folded.contains("##teamcity[")
            || ["--- ", "+++ ", "~~~ ", "^^^ "]
                .iter()
                .any(|mark| line.starts_with(mark))
    })
}

/// `::name key=value,key=value::data` at the start of a line.
pub(crate) fn parse_v2(line: &str) -> Option<Command> {
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, data) = rest.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let properties = properties
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key.trim().to_owned(), unescape_property(value)))
        .collect();
    (!name.is_empty()).then(|| Command {
        name: name.to_ascii_lowercase(),
        properties,
        data: unescape(data, &[]),
    })
}

/// `##[name key=value;key=value]data` anywhere in a line.
fn parse_v1(line: &str) -> Option<Command> {
    let (_, rest) = line.split_once("##[")?;
    let (head, data) = rest.split_once(']')?;
    Some(Command {
        name: head.split(' ').next()?.to_ascii_lowercase(),
        properties: BTreeMap::new(),
        data: data.to_owned(),
    })
}

fn unescape_property(value: &str) -> String {
    unescape(value, &[("%3A", ":"), ("%2C", ",")])
}

/// Undoes the escapes in the runner's order, `%25` last.
fn unescape(value: &str, more: &[(&str, &str)]) -> String {
    let mut text = value.replace("%0D", "\r").replace("%0A", "\n");
    for (escape, character) in more {
        text = text.replace(escape, character);
    }
    text.replace("%25", "%")
}

/// Reads a `GITHUB_OUTPUT` file as the runner does; `None` where the runner would fail the step.
pub(crate) fn parse_file_command(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut lines = text.split_terminator('\n');
    while let Some(line) = lines.next() {
        let heredoc = line.find("<<");
        let equals = line.find('=');
        match (heredoc, equals) {
            (None, None) if line.is_empty() => {}
            (Some(at), other) if other.is_none_or(|equals| at < equals) => {
                let (key, delimiter) = (&line[..at], &line[at + 2..]);
                let mut value = Vec::new();
                loop {
                    match lines.next()? {
                        end if end == delimiter => break,
                        part => value.push(part),
                    }
                }
                pairs.push((key.to_owned(), value.join("\n")));
            }
            (_, Some(at)) => pairs.push((line[..at].to_owned(), line[at + 1..].to_owned())),
            (None | Some(_), None) => return None,
        }
    }
    Some(pairs)
}

#[test]
fn the_parser_knows_both_syntaxes() {
    assert!(is_command("  ::error file=a,line=1::text"));
    assert!(is_command("a\r::error::text"));
    assert!(is_command("a ##[add-mask]b"));
    assert!(!is_command("a ::error::text"));
    assert!(!is_command("## heading [x]"));
    let command = parse_v2("::error file=a%2Cb,title=,line=3::50%25%0Ax").unwrap();
    assert_eq!(command.properties["file"], "a,b");
    assert!(!command.properties.contains_key("title"));
    assert_eq!(command.data, "50%\nx");
}
