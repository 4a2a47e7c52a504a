//! Giving parts of one's dossier to others, and taking them back. The guest signs in as itself, so that the journal names
//! who did what.

use super::{App, AppError, Ctx, Share, mail::Letter, transaction::transaction};
use crate::{
    domain::{
        access::{Action, Part, Verb},
        answers,
        calendar::{RoundId, show_deadline},
        call::Call,
        event::{Event, EventKind},
        ids::{DossierId, SessionId},
        text::{Lang, Text},
    },
    store::{
        Freshness,
        delegation::{self, Delegation},
        dossier, journal, outbox,
    },
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Longest time for which something is given.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);
/// Most guests of one dossier at a time.
const GUESTS: usize = 30;
/// Longest word to a guest, characters.
const NOTE: usize = 200;

/// What the owner wants to give, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Gift {
    /// Address of the guest.
    pub email: String,
    /// Parts, each with what may be done with it.
    pub parts: Vec<(Part, Verb)>,
    /// A word to the guest.
    pub note: String,
    /// The last instant.
    pub ends: Option<Timestamp>,
}

/// What is wrong with a gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiftFault {
    /// Not an address.
    Address,
    /// The owner's own address.
    Own,
    /// Nothing is given.
    Nothing,
    /// No day, or one that has passed.
    Past,
    /// A day too far away.
    TooFar,
    /// Too long a word.
    TooLong,
    /// Too many guests.
    TooMany,
}

impl GiftFault {
    /// Name of the field that is wrong.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Address | Self::Own | Self::TooMany => "email",
            Self::Nothing => "parts",
            Self::Past | Self::TooFar => "until",
            Self::TooLong => "note",
        }
    }

    /// What is wrong, and what to do.
    #[must_use]
    pub fn words(self) -> Text {
        match self {
            Self::Address => Text::new(
                "Ce n'est pas une adresse électronique : écrivez-la sous la forme nom@cabinet.fr.",
                "This is not an e-mail address: write it as name@firm.com.",
            ),
            Self::Own => Text::new(
                "C'est votre propre adresse : vous avez déjà tous les droits.",
                "This is your own address: you have every right already.",
            ),
            Self::Nothing => {
                Text::new("Choisissez au moins une partie à confier.", "Choose at least one part to give.")
            }
            Self::Past => Text::new(
                "Donnez un dernier jour qui ne soit pas passé, au format jj/mm/aaaa.",
                "Give a last day that has not passed, as dd/mm/yyyy.",
            ),
            Self::TooFar => {
                Text::new("Un an au plus : choisissez un jour plus proche.", "A year at most: choose a nearer day.")
            }
            Self::TooLong => {
                Text::new("200 caractères au plus : abrégez votre mot.", "200 characters at most: shorten your word.")
            }
            Self::TooMany => Text::new(
                "Trente personnes ont déjà accès à ce dossier : retirez-en une d'abord.",
                "Thirty people have access to this dossier already: take one out first.",
            ),
        }
    }
}

/// A name for a part, as people read it.
#[must_use]
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

/// What may be done with a part, as people read it.
#[must_use]
pub fn verb_title(verb: Verb, lang: Lang) -> &'static str {
    match verb {
        Verb::Read => lang.tr("lire", "read"),
        Verb::Write => lang.tr("lire et remplir", "read and fill"),
        Verb::Deposit => lang.tr("déposer", "deposit"),
    }
}

/// A dossier with everybody who holds a part of it.
#[derive(Debug)]
pub struct Guests {
    /// Title of the project.
    pub title: String,
    /// Slug of the call.
    pub call: String,
    /// What is given, the newest first; what has run out is there too.
    pub given: Vec<Delegation>,
    /// Who has read or changed what, the latest first.
    pub readings: Vec<journal::Reading>,
}

/// A dossier of somebody else of which a part was given.
#[derive(Debug)]
pub struct Given {
    /// Which.
    pub id: DossierId,
    /// Slug of its call.
    pub call: String,
    /// Its round.
    pub round: RoundId,
    /// Title of the project.
    pub title: String,
    /// What was given.
    pub share: Share,
}

