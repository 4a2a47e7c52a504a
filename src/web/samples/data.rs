//! Plausible data for any call, generated from its own form.

use crate::domain::{
    calendar::Round,
    call::{Call, Choice, FieldKind},
    company_register::{Closure, CompanyRecord, DatedRecord, Insolvency},
    delivery::{DeliveryFailure, FailureKind},
    document::{Document, Row, Value},
    dossier::{ChangeLog, Deposit, Dossier, status::DepositStatus},
    evaluation::{Evaluation, evaluate, simulate},
    ids::{AccountId, DossierId},
    media::Inspection,
    money::Cents,
    piece::AttachedPiece,
    receipt::{GENESIS, Instants, ManifestInput, Receipt, Statement, digest, manifest, part_digests},
    scan::{PieceReader, PieceScans, Scan, ScanState},
    text::Text,
};
use crate::store::{
    deposit::{ListedDeposit, Summary, Version},
    failing_address::FailingAddress,
};
use crate::web::{
    frame::{PageContext, error_page::TypedForm},
    pages::applicant::{
        dossier::DossierPage,
        dossiers::{DossierCard, GivenCard},
    },
};
use jiff::{Timestamp, ToSpan, civil::date};
use uuid::Uuid;

const PROSE: &str = "Nos clients hébergent leurs données de mesure dans plusieurs usines mal reliées à Internet. \
    Aucune solution libre ne réplique aujourd’hui ces bases sans intervention humaine ; nous voulons y parvenir avec \
    les briques de l’appel, puis publier ce que nous aurons appris.\n\nLe démonstrateur tournera sur trois sites.";

/// An address whose mails fail.
pub(super) fn failing_address(email: &str, kind: FailureKind, at: Timestamp) -> FailingAddress {
    let status = match kind {
        FailureKind::Permanent => "5.1.1",
        FailureKind::Temporary => "4.2.2",
    };
    FailingAddress {
        email: email.into(),
        failure: DeliveryFailure { kind, status: status.parse().expect("a status code") },
        letter: id(7),
        failed_at: at,
        recovered_at: None,
    }
}

/// Sample data of a call.
pub(super) struct Sample<'a> {
    pub call: &'a Call,
    pub round: &'a Round,
    pub now: Timestamp,
    /// Every question answered.
    pub full: Document,
    /// Half of the questions answered, some with errors.
    pub poor: Document,
    pub pieces: Vec<AttachedPiece>,
    /// No scanner.
    pub unscanned: PieceScans,
    pub share: crate::app::Share,
    pub versions: Vec<Version>,
    pub receipt: Receipt,
}

/// The texts of an error page.
pub(super) fn lost() -> [Text; 3] {
    [
        Text::new("Page introuvable", "Page not found"),
        Text::new("Il n’y a rien à cette adresse.", "There is nothing at this address."),
        Text::new(
            "Vérifiez l’adresse, ou revenez à l’accueil de l’appel.",
            "Check the address, or go back to the home page.",
        ),
    ]
}

pub(super) fn typed() -> TypedForm {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    TypedForm {
        action: "/dossiers/0190a5c0-0000-7000-8000-000000000001/edit/project".into(),
        fields: vec![field("project.title", "Cœur souverain"), field("project.summary", "Deux lignes\nde texte.")],
        again: true,
    }
}

pub(super) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_a5c0_0000_7000_8000_0000_0000_0000 | number)
}

