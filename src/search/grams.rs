//! The prefilter: finds where any of many literals stands, looking at four bytes at every second place.
//!
//! Of each literal two neighbouring windows of four bytes are chosen, the rarest ones, so that one of them begins at an
//! even offset wherever the literal stands. A table tells of nearly all places at once that none of these windows begins
//! there: its byte is chosen by the last three bytes of the window, the bit in it by the first. Where a literal is too
//! short for two windows, one of them reaches over its edge by a byte that may be any.

#![expect(
    clippy::inline_always,
    reason = "measured: the loop over a text is one function"
)]

use super::literals::Text;
use super::rarity;

/// Twice the innermost cache of common machines: measured faster than half of it, because fewer places are looked at twice.
const CELLS: usize = 1 << 16;
const STEP: usize = 2;
/// Makes letters lower case. Other bytes change too, alike on both sides; the literal itself is compared afterwards.
const FOLD: u32 = 0x2020_2020;
const WINDOW: usize = 4;
/// Bytes whose windows are tested together.
const BLOCK: usize = 16;
/// What a block's windows are read from.
const REACH: usize = BLOCK + 4;
/// The lower bits of a byte choose one of eight classes: the same for both cases of a letter, and the commonest bytes are
/// spread over all of them.
const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = 1 << (byte & 7);
        byte += 1;
    }
    class
};
/// One of these spreads three bytes over the table, the one that leaves the fewest common bytes where literals are. Of
/// the last byte each product has only the five lower bits, so that both cases of a letter are one.
const FACTORS: [u64; 6] = [
    0x009E_3748,
    0x00B5_2A98,
    0x0073_D5E8,
    0x00C9_91B8,
    0x005B_6F28,
    0x00E7_8DD8,
];

/// Finds the places of its literals.
#[derive(Debug)]
pub(super) struct Grams {
    texts: Vec<Text>,
    table: Box<[u8; CELLS]>,
    factor: u64,
    /// By the last three bytes of a window.
    late: Index,
    /// By the first three bytes of a window: literals of three bytes, of which the window reaches over the end.
    early: Index,
}

/// From three folded bytes to the literals that have them.
#[derive(Debug, Default)]
struct Index {
    /// Open addressing; a power of two, at most half full. Empty if there are no slots.
    cells: Vec<Cell>,
    /// Sorted by their bytes.
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    bytes: u32,
    from: u32,
    to: u32,
}

/// The three bytes are found at this offset of the literal.
#[derive(Clone, Copy, Debug)]
struct Slot {
    bytes: u32,
    literal: u32,
    offset: u32,
}

impl Grams {
    /// Each text has at least three bytes.
    pub(super) fn new(texts: Vec<Text>) -> Self {
        let (mut marks, mut late, mut early) = (Vec::new(), Vec::new(), Vec::new());
        for (literal, text) in (0..).zip(&texts) {
            let mut places = Places {
                literal,
                marks: &mut marks,
                late: &mut late,
                early: &mut early,
            };
            places.enter(text);
        }
        let (table, factor) = sparsest(&marks);
        Self {
            texts,
            table,
            factor,
            late: Index::new(late),
            early: Index::new(early),
        }
    }

