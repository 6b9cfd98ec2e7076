//! The way in and the way out of the program: arguments that are not understood, and mistakes of ours, are told on
//! standard error, and neither can say more to a CI system than that.

use super::{stderr, stdout};
use crate::cli::Cli;
use crate::report::encode::{log_line, visible_bytes};
use clap::Parser as _;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::ffi::OsString;
use std::io::Write;

/// What the command line asks for.
///
/// # Errors
/// Nothing is left to do but to end with this code: 0 when help was asked for and shown, 2 when the arguments are wrong.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, u8> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let error = match Cli::try_parse_from(&arguments) {
        Ok(cli) => return Ok(cli),
        Err(error) => error,
    };
    // The message quotes arguments as they are, so it is made again of arguments that can be shown.
    let shown = arguments
        .iter()
        .map(|argument| log_line(&visible_bytes(argument.as_encoded_bytes())));
    let error = Cli::try_parse_from(shown).err().unwrap_or(error);
    let text = error.render().ansi().to_string();
    let told = if error.use_stderr() {
        stderr().write_all(text.as_bytes())
    } else {
        stdout().write_all(text.as_bytes())
    };
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    // Help that nobody could read was not shown.
    Err(if told.is_ok() { code } else { code.max(2) })
}

/// From now on a panic says what happened without letting a text that it quotes act on a log.
pub fn show_panics_harmlessly() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        // Nothing is left to tell a failure here to.
        _ = tell(
            (panic.payload_as_str(), place.as_deref()),
            &Backtrace::capture(),
            &mut stderr(),
        );
    }));
}

fn tell(
    (message, place): (Option<&str>, Option<&str>),
    backtrace: &Backtrace,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let message = log_line(message.unwrap_or("no message"));
    let place = log_line(place.unwrap_or("an unknown place"));
    writeln!(
        out,
        "error: a mistake in Factory Gate at {place}: {message}"
    )?;
    if backtrace.status() == BacktraceStatus::Captured {
        for line in backtrace.to_string().lines() {
            writeln!(out, "{}", log_line(line))?;
        }
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_line_whatever_it_quotes() {
        let mut out = Vec::new();
        let quoted = Some("inside of `\n::error::x\r##[add-mask]a`");
        tell(
            (quoted, Some("src/x.rs:1:2")),
            &Backtrace::disabled(),
            &mut out,
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "error: a mistake in Factory Gate at src/x.rs:1:2: inside of `\\n::error::x\\r##\\[add-mask]a`\n"
        );
    }
}
