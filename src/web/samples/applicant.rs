//! The pages of applicants.

use super::{
    Pages, Rendering,
    data::{Sample, failing_address, id},
    named,
};
use crate::{
    app::{AnswerAuthor, AnswerConflict, DeletionSummary, StoredChange},
    domain::{
        company_register::LookupOutcome,
        delivery::FailureKind,
        document::{Conflict, Document, Value},
        ids::DossierId,
        scan::{PieceReader, ScanState},
        text::Text,
    },
    store::failing_address::FailingAddress,
    web::{
        frame::{PageContext, mail_failure::MailFailureNotice},
        pages::applicant::{
            delete::DeletePage,
            dossier::DossierPage,
            dossiers::{DossierCard, DossiersPage, GivenCard},
            editor::{EditorPage, register::LookupQuery},
            guests::{GuestRow, GuestsPage, PartChoice, Typed, log::AccessRow},
            open_piece::OpenPiecePage,
            overview::OverviewPage,
            preview::PreviewPage,
            receipt::{ReceiptReader, receipt},
            simulation::SimulationPage,
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
    let deleted = Text::new("Le brouillon est supprimé.", "The draft is deleted.");
    let failing = failing_address("ada.lefebvre@exemple.fr", FailureKind::Permanent, sample.now);
    let recovered = FailingAddress { recovered_at: Some(sample.now), ..failing.clone() };
    let list =
        |(rows, others): (&[DossierCard], u64), shared: &[GivenCard], failure: Option<&FailingAddress>, notice| {
            let mail_failure = MailFailureNotice::new(s, failure);
            DossiersPage { s, mail_failure, rows, others, shared, open_rounds: &open, attempt: "attempt", notice }
                .render()
        };
    let nothing = (&[][..], 0);
    let delete = |page: DossierPage<'_>| DeletePage::new(s, &page, DeletionSummary { guests: 2 }).render();
    let mut pages = named([
        ("dossiers-empty", list(nothing, &[], None, Some(&deleted))),
        ("dossiers", list((&sample.cards(s), 0), &sample.given(s), None, None)),
        ("dossiers-many", list((&sample.cards(s), 12), &[], None, None)),
        ("dossiers-unreachable", list(nothing, &[], Some(&failing), None)),
        ("dossiers-reached-again", list(nothing, &[], Some(&recovered), None)),
        ("overview-empty", overview(page(&draft, &none))),
        ("overview-draft", overview(page(&begun, &some))),
        ("overview-refused", overview(DossierPage { refused: true, ..page(&begun, &some) })),
        ("overview-upload", overview(DossierPage { upload_problem: Some((code, &too_large)), ..page(&begun, &some) })),
        ("overview-ready", overview(page(&full, &all))),
        ("overview-scanned", overview(DossierPage { scans: &sample.scans(PieceReader::Owner), ..page(&full, &all) })),
        ("overview-deposited", overview(page(&deposited, &all))),
        ("overview-changed", overview(DossierPage { notice: Some(&notice), ..page(&changed, &all) })),
        ("preview", PreviewPage::new(s, &page(&full, &all)).render()),
        ("withdraw", WithdrawPage::new(s, &page(&deposited, &all)).render()),
        ("delete", delete(page(&begun, &some))),
        ("delete-kept", delete(page(&deposited, &all))),
        ("receipt", receipt(s, &sample.receipt, &sample.unscanned, ReceiptReader::Owner, true)),
        ("receipt-named", receipt(s, &sample.receipt, &sample.unscanned, ReceiptReader::Named, true)),
        (
            "receipt-scanned",
            receipt(s, &sample.receipt, &sample.scans(PieceReader::NeedToKnow), ReceiptReader::Named, true),
        ),
        ("receipt-replaced", receipt(s, &sample.receipt, &sample.unscanned, ReceiptReader::Owner, false)),
        ("open-piece", open_piece(s, ScanState::Waiting)),
        ("open-piece-unscannable", open_piece(s, ScanState::Unscannable)),
        ("simulation", SimulationPage { s, secret: "secret", round: sample.round, answers: 21 }.render()),
        ("guests", guests(s, &[])),
        ("guests-problem", guests(s, &problems())),
    ]);
    pages.extend(editors(s, sample));
    pages
}

fn open_piece(s: &PageContext<'_>, state: ScanState) -> Rendering {
    OpenPiecePage { s, file: "/receipts/2024-000042/pieces/P7", code: "P7", state }.render()
}

fn editors(s: &PageContext<'_>, sample: &Sample<'_>) -> Pages {
    let (begun, empty) = (sample.draft(&sample.poor), sample.draft(&Document::default()));
    let some = sample.evaluate(&sample.poor);
    let none = sample.evaluate(&Document::default());
    let sections = || (1..).zip(&s.call.sections);
    let editor = |page: DossierPage<'_>, section, saved, conflicts: &[AnswerConflict]| {
        EditorPage::new(s, &page, section, saved, conflicts).render()
    };
    let filled = sections().take(12).map(|(n, section)| {
        (format!("editor-{n}"), editor(sample.page(&begun, &some), section, Some("14\u{a0}h\u{a0}03"), &[]))
    });
    let blank = sections()
        .take(4)
        .map(|(n, section)| (format!("editor-empty-{n}"), editor(sample.page(&empty, &none), section, None, &[])));
    let conflicts = conflicts(s, sample);
    let first = s.call.sections.first();
    let conflict = first
        .map(|section| ("editor-conflict".to_owned(), editor(sample.page(&begun, &some), section, None, &conflicts)));
    let record = sample.register();
    let told = LookupQuery::of(LookupOutcome::Found, &["applicant.created"]);
    let away = LookupQuery::of(LookupOutcome::Unreachable, &[]);
    let looked_up = |name: &str, register, told: &LookupQuery| {
        let page = DossierPage { register, ..sample.page(&begun, &some) };
        let rendered = first.map(|section| EditorPage::new(s, &page, section, None, &[]).after_lookup(told).render());
        rendered.map(|rendered| (name.to_owned(), rendered))
    };
    let register = looked_up("editor-register", Some(&record), &told);
    let away = looked_up("editor-register-away", None, &away);
    filled.chain(blank).chain(conflict).chain(register).chain(away).collect()
}

/// Two answers that were changed elsewhere: by a guest, and before authors were recorded.
fn conflicts(s: &PageContext<'_>, sample: &Sample<'_>) -> Vec<AnswerConflict> {
    let paths = s
        .call
        .sections
        .iter()
        .take(1)
        .flat_map(|section| section.fields.iter().take(2).map(move |field| format!("{}.{}", section.id, field.id)));
    let guest = AnswerAuthor::Guest("compta@cabinet.example".into());
    let authors = [Some(StoredChange { at: sample.now, author: guest }), None];
    let conflict = |(path, stored)| AnswerConflict {
        values: Conflict {
            path,
            theirs: Value::Text("732 829 320 00074".into()),
            yours: Value::Text("Atelier du Nord".into()),
        },
        stored,
    };
    paths.zip(authors).map(conflict).collect()
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
