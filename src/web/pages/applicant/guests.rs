//! Sharing parts of one's dossier with guests, and revoking that.

pub mod log;

use crate::{
    app::{
        App, AppError, Ctx,
        delegation::{Guest, Guests, Invitation, InvitationFault, part_title, parts_of, verb_title},
    },
    domain::{
        access::{Grant, GrantedAction, Part},
        answers,
        calendar::show_instant,
        call::Call,
        ids::DossierId,
        text::Text,
    },
    web::{
        address::see_other,
        error::Failure,
        extract::{Path, Query},
        frame::{FormRequest, HandlerResult, PageContext, PageRequest, PageResult, render},
        posted::PostedForm,
    },
};
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse},
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use log::{AccessRow, access_row};
use serde::Deserialize;
use uuid::Uuid;

/// The query of the page.
#[derive(Deserialize)]
pub struct GuestsPageQuery {
    #[serde(default)]
    done: String,
    /// The page of the access log, from 1.
    #[serde(default)]
    readings: u32,
}

/// The guests and their rights.
pub async fn show(
    PageRequest { app, ctx, here }: PageRequest,
    Path(id): Path<DossierId>,
    Query(told): Query<GuestsPageQuery>,
) -> PageResult {
    let at = told.readings.saturating_sub(1);
    let guests = app.guests(&ctx, id, at).await?;
    let notice = match told.done.as_str() {
        "given" => Some(Text::new("L’invitation est partie.", "The invitation was sent.")),
        "taken" => Some(Text::new(
            "L’accès est retiré : la prochaine requête de cette personne est refusée.",
            "Access is taken back: the next request of this person is refused.",
        )),
        _ => None,
    };
    Ok(Html(page(
        &app,
        &ctx,
        id,
        &guests,
        &here,
        GuestsPageState { at, notice: notice.as_ref(), ..GuestsPageState::default() },
    )?))
}

/// Shares parts; an invalid form comes back as typed.
pub async fn invite(Path(id): Path<DossierId>, FormRequest { app, ctx, here, posted }: FormRequest) -> HandlerResult {
    let guests = app.guests(&ctx, id, 0).await?;
    let zone = app.call(&guests.call)?.time_zone();
    match app.give(&ctx, id, &invitation(&posted, &zone)).await {
        Ok(()) => Ok(see_other(ctx.lang, &format!("/dossiers/{id}/guests?done=given"))),
        Err(AppError::Invitation(faults)) => {
            let confirm = faults.contains(&InvitationFault::Unconfirmed);
            let problems: Vec<_> = faults.iter().map(|fault| (fault.field(), fault.message())).collect();
            let shown =
                GuestsPageState { posted: Some(&posted), problems: &problems, confirm, ..GuestsPageState::default() };
            let page = page(&app, &ctx, id, &guests, &here, shown)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// Revokes.
pub async fn revoke(
    Path((id, delegation)): Path<(DossierId, Uuid)>,
    FormRequest { app, ctx, .. }: FormRequest,
) -> HandlerResult {
    app.take_back(&ctx, id, delegation).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{id}/guests?done=taken")))
}

fn invitation(posted: &PostedForm, zone: &TimeZone) -> Invitation {
    let mut invitation = Invitation {
        email: posted.text("email").to_owned(),
        note: posted.text("note").to_owned(),
        ends: end_of(posted.text("until"), zone),
        ..Invitation::default()
    };
    for (name, value) in posted.pairs() {
        let part = name.strip_prefix("part.").and_then(|part| part.parse::<Part>().ok());
        if let (Some(part), Ok(verb)) = (part, value.parse::<GrantedAction>()) {
            invitation.add(part, verb);
        }
    }
    if posted.text("deposit") == "yes" {
        invitation.add(Part::Deposit, GrantedAction::Deposit);
    }
    invitation
}

/// The last second of a day in the call's zone.
fn end_of(day: &str, zone: &TimeZone) -> Option<Timestamp> {
    let day = answers::day(day.trim()).ok()?;
    let next = day.checked_add(1.day()).ok()?.to_zoned_datetime(zone.clone()).ok()?;
    next.timestamp().checked_sub(1.second()).ok()
}

/// The page's state beside the guests.
#[derive(Clone, Copy, Default)]
struct GuestsPageState<'a> {
    /// The page of the access log, from 0.
    at: u32,
    posted: Option<&'a PostedForm>,
    problems: &'a [(&'static str, Text)],
    /// A passkey is required first.
    confirm: bool,
    notice: Option<&'a Text>,
}

