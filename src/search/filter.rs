//! All literals of all patterns, found together, and which patterns each of them stands for.

use super::grams::Grams;
use super::literals::Text;
use super::pattern::Pattern;
use memchr::memmem::Finder;

/// So few literals are looked for one by one.
const FEW: usize = 2;

/// Finds where the literals of many patterns stand.
#[derive(Debug, Default)]
pub(super) struct Filter {
    engine: Engine,
    /// How long each literal is.
    lengths: Vec<usize>,
    /// For each literal the end of its uses, which begin where those of the literal before end.
    ends: Vec<usize>,
    uses: Vec<Use>,
}

#[derive(Debug, Default)]
enum Engine {
    #[default]
    Nothing,
    Few(Vec<Finder<'static>>),
    Many(Grams),
}

/// The literal is this one of this pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    pub(super) pattern: u32,
    pub(super) literal: u32,
}

impl Filter {
    pub(super) fn new(patterns: &[Pattern]) -> Self {
        let mut all: Vec<(&Text, Use)> = Vec::new();
        for (pattern, one) in (0..).zip(patterns) {
            let numbered = (0..).zip(one.texts());
            all.extend(numbered.map(|(literal, text)| (text, Use { pattern, literal })));
        }
        all.sort_by_key(|(text, _)| *text);
        let mut filter = Self::default();
        let mut texts = Vec::new();
        for same in all.chunk_by(|one, other| one.0 == other.0) {
            texts.push(same[0].0.clone());
            filter.lengths.push(same[0].0.bytes.len());
            filter.uses.extend(same.iter().map(|(_, one)| *one));
            filter.ends.push(filter.uses.len());
        }
        filter.engine = engine(texts);
        filter
    }

    /// Tells each place of a literal with each of its uses, in no particular order.
    pub(super) fn find(&self, text: &[u8], mut found: impl FnMut(Use, std::ops::Range<usize>)) {
        let mut tell = |literal: usize, start: usize| {
            let from = literal.checked_sub(1).map_or(0, |before| self.ends[before]);
            for one in &self.uses[from..self.ends[literal]] {
                found(*one, start..start + self.lengths[literal]);
            }
        };
        match &self.engine {
            Engine::Nothing => {}
            Engine::Few(finders) => {
                for (number, finder) in finders.iter().enumerate() {
                    let mut at = 0;
                    while let Some(next) = text.get(at..).and_then(|rest| finder.find(rest)) {
                        tell(number, at + next);
                        at += next + 1;
                    }
                }
            }
            Engine::Many(grams) => grams.find(text, |number, at| tell(number as usize, at)),
        }
    }
}

fn engine(texts: Vec<Text>) -> Engine {
    if texts.is_empty() {
        Engine::Nothing
    } else if texts.len() <= FEW && texts.iter().all(|text| !text.fold) {
        let finder = |text: &Text| Finder::new(&text.bytes).into_owned();
        Engine::Few(texts.iter().map(finder).collect())
    } else {
        Engine::Many(Grams::new(texts))
    }
}
