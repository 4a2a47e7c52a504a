//! What a search of a round says beside its rows, once few of them are left: where the words stand, and what was not searched.

use crate::app::{App, AppError, Ctx, dossier::open_piece::piece_reader};
use crate::{
    domain::{
        access::{Action, DossierTarget, Part, Relations, Stage, Target},
        call::Call,
        event::EventKind,
        ids::{AccountId, DossierId},
        receipt::Receipt,
        scan::{PieceReader, ScanWarning},
        search::{Extract, Passage, SearchQuery, best_extract, passages},
    },
    store::{
        Connection, Freshness,
        deposit::{self, ListedDeposit},
        piece_text,
    },
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Most rows for which extracts are shown: with more, one narrows the search before one reads.
const MAX_EXTRACTS: u64 = 10;

/// What a search says beside its rows.
#[derive(Clone, Debug, Default)]
pub struct SearchNotes {
    /// Where in a deposit the words stand, if one could be shown.
    pub extracts: Vec<(DossierId, Extract)>,
    /// Number of files of the found deposits whose text is not searched.
    pub unindexed_files: u64,
    /// Words were looked for, and no deposit has them.
    pub nothing_found: bool,
}

impl SearchNotes {
    /// The extract of a deposit.
    pub fn extract(&self, id: DossierId) -> Option<&Extract> {
        self.extracts.iter().find(|(dossier, _)| *dossier == id).map(|(_, extract)| extract)
    }
}

impl Ctx {
    /// Asks the policy whether deposits may be searched by what they say: for those alone who may read a deposit to which
    /// nothing ties them. A program that may list a round could otherwise ask about contents word by word.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; as [`Ctx::authorize`].
    pub(super) fn authorize_search(&self) -> Result<(), AppError> {
        let any = DossierTarget {
            id: DossierId(Uuid::nil()),
            owner: AccountId(Uuid::nil()),
            stage: Stage::Deposited,
            part: Part::Deposit,
            relations: Relations::default(),
        };
        match self.authorize(Action::DepositRead, &Target::Dossier(any)) {
            Ok(_) => Ok(()),
            Err(AppError::NotFound) => Err(AppError::Forbidden),
            Err(error) => Err(error),
        }
    }
}

impl App {
    /// Returns the notes on the rows of a round's list, of which `total` match; none where nothing is searched for but a
    /// receipt, or more than a few deposits are found. Each deposit is opened by the policy before an extract is made of it,
    /// and that is recorded.
    ///
    /// # Errors
    /// Policy and store errors.
    pub async fn search_notes(
        &self,
        ctx: &Ctx,
        search_terms: &str,
        rows: &[ListedDeposit],
        total: u64,
    ) -> Result<SearchNotes, AppError> {
        let Some(query) = SearchQuery::parse(search_terms)?.filter(SearchQuery::has_words) else {
            return Ok(SearchNotes::default());
        };
        if total > MAX_EXTRACTS {
            return Ok(SearchNotes::default());
        }
        ctx.authorize(Action::RoundList, &Target::Call)?;
        ctx.authorize_search()?;
        // Not from a replica, which may not have the conflict of interests yet that its reader has just declared.
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let notes = self.notes_on_deposits(ctx, &mut db, rows, &query).await?;
        Ok(SearchNotes { nothing_found: total == 0, ..notes })
    }

    async fn notes_on_deposits(
        &self,
        ctx: &Ctx,
        db: &mut Connection,
        rows: &[ListedDeposit],
        query: &SearchQuery,
    ) -> Result<SearchNotes, AppError> {
        let numbers: Vec<&str> = rows.iter().map(|row| row.summary.receipt.as_str()).collect();
        let (mut extracts, mut files) = (Vec::new(), BTreeSet::new());
        for (row, conflict) in deposit::by_numbers(db, &numbers, ctx.account()?).await? {
            // Rights that come from the dossier itself, such as an assignment, are not needed for the list either.
            let target = row.target(Relations { conflict, ..Relations::default() });
            let permit = match ctx.authorize_part(Action::DepositRead, &target, Part::Deposit) {
                Ok(permit) => permit,
                Err(AppError::NotFound | AppError::Unconfirmed) => continue,
                Err(error) => return Err(error),
            };
            let Some(stored) = row.open(&permit) else { continue };
            let receipt = stored.receipt()?;
            files.extend(receipt.pieces().into_iter().map(|piece| piece.sha256));
            let call = self.call(&stored.call).ok().map(AsRef::as_ref);
            let extract = match best_extract(&passages(call, &receipt), query) {
                None => {
                    let reader = piece_reader(target.owner == ctx.account()?, permit.rule);
                    self.extract_of_files(db, call, &receipt, query, reader).await?
                }
                of_answers => of_answers,
            };
            if let Some(extract) = extract {
                let number = &receipt.statement.number;
                let data = serde_json::json!({ "receipt": number, "rule": permit.rule, "extract": true });
                self.record_access(ctx, EventKind::DepositRead, stored.dossier, data)?;
                extracts.push((stored.dossier, extract));
            }
        }
        let digests: Vec<&str> = files.iter().map(String::as_str).collect();
        let indexed = piece_text::count_indexed(db, &digests).await?;
        let unindexed_files = (digests.len() as u64).saturating_sub(indexed);
        Ok(SearchNotes { extracts, unindexed_files, nothing_found: false })
    }

    /// The extract of the files that the reader may open without a warning.
    async fn extract_of_files(
        &self,
        db: &mut Connection,
        call: Option<&Call>,
        receipt: &Receipt,
        query: &SearchQuery,
        reader: PieceReader,
    ) -> Result<Option<Extract>, AppError> {
        let pieces = receipt.pieces();
        let scans = self.piece_scans(db, reader, &pieces).await?;
        let mut digests: Vec<&str> = pieces.iter().map(|piece| piece.sha256.as_str()).collect();
        digests.retain(|sha256| scans.may_open(sha256, ScanWarning::NotShown).is_ok());
        let mut passages = Vec::new();
        for (sha256, text) in piece_text::of_digests(db, &digests).await? {
            let code = pieces.iter().find(|piece| piece.sha256 == sha256).map_or("", |piece| piece.code.as_str());
            let piece = call.and_then(|call| call.piece(code));
            passages.push(Passage { label: piece.map(|piece| piece.title.clone()).unwrap_or_default(), text });
        }
        let (bytes, query) = (passages.iter().map(|passage| passage.text.len()).sum(), query.clone());
        match self.offload(bytes, move || best_extract(&passages, &query)).await {
            // The list is worth more than its extracts.
            Err(AppError::Busy) => Ok(None),
            done => done,
        }
    }
}
