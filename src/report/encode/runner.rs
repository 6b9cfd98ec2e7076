//! What CI systems do with a log, written again from their documented behaviour, to test the writers against. Two
//! kinds of readers: exact ones, which say what a system does, and wider ones, which say whether anything in a
//! text looks like a command at all, registered or not.

use std::collections::BTreeMap;

/// What commands are made of, for texts that are to be hostile.
pub(crate) const TOKENS: &[&str] = &[
    "::",
    ":",
    "##[",
    "#",
    "[",
    "]",
    "##vso[",
    "##VSO[",
    "##teamcity[",
    "error",
    "add-mask",
    "stop-commands",
    "set-output name=verdict",
    "task.complete result=Succeeded;",
    "buildProblem description='x'",
    "\r",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\u{a0}",
    "\u{3000}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "\u{1b}[0m",
    "\u{1b}[31m",
    "\u{1b}[0K",
    "\u{1b}]0;x\u{7}",
    "\u{1b}",
    "\u{9b}31m",
    "section_start:1:x\r\u{1b}[0K",
    "--- ",
    "+++ ",
    "~~~ ",
    "^^^ +++",
    "'",
    "|",
    ";",
    ",",
    "=",
    "%",
    "%0A",
    "%AZP25",
    "漢",
];

/// The commands that the GitHub runner has registered; any other name is plain text to it.
const REGISTERED: [&str; 16] = [
    "error",
    "warning",
    "notice",
    "debug",
    "group",
    "endgroup",
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "echo",
    "set-output",
    "save-state",
    "set-env",
    "add-path",
    "stop-commands",
    "internal-set-repo-path",
];

/// A command as a system understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) name: String,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) data: String,
}

/// The lines of a log as the runners of GitHub and Azure read them: `\r`, `\n` and both together end one.
pub(crate) fn lines(log: &str) -> impl Iterator<Item = &str> {
    log.split("\r\n").flat_map(|part| part.split(['\r', '\n']))
}

/// Whether a part of the text has the shape of a GitHub command, in either of its two syntaxes, whatever its name.
pub(crate) fn is_command(text: &str) -> bool {
    lines(text).any(|line| parse_v2(line).is_some() || line.contains("##["))
}

/// Whether Azure, `TeamCity`, Buildkite or GitLab would take a part of the text for a command.
pub(crate) fn is_other_command(text: &str) -> bool {
    lines(text).any(|line| {
        let folded = line.to_ascii_lowercase();
        folded.contains("##vso[") || folded.contains("##teamcity[") || is_buildkite_group(line)
    }) || has_gitlab_section(text)
}

/// A group in a Buildkite log: one of its marks at the start of a line, after any colours.
fn is_buildkite_group(line: &str) -> bool {
    let plain = anstream::adapter::strip_str(line).to_string();
    ["---", "+++", "~~~", "^^^"].iter().any(|mark| {
        let rest = plain.strip_prefix(mark);
        rest.is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_whitespace()))
    })
}

/// A section in a GitLab log: `section_start:TIME:NAME`, a carriage return, and the sequence that erases the line.
fn has_gitlab_section(text: &str) -> bool {
    ["section_start:", "section_end:"].iter().any(|mark| {
        text.match_indices(mark).any(|(at, _)| {
            let rest = text[at + mark.len()..].split_once('\r');
            rest.is_some_and(|(head, after)| {
                head.contains(':') && !head.contains('\n') && after.starts_with("\u{1b}[0K")
            })
        })
    })
}

/// The commands that the GitHub runner takes out of a log, in order: only registered ones, and none between
/// `::stop-commands::TOKEN` and `::TOKEN::`.
pub(crate) fn github(log: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut stopped: Option<String> = None;
    for line in lines(log) {
        let is_known = |command: &Command| {
            REGISTERED.contains(&command.name.as_str())
                || stopped.as_deref() == Some(command.name.as_str())
        };
        let command = parse_v2(line).filter(is_known);
        let Some(command) = command.or_else(|| parse_v1(line).filter(is_known)) else {
            continue;
        };
        match &stopped {
            Some(token) if *token == command.name => stopped = None,
            Some(_) => {}
            None if command.name == "stop-commands" => {
                stopped = Some(command.data.to_ascii_lowercase());
            }
            None => commands.push(command),
        }
    }
    commands
}

/// Whether a part of the log stands between `::stop-commands::TOKEN` and `::TOKEN::`.
pub(crate) fn is_fenced(log: &str) -> bool {
    log.starts_with("::stop-commands::")
}

/// `::name key=value,key=value::data` at the start of a line, after any white space.
pub(crate) fn parse_v2(line: &str) -> Option<Command> {
    // .NET and Rust mean the same characters by white space.
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, data) = rest.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let command = Command {
        name: name.to_ascii_lowercase(),
        properties: properties_of(properties.trim(), ',', unescape_property),
        data: unescape(data, &[]),
    };
    (!name.is_empty()).then_some(command)
}

