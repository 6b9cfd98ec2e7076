//! The one thread that owns the run's database: rows in batches, everything else as jobs between batches.

use super::error::{SqlContext, StoreError};
use super::open::{self, Survive};
use super::paths::{escape, push_hex, raw_if_needed};
use super::rows::Stage;
use crate::finding::{Columns, Finding, Region, State};
use crate::walk::Skipped;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Rows in one transaction. More gain nothing, fewer cost a commit each.
const BATCH_ROWS: usize = 8192;
/// How long a row may wait for its transaction to end.
const BATCH_TIME: Duration = Duration::from_millis(250);
/// Messages that may wait: a slow disk slows the scan down instead of filling the memory.
const WAITING: usize = 256;

type Job = Box<dyn FnOnce(&mut Writer) + Send>;

enum Message {
    Findings(Stage, Vec<Finding>),
    Skipped(Vec<Skipped>),
    Job(Job),
}

/// The sending end. Stops the thread when it is dropped, so that nothing writes after the lock is gone.
pub(super) struct Feed {
    sender: Option<SyncSender<Message>>,
    thread: Option<std::thread::JoinHandle<Connection>>,
    failure: Arc<OnceLock<String>>,
}

impl Feed {
    /// Starts the thread.
    pub(super) fn start(conn: Connection, deployment_id: &str) -> Result<Self, StoreError> {
        let failure = Arc::new(OnceLock::new());
        let (sender, receiver) = sync_channel(WAITING);
        let writer = Writer {
            conn,
            deployment_id: deployment_id.into(),
            begun: None,
            rows: 0,
            known: None,
            failure: Arc::clone(&failure),
        };
        let thread = std::thread::Builder::new()
            .name("record".into())
            .spawn(move || writer.run(&receiver))
            .map_err(|error| StoreError::Failed(format!("no thread for the record: {error}")))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
            failure,
        })
    }

    /// Hands findings over; they are committed before the next job at the latest.
    pub(super) fn findings(&self, stage: Stage, findings: Vec<Finding>) -> Result<(), StoreError> {
        self.send(Message::Findings(stage, findings))
    }

    /// Hands skipped files over.
    pub(super) fn skipped(&self, skipped: Vec<Skipped>) -> Result<(), StoreError> {
        self.send(Message::Skipped(skipped))
    }

    /// Runs `job` in a transaction of its own after everything before it is committed, and waits for its end. What it
    /// wrote then survives the death of the process.
    pub(super) fn transact<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(move |writer| writer.transact(job))
    }

    /// As [`Feed::transact`], without waiting: the next call answers if it fails.
    pub(super) fn transact_later(
        &self,
        job: impl FnOnce(&Connection, &str) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        self.send(Message::Job(Box::new(move |writer| {
            if let Err(error) = writer.settle().and_then(|()| writer.transact(job)) {
                writer.fail(&error);
            }
        })))
    }

    /// As [`Feed::transact`]; what the job wrote, and everything before it, then survives a power cut too.
    pub(super) fn transact_durably<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(move |writer| {
            writer.commits_survive(Survive::PowerCut)?;
            let result = writer.transact(job);
            writer.commits_survive(Survive::Kill)?;
            result
        })
    }

    /// Runs `job`, which only reads, after everything before it is written.
    pub(super) fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &str) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(move |writer| Ok(job(&writer.conn, &writer.deployment_id)))
    }

    fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = sync_channel(1);
        self.send(Message::Job(Box::new(move |writer| {
            let result = writer.settle().and_then(|()| job(writer));
            // The caller waits for the answer, unless it is gone with its thread.
            reply.send(result).ok();
        })))?;
        answer.recv().map_err(|_| self.stopped())?
    }

    fn send(&self, message: Message) -> Result<(), StoreError> {
        if let Some(why) = self.failure.get() {
            return Err(StoreError::Failed(why.clone()));
        }
        let sender = self.sender.as_ref().ok_or_else(|| self.stopped())?;
        sender.send(message).map_err(|_| self.stopped())
    }

    fn stopped(&self) -> StoreError {
        let why = self
            .failure
            .get()
            .map_or("its thread stopped", String::as_str);
        StoreError::Failed(why.into())
    }

    /// Writes what is left, ends the thread and gives the connection back.
    pub(super) fn stop(mut self) -> Result<Connection, StoreError> {
        self.sender = None;
        let thread = self.thread.take().ok_or_else(|| self.stopped())?;
        let conn = thread.join().map_err(|_| self.stopped())?;
        match self.failure.get() {
            None => Ok(conn),
            Some(why) => Err(StoreError::Failed(why.clone())),
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread left no row behind that a transaction did not finish.
            thread.join().ok();
        }
    }
}

/// What the thread has.
struct Writer {
    conn: Connection,
    deployment_id: String,
    begun: Option<Instant>,
    rows: usize,
    /// Row id and whether it is resolved, by fingerprint; made when phase 4 brings its first findings.
    known: Option<Known>,
    failure: Arc<OnceLock<String>>,
}