    /// Tells the number and the offset of each literal that stands in the text, once, in no particular order.
    pub(super) fn find(&self, text: &[u8], mut found: impl FnMut(u32, usize)) {
        let mut at = 0;
        while let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk::<REACH>) {
            if self.any(block) {
                self.look(block, text, at, &mut found);
            }
            at += BLOCK;
        }
        while at < text.len() {
            let mut block = [0; REACH];
            let rest = &text[at..text.len().min(at + REACH)];
            block[..rest.len()].copy_from_slice(rest);
            if self.any(&block) {
                self.look(&block, text, at, &mut found);
            }
            at += BLOCK;
        }
    }

    #[inline(always)]
    fn any(&self, block: &[u8; REACH]) -> bool {
        let mut seen = 0;
        for place in (0..BLOCK).step_by(4) {
            let eight = eight(block, place);
            seen |= self.test(eight) | self.test(eight >> 16);
        }
        seen != 0
    }

    /// Zero if the lower four of the bytes are no window of those looked for.
    #[inline(always)]
    fn test(&self, eight: u64) -> u8 {
        let [first, ..] = eight.to_le_bytes();
        self.table[cell(eight, self.factor)] & CLASS[usize::from(first)]
    }

    #[inline(never)]
    fn look(
        &self,
        block: &[u8; REACH],
        text: &[u8],
        at: usize,
        found: &mut impl FnMut(u32, usize),
    ) {
        let mut marked: u32 = 0;
        for sample in 0..BLOCK / STEP {
            marked |= u32::from(self.test(sampled(block, sample * STEP)) != 0) << sample;
        }
        while marked != 0 {
            let offset = marked.trailing_zeros() as usize * STEP;
            marked &= marked - 1;
            let window = sampled(block, offset);
            let [one, two, three, four, ..] = window.to_le_bytes();
            let window = u32::from_le_bytes([one, two, three, four]) | FOLD;
            for slot in self.late.of(window >> 8) {
                self.confirm(slot, text, at + offset + 1, found);
            }
            for slot in self.early.of(window & 0x00FF_FFFF) {
                self.confirm(slot, text, at + offset, found);
            }
        }
    }

    #[inline(always)]
    fn confirm(&self, slot: &Slot, text: &[u8], at: usize, found: &mut impl FnMut(u32, usize)) {
        let literal = &self.texts[slot.literal as usize];
        let Some(start) = at.checked_sub(slot.offset as usize) else {
            return;
        };
        let Some(have) = text.get(start..start + literal.bytes.len()) else {
            return;
        };
        let same = if literal.fold {
            have.eq_ignore_ascii_case(&literal.bytes)
        } else {
            have == literal.bytes
        };
        if same {
            found(slot.literal, start);
        }
    }
}

#[inline(always)]
fn eight(block: &[u8; REACH], place: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&block[place..place + 8]);
    u64::from_le_bytes(eight)
}

/// The window at an even offset, and what follows it.
#[inline(always)]
fn sampled(block: &[u8; REACH], offset: usize) -> u64 {
    eight(block, offset & !3) >> (8 * (offset & 3))
}

/// The table's cell for the second to fourth of the bytes.
#[inline(always)]
fn cell(eight: u64, factor: u64) -> usize {
    let product = ((eight << 32) & 0xFFFF_FF00_0000_0000).wrapping_mul(factor) >> 48;
    usize::try_from(product).unwrap_or(0)
}

/// Windows of which the last three bytes are these, and the first is of one of the classes.
#[derive(Clone, Copy, Debug)]
struct Mark {
    window: u64,
    class: u8,
}

/// The table with the marks that is met least by what texts are full of, and its factor.
fn sparsest(marks: &[Mark]) -> (Box<[u8; CELLS]>, u64) {
    let mut best = (marked(marks, FACTORS[0]), FACTORS[0]);
    let mut least = met(&best.0, FACTORS[0]);
    for factor in &FACTORS[1..] {
        let table = marked(marks, *factor);
        let met = met(&table, *factor);
        if met < least {
            (least, best) = (met, (table, *factor));
        }
    }
    best
}

#[expect(
    clippy::large_stack_arrays,
    reason = "64 KiB, moved to the heap at once"
)]
fn marked(marks: &[Mark], factor: u64) -> Box<[u8; CELLS]> {
    let mut table = Box::new([0; CELLS]);
    for mark in marks {
        table[cell(mark.window, factor)] |= mark.class;
    }
    table
}

fn met(table: &[u8; CELLS], factor: u64) -> u64 {
    rarity::commonest(|[first, one, two, three]| {
        let window = u64::from_le_bytes([first, one, two, three, 0, 0, 0, 0]);
        table[cell(window, factor)] & CLASS[usize::from(first)] != 0
    })
}

/// Where the windows of one literal are entered.
struct Places<'a> {
    literal: u32,
    marks: &'a mut Vec<Mark>,
    late: &'a mut Vec<Slot>,
    early: &'a mut Vec<Slot>,
}

