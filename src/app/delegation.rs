//! Delegation: an owner gives parts of a dossier to guests and takes them back. A guest signs in with their own
//! account, so that the journal shows who did what. A guest has at most one invitation per dossier; a new one replaces
//! it.

mod guest;
mod invitation;

pub use guest::{AccessRecord, Guest, ReaderIdentity};
pub use invitation::{Invitation, InvitationFault};

use crate::app::{
    App, AppError, Ctx, Share,
    service::mail::{Concern, EmailMessage, Letter},
    transaction::transaction,
};
use crate::{
    domain::{
        access::{Action, GrantedAction, Part},
        calendar::{RoundId, show_instant, with_zone},
        call::Call,
        dossier::status::DepositStatus,
        event::EventKind,
        ids::{DossierId, SessionId},
        text::Lang,
    },
    store::{
        Freshness, account,
        delegation::{self, Delegation},
        dossier,
        journal::{self, PageRange},
        outbox,
    },
};
pub(in crate::app) use invitation::INVITATION_WINDOW;
use invitation::ValidInvitation;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Rows on a page of the access record.
const ACCESSES_PER_PAGE: u32 = 100;

/// Display name of a part.
pub fn part_title(call: &Call, part: &Part, lang: Lang) -> String {
    match part {
        Part::Whole => lang.tr("tout le dossier", "the whole dossier").to_owned(),
        Part::Deposit => lang.tr("le dépôt", "the deposit").to_owned(),
        Part::Overview => lang.tr("le sommaire", "the overview").to_owned(),
        Part::Section(id) => call
            .section(id)
            .map_or_else(|| id.clone(), |section| format!("{}. {}", section.letter, section.title.get(&lang))),
        Part::Piece(code) => {
            call.piece(code).map_or_else(|| code.clone(), |piece| format!("{code} – {}", piece.title.get(&lang)))
        }
    }
}

/// Display name of what may be done with a part.
pub fn verb_title(verb: GrantedAction, lang: Lang) -> &'static str {
    match verb {
        GrantedAction::Read => lang.tr("lire", "read"),
        GrantedAction::Write => lang.tr("lire et remplir", "read and fill"),
        GrantedAction::Deposit => lang.tr("déposer", "deposit"),
    }
}

/// A dossier and its guests.
#[derive(Debug)]
pub struct Guests {
    /// Title of the project.
    pub title: String,
    pub call: String,
    /// Guests, the newest first, including those whose access has expired.
    pub given: Vec<Guest>,
    /// Who read or changed what, the latest first.
    pub accesses: Vec<AccessRecord>,
    /// Whether older entries exist.
    pub older: bool,
}

/// Another person's dossier, shared with the actor.
#[derive(Debug)]
pub struct SharedDossier {
    pub id: DossierId,
    pub call: String,
    pub round: RoundId,
    /// Title of the project.
    pub title: String,
    pub status: DepositStatus,
    /// What was shared.
    pub share: Share,
}

