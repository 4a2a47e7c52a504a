//! Break-glass access: operators of the service see no contents unless a second person allows access to one dossier for
//! one hour.

use crate::app::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::{
        access::{Action, Target},
        event::EventKind,
        text::{
            Text,
            clean::{TextKind, clean},
        },
    },
    store::{Freshness, break_glass},
};
use jiff::SignedDuration;
use uuid::Uuid;

/// Lifetime of an allowed access.
const READING_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// How long a request can be allowed.
pub const REQUEST_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// Maximum length of a reason, in characters.
const MAX_REASON_CHARS: usize = 500;

/// Why a request for break-glass access is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakGlassFault {
    /// No receipt has this number.
    Receipt,
    /// The reason is missing or too long.
    Reason,
}

impl BreakGlassFault {
    /// Name of the invalid field.
    pub fn field(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Reason => "reason",
        }
    }

    /// Message for the user: what is wrong and what to do.
    pub fn message(self) -> Text {
        match self {
            Self::Receipt => Text::new("Aucun reçu ne porte ce numéro.", "No receipt has this number."),
            Self::Reason => Text::new(
                "Dites pourquoi, en 500 caractères au plus : ce motif reste au journal.",
                "Say why, in 500 characters at most: the reason stays in the journal.",
            ),
        }
    }
}

impl App {
    /// Requests access to the dossier of a receipt. The reason is stored permanently in the journal.
    ///
    /// # Errors
    /// [`AppError::BreakGlass`] with all that is wrong; policy and store errors.
    pub async fn ask_break_glass(&self, ctx: &Ctx, receipt: &str, reason: &str) -> Result<(), AppError> {
        ctx.authorize(Action::BreakGlassAsk, &Target::Call)?;
        let reason = clean(TextKind::Prose, reason);
        let (who, now, id, reason) = (ctx.account()?, ctx.now, Uuid::now_v7(), reason.trim());
        let unfit = reason.is_empty() || reason.chars().count() > MAX_REASON_CHARS;
        transaction!(self.store, db => {
            let dossier = match (break_glass::dossier_of(db, receipt.trim()).await?, unfit) {
                (Some(dossier), false) => dossier,
                (found, _) => {
                    let lost = found.is_none().then_some(BreakGlassFault::Receipt);
                    return Err(AppError::BreakGlass(lost.into_iter().chain(unfit.then_some(BreakGlassFault::Reason)).collect()));
                }
            };
            break_glass::ask(db, id, dossier, who, reason, now).await?;
            let data = serde_json::json!({ "request": id, "reason": reason });
            ctx.journal(db, EventKind::EmergencyAsked, Some(dossier), data).await?;
            Ok(())
        })
    }

    /// Allows a colleague's request. Nobody can allow their own.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none that this person may allow; policy and store errors.
    pub async fn allow_break_glass(&self, ctx: &Ctx, id: Uuid) -> Result<(), AppError> {
        ctx.authorize(Action::BreakGlassAllow, &Target::Call)?;
        let (who, now) = (ctx.account()?, ctx.now);
        transaction!(self.store, db => {
            let allowed = break_glass::allow(db, id, who, now, now - REQUEST_LIFETIME, now + READING_LIFETIME).await?;
            let dossier = allowed.ok_or(AppError::NotFound)?;
            let data = serde_json::json!({ "request": id, "ends": now + READING_LIFETIME });
            ctx.journal(db, EventKind::EmergencyAllowed, Some(dossier), data).await?;
            Ok(())
        })
    }

    /// Returns the latest requests, for users who may allow them.
    pub async fn break_glass_requests(&self, ctx: &Ctx) -> Result<Vec<break_glass::Request>, AppError> {
        ctx.authorize(Action::BreakGlassAllow, &Target::Call)?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        Ok(break_glass::latest(&mut db).await?)
    }
}
