//! The hash by which GitHub follows a line through changes (`primaryLocationLineHash`): of the hundred characters
//! from the line's beginning on, spaces and tabs left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many characters (UTF-16 units) a hash is made of.
const WINDOW: usize = 100;
const FACTOR: u64 = 37;
/// `FACTOR` to the power of `WINDOW`, modulo 2^64.
const LEAVING: u64 = FACTOR.wrapping_pow(100);
const END_OF_FILE: u16 = 65535;
const LINE_FEED: u16 = 0x0a;
const CARRIAGE_RETURN: u16 = 0x0d;

/// Where the hashes of lines come from: the files as the rules saw them.
pub trait LineHashes {
    /// The hashes of the lines (from 1) of one file, `path` relative to the workspace, raw bytes. What is not known to
    /// be what the rules saw has none.
    fn line_hashes(&self, path: &[u8], lines: &BTreeSet<u32>) -> BTreeMap<u32, String>;
}

/// For where there is no workspace, or not the one that was looked at.
pub struct NoFiles;

impl LineHashes for NoFiles {
    fn line_hashes(&self, _path: &[u8], _lines: &BTreeSet<u32>) -> BTreeMap<u32, String> {
        BTreeMap::new()
    }
}

/// The hashes of those lines (from 1) that `wanted` names and the file has, each in the form `HEX:OCCURRENCE`. The
/// file is taken as UTF-8, as GitHub does; what is not UTF-8 in it counts as U+FFFD.
pub fn line_hashes(file: &[u8], wanted: &BTreeSet<u32>) -> BTreeMap<u32, String> {
    let mut lines = Lines::new(wanted);
    for chunk in file.utf8_chunks() {
        let replaced = if chunk.invalid().is_empty() {
            ""
        } else {
            "\u{fffd}"
        };
        for unit in chunk.valid().encode_utf16().chain(replaced.encode_utf16()) {
            lines.take(unit);
        }
        if lines.is_done() {
            break;
        }
    }
    lines.take(END_OF_FILE);
    for _ in 0..WINDOW {
        lines.roll(0);
    }
    lines.found
}

struct Lines<'w> {
    wanted: &'w BTreeSet<u32>,
    found: BTreeMap<u32, String>,
    hash: u64,
    units: [u16; WINDOW],
    /// The line that begins with the unit at the same place; 0 if none does.
    starts: [u32; WINDOW],
    next: usize,
    line: u32,
    is_line_start: bool,
    is_after_return: bool,
    seen: HashMap<u64, u32>,
}

impl<'w> Lines<'w> {
    fn new(wanted: &'w BTreeSet<u32>) -> Self {
        Self {
            wanted,
            found: BTreeMap::new(),
            hash: 0,
            units: [0; WINDOW],
            starts: [0; WINDOW],
            next: 0,
            line: 0,
            is_line_start: true,
            is_after_return: false,
            seen: HashMap::new(),
        }
    }

    fn is_done(&self) -> bool {
        self.found.len() == self.wanted.len()
    }

    /// Takes a character of the file.
    fn take(&mut self, unit: u16) {
        let follows_return = std::mem::take(&mut self.is_after_return);
        if matches!(unit, 0x20 | 0x09) || follows_return && unit == LINE_FEED {
            return;
        }
        self.is_after_return = unit == CARRIAGE_RETURN;
        let unit = if self.is_after_return {
            LINE_FEED
        } else {
            unit
        };
        self.settle();
        if self.is_line_start {
            self.line = self.line.saturating_add(1);
            self.starts[self.next] = self.line;
        }
        self.is_line_start = unit == LINE_FEED;
        self.push(unit);
    }

    /// Takes what fills the window after the end.
    fn roll(&mut self, unit: u16) {
        self.settle();
        self.push(unit);
    }

    /// The window is full from the beginning of a line on: its hash is known.
    fn settle(&mut self) {
        let line = std::mem::take(&mut self.starts[self.next]);
        if line == 0 {
            return;
        }
        let occurrence = self.seen.entry(self.hash).or_default();
        *occurrence += 1;
        if self.wanted.contains(&line) {
            let text = format!("{:x}:{occurrence}", self.hash);
            self.found.insert(line, text);
        }
    }

