//! What a fix changes, as a patch in git's extended format.

use super::binary;
use super::quote::quoted;
use imara_diff::{Algorithm, Diff, Hunk, InternedInput, sources::byte_lines};
use std::ops::Range;

/// Lines around a change.
const CONTEXT: u32 = 3;

/// A file on one side of a patch.
#[derive(Clone, Copy, Debug)]
pub struct Side<'s> {
    /// Its bytes.
    pub content: &'s [u8],
    /// `st_mode`'s permission bits.
    pub permissions: u16,
}

impl Side<'_> {
    /// The mode as git knows it.
    fn mode(&self) -> &'static str {
        if self.permissions & 0o100 == 0 {
            "100644"
        } else {
            "100755"
        }
    }
}

/// What turns one file into the other; nothing before means that it is created. Empty if git sees no difference.
///
/// # Errors
/// The digests that git wants of a binary could not be computed.
pub fn patch(path: &[u8], before: Option<Side<'_>>, after: Side<'_>) -> anyhow::Result<Vec<u8>> {
    let old = before.map_or(&b""[..], |side| side.content);
    let mut out = Vec::new();
    let names = [quoted("a/", path), quoted("b/", path)];
    out.extend_from_slice(b"diff --git ");
    out.extend_from_slice(&names.join(&b' '));
    out.push(b'\n');
    match before {
        None => out.extend_from_slice(format!("new file mode {}\n", after.mode()).as_bytes()),
        Some(before) if before.mode() != after.mode() => {
            let modes = format!("old mode {}\nnew mode {}\n", before.mode(), after.mode());
            out.extend_from_slice(modes.as_bytes());
        }
        Some(_) if old == after.content => return Ok(Vec::new()),
        Some(_) => {}
    }
    if old == after.content {
        return Ok(out);
    }
    if old.contains(&0) || after.content.contains(&0) {
        binary::push(before.map(|side| side.content), after.content, &mut out)?;
        return Ok(out);
    }
    let old_name = before.map_or(&b"/dev/null"[..], |_| &names[0]);
    for (mark, name) in [(&b"--- "[..], old_name), (b"+++ ", &names[1])] {
        out.extend_from_slice(mark);
        out.extend_from_slice(name);
        // Where a name holds blanks its end has to be told.
        if name.contains(&b' ') {
            out.push(b'\t');
        }
        out.push(b'\n');
    }
    push_hunks(old, after.content, &mut out);
    Ok(out)
}

fn push_hunks(old: &[u8], new: &[u8], out: &mut Vec<u8>) {
    let input = InternedInput::new(byte_lines(old), byte_lines(new));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let mut group: Vec<Hunk> = Vec::new();
    for hunk in diff.hunks() {
        let is_near = group
            .last()
            .is_some_and(|last| hunk.before.start - last.before.end <= 2 * CONTEXT);
        if !is_near {
            push_group(&input, &group, out);
            group.clear();
        }
        group.push(hunk);
    }
    push_group(&input, &group, out);
}

/// One `@@` part: changes that are near one another, with what is around them.
fn push_group(input: &InternedInput<&[u8]>, group: &[Hunk], out: &mut Vec<u8>) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return;
    };
    let lines = u32::try_from(input.before.len()).unwrap_or(u32::MAX);
    let lead = first.before.start.min(CONTEXT);
    let tail = (lines - last.before.end).min(CONTEXT);
    let old = first.before.start - lead..last.before.end + tail;
    let new = first.after.start - lead..last.after.end + tail;
    let head = format!("@@ -{} +{} @@\n", span(&old), span(&new));
    out.extend_from_slice(head.as_bytes());
    let mut at = old.start;
    for hunk in group {
        push_lines(input, (b' ', false), at..hunk.before.start, out);
        push_lines(input, (b'-', false), hunk.before.clone(), out);
        push_lines(input, (b'+', true), hunk.after.clone(), out);
        at = hunk.before.end;
    }
    push_lines(input, (b' ', false), at..old.end, out);
}

/// First line and count, as a `@@` line has them: an empty span names the line before it.
fn span(lines: &Range<u32>) -> String {
    let count = lines.end - lines.start;
    let first = lines.start + u32::from(count > 0);
    match count {
        1 => first.to_string(),
        _ => format!("{first},{count}"),
    }
}

fn push_lines(
    input: &InternedInput<&[u8]>,
    (mark, is_new): (u8, bool),
    lines: Range<u32>,
    out: &mut Vec<u8>,
) {
    let tokens = if is_new { &input.after } else { &input.before };
    for token in &tokens[lines.start as usize..lines.end as usize] {
        let line = input.interner[*token];
        out.push(mark);
        out.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            out.extend_from_slice(b"\n\\ No newline at end of file\n");
        }
    }
}
