//! Orders about the service that are given on a command line and wait for confirmation in a browser.

use super::{StoreError, column::InstantColumn, row::to_datetime};
use crate::domain::ids::AccountId;
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use uuid::Uuid;

#[derive(Clone, Debug, FromRow)]
pub struct Order {
    pub id: Uuid,
    /// The action that is ordered, by its name.
    pub kind: String,
    /// Details of the order.
    pub detail: String,
    /// Who gave it: a user of a machine.
    pub asked_by: String,
    #[sqlx(try_from = "InstantColumn")]
    pub asked_at: Timestamp,
    /// Address of the person who confirmed it.
    pub confirmed_by: Option<String>,
}

/// Inserts an order.
pub async fn ask(db: &mut MySqlConnection, order: &Order) -> Result<(), StoreError> {
    sqlx::query("insert into service_order (order_id, kind, detail, asked_by, asked_at) values (?, ?, ?, ?, ?)")
        .bind(order.id)
        .bind(&order.kind)
        .bind(&order.detail)
        .bind(&order.asked_by)
        .bind(to_datetime(order.asked_at))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the orders given since an instant, the newest first.
pub async fn since(db: &mut MySqlConnection, asked_since: Timestamp) -> Result<Vec<Order>, StoreError> {
    Ok(sqlx::query_as(
        "select o.order_id as id, o.kind, o.detail, o.asked_by, o.asked_at, a.email as confirmed_by
         from service_order o left join account a on a.account_id = o.confirmed_by
         where o.asked_at > ? order by o.asked_at desc limit 50",
    )
    .bind(to_datetime(asked_since))
    .fetch_all(db)
    .await?)
}

/// Confirms a pending order that is not too old; returns whether there was one.
pub async fn confirm(
    db: &mut MySqlConnection,
    id: Uuid,
    who: AccountId,
    now: Timestamp,
    asked_since: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "update service_order set confirmed_by = ?, confirmed_at = ?
         where order_id = ? and confirmed_by is null and asked_at > ?",
    )
    .bind(who)
    .bind(to_datetime(now))
    .bind(id)
    .bind(to_datetime(asked_since))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn confirmed_by(db: &mut MySqlConnection, id: Uuid, who: AccountId) -> Result<bool, StoreError> {
    let found: Option<i32> = sqlx::query_scalar("select 1 from service_order where order_id = ? and confirmed_by = ?")
        .bind(id)
        .bind(who)
        .fetch_optional(db)
        .await?;
    Ok(found.is_some())
}

/// Takes a confirmed order, once, and returns who confirmed it.
pub async fn take(db: &mut MySqlConnection, id: Uuid, now: Timestamp) -> Result<Option<AccountId>, StoreError> {
    let taken = sqlx::query(
        "update service_order set taken_at = ? where order_id = ? and confirmed_by is not null and taken_at is null",
    )
    .bind(to_datetime(now))
    .bind(id)
    .execute(&mut *db)
    .await?;
    if taken.rows_affected() == 0 {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select confirmed_by from service_order where order_id = ?")
        .bind(id)
        .fetch_optional(db)
        .await?)
}
