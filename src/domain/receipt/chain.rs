//! Verifies the chain of receipts from the first: none altered, none removed, none out of order, none sealed before the
//! previous one.

use super::{GENESIS, Receipt, verify};
use jiff::Timestamp;
use serde_json::json;

/// The progress of the verification, and the faults found so far.
#[derive(Clone, Debug)]
pub struct ChainCheck {
    /// Number of receipts checked.
    pub receipts_checked: u64,
    /// The faults, one line each, in English, for the operator.
    pub faults: Vec<String>,
    sequence: u64,
    link: String,
    sealed_at: Option<Timestamp>,
}

impl Default for ChainCheck {
    fn default() -> Self {
        Self { receipts_checked: 0, faults: Vec::new(), sequence: 0, link: GENESIS.to_owned(), sealed_at: None }
    }
}

impl ChainCheck {
    /// Sequence of the last receipt checked; zero before the first.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Checks the next receipt.
    pub fn check_next(&mut self, receipt: &Receipt) {
        let statement = &receipt.statement;
        let (number, sequence, sealed_at) = (&statement.number, statement.sequence, statement.sealed_at());
        let mut fault = |text: String| self.faults.push(format!("{number}: {text}"));
        if sequence != self.sequence + 1 {
            fault(format!("receipts {} to {} are missing", self.sequence + 1, sequence.saturating_sub(1)));
        }
        if statement.previous != self.link {
            fault("it does not follow the receipt before it".into());
        }
        if !verify(&json!(receipt), &[]).is_valid() {
            fault("it was altered".into());
        }
        if let Some(before) = self.sealed_at.filter(|before| sealed_at < *before) {
            fault(format!("a step backwards in time: sealed at {sealed_at}, after one that was sealed at {before}"));
        }
        self.receipts_checked += 1;
        self.sequence = sequence;
        self.link = statement.digest();
        self.sealed_at = Some(sealed_at);
    }

    /// Compares with the head of the chain: sequence and link of the last receipt.
    pub fn check_head(&mut self, head: &(u64, String)) {
        if (self.sequence, &self.link) != (head.0, &head.1) {
            self.faults.push("the last receipts are missing: the head of the chain is further on".into());
        }
    }
}
