//! The schemas of one check of the rule `schema`: read from the workspace when they are wanted first, each compiled once.

use super::check::Files;
use crate::schemas::{Fault, Library, Schema};
use crate::syntax::{self, Node, Notation};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The most schemas that files can ask for by themselves.
const MOST: usize = 256;

/// Why nothing can be judged by a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// There is no such file, or it cannot be read: why.
    Unreadable(String),
    /// It is no schema: each mistake, with its place in the schema's text.
    Wrong(Vec<Fault>),
}

impl Unusable {
    /// In one sentence, for those who are judged by the schema.
    pub(super) fn summary(&self) -> String {
        match self {
            Self::Unreadable(why) => why.clone(),
            Self::Wrong(faults) => match &faults[..] {
                [] => "it is no schema".into(),
                [only] => only.message.clone(),
                [first, others @ ..] => format!("{} (and {} more)", first.message, others.len()),
            },
        }
    }
}

type Loaded = Result<Arc<Schema>, Arc<Unusable>>;

/// Schemas by path.
#[derive(Default)]
pub(super) struct Store {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: Option<Arc<dyn Files>>,
    known: HashMap<String, Arc<OnceLock<Loaded>>>,
}

impl Store {
    /// Forgets all schemas: what is in the workspace may have changed.
    pub(super) fn open(&self, files: &Arc<dyn Files>) {
        *self.state() = State {
            files: Some(Arc::clone(files)),
            known: HashMap::new(),
        };
    }

    /// The schema in this file of the workspace.
    pub(super) fn load(&self, path: &str) -> Loaded {
        let (files, place) = {
            let mut state = self.state();
            if state.known.len() >= MOST && !state.known.contains_key(path) {
                let why = format!("the files of the workspace name more than {MOST} schemas");
                return Err(Arc::new(Unusable::Unreadable(why)));
            }
            let place = state.known.entry(path.to_owned()).or_default();
            let place = Arc::clone(place);
            (state.files.clone(), place)
        };
        let Some(files) = files else {
            let why = "the workspace is not open".into();
            return Err(Arc::new(Unusable::Unreadable(why)));
        };
        place
            .get_or_init(|| load(path, files).map_err(Arc::new))
            .clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(path: &str, files: Arc<dyn Files>) -> Result<Arc<Schema>, Unusable> {
    let node = read(path, files.as_ref())?;
    let library = Arc::new(Shelf(files));
    let schema = Schema::compile(&node, path, library).map_err(Unusable::Wrong)?;
    Ok(Arc::new(schema))
}

/// The one document in a file.
fn read(path: &str, files: &dyn Files) -> Result<Node, Unusable> {
    let bytes = files.read(path).map_err(Unusable::Unreadable)?;
    let notation = judged(Notation::of(path.as_bytes())).unwrap_or(Notation::Json);
    let parsed = syntax::parse(&bytes, notation);
    if !parsed.mistakes.is_empty() {
        let faults = parsed.mistakes.into_iter().map(|mistake| Fault {
            bytes: mistake.bytes,
            message: mistake.message,
        });
        return Err(Unusable::Wrong(faults.collect()));
    }
    let mut documents = parsed.documents.into_iter();
    match (documents.next(), documents.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(Unusable::Unreadable(
            "it holds no document, or more than one".into(),
        )),
    }
}

/// The notation, if values in it can be judged by a schema.
pub(super) fn judged(notation: Option<Notation>) -> Option<Notation> {
    notation.filter(|notation| *notation != Notation::Xml)
}

/// What schemas refer to, in the same workspace.
struct Shelf(Arc<dyn Files>);

impl Library for Shelf {
    fn value(&self, path: &str) -> Result<serde_json::Value, String> {
        match read(path, self.0.as_ref()) {
            Ok(node) => crate::schemas::to_json(&node)
                .ok_or_else(|| format!("`{path}`: it is nested too deeply")),
            Err(unusable) => Err(format!("`{path}`: {}", unusable.summary())),
        }
    }
}