/// `##[name key=value;key=value]data` anywhere in a line; only the first is looked at.
pub(crate) fn parse_v1(line: &str) -> Option<Command> {
    let (_, rest) = line.split_once("##[")?;
    let (head, data) = rest.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let read = |value: &str| unescape(value, &[("%3B", ";"), ("%5D", "]")]);
    Some(Command {
        name: name.to_ascii_lowercase(),
        properties: properties_of(properties.trim(), ';', read),
        data: read(data),
    })
}

/// The commands that the Azure agent takes out of a log: `##vso[area.event key=value;]data` anywhere in a line, the
/// first of a line.
pub(crate) fn azure(log: &str) -> Vec<Command> {
    let command = |line: &str| {
        let at = line.to_ascii_lowercase().find("##vso[")?;
        let (head, data) = line[at + "##vso[".len()..].split_once(']')?;
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        (name.split('.').count() == 2).then(|| Command {
            name: name.to_ascii_lowercase(),
            properties: properties_of(properties.trim(), ';', azure_read),
            data: azure_read(data),
        })
    };
    lines(log).filter_map(command).collect()
}

/// What the Azure agent makes of a value.
fn azure_read(value: &str) -> String {
    let text = value.replace("%3B", ";").replace("%5D", "]");
    let text = text.replace("%0D", "\r").replace("%0A", "\n");
    text.replace("%AZP25", "%")
}

/// The service messages that `TeamCity` takes out of a log, wherever they stand in a line. `None` if one of them has no
/// end or a value that is not spelt as it has to be.
pub(crate) fn teamcity(log: &str) -> Option<Vec<Command>> {
    let mut messages = Vec::new();
    for line in lines(log) {
        let mut rest = line;
        while let Some(at) = rest.find("##teamcity[") {
            let (message, after) = teamcity_message(&rest[at + "##teamcity[".len()..])?;
            messages.push(message);
            rest = after;
        }
    }
    Some(messages)
}

/// `name key='value' key='value']`, and what follows it.
fn teamcity_message(text: &str) -> Option<(Command, &str)> {
    let end = text.find([' ', ']'])?;
    let (name, mut rest) = text.split_at(end);
    let mut properties = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(']') {
            let message = Command {
                name: name.to_owned(),
                properties,
                data: String::new(),
            };
            return Some((message, after));
        }
        let (key, after) = rest.split_once("='")?;
        let (value, after) = teamcity_value(after)?;
        properties.insert(key.to_owned(), value);
        rest = after;
    }
}

/// A value up to its apostrophe, and what follows that.
fn teamcity_value(text: &str) -> Option<(String, &str)> {
    let mut units: Vec<u16> = Vec::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        let read = match character {
            '\'' => return Some((String::from_utf16(&units).ok()?, &text[at + 1..])),
            '[' | ']' => return None,
            '|' => match characters.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                '0' => {
                    let digits: String = characters
                        .by_ref()
                        .skip(1)
                        .take(4)
                        .map(|(_, one)| one)
                        .collect();
                    units.push(u16::from_str_radix(&digits, 16).ok()?);
                    continue;
                }
                other => other,
            },
            other => other,
        };
        units.extend_from_slice(read.encode_utf16(&mut [0; 2]));
    }
    None
}

fn properties_of(
    text: &str,
    separator: char,
    read: impl Fn(&str) -> String,
) -> BTreeMap<String, String> {
    text.split(separator)
        .filter_map(|pair| pair.split_once('='))
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key.trim().to_owned(), read(value)))
        .collect()
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
    let command = parse_v1("x ##[Error a=b%3Bc;d=%5D]text ##[warning]").unwrap();
    assert_eq!(
        (command.name.as_str(), command.properties["a"].as_str()),
        ("error", "b;c")
    );
}

#[test]
fn the_runner_knows_names_and_stops() {
    let names =
        |log: &str| -> Vec<String> { github(log).into_iter().map(|one| one.name).collect() };
    assert_eq!(names("::nonsense::x\n##[nonsense]##[error]x"), [""; 0]);
    assert_eq!(
        names("\u{2028}::Warning::x\ra ##[add-mask]b"),
        ["warning", "add-mask"]
    );
    let fenced =
        "::stop-commands::Token1\n::error::a\n##[error]b\n::token2::\n::TOKEN1::\n::notice::c";
    assert_eq!(names(fenced), ["notice"]);
}

#[test]
fn the_other_systems_read_theirs() {
    let found =
        azure("a ##vso[task.logissue type=error;code=a%3Bb;]50%AZP25 ##vso[x.y]z\n##vso[nothing]x");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].properties["code"].as_str(), found[0].data.as_str()),
        ("a;b", "50% ##vso[x.y]z")
    );
    let found = teamcity("x ##teamcity[a b='c|'|n|0x00e9' d=''] ##teamcity[e]").unwrap();
    assert_eq!(
        (found[0].properties["b"].as_str(), found[1].name.as_str()),
        ("c'\né", "e")
    );
    assert_eq!(teamcity("##teamcity[a b='c]"), None);
    assert!(is_other_command("\u{1b}[1m---\tgroup") && is_other_command("x\r^^^ +++"));
    assert!(is_other_command(
        "a section_start:1:x[collapsed=true]\r\u{1b}[0K"
    ));
    assert!(!is_other_command("a --- b") && !is_other_command("section_start:1:x\r"));
}
