//! The pages of those who examine and evaluate.

use super::{
    Pages,
    data::{Sample, failing_address, id},
    named,
};
use crate::{
    app::{Desk, SearchNotes},
    domain::{
        delivery::FailureKind,
        dossier::Admission,
        ids::{AccountId, DossierId},
        scan::PieceReader,
        search::{Extract, ExtractPart},
        text::{Lang, Text},
    },
    store::{
        assignment::{Assignment, Expert},
        deposit::BoundedCount,
        interest::Conflict,
    },
    web::{
        frame::{PageContext, Viewer},
        pages::examiner::{
            deposit::{Deposit, deposit_page},
            examination::{DeskForm, Examination},
            interest::InterestPage,
            reviews::{ReviewRow, ReviewsPage},
            round::{RoundList, RoundPage, query::RoundQuery},
        },
    },
};
use askama::Template;

const BASE: &str = "/calls/hyper-open-x/rounds/2024/dossiers/0190a5c0-0000-7000-8000-000000000001";
const TITLE: &str = "Réplication sans opérateur pour l’industrie";

pub(super) fn pages(s: &PageContext<'_>, sample: &Sample<'_>) -> Pages {
    let rows = sample.rows(40);
    let query = RoundQuery { q: "cloud".into(), sort: "aid".into(), desc: "yes".into(), ..RoundQuery::default() };
    let part = |text: &str, found| ExtractPart { text: text.into(), found };
    let extract = Extract {
        label: Text::new("Résumé public", "Public summary"),
        parts: vec![part("… entre l’atelier et le ", false), part("cloud", true), part(" de confiance…", false)],
    };
    let extracts = vec![(rows[0].summary.dossier, extract)];
    let notes = SearchNotes { extracts, unindexed_files: 2, nothing_found: false };
    let none_found = SearchNotes { nothing_found: true, ..SearchNotes::default() };
    let list = RoundList {
        round: sample.round,
        rounds: &s.call.rounds,
        rows: &rows,
        drafts: BoundedCount { number: 12, more: false },
        total: BoundedCount { number: 412, more: false },
        query: &query,
        notes: &notes,
        page: 2,
        pages: 3,
        has_next: true,
    };
    let none = BoundedCount::default();
    let nothing = RoundList {
        rows: &[],
        drafts: none,
        total: none,
        notes: &none_found,
        page: 1,
        pages: 1,
        has_next: false,
        ..list
    };
    let many = BoundedCount { number: 1000, more: true };
    let huge = RoundList { drafts: many, total: many, page: 6, pages: 5, ..list };
    let mut pages = named([
        ("round-list", RoundPage::new(s, &list).render()),
        ("round-list-empty", RoundPage::new(s, &nothing).render()),
        ("round-list-huge", RoundPage::new(s, &huge).render()),
    ]);
    pages.extend(desks(s, sample));
    pages.extend(evaluated(s, sample));
    pages
}

/// An expert in each state: no declaration yet, no conflict, a conflict, not able to evaluate.
fn experts(sample: &Sample<'_>) -> Vec<Assignment> {
    let row = |(number, (conflict, able))| Assignment {
        id: id(number),
        email: if number == 1 {
            "une-experte-avec-une-adresse-tres-longue@laboratoire-de-recherche.example".into()
        } else {
            format!("expert-{number}@labo.example")
        },
        given_by: "instruction@exemple.org".into(),
        at: sample.now,
        conflict,
        declared_at: conflict.map(|_| sample.now),
        able,
    };
    (1..).zip([(None, true), (Some(false), true), (Some(true), true), (None, false)]).map(row).collect()
}