impl Places<'_> {
    fn enter(&mut self, text: &Text) {
        let bytes = &text.bytes;
        let costs = bytes.array_windows::<WINDOW>();
        let costs: Vec<u64> = costs.map(|four| rarity::common(*four, text.fold)).collect();
        let pairs = costs.windows(2).enumerate();
        let rarest = pairs.min_by_key(|(_, pair)| pair[0] + pair[1]);
        if let Some((offset, _)) = rarest {
            self.within(text, offset);
            self.within(text, offset + 1);
            return;
        }
        if bytes.len() == WINDOW {
            self.within(text, 0);
        } else {
            self.over_the_end(text);
        }
        self.over_the_start(text);
    }

    fn within(&mut self, text: &Text, offset: usize) {
        let three = three(&text.bytes[offset + 1..]);
        self.mark(text, three, CLASS[usize::from(text.bytes[offset])]);
        self.late.push(self.slot(folded(three), offset + 1));
    }

    fn over_the_start(&mut self, text: &Text) {
        let three = three(&text.bytes);
        self.mark(text, three, u8::MAX);
        self.late.push(self.slot(folded(three), 0));
    }

    fn over_the_end(&mut self, text: &Text) {
        let [first, second, third] = three(&text.bytes);
        for any in 0..32 {
            self.mark(text, [second, third, any], CLASS[usize::from(first)]);
        }
        self.early
            .push(self.slot(folded([first, second, third]), 0));
    }

    /// Marks the window for each case of its letters. The table knows both cases of the first and the last byte as one.
    fn mark(&mut self, text: &Text, three: [u8; 3], class: u8) {
        let [one, two, last] = three;
        for one in cases(one, text.fold) {
            for two in cases(two, text.fold) {
                let window = u64::from_le_bytes([0, one, two, last, 0, 0, 0, 0]);
                self.marks.push(Mark { window, class });
            }
        }
    }

    fn slot(&self, bytes: u32, offset: usize) -> Slot {
        Slot {
            bytes,
            literal: self.literal,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
        }
    }
}

fn cases(byte: u8, fold: bool) -> impl Iterator<Item = u8> {
    let other = byte.to_ascii_uppercase();
    std::iter::once(byte).chain((fold && other != byte).then_some(other))
}

fn three(text: &[u8]) -> [u8; 3] {
    [text[0], text[1], text[2]]
}

fn folded([one, two, three]: [u8; 3]) -> u32 {
    u32::from_le_bytes([one, two, three, 0]) | (FOLD >> 8)
}

/// Where in an index three bytes are looked for.
#[inline(always)]
fn spread(three: u32) -> usize {
    usize::try_from(three.wrapping_mul(0x9E37_79B1) >> 8).unwrap_or(0)
}

impl Index {
    fn new(mut slots: Vec<Slot>) -> Self {
        slots.sort_unstable_by_key(|slot| (slot.bytes, slot.literal, slot.offset));
        slots.dedup_by_key(|slot| (slot.bytes, slot.literal, slot.offset));
        if slots.is_empty() {
            return Self::default();
        }
        let mut cells = vec![Cell::default(); (slots.len() * 2).next_power_of_two()];
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let mut from = 0;
        for same in slots.chunk_by(|one, other| one.bytes == other.bytes) {
            let mut place = spread(same[0].bytes) & (cells.len() - 1);
            while cells[place].to > 0 {
                place = (place + 1) & (cells.len() - 1);
            }
            cells[place] = Cell {
                bytes: same[0].bytes,
                from: number(from),
                to: number(from + same.len()),
            };
            from += same.len();
        }
        Self { cells, slots }
    }

    #[inline(always)]
    fn of(&self, bytes: u32) -> &[Slot] {
        if self.cells.is_empty() {
            return &[];
        }
        let mask = self.cells.len() - 1;
        let mut place = spread(bytes) & mask;
        loop {
            let cell = &self.cells[place];
            if cell.to == 0 {
                return &[];
            }
            if cell.bytes == bytes {
                return &self.slots[cell.from as usize..cell.to as usize];
            }
            place = (place + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::text;
    use super::*;
    use proptest::prelude::*;

    fn by_hand(texts: &[Text], text: &[u8]) -> Vec<(u32, usize)> {
        let mut found = Vec::new();
        for (literal, wanted) in (0..).zip(texts) {
            for (at, have) in text.windows(wanted.bytes.len()).enumerate() {
                let same = if wanted.fold {
                    have.eq_ignore_ascii_case(&wanted.bytes)
                } else {
                    have == wanted.bytes
                };
                if same {
                    found.push((literal, at));
                }
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(700))]

        #[test]
        fn finds_each_literal_everywhere_once(
            wanted in prop::collection::vec(("[abckABCK \u{e9}]{3,9}", any::<bool>()), 1..12),
            text in text(),
        ) {
            let texts: Vec<Text> = wanted
                .into_iter()
                .map(|(text, fold)| Text {
                    bytes: if fold { text.to_ascii_lowercase() } else { text }.into_bytes(),
                    fold,
                })
                .collect();
            let mut found = Vec::new();
            Grams::new(texts.clone()).find(&text, |literal, at| found.push((literal, at)));
            found.sort_unstable();
            prop_assert_eq!(found, by_hand(&texts, &text));
        }
    }
}
