//! Sample data for the pages of those who examine and evaluate.

use super::{
    super::{
        DeskForm, DeskPage, ExpertRow, ExpertState, InterestPage, OfficerDossier, ReviewRow, Shell, Viewer, interest,
        officer_dossier, reviews,
    },
    Pages,
    data::{Sample, id},
};
use crate::domain::{ids::DossierId, text::Text};

const BASE: &str = "/calls/hyper-open-x/rounds/2024/dossiers/0190a5c0-0000-7000-8000-000000000001";
const TITLE: &str = "Réplication sans opérateur pour l’industrie";

fn experts() -> Vec<ExpertRow> {
    let states = [ExpertState::Waiting, ExpertState::Clear, ExpertState::Conflict, ExpertState::Unable];
    let row = |(number, state)| ExpertRow {
        id: id(number),
        email: if number == 1 {
            "une-experte-avec-une-adresse-tres-longue@laboratoire-de-recherche.example".into()
        } else {
            format!("expert-{number}@labo.example")
        },
        since: "05/08/2024 09:12:44".into(),
        state,
    };
    (1..).zip(states).map(row).collect()
}

/// The officer's page of one deposit, in every state of its examination.
pub(super) fn desks(s: &Shell<'_>, sample: &Sample<'_>) -> Pages {
    let evaluation = sample.judge(&sample.full);
    let experts = experts();
    let candidates = [("0190".to_owned(), "nouvelle.experte@labo.example".to_owned())];
    let problem = Text::new("Dites pourquoi.", "Say why.");
    let wrong = Text::new("Choisissez dans la liste.", "Choose from the list.");
    let notice = Text::new("Le dossier est recevable.", "The application is admissible.");
    let early =
        DeskPage { base: BASE, admitted: None, ready: false, experts: &[], candidates: &[], problem: None, reason: "" };
    let ready = DeskPage { ready: true, ..early };
    let admitted = Some(("02/08/2024 10:00:00", "instruction@exemple.org"));
    let given = DeskPage { admitted, experts: &experts, candidates: &candidates, ..early };
    let refused = DeskPage { problem: Some((DeskForm::Admission, &problem)), reason: "", ..given };
    let nobody = DeskPage { problem: Some((DeskForm::Experts, &wrong)), experts: &[], ..given };
    let page = |desk, notice| {
        let page = OfficerDossier {
            receipt: &sample.receipt,
            round: sample.round,
            versions: &sample.versions,
            evaluation: &evaluation,
            desk,
            evaluates: false,
            notice,
        };
        officer_dossier(s, &page)
    };
    vec![
        ("officer-dossier", page(Some(&early), None)),
        ("officer-dossier-ready", page(Some(&ready), None)),
        ("officer-dossier-given", page(Some(&given), Some(&notice))),
        ("officer-dossier-reason", page(Some(&refused), None)),
        ("officer-dossier-expert", page(Some(&nobody), None)),
        ("officer-dossier-auditor", page(None, None)),
    ]
}

/// The pages of an expert.
pub(super) fn evaluated(s: &Shell<'_>, sample: &Sample<'_>) -> Pages {
    let viewer = Viewer { email: "experte@labo.example", officer: false, evaluates: true };
    let s = &Shell { path: "/reviews", viewer: Some(viewer), ..*s };
    let evaluation = sample.judge(&sample.full);
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
        dossier: DossierId(id(1)),
        title: TITLE,
        company: "Atelier du Nord",
        round: sample.round.title.get(s.lang),
        may_clear: true,
        back: "/reviews",
        problem: None,
    };
    let open = OfficerDossier {
        receipt: &sample.receipt,
        round: sample.round,
        versions: &sample.versions,
        evaluation: &evaluation,
        desk: None,
        evaluates: true,
        notice: None,
    };
    vec![
        ("reviews", reviews(s, &rows, Some(&notice))),
        ("reviews-empty", reviews(s, &[], None)),
        ("interest", interest(s, &page)),
        ("interest-problem", interest(s, &InterestPage { problem: Some((false, &problem)), ..page })),
        ("interest-sure", interest(s, &InterestPage { problem: Some((true, &problem)), ..page })),
        ("interest-conflict", interest(s, &InterestPage { may_clear: false, ..page })),
        ("review", officer_dossier(s, &open)),
    ]
}