/// The officer's page of one deposit, in every state of its examination.
fn desks(s: &PageContext<'_>, sample: &Sample<'_>) -> Pages {
    let evaluation = sample.evaluate(&sample.full);
    let email = "nouvelle.experte@labo.example".to_owned();
    let candidates = vec![Expert { id: AccountId(id(7)), email, lang: Lang::Fr }];
    let problem = Text::new("Dites pourquoi.", "Say why.");
    let wrong = Text::new("Choisissez dans la liste.", "Choose from the list.");
    let notice = Text::new("Le dossier est recevable.", "The application is admissible.");
    let nothing = || Desk {
        admission: None,
        ready: false,
        assignments: Vec::new(),
        candidates: Vec::new(),
        conflicts: Vec::new(),
        owner_unreachable: None,
    };
    let (early, ready) = (nothing(), Desk { ready: true, ..nothing() });
    let admitted = Admission { at: sample.now, by: AccountId(id(8)) };
    let admission = || Some((admitted, "instruction@exemple.org".to_owned()));
    let conflicts = vec![Conflict { email: "expert-3@labo.example".into(), at: sample.now }];
    let (assignments, given_candidates) = (experts(sample), candidates.clone());
    let failing = failing_address("ada.lefebvre@exemple.fr", FailureKind::Permanent, sample.now);
    let given = Desk {
        admission: admission(),
        assignments,
        candidates: given_candidates,
        conflicts,
        owner_unreachable: Some(failing),
        ..nothing()
    };
    let nobody = Desk { admission: admission(), candidates, ..nothing() };
    let scanned = sample.scans(PieceReader::Other);
    let (register, answers) = (sample.register(), sample.receipt.answers());
    let page_with = |scans, desk: Option<&Desk>, problem, notice| {
        let page = Deposit {
            receipt: &sample.receipt,
            answers: &answers,
            round: sample.round,
            versions: &sample.versions,
            evaluation: &evaluation,
            scans,
            desk: desk.map(|desk| Examination { desk, base: BASE, problem, reason: "" }),
            evaluates: false,
            register: Some(&register),
            notice,
        };
        deposit_page(s, &page)
    };
    let page = |desk: Option<&Desk>, problem, notice| page_with(&sample.unscanned, desk, problem, notice);
    named([
        ("officer-dossier", page(Some(&early), None, None)),
        ("officer-dossier-ready", page(Some(&ready), None, None)),
        ("officer-dossier-given", page(Some(&given), None, Some(&notice))),
        ("officer-dossier-reason", page(Some(&given), Some((DeskForm::Admission, &problem)), None)),
        ("officer-dossier-expert", page(Some(&nobody), Some((DeskForm::Experts, &wrong)), None)),
        ("officer-dossier-auditor", page(None, None, None)),
        ("officer-dossier-scanned", page_with(&scanned, Some(&ready), None, None)),
    ])
}

/// The pages of an expert.
fn evaluated(s: &PageContext<'_>, sample: &Sample<'_>) -> Pages {
    let viewer = Viewer { email: "experte@labo.example", officer: false, evaluates: true };
    let s = &PageContext { path: "/reviews", viewer: Some(viewer), ..*s };
    let evaluation = sample.evaluate(&sample.full);
    let row = |number, title: &str, assigned, readable| ReviewRow {
        dossier: DossierId(id(number)),
        title: title.into(),
        company: "Atelier du Nord".into(),
        round: format!("{} – {}", s.call.title.get(s.lang), sample.round.title.get(s.lang)),
        assigned,
        readable,
    };
    let rows = [row(1, TITLE, true, false), row(2, "Jumeau numérique du port", true, true), row(3, "", false, true)];
    let notice = Text::new("Votre conflit d’intérêts est noté.", "Your conflict of interests is noted.");
    let problem = Text::new("Cochez la déclaration sur l’honneur.", "Tick the declaration on your honour.");
    let page = InterestPage {
        s,
        dossier: DossierId(id(1)),
        title: TITLE,
        company: "Atelier du Nord",
        round: sample.round.title.get(s.lang),
        may_clear: true,
        back: "/reviews",
        problem: None,
    };
    let answers = sample.receipt.answers();
    let open = Deposit {
        receipt: &sample.receipt,
        answers: &answers,
        round: sample.round,
        versions: &sample.versions,
        evaluation: &evaluation,
        scans: &sample.unscanned,
        desk: None,
        evaluates: true,
        register: None,
        notice: None,
    };
    named([
        ("reviews", ReviewsPage { s, rows: &rows, notice: Some(&notice) }.render()),
        ("reviews-empty", ReviewsPage { s, rows: &[], notice: None }.render()),
        ("interest", page.render()),
        ("interest-problem", InterestPage { problem: Some((false, &problem)), ..page }.render()),
        ("interest-sure", InterestPage { problem: Some((true, &problem)), ..page }.render()),
        ("interest-conflict", InterestPage { may_clear: false, ..page }.render()),
        ("review", deposit_page(s, &open)),
    ])
}
