//! The demonstration: two people, their API tokens and three sample dossiers in different states.

use crate::app::{App, Ctx, DepositRequest, dossier::upload::Destination};
use crate::{
    auth::{self, Bearer, Channel, Rights},
    config::Config,
    domain::{
        access::{APPLICANT_ACTIONS, Action, OFFICER_ACTIONS, Role},
        calendar::{RoundId, day},
        document::Document,
        folder,
        ids::{AttemptId, DossierId},
        text::Lang,
    },
    store::account::Account,
};
use anyhow::Context;
use jiff::SignedDuration;
use std::{path::Path, sync::Arc};
use uuid::Uuid;

/// API tokens of the demonstration's people.
#[derive(Clone, Debug)]
pub struct SeedTokens {
    /// Of `ada@exemple.fr`, an applicant.
    pub applicant_token: String,
    /// Of `officier@exemple.fr`, an officer.
    pub officer_token: String,
}

/// The applicant of the demonstration.
pub const DEMO_APPLICANT: &str = "ada@exemple.fr";
/// The officer of the demonstration.
pub const DEMO_OFFICER: &str = "instruction@exemple.fr";
/// Validity of the demonstration's tokens.
const DEMO_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 60);
/// The sample dossier, taken into the binary so that the demonstration needs no source tree.
const SAMPLE_DOSSIER: &str = include_str!("../../../docs/samples/hyper-open-x/dossier.toml");
const SAMPLE_PIECES: [(&str, &[u8]); 4] = [
    ("P7-kbis.pdf", include_bytes!("../../../docs/samples/hyper-open-x/P7-kbis.pdf")),
    ("P8-urssaf.pdf", include_bytes!("../../../docs/samples/hyper-open-x/P8-urssaf.pdf")),
    ("P9-regularite-fiscale.pdf", include_bytes!("../../../docs/samples/hyper-open-x/P9-regularite-fiscale.pdf")),
    ("P10-liasse.pdf", include_bytes!("../../../docs/samples/hyper-open-x/P10-liasse.pdf")),
];

/// Brings the schema up to date and makes what the demonstration shows; a second run finds it all there.
pub async fn demonstration(config: &Config) -> anyhow::Result<SeedTokens> {
    let app = App::open(config.clone())?;
    app.store.migrate().await.context("cannot bring the database schema up to date")?;
    app.register_roots().await.context("the keys do not fit the database")?;
    let (applicant, applicant_token) = person(&app, DEMO_APPLICANT, Role::Applicant, &APPLICANT_ACTIONS).await?;
    let (_, officer_token) = person(&app, DEMO_OFFICER, Role::Officer, &OFFICER_ACTIONS).await?;
    let (neighbour, neighbour_token) = person(&app, "bob@exemple.fr", Role::Applicant, &APPLICANT_ACTIONS).await?;
    if app.call("hyper-open-x").is_ok_and(|call| call.round(&RoundId("demonstration".into())).is_some()) {
        samples(&app, &context(&app, applicant, &applicant_token)?, &context(&app, neighbour, &neighbour_token)?)
            .await?;
    }
    app.store.close().await;
    Ok(SeedTokens { applicant_token, officer_token })
}

/// Makes an account and a fresh API token for it.
pub async fn person(app: &App, email: &str, role: Role, actions: &[Action]) -> anyhow::Result<(Account, String)> {
    let account = app.appoint_as(email, role).await?;
    let now = app.clock();
    let issued = app
        .make_token(None, &account, Uuid::now_v7(), "démonstration", actions, (now, now + DEMO_TOKEN_LIFETIME))
        .await?;
    Ok((account, issued.token))
}

fn context(app: &App, account: Account, token: &str) -> anyhow::Result<Ctx> {
    let bearer: Bearer = auth::read(&app.keys, token, Channel::Api, app.clock())?;
    let rights = Rights::new(Arc::new(bearer), Channel::Api, app.account_facts(&account));
    let actor = crate::app::Actor { account, rights, session: None };
    Ok(Ctx { actor: Some(actor), ..Ctx::anonymous(app.clock(), crate::app::Clock::System, Lang::Fr) })
}

/// An id that is the same at every start, so that seeding twice makes nothing twice.
fn fixed(number: u8) -> AttemptId {
    AttemptId(Uuid::from_bytes([0x5e, 0xed, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number]))
}

async fn samples(app: &App, ada: &Ctx, bob: &Ctx) -> anyhow::Result<()> {
    let call = app.call("hyper-open-x")?.clone();
    let today = day(ada.now, &call.time_zone());
    let sample = folder::parse(SAMPLE_DOSSIER, today)?;
    let complete = Document::from_json(&call, &sample.answers)
        .map_err(|faults| anyhow::anyhow!("the sample dossier does not fit the form: {faults:?}"))?;
    let mut beginning = complete.clone();
    beginning.0.retain(|section, _| section == "applicant");
    let mut short = complete.clone();
    short.0.remove("impact");
    let round = RoundId("demonstration".into());
    let open =
        call.round(&round).is_some_and(|round| round.state(ada.now) == crate::domain::calendar::RoundState::Open);
    if !open {
        return Ok(());
    }
    app.create(ada, &call.id, &round, beginning, fixed(1)).await?;
    let almost = app.create(ada, &call.id, &round, short, fixed(2)).await?;
    attach(app, ada, almost, &sample.pieces).await?;
    let deposited = app.create(bob, &call.id, &round, complete, fixed(3)).await?;
    if app.dossier_whole(bob, deposited).await?.dossier.versions == 0 {
        attach(app, bob, deposited, &sample.pieces).await?;
        // The pieces were attached after the first request of all these.
        let depositing = Ctx { now: bob.clock.now(), ..bob.clone() };
        app.deposit(&depositing, deposited, DepositRequest { attempt: fixed(4), revision: None })
            .await
            .context("the sample dossier is refused")?;
    }
    Ok(())
}

async fn attach(app: &App, ctx: &Ctx, id: DossierId, pieces: &[folder::FolderPiece]) -> anyhow::Result<()> {
    for piece in pieces {
        let name = Path::new(&piece.file).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((_, bytes)) = SAMPLE_PIECES.iter().find(|(known, _)| *known == name) else { continue };
        let body = futures_util::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(bytes))]);
        let issued = piece.issued.map(|day| day.to_string()).unwrap_or_default();
        let to = Destination { dossier: id, code: &piece.code };
        app.attach(ctx, to, name, &issued, None, body).await?;
    }
    Ok(())
}
