//! What makes a thing on disk that very thing: the facts that are recorded before an act and checked again right
//! before it.

use serde::{Deserialize, Serialize};
use std::path::Path;

/// Device and inode: which object, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId {
    /// `st_dev`
    pub device: u64,
    /// `st_ino`
    pub inode: u64,
}

impl FileId {
    /// Looks up what is at `path`, links followed. For what the caller wants to protect, never for what is removed.
    ///
    /// # Errors
    /// Nothing is there, or the operating system refused.
    #[cfg(unix)]
    pub fn of(path: &Path) -> std::io::Result<Self> {
        Ok(super::look::look_through(path)?.id())
    }

    /// Nothing is identified here: only what changes a workspace asks, and that refuses.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(unix))]
    pub fn of(_path: &Path) -> std::io::Result<Self> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    /// Looks up what an open directory is.
    ///
    /// # Errors
    /// The operating system refused.
    #[cfg(unix)]
    pub fn of_open(directory: impl rustix::fd::AsFd) -> std::io::Result<Self> {
        Ok(super::look::look_at_open(directory)?.id())
    }
}

/// What kind of object lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A FIFO, socket or device.
    Special,
}

/// The full identity of an object. Times in nanoseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// What it is.
    pub kind: ObjectKind,
    /// `st_dev`
    pub device: u64,
    /// `st_ino`
    pub inode: u64,
    /// The mount it was found on, where the kernel tells.
    pub mount: Option<u64>,
    /// Bytes.
    pub size: u64,
    /// Last change of the content.
    pub modified_ns: i64,
    /// Last change of content, names or metadata.
    pub changed_ns: i64,
    /// Number of names (hard links).
    pub links: u64,
}

impl Identity {
    /// Device and inode.
    pub fn id(&self) -> FileId {
        FileId {
            device: self.device,
            inode: self.inode,
        }
    }

    /// As the record keeps it: a JSON object.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "kind": self.kind,
            "device": self.device,
            "inode": self.inode,
            "mount": self.mount,
            "size": self.size,
            "modified_ns": self.modified_ns,
            "changed_ns": self.changed_ns,
            "links": self.links,
        })
    }

    /// Whether `now` is the same untouched object, of whose names this program itself has removed `removed_names`
    /// since. A directory changes while it is emptied, so of it only the object counts.
    pub fn is_untouched(&self, now: &Self, removed_names: u64) -> bool {
        if self.mount != now.mount || !self.is_same_object(now) {
            return false;
        }
        if self.kind == ObjectKind::Directory {
            return true;
        }
        self.has_same_content_facts(now)
            && self.links.checked_sub(removed_names) == Some(now.links)
            && (removed_names > 0 || self.changed_ns == now.changed_ns)
    }

    /// Whether `now` is the same object as far as another process, perhaps after a restart, can tell: mount ids are
    /// forgotten by then, and removing one of several names changes the facts of the others.
    pub fn is_same_later(&self, now: &Self) -> bool {
        if !self.is_same_object(now) {
            return false;
        }
        match self.kind {
            ObjectKind::Directory => true,
            _ if self.links > 1 => self.has_same_content_facts(now),
            _ => self.has_same_content_facts(now) && self.changed_ns == now.changed_ns,
        }
    }

    /// Whether `now` is the same object under another name: a rename changes the time of change, and putting times back
    /// may change that of the content.
    pub fn is_same_renamed(&self, now: &Self) -> bool {
        self.is_same_object(now) && self.size == now.size
    }

    fn is_same_object(&self, now: &Self) -> bool {
        self.kind == now.kind && self.id() == now.id()
    }

    fn has_same_content_facts(&self, now: &Self) -> bool {
        self.size == now.size && self.modified_ns == now.modified_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Identity {
        Identity {
            kind: ObjectKind::File,
            device: 1,
            inode: u64::MAX,
            mount: Some(3),
            size: 4,
            modified_ns: -5,
            changed_ns: 6,
            links: 2,
        }
    }

    #[test]
    fn json_carries_every_fact_there_and_back() {
        let back: Identity = serde_json::from_value(file().to_json()).unwrap();
        assert_eq!(back, file());
        let text = file().to_json().to_string();
        assert_eq!(serde_json::from_str::<Identity>(&text).unwrap(), file());
    }

    #[test]
    fn a_renamed_file_is_known_by_its_object_and_size() {
        let renamed = Identity {
            changed_ns: 77,
            modified_ns: 1,
            mount: None,
            ..file()
        };
        assert!(file().is_same_renamed(&renamed));
        let other = Identity { size: 5, ..renamed };
        assert!(!file().is_same_renamed(&other));
        let other = Identity {
            inode: 5,
            ..renamed
        };
        assert!(!file().is_same_renamed(&other));
    }

    #[test]
    fn every_changed_fact_of_a_file_counts() {
        let planned = file();
        assert!(planned.is_untouched(&planned, 0));
        let changes: [fn(&mut Identity); 8] = [
            |it| it.kind = ObjectKind::Symlink,
            |it| it.device += 1,
            |it| it.inode -= 1,
            |it| it.mount = None,
            |it| it.size += 1,
            |it| it.modified_ns += 1,
            |it| it.changed_ns += 1,
            |it| it.links += 1,
        ];
        for change in changes {
            let mut now = planned;
            change(&mut now);
            assert!(!planned.is_untouched(&now, 0), "{now:?}");
        }
    }

    #[test]
    fn removing_one_name_ourselves_explains_the_change_of_another() {
        let planned = file();
        let now = Identity {
            links: 1,
            changed_ns: 99,
            ..planned
        };
        assert!(!planned.is_untouched(&now, 0));
        assert!(planned.is_untouched(&now, 1));
        assert!(!planned.is_untouched(&planned, 1));
    }

    #[test]
    fn a_directory_may_be_emptied_but_not_replaced() {
        let planned = Identity {
            kind: ObjectKind::Directory,
            ..file()
        };
        let emptied = Identity {
            size: 0,
            modified_ns: 7,
            changed_ns: 8,
            links: 9,
            ..planned
        };
        assert!(planned.is_untouched(&emptied, 0));
        let replaced = Identity {
            inode: 1,
            ..planned
        };
        assert!(!planned.is_untouched(&replaced, 0));
    }
}
