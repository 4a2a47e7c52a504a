//! Who may do what to what: the words. The policy that joins them is `auth/policy.datalog`.

use super::ids::{AccountId, DossierId};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What a person is to the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Fills and deposits dossiers of its own.
    Applicant,
    /// Examines deposited dossiers for the call's operator.
    Officer,
}

impl Role {
    /// The word in tokens, the policy and the database.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Officer => "officer",
        }
    }
}

impl FromStr for Role {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "applicant" => Ok(Self::Applicant),
            "officer" => Ok(Self::Officer),
            _ => Err(()),
        }
    }
}

/// What one may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Begin a dossier.
    DossierCreate,
    /// Read the draft of a dossier.
    DraftRead,
    /// Change the draft, its pieces included.
    DraftWrite,
    /// Deposit.
    DossierDeposit,
    /// Withdraw.
    DossierWithdraw,
    /// Read deposited versions, their pieces and receipts.
    DepositRead,
    /// List the deposited dossiers of a round.
    RoundList,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 7] = [
        Self::DossierCreate,
        Self::DraftRead,
        Self::DraftWrite,
        Self::DossierDeposit,
        Self::DossierWithdraw,
        Self::DepositRead,
        Self::RoundList,
    ];

    /// The word in the policy and in the capabilities of API tokens.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::DossierCreate => "dossier:create",
            Self::DraftRead => "draft:read",
            Self::DraftWrite => "draft:write",
            Self::DossierDeposit => "dossier:deposit",
            Self::DossierWithdraw => "dossier:withdraw",
            Self::DepositRead => "deposit:read",
            Self::RoundList => "round:list",
        }
    }
}

/// The one thing that an action is done to, with the relations that the database knows.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// The call as a whole.
    Call,
    /// One dossier.
    Dossier {
        /// Which.
        id: DossierId,
        /// Whose.
        owner: AccountId,
        /// Whether a deposited version stands.
        deposited: bool,
    },
}