impl App {
    /// Returns the guests of a dossier and a page of its access record (the first is 0), for its owner.
    pub async fn guests(&self, ctx: &Ctx, id: DossierId, page: u32) -> Result<Guests, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = dossier::load(&mut db, id).await?;
        let (dossier, _) = ctx.authorize_row(&mut db, row, Action::DossierShare, Part::Whole).await?;
        let call = self.call(&dossier.call)?;
        let utc_offset_seconds = call.time_zone().to_offset(ctx.now).seconds();
        let range = PageRange { offset: u64::from(page) * u64::from(ACCESSES_PER_PAGE), limit: ACCESSES_PER_PAGE + 1 };
        let mut accesses = journal::accesses_of_others(&mut db, id, dossier.owner, utc_offset_seconds, range).await?;
        let older = accesses.len() > ACCESSES_PER_PAGE as usize;
        accesses.truncate(ACCESSES_PER_PAGE as usize);
        Ok(Guests {
            title: dossier.draft.text(&call.company.project).to_owned(),
            call: dossier.call,
            given: Guest::all(&delegation::of_dossier(&mut db, id).await?, ctx.now),
            accesses: accesses.into_iter().map(|what| AccessRecord { by: ReaderIdentity::of(&what), what }).collect(),
            older,
        })
    }

    /// Gives parts of a dossier to an address, replacing any former invitation, and notifies the guest by mail. The
    /// same invitation again counts as a double click: it changes nothing and sends no mail.
    ///
    /// # Errors
    /// [`AppError::Invitation`] with everything that is wrong; policy and store errors.
    pub async fn give(&self, ctx: &Ctx, id: DossierId, invitation: &Invitation) -> Result<(), AppError> {
        let (giver, now) = (ctx.actor()?.account.clone(), ctx.now);
        let (delegation, job) = (Uuid::now_v7(), Uuid::now_v7());
        let giver = &giver;
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (dossier, _) = ctx.authorize_row(db, row, Action::DossierShare, Part::Whole).await?;
            // Invitations of one owner are counted, so they are serialised.
            account::lock(db, giver.id).await?;
            let call = self.call(&dossier.call)?;
            let parts = known(call, &invitation.parts)?;
            let standing = delegation::of_dossier(db, id).await?;
            let address = invitation.address().unwrap_or_default();
            let former: Vec<&Delegation> = standing.iter().filter(|one| one.email == address).collect();
            let valid = invitation.read(&giver.email, now);
            if valid.as_ref().is_ok_and(|valid| valid.repeats(&former, &parts, now)) {
                return Ok(());
            }
            let others = standing.iter().filter(|one| one.ends_at >= now && one.email != address);
            let others: BTreeSet<&str> = others.map(|one| one.email.as_str()).collect();
            let sent = delegation::sent(db, giver.id, &address, now - INVITATION_WINDOW).await?;
            let mut faults: Vec<InvitationFault> = invitation::over_limits(others.len(), sent).collect();
            if !delegation::fits(&parts) {
                faults.push(InvitationFault::TooMuch);
            }
            let deposits = parts.iter().any(|(_, verb)| *verb == GrantedAction::Deposit);
            if deposits && ctx.actor()?.rights.unconfirmed(now) {
                faults.push(InvitationFault::Unconfirmed);
            }
            let ValidInvitation { email, note, ends } = match valid {
                Ok(valid) if faults.is_empty() => valid,
                valid => return Err(AppError::Invitation(valid.err().into_iter().flatten().chain(faults).collect())),
            };
            let replaced = delegation::revoke(db, id, &email, now).await?;
            let given = Delegation {
                id: delegation,
                dossier: id,
                given_by: giver.id,
                email: email.clone(),
                parts,
                note,
                given_at: now,
                ends_at: ends,
                used_at: former.iter().filter_map(|one| one.used_at).min(),
            };
            delegation::insert(db, &given).await?;
            let lang = account::by_email(db, &email).await?.map_or(ctx.lang, |guest| guest.lang);
            let parts: Vec<String> = given
                .parts
                .iter()
                .map(|(part, verb)| format!("{} ({})", part_title(call, part, lang), verb_title(*verb, lang)))
                .collect();
            let letter = Letter::Invited {
                by: giver.email.clone(),
                parts,
                until: with_zone(&show_instant(ends, &call.time_zone()), &call.zone_name()).get(&lang).to_owned(),
                has_note: !given.note.is_empty(),
                link: format!("{}{}/dossiers/{id}", self.origin(ctx), lang.tr("", "/en")),
            };
            let about = Concern::of_answers(call, &dossier.draft, lang).without_links();
            let message = EmailMessage { to: email, lang, about, letter };
            outbox::enqueue_mail(db, job, &message, now).await?;
            // The address is stored in the table. The journal is permanent, so it stores only the id of the row.
            let words: Vec<String> = given.parts.iter().map(|(part, verb)| format!("{part}={}", verb.slug())).collect();
            let data = serde_json::json!({ "delegation": delegation, "replaces": replaced, "parts": words, "ends": ends });
            ctx.journal(db, EventKind::PartsGiven, Some(id), data).await?;
            Ok(())
        })?;
        self.outbox_notify.notify_one();
        Ok(())
    }

    /// Revokes everything that a guest was given. Every process refuses from its next request on. Idempotent.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it never was given; policy and store errors.
    pub async fn take_back(&self, ctx: &Ctx, id: DossierId, delegation: Uuid) -> Result<(), AppError> {
        ctx.actor()?;
        let now = ctx.now;
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            ctx.authorize_row(db, row, Action::DossierShare, Part::Whole).await?;
            let guest = delegation::guest(db, id, delegation).await?.ok_or(AppError::NotFound)?;
            let taken = delegation::revoke(db, id, &guest, now).await?;
            if taken.is_empty() {
                return Ok(());
            }
            let data = serde_json::json!({ "delegation": delegation, "taken": taken });
            ctx.journal(db, EventKind::PartsTaken, Some(id), data).await?;
            Ok(())
        })
    }

    /// Returns other owners' dossiers that were shared with the actor.
    pub async fn given_dossiers(&self, ctx: &Ctx) -> Result<Vec<SharedDossier>, AppError> {
        let account = &ctx.actor()?.account;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let mut given = Vec::new();
        for id in delegation::dossiers_of(&mut db, account, ctx.now).await? {
            let row = dossier::load(&mut db, id).await?;
            let (dossier, access) = match ctx.authorize_row(&mut db, row, Action::DraftRead, Part::Overview).await {
                Ok(opened) => opened,
                Err(AppError::NotFound | AppError::DossierDeleted) => continue,
                // An undecided dossier must not hide the others.
                Err(AppError::Overloaded) => {
                    tracing::warn!(dossier = %id, "decision.overrun");
                    continue;
                }
                Err(error) => return Err(error),
            };
            // A call that is no longer configured has no pages.
            let Ok(call) = self.call(&dossier.call) else { continue };
            let Ok(status) = self.status_of(ctx, &dossier) else { continue };
            let title = dossier.draft.text(&call.company.project).to_owned();
            given.push(SharedDossier {
                id,
                call: dossier.call,
                round: dossier.round,
                title,
                status,
                share: Share::of(&access),
            });
        }
        Ok(given)
    }

    /// Returns the id of the current session, to mark it in a list.
    #[must_use]
    pub fn own_session(&self, ctx: &Ctx) -> Option<SessionId> {
        ctx.actor.as_ref().and_then(|actor| actor.session)
    }
}

/// Everything that can be given, in the order of the form: the whole dossier, each section, each piece that is a file.
pub fn parts_of(call: &Call) -> impl Iterator<Item = Part> + '_ {
    let sections = call.sections.iter().map(|section| Part::Section(section.id.clone()));
    let pieces = call.attached_pieces().map(|piece| Part::Piece(piece.code.clone()));
    std::iter::once(Part::Whole).chain(sections).chain(pieces)
}

/// Returns the parts in the order of the form, if the call has all of them. Only a forged form names others.
fn known(call: &Call, parts: &BTreeMap<Part, GrantedAction>) -> Result<Vec<(Part, GrantedAction)>, AppError> {
    let given = |part: Part| parts.get(&part).map(|verb| (part, *verb));
    let known: Vec<(Part, GrantedAction)> = parts_of(call).chain([Part::Deposit]).filter_map(given).collect();
    let fits = |(part, verb): &(Part, GrantedAction)| (*part == Part::Deposit) == (*verb == GrantedAction::Deposit);
    if known.len() == parts.len() && known.iter().all(fits) { Ok(known) } else { Err(AppError::NotFound) }
}
