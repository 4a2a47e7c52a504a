//! Fills a draft in from the public register of companies, as far as its answers are empty. Whatever the register does, the
//! applicant can type: nothing here refuses or delays a deposit.

mod limit;

use crate::app::{App, AppError, Ctx, dossier::edit::write_draft, transaction::transaction};
use crate::{
    adapters::company_register::{CompanyRegister, CompanyRegisterError},
    config::Config,
    domain::{
        access::{Action, Part},
        call::Call,
        company_register::{Comparison, DatedRecord, LookupOutcome, RegisterAnswer, compare, siret_of},
        document::{Change, Document, Value},
        event::EventKind,
        ids::{AccountId, DossierId},
    },
    store::{Freshness, company_lookup, dossier},
};
use jiff::{SignedDuration, Timestamp};
use limit::{LimitReason, LookupLimiter};
use std::time::Instant;

/// How long a record answers further look-ups of the same establishment.
const RECORD_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The register of an installation.
pub(in crate::app) struct RegisterAccess {
    register: CompanyRegister,
    limiter: LookupLimiter,
}

impl RegisterAccess {
    /// The register of a configuration, if it names one.
    pub(in crate::app) fn of(config: &Config) -> Result<Option<Self>, CompanyRegisterError> {
        let Some(section) = &config.company_register else { return Ok(None) };
        let register = CompanyRegister::new(section, &config.portal.public_url)?;
        Ok(Some(Self { register, limiter: LookupLimiter::new(section.max_requests_per_second) }))
    }

    /// Asks the register.
    async fn ask(&self, account: AccountId, siret: &str, now: Timestamp) -> Result<DatedRecord, LookupOutcome> {
        self.limiter.admit(account, Instant::now()).map_err(|reason| match reason {
            LimitReason::Paused => LookupOutcome::Busy,
            LimitReason::TooOften => LookupOutcome::Limited,
        })?;
        match self.register.look_up(siret).await {
            Ok(Some(record)) => Ok(DatedRecord { taken_at: now, record }),
            Ok(None) => Err(LookupOutcome::Absent),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "company_register.failed");
                if let CompanyRegisterError::Busy { retry_after } = error {
                    self.limiter.pause(Instant::now(), retry_after);
                }
                Err(outcome_of(&error))
            }
        }
    }
}

fn outcome_of(error: &CompanyRegisterError) -> LookupOutcome {
    match error {
        CompanyRegisterError::Slow => LookupOutcome::Slow,
        CompanyRegisterError::Busy { .. } => LookupOutcome::Busy,
        CompanyRegisterError::Unreadable(_) => LookupOutcome::Unreadable,
        CompanyRegisterError::Settings(_)
        | CompanyRegisterError::Client(_)
        | CompanyRegisterError::Unreachable(_)
        | CompanyRegisterError::Failed(_) => LookupOutcome::Unreachable,
    }
}

/// A look-up and what it did to the draft.
#[derive(Debug)]
pub struct CompanyLookup {
    pub outcome: LookupOutcome,
    /// The record, if one was found.
    pub found: Option<DatedRecord>,
    /// Paths of the answers that were filled in.
    pub filled: Vec<String>,
    /// What the register has for the fields that the user may see, against the answers as they are now.
    pub answers: Vec<RegisterAnswer>,
    /// Revision of the draft.
    pub revision: u64,
}

impl App {
    /// Whether drafts of a call can be filled in from the register.
    pub fn asks_company_register(&self, call: &Call) -> bool {
        self.company_register.is_some() && call.takes_register_values()
    }

