//! Giving parts of one's dossier to others, and taking them back.

use super::{here, render, see_other};
use crate::{
    app::{
        App, AppError, Ctx,
        delegate::{Gift, Guests, part_title, verb_title},
    },
    auth::RULES,
    domain::{
        access::{Part, Verb},
        answers,
        calendar::show_instant,
        call::Call,
        ids::DossierId,
        text::{Lang, Text},
    },
    store::journal::Reading,
    web::{
        error::Failure,
        extract::{Path, Posted, Query},
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

/// What the page is told by its address.
#[derive(Deserialize)]
pub struct Told {
    #[serde(default)]
    done: String,
}

/// Who holds what.
pub async fn show(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    Query(told): Query<Told>,
    uri: Uri,
) -> Result<Html<String>, Failure> {
    let guests = app.guests(&ctx, id).await?;
    let notice = match told.done.as_str() {
        "given" => Some(Text::new("L'invitation est partie.", "The invitation was sent.")),
        "taken" => Some(Text::new(
            "L'accès est retiré : la prochaine requête de cette personne est refusée.",
            "Access is taken back: the next request of this person is refused.",
        )),
        _ => None,
    };
    Ok(Html(page(&app, &ctx, id, &guests, &here(&uri), None, &[], notice.as_ref())?))
}

/// Gives; a form that is not right comes back as it was typed.
pub async fn give(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    uri: Uri,
    posted: Posted,
) -> Result<Response, Failure> {
    let guests = app.guests(&ctx, id).await?;
    let zone = app.call(&guests.call)?.time_zone();
    match app.give(&ctx, id, &gift(&posted, &zone)).await {
        Ok(()) => Ok(see_other(ctx.lang, &format!("/dossiers/{id}/guests?done=given"))),
        Err(AppError::Gift(faults)) => {
            let problems: Vec<_> = faults.iter().map(|fault| (fault.field(), fault.words())).collect();
            let page = page(&app, &ctx, id, &guests, &here(&uri), Some(&posted), &problems, None)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes back.
pub async fn revoke(
    State(app): State<App>,
    ctx: Ctx,
    Path((id, delegation)): Path<(DossierId, Uuid)>,
    _posted: Posted,
) -> Result<Response, Failure> {
    app.take_back(&ctx, id, delegation).await?;
    Ok(see_other(ctx.lang, &format!("/dossiers/{id}/guests?done=taken")))
}

fn gift(posted: &Posted, zone: &TimeZone) -> Gift {
    let chosen = posted.pairs().iter().filter_map(|(name, value)| {
        let part: Part = name.strip_prefix("part.")?.parse().ok()?;
        let verb: Verb = value.parse().ok()?;
        Some((part, verb))
    });
    let deposit = (posted.text("deposit") == "yes").then_some((Part::Deposit, Verb::Deposit));
    Gift {
        email: posted.text("email").to_owned(),
        parts: chosen.chain(deposit).collect(),
        note: posted.text("note").to_owned(),
        ends: end_of(posted.text("until"), zone),
    }
}

/// The last second of a day in the call's zone.
fn end_of(day: &str, zone: &TimeZone) -> Option<Timestamp> {
    let day = answers::day(day.trim()).ok()?;
    let next = day.checked_add(1.day()).ok()?.to_zoned_datetime(zone.clone()).ok()?;
    next.timestamp().checked_sub(1.second()).ok()
}

#[expect(clippy::too_many_arguments, reason = "what one page is made from")]
fn page(
    app: &App,
    ctx: &Ctx,
    id: DossierId,
    guests: &Guests,
    path: &str,
    posted: Option<&Posted>,
    problems: &[(&'static str, Text)],
    notice: Option<&Text>,
) -> Result<String, Failure> {
    let call = app.call(&guests.call)?;
    let zone = call.time_zone();
    let rows: Vec<GuestRow> = guests
        .given
        .iter()
        .map(|given| GuestRow {
            id: given.id,
            email: given.email.clone(),
            parts: given
                .parts
                .iter()
                .map(|(part, verb)| format!("{} : {}", part_title(call, part, ctx.lang), verb_title(*verb, ctx.lang)))
                .collect(),
            until: show_instant(given.ends_at, &zone),
            over: given.ends_at < ctx.now,
            used: given.used_at.map(|at| show_instant(at, &zone)),
        })
        .collect();
    let readings: Vec<ReadingRow> =
        guests.readings.iter().map(|reading| reading_row(call, reading, ctx.lang, &zone)).collect();
    let typed = |name: &'static str| posted.map_or("", |posted| posted.text(name));
    let choices: Vec<PartChoice> = parts(call)
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
        choices: &choices,
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

/// What can be given: the whole, each section, each piece that is a file.
fn parts(call: &Call) -> impl Iterator<Item = Part> + '_ {
    let sections = call.sections.iter().map(|section| Part::Section(section.id.clone()));
    let pieces = call.uploads().map(|piece| Part::Piece(piece.code.clone()));
    std::iter::once(Part::Whole).chain(sections).chain(pieces)
}

/// A line of the journal in words. Whoever examines the dossier is named by what they are, not by address.
fn reading_row(call: &Call, reading: &Reading, lang: Lang, zone: &TimeZone) -> ReadingRow {
    let word = |name: &str| reading.data[name].as_str();
    let what = match reading.kind.as_str() {
        "draft_read" => lang.tr("a lu", "read"),
        "draft_changed" => lang.tr("a modifié", "changed"),
        "piece_read" => lang.tr("a ouvert", "opened"),
        "piece_attached" => lang.tr("a joint", "attached"),
        "piece_removed" => lang.tr("a retiré", "removed"),
        "deposit_read" => lang.tr("a lu le dépôt", "read the deposit"),
        "emergency_asked" => lang.tr("a demandé une lecture d'urgence", "asked for an emergency reading"),
        "emergency_allowed" => lang.tr("a autorisé une lecture d'urgence", "allowed an emergency reading"),
        "dossier_deposited" => lang.tr("a déposé", "deposited"),
        other => other,
    };
    let part = word("part").and_then(|part| part.parse::<Part>().ok());
    let piece = word("code").map(|code| Part::Piece(code.to_owned()));
    let sections = reading.data["sections"].as_array().into_iter().flatten().filter_map(|id| id.as_str());
    let sections = sections.map(|id| Part::Section(id.to_owned()));
    let named: Vec<String> =
        part.into_iter().chain(piece).chain(sections).map(|part| part_title(call, &part, lang)).collect();
    let rule = RULES.iter().find(|rule| word("rule") == Some(rule.slug));
    ReadingRow {
        at: show_instant(reading.at, zone),
        who: match &reading.roles {
            Some(roles) => super::role_names(roles.split(',').filter_map(|role| role.parse().ok()), lang).join(", "),
            None => reading.email.clone(),
        },
        what: format!("{what} {}", named.join(", ")).trim().to_owned(),
        why: rule.map_or_else(|| Text::new("–", "–"), |rule| rule.words()),
    }
}