impl App {
    /// Who holds what of a dossier, and who has read what: for its owner.
    ///
    /// # Errors
    /// The policy's or the store's.
    pub async fn guests(&self, ctx: &Ctx, id: DossierId) -> Result<Guests, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let row = dossier::load(&mut db, id).await?;
        let (dossier, _) = ctx.open(&mut db, row, Action::DossierShare, Part::Whole).await?;
        let call = self.call(&dossier.call)?;
        Ok(Guests {
            title: dossier.draft.text(&call.company.project).to_owned(),
            call: dossier.call,
            given: delegation::of_dossier(&mut db, id).await?,
            readings: journal::readings(&mut db, id, dossier.owner).await?,
        })
    }

    /// Gives parts of a dossier to an address, and writes to it.
    ///
    /// # Errors
    /// [`AppError::Gift`] with everything that is wrong; the policy's or the store's.
    pub async fn give(&self, ctx: &Ctx, id: DossierId, gift: &Gift) -> Result<(), AppError> {
        let (giver, now) = (ctx.actor()?.account.clone(), ctx.now);
        let (delegation, job) = (Uuid::now_v7(), Uuid::now_v7());
        let giver = &giver;
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            let (dossier, _) = ctx.open(db, row, Action::DossierShare, Part::Whole).await?;
            let call = self.call(&dossier.call)?;
            let before = delegation::of_dossier(db, id).await?;
            let held = before.iter().filter(|one| one.ends_at >= now).count();
            let (email, ends) = checked(gift, &giver.email, held, now).map_err(AppError::Gift)?;
            let parts = known(call, &gift.parts)?;
            let given = Delegation {
                id: delegation,
                dossier: id,
                given_by: giver.id,
                email: email.clone(),
                parts,
                note: gift.note.trim().to_owned(),
                given_at: now,
                ends_at: ends,
                used_at: None,
            };
            delegation::insert(db, &given).await?;
            let parts: Vec<String> = given
                .parts
                .iter()
                .map(|(part, verb)| format!("{} ({})", part_title(call, part, ctx.lang), verb_title(*verb, ctx.lang)))
                .collect();
            let letter = Letter::Invited {
                to: email,
                lang: ctx.lang,
                by: giver.email.clone(),
                call: call.title.get(&ctx.lang).to_owned(),
                parts,
                until: show_deadline(ends + SignedDuration::from_secs(1), &call.time_zone()),
                note: given.note.clone(),
                link: format!("{}{}/dossiers/{id}", self.origin(ctx), ctx.lang.tr("", "/en")),
            };
            outbox::push(db, job, "mail", &serde_json::json!(letter), now).await?;
            // The address stands in the table; the journal, which is kept for ever, names the line.
            let data = serde_json::json!({ "delegation": delegation, "parts": given.parts.iter().map(|(part, verb)| format!("{part}={}", verb.slug())).collect::<Vec<_>>(), "ends": ends });
            let event = Event { kind: EventKind::PartsGiven, at: now, actor: Some(giver.id), dossier: Some(id), data };
            journal::append(db, &event).await?;
            Ok(())
        })?;
        self.work.notify_one();
        Ok(())
    }

    /// Takes back what was given: every process refuses from its next request on.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not given; the policy's or the store's.
    pub async fn take_back(&self, ctx: &Ctx, id: DossierId, delegation: Uuid) -> Result<(), AppError> {
        let (who, now) = (ctx.account()?, ctx.now);
        transaction!(self.store, db => {
            let row = dossier::lock(db, id).await?;
            ctx.open(db, row, Action::DossierShare, Part::Whole).await?;
            delegation::revoke(db, id, delegation, now).await?.ok_or(AppError::NotFound)?;
            let data = serde_json::json!({ "delegation": delegation });
            let event = Event { kind: EventKind::PartsTaken, at: now, actor: Some(who), dossier: Some(id), data };
            journal::append(db, &event).await?;
            Ok(())
        })
    }

    /// Dossiers of others of which the actor was given a part.
    ///
    /// # Errors
    /// The policy's or the store's.
    pub async fn given_dossiers(&self, ctx: &Ctx) -> Result<Vec<Given>, AppError> {
        let account = &ctx.actor()?.account;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let mut given = Vec::new();
        for id in delegation::dossiers_of(&mut db, account, ctx.now).await? {
            let row = dossier::load(&mut db, id).await?;
            let (dossier, door) = match ctx.open(&mut db, row, Action::DraftRead, Part::Overview).await {
                Ok(opened) => opened,
                Err(AppError::NotFound) => continue,
                Err(error) => return Err(error),
            };
            // A call that is not configured any more has no pages.
            let Ok(call) = self.call(&dossier.call) else { continue };
            let title = dossier.draft.text(&call.company.project).to_owned();
            given.push(Given { id, call: dossier.call, round: dossier.round, title, share: Share::of(&door) });
        }
        Ok(given)
    }

    /// The session that asks, to tell it from others in a list.
    #[must_use]
    pub fn own_session(&self, ctx: &Ctx) -> Option<SessionId> {
        ctx.actor.as_ref().and_then(|actor| actor.session)
    }
}

fn checked(gift: &Gift, own: &str, held: usize, now: Timestamp) -> Result<(String, Timestamp), Vec<GiftFault>> {
    let mut faults = Vec::new();
    let email = answers::email(gift.email.trim()).map(|email| email.to_lowercase());
    match &email {
        None => faults.push(GiftFault::Address),
        Some(email) if email == own => faults.push(GiftFault::Own),
        Some(_) => {}
    }
    if held >= GUESTS {
        faults.push(GiftFault::TooMany);
    }
    if gift.parts.is_empty() {
        faults.push(GiftFault::Nothing);
    }
    if gift.note.trim().chars().count() > NOTE {
        faults.push(GiftFault::TooLong);
    }
    let ends = gift.ends.filter(|ends| *ends > now);
    match ends {
        None => faults.push(GiftFault::Past),
        Some(ends) if ends > now + LONGEST => faults.push(GiftFault::TooFar),
        Some(_) => {}
    }
    match (email, ends) {
        (Some(email), Some(ends)) if faults.is_empty() => Ok((email, ends)),
        _ => Err(faults),
    }
}

/// The parts, if the call has them all; only a form that is not ours names others.
fn known(call: &Call, parts: &[(Part, Verb)]) -> Result<Vec<(Part, Verb)>, AppError> {
    let known = |(part, verb): &(Part, Verb)| match part {
        Part::Section(id) => call.section(id).is_some() && *verb != Verb::Deposit,
        Part::Piece(code) => call.uploads().any(|piece| piece.code == *code) && *verb != Verb::Deposit,
        Part::Whole => *verb != Verb::Deposit,
        Part::Deposit => *verb == Verb::Deposit,
        Part::Overview => false,
    };
    if parts.iter().all(known) { Ok(parts.to_vec()) } else { Err(AppError::NotFound) }
}
