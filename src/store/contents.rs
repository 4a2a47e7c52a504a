//! What the pages of a dossier show beside its draft, in one statement: its pieces with the virus scans of their files, and
//! how many other dossiers of the company are deposited.

use super::{
    StoreError,
    account::Account,
    piece::PieceRow,
    row::{inconsistent, to_datetime},
    scan::ScanRow,
};
use crate::domain::{dossier::Dossier, ids::DossierId, piece::AttachedPiece, scan::Scan};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;

/// What a dossier has beside its draft.
#[derive(Clone, Debug, Default)]
pub struct DossierContents {
    /// The pieces of the draft, by code.
    pub pieces: Vec<AttachedPiece>,
    /// What is known of their files, by digest. A digest that was never queued is missing.
    pub scans: Vec<(String, Scan)>,
    /// Number of other currently deposited dossiers of the company in the round, as far as the reader may know of them.
    pub other_deposits: u32,
}

/// The columns of a piece and of its scan are null where there is none.
#[derive(FromRow)]
struct ContentRow {
    other_deposits: i64,
    dossier_id: Option<DossierId>,
    code: Option<String>,
    sha256: Option<String>,
    name: Option<String>,
    media: Option<String>,
    bytes: Option<u64>,
    issued: Option<time::Date>,
    opened: Option<bool>,
    pages: Option<u32>,
    signed: Option<bool>,
    state: Option<String>,
    signature: Option<String>,
    scanned_at: Option<PrimitiveDateTime>,
}

impl ContentRow {
    fn scan(&self) -> Option<ScanRow> {
        let (sha256, state) = (self.sha256.clone()?, self.state.clone()?);
        Some(ScanRow { sha256, state, signature: self.signature.clone(), scanned_at: self.scanned_at })
    }

    fn piece(self) -> Option<PieceRow> {
        Some(PieceRow {
            dossier_id: self.dossier_id?,
            code: self.code?,
            sha256: self.sha256?,
            name: self.name?,
            media: self.media?,
            bytes: self.bytes?,
            issued: self.issued,
            opened: self.opened,
            pages: self.pages,
            signed: self.signed,
        })
    }
}

/// Returns what a dossier has beside its draft. The other deposits are those that a deposit counts; none for an empty
/// `siren`.
pub async fn of_dossier(
    db: &mut MySqlConnection,
    dossier: &Dossier,
    siren: &str,
    reader: &Account,
    now: Timestamp,
) -> Result<DossierContents, StoreError> {
    let rows: Vec<ContentRow> = sqlx::query_as(
        "select o.other_deposits, p.dossier_id, p.code, p.sha256, p.name, p.media, p.bytes, p.issued, p.opened, p.pages,
                p.signed, s.state, s.signature, s.scanned_at
         from (select count(*) as other_deposits from deposit p join dossier d on d.dossier_id = p.dossier_id
               where p.call_id = ? and p.round_id = ? and p.standing = true and p.siren = ? and p.siren <> ''
               and p.dossier_id <> ?
               and (d.account_id = ?
                    or exists (select 1 from delegation g where g.dossier_id = p.dossier_id and g.email = ?
                               and g.revoked_at is null and g.ends_at >= ?))) o
         left join piece p on p.dossier_id = ? left join scan s on s.sha256 = p.sha256
         order by p.code",
    )
    .bind(&dossier.call)
    .bind(&dossier.round)
    .bind(siren)
    .bind(dossier.id)
    .bind(reader.id)
    .bind(&reader.email)
    .bind(to_datetime(now))
    .bind(dossier.id)
    .fetch_all(db)
    .await?;
    let mut contents = DossierContents::default();
    for row in rows {
        contents.other_deposits = u32::try_from(row.other_deposits).map_err(|_| inconsistent("deposit", "siren"))?;
        contents.scans.extend(row.scan().map(TryFrom::try_from).transpose()?);
        contents.pieces.extend(row.piece().map(AttachedPiece::try_from).transpose()?);
    }
    Ok(contents)
}
