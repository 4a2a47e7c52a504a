//! Sample data for the pages about access.

use super::{
    super::{
        AccountPage, EmergencyRow, GuestRow, GuestsPage, OrderRow, PartChoice, ReadingRow, RightRow, RightsPage,
        SessionRow, Shell, TokenForm, TokenRow, Typed, account, emergency, guests, orders, rights,
    },
    data::id,
};
use crate::domain::{
    ids::{DossierId, SessionId},
    text::Text,
};

type Rendering = Result<String, askama::Error>;

pub(super) fn problems() -> [(&'static str, Text); 2] {
    [
        ("email", Text::new("Ce n’est pas une adresse électronique.", "This is not an e-mail address.")),
        ("parts", Text::new("Choisissez au moins une partie à confier.", "Choose at least one part to give.")),
    ]
}

pub(super) fn guests_page(s: &Shell<'_>, problems: &[(&'static str, Text)]) -> Rendering {
    let row = |number, email: &str, over, used: Option<&str>| GuestRow {
        id: id(number),
        email: email.into(),
        parts: vec![s.tr("D. Budget (annexe 1) : lire et remplir", "D. Budget (annex 1): read and fill").into()],
        until: "30/07/2024 23:59:59".into(),
        over,
        used: used.map(str::to_owned),
    };
    let rows = [
        row(1, "expert-comptable-avec-une-adresse-tres-longue@cabinet.example", false, Some("12/07/2024 09:12:44")),
        row(2, "ancien@exemple.fr", true, None),
    ];
    let readings = [
        ReadingRow {
            at: "12/07/2024 18:40:02".into(),
            since: Some("12/07/2024 09:12:44".into()),
            who: "compta@cabinet.example".into(),
            what: s.tr("a lu D. Budget (annexe 1) (12 fois)", "read D. Budget (annex 1) (12 times)").into(),
            why: Text::new("une personne invitée lit la partie confiée", "somebody invited reads the part given"),
        },
        ReadingRow {
            at: "01/08/2024 10:00:01".into(),
            since: None,
            who: s.tr("instructeur", "officer").into(),
            what: s.tr("a lu le dépôt", "read the deposit").into(),
            why: Text::new("les instructeurs lisent ce qui est déposé", "officers read what stands deposited"),
        },
    ];
    let choice = |part: &str, title: &str, chosen: &str| PartChoice {
        part: part.into(),
        title: title.into(),
        chosen: chosen.into(),
    };
    let choices = [
        choice("whole", s.tr("tout le dossier", "the whole dossier"), ""),
        choice("section:budget", s.tr("D. Budget (annexe 1)", "D. Budget (annex 1)"), "write"),
        choice("piece:P9", s.tr("P9 – Régularité fiscale", "P9 – Tax regularity"), "read"),
    ];
    let done = Text::new("L’invitation est partie.", "The invitation was sent.");
    let page = GuestsPage {
        dossier: DossierId(id(1)),
        title: "Réplication sans opérateur pour l’industrie",
        guests: &rows,
        readings: &readings,
        newer: Some(1),
        older: Some(3),
        choices: &choices,
        confirm: !problems.is_empty(),
        typed: Typed { email: "compta@", until: "2024-07-30", note: "Merci !", deposit: false },
        problems,
        notice: problems.is_empty().then_some(&done),
    };
    guests(s, &page)
}

