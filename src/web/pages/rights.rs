//! "Why may I, why may I not?": the policy's decisions about the user's own rights.

use super::{here, render};
use crate::{
    app::{App, Ctx, RightAnswer, delegation::part_title},
    domain::{access::Action, call::Call, ids::DossierId, text::Lang},
    web::{
        error::Failure,
        extract::Path,
        view::{self, RightRow, RightsPage},
    },
};
use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};

/// Rights on the call as a whole.
pub async fn own(State(app): State<App>, ctx: Ctx, uri: Uri) -> Result<Html<String>, Failure> {
    let call = app.call_of_host(&ctx)?;
    let rows = rows(app.own_rights(&ctx)?, call, ctx.lang);
    let page =
        RightsPage { dossier: None, known: true, lacks_passkey: ctx.actor()?.rights.lacks_passkey(), rows: &rows };
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::rights(shell, &page))?))
}

/// Rights on one dossier. For a user who may see nothing of it, it does not exist, and the page says who could see it.
pub async fn on_dossier(
    State(app): State<App>,
    ctx: Ctx,
    Path(id): Path<DossierId>,
    uri: Uri,
) -> Result<Response, Failure> {
    let call = app.call_of_host(&ctx)?;
    let found = app.rights_on(&ctx, id).await?;
    let known = found.known;
    let its = found.call.as_deref().map(|slug| app.call(slug)).transpose()?.unwrap_or(call);
    let rows = rows(found.verdicts, its, ctx.lang);
    let page = RightsPage { dossier: Some(id), known, lacks_passkey: ctx.actor()?.rights.lacks_passkey(), rows: &rows };
    let page = Html(render(&app, &ctx, call, &here(&uri), |shell| view::rights(shell, &page))?);
    Ok((if known { StatusCode::OK } else { StatusCode::NOT_FOUND }, page).into_response())
}

fn rows(verdicts: Vec<RightAnswer>, call: &Call, lang: Lang) -> Vec<RightRow> {
    let row = |verdict: RightAnswer| RightRow {
        what: action_name(verdict.action, lang),
        part: verdict.part.map(|part| part_title(call, &part, lang)),
        allowed: verdict.allowed,
        unconfirmed: verdict.unconfirmed,
        why: verdict.words.get(&lang).to_owned(),
        others: verdict.others.iter().map(|words| words.get(&lang).to_owned()).collect(),
    };
    let (may, may_not): (Vec<_>, Vec<_>) = verdicts.into_iter().partition(|verdict| verdict.allowed);
    may.into_iter().chain(may_not).map(row).collect()
}

/// The name of an action, as shown.
pub(super) fn action_name(action: Action, lang: Lang) -> &'static str {
    match action {
        Action::DossierCreate => lang.tr("commencer un dossier", "start an application"),
        Action::DraftRead => lang.tr("lire les brouillons", "read drafts"),
        Action::DraftWrite => lang.tr("remplir les brouillons et joindre des pièces", "fill drafts and attach pieces"),
        Action::DossierDeposit => lang.tr("déposer", "deposit"),
        Action::DossierWithdraw => lang.tr("retirer un dépôt", "withdraw a deposit"),
        Action::DossierShare => lang.tr("inviter d’autres personnes", "invite others"),
        Action::DepositRead => lang.tr("lire les dépôts et les reçus", "read deposits and receipts"),
        Action::RoundList => lang.tr("lister les dépôts d’une relève", "list the deposits of a round"),
        Action::DossierAdmit => lang.tr("déclarer recevable", "find admissible"),
        Action::InterestDeclare => lang.tr("déclarer ses intérêts", "declare one’s interests"),
        Action::ReviewList => lang.tr("lister les dossiers à évaluer", "list what is to be reviewed"),
        Action::ExpertAssign => lang.tr("confier à un expert", "assign to an expert"),
        Action::ReviewWrite => lang.tr("écrire une évaluation", "write a review"),
        Action::ReviewRead => lang.tr("lire les évaluations", "read reviews"),
        Action::DecisionPublish => lang.tr("publier une décision", "publish a decision"),
        Action::AidRead => lang.tr("lire le registre des aides", "read the register of aid"),
        Action::PaymentOrder => lang.tr("ordonner un paiement", "order a payment"),
        Action::BrickAccompany => lang.tr("accompagner l’adoption d’une brique", "help with the adoption of a brick"),
        Action::AuditExport => lang.tr("exporter le journal", "export the journal"),
        Action::OpsMaintain => lang.tr("entretenir le service", "look after the service"),
        Action::OpsSwitchover => {
            lang.tr("changer le serveur de base de données qui conduit", "have another database server lead")
        }
        Action::GlassAsk => lang.tr("demander une lecture d’urgence", "ask for an emergency reading"),
        Action::GlassAllow => lang.tr("autoriser une lecture d’urgence", "allow an emergency reading"),
        Action::PersonAnswer => {
            lang.tr("répondre aux demandes sur les données personnelles", "answer requests about personal data")
        }
        Action::ServiceToken => lang.tr("se faire connaître d’un autre service", "be known to another service"),
    }
}
