//! Removes what is no longer needed: files without rows, and expired rows. The journal records what happened; these
//! rows were needed only while it happened.

use crate::{
    app::{App, AppError},
    blob::Stored,
    store::{Freshness, erasure, failing_address, login, outbox, piece, piece_text, scan, session, simulation},
};
use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, SystemTime};
use uuid::{NoContext, Uuid};

/// Interval between two sweeps.
pub(super) const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);
/// Minimum age of a file without a row before it is removed: far longer than any upload takes.
pub(super) const MIN_ORPHAN_AGE: Duration = Duration::from_secs(24 * 3600);
/// Retention of expired sign-in links. They are still counted, over 15 minutes, to limit requests.
const LINK_RETENTION: SignedDuration = SignedDuration::from_hours(24);
/// Retention of sessions after they were opened: longer than any session lasts.
const SESSION_RETENTION: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Retention of completed jobs, so that an operator can find when a mail was sent.
const JOB_RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Retention of addresses that recovered: users are told of failures for as long.
const RECOVERED_RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Retention of addresses that still fail: nobody has written to them for as long.
const FAILING_RETENTION: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Rows deleted per statement: few enough that replicas keep up and nobody waits for the locks.
const ROWS_PER_STATEMENT: u32 = 200;
/// Maximum number of statements per table and sweep; the rest waits for the next sweep.
const MAX_STATEMENTS_PER_TABLE: u32 = 50;

/// Removes expired rows and returns their number.
pub async fn sweep_rows(app: &App, now: Timestamp) -> Result<u64, AppError> {
    let mut removed = 0;
    for _ in 0..MAX_STATEMENTS_PER_TABLE {
        let mut db = app.store.write().await?;
        let links = login::sweep(&mut db, now - LINK_RETENTION, ROWS_PER_STATEMENT).await?;
        let sessions = session::sweep(&mut db, made_before(now - SESSION_RETENTION), now, ROWS_PER_STATEMENT).await?;
        let jobs = outbox::sweep(&mut db, made_before(now - JOB_RETENTION), ROWS_PER_STATEMENT).await?;
        let invitations = erasure::sweep_invitations(&mut db, now, ROWS_PER_STATEMENT).await?;
        let simulations = simulation::sweep(&mut db, now, ROWS_PER_STATEMENT).await?;
        let (recovered, failed) = (now - RECOVERED_RETENTION, now - FAILING_RETENTION);
        let addresses = failing_address::sweep(&mut db, recovered, failed, ROWS_PER_STATEMENT).await?;
        let counts = [links, sessions, jobs, invitations, simulations, addresses];
        removed += counts.iter().sum::<u64>();
        if counts.iter().all(|count| *count < u64::from(ROWS_PER_STATEMENT)) {
            break;
        }
    }
    Ok(removed)
}

/// Returns an upper bound for every id created before an instant: ids begin with their time.
fn made_before(at: Timestamp) -> Uuid {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    let lowest = Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, 0));
    Uuid::from_u128(lowest.as_u128() >> 80 << 80)
}

/// Removes attachments that no row refers to, and returns their number.
pub async fn sweep_files(app: &App, age: Duration) -> Result<usize, AppError> {
    let now = SystemTime::now();
    let old = |stored: &Stored| now.duration_since(stored.modified).is_ok_and(|since| since > age);
    let mut removed = app.blobs.sweep_incoming(age, now).await?;
    let mut all = app.blobs.list();
    while let Some(stored) = all.try_next().await? {
        let referenced = async || -> Result<bool, AppError> {
            let mut db = app.store.read(Freshness::OwnWrites).await?;
            Ok(piece::referenced(&mut db, &stored.sha256).await?)
        };
        // Somebody may attach the same file meanwhile: it is kept again before its row is written.
        if old(&stored) && !referenced().await? && app.blobs.find(&stored.sha256).await?.as_ref().is_some_and(old) {
            app.blobs.remove(&stored.sha256).await?;
            piece_text::forget(&mut *app.store.write().await?, &stored.sha256).await?;
            if app.scanner.is_some() {
                scan::forget(&mut *app.store.write().await?, &stored.sha256).await?;
            }
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_older_than_the_instant_at_which_nothing_was_made_yet() {
        let at: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let made = |seconds: i64| {
            let seconds = u64::try_from(at.as_second() + seconds).unwrap();
            Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, 0))
        };
        assert!(made(-1) < made_before(at) && made(0) >= made_before(at) && made(1) > made_before(at));
    }
}
