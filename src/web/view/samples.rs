//! Every page with sample data: for visual review, and for the tests that check all pages against the same rules.

mod data;
mod examined;
pub mod moments;
mod shared;

use super::{
    Confirm, LinkConfirm, MailRow, PasskeyRow, Passkeys, ReceiptReader, RoundList, RoundQuery, Shell, SignIn, Viewer,
    brick, bricks, confirm, criteria, dossiers, editor, error, faq, home, interpretations, legal, link_confirm,
    link_sent, mail, mails, overview, passkeys, preview, receipt, round_list, rules, sign_in, simulator, verify,
    withdraw,
};
use crate::domain::{
    call::Call,
    document::{Conflict, Document, Value},
    receipt::{Check, VerificationReport},
    text::{Lang, Text},
};
use data::Sample;

const EDITORS: [&str; 12] = [
    "editor-1", "editor-2", "editor-3", "editor-4", "editor-5", "editor-6", "editor-7", "editor-8", "editor-9",
    "editor-10", "editor-11", "editor-12",
];
const EMPTY_EDITORS: [&str; 4] = ["editor-empty-1", "editor-empty-2", "editor-empty-3", "editor-empty-4"];

/// Pages by name.
type Pages = Vec<(&'static str, Result<String, askama::Error>)>;

/// Renders every view with sample data. A page that cannot be rendered is replaced with its error message.
#[must_use]
pub fn pages(call: &Call, lang: &Lang) -> Vec<(&'static str, String)> {
    let Some(sample) = Sample::new(call) else { return Vec::new() };
    let stranger = Shell {
        lang,
        path: "/",
        viewer: None,
        csrf: "csrf",
        demonstration: false,
        call,
        now: sample.now,
        several_calls: false,
    };
    let applicant = Shell {
        path: "/dossiers",
        viewer: Some(Viewer { email: "ada.lefebvre@exemple.fr", officer: false, evaluates: false }),
        demonstration: true,
        ..stranger
    };
    let officer = Shell {
        viewer: Some(Viewer { email: "instruction@exemple.org", officer: true, evaluates: false }),
        ..applicant
    };
    let mut all = public(&stranger, &sample);
    all.extend(own(&applicant, &sample));
    all.extend(account(&applicant));
    all.extend(editors(&applicant, &sample));
    all.extend(deposits(&officer, &sample));
    all.into_iter().map(|(name, page)| (name, page.unwrap_or_else(|error| error.to_string()))).collect()
}

fn public(s: &Shell<'_>, sample: &Sample<'_>) -> Pages {
    let simulated = sample.simulate(&sample.full);
    let poor = sample.simulate(&sample.poor);
    let problem = Text::new("Cette adresse n’est pas complète.", "This address is not complete.");
    let check = |holds| Check { holds, message: Text::new("Le contenu est intact.", "The content is intact.") };
    let good = VerificationReport { findings: vec![check(true), check(true)], more: 0, key_known: true };
    let bad = VerificationReport { findings: vec![check(true), check(false)], more: 3, key_known: true };
    let mut pages = vec![
        ("home", home(s)),
        ("bricks", bricks(s)),
        ("faq", faq(s)),
        ("interpretations", interpretations(s)),
        ("rules", rules(s)),
        ("criteria", criteria(s)),
        ("legal", legal(s)),
        ("simulator", simulator(s, &Document::default(), None)),
        ("simulator-good", simulator(s, &sample.full, Some(&simulated))),
        ("simulator-poor", simulator(s, &sample.poor, Some(&poor))),
        ("verify", verify(s, None, None)),
        ("verify-good", verify(s, Some(&good), Some("2024-000042"))),
        ("verify-bad", verify(s, Some(&bad), Some("2024-000042"))),
        (
            "sign-in",
            sign_in(
                s,
                &SignIn { next: "/dossiers", passkeys: true, provider: Some("ProConnect"), ..SignIn::default() },
            ),
        ),
        (
            "sign-in-problem",
            sign_in(s, &SignIn { email: "ada@", problem: Some(&problem), next: "/dossiers", ..SignIn::default() }),
        ),
        ("link-sent", link_sent(s, "ada.lefebvre@exemple.fr", Some("/demo/mails"))),
        (
            "link-confirm",
            link_confirm(
                s,
                &LinkConfirm { secret: "secret", next: "/dossiers", opens: Some("a…@exemple.fr"), other: None },
            ),
        ),
        (
            "link-confirm-other",
            link_confirm(
                s,
                &LinkConfirm {
                    secret: "secret",
                    next: "/dossiers",
                    opens: Some("a…@exemple.fr"),
                    other: Some("bob@exemple.fr"),
                },
            ),
        ),
        ("error", error(s, 404, data::lost().each_ref(), None)),
        ("error-typed", error(s, 503, data::lost().each_ref(), Some(&data::typed()))),
    ];
    pages.extend(s.call.bricks.first().map(|first| ("brick", brick(s, first))));
    pages
}

fn own(s: &Shell<'_>, sample: &Sample<'_>) -> Pages {
    let open: Vec<_> = s.call.rounds.iter().filter(|round| s.open(round)).collect();
    let draft = sample.draft(&Document::default());
    let begun = sample.draft(&sample.poor);
    let (full, deposited, changed) = (sample.draft(&sample.full), sample.deposited(0), sample.deposited(1));
    let (none, some) = (sample.judge(&Document::default()), sample.judge(&sample.poor));
    let all = sample.judge(&sample.full);
    let notice = Text::new("Pièce jointe.", "Document attached.");
    let too_large = Text::new("Ce fichier dépasse 25 Mo.", "This file exceeds 25 MB.");
    let code = s.call.uploads().next().map_or("", |piece| piece.code.as_str());
    let page = |dossier, evaluation| sample.page(dossier, evaluation);
    let refused = super::DossierPage { refused: true, ..page(&begun, &some) };
    let bad_upload = super::DossierPage { upload_problem: Some((code, &too_large)), ..page(&begun, &some) };
    let noticed = super::DossierPage { notice: Some(&notice), ..page(&changed, &all) };
    vec![
        ("dossiers-empty", dossiers(s, &[], &[], &open, "attempt")),
        ("dossiers", dossiers(s, &sample.cards(s), &sample.given(s), &open, "attempt")),
        ("overview-empty", overview(s, &page(&draft, &none))),
        ("overview-draft", overview(s, &page(&begun, &some))),
        ("overview-refused", overview(s, &refused)),
        ("overview-upload", overview(s, &bad_upload)),
        ("overview-ready", overview(s, &page(&full, &all))),
        ("overview-deposited", overview(s, &page(&deposited, &all))),
        ("overview-changed", overview(s, &noticed)),
        ("preview", preview(s, &page(&full, &all))),
        ("withdraw", withdraw(s, &page(&deposited, &all))),
        ("receipt", receipt(s, &sample.receipt, ReceiptReader::Owner, true)),
        ("receipt-named", receipt(s, &sample.receipt, ReceiptReader::Named, true)),
        ("receipt-replaced", receipt(s, &sample.receipt, ReceiptReader::Owner, false)),
        ("guests", shared::guests_page(s, &[])),
        ("guests-problem", shared::guests_page(s, &shared::problems())),
        ("account", shared::account_page(s, None, (false, false))),
        ("account-wrong", shared::account_page(s, None, (true, false))),
        ("account-suspended", shared::account_page(s, None, (false, true))),
        (
            "account-token",
            shared::account_page(s, Some("EoQBCk4KBHVzZXIKC2RvY3VtZW50X2lkGAMiCQoHCAoSAxiACCIM"), (false, false)),
        ),
        ("emergency", shared::emergency_page(s)),
        ("orders", shared::orders_page(s)),
        ("rights", shared::rights_page(s, false, true)),
        ("rights-dossier", shared::rights_page(s, true, true)),
        ("rights-unknown", shared::rights_page(s, true, false)),
        ("mails", mails(s, &mail_rows())),
        ("mail", mail(s, &mail_rows()[0])),
    ]
}

fn account(s: &Shell<'_>) -> Pages {
    let row = |name: &str, last_used: Option<&str>| PasskeyRow {
        id: format!("0190c9d2-0000-7000-8000-0000000000{:02}", name.len()),
        name: name.into(),
        created: "12/03/2024 09:41:07".into(),
        last_used: last_used.map(Into::into),
    };
    let rows = [row("Ordinateur du bureau", Some("29/07/2024 18:02:55")), row("Téléphone", None)];
    let notice = Text::new("Clé d’accès ajoutée.", "Passkey added.");
    let public_url = "https://guichet.example";
    let own = Passkeys { rows: &rows, usable: true, public_url, required: false, next: None, notice: Some(&notice) };
    let none = Passkeys { rows: &[], required: true, next: Some("/dossiers"), notice: None, ..own };
    let last = Passkeys { rows: &rows[..1], required: true, next: Some("/dossiers"), notice: None, ..own };
    let ask = Confirm { next: "/dossiers", next_encoded: "/dossiers", has_one: true, usable: true, public_url };
    vec![
        ("passkeys", passkeys(s, &own)),
        ("passkeys-none", passkeys(s, &none)),
        ("passkeys-last", passkeys(s, &last)),
        ("passkeys-elsewhere", passkeys(s, &Passkeys { usable: false, ..own })),
        ("confirm", confirm(s, &ask)),
        ("confirm-none", confirm(s, &Confirm { has_one: false, ..ask })),
        ("confirm-elsewhere", confirm(s, &Confirm { usable: false, ..ask })),
    ]
}

fn editors(s: &Shell<'_>, sample: &Sample<'_>) -> Pages {
    let (begun, empty) = (sample.draft(&sample.poor), sample.draft(&Document::default()));
    let some = sample.judge(&sample.poor);
    let none = sample.judge(&Document::default());
    let filled = EDITORS.iter().zip(&s.call.sections);
    let mut pages: Pages = filled
        .map(|(name, section)| (*name, editor(s, &sample.page(&begun, &some), section, Some("14:03:12"), &[])))
        .collect();
    let blank = EMPTY_EDITORS.iter().zip(&s.call.sections);
    pages.extend(blank.map(|(name, section)| (*name, editor(s, &sample.page(&empty, &none), section, None, &[]))));
    let conflicts: Vec<Conflict> = s
        .call
        .sections
        .iter()
        .take(1)
        .flat_map(|section| section.fields.iter().take(2).map(move |field| format!("{}.{}", section.id, field.id)))
        .map(|path| Conflict {
            path,
            theirs: Value::Text("732 829 320 00074".into()),
            yours: Value::Text("Atelier du Nord".into()),
        })
        .collect();
    pages.extend(
        s.call
            .sections
            .first()
            .map(|section| ("editor-conflict", editor(s, &sample.page(&begun, &some), section, None, &conflicts))),
    );
    pages
}

fn deposits(s: &Shell<'_>, sample: &Sample<'_>) -> Pages {
    let rows = sample.rows(40);
    let query = RoundQuery { q: "cloud".into(), sort: "aid".into(), desc: "yes".into(), ..RoundQuery::default() };
    let list = RoundList {
        round: sample.round,
        rounds: &s.call.rounds,
        rows: &rows,
        drafts: 12,
        total: 412,
        query: &query,
        page: 2,
        pages: 3,
    };
    let nothing = RoundList { rows: &[], drafts: 0, total: 0, page: 1, pages: 1, ..list };
    let mut pages = vec![("round-list", round_list(s, &list)), ("round-list-empty", round_list(s, &nothing))];
    pages.extend(examined::desks(s, sample));
    pages.extend(examined::evaluated(s, sample));
    pages
}

fn mail_rows() -> Vec<MailRow> {
    let row = |id: &str, subject: &str| {
        MailRow {
        id: id.into(),
        to: "ada.lefebvre@exemple.fr".into(),
        subject: subject.into(),
        at: "30/07/2024 14:03:12".into(),
        body: "Bonjour,\n\nVoici votre lien :\nhttps://guichet.example/sign-in/0123456789abcdef?next=/dossiers\n\nIl sert une seule fois.".into(),
    }
    };
    vec![row("2", "Votre lien de connexion"), row("1", "Dossier déposé : reçu n° 2024-000042")]
}