pub(super) fn account_page(s: &Shell<'_>, made: Option<&str>, (wrong, suspended): (bool, bool)) -> Rendering {
    let session = |number, agent: &str, this| SessionRow {
        id: SessionId(id(number)),
        agent: agent.into(),
        by: s.tr("par un lien reçu par courriel", "by a link sent by e-mail"),
        since: "30/07/2024 08:00:00".into(),
        seen: "30/07/2024 14:03:12".into(),
        this,
    };
    let token = |label: &str, depth, revoked| TokenRow {
        id: "01a2".into(),
        label: label.into(),
        actions: if depth > 0 { Vec::new() } else { vec![s.tr("lire les brouillons", "read drafts").into()] },
        until: "30/08/2024 14:03:12".into(),
        used: (depth > 0).then(|| "30/07/2024 14:03:12".to_owned()),
        depth,
        revoked,
        others: if depth == 0 { 12 } else { 0 },
    };
    let narrowing =
        "check if dossier(\"0190a5c0-0000-7000-8000-000000000009\"); check if part($p), {\"piece:P9\"}.contains($p);";
    let page = AccountPage {
        suspended,
        serves: !suspended,
        roles: &[s.tr("porteur de projet", "applicant").to_owned()],
        sessions: &[session(1, "Firefox, Linux", true), session(2, "Safari, iPhone", false)],
        tokens: &[token("Dépôt automatique", 0, false), token(narrowing, 1, false), token(narrowing, 2, true)],
        actions: &[
            ("draft:read", s.tr("lire les brouillons", "read drafts").to_owned()),
            ("dossier:deposit", s.tr("déposer", "deposit").to_owned()),
        ],
        made,
        notice: None,
        form: &TokenForm {
            label: "Dépôt".into(),
            days: if wrong { "400" } else { "30" }.into(),
            ticked: vec!["draft:read".into()],
            wrong: if wrong {
                vec![("days", Text::new("Écrivez un nombre de 1 à 366.", "Write a number from 1 to 366."))]
            } else {
                Vec::new()
            },
            attempt: id(9),
        },
    };
    account(s, &page)
}

pub(super) fn emergency_page(s: &Shell<'_>) -> Rendering {
    let row = |number, own, allowed: Option<&str>| EmergencyRow {
        id: id(number),
        own,
        waits: allowed.is_none(),
        readable: own && allowed.is_some(),
        receipt: Some("2024-000042".into()),
        who: "astreinte@exemple.org".into(),
        reason: s.tr("Pièce illisible signalée par le porteur", "Unreadable piece reported by the owner").into(),
        asked: "30/07/2024 14:03:12".into(),
        allowed_by: allowed.map(str::to_owned),
        until: allowed.map(|_| "30/07/2024 15:10:00".to_owned()),
    };
    let problems = [
        ("receipt", Text::new("Aucun reçu ne porte ce numéro.", "No receipt has this number.")),
        ("reason", Text::new("Dites pourquoi.", "Say why.")),
    ];
    let rows = [row(1, false, None), row(2, true, Some("dpo@exemple.org"))];
    emergency(s, &rows, true, ("2024-9", ""), &problems)
}

pub(super) fn rights_page(s: &Shell<'_>, dossier: bool, known: bool) -> Rendering {
    let row = |what, allowed, unconfirmed, why: &str, others: &[&str]| RightRow {
        what,
        part: None,
        allowed,
        unconfirmed,
        why: why.to_owned(),
        others: others.iter().map(|one| (*one).to_owned()).collect(),
    };
    let own = s.tr("le porteur travaille sur son brouillon, le dépose et y invite", "the owner works on the draft");
    let officers = s.tr("les instructeurs lisent ce qui est déposé", "officers read what stands deposited");
    let others: &[&str] = if known { &[] } else { &[own] };
    let rows = [
        row(s.tr("lire les brouillons", "read drafts"), known, false, own, others),
        row(s.tr("déposer", "deposit"), known, known, own, others),
        row(s.tr("confier à un expert", "assign to an expert"), false, false, "", &[officers, own]),
    ];
    let dossier = dossier.then(|| DossierId(id(1)));
    rights(s, &RightsPage { dossier, known, lacks_passkey: !known, rows: &rows })
}

pub(super) fn orders_page(s: &Shell<'_>) -> Rendering {
    let row = |number, waits, confirmed: Option<&str>| OrderRow {
        id: id(number),
        detail: "db2.exemple.org:3306".into(),
        asked_by: "astreinte@machine-1".into(),
        asked: "30/07/2024 14:03:12".into(),
        waits,
        confirmed_by: confirmed.map(str::to_owned),
    };
    orders(s, &[row(1, true, None), row(2, false, Some("exploitation@exemple.org")), row(3, false, None)])
}
