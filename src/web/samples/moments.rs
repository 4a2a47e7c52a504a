//! Every state of a deposit over time, on every page that mentions it: for the table in docs/deposit-status.md and the
//! test that checks the pages against it.

use super::data::Sample;
use crate::domain::{
    calendar::{Round, RoundId, RoundState, Window},
    call::Call,
    dossier::{Dossier, State, status::DepositStatus},
    publisher::Publisher,
    text::{Lang, Text},
};
use crate::web::{
    frame::{PageContext, Viewer, mail_failure::MailFailureNotice, status::status_json},
    pages::applicant::{
        dossiers::DossiersPage, editor::EditorPage, overview::OverviewPage, preview::PreviewPage,
        withdraw::WithdrawPage,
    },
};
use askama::Template;
use jiff::{Timestamp, ToSpan};

/// States of the round, and whether another round of the call is open.
const ROUNDS: [(RoundState, bool); 5] = [
    (RoundState::Announced, false),
    (RoundState::Upcoming, false),
    (RoundState::Open, false),
    (RoundState::Closed, false),
    (RoundState::Closed, true),
];

const STATES: [State; 4] = [State::Draft, State::Deposited, State::Changed, State::Withdrawn];

/// A state of the dossier, at a time.
pub struct Moment {
    pub state: State,
    pub round: RoundState,
    /// Another round of the call is open.
    pub elsewhere: bool,
    /// The expected status.
    pub status: DepositStatus,
    /// The rendered texts, by name of the page.
    pub pages: Vec<(&'static str, String)>,
    /// The status as sent to the page's script.
    pub script: serde_json::Value,
}

/// Every state, rendered; empty for a call that has no sample data.
pub fn moments(call: &Call, lang: &Lang, now: Timestamp) -> Vec<Moment> {
    let all = STATES.iter().flat_map(|state| ROUNDS.iter().map(move |(round, elsewhere)| (*state, *round, *elsewhere)));
    all.filter_map(|(state, round, elsewhere)| moment(call, lang, now, (state, round, elsewhere))).collect()
}

fn hours(now: Timestamp, hours: i64) -> Timestamp {
    now.saturating_add(hours.hours()).unwrap_or(now)
}

fn window(state: RoundState, now: Timestamp) -> Option<Window> {
    let (opens, closes) = match state {
        RoundState::Announced => return None,
        RoundState::Upcoming => (24, 240),
        RoundState::Open => (-240, 24),
        RoundState::Closed => (-240, -24),
    };
    Some(Window { opens: hours(now, opens), closes: hours(now, closes) })
}

fn moment(call: &Call, lang: &Lang, now: Timestamp, of: (State, RoundState, bool)) -> Option<Moment> {
    let (state, round, elsewhere) = of;
    let first = call.rounds.first()?;
    let own = Round { window: window(round, now), ..first.clone() };
    let next = Round {
        id: RoundId("next".into()),
        title: Text::new("Relève suivante", "Next round"),
        window: window(RoundState::Open, now),
        ..first.clone()
    };
    let mut call = call.clone();
    call.rounds = if elsewhere { vec![own, next] } else { vec![own] };
    let mut sample = Sample::new(&call)?;
    sample.round = call.rounds.first()?;
    sample.now = hours(now, -36);
    let dossier = dossier(&sample, state);
    let evaluation = sample.evaluate(if state == State::Draft { &sample.poor } else { &sample.full });
    let page = sample.page(&dossier, &evaluation);
    let publisher = Publisher::complete();
    let s = PageContext {
        lang,
        path: "/dossiers",
        viewer: Some(Viewer { email: "ada.lefebvre@exemple.fr", officer: false, evaluates: false }),
        csrf: "csrf",
        demonstration: true,
        call: &call,
        publisher: &publisher,
        origin: "https://guichet.example",
        now,
        several_calls: false,
    };
    let section = call.sections.first()?;
    let cards = [sample.card(&s, 1, &dossier, Some(evaluation.blocking_count()))];
    let status = DepositStatus::of(&call, sample.round, &dossier, now);
    let pages = [
        (
            "list",
            DossiersPage {
                s: &s,
                mail_failure: MailFailureNotice::new(&s, None),
                rows: &cards,
                others: 0,
                shared: &[],
                open_rounds: &[],
                attempt: "attempt",
                notice: None,
            }
            .render(),
        ),
        ("overview", OverviewPage::new(&s, &page).render()),
        ("editor", EditorPage::new(&s, &page, section, Some("14\u{a0}h\u{a0}03"), &[]).render()),
        ("preview", PreviewPage::new(&s, &page).render()),
        ("withdraw", WithdrawPage::new(&s, &page).render()),
    ];
    Some(Moment {
        state,
        round,
        elsewhere,
        script: status_json(&status, &sample.share, lang),
        status,
        pages: pages.into_iter().map(|(name, page)| (name, page.unwrap_or_else(|error| error.to_string()))).collect(),
    })
}

fn dossier(sample: &Sample<'_>, state: State) -> Dossier {
    match state {
        State::Draft => sample.draft(&sample.poor),
        State::Deposited => sample.deposited(0),
        State::Changed => sample.deposited(1),
        State::Withdrawn => Dossier { withdrawn_at: Some(sample.now), versions: 2, ..sample.draft(&sample.full) },
    }
}
