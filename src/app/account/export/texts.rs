//! The texts of an archive: what the portal knows, in files that people and programs read.

use crate::{
    app::{App, AppError, Ctx, delegation::ReaderIdentity},
    blob::BlobError,
    domain::{
        call::Call, company_register::DatedRecord, dossier::Dossier, event::EventKind, ids::AccountId,
        piece::AttachedPiece,
    },
    store::{Freshness, account, delegation::Delegation, deposit::Version, journal},
};
use serde_json::{Value as Json, json};

/// What other people's events tell the owner of a dossier, by name.
const SHOWN: [&str; 7] = ["part", "code", "sections", "rule", "receipt", "version", "marked"];

/// What is in the archive and how to check it, in both languages.
pub(super) fn readme(portal: &str) -> String {
    format!(
        "Vos données du portail {portal}\n\
         \n\
         account.json            votre compte : adresse, connexions, jetons (sans leur secret), clés d’accès\n\
         dossiers/…/dossier.json ce qu’est le dossier, ses versions déposées, ses pièces, ses invités, et ce que le\n\
         \u{20}                       registre public des entreprises a répondu : valeurs, source, date (company_register)\n\
         dossiers/…/answers.*    vos réponses, pour un programme (json) et à lire (txt)\n\
         dossiers/…/pieces       vos pièces, celles du brouillon et celles des versions déposées\n\
         dossiers/…/receipts     vos reçus, octet pour octet : guichet verify receipts/N.json . --keys clés.json\n\
         dossiers/…/journal*     ce qui s’est passé sur le dossier, une ligne par événement\n\
         \n\
         L’archive est au format BagIt (RFC 8493) : manifest-sha256.txt donne l’empreinte de chaque fichier.\n\
         Pour tout contrôler : bagit.py --validate, ou sha256sum -c manifest-sha256.txt dans le dossier au-dessus.\n\
         Les clés publiées qui signent les reçus : {portal}/.well-known/guichet-receipt-keys\n\
         \n\
         ---\n\
         \n\
         Your data of the portal {portal}\n\
         \n\
         account.json            your account: address, sign-ins, tokens (without their secret), passkeys\n\
         dossiers/…/dossier.json what the application is, its deposited versions, its documents, its guests, and what\n\
         \u{20}                       the public register of companies answered: values, source, date (company_register)\n\
         dossiers/…/answers.*    your answers, for a program (json) and to be read (txt)\n\
         dossiers/…/pieces       your documents, those of the draft and those of deposited versions\n\
         dossiers/…/receipts     your receipts, byte by byte: guichet verify receipts/N.json . --keys keys.json\n\
         dossiers/…/journal*     what happened to the application, one line for each event\n\
         \n\
         The archive is a bag (BagIt, RFC 8493): manifest-sha256.txt has the digest of each file.\n\
         To check all of it: bagit.py --validate, or sha256sum -c manifest-sha256.txt in the folder above.\n\
         The published keys that sign receipts: {portal}/.well-known/guichet-receipt-keys\n"
    )
}

/// Why an archive ends before its end.
pub(super) fn incomplete(error: &AppError) -> String {
    let (fr, en) = match error {
        AppError::Attachment(BlobError::WrongBytes(which) | BlobError::Missing(which)) => (
            format!("un fichier n’a pas pu être lu tel qu’il a été enregistré ({which}) ; l’opérateur en est averti"),
            format!("a file could not be read as it was recorded ({which}); the operator has been told"),
        ),
        AppError::SignInNeeded => {
            ("votre connexion a pris fin pendant l’envoi".to_owned(), "your sign-in ended while it was sent".to_owned())
        }
        _ => ("l’envoi a échoué".to_owned(), "sending it failed".to_owned()),
    };
    format!(
        "Cette archive est incomplète : {fr}. Ne la gardez pas comme copie.\n\
         This archive is incomplete: {en}. Do not keep it as a copy.\n"
    )
}

/// The account, without any secret.
pub(super) async fn account(app: &App, ctx: &Ctx) -> Result<Json, AppError> {
    let own = &ctx.actor()?.account;
    let created_at = account::created_at(&mut *app.store.read(Freshness::OwnWrites).await?, own.id).await?;
    let this = app.own_session(ctx);
    let sessions = app.sessions(ctx).await?.into_iter().map(|session| {
        json!({
            "opened_at": session.created_at, "last_seen_at": session.last_seen_at, "by": session.amr.slug(),
            "agent": session.agent, "this_one": Some(session.id) == this,
        })
    });
    let (tokens, narrowed) = app.own_tokens(ctx).await?;
    let tokens = tokens.into_iter().map(|token| {
        let narrowed = narrowed
            .iter()
            .filter(|one| one.token == token.id)
            .map(|one| json!({ "checks": one.checks, "last_used_at": one.last_used_at, "revoked": one.revoked }));
        let actions: Vec<&str> = token.actions.iter().map(|action| action.slug()).collect();
        json!({
            "id": token.id, "label": token.label, "actions": actions, "expires_at": token.expires_at,
            "last_used_at": token.last_used_at, "narrowed": narrowed.collect::<Vec<_>>(),
        })
    });
    let passkeys = app
        .passkeys(ctx)
        .await?
        .into_iter()
        .map(|key| json!({ "name": key.name, "created_at": key.created, "last_used_at": key.last_used }));
    // Others' dossiers are theirs; that one was invited is one's own.
    let invitations = app.given_dossiers(ctx).await?.into_iter().map(
        |given| json!({ "dossier": given.id, "call": given.call, "round": given.round, "until": given.share.until() }),
    );
    Ok(json!({
        "id": own.id,
        "email": own.email,
        "language": own.lang,
        "created_at": created_at,
        "roles": own.roles.iter().map(|role| role.slug()).collect::<Vec<_>>(),
        "sessions": sessions.collect::<Vec<_>>(),
        "tokens": tokens.collect::<Vec<_>>(),
        "passkeys": passkeys.collect::<Vec<_>>(),
        "invitations": invitations.collect::<Vec<_>>(),
    }))
}

