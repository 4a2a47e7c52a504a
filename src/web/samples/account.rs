//! Signing in, and one's own account.

use super::{Pages, Rendering, data::id, named};
use crate::{
    app::{ClosingDossier, ClosingList, ClosingSummary, Key, RightAnswer},
    domain::{
        access::Action,
        ids::{DossierId, SessionId},
        text::Text,
    },
    web::{
        frame::{PageContext, mail_failure::MailFailureNotice},
        pages::account::{
            close::ClosePage,
            home::{AccountPage, SessionRow, TokenRow},
            passkey::{ConfirmPage, PasskeysPage},
            rights::RightsPage,
            sign_in::{LinkConfirmPage, LinkSentPage, SignInPage},
            token_form::TokenForm,
        },
    },
};
use askama::Template;

pub(super) fn pages(stranger: &PageContext<'_>, s: &PageContext<'_>) -> Pages {
    let mut pages = signing_in(stranger);
    let token = "EoQBCk4KBHVzZXIKC2RvY3VtZW50X2lkGAMiCQoHCAoSAxiACCIM";
    pages.extend(named([
        ("account", home(s, None, (false, false))),
        ("account-wrong", home(s, None, (true, false))),
        ("account-suspended", home(s, None, (false, true))),
        ("account-token", home(s, Some(token), (false, false))),
        ("rights", rights(s, false, true)),
        ("rights-dossier", rights(s, true, true)),
        ("rights-unknown", rights(s, true, false)),
    ]));
    pages.extend(passkeys(s));
    pages.extend(closing(s));
    pages
}

fn closing(s: &PageContext<'_>) -> Pages {
    let dossier = |number, title: &str, receipt: Option<&str>, guests| ClosingDossier {
        id: DossierId(id(number)),
        title: title.into(),
        receipt: receipt.map(str::to_owned),
        guests,
    };
    let drafts = vec![dossier(1, "", None, 0), dossier(2, "Jumeau numérique du port", None, 2)];
    let kept = vec![dossier(3, "Cœur souverain", Some("2024-000042"), 1), dossier(4, "Essai retiré", None, 0)];
    let list = |listed, others, accesses_to_others| ClosingList { listed, others, accesses_to_others };
    let summary = ClosingSummary {
        drafts: list(drafts.clone(), 0, 0),
        kept: list(kept.clone(), 0, 0),
        fingerprint: "5e".repeat(32),
    };
    let many = ClosingSummary { drafts: list(drafts, 31, 4), kept: list(kept, 1, 0), ..summary.clone() };
    let none = ClosingSummary { fingerprint: "0f".repeat(32), ..ClosingSummary::default() };
    let problem =
        Text::new("Cette adresse n’est pas celle de votre compte.", "This address is not that of your account.");
    let page =
        ClosePage { s, summary: &summary, obstacle: None, unconfirmed: false, typed: "", problem: None, notice: None };
    named([
        ("close", page.render()),
        ("close-many", ClosePage { summary: &many, ..page }.render()),
        (
            "close-problem",
            ClosePage { typed: "ada@", problem: Some(&problem), notice: Some(&problem), ..page }.render(),
        ),
        ("close-unconfirmed", ClosePage { summary: &none, unconfirmed: true, ..page }.render()),
        ("close-role", ClosePage { summary: &none, obstacle: Some(&problem), ..page }.render()),
    ])
}

fn signing_in(s: &PageContext<'_>) -> Pages {
    let problem = Text::new("Cette adresse n’est pas complète.", "This address is not complete.");
    let spent = Text::new(
        "Ce lien de connexion a déjà servi ou a plus de 15 minutes. Demandez-en un autre ici.",
        "This sign-in link has been used or is more than 15 minutes old. Ask for another one here.",
    );
    let empty =
        SignInPage { s, email: "", problem: None, notice: None, next: "/dossiers", passkeys: false, provider: None };
    let link = LinkConfirmPage { s, secret: "secret", next: "/dossiers", opens: "a…@exemple.fr", other: None };
    named([
        ("sign-in", SignInPage { passkeys: true, provider: Some("ProConnect"), ..empty }.render()),
        ("sign-in-problem", SignInPage { email: "ada@", problem: Some(&problem), ..empty }.render()),
        ("sign-in-spent", SignInPage { email: "ada@exemple.fr", notice: Some(&spent), ..empty }.render()),
        ("link-sent", LinkSentPage { s, email: "ada.lefebvre@exemple.fr", mailbox: Some("/demo/mails") }.render()),
        ("link-confirm", link.render()),
        ("link-confirm-other", LinkConfirmPage { other: Some("bob@exemple.fr"), ..link }.render()),
    ])
}