fn scalar(kind: FieldKind, options: &[Choice], label: &Text) -> String {
    let first = || options.first().map_or_else(String::new, |option| option.id.clone());
    match kind {
        FieldKind::Text => format!("{} d’exemple", label.fr.split([' ', ',', ':']).next().unwrap_or_default()),
        FieldKind::LongText => PROSE.into(),
        FieldKind::Siren => "732829320".into(),
        FieldKind::Siret => "732 829 320 00074".into(),
        FieldKind::Naf => "62.01Z".into(),
        FieldKind::Date => "2023-09-15".into(),
        FieldKind::Money => "5 250,00".into(),
        FieldKind::Integer => "6".into(),
        FieldKind::Hundredths => "12".into(),
        FieldKind::Choice => first(),
        FieldKind::YesNo => "no".into(),
        FieldKind::Email => "ada.lefebvre@exemple.fr".into(),
        FieldKind::Url => "https://atelier-du-nord.example/".into(),
        FieldKind::Phone => "+33 1 23 45 67 89".into(),
        FieldKind::Country => "FR".into(),
        FieldKind::Choices | FieldKind::Declaration | FieldKind::Table => String::new(),
    }
}

fn answer(field: &crate::domain::call::Field) -> Value {
    let row = |fixed: Option<&Choice>| -> Row {
        let cell = |column: &crate::domain::call::Column| match fixed {
            Some(choice) if column.id == "row" => choice.id.clone(),
            _ => scalar(column.kind, &column.options, &column.label),
        };
        field.columns.iter().map(|column| (column.id.clone(), cell(column))).collect()
    };
    match field.kind {
        FieldKind::Table if field.fixed_rows.is_empty() => Value::Rows(vec![row(None), row(None)]),
        FieldKind::Table => Value::Rows(field.fixed_rows.iter().map(|fixed| row(Some(fixed))).collect()),
        FieldKind::Choices => Value::Choices(field.options.iter().take(2).map(|option| option.id.clone()).collect()),
        FieldKind::Declaration => Value::Flag(true),
        kind => Value::Text(scalar(kind, &field.options, &field.label)),
    }
}

/// A document with an answer to every field that `pick` selects; then `instead` replaces some.
fn document(call: &Call, pick: impl Fn(usize) -> bool, instead: &[(&str, &str)]) -> Document {
    let mut document = Document::default();
    let fields = call.sections.iter().flat_map(|section| section.fields.iter().map(move |field| (section, field)));
    for (index, (section, field)) in fields.enumerate() {
        if pick(index) {
            document.0.entry(section.id.clone()).or_default().insert(field.id.clone(), answer(field));
        }
    }
    for (path, text) in instead {
        if let Some((section, field)) = path.split_once('.') {
            document.0.entry(section.into()).or_default().insert(field.into(), Value::Text((*text).into()));
        }
    }
    document
}

impl<'a> Sample<'a> {
    /// `None` for a call without rounds.
    pub(super) fn new(call: &'a Call) -> Option<Self> {
        let round = call.rounds.iter().find(|round| round.window.is_some()).or(call.rounds.first())?;
        let now = round
            .window
            .map_or(Timestamp::UNIX_EPOCH, |window| window.closes.saturating_sub(34.hours()).unwrap_or(window.closes));
        let named = [
            (call.company.project.as_str(), "Réplication sans opérateur pour l’industrie"),
            (call.company.name.as_str(), "Atelier du Nord"),
        ];
        let full = document(call, |_| true, &named);
        let poor =
            document(call, |index| index % 3 != 1, &[named[0], named[1], (&call.company.siret, "732 829 320 00075")]);
        let pieces: Vec<AttachedPiece> = call
            .attached_pieces()
            .take(3)
            .enumerate()
            .map(|(index, piece)| AttachedPiece {
                code: piece.code.clone(),
                sha256: digest(&serde_json::json!(index)),
                name: format!("{} numérisé.pdf", piece.title.fr),
                media: "application/pdf".into(),
                bytes: 1_234_567 * (index as u64 + 1),
                issued: piece.fresh_months.map(|_| now.to_zoned_datetime(call.time_zone()).date()),
                inspection: Some(Inspection {
                    opened: index != 2,
                    pages: (index != 2).then_some(index as u32 + 1),
                    signed: index == 1,
                }),
            })
            .collect();
        let version = |version: u32, is_current| Version {
            version,
            receipt: format!("2024-0000{}", 40 + version),
            at: now,
            is_current,
        };
        let evaluation = evaluate(call, &full, Some(round), Some(&pieces), now);
        let receipt = receipt_of(call, round, &pieces, &evaluation, now);
        Some(Self {
            call,
            round,
            now,
            full,
            poor,
            receipt,
            versions: vec![version(2, true), version(1, false)],
            pieces,
            unscanned: PieceScans::without_scanner(PieceReader::Owner, []),
            share: crate::app::Share::owner(),
        })
    }

