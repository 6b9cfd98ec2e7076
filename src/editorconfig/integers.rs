//! A regular expression for the integers from one to another, as `{3..120}` means them: no leading zeros, no `+`.

use std::fmt::Write as _;

/// The expression, for a range in either order.
pub(super) fn expression(a: i64, b: i64) -> String {
    let (low, high) = (a.min(b), a.max(b));
    let mut branches = Vec::new();
    if low < 0 {
        let least = if high < 0 { high.unsigned_abs() } else { 1 };
        between(least, low.unsigned_abs(), "-", &mut branches);
    }
    if high >= 0 {
        between(
            low.max(0).unsigned_abs(),
            high.unsigned_abs(),
            "",
            &mut branches,
        );
    }
    format!("(?:{})", branches.join("|"))
}

/// Branches for the natural numbers from `low` to `high`.
fn between(mut low: u64, high: u64, sign: &str, branches: &mut Vec<String>) {
    while low <= high {
        let end = block_end(low, high);
        branches.push(block(low, end, sign));
        match end.checked_add(1) {
            Some(next) => low = next,
            None => break,
        }
    }
}

/// The end of the longest run of numbers from `low` on that differ in one digit and in free digits after it.
fn block_end(low: u64, high: u64) -> u64 {
    let mut end = low;
    let mut free = 1_u64;
    loop {
        // The digit before the free ones may go up to 9, as far as all free digits stay within `high`.
        let digit = low / free % 10;
        let last = (digit..=9).rev().find_map(|wanted| {
            let add = (wanted - digit).checked_mul(free)?.checked_add(free - 1)?;
            low.checked_add(add).filter(|end| *end <= high)
        });
        match last {
            Some(last) => end = end.max(last),
            None => return end,
        }
        match free.checked_mul(10) {
            Some(next) if low.is_multiple_of(next) && low >= next => free = next,
            _ => return end,
        }
    }
}

/// Numbers of the same length: equal digits, one digit from a range, free digits.
fn block(low: u64, high: u64, sign: &str) -> String {
    let (low, high) = (low.to_string(), high.to_string());
    let mut text = sign.to_owned();
    let mut free = 0;
    for (a, b) in low.chars().zip(high.chars()) {
        match (a, b) {
            (a, b) if a == b => text.push(a),
            ('0', '9') => free += 1,
            (a, b) => {
                // A string takes what is written to it.
                let _ = write!(text, "[{a}-{b}]");
            }
        }
    }
    if free > 0 {
        let _ = write!(text, "[0-9]{{{free}}}");
    }
    text
}