    /// Looks up the company of a draft by the SIRET in its answers, and fills in the answers that are empty and that the
    /// user may write. The outcome is journalled, without the number.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where the register is not asked; policy and store errors. That the register does not answer is
    /// an outcome.
    pub async fn look_up_company(&self, ctx: &Ctx, id: DossierId) -> Result<CompanyLookup, AppError> {
        let account = ctx.account()?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = dossier::load(&mut db, id).await?;
        let (dossier, access) = ctx.authorize_row(&mut db, row, Action::DraftRead, Part::Overview).await?;
        let call = self.call(&dossier.call)?;
        let part = section_part(&call.company.siret);
        access.authorize(Action::DraftWrite, part.clone())?;
        let register = self.company_register.as_ref().filter(|_| call.takes_register_values());
        let register = register.ok_or(AppError::NotFound)?;
        let without = |outcome| CompanyLookup {
            outcome,
            found: None,
            filled: Vec::new(),
            answers: Vec::new(),
            revision: dossier.revision,
        };
        let Some(siret) = siret_of(call, &dossier.draft) else { return Ok(without(LookupOutcome::NoSiret)) };
        let known = company_lookup::taken_between(&mut db, &siret, ctx.now - RECORD_LIFETIME, ctx.now).await?;
        // Nobody else waits for the connection while the register is asked.
        drop(db);
        let found = match known {
            Some(known) => Ok(known),
            None => register.ask(account, &siret, ctx.now).await,
        };
        match found {
            Ok(found) => self.fill_in(ctx, id, &part, found).await,
            // Nothing was learnt, and a limit must not fill the journal.
            Err(outcome @ (LookupOutcome::Limited | LookupOutcome::Busy)) => Ok(without(outcome)),
            Err(outcome) => {
                let data = serde_json::json!({ "outcome": outcome.slug() });
                transaction!(self.store, db => {
                    ctx.journal(db, EventKind::CompanyLookedUp, Some(id), data.clone()).await
                })?;
                Ok(without(outcome))
            }
        }
    }

    async fn fill_in(
        &self,
        ctx: &Ctx,
        id: DossierId,
        part: &Part,
        found: DatedRecord,
    ) -> Result<CompanyLookup, AppError> {
        let record = &found.record;
        let (filled, answers, revision) = transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (mut dossier, access) = ctx.authorize_row(db, row, Action::DraftWrite, part.clone()).await?;
            let call = self.call(&dossier.call)?;
            let mut draft = dossier.draft.clone();
            let mut filled = Vec::new();
            // Another tab may have changed the number meanwhile.
            if siret_of(call, &draft).as_ref() == Some(&record.siret) {
                let empty = compare(call, &draft, record).into_iter().filter(|one| one.comparison == Comparison::Empty);
                let may_write = |path: &str| access.authorize(Action::DraftWrite, section_part(path)).is_ok();
                let changes: Vec<Change> =
                    empty.filter(|one| may_write(&one.path)).map(|one| change_of(&draft, one)).collect();
                filled.extend(changes.iter().map(|change| change.path.clone()));
                draft.merge(call, changes).map_err(|fault| AppError::Document(vec![fault]))?;
            }
            company_lookup::insert(db, id, &found).await?;
            write_draft(ctx, db, &mut dossier, draft, &access).await?;
            let data = serde_json::json!({ "outcome": LookupOutcome::Found.slug(), "filled": filled });
            ctx.journal(db, EventKind::CompanyLookedUp, Some(id), data).await?;
            let may_read = |path: &str| access.authorize(Action::DraftRead, section_part(path)).is_ok();
            let mut answers = compare(call, &dossier.draft, record);
            answers.retain(|one| may_read(&one.path));
            Ok((filled, answers, dossier.revision))
        })?;
        Ok(CompanyLookup { outcome: LookupOutcome::Found, found: Some(found), filled, answers, revision })
    }

    /// Replaces an answer by the value of the register that the user was shown, if the register still has that value.
    ///
    /// # Errors
    /// Policy and store errors.
    pub async fn take_register_value(&self, ctx: &Ctx, id: DossierId, path: &str, shown: &str) -> Result<(), AppError> {
        ctx.actor()?;
        let part = section_part(path);
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (mut dossier, access) = ctx.authorize_row(db, row, Action::DraftWrite, part.clone()).await?;
            let call = self.call(&dossier.call)?;
            let Some(siret) = siret_of(call, &dossier.draft) else { return Ok(()) };
            let Some(found) = company_lookup::of_dossier(db, id, &siret, ctx.now).await? else { return Ok(()) };
            let mut draft = dossier.draft.clone();
            let offered = compare(call, &draft, &found.record).into_iter();
            let taken = offered.filter(|one| one.path == path && one.value == shown);
            let changes = taken.map(|one| change_of(&draft, one)).collect();
            draft.merge(call, changes).map_err(|fault| AppError::Document(vec![fault]))?;
            write_draft(ctx, db, &mut dossier, draft, &access).await
        })
    }
}

/// The part of a dossier with the field at a path.
fn section_part(path: &str) -> Part {
    Part::Section(path.split('.').next().unwrap_or_default().to_owned())
}

/// The change of an answer, as it is now, to the value of the register.
fn change_of(draft: &Document, answer: RegisterAnswer) -> Change {
    Change { was: draft.get(&answer.path).cloned(), path: answer.path, value: Value::Text(answer.value) }
}
