//! The pages of applicants.

use super::{
    Pages, Rendering,
    data::{Sample, failing_address, id},
    named,
};
use crate::{
    domain::{
        delivery::FailureKind,
        document::{Conflict, Document, Value},
        ids::DossierId,
        text::Text,
    },
    store::failing_address::FailingAddress,
    web::{
        frame::{PageContext, mail_failure::MailFailureNotice},
        pages::applicant::{
            dossier::DossierPage,
            dossiers::{DossierCard, DossiersPage, GivenCard},
            editor::EditorPage,
            guests::{GuestRow, GuestsPage, PartChoice, Typed, log::AccessRow},
            overview::OverviewPage,
            preview::PreviewPage,
            receipt::{ReceiptReader, receipt},
            withdraw::WithdrawPage,
        },
    },
};
use askama::Template;

pub(super) fn pages(s: &PageContext<'_>, sample: &Sample<'_>) -> Pages {
    let open: Vec<_> = s.call.rounds.iter().filter(|round| s.open(round)).collect();
    let draft = sample.draft(&Document::default());
    let begun = sample.draft(&sample.poor);
    let (full, deposited, changed) = (sample.draft(&sample.full), sample.deposited(0), sample.deposited(1));
    let (none, some) = (sample.evaluate(&Document::default()), sample.evaluate(&sample.poor));
    let all = sample.evaluate(&sample.full);
    let notice = Text::new("Pièce jointe.", "Document attached.");
    let too_large = Text::new("Ce fichier dépasse 25 Mo.", "This file exceeds 25 MB.");
    let code = s.call.attached_pieces().next().map_or("", |piece| piece.code.as_str());
    let page = |dossier, evaluation| sample.page(dossier, evaluation);
    let overview = |page: DossierPage<'_>| OverviewPage::new(s, &page).render();
    let failing = failing_address("ada.lefebvre@exemple.fr", FailureKind::Permanent, sample.now);
    let recovered = FailingAddress { recovered_at: Some(sample.now), ..failing.clone() };
    let list_of = |rows: &[DossierCard], shared: &[GivenCard], failure: Option<&FailingAddress>| {
        let mail_failure = MailFailureNotice::new(s, failure);
        DossiersPage { s, mail_failure, rows, shared, open_rounds: &open, attempt: "attempt" }.render()
    };
    let list = |rows: &[DossierCard], shared: &[GivenCard]| list_of(rows, shared, None);
    let mut pages = named([
        ("dossiers-empty", list(&[], &[])),
        ("dossiers", list(&sample.cards(s), &sample.given(s))),
        ("dossiers-unreachable", list_of(&[], &[], Some(&failing))),
        ("dossiers-reached-again", list_of(&[], &[], Some(&recovered))),
        ("overview-empty", overview(page(&draft, &none))),
        ("overview-draft", overview(page(&begun, &some))),
        ("overview-refused", overview(DossierPage { refused: true, ..page(&begun, &some) })),
        ("overview-upload", overview(DossierPage { upload_problem: Some((code, &too_large)), ..page(&begun, &some) })),
        ("overview-ready", overview(page(&full, &all))),
        ("overview-deposited", overview(page(&deposited, &all))),
        ("overview-changed", overview(DossierPage { notice: Some(&notice), ..page(&changed, &all) })),
        ("preview", PreviewPage::new(s, &page(&full, &all)).render()),
        ("withdraw", WithdrawPage::new(s, &page(&deposited, &all)).render()),
        ("receipt", receipt(s, &sample.receipt, ReceiptReader::Owner, true)),
        ("receipt-named", receipt(s, &sample.receipt, ReceiptReader::Named, true)),
        ("receipt-replaced", receipt(s, &sample.receipt, ReceiptReader::Owner, false)),
        ("guests", guests(s, &[])),
        ("guests-problem", guests(s, &problems())),
    ]);
    pages.extend(editors(s, sample));
    pages
}

fn editors(s: &PageContext<'_>, sample: &Sample<'_>) -> Pages {
    let (begun, empty) = (sample.draft(&sample.poor), sample.draft(&Document::default()));
    let some = sample.evaluate(&sample.poor);
    let none = sample.evaluate(&Document::default());
    let sections = || (1..).zip(&s.call.sections);
    let editor = |page: DossierPage<'_>, section, saved, conflicts: &[Conflict]| {
        EditorPage::new(s, &page, section, saved, conflicts).render()
    };
    let filled = sections().take(12).map(|(n, section)| {
        (format!("editor-{n}"), editor(sample.page(&begun, &some), section, Some("14\u{a0}h\u{a0}03"), &[]))
    });
    let blank = sections()
        .take(4)
        .map(|(n, section)| (format!("editor-empty-{n}"), editor(sample.page(&empty, &none), section, None, &[])));
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
    let first = s.call.sections.first();
    let conflict = first
        .map(|section| ("editor-conflict".to_owned(), editor(sample.page(&begun, &some), section, None, &conflicts)));
    filled.chain(blank).chain(conflict).collect()
}

fn problems() -> [(&'static str, Text); 2] {
    [
        ("email", Text::new("Ce n’est pas une adresse électronique.", "This is not an e-mail address.")),
        ("parts", Text::new("Choisissez au moins une partie à confier.", "Choose at least one part to give.")),
    ]
}

fn guests(s: &PageContext<'_>, problems: &[(&'static str, Text)]) -> Rendering {
    let row = |number, email: &str, over, used: Option<&str>| GuestRow {
        id: id(number),
        email: email.into(),
        parts: vec![s.tr("D. Budget (annexe 1) : lire et remplir", "D. Budget (annex 1): read and fill").into()],
        until: "30 juillet 2024 à 23\u{a0}h\u{a0}59".into(),
        over,
        used: used.map(str::to_owned),
    };
    let rows = [
        row(
            1,
            "expert-comptable-avec-une-adresse-tres-longue@cabinet.example",
            false,
            Some("12 juill. 2024, 9\u{a0}h\u{a0}12"),
        ),
        row(2, "ancien@exemple.fr", true, None),
    ];
    let accesses = [
        AccessRow {
            at: "12 juill. 2024, 18\u{a0}h\u{a0}40".into(),
            since: Some("12 juill. 2024, 9\u{a0}h\u{a0}12".into()),
            who: "compta@cabinet.example".into(),
            what: s.tr("a lu D. Budget (annexe 1) (12 fois)", "read D. Budget (annex 1) (12 times)").into(),
            why: Text::new("une personne invitée lit la partie confiée", "somebody invited reads the part given"),
        },
        AccessRow {
            at: "1er août 2024, 10\u{a0}h\u{a0}00".into(),
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
    GuestsPage {
        s,
        dossier: DossierId(id(1)),
        title: "Réplication sans opérateur pour l’industrie",
        guests: &rows,
        accesses: &accesses,
        newer: Some(1),
        older: Some(3),
        choices: &choices,
        confirm: !problems.is_empty(),
        typed: Typed { email: "compta@", until: "2024-07-30", note: "Merci !", deposit: false },
        problems,
        notice: problems.is_empty().then_some(&done),
    }
    .render()
}