fn page(
    app: &App,
    ctx: &Ctx,
    id: DossierId,
    guests: &Guests,
    path: &str,
    shown: GuestsPageState<'_>,
) -> Result<String, Failure> {
    let GuestsPageState { at, posted, problems, confirm, notice } = shown;
    let call = app.call(&guests.call)?;
    let zone = call.time_zone();
    let rows: Vec<GuestRow> = guests.given.iter().map(|guest| guest_row(call, guest, ctx, &zone)).collect();
    let accesses: Vec<AccessRow> = guests.accesses.iter().map(|read| access_row(call, read, ctx.lang, &zone)).collect();
    let typed = |name: &'static str| posted.map_or("", |posted| posted.text(name));
    let choices: Vec<PartChoice> = parts_of(call)
        .map(|part| {
            let word = part.to_string();
            let chosen = posted.map_or("", |posted| posted.text(&format!("part.{word}"))).to_owned();
            PartChoice { title: part_title(call, &part, ctx.lang), part: word, chosen }
        })
        .collect();
    let page = |s: &PageContext<'_>| {
        GuestsPage {
            s,
            dossier: id,
            title: &guests.title,
            guests: &rows,
            accesses: &accesses,
            newer: (at > 0).then_some(at),
            older: guests.older.then_some(at.saturating_add(2)),
            choices: &choices,
            confirm,
            typed: Typed {
                email: typed("email"),
                until: typed("until"),
                note: typed("note"),
                deposit: typed("deposit") == "yes",
            },
            problems,
            notice,
        }
        .render()
    };
    Ok(render(app, ctx, call, path, page)?)
}

/// A guest, in words and in the order of the form.
fn guest_row(call: &Call, guest: &Guest, ctx: &Ctx, zone: &TimeZone) -> GuestRow {
    let mut grants: Vec<_> = guest.grants.iter().collect();
    grants.sort_by_key(|grant| parts_of(call).position(|part| part == grant.part).unwrap_or(usize::MAX));
    let shown = |at: Timestamp| show_instant(at, zone).get(&ctx.lang).to_owned();
    let words = |grant: &Grant| {
        let words = format!("{} : {}", part_title(call, &grant.part, ctx.lang), verb_title(grant.verb, ctx.lang));
        if grant.until == guest.until {
            return words;
        }
        format!("{words} ({} {})", ctx.lang.tr("jusqu’au", "until"), shown(grant.until))
    };
    GuestRow {
        id: guest.id,
        email: guest.email.clone(),
        parts: grants.into_iter().map(words).collect(),
        until: shown(guest.until),
        over: guest.until < ctx.now,
        used: guest.used_at.map(shown),
    }
}

/// The page of a dossier's guests.
#[derive(Template)]
#[template(path = "pages/applicant/guests.html")]
pub struct GuestsPage<'a> {
    pub s: &'a PageContext<'a>,
    pub dossier: DossierId,
    /// Title of the project, empty if it has none.
    pub title: &'a str,
    /// The guests.
    pub guests: &'a [GuestRow],
    /// The access log: who read or changed what.
    pub accesses: &'a [AccessRow],
    /// The page with newer entries.
    pub newer: Option<u32>,
    /// The page with older entries.
    pub older: Option<u32>,
    /// The parts that can be shared.
    pub choices: &'a [PartChoice],
    /// The contents of the form.
    pub typed: Typed<'a>,
    /// Errors in the form: field and message.
    pub problems: &'a [(&'static str, Text)],
    /// The owner must use the passkey before sharing the right to deposit.
    pub confirm: bool,
    /// What was just done.
    pub notice: Option<&'a Text>,
}

/// The contents of the form, shown again after an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Typed<'a> {
    /// Email address of the guest.
    pub email: &'a str,
    /// The last day of the invitation.
    pub until: &'a str,
    /// A message to the guest.
    pub note: &'a str,
    /// The right to deposit is shared.
    pub deposit: bool,
}

/// A part that can be shared, and what was chosen for it.
#[derive(Clone, Debug)]
pub struct PartChoice {
    /// The part, as in the policy.
    pub part: String,
    pub title: String,
    /// `read`, `write` or empty.
    pub chosen: String,
}

/// A guest.
#[derive(Clone, Debug)]
pub struct GuestRow {
    /// Id of the delegation.
    pub id: Uuid,
    pub email: String,
    /// The shared parts, in words.
    pub parts: Vec<String>,
    /// Expiry, as shown.
    pub until: String,
    /// It has expired.
    pub over: bool,
    /// First visit of the guest, as shown.
    pub used: Option<String>,
}

impl GuestsPage<'_> {
    fn problem(&self, field: &str) -> Option<&Text> {
        self.problems.iter().find(|(name, _)| *name == field).map(|(_, words)| words)
    }
}
