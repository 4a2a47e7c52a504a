//! Sharing parts of one's dossier with guests, and revoking that.

use super::{here, render, see_other};
use crate::{
    app::{
        App, AppError, Ctx,
        delegation::{
            AccessRecord, Guest, Guests, Invitation, InvitationFault, ReaderIdentity, part_title, parts_of, verb_title,
        },
    },
    auth::RuleId,
    domain::{
        access::{Grant, Part, Verb},
        answers,
        calendar::show_instant,
        call::Call,
        event::EventKind,
        ids::DossierId,
        text::{Lang, Text},
    },
    web::{
        error::Failure,
        extract::{Path, Query},
        posted::PostedForm,
        view::{self, GuestRow, GuestsPage, PartChoice, ReadingRow, Typed},
    },
};
use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
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
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    Query(told): Query<GuestsPageQuery>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
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
        &here(&uri),
        GuestsPageState { at, notice: notice.as_ref(), ..GuestsPageState::default() },
    )?))
}

/// Shares parts; an invalid form comes back as typed.
pub async fn give(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    uri: Uri,
    posted: PostedForm,
) -> Result<Response, Failure> {
    let guests = app.guests(&ctx, id, 0).await?;
    let zone = app.call(&guests.call)?.time_zone();
    match app.give(&ctx, id, &invitation(&posted, &zone)).await {
        Ok(()) => Ok(see_other(ctx.lang, &format!("/dossiers/{id}/guests?done=given"))),
        Err(AppError::Invitation(faults)) => {
            let confirm = faults.contains(&InvitationFault::Unconfirmed);
            let problems: Vec<_> = faults.iter().map(|fault| (fault.field(), fault.words())).collect();
            let shown =
                GuestsPageState { posted: Some(&posted), problems: &problems, confirm, ..GuestsPageState::default() };
            let page = page(&app, &ctx, id, &guests, &here(&uri), shown)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// Revokes.
pub async fn revoke(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, delegation)): Path<(DossierId, Uuid)>,
    _posted: PostedForm,
) -> Result<Response, Failure> {
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
        if let (Some(part), Ok(verb)) = (part, value.parse::<Verb>()) {
            invitation.add(part, verb);
        }
    }
    if posted.text("deposit") == "yes" {
        invitation.add(Part::Deposit, Verb::Deposit);
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
    let readings: Vec<ReadingRow> =
        guests.readings.iter().map(|read| reading_row(call, read, ctx.lang, &zone)).collect();
    let typed = |name: &'static str| posted.map_or("", |posted| posted.text(name));
    let choices: Vec<PartChoice> = parts_of(call)
        .map(|part| {
            let word = part.to_string();
            let chosen = posted.map_or("", |posted| posted.text(&format!("part.{word}"))).to_owned();
            PartChoice { title: part_title(call, &part, ctx.lang), part: word, chosen }
        })
        .collect();
    let page = GuestsPage {
        dossier: id,
        title: &guests.title,
        guests: &rows,
        readings: &readings,
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
    };
    Ok(render(app, ctx, call, path, |shell| view::guests(shell, &page))?)
}

/// A guest, in words and in the order of the form.
fn guest_row(call: &Call, guest: &Guest, ctx: &Ctx, zone: &TimeZone) -> GuestRow {
    let mut grants: Vec<_> = guest.grants.iter().collect();
    grants.sort_by_key(|grant| parts_of(call).position(|part| part == grant.part).unwrap_or(usize::MAX));
    let words = |grant: &Grant| {
        let words = format!("{} : {}", part_title(call, &grant.part, ctx.lang), verb_title(grant.verb, ctx.lang));
        if grant.until == guest.until {
            return words;
        }
        format!("{words} ({} {})", ctx.lang.tr("jusqu’au", "until"), show_instant(grant.until, zone))
    };
    GuestRow {
        id: guest.id,
        email: guest.email.clone(),
        parts: grants.into_iter().map(words).collect(),
        until: show_instant(guest.until, zone),
        over: guest.until < ctx.now,
        used: guest.used_at.map(|at| show_instant(at, zone)),
    }
}

/// A journal entry in words. People who examine the dossier are named by their role, not their address.
fn reading_row(call: &Call, read: &AccessRecord, lang: Lang, zone: &TimeZone) -> ReadingRow {
    let reading = &read.what;
    let word = |name: &str| reading.data[name].as_str();
    let what = match EventKind::of_slug(&reading.kind) {
        Some(EventKind::DraftRead) => lang.tr("a lu", "read"),
        Some(EventKind::DraftChanged) => lang.tr("a modifié", "changed"),
        Some(EventKind::PieceRead) => lang.tr("a ouvert", "opened"),
        Some(EventKind::PieceAttached) => lang.tr("a joint", "attached"),
        Some(EventKind::PieceRemoved) => lang.tr("a retiré", "removed"),
        Some(EventKind::DepositRead) => lang.tr("a lu le dépôt", "read the deposit"),
        Some(EventKind::EmergencyAsked) => lang.tr("a demandé une lecture d’urgence", "asked for an emergency reading"),
        Some(EventKind::EmergencyAllowed) => {
            lang.tr("a autorisé une lecture d’urgence", "allowed an emergency reading")
        }
        Some(EventKind::DossierDeposited) => lang.tr("a déposé", "deposited"),
        _ => reading.kind.as_str(),
    };
    let part = word("part").and_then(|part| part.parse::<Part>().ok());
    let piece = word("code").map(|code| Part::Piece(code.to_owned()));
    let sections = reading.data["sections"].as_array().into_iter().flatten().filter_map(|id| id.as_str());
    let sections = sections.map(|id| Part::Section(id.to_owned()));
    let named: Vec<String> =
        part.into_iter().chain(piece).chain(sections).map(|part| part_title(call, &part, lang)).collect();
    let rule = word("rule").and_then(|slug| slug.parse::<RuleId>().ok());
    let often = match reading.times {
        1 => String::new(),
        times => lang.tr("NN fois", "NN times").replace("NN", &times.to_string()),
    };
    let words = [what.to_owned(), named.join(", ")];
    let words = words.iter().map(String::as_str).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    ReadingRow {
        at: show_instant(reading.last, zone),
        since: (reading.times > 1).then(|| show_instant(reading.first, zone)),
        who: match &read.by {
            ReaderIdentity::Guest(email) => email.clone(),
            ReaderIdentity::Staff(roles) if roles.is_empty() => {
                lang.tr("une personne du service", "somebody of the service").to_owned()
            }
            ReaderIdentity::Staff(roles) => super::role_names(roles.iter().copied(), lang).join(", "),
        },
        what: if often.is_empty() { words } else { format!("{words} ({often})") },
        why: rule.map_or_else(|| Text::new("–", "–"), |id| id.rule().words()),
    }
}
