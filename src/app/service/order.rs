//! Irreversible orders that are given without a browser. They wait until an authorised person confirms them in a
//! browser with a passkey. So a configuration file alone does not suffice to change the leader unnoticed.

use crate::app::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::{
        access::{Action, Target},
        event::{Event, EventKind},
        ids::AccountId,
    },
    store::{
        Freshness, journal,
        order::{self, Order},
    },
};
use jiff::SignedDuration;
use uuid::Uuid;

/// How long an order can be confirmed.
pub const ORDER_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

impl App {
    /// Creates an order to switch the leader to another database server; `detail` names it.
    pub async fn order_switchover(&self, detail: &str, asked_by: &str) -> Result<Uuid, AppError> {
        let order = Order {
            id: Uuid::now_v7(),
            kind: Action::OpsSwitchover.slug().to_owned(),
            detail: detail.to_owned(),
            asked_by: asked_by.to_owned(),
            asked_at: self.clock(),
            confirmed_by: None,
        };
        let (order, id) = (&order, order.id);
        transaction!(self.store, db => {
            order::ask(db, order).await?;
            let data = serde_json::json!({ "order": id, "to": order.detail, "operator": order.asked_by, "outcome": "asked" });
            journal::append(db, &Event::of_portal(EventKind::DatabaseSwitchover, order.asked_at, data)).await?;
            Ok(id)
        })
    }

    /// Journals an operator's action on the command line.
    pub async fn note_operation(&self, kind: EventKind, data: serde_json::Value) -> Result<(), AppError> {
        let event = &Event::of_portal(kind, self.clock(), data);
        transaction!(self.store, db => Ok(journal::append(db, event).await?))
    }

    /// Returns the recent orders, for users who may confirm them.
    pub async fn orders(&self, ctx: &Ctx) -> Result<Vec<Order>, AppError> {
        ctx.authorize(Action::OpsMaintain, &Target::Call)?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        Ok(order::since(&mut db, ctx.now - SignedDuration::from_hours(24)).await?)
    }

    /// Confirms an order.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when no such order is waiting, [`AppError::Unconfirmed`] without a recent passkey
    /// confirmation; policy and store errors.
    pub async fn confirm_order(&self, ctx: &Ctx, id: Uuid) -> Result<(), AppError> {
        ctx.authorize(Action::OpsSwitchover, &Target::Call)?;
        let (who, now) = (ctx.account()?, ctx.now);
        transaction!(self.store, db => {
            if !order::confirm(db, id, who, now, now - ORDER_LIFETIME).await? {
                // A double click.
                return if order::confirmed_by(db, id, who).await? { Ok(()) } else { Err(AppError::NotFound) };
            }
            let data = serde_json::json!({ "order": id, "outcome": "confirmed" });
            ctx.journal(db, EventKind::DatabaseSwitchover, None, data).await?;
            Ok(())
        })
    }

    /// Takes a confirmed order, once. Returns who confirmed it, or `None` if it is not confirmed yet.
    pub async fn take_order(&self, id: Uuid) -> Result<Option<AccountId>, AppError> {
        let now = self.clock();
        transaction!(self.store, db => Ok(order::take(db, id, now).await?))
    }
}
