//! Which files apply to a path, and what they say together.

use super::parse::File;
use super::property::{Effective, Properties};
use std::collections::HashMap;

/// All `.editorconfig` files of a workspace.
#[derive(Debug, Default)]
pub struct Cascade {
    places: Vec<Place>,
    by_directory: HashMap<Box<[u8]>, usize>,
    longest: usize,
}

#[derive(Debug)]
struct Place {
    directory: Box<[u8]>,
    file: File,
    /// The numbers of the places that apply here, the outermost first.
    chain: Vec<usize>,
}

impl Cascade {
    /// From each file and the path of its directory, relative to the workspace with `/`, empty for the workspace itself.
    /// Of two files of one directory the later one holds.
    pub fn new(files: impl IntoIterator<Item = (Box<[u8]>, File)>) -> Self {
        let files: HashMap<Box<[u8]>, File> = files.into_iter().collect();
        let mut files: Vec<_> = files.into_iter().collect();
        // A directory sorts before what is in it.
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut cascade = Self::default();
        for (directory, file) in files {
            let mut chain = match enclosing(&directory).find_map(|above| cascade.at(above)) {
                Some(above) if !file.is_root() => cascade.places[above].chain.clone(),
                _ => Vec::new(),
            };
            let number = cascade.places.len();
            chain.push(number);
            cascade.longest = cascade.longest.max(directory.len());
            cascade.by_directory.insert(directory.clone(), number);
            cascade.places.push(Place {
                directory,
                file,
                chain,
            });
        }
        cascade
    }

    /// Whether there is no file at all.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What is in effect for the file with this path, relative to the workspace with `/`.
    pub fn properties(&self, path: &[u8]) -> Properties {
        let nearest = enclosing(path)
            .filter(|directory| directory.len() <= self.longest)
            .find_map(|directory| self.at(directory));
        let Some(nearest) = nearest else {
            return Properties::default();
        };
        let mut effective = Effective::default();
        for number in &self.places[nearest].chain {
            let place = &self.places[*number];
            let inside = match place.directory.len() {
                0 => path,
                length => &path[length + 1..],
            };
            for section in place.file.sections() {
                if section.glob.is_match(inside) {
                    for setting in &section.settings {
                        effective.apply(*setting);
                    }
                }
            }
        }
        effective.finish()
    }

    fn at(&self, directory: &[u8]) -> Option<usize> {
        self.by_directory.get(directory).copied()
    }
}

/// The directories around a path, the innermost first, the workspace (empty) last.
fn enclosing(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = (!path.is_empty()).then_some(path);
    std::iter::from_fn(move || {
        let inner = rest?;
        let slash = memchr::memrchr(b'/', inner);
        rest = slash.map(|at| &inner[..at]);
        Some(rest.unwrap_or_default())
    })
}