impl Writer {
    fn run(mut self, receiver: &Receiver<Message>) -> Connection {
        loop {
            let message = match self.begun {
                None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(begun) => receiver.recv_timeout(BATCH_TIME.saturating_sub(begun.elapsed())),
            };
            let result = match message {
                Ok(Message::Job(job)) => {
                    job(&mut self);
                    Ok(())
                }
                Ok(Message::Findings(stage, findings)) => self.insert_findings(stage, &findings),
                Ok(Message::Skipped(skipped)) => self.insert_skipped(&skipped),
                Err(RecvTimeoutError::Timeout) => self.settle(),
                Err(RecvTimeoutError::Disconnected) => {
                    if let Err(error) = self.settle() {
                        self.fail(&error);
                    }
                    return self.conn;
                }
            };
            if let Err(error) = result {
                self.fail(&error);
            }
        }
    }

    fn transact<T>(
        &mut self,
        job: impl FnOnce(&Connection, &str) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // The job may resolve violations.
        self.known = None;
        let result = transaction(&self.conn, |conn| job(conn, &self.deployment_id));
        if let Err(error @ StoreError::Sql { .. }) = &result {
            self.fail(error);
        }
        result
    }

    fn commits_survive(&mut self, what: Survive) -> Result<(), StoreError> {
        let result = open::commits_survive(&self.conn, what);
        if let Err(error) = &result {
            self.fail(error);
        }
        result
    }

    /// Remembers the first error, and undoes the batch: no half of it stays.
    fn fail(&mut self, error: &StoreError) {
        self.begun = None;
        let mut text = error.in_full();
        if !self.conn.is_autocommit()
            && let Err(second) = self.conn.execute_batch("ROLLBACK")
        {
            text = format!("{text}; and the roll-back failed: {second}");
        }
        self.failure.get_or_init(|| text);
    }

