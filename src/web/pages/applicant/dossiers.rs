//! The list of one’s own dossiers and of those shared by others; beginning a dossier.

use crate::{
    app::{App, Ctx},
    domain::{
        calendar::{Round, RoundId, RoundState, show_instant},
        document::Document,
        dossier::status::DepositStatus,
        ids::{AttemptId, DossierId},
        text::Text,
    },
    web::{
        address::see_other,
        error::Failure,
        extract::{Path, Query},
        frame::{
            DoneQuery, FormRequest, HandlerResult, PageContext, PageRequest, PageResult,
            mail_failure::MailFailureNotice, render, status::Sentence,
        },
        pages::applicant::dossier::first_section,
    },
};
use askama::Template;
use axum::response::Html;
use uuid::Uuid;

/// The list.
pub async fn list(PageRequest { app, ctx, here }: PageRequest, Query(told): Query<DoneQuery>) -> PageResult {
    let notice = (told.done == "deleted").then(|| Text::new("Le brouillon est supprimé.", "The draft is deleted."));
    let own = app.own_dossiers(&ctx).await?;
    let mut cards = Vec::new();
    for (dossier, pieces) in &own.listed {
        let Ok(call) = app.call(&dossier.call) else { continue };
        let zone = call.time_zone();
        let status = app.status_of(&ctx, dossier)?;
        let counted = status.counts_missing();
        cards.push(DossierCard {
            id: dossier.id,
            title: dossier.draft.text(&call.company.project).to_owned(),
            company: dossier.draft.text(&call.company.name).to_owned(),
            round: call.round(&dossier.round).map_or_else(String::new, |round| round.title.get(&ctx.lang).to_owned()),
            status,
            changed_at: show_instant(dossier.changed_at, &zone).get(&ctx.lang).to_owned(),
            missing: if counted { Some(app.evaluate(&ctx, dossier, pieces, 0)?.blocking_count()) } else { None },
            attempt: Uuid::now_v7().to_string(),
        });
    }
    let shared = given_cards(&app, &ctx).await?;
    let failure = app.own_mail_failure(&ctx).await?;
    let call = app.call_of_host(&ctx)?;
    let open: Vec<_> = call.rounds.iter().filter(|round| round.state(ctx.now) == RoundState::Open).collect();
    let attempt = Uuid::now_v7().to_string();
    Ok(Html(render(&app, &ctx, call, &here, |s| {
        let notice = notice.as_ref();
        let mail_failure = MailFailureNotice::new(s, failure.as_ref());
        let (rows, others) = (&cards[..], own.others);
        DossiersPage { s, mail_failure, rows, others, shared: &shared, open_rounds: &open, attempt: &attempt, notice }
            .render()
    })?))
}

/// Dossiers of others of which the reader was given a part.
async fn given_cards(app: &App, ctx: &Ctx) -> Result<Vec<GivenCard>, Failure> {
    let mut cards = Vec::new();
    for given in app.given_dossiers(ctx).await? {
        let call = app.call(&given.call)?;
        cards.push(GivenCard {
            id: given.id,
            round: app.round(call, &given.round)?.title.get(&ctx.lang).to_owned(),
            until: given
                .share
                .until()
                .map(|until| show_instant(until, &call.time_zone()).get(&ctx.lang).to_owned())
                .unwrap_or_default(),
            status: given.status,
            title: given.title,
        });
    }
    Ok(cards)
}

/// Begins a dossier.
pub async fn create(
    Path((call, round)): Path<(String, String)>,
    FormRequest { app, ctx, posted, .. }: FormRequest,
) -> HandlerResult {
    // All rounds of the page share its attempt, and each is an operation of its own.
    let attempt = AttemptId(posted.parse("attempt")?).for_target(&format!("{call} {round}"));
    let begun = Document::new(app.call(&call)?);
    let id = app.create(&ctx, &call, &RoundId(round), begun, attempt).await?;
    Ok(see_other(ctx.lang, &first_section(app.call(&call)?, id)))
}

/// One dossier in the applicant's list.
#[derive(Clone, Debug)]
pub struct DossierCard {
    pub id: DossierId,
    /// Title of the project, empty if it has none.
    pub title: String,
    /// Name of the company, empty if it has none.
    pub company: String,
    /// Name of the round, in the user's language.
    pub round: String,
    /// Whether it is deposited.
    pub status: DepositStatus,
    /// Last change, as shown.
    pub changed_at: String,
    /// The number of blocking findings in the draft, if it was computed.
    pub missing: Option<usize>,
    /// Attempt id of its forms.
    pub attempt: String,
}

/// A dossier of another user, of which parts are shared with this one.
#[derive(Clone, Debug)]
pub struct GivenCard {
    pub id: DossierId,
    /// Title of the project, empty if it has none.
    pub title: String,
    /// Name of the round, in the user's language.
    pub round: String,
    /// Whether it is deposited.
    pub status: DepositStatus,
    /// Expiry of the right, as shown.
    pub until: String,
}

/// The list.
#[derive(Template)]
#[template(path = "pages/applicant/dossiers.html")]
pub struct DossiersPage<'a> {
    pub s: &'a PageContext<'a>,
    /// What the user is told of mails that do not arrive.
    pub mail_failure: MailFailureNotice<'a>,
    pub rows: &'a [DossierCard],
    /// How many more dossiers the user has, which were changed before those.
    pub others: u64,
    pub shared: &'a [GivenCard],
    pub open_rounds: &'a [&'a Round],
    pub attempt: &'a str,
    /// What was just done.
    pub notice: Option<&'a Text>,
}

impl DossiersPage<'_> {
    fn sentence(&self, status: &DepositStatus) -> Sentence<'_> {
        Sentence::new(self.s, status.sentence())
    }
}
