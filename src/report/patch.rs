//! A patch for eyes: a file's content must not act on the terminal that shows it.

use super::encode::{LogLine, visible_bytes};
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};

/// Writes a patch line by line, coloured; what acts on a terminal, and what is no text, is spelt out.
///
/// # Errors
/// `out` could not be written.
pub fn write(patch: &[u8], out: &mut dyn Write) -> io::Result<()> {
    for line in patch.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        // Tabs are what they look like.
        let pieces = line.split(|byte| *byte == b'\t').map(visible_bytes);
        let text = pieces.collect::<Vec<_>>().join("        ");
        LogLine::new().styled(style(line), &text).write(out)?;
    }
    Ok(())
}

fn style(line: &[u8]) -> Style {
    let colour = |colour: AnsiColor| colour.on_default();
    match line {
        [b'd', b'i', b'f', b'f', ..]
        | [b'-', b'-', b'-', b' ', ..]
        | [b'+', b'+', b'+', b' ', ..] => Style::new().bold(),
        [b'@', b'@', ..] => colour(AnsiColor::Cyan),
        [b'+', ..] => colour(AnsiColor::Green),
        [b'-', ..] => colour(AnsiColor::Red),
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_file_acts_on_the_terminal() {
        let mut out = Vec::new();
        write(
            b"+\x1b]0;title\x07\r\n \xff\tx\n ::set-env name=A::b\n",
            &mut out,
        )
        .unwrap();
        let text = String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap();
        let expected = "+\\x1b]0;title\\x07\\r\n \\xff        x\n \\::set-env name=A::b\n";
        assert_eq!(text, expected);
    }
}
