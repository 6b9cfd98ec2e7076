//! What can go wrong with the record.

use std::path::PathBuf;

/// An error of the store room. Unless it says otherwise, the file at the destination is what it was.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The path of the database cannot be used.
    #[error("`{}` cannot hold the record: {reason}", .path.display())]
    BadPath {
        /// The path as given.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is a file that is not ours to change or to trust.
    #[error("`{}` is not a database of factory-gate: {reason}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// How it shows.
        reason: String,
    },
    /// The file is ours but broken.
    #[error("`{}` is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite or our own check says.
        reason: String,
    },
    /// The file at the destination is ours, and not what was sealed. What a run left beside it stays there.
    #[error(
        "`{}` is not what was sealed: {reason}. `factory-gate verify` shows more. Move it away, or choose another \
         file with `--database`; a run that is left beside it is published by `factory-gate recover` after that",
        .path.display()
    )]
    Tampered {
        /// The file.
        path: PathBuf,
        /// What was found, each beginning with the name of a table.
        reason: String,
    },
    /// The disk is full.
    #[error(
        "too little room in `{}`: about {} MiB must be free there, and 1 MiB more for each thousand findings",
        .directory.display(), .bytes.div_ceil(1 << 20)
    )]
    NoRoom {
        /// Where room is needed.
        directory: PathBuf,
        /// How much, in bytes.
        bytes: u64,
        /// What failed.
        source: Box<StoreError>,
    },
    /// A `-wal`, `-journal` or `-shm` file lies beside the database.
    #[error(
        "`{}` lies beside the database: another program has it open or died with it. Close that program, \
         or open and close the database once with `sqlite3`, then try again", .sidecar.display()
    )]
    Sidecar {
        /// The file that is in the way.
        sidecar: PathBuf,
    },
    /// The file was written by a later version.
    #[error("`{}` was written by a later version (schema {found}, this program knows {known})", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its `user_version`.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// An operation on a file failed.
    #[error("could not {doing} `{}`", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// An SQL operation failed.
    #[error("could not {doing}")]
    Sql {
        /// What was tried.
        doing: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// SQLite did not take a setting on which durability or safety rests.
    #[error("SQLite setting `{name}` is `{found}` instead of `{wanted}`")]
    Setting {
        /// The pragma.
        name: &'static str,
        /// What was asked for.
        wanted: String,
        /// What was read back.
        found: String,
    },
    /// An earlier write failed; nothing was recorded after it.
    #[error("the record failed earlier: {0}")]
    Failed(String),
    /// The caller handed over something that the record must not hold.
    #[error("the record refuses an untrue row: {0}")]
    Untrue(String),
    /// What was read back is not what was sealed.
    #[error("the finished database does not hold what was recorded: {0}")]
    Mismatch(String),
    /// The database has no such session.
    #[error("`{}` has no session {wanted}", .path.display())]
    NoSession {
        /// The file.
        path: PathBuf,
        /// The deployment id, or words for the latest.
        wanted: String,
    },
}

impl StoreError {
    /// Whether the disk (or the page budget) is full.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Sql { source, .. } => {
                source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
            }
            Self::NoRoom { .. } => true,
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    /// Says how much room is needed in `directory`, in bytes, if it is room that lacks.
    pub(super) fn needing(self, directory: &std::path::Path, bytes: u64) -> Self {
        if self.is_full() && !matches!(self, Self::NoRoom { .. }) {
            return Self::NoRoom {
                directory: directory.into(),
                bytes,
                source: Box::new(self),
            };
        }
        self
    }

    /// The error and what caused it, in one line.
    pub(super) fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// Gives SQL errors the words for what was tried.
pub(super) trait SqlContext<T> {
    /// Names what was tried: "could not {doing}".
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> SqlContext<T> for Result<T, rusqlite::Error> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Sql { doing, source })
    }
}

/// Gives file errors the words for what was tried on which path.
pub(super) trait FileContext<T> {
    /// Names what was tried: "could not {doing} `{path}`".
    fn at(self, doing: &'static str, path: &std::path::Path) -> Result<T, StoreError>;
}

impl<T, E: Into<std::io::Error>> FileContext<T> for Result<T, E> {
    fn at(self, doing: &'static str, path: &std::path::Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Io {
            doing,
            path: path.into(),
            source: source.into(),
        })
    }
}
