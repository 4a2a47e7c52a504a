//! A dossier with what other tables have beside it, in one statement.

use super::{
    super::{
        StoreError, company_lookup,
        piece::PieceRow,
        row::{inconsistent, to_date, to_datetime},
    },
    DossierRow, LockedRow, dossier_columns, locked_columns,
};
use crate::{
    auth::{Guarded, Protected},
    domain::{
        access::Stage,
        company_register::DatedRecord,
        dossier::Dossier,
        ids::{AccountId, DossierId},
        piece::AttachedPiece,
    },
};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;

/// A dossier with something that stands beside it.
#[derive(Clone, Debug)]
pub struct DossierWith<T> {
    pub dossier: Dossier,
    pub beside: T,
}

/// With the newest record of the public register of companies that was taken for it, of whichever establishment.
pub type DossierWithRecord = DossierWith<Option<DatedRecord>>;
/// With the pieces of its draft, by code.
pub type DossierWithPieces = DossierWith<Vec<AttachedPiece>>;

impl<T> Protected for DossierWith<T> {
    fn dossier(&self) -> DossierId {
        self.dossier.id
    }
    fn owner(&self) -> AccountId {
        self.dossier.owner
    }
    fn stage(&self) -> Stage {
        self.dossier.stage()
    }
    fn deleted_at(&self) -> Option<Timestamp> {
        self.dossier.deleted_at
    }
}

#[derive(FromRow)]
struct DossierWithRecordRow {
    #[sqlx(flatten)]
    dossier: DossierRow,
    taken_at: Option<PrimitiveDateTime>,
    record: Option<String>,
}

/// Returns a dossier with the newest record that it had at an instant.
pub async fn load_with_record(
    db: &mut MySqlConnection,
    id: DossierId,
    at: Timestamp,
) -> Result<Option<Guarded<DossierWithRecord>>, StoreError> {
    let row: Option<DossierWithRecordRow> = sqlx::query_as(concat!(
        "select ",
        dossier_columns!(),
        ", l.taken_at, l.record from dossier d
         left join company_lookup l on l.dossier_id = d.dossier_id
           and l.taken_at = (select max(m.taken_at) from company_lookup m where m.dossier_id = ? and m.taken_at <= ?)
         where d.dossier_id = ? order by l.siret limit 1"
    ))
    .bind(id)
    .bind(to_datetime(at))
    .bind(id)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let record = row.taken_at.zip(row.record).map(|(taken_at, record)| company_lookup::dated_record(taken_at, &record));
    let (dossier, beside) = (row.dossier.try_into()?, record.transpose()?);
    Ok(Some(Guarded::new(DossierWith { dossier, beside })))
}

#[derive(FromRow)]
struct DossierWithPiecesRow {
    #[sqlx(flatten)]
    locked: LockedRow,
    pieces: Option<String>,
}

/// A piece as an element of the column `pieces`.
#[derive(Deserialize)]
struct PieceElement {
    code: String,
    sha256: String,
    name: String,
    media: String,
    bytes: u64,
    issued: Option<Date>,
    opened: Option<u8>,
    pages: Option<u32>,
    signed: Option<u8>,
}

impl PieceElement {
    fn row(self, dossier_id: DossierId) -> PieceRow {
        let Self { code, sha256, name, media, bytes, pages, .. } = self;
        PieceRow {
            dossier_id,
            code,
            sha256,
            name,
            media,
            bytes,
            issued: self.issued.and_then(to_date),
            opened: self.opened.map(|opened| opened != 0),
            pages,
            signed: self.signed.map(|signed| signed != 0),
        }
    }
}

/// Returns a dossier with its pieces, all locked until the transaction ends. The subquery locks too: otherwise it might see
/// the pieces as they were before the lock on the dossier was waited for.
pub async fn lock_with_pieces(
    db: &mut MySqlConnection,
    id: DossierId,
) -> Result<Option<Guarded<DossierWithPieces>>, StoreError> {
    let row: Option<DossierWithPiecesRow> = sqlx::query_as(concat!(
        "select ",
        locked_columns!(),
        ", (select json_arrayagg(json_object('code', p.code, 'sha256', p.sha256, 'name', p.name, 'media', p.media,
                                             'bytes', p.bytes, 'issued', p.issued, 'opened', p.opened,
                                             'pages', p.pages, 'signed', p.signed) order by p.code)
            from piece p where p.dossier_id = d.dossier_id for update) as pieces
         from dossier d where d.dossier_id = ? for update"
    ))
    .bind(id)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let elements = row.pieces.as_deref().map(serde_json::from_str::<Vec<PieceElement>>);
    let elements = elements.transpose().map_err(|_| inconsistent("piece", "code"))?.unwrap_or_default();
    let pieces = elements.into_iter().map(|element| element.row(id)).map(AttachedPiece::try_from);
    let LockedRow { dossier, owner_closed } = row.locked;
    let (dossier, beside) = (dossier.try_into()?, pieces.collect::<Result<_, _>>()?);
    Ok(Some(Guarded::new(DossierWith { dossier, beside }).with_owner_closed(owner_closed)))
}
