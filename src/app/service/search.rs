//! Keeps the index of the search: it follows the chain of receipts, so that what was just deposited is found a second or two
//! later, and no deposit waits for it (decision 27).
//!
//! Every process does so; what two of them write is the same. What the place in the chain does not tell is found by a survey
//! of all deposits: withdrawals, and what a process left behind when it failed or lost its leader.

use crate::app::{App, AppError, transaction::transaction};
use crate::{
    domain::{
        receipt::Receipt,
        search::{STEM_VERSION, Scope, index_tokens, passages},
    },
    store::{
        Freshness, piece_text,
        search::{self, IndexableDeposit},
    },
};
use jiff::SignedDuration;
use std::{error::Error, time::Duration};
use tokio::time::{Instant, sleep};

/// Interval between two looks at the chain.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Deposits per look.
const DEPOSITS_PER_POLL: u32 = 50;
/// Interval between two surveys of all deposits.
const SURVEY_INTERVAL: Duration = Duration::from_secs(300);
/// The same while a deposit could not be indexed.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// How long a deposit one of whose files was read waits for its others, so that it is not indexed again after each.
const FILES_INTERVAL: SignedDuration = SignedDuration::from_mins(5);
/// The kind of file whose text is read.
const PDF: &str = "application/pdf";

/// Indexes until the future is dropped.
pub(super) async fn run(app: &App) {
    let mut indexer = Indexer::new(app);
    loop {
        match indexer.turn().await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = &error as &dyn Error, "search.failed"),
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Indexes everything that is not indexed, and returns when there is nothing left.
///
/// # Errors
/// Store errors.
pub async fn index_all(app: &App) -> Result<(), AppError> {
    let mut indexer = Indexer::new(app);
    while indexer.turn().await? {}
    Ok(())
}

struct Indexer<'a> {
    app: &'a App,
    /// The place in the chain up to which everything was looked at.
    sequence: u64,
    /// When all is looked at again.
    survey_due: Instant,
}

impl<'a> Indexer<'a> {
    fn new(app: &'a App) -> Self {
        Self { app, sequence: 0, survey_due: Instant::now() + SURVEY_INTERVAL }
    }

    /// Indexes some deposits; false when there is nothing left to do now.
    async fn turn(&mut self) -> Result<bool, AppError> {
        let app = self.app;
        let store = &app.store;
        let behind = {
            let mut db = store.read(Freshness::OwnWrites).await?;
            search::deposits_after(&mut db, self.sequence, DEPOSITS_PER_POLL).await?
        };
        for deposit in &behind {
            match (deposit.is_current, deposit.indexed) {
                (true, false) => {
                    self.index(deposit).await?;
                }
                (false, true) => {
                    search::remove(&mut *store.write().await?, deposit.dossier, deposit.version).await?;
                }
                _ => {}
            }
        }
        if let Some(last) = behind.last() {
            self.sequence = last.sequence;
            return Ok(true);
        }
        let outdated = {
            let mut db = store.read(Freshness::OwnWrites).await?;
            let now = app.clock();
            search::outdated_deposits(&mut db, STEM_VERSION, now - FILES_INTERVAL, now, DEPOSITS_PER_POLL).await?
        };
        let mut indexed = false;
        for deposit in &outdated {
            indexed |= self.index(deposit).await?;
        }
        if Instant::now() >= self.survey_due {
            self.sequence = 0;
            self.survey_due = Instant::now() + SURVEY_INTERVAL;
        }
        Ok(indexed)
    }

    /// Indexes one deposit. One that fails keeps no other from being indexed, and is tried again; false then.
    async fn index(&mut self, deposit: &IndexableDeposit) -> Result<bool, AppError> {
        match index(self.app, deposit).await {
            Ok(()) => Ok(true),
            // The next one would fare no better.
            Err(error @ AppError::Store(_)) => Err(error),
            Err(error) => {
                tracing::warn!(receipt = deposit.number, error = &error as &dyn Error, "search.not_indexed");
                self.survey_due = self.survey_due.min(Instant::now() + RETRY_INTERVAL);
                Ok(false)
            }
        }
    }
}

async fn index(app: &App, deposit: &IndexableDeposit) -> Result<(), AppError> {
    let receipt: Option<Receipt> = deposit.receipt.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let mut texts = vec![deposit.number.clone(), deposit.company.clone(), deposit.title.clone()];
    let mut pieces = Vec::new();
    if let Some(receipt) = &receipt {
        let call = app.call(&deposit.call).ok().map(AsRef::as_ref);
        texts.extend(passages(call, receipt).into_iter().map(|passage| passage.text));
        pieces = receipt.pieces();
    }
    let digests: Vec<&str> = pieces.iter().map(|piece| piece.sha256.as_str()).collect();
    let files: Vec<_> = pieces.iter().map(|piece| (piece.sha256.as_str(), piece.media == PDF)).collect();
    let (scope, now) = (Scope::of_round(&deposit.call, &deposit.round), app.clock());
    transaction!(app.store, db => {
        piece_text::enqueue(db, &files, now).await?;
        let (texts, scope) = (texts.clone(), scope.clone());
        let files: Vec<String> = piece_text::lock(db, &digests).await?.into_iter().map(|(_, text)| text).collect();
        let bytes = texts.iter().chain(&files).map(String::len).sum();
        let tokens =
            move || index_tokens(&scope, texts.iter().map(String::as_str), files.iter().map(String::as_str));
        let stems = app.offload(bytes, tokens).await?;
        Ok(search::put(db, deposit, STEM_VERSION, &stems).await?)
    })
}
