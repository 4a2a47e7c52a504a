//! What goes in and out.

use crate::{
    app::{DepositOutcome, DossierView},
    domain::{
        calendar::RoundId,
        dossier::{
            State,
            status::{DepositStatus, PossibleAction, plain},
        },
        ids::{AttemptId, DossierId},
        piece::AttachedPiece,
        scan::PieceScans,
        text::Lang,
    },
    web::api::report::EvaluationBody,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A dossier to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDossier {
    /// Slug of the call.
    #[schema(example = "hyper-open-x")]
    pub(super) call: String,
    /// Id of the round, which must be open.
    #[schema(value_type = String)]
    pub(super) round: RoundId,
    /// First answers.
    #[schema(value_type = Option<Object>)]
    #[serde(default)]
    pub(super) document: Option<serde_json::Value>,
    /// Id of this try: sent again, it gives the same dossier.
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    pub(super) attempt: Option<AttemptId>,
}

/// A dossier that was begun.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Begun)]
pub struct CreatedBody {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub(super) id: DossierId,
    /// Its revision.
    pub(super) revision: u64,
}

/// A draft after its document was replaced.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replaced {
    /// Its revision, also in the ETag.
    revision: u64,
    /// `draft`, `deposited`, `changed` or `withdrawn`.
    #[schema(value_type = String)]
    state: State,
    /// Number of the receipt that stands.
    receipt: Option<String>,
    /// The same in words, as the pages say it.
    status: String,
    /// What may still be done: `edit`, `deposit`, `replace`, `withdraw`, `carry_over`.
    #[schema(value_type = Vec<String>)]
    may: Vec<PossibleAction>,
    /// The pieces attached.
    pieces: Vec<PieceBody>,
    /// The evaluation of a deposit now.
    #[serde(flatten)]
    report: EvaluationBody,
}

impl Replaced {
    pub(super) fn new(status: DepositStatus, page: DossierView, lang: Lang) -> Self {
        Self {
            revision: status.revision(),
            state: status.state(),
            receipt: status.receipt().map(str::to_owned),
            status: plain(&status.sentence(), &lang),
            may: page.share.possible_actions(&status),
            pieces: page.pieces.into_iter().map(|piece| PieceBody::with_scan(piece, &page.scans)).collect(),
            report: EvaluationBody::new(page.evaluation, lang),
        }
    }
}

/// An attached piece.
#[derive(Debug, Serialize, ToSchema)]
pub struct PieceBody {
    /// Its code in the call.
    code: String,
    /// SHA-256 of its bytes, hexadecimal.
    sha256: String,
    /// Length.
    bytes: u64,
    /// Media type, found from the bytes.
    media: String,
    /// Name of the file.
    name: String,
    /// Day of issue, as declared.
    issued: Option<String>,
    /// False when the file was accepted without being opened, since that asks for too much time or memory. Missing where
    /// the file came before that was looked at, as are the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<bool>,
    /// Pages of a PDF that was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pages: Option<u32>,
    /// It holds an electronic signature; whether that is valid is not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<bool>,
    /// Its virus scan: `waiting`, `clean`, `infected` or `unscannable`. Missing where no scanner is configured, and in the
    /// answer to an upload, which does not wait for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    scan: Option<String>,
}

impl PieceBody {
    fn with_scan(piece: AttachedPiece, scans: &PieceScans) -> Self {
        let scan = scans.of(&piece.sha256).map(|scan| scan.state.slug().to_owned());
        Self { scan, ..Self::from(piece) }
    }
}

impl From<AttachedPiece> for PieceBody {
    fn from(upload: AttachedPiece) -> Self {
        let AttachedPiece { code, sha256, name, media, bytes, issued, inspection } = upload;
        Self {
            code,
            sha256,
            bytes,
            media,
            name,
            issued: issued.map(|day| day.to_string()),
            opened: inspection.map(|inspection| inspection.opened),
            pages: inspection.and_then(|inspection| inspection.pages),
            signed: inspection.map(|inspection| inspection.signed),
            scan: None,
        }
    }
}

/// What is said of a file beside its bytes.
#[derive(Debug, Deserialize)]
pub struct FileQuery {
    #[serde(default)]
    pub(super) issued: String,
    #[serde(default)]
    pub(super) name: String,
}

/// A piece that was attached.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachedBody {
    /// The piece.
    #[serde(flatten)]
    pub(super) piece: PieceBody,
    /// Code of another piece that is the same file.
    pub(super) same_as: Option<String>,
    /// Revision of the dossier.
    pub(super) revision: u64,
}

/// A draft to carry over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCarryOver {
    /// Id of the round to carry it over to, which must be open.
    #[schema(value_type = String)]
    pub(super) round: RoundId,
    /// Id of this try: sent again, it gives the same dossier.
    #[schema(value_type = Uuid)]
    pub(super) attempt: AttemptId,
}

/// A deposit to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeposit {
    /// Id of this try: sent again, it gives the same receipt.
    #[schema(value_type = Uuid)]
    pub(super) attempt: AttemptId,
    /// Revision that is to be deposited, as its ETag names it; another one is refused.
    #[serde(default)]
    pub(super) revision: Option<u64>,
}

/// A deposit that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct DepositBody {
    /// Number of the receipt.
    #[schema(example = "2026-000001")]
    receipt: String,
    /// False when the attempt, or the same content, had been deposited before.
    new: bool,
    /// False when that version was withdrawn or replaced since.
    standing: bool,
    /// False when the draft has changed since: those changes are not deposited.
    current: bool,
    /// Where people find the receipt.
    url: String,
}

impl DepositBody {
    pub(super) fn new(done: DepositOutcome, url: String) -> Self {
        let DepositOutcome { receipt, new, is_current, draft_unchanged } = done;
        Self { receipt, new, standing: is_current, current: draft_unchanged, url }
    }
}
