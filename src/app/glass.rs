//! Emergency readings: who runs the service sees no contents, unless a second person allows one dossier for an hour.

use super::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::{
        access::{Action, Target},
        event::{Event, EventKind},
    },
    store::{Freshness, glass, journal},
};
use jiff::SignedDuration;
use uuid::Uuid;

/// How long an allowed reading lasts.
const READING: SignedDuration = SignedDuration::from_hours(1);
/// How long a request waits to be allowed.
pub const WAITS: SignedDuration = SignedDuration::from_hours(24);
/// Longest reason, characters.
const REASON: usize = 500;

impl App {
    /// Asks to read the dossier of a receipt, with a reason that stays in the journal for ever.
    ///
    /// # Errors
    /// [`AppError::Reason`] when there is none or it is too long, [`AppError::NotFound`] when there is no such receipt;
    /// the policy's or the store's.
    pub async fn ask_emergency(&self, ctx: &Ctx, receipt: &str, reason: &str) -> Result<(), AppError> {
        ctx.may(Action::GlassAsk, &Target::Call)?;
        let (who, now, id, reason) = (ctx.account()?, ctx.now, Uuid::now_v7(), reason.trim());
        if reason.is_empty() || reason.chars().count() > REASON {
            return Err(AppError::Reason);
        }
        transaction!(self.store, db => {
            let dossier = glass::dossier_of(db, receipt.trim()).await?.ok_or(AppError::NotFound)?;
            glass::ask(db, id, dossier, who, reason, now).await?;
            let data = serde_json::json!({ "request": id, "reason": reason });
            let event =
                Event { kind: EventKind::EmergencyAsked, at: now, actor: Some(who), dossier: Some(dossier), data };
            journal::append(db, &event).await?;
            Ok(())
        })
    }

    /// Allows a colleague's request; nobody allows their own.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none that this person may allow; the policy's or the store's.
    pub async fn allow_emergency(&self, ctx: &Ctx, id: Uuid) -> Result<(), AppError> {
        ctx.may(Action::GlassAllow, &Target::Call)?;
        let (who, now) = (ctx.account()?, ctx.now);
        transaction!(self.store, db => {
            let allowed = glass::allow(db, id, who, now, now - WAITS, now + READING).await?;
            let dossier = allowed.ok_or(AppError::NotFound)?;
            let data = serde_json::json!({ "request": id, "ends": now + READING });
            let event =
                Event { kind: EventKind::EmergencyAllowed, at: now, actor: Some(who), dossier: Some(dossier), data };
            journal::append(db, &event).await?;
            Ok(())
        })
    }

    /// The latest requests, for those who may allow them.
    ///
    /// # Errors
    /// The policy's or the store's.
    pub async fn emergencies(&self, ctx: &Ctx) -> Result<Vec<glass::Request>, AppError> {
        ctx.may(Action::GlassAllow, &Target::Call)?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        Ok(glass::latest(&mut db).await?)
    }
}