/// What a dossier is, without its answers.
pub(super) fn dossier(
    call: Option<&Call>,
    dossier: &Dossier,
    versions: &[Version],
    files: &[AttachedPiece],
    guests: &[Delegation],
) -> Json {
    let deposits = versions.iter().map(|version| {
        json!({ "version": version.version, "receipt": version.receipt, "at": version.at, "stands": version.is_current })
    });
    let guests = guests.iter().map(|given| {
        let parts = given.parts.iter().map(|(part, verb)| format!("{part}={}", verb.slug()));
        json!({
            "email": given.email, "parts": parts.collect::<Vec<_>>(), "note": given.note,
            "given_at": given.given_at, "ends_at": given.ends_at,
        })
    });
    json!({
        "id": dossier.id,
        "call": dossier.call,
        "call_title": call.map(|call| &call.title),
        "round": dossier.round,
        "title": call.map(|call| dossier.draft.text(&call.company.project)),
        "state": dossier.state(),
        "revision": dossier.revision,
        "created_at": dossier.created_at,
        "changed_at": dossier.changed_at,
        "withdrawn_at": dossier.withdrawn_at,
        "deposits": deposits.collect::<Vec<_>>(),
        "pieces": files,
        "guests": guests.collect::<Vec<_>>(),
    })
}

/// What the public register said of the company, each record with its source and date: values in the answers may come
/// from it.
pub(super) fn register_records(call: Option<&Call>, records: &[DatedRecord]) -> Json {
    let zone = call.map(Call::time_zone);
    let records = records.iter().map(|found| {
        json!({
            "source": zone.as_ref().map(|zone| found.source(zone)),
            "taken_at": found.taken_at,
            "record": found.record,
        })
    });
    records.collect()
}

/// An event as the owner of the dossier may see it: their own whole; those of others as on the page that shows who has
/// access; none of the examination.
pub(super) fn event(event: &journal::DossierEvent, owner: AccountId) -> Option<Json> {
    let own = event.actor == Some(owner);
    if !own && !EventKind::of_slug(&event.kind).is_some_and(EventKind::is_shown_to_owner) {
        return None;
    }
    let data = if own { event.data.clone() } else { shown(&event.data) };
    let by = match event.actor {
        Some(_) if own => json!("you"),
        None => json!("portal"),
        Some(_) => match ReaderIdentity::of(&event.as_summary()) {
            ReaderIdentity::Guest(email) => json!({ "guest": email }),
            ReaderIdentity::FormerGuest => json!({ "guest": null }),
            ReaderIdentity::Staff(roles) => json!({ "roles": roles }),
        },
    };
    Some(json!({ "at": event.at, "kind": event.kind, "by": by, "data": data }))
}

fn shown(data: &Json) -> Json {
    let members = data.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| SHOWN.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Role;
    use jiff::Timestamp;
    use uuid::Uuid;

    fn happened(kind: EventKind, actor: Option<u128>, roles: &[Role], data: Json) -> journal::DossierEvent {
        journal::DossierEvent {
            sequence: 1,
            kind: kind.slug().into(),
            at: Timestamp::UNIX_EPOCH,
            actor: actor.map(|number| AccountId(Uuid::from_u128(number))),
            email: Some("bob@exemple.fr".into()),
            roles: roles.to_vec(),
            data,
        }
    }

    #[test]
    fn the_owner_sees_what_the_pages_show_and_no_more() {
        let owner = AccountId(Uuid::from_u128(1));
        let own = event(&happened(EventKind::PieceAttached, Some(1), &[], json!({ "sha256": "a" })), owner).unwrap();
        assert_eq!((&own["by"], &own["data"]["sha256"]), (&json!("you"), &json!("a")));
        let read =
            happened(EventKind::DraftRead, Some(2), &[], json!({ "part": "whole", "rule": "guest-reads", "x": 1 }));
        let read = event(&read, owner).unwrap();
        assert_eq!(read["by"], json!({ "guest": "bob@exemple.fr" }));
        assert_eq!(read["data"], json!({ "part": "whole", "rule": "guest-reads" }));
        let officer = happened(EventKind::DepositRead, Some(3), &[Role::Officer], json!({ "rule": "officer-reads" }));
        assert_eq!(event(&officer, owner).unwrap()["by"], json!({ "roles": ["officer"] }), "by role, not by address");
        let asked = happened(EventKind::EmergencyAsked, Some(4), &[Role::Operator], json!({ "reason": "secret" }));
        assert!(!event(&asked, owner).unwrap().to_string().contains("secret"));
        for hidden in [EventKind::DossierAdmitted, EventKind::ExpertAssigned, EventKind::InterestDeclared] {
            assert_eq!(
                event(&happened(hidden, Some(3), &[Role::Officer], json!({})), owner),
                None,
                "{}",
                hidden.slug()
            );
        }
    }
}
