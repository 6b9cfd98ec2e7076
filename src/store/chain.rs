//! The chain: whether the sessions of a file are all there, in the order in which they were sealed, and no others.
//!
//! Each seal holds the digest of the one before it, so a session cannot be taken out, put in or moved without breaking
//! the next link. Nothing follows the last session: that it is the last is known only from its digest.

use super::error::{SqlContext, StoreError};
use super::schema::{self, GIVEN_TABLES, SESSION_TABLES};
use super::seal::{self, Place, Seal};
use rusqlite::Connection;

/// What [`check`] says of rows without a seal that were not there when the file was taken over.
const NOT_TAKEN_OVER: &str = "deployment_sessions, factory_validation, cleanup_actions: the rows without a seal are not \
                              those that were taken over";

/// A sealed session and its seal.
struct Link {
    /// `deployment_sessions.id`.
    number: Option<i64>,
    deployment_id: String,
    seal: Seal,
}

fn links(conn: &Connection) -> Result<Vec<Link>, StoreError> {
    const DOING: &str = "read the seals";
    let mut select = conn
        .prepare(
            "SELECT s.id, l.deployment_id FROM seal l \
             LEFT JOIN deployment_sessions s ON s.deployment_id = l.deployment_id ORDER BY s.id, l.position",
        )
        .doing(DOING)?;
    let found = select
        .query_map((), |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, String>(1)?))
        })
        .doing(DOING)?
        .collect::<Result<Vec<_>, _>>()
        .doing(DOING)?;
    let mut links = Vec::new();
    for (number, deployment_id) in found {
        if let Some(seal) = seal::read(conn, &deployment_id)? {
            links.push(Link {
                number,
                deployment_id,
                seal,
            });
        }
    }
    Ok(links)
}

/// The place of the next session to be sealed into this file.
pub(super) fn next_place(conn: &Connection) -> Result<Place, StoreError> {
    Ok(match links(conn)?.pop() {
        Some(last) => Place {
            position: last.seal.statement.place.position + 1,
            previous: last.seal.digest,
        },
        None => Place {
            position: 1,
            previous: seal::taken_over(conn)?,
        },
    })
}

/// What is wrong with the seals, without a look at the rows that they cover. Each entry begins with a table.
pub(super) fn check(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let links = links(conn)?;
    let mut problems = Vec::new();
    let mut previous = seal::taken_over(conn)?;
    for (link, position) in links.iter().zip(1..) {
        let (id, place) = (&link.deployment_id, &link.seal.statement.place);
        if link.number.is_none() {
            problems.push(format!(
                "deployment_sessions: it lacks {id}, which has a seal"
            ));
        }
        if place.position != position {
            problems.push(format!(
                "seal: {id} was sealed as number {} of the file and is number {position}: sessions were removed, \
                 added or moved",
                place.position
            ));
        } else if place.previous != previous {
            problems.push(if position == 1 {
                NOT_TAKEN_OVER.into()
            } else {
                format!("seal: {id} was not sealed after the session that is before it")
            });
        }
        if seal::session_digest(&link.seal.contents, &link.seal.statement) != link.seal.digest {
            problems.push(format!("seal: its columns were changed for {id}"));
        }
        previous.clone_from(&link.seal.digest);
    }
    if links.is_empty() {
        problems.push("seal: there is none".into());
    }
    if !schema::describes_columns(conn)? {
        problems.push("_columns: the descriptions were changed".into());
    }
    if rows_without_seal(conn, "session_details")? {
        problems.push("session_details: rows of a session without a seal".into());
    }
    Ok(problems)
}

/// As [`check`], with every row of every sealed session, and rows that no seal covers.
pub(super) fn check_with_rows(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut problems = check(conn)?;
    for link in links(conn)? {
        let contents = seal::contents(conn, &link.deployment_id)?;
        if let Err(differences) = seal::compare(&contents, &link.seal) {
            problems.extend(differences);
        }
    }
    problems.extend(strays(conn)?);
    Ok(problems)
}

/// Side tables with rows that no seal covers.
pub(super) fn strays(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    for table in SESSION_TABLES.iter().skip(GIVEN_TABLES) {
        if table.name != "session_details" && rows_without_seal(conn, table.name)? {
            problems.push(format!("{}: rows of a session without a seal", table.name));
        }
    }
    Ok(problems)
}

fn rows_without_seal(conn: &Connection, table: &str) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM {table} WHERE deployment_id NOT IN (SELECT deployment_id FROM seal))"
    );
    conn.query_row(&sql, (), |row| row.get(0))
        .doing("look for rows without a seal")
}

/// The number of the first sealed session, if the rows without a seal are still those that were taken over: sessions
/// with lower numbers were there before.
pub(super) fn first_own_session(conn: &Connection) -> Result<Option<i64>, StoreError> {
    let links = links(conn)?;
    let Some(first) = links.first() else {
        return Ok(None);
    };
    let is_intact = first.seal.statement.place.previous == seal::taken_over(conn)?;
    Ok(first.number.filter(|_| is_intact))
}