    fn push(&mut self, unit: u16) {
        let leaving = std::mem::replace(&mut self.units[self.next], unit);
        self.hash = self
            .hash
            .wrapping_mul(FACTOR)
            .wrapping_add(u64::from(unit))
            .wrapping_sub(LEAVING.wrapping_mul(u64::from(leaving)));
        self.next = (self.next + 1) % WINDOW;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(file: &[u8]) -> Vec<String> {
        let wanted: BTreeSet<u32> = (1..=10_000).collect();
        line_hashes(file, &wanted).into_values().collect()
    }

    /// The same, from the definition: each line's hundred characters as one polynomial.
    fn defined(text: &str) -> Vec<String> {
        let (mut kept, mut starts) = (Vec::new(), Vec::new());
        let text = text.replace("\r\n", "\n").replace('\r', "\n") + "\u{ffff}";
        let mut begins = true;
        for unit in text.encode_utf16().filter(|unit| !matches!(unit, 9 | 32)) {
            if begins {
                starts.push(kept.len());
            }
            begins = unit == 10;
            kept.push(unit);
        }
        kept.resize(kept.len() + WINDOW, 0);
        let mut seen = HashMap::<u64, u32>::new();
        let hash = |start: &usize| {
            let units = kept[*start..*start + WINDOW].iter();
            let hash = units.fold(0_u64, |hash, unit| {
                hash.wrapping_mul(37).wrapping_add(u64::from(*unit))
            });
            let count = seen.entry(hash).or_default();
            *count += 1;
            format!("{hash:x}:{count}")
        };
        starts.iter().map(hash).collect()
    }

    // The values are those of a program in another language, written from the definition.
    #[test]
    fn known_files_have_their_known_hashes() {
        assert_eq!(all(b""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(all(b"\n"), ["3c5bef55b72b93c9:1", "c129715d7a2bc9a3:1"]);
        assert_eq!(
            all(b" \t x = 1;\r\n\r\n\ty\rz\n\n\n"),
            [
                "69635ade0c79d96b:1",
                "3f4a172c89131bfc:1",
                "2d953369d0a27902:1",
                "4353b226d60ee21b:1",
                "5b5d4caf73a13177:1",
                "3c5bef55b72b93c9:1",
                "c129715d7a2bc9a3:1"
            ]
        );
        assert_eq!(
            all("fn main() { // 漢字 \u{1f600}\n}\n".as_bytes()),
            [
                "a393358e27809bcd:1",
                "32dce9ccfdbc9d3e:1",
                "c129715d7a2bc9a3:1"
            ]
        );
        assert_eq!(
            all(b"bad \xff\xc3 bytes\nnext\n"),
            [
                "1c6343a87319c366:1",
                "a5f9e5dec441e0b8:1",
                "c129715d7a2bc9a3:1"
            ]
        );
        assert_eq!(all(b"\xef\xbb\xbfbom\n")[0], "3f85594aa837da86:1");
        let line = |number| format!("line {number} of a file that is longer than the window\n");
        let long: String = (0..12).map(line).collect();
        let hashes = all(long.as_bytes());
        assert_eq!(
            (hashes.len(), &*hashes[1], &*hashes[11]),
            (13, "3c47df06c7bfb44:1", "285d5e685ac092d9:1")
        );
    }

    #[test]
    fn equal_lines_are_counted() {
        let hashes = all("x\n".repeat(150).as_bytes());
        assert_eq!(hashes[..2], ["c0fe7b2700d6c254:1", "c0fe7b2700d6c254:2"]);
        assert_eq!(hashes[149], "828973aa50c68d6d:1");
    }

    #[test]
    fn only_wanted_lines_are_answered() {
        let wanted = BTreeSet::from([2, 9]);
        let found = line_hashes(b"a\nb\nc", &wanted);
        assert_eq!(
            found,
            BTreeMap::from([(2, "e461f42c548ac762:1".to_owned())])
        );
    }

    proptest! {
        #[test]
        fn the_window_gives_what_the_definition_says(text in "([a-c]{0,5}[ \\t]?(\\r?\\n|\\r|\\PC)){0,60}") {
            prop_assert_eq!(all(text.as_bytes()), defined(&text));
        }
    }
}
