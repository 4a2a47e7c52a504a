//! Orders that cannot be taken back and are given where there is no browser: they wait until somebody who may has confirmed
//! them in one, with the passkey. Whoever holds a configuration file alone changes no leader unseen.

use super::{App, AppError, Ctx, transaction::transaction};
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

/// How long an order waits to be confirmed.
pub const ORDER_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

impl App {
    /// Gives an order to have another database server lead; `detail` says which.
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

    /// Journals what an operator did at the command line.
    pub async fn note_operation(&self, kind: EventKind, data: serde_json::Value) -> Result<(), AppError> {
        let event = &Event::of_portal(kind, self.clock(), data);
        transaction!(self.store, db => Ok(journal::append(db, event).await?))
    }

    /// The orders of the last hours, for those who may confirm them.
    pub async fn orders(&self, ctx: &Ctx) -> Result<Vec<Order>, AppError> {
        ctx.may(Action::OpsMaintain, &Target::Call)?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        Ok(order::since(&mut db, ctx.now - SignedDuration::from_hours(24)).await?)
    }

    /// Confirms one.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none that waits, [`AppError::Unconfirmed`] when the person has not shown
    /// the passkey just now; policy and store errors.
    pub async fn confirm_order(&self, ctx: &Ctx, id: Uuid) -> Result<(), AppError> {
        ctx.may(Action::OpsSwitchover, &Target::Call)?;
        let (who, now) = (ctx.account()?, ctx.now);
        transaction!(self.store, db => {
            if !order::confirm(db, id, who, now, now - ORDER_LIFETIME).await? {
                // A second click.
                return if order::confirmed_by(db, id, who).await? { Ok(()) } else { Err(AppError::NotFound) };
            }
            let data = serde_json::json!({ "order": id, "outcome": "confirmed" });
            ctx.journal(db, EventKind::DatabaseSwitchover, None, data).await?;
            Ok(())
        })
    }

    /// Takes a confirmed order, once; who has confirmed it, or none yet.
    pub async fn take_order(&self, id: Uuid) -> Result<Option<AccountId>, AppError> {
        let now = self.clock();
        transaction!(self.store, db => Ok(order::take(db, id, now).await?))
    }
}