fn passkeys(s: &PageContext<'_>) -> Pages {
    let key = |number, name: &str, used: bool| Key {
        id: id(number),
        name: name.into(),
        created: s.now,
        last_used: used.then_some(s.now),
    };
    let keys = [key(1, "Ordinateur du bureau", true), key(2, "Téléphone", false)];
    let notice = Text::new("Clé d’accès ajoutée.", "Passkey added.");
    let public_url = "https://guichet.example";
    let own =
        PasskeysPage { s, keys: &keys, usable: true, public_url, required: false, next: None, notice: Some(&notice) };
    let none = PasskeysPage { keys: &[], required: true, next: Some("/dossiers"), notice: None, ..own };
    let last = PasskeysPage { keys: &keys[..1], required: true, next: Some("/dossiers"), notice: None, ..own };
    let ask = ConfirmPage { s, next: "/dossiers", has_one: true, usable: true, public_url };
    named([
        ("passkeys", own.render()),
        ("passkeys-none", none.render()),
        ("passkeys-last", last.render()),
        ("passkeys-elsewhere", PasskeysPage { usable: false, ..own }.render()),
        ("confirm", ask.render()),
        ("confirm-none", ConfirmPage { has_one: false, ..ask }.render()),
        ("confirm-elsewhere", ConfirmPage { usable: false, ..ask }.render()),
    ])
}

fn rights(s: &PageContext<'_>, dossier: bool, known: bool) -> Rendering {
    let row = |action, allowed, unconfirmed, description: &Text, others: &[&Text]| RightAnswer {
        action,
        part: None,
        allowed,
        unconfirmed,
        description: description.clone(),
        others: others.iter().map(|one| (*one).clone()).collect(),
    };
    let own =
        Text::new("le porteur travaille sur son brouillon, le dépose et y invite", "the owner works on the draft");
    let officers = Text::new("les instructeurs lisent ce qui est déposé", "officers read what stands deposited");
    let others: &[&Text] = if known { &[] } else { &[&own] };
    let rows = [
        row(Action::DraftRead, known, false, &own, others),
        row(Action::DossierDeposit, known, known, &own, others),
        row(Action::ExpertAssign, false, false, &Text::new("", ""), &[&officers, &own]),
    ];
    let dossier = dossier.then(|| DossierId(id(1)));
    RightsPage { s, dossier, known, lacks_passkey: !known, call: s.call, rows: &rows }.render()
}

fn home(s: &PageContext<'_>, made: Option<&str>, (wrong, suspended): (bool, bool)) -> Rendering {
    let session = |number, agent: &str, this| SessionRow {
        id: SessionId(id(number)),
        agent: agent.into(),
        by: s.tr("par un lien reçu par courriel", "by a link sent by e-mail"),
        since: "30 juill. 2024, 8\u{a0}h\u{a0}00".into(),
        seen: "30 juill. 2024, 14\u{a0}h\u{a0}03".into(),
        this,
    };
    let token = |label: &str, depth, revoked| TokenRow {
        id: "01a2".into(),
        label: label.into(),
        actions: if depth > 0 { Vec::new() } else { vec![s.tr("lire les brouillons", "read drafts").into()] },
        until: "30 août 2024, 14\u{a0}h\u{a0}03".into(),
        used: (depth > 0).then(|| "30 juill. 2024, 14\u{a0}h\u{a0}03".to_owned()),
        depth,
        revoked,
        others: if depth == 0 { 12 } else { 0 },
    };
    let narrowing =
        "check if dossier(\"0190a5c0-0000-7000-8000-000000000009\"); check if part($p), {\"piece:P9\"}.contains($p);";
    AccountPage {
        s,
        mail_failure: MailFailureNotice::new(s, None),
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
        typed: &TokenForm {
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
    }
    .render()
}
