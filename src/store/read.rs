//! Reading sessions back: from the run's own database, or from a published file that anybody may have changed.

use super::error::{SqlContext, StoreError};
use super::open;
use super::private::PrivateDir;
use super::rows::{ActionRow, DetectionRow, Order, RowSource, RunRecord, SkippedRow, ViolationRow};
use super::schema::Shape;
use super::session::record;
use super::words::{self, count, optional_count, severity, word};
use super::writer::Feed;
use crate::finding::{Columns, Excerpt, Region};
use rusqlite::{Connection, Row};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

/// How to open a file that is not trusted.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// A directory for the private copy; it needs as much room as the file.
    pub scratch: PathBuf,
    /// Larger files are refused, in bytes.
    pub max_bytes: u64,
}

/// A session of a published database.
pub struct Reader {
    // Dropped in this order: the file closes before it is removed.
    conn: Connection,
    _copy: Option<Copy>,
    deployment_id: String,
}

/// A private copy that goes when its reader goes.
pub(super) struct Copy(Option<PrivateDir>);

impl Copy {
    pub(super) fn new(private: PrivateDir) -> Self {
        Self(Some(private))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Some(private) = self.0.take() {
            // What cannot be removed stays in the scratch directory, which belongs to the caller.
            private.remove().ok();
        }
    }
}

/// Opens a session of a published database, hardened: the one named, or the one that was added last. It says nothing
/// about seals; [`verify`](super::verify) does.
///
/// # Errors
/// The file is not one of ours, is damaged or busy, or has no such session.
pub fn open_reader(
    path: &Path,
    deployment_id: Option<&str>,
    options: &ReadOptions,
) -> Result<Reader, StoreError> {
    let scratch = PrivateDir::create_scratch(&options.scratch)?;
    let copied = open::private_copy(path, &scratch, "verify.db", options.max_bytes);
    let copy = Copy::new(scratch);
    let (file, bytes) = copied?;
    let (conn, shape) = open::known(&file, path, bytes)?;
    let none = || StoreError::NoSession {
        path: path.into(),
        wanted: deployment_id.unwrap_or("of this program").into(),
    };
    if shape == Shape::Legacy {
        return Err(none());
    }
    let found: Option<String> = conn
        .query_row(
            "SELECT s.deployment_id FROM deployment_sessions s JOIN session_details d \
             ON d.deployment_id = s.deployment_id WHERE ?1 IS NULL OR s.deployment_id = ?1 ORDER BY s.id DESC LIMIT 1",
            [deployment_id],
            |row| row.get(0),
        )
        .map(Some)
        .or_else(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(None),
            other => Err(other),
        })
        .doing("look for the session")?;
    Ok(Reader {
        deployment_id: found.ok_or_else(none)?,
        conn,
        _copy: Some(copy),
    })
}

impl Reader {
    /// Reads by a connection to a file that is known to be ours.
    pub(super) fn new(conn: Connection, deployment_id: String) -> Self {
        Self {
            conn,
            _copy: None,
            deployment_id,
        }
    }

    /// The session that is read.
    pub fn deployment_id(&self) -> &str {
        &self.deployment_id
    }

    /// Everything about the session that is small.
    ///
    /// # Errors
    /// The database could not be read, or holds what this program never writes.
    pub fn record(&self) -> Result<RunRecord, StoreError> {
        record(&self.conn, &self.deployment_id)
    }
}

impl RowSource for Reader {
    fn violations(
        &self,
        order: Order,
        each: &mut dyn FnMut(ViolationRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        violations(&self.conn, &self.deployment_id, order, each)
    }

    fn skipped(
        &self,
        each: &mut dyn FnMut(SkippedRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        stream(&self.conn, &self.deployment_id, SKIPPED, skipped_row, each)
    }

    fn actions(
        &self,
        each: &mut dyn FnMut(ActionRow) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        stream(&self.conn, &self.deployment_id, ACTIONS, action_row, each)
    }
}

/// Reads the run's own database through its writer thread, which owns it. While rows are handed to a callback, that
/// thread waits for it: a callback that calls the recorder would wait for ever.
pub struct RunReader<'r> {
    feed: &'r Feed,
}

impl<'r> RunReader<'r> {
    pub(super) fn new(feed: &'r Feed) -> Self {
        Self { feed }
    }

    /// Everything about the run that is small, so far.
    ///
    /// # Errors
    /// An earlier write failed, or the database could not be read.
    pub fn record(&self) -> Result<RunRecord, StoreError> {
        self.feed.read(record)?
    }

    /// Lets the thread read and send rows, and hands them over here.
    fn relay<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection, &str, Each<'_, T>) -> anyhow::Result<()> + Send + 'static,
        each: Each<'_, T>,
    ) -> anyhow::Result<()> {
        let (sender, receiver) = sync_channel(1024);
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| {
                self.feed.read(move |conn, session| {
                    // A receiver that is gone has seen enough.
                    read(conn, session, &mut |row| {
                        Ok(match sender.send(row) {
                            Ok(()) => ControlFlow::Continue(()),
                            Err(_) => ControlFlow::Break(()),
                        })
                    })
                })
            });
            let mut result = Ok(());
            for row in &receiver {
                match each(row) {
                    Ok(ControlFlow::Continue(())) => {}
                    Ok(ControlFlow::Break(())) => break,
                    Err(error) => {
                        result = Err(error);
                        break;
                    }
                }
            }
            drop(receiver);
            let read = reading
                .join()
                .map_err(|_| anyhow::anyhow!("reading the record did not come to its end"))?;
            result.and(read?)
        })
    }
}

/// What rows are handed to.
type Each<'a, T> = &'a mut dyn FnMut(T) -> anyhow::Result<ControlFlow<()>>;

