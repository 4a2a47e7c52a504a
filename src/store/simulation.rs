//! Answers given to the simulator, kept until their author has signed in; found by a secret of which only the digest is
//! stored.

use super::{
    StoreError,
    row::{inconsistent, to_datetime},
};
use crate::domain::{calendar::RoundId, document::Document, ids::AttemptId};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};

/// Answers and the dossier that they shall begin.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub call: String,
    pub round: RoundId,
    /// The attempt at beginning the dossier.
    pub attempt: AttemptId,
    pub answers: Document,
}

#[derive(FromRow)]
struct SimulationRow {
    call_id: String,
    round_id: RoundId,
    attempt_id: AttemptId,
    answers: String,
}

pub async fn insert(
    db: &mut MySqlConnection,
    hash: &[u8],
    simulation: &Simulation,
    expires: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into simulation (simulation_hash, call_id, round_id, attempt_id, answers, expires_at)
         values (?, ?, ?, ?, ?, ?)",
    )
    .bind(hash)
    .bind(&simulation.call)
    .bind(&simulation.round)
    .bind(simulation.attempt)
    .bind(serde_json::json!(simulation.answers).to_string())
    .bind(to_datetime(expires))
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the answers of a secret, unless they have expired.
pub async fn load(db: &mut MySqlConnection, hash: &[u8], now: Timestamp) -> Result<Option<Simulation>, StoreError> {
    let row: Option<SimulationRow> = sqlx::query_as(
        "select call_id, round_id, attempt_id, answers from simulation
         where simulation_hash = ? and expires_at > ?",
    )
    .bind(hash)
    .bind(to_datetime(now))
    .fetch_optional(db)
    .await?;
    let Some(SimulationRow { call_id: call, round_id: round, attempt_id: attempt, answers }) = row else {
        return Ok(None);
    };
    let answers = serde_json::from_str(&answers).map_err(|_| inconsistent("simulation", "answers"))?;
    Ok(Some(Simulation { call, round, attempt, answers }))
}

/// Removes some of the expired answers, and returns how many.
pub async fn sweep(db: &mut MySqlConnection, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let done = sqlx::query("delete from simulation where expires_at < ? order by expires_at limit ?")
        .bind(to_datetime(now))
        .bind(limit)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}
