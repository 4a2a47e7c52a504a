//! Officers' actions on a deposited dossier: the state of its examination, and its assignment to experts.

use crate::app::{
    App, AppError, Ctx, DossierAccess, DossierPath,
    service::mail::{Concern, EmailMessage, Letter},
    transaction::transaction,
};
use crate::{
    domain::{
        access::{Action, Part, Stage},
        dossier::{Admission, decides_admission},
        event::EventKind,
        ids::AccountId,
    },
    store::{
        Connection,
        assignment::{self, Assignment, Expert},
        failing_address::FailingAddress,
        interest::Conflict,
        outbox,
        participant::{self, Participants},
        review::StandingDeposit,
    },
};
use uuid::Uuid;

/// State of the examination of a dossier.
#[derive(Debug)]
pub struct Desk {
    /// The admission, and the address of the officer who decided it.
    pub admission: Option<(Admission, String)>,
    /// Whether the dossier can be marked as admissible now.
    pub ready: bool,
    /// Experts to whom the dossier is assigned.
    pub assignments: Vec<Assignment>,
    /// Experts to whom it can be assigned.
    pub candidates: Vec<Expert>,
    /// Conflicts of interest that people have declared, experts or not.
    pub conflicts: Vec<Conflict>,
    /// Set if mails to the owner of the dossier fail.
    pub owner_unreachable: Option<FailingAddress>,
}

impl App {
    /// Returns the state of the examination of an opened deposit for users who examine it, and `None` for other readers.
    pub(super) async fn desk(
        &self,
        ctx: &Ctx,
        db: &mut Connection,
        standing: &StandingDeposit,
        access: &DossierAccess<'_>,
    ) -> Result<Option<Desk>, AppError> {
        match access.authorize(Action::ExpertAssign, Part::Whole) {
            // A reader who also has another role (an auditor who is on the jury, for example) is not sent to the
            // passkey page from here.
            Err(AppError::NotFound | AppError::Unconfirmed) => return Ok(None),
            permitted => permitted?,
        };
        let round = self.round(self.call(&standing.call)?, &standing.round)?;
        let Participants { admitted_by, assignments, candidates, conflicts, owner_unreachable } =
            participant::of_dossier(db, standing.dossier, ctx.now).await?;
        let admission = standing.admitted_at.zip(standing.admitted_by).map(|(at, by)| Admission { at, by });
        let ready = admission.is_none() && decides_admission(round, ctx.now);
        let admission = admission.map(|admission| (admission, admitted_by.unwrap_or_default()));
        Ok(Some(Desk { admission, ready, assignments, candidates, conflicts, owner_unreachable }))
    }

    /// Assigns an admissible dossier to an expert and notifies the expert by mail. Nothing changes if it is already
    /// assigned. The mail contains nothing about the dossier.
    ///
    /// # Errors
    /// [`AppError::NotAdmissible`], [`AppError::NoExpert`] when the dossier cannot be given to this person; policy and
    /// store errors.
    pub async fn assign(&self, ctx: &Ctx, place: &DossierPath, expert: AccountId) -> Result<(), AppError> {
        let (who, now, id) = (ctx.account()?, ctx.now, place.id);
        let (assignment, job) = (Uuid::now_v7(), Uuid::now_v7());
        transaction!(self.store, db => {
            let (dossier, _) = place.lock(ctx, db, Action::ExpertAssign).await?;
            if dossier.stage() != Stage::Admissible {
                return Err(AppError::NotAdmissible);
            }
            if assignment::stands(db, id, expert).await? {
                return Ok(());
            }
            let Participants { candidates, .. } = participant::of_dossier(db, id, now).await?;
            let expert = candidates.into_iter().find(|one| one.id == expert).ok_or(AppError::NoExpert)?;
            if !assignment::insert(db, assignment, id, expert.id, who, now).await? {
                return Err(AppError::NoExpert);
            }
            let call = self.call(&dossier.call)?;
            let letter =
                Letter::Assigned { link: format!("{}{}/reviews", self.origin(ctx), expert.lang.tr("", "/en")) };
            let about = Concern::of_call(call, expert.lang);
            let message = EmailMessage { to: expert.email, lang: expert.lang, about, letter };
            outbox::enqueue_mail(db, job, &message, now).await?;
            let data = serde_json::json!({ "assignment": assignment, "expert": expert.id });
            ctx.journal(db, EventKind::ExpertAssigned, Some(id), data).await?;
            Ok(())
        })?;
        self.outbox_notify.notify_one();
        Ok(())
    }

    /// Removes the assignment of a dossier to an expert. The expert is refused from the next request on.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not given; policy and store errors.
    pub async fn release(&self, ctx: &Ctx, place: &DossierPath, assignment: Uuid) -> Result<(), AppError> {
        let (who, now, id) = (ctx.account()?, ctx.now, place.id);
        transaction!(self.store, db => {
            place.lock(ctx, db, Action::ExpertAssign).await?;
            let expert = assignment::end(db, id, assignment, who, now).await?.ok_or(AppError::NotFound)?;
            let data = serde_json::json!({ "assignment": assignment, "expert": expert });
            ctx.journal(db, EventKind::ExpertReleased, Some(id), data).await?;
            Ok(())
        })
    }
}
