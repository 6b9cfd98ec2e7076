//! What a runner reads of a step: its files and its log.

use std::collections::BTreeMap;

/// The pairs in a file like the one that `GITHUB_OUTPUT` names, or why the runner would fail the step.
pub(super) fn pairs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut pairs = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = line(rest);
        rest = after;
        if line.is_empty() {
            continue;
        }
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(equals), heredoc) if heredoc.is_none_or(|heredoc| equals < heredoc) => {
                insert(&mut pairs, &line[..equals], line[equals + 1..].to_owned())?;
            }
            (_, Some(heredoc)) => {
                let delimiter = &line[heredoc + 2..];
                if delimiter.is_empty() {
                    return Err(format!("no delimiter: {line:?}"));
                }
                let (value, after) = until(rest, delimiter)?;
                insert(&mut pairs, &line[..heredoc], value)?;
                rest = after;
            }
            _ => return Err(format!("neither = nor <<: {line:?}")),
        }
    }
    Ok(pairs)
}

fn insert(pairs: &mut BTreeMap<String, String>, key: &str, value: String) -> Result<(), String> {
    if key.is_empty() {
        return Err("a value without a name".into());
    }
    pairs.insert(key.to_owned(), value);
    Ok(())
}

/// The first line and what follows. `\r`, `\n` and `\r\n` end a line, as in the runner.
fn line(text: &str) -> (&str, &str) {
    let Some(end) = text.find(['\r', '\n']) else {
        return (text, "");
    };
    let after = &text[end..];
    let after = after.strip_prefix("\r\n").unwrap_or(&after[1..]);
    (&text[..end], after)
}

fn until<'a>(mut rest: &'a str, delimiter: &str) -> Result<(String, &'a str), String> {
    let mut lines = Vec::new();
    loop {
        if rest.is_empty() {
            return Err(format!("the delimiter {delimiter:?} does not come"));
        }
        let (line, after) = line(rest);
        rest = after;
        if line == delimiter {
            return Ok((lines.join("\n"), rest));
        }
        lines.push(line);
    }
}

/// The commands that the runner sees in a log, as `name message`: `::` at the start of a line, `##[` anywhere in one.
pub(super) fn commands(log: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut rest = log;
    while !rest.is_empty() {
        let (line, after) = line(rest);
        rest = after;
        let found = if let Some(inner) = line.trim_start().strip_prefix("::") {
            inner.split_once("::")
        } else {
            let inner = line.find("##[").map(|at| &line[at + 3..]);
            inner.and_then(|inner| inner.split_once(']'))
        };
        if let Some((head, message)) = found {
            let name = head.split(' ').next().unwrap_or_default();
            commands.push(format!("{} {message}", name.to_lowercase()));
        }
    }
    commands
}

#[test]
fn files_and_logs_are_read_as_the_runner_reads_them() {
    let read = |text| pairs(text).map(|pairs| pairs.into_iter().collect::<Vec<_>>());
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        read("a=1\nb<<E\nx\n\ny\nE\na=2=<<\n"),
        Ok(vec![pair("a", "2=<<"), pair("b", "x\n\ny")])
    );
    for broken in ["a\n", "a<<E\nx\n", "a<<\n", "=x\n"] {
        assert!(read(broken).is_err(), "{broken:?}");
    }
    assert_eq!(
        commands("x ::error::a\n  ::Error file=f::b\rtext ##[warning]c\nend ##[x\n"),
        ["error b", "warning c"]
    );
}
