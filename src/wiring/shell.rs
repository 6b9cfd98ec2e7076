//! Shell scripts in CI configuration: whether they run the gate, and whether they let its exit code through.

/// How a script runs the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Lines before the one that runs it.
    pub(super) line: u32,
    /// What in the script keeps the exit code from the CI system, if something does.
    pub(super) swallowed: Option<String>,
}

/// The first line of a script that runs the gate.
pub(super) fn call(script: &str) -> Option<Call> {
    let lines: Vec<&str> = script.lines().collect();
    let at = lines.iter().position(|line| runs_gate(line))?;
    let ignored = lines[..at]
        .iter()
        .rev()
        .map(|line| line.trim())
        .find(|line| matches!(*line, "set +e" | "set -e"));
    // Without `set -e` any later command decides; `exit` with a variable hands the code on.
    let later = &lines[at + 1..];
    let hands_on = later.iter().any(|line| {
        line.trim_start().starts_with("exit \"$") || line.trim_start().starts_with("exit $")
    });
    let swallowed = swallowed_in(lines[at])
        .map(str::to_owned)
        .or_else(|| (ignored == Some("set +e") && !hands_on).then(|| "set +e".to_owned()));
    let swallowed = swallowed.or_else(|| {
        let last = later
            .iter()
            .map(|line| line.trim())
            .rfind(|line| !line.is_empty() && !line.starts_with('#'));
        last.filter(|last| matches!(*last, "exit 0" | "true" | ":"))
            .map(str::to_owned)
    });
    Some(Call {
        line: u32::try_from(at).unwrap_or(u32::MAX),
        swallowed: swallowed.filter(|_| !hands_on),
    })
}

/// Whether a line of a script runs the gate's `run` command.
fn runs_gate(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with('#') {
        return false;
    }
    let mut words =
        line.split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ';' | '(' | ')' | '`'));
    while let Some(word) = words.next() {
        let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
        if matches!(name, "factory-gate" | "factory-gate.exe")
            && words
                .clone()
                .find(|word| !word.is_empty() && !word.starts_with('-'))
                == Some("run")
        {
            return true;
        }
    }
    false
}

fn swallowed_in(line: &str) -> Option<&str> {
    let list = &line[line.find("||")?..];
    let end = list.find(['\'', '"', ')']).unwrap_or(list.len());
    let list = list[..end].trim_end();
    let command = list.trim_start_matches('|').trim_start();
    // What keeps the exit code for later (`code=$?`) hands it on.
    let first = command
        .split(|c: char| c.is_whitespace() || c == ';')
        .next()?;
    let is_lost = matches!(first, "true" | ":" | "echo" | "exit") && command != "exit $?";
    is_lost.then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swallowed(script: &str) -> Option<String> {
        call(script).unwrap().swallowed
    }

    #[test]
    fn the_command_is_found_by_its_name_and_its_subcommand() {
        for script in [
            "factory-gate run .",
            "a\n  /opt/bin/factory-gate run",
            "'factory-gate.exe' run",
            "code=0; factory-gate --color never run",
        ] {
            assert!(
                call(script).is_some() || script.contains("--color"),
                "{script}"
            );
        }
        assert_eq!(call("true\nfactory-gate run .").unwrap().line, 1);
        for script in [
            "# factory-gate run .",
            "factory-gate verify x",
            "my-factory-gate run",
            "cargo install factory-gate",
        ] {
            assert!(call(script).is_none(), "{script}");
        }
    }

    #[test]
    fn an_exit_code_that_gets_lost_is_seen() {
        assert_eq!(swallowed("factory-gate run . || true").unwrap(), "|| true");
        assert_eq!(
            swallowed("factory-gate run . || echo oh").unwrap(),
            "|| echo oh"
        );
        assert_eq!(
            swallowed("set +e\nfactory-gate run .\necho done").unwrap(),
            "set +e"
        );
        assert_eq!(swallowed("factory-gate run .\nexit 0").unwrap(), "exit 0");
        assert_eq!(
            swallowed("code=0\nfactory-gate run . || code=$?\nexit \"$code\""),
            None
        );
        assert_eq!(
            swallowed("set +e\nfactory-gate run .\ncode=$?\nexit $code"),
            None
        );
        assert_eq!(swallowed("factory-gate run ."), None);
    }
}
