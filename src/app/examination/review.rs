//! Evaluation: the dossiers that experts and jury members evaluate, and their declarations of interest.

use crate::app::{App, AppError, Ctx, examination::round::StandingView, transaction::transaction};
use crate::{
    domain::{
        access::{Action, DossierTarget, Part, Relations, Target},
        event::EventKind,
        ids::DossierId,
    },
    store::{
        Freshness, interest,
        review::{self, StandingDeposit},
    },
};

/// A dossier that the actor has to evaluate.
#[derive(Clone, Debug)]
pub struct ToEvaluate {
    /// The current deposit.
    pub standing: StandingDeposit,
    /// True if it is assigned to this expert; otherwise the actor is a member of the jury.
    pub assigned: bool,
    /// True if it can be read now: the expert has declared to have no conflict.
    pub readable: bool,
}

/// What is shown of a dossier to a user who has to declare interests.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The current deposit.
    pub standing: StandingDeposit,
    /// True if it is assigned to this expert.
    pub assigned: bool,
    /// The user has declared to have no conflict.
    pub declared: bool,
}

/// What is shown to a user who evaluates a dossier.
#[derive(Debug)]
pub enum Evaluation {
    /// Nothing yet: interests have to be declared first.
    Undeclared,
    /// Everything.
    Open(Box<StandingView>),
}

impl App {
    /// Returns the dossiers that the actor has to evaluate. The policy decides about each.
    pub async fn to_evaluate(&self, ctx: &Ctx) -> Result<Vec<ToEvaluate>, AppError> {
        ctx.authorize(Action::ReviewList, &Target::Call)?;
        let rows = {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            review::to_evaluate(&mut db, &ctx.actor()?.account, ctx.now).await?
        };
        let mut all = Vec::new();
        for (row, relations) in rows {
            let target = row.target(relations);
            let assigned = target.relations.assigned;
            let permit = match ctx.authorize(Action::InterestDeclare, &Target::Dossier(target.clone())) {
                Ok(permit) => permit,
                Err(AppError::NotFound | AppError::Unconfirmed) => continue,
                Err(error) => return Err(error),
            };
            let reading = Target::Dossier(DossierTarget { part: Part::Deposit, ..target });
            let readable = ctx.authorize(Action::DepositRead, &reading).is_ok();
            // Dossiers of a call that is no longer configured are not shown.
            if let Some(standing) = row.open(&permit).filter(|standing| self.call(&standing.call).is_ok()) {
                all.push(ToEvaluate { standing, assigned, readable });
            }
        }
        Ok(all)
    }

    /// Returns the content of one of them and records the access, unless interests have to be declared first.
    pub async fn evaluation(&self, ctx: &Ctx, id: DossierId) -> Result<Evaluation, AppError> {
        ctx.authorize(Action::ReviewList, &Target::Call)?;
        let readable = {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            let row = review::standing(&mut db, id, &ctx.actor()?.account, ctx.now).await?;
            let (_, access) = ctx.authorize_related(&mut db, row, Action::InterestDeclare, Part::Overview).await?;
            access.authorize(Action::DepositRead, Part::Deposit).is_ok()
        };
        if !readable {
            return Ok(Evaluation::Undeclared);
        }
        Ok(Evaluation::Open(Box::new(self.read_standing(ctx, id, None).await?)))
    }

    /// Returns the owner and the title of a dossier, for users who may declare interests in it.
    pub async fn declaration(&self, ctx: &Ctx, id: DossierId) -> Result<Declaration, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = review::standing(&mut db, id, &ctx.actor()?.account, ctx.now).await?;
        let (standing, access) = ctx.authorize_related(&mut db, row, Action::InterestDeclare, Part::Overview).await?;
        let Relations { assigned, conflict, .. } = *access.relations();
        Ok(Declaration { standing, assigned, declared: conflict.is_some() })
    }

    /// Declares a conflict of interest in a dossier, or its absence. A conflict ends every right on the dossier and
    /// cannot be revoked.
    pub async fn declare(&self, ctx: &Ctx, id: DossierId, conflict: bool) -> Result<StandingDeposit, AppError> {
        let (account, now) = (&ctx.actor()?.account, ctx.now);
        transaction!(self.store, db => {
            let row = review::lock(db, id, account, now).await?;
            let (standing, access) = ctx.authorize_related(db, row, Action::InterestDeclare, Part::Overview).await?;
            if access.relations().conflict == Some(conflict) {
                return Ok(standing);
            }
            interest::declare(db, id, account.id, conflict, now).await?;
            let data = serde_json::json!({ "conflict": conflict, "rule": access.rule });
            ctx.journal(db, EventKind::InterestDeclared, Some(id), data).await?;
            Ok(standing)
        })
    }
}