    pub(super) fn evaluate(&self, document: &Document) -> Evaluation {
        evaluate(self.call, document, Some(self.round), Some(&self.pieces), self.now)
    }

    pub(super) fn simulate(&self, document: &Document) -> Evaluation {
        simulate(self.call, document, self.now)
    }

    pub(super) fn draft(&self, document: &Document) -> Dossier {
        Dossier {
            id: DossierId(id(1)),
            call: self.call.id.clone(),
            round: self.round.id.clone(),
            owner: AccountId(id(2)),
            draft: document.clone(),
            revision: 7,
            deposit: None,
            admission: None,
            versions: 0,
            created_at: self.now,
            changed_at: self.now,
            changes: ChangeLog::default(),
            withdrawn_at: None,
            deleted_at: None,
        }
    }

    pub(super) fn deposited(&self, changes: u64) -> Dossier {
        let deposit = Deposit { version: 2, receipt: "2024-000042".into(), at: self.now, revision: 7 - changes };
        Dossier { deposit: Some(deposit), versions: 2, ..self.draft(&self.full) }
    }

    pub(super) fn page<'p>(&'p self, dossier: &'p Dossier, evaluation: &'p Evaluation) -> DossierPage<'p> {
        DossierPage {
            dossier,
            round: self.round,
            evaluation,
            pieces: &self.pieces,
            scans: &self.unscanned,
            share: &self.share,
            title: dossier.draft.text(&self.call.company.project),
            versions: if dossier.deposit.is_some() { &self.versions } else { &[] },
            attempt: "0190a5c0-0000-7000-8000-000000000009",
            refused: false,
            upload_problem: None,
            notice: None,
            register: None,
            looks_up: self.call.takes_register_values(),
        }
    }

    /// The virus scans of the pieces, one in each state: infected, waiting, not possible; the rest is clean.
    pub(super) fn scans(&self, reader: PieceReader) -> PieceScans {
        let states = [ScanState::Infected, ScanState::Waiting, ScanState::Unscannable];
        let scan = |(piece, state): (&AttachedPiece, ScanState)| {
            let scanned_at = matches!(state, ScanState::Clean | ScanState::Infected).then_some(self.now);
            let signature = (state == ScanState::Infected).then(|| "Pdf.Exploit.Exemple-42".to_owned());
            (piece.sha256.clone(), Scan { state, signature, scanned_at })
        };
        PieceScans::new(reader, self.pieces.iter().zip(states.into_iter().chain([ScanState::Clean])).map(scan))
    }

    /// A record of the register that says something else than the answers, and warns.
    pub(super) fn register(&self) -> DatedRecord {
        let closed = Some(Closure { on: Some(date(2024, 6, 30)) });
        let proceedings = Insolvency { nature: Some("Redressement judiciaire".into()), on: None };
        let record = CompanyRecord {
            siret: "73282932000074".into(),
            legal_name: Some("ATELIER DU NORD".into()),
            legal_form_code: Some("5710".into()),
            naf: Some("62.02A".into()),
            created_on: Some(date(2019, 4, 1)),
            establishment_closed: closed,
            insolvency: Some(proceedings),
            ..CompanyRecord::default()
        };
        DatedRecord { taken_at: self.now, record }
    }

    pub(super) fn given(&self, s: &PageContext<'_>) -> Vec<GivenCard> {
        vec![GivenCard {
            id: DossierId(id(9)),
            title: "Jumeau numérique du port".into(),
            round: self.round.title.get(s.lang).to_owned(),
            status: DepositStatus::of(self.call, self.round, &self.deposited(1), s.now),
            until: s.instant(&self.now),
        }]
    }

    /// The applicant's list, in every state.
    pub(super) fn cards(&self, s: &PageContext<'_>) -> Vec<DossierCard> {
        let withdrawn = Dossier { withdrawn_at: Some(self.now), versions: 2, ..self.draft(&self.full) };
        let all = [
            (self.draft(&Document::default()), Some(14)),
            (self.deposited(0), None),
            (self.deposited(1), Some(1)),
            (withdrawn, Some(0)),
        ];
        (1..).zip(all).map(|(number, (dossier, missing))| self.card(s, number, &dossier, missing)).collect()
    }

    /// A dossier in the list.
    pub(super) fn card(
        &self,
        s: &PageContext<'_>,
        number: u128,
        dossier: &Dossier,
        missing: Option<usize>,
    ) -> DossierCard {
        let status = DepositStatus::of(self.call, self.round, dossier, s.now);
        DossierCard {
            id: DossierId(id(number)),
            title: dossier.draft.text(&self.call.company.project).to_owned(),
            company: "Atelier du Nord".into(),
            round: self.round.title.get(s.lang).to_owned(),
            changed_at: s.instant(&self.now),
            missing: missing.filter(|_| status.counts_missing()),
            status,
            attempt: id(number + 100).to_string(),
        }
    }

    pub(super) fn rows(&self, count: u32) -> Vec<ListedDeposit> {
        (0..count)
            .map(|index| {
                let summary = Summary {
                    dossier: DossierId(id(u128::from(index))),
                    receipt: format!("2024-{:06}", index + 1),
                    company: COMPANIES[index as usize % COMPANIES.len()].into(),
                    siren: "732829320".into(),
                    title: "Réplication sans opérateur pour l’industrie".into(),
                    bricks: "slapos repman".into(),
                    base: Cents(12_500_000 + i64::from(index) * 7_133),
                    aid: Cents(10_000_000),
                    version: 1 + index % 2,
                    at: self.now,
                    warnings: index % 4,
                };
                let list = |emails: &str| emails.split_whitespace().map(str::to_owned).collect();
                let experts = ["", "experte@labo.example", "experte@labo.example expert-2@labo.example"];
                let in_conflict = ["", "expert-2@labo.example", "instruction@exemple.org"];
                ListedDeposit {
                    summary,
                    admitted: index % 3 == 0,
                    experts: list(experts[index as usize % 3]),
                    in_conflict: list(in_conflict[index as usize / 3 % 3]),
                }
            })
            .collect()
    }
}