    /// Ends the batch; what came before is committed when this returns.
    fn settle(&mut self) -> Result<(), StoreError> {
        if let Some(why) = self.failure.get() {
            return Err(StoreError::Failed(why.clone()));
        }
        if self.begun.is_some() {
            let result = self.conn.execute_batch("COMMIT").doing("commit a batch");
            if let Err(error) = &result {
                self.fail(error);
            }
            self.begun = None;
            self.rows = 0;
            return result;
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        if self.begun.is_none() {
            self.conn
                .execute_batch("BEGIN IMMEDIATE")
                .doing("begin a batch")?;
            self.begun = Some(Instant::now());
            self.rows = 0;
        }
        Ok(())
    }

    fn insert_findings(&mut self, stage: Stage, findings: &[Finding]) -> Result<(), StoreError> {
        if self.failure.get().is_some() {
            return Ok(());
        }
        if stage == Stage::PostDeployment && self.known.is_none() {
            self.settle()?;
            self.known = Some(known_fingerprints(&self.conn)?);
        }
        for chunk in findings.chunks(BATCH_ROWS) {
            self.begin()?;
            self.insert_chunk(stage, chunk)?;
            self.rows += chunk.len();
            if self.rows >= BATCH_ROWS {
                self.settle()?;
            }
        }
        Ok(())
    }

    fn insert_chunk(&mut self, stage: Stage, findings: &[Finding]) -> Result<(), StoreError> {
        let mut insert = self
            .conn
            .prepare_cached(
                "INSERT INTO violations (deployment_id, stage, rule_id, severity, subject, path, path_bytes, \
                 line, \"column\", end_line, end_column, message, excerpt, excerpt_column, fingerprint, state, \
                 suppression_id, column_bytes, end_column_bytes, column_utf16, end_column_utf16) VALUES (?1, ?2, ?3, \
                 ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
            )
            .doing("record violations")?;
        let mut fingerprint = String::with_capacity(32);
        for finding in findings {
            if let Some(known) = &mut self.known
                && is_known(&self.conn, known, finding)?
            {
                continue;
            }
            fingerprint.clear();
            push_hex(&mut fingerprint, &finding.fingerprint.0);
            let region = finding.region.as_ref();
            let excerpt = finding.excerpt.as_ref();
            insert
                .execute(params![
                    self.deployment_id,
                    stage.as_str(),
                    &*finding.rule_id,
                    finding.severity.as_str(),
                    finding.subject.as_str(),
                    escape(&finding.path),
                    raw_if_needed(&finding.path),
                    region.map(|region| region.line),
                    region.map(|region| region.column),
                    region.map(|region| region.end_line),
                    region.map(|region| region.end_column),
                    finding.message,
                    excerpt.map(|excerpt| excerpt.text.as_str()),
                    excerpt.map(|excerpt| excerpt.first_column),
                    fingerprint,
                    finding.state.as_str(),
                    finding
                        .suppression
                        .filter(|_| finding.state == State::Suppressed),
                    other_column(finding, |columns| columns.bytes.0, |region| region.column),
                    other_column(
                        finding,
                        |columns| columns.bytes.1,
                        |region| region.end_column
                    ),
                    other_column(finding, |columns| columns.utf16.0, |region| region.column),
                    other_column(
                        finding,
                        |columns| columns.utf16.1,
                        |region| region.end_column
                    ),
                ])
                .doing("record a violation")?;
            if !finding.detections.is_empty() {
                insert_detections(&self.conn, &self.deployment_id, finding, &fingerprint)?;
            }
        }
        Ok(())
    }

    fn insert_skipped(&mut self, skipped: &[Skipped]) -> Result<(), StoreError> {
        if self.failure.get().is_some() {
            return Ok(());
        }
        for chunk in skipped.chunks(BATCH_ROWS) {
            self.begin()?;
            let mut insert = self
                .conn
                .prepare_cached(
                    "INSERT INTO skipped_files (deployment_id, path, path_bytes, reason, size) \
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )
                .doing("record skipped files")?;
            for file in chunk {
                insert
                    .execute(params![
                        self.deployment_id,
                        escape(&file.path),
                        raw_if_needed(&file.path),
                        file.reason.text(),
                        file.size.map(integer).transpose()?,
                    ])
                    .doing("record a skipped file")?;
            }
            drop(insert);
            self.rows += chunk.len();
            if self.rows >= BATCH_ROWS {
                self.settle()?;
            }
        }
        Ok(())
    }
}

/// A column in another unit, where it is not the same number: nearly all text is ASCII.
fn other_column(
    finding: &Finding,
    other: fn(&Columns) -> u32,
    column: fn(&Region) -> u32,
) -> Option<u32> {
    let other = finding.columns.as_ref().map(other);
    other.filter(|other| finding.region.as_ref().map(column) != Some(*other))
}

/// Records what each detector saw where the violation with this fingerprint (hex) is.
fn insert_detections(
    conn: &Connection,
    deployment_id: &str,
    finding: &Finding,
    fingerprint: &str,
) -> Result<(), StoreError> {
    let mut insert = conn
        .prepare_cached(
            "INSERT INTO detections (deployment_id, violation_fingerprint, detector, superseded_by, path, path_bytes, \
             line, \"column\", end_line, end_column, preview, secret_fingerprint) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )
        .doing("record detections")?;
    let reported = finding.detections.first().map(|first| &*first.detector);
    for (number, detection) in finding.detections.iter().enumerate() {
        let mut secret = String::with_capacity(32);
        push_hex(&mut secret, &detection.secret);
        let region = detection.region;
        insert
            .execute(params![
                deployment_id,
                fingerprint,
                &*detection.detector,
                reported.filter(|_| number > 0),
                escape(&finding.path),
                raw_if_needed(&finding.path),
                region.line,
                region.column,
                region.end_line,
                region.end_column,
                detection.preview,
                secret,
            ])
            .doing("record a detection")?;
    }
    Ok(())
}

/// SQLite's integers are signed; no count or size of this world needs the last bit.
pub(super) fn integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number)
        .map_err(|_| StoreError::Untrue(format!("{number} is too large for a count or a size")))
}

/// Runs `work` in a transaction: all of it is committed when this returns, or none of it happened.
pub(super) fn transaction<T>(
    conn: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    conn.execute_batch("BEGIN IMMEDIATE")
        .doing("begin a transaction")?;
    let result = work(conn).and_then(|value| {
        conn.execute_batch("COMMIT").doing("commit")?;
        Ok(value)
    });
    if result.is_err() && !conn.is_autocommit() {
        conn.execute_batch("ROLLBACK").doing("roll back")?;
    }
    result
}

/// Whether the violation has its row already; if not it is remembered.
fn is_known(conn: &Connection, known: &mut Known, finding: &Finding) -> Result<bool, StoreError> {
    let Some((id, resolved)) = known.get_mut(&finding.fingerprint.0) else {
        known.insert(finding.fingerprint.0, (0, false));
        return Ok(false);
    };
    if std::mem::take(resolved) {
        reopen(conn, *id)?;
    }
    Ok(true)
}

/// The row of each violation by its fingerprint, and whether it is marked as resolved.
type Known = HashMap<[u8; 16], (i64, bool)>;

/// A violation that phase 4 sees again was not resolved, whatever phases 2 and 3 thought.
fn reopen(conn: &Connection, id: i64) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE violations SET resolution = NULL WHERE id = ?1")
        .and_then(|mut update| update.execute([id]))
        .doing("reopen a violation")?;
    Ok(())
}

fn known_fingerprints(conn: &Connection) -> Result<Known, StoreError> {
    const DOING: &str = "read the fingerprints";
    let mut select = conn
        .prepare(
            "SELECT unhex(fingerprint), id, resolution IS NOT NULL FROM violations ORDER BY id",
        )
        .doing(DOING)?;
    let rows = select
        .query_map((), |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))
        .doing(DOING)?;
    rows.collect::<Result<_, _>>().doing(DOING)
}