impl RowSource for RunReader<'_> {
    fn violations(&self, order: Order, each: Each<'_, ViolationRow>) -> anyhow::Result<()> {
        self.relay(
            move |conn, session, each| violations(conn, session, order, each),
            each,
        )
    }

    fn skipped(&self, each: Each<'_, SkippedRow>) -> anyhow::Result<()> {
        self.relay(
            |conn, session, each| stream(conn, session, SKIPPED, skipped_row, each),
            each,
        )
    }

    fn actions(&self, each: Each<'_, ActionRow>) -> anyhow::Result<()> {
        self.relay(
            |conn, session, each| stream(conn, session, ACTIONS, action_row, each),
            each,
        )
    }
}

const SKIPPED: &str = "SELECT path, reason, size FROM skipped_files WHERE deployment_id = ?1 \
                       ORDER BY path, path_bytes, id";
const ACTIONS: &str = "SELECT a.action_type, a.target_path, a.action_result, a.files_affected, a.timestamp, \
                       d.cleanup_rule, d.bytes FROM cleanup_actions a JOIN cleanup_details d ON d.action_id = a.id \
                       WHERE a.deployment_id = ?1 ORDER BY a.id";

fn stream<T>(
    conn: &Connection,
    session: &str,
    sql: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    each: Each<'_, T>,
) -> anyhow::Result<()> {
    let mut select = conn.prepare(sql)?;
    let mut rows = select.query([session])?;
    while let Some(row) = rows.next()? {
        if each(read(row)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Sorts the keys alone, then fetches row by row: memory does not grow with messages and excerpts.
fn violations(
    conn: &Connection,
    session: &str,
    order: Order,
    each: Each<'_, ViolationRow>,
) -> anyhow::Result<()> {
    let by_path = "path, path_bytes, line, \"column\", rule_id, id";
    let order = match order {
        Order::ByPath => by_path.to_owned(),
        Order::WorstFirst => {
            format!(
                "state = 'existing', CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, {by_path}"
            )
        }
    };
    let mut ids = conn.prepare(&format!(
        "SELECT id FROM violations WHERE deployment_id = ?1 ORDER BY {order}"
    ))?;
    let mut fetch = conn.prepare(
        "SELECT stage, rule_id, severity, subject, path, line, \"column\", end_line, end_column, message, \
         excerpt, excerpt_column, fingerprint, state, resolution, suppression_id, \
         IFNULL(column_bytes, \"column\"), IFNULL(end_column_bytes, end_column), \
         IFNULL(column_utf16, \"column\"), IFNULL(end_column_utf16, end_column), path_bytes FROM violations WHERE id = ?1",
    )?;
    let mut detections = conn.prepare(
        "SELECT detector, superseded_by, line, \"column\", end_line, end_column, preview, secret_fingerprint \
         FROM detections WHERE deployment_id = ?1 AND violation_fingerprint = ?2 ORDER BY id",
    )?;
    let has_detections: bool = conn.query_row(
        "SELECT EXISTS (SELECT 1 FROM detections WHERE deployment_id = ?1)",
        [session],
        |row| row.get(0),
    )?;
    let mut ids = ids.query([session])?;
    while let Some(id) = ids.next()? {
        let mut row = fetch.query_row([id.get::<_, i64>(0)?], violation_row)?;
        if has_detections {
            let found = detections.query_map((session, &row.fingerprint), detection_row)?;
            row.detections = found.collect::<Result<_, _>>()?;
        }
        if each(row)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn violation_row(row: &Row<'_>) -> rusqlite::Result<ViolationRow> {
    let region = match row.get::<_, Option<u32>>(5)? {
        None => None,
        Some(line) => Some(Region {
            line,
            column: row.get(6)?,
            end_line: row.get(7)?,
            end_column: row.get(8)?,
        }),
    };
    let columns = match region {
        None => None,
        Some(_) => Some(Columns {
            bytes: (row.get(16)?, row.get(17)?),
            utf16: (row.get(18)?, row.get(19)?),
        }),
    };
    let excerpt = match row.get::<_, Option<String>>(10)? {
        None => None,
        Some(text) => Some(Excerpt {
            text,
            first_column: row.get(11)?,
        }),
    };
    Ok(ViolationRow {
        stage: word(row, 0, words::stage)?,
        rule_id: row.get(1)?,
        severity: severity(row, 2)?,
        subject: row.get(3)?,
        path: row.get(4)?,
        path_bytes: row.get(20)?,
        region,
        message: row.get(9)?,
        excerpt,
        fingerprint: row.get(12)?,
        state: row.get(13)?,
        resolution: row.get(14)?,
        suppression: row.get(15)?,
        columns,
        detections: Vec::new(),
    })
}

fn detection_row(row: &Row<'_>) -> rusqlite::Result<DetectionRow> {
    Ok(DetectionRow {
        detector: row.get(0)?,
        superseded_by: row.get(1)?,
        region: Region {
            line: row.get(2)?,
            column: row.get(3)?,
            end_line: row.get(4)?,
            end_column: row.get(5)?,
        },
        preview: row.get(6)?,
        secret_fingerprint: row.get(7)?,
    })
}

fn skipped_row(row: &Row<'_>) -> rusqlite::Result<SkippedRow> {
    Ok(SkippedRow {
        path: row.get(0)?,
        reason: row.get(1)?,
        size: optional_count(row, 2)?,
    })
}

fn action_row(row: &Row<'_>) -> rusqlite::Result<ActionRow> {
    Ok(ActionRow {
        action_type: row.get(0)?,
        target_path: row.get(1)?,
        action_result: row.get(2)?,
        files_affected: count(row, 3)?,
        timestamp: row.get(4)?,
        cleanup_rule: row.get(5)?,
        bytes: count(row, 6)?,
    })
}