/// Names of companies, one of them hostile to what shows it.
const COMPANIES: [&str; 4] = [
    "Atelier du Nord",
    "Données de Loire",
    "Brume & Fils",
    "=HYPERLINK(\"https://x.example\") <img src=x onerror=alert(1)> ＝1 SociétéDontLeNomN’AAucuneEspaceEtNeFinitPas",
];

fn receipt_of(call: &Call, round: &Round, pieces: &[AttachedPiece], evaluation: &Evaluation, at: Timestamp) -> Receipt {
    let (dossier, depositor) = (DossierId(id(1)), AccountId(id(2)));
    let portal = "https://guichet.example";
    let manifest = manifest(&ManifestInput {
        portal,
        call,
        round,
        dossier,
        version: 2,
        depositor,
        evaluation,
        pieces,
        received_at: at,
    });
    let parts = part_digests(&manifest);
    let statement = Statement {
        format: crate::domain::receipt::FORMAT.into(),
        number: "2024-000042".into(),
        sequence: 42,
        dossier,
        version: 2,
        instants: Instants::single(at),
        digest: digest(&serde_json::json!(parts)),
        previous: digest(&serde_json::json!(GENESIS)),
        key: "0f1e2d3c4b5a6978".into(),
    };
    Receipt { statement, signature: "5e".repeat(64), public_key: "a1".repeat(32), parts, manifest }
}
