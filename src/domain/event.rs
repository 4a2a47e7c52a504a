//! What happened: the journal's vocabulary.

use super::ids::{AccountId, DossierId};
use jiff::Timestamp;
use serde::Serialize;

/// Kinds of events; each is a change of state that someone may have to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A dossier was begun.
    DossierCreated,
    /// A draft of a closed round was taken over to an open one, as another dossier.
    DossierCarriedOver,
    /// A piece was attached.
    PieceAttached,
    /// A piece was removed.
    PieceRemoved,
    /// A version was deposited.
    DossierDeposited,
    /// The deposit was withdrawn.
    DossierWithdrawn,
    /// A deposited dossier was found admissible.
    DossierAdmitted,
    /// That was taken back.
    AdmissionTakenBack,
    /// A dossier was given to an expert.
    ExpertAssigned,
    /// It was taken back from the expert.
    ExpertReleased,
    /// Somebody who examines a dossier declared a conflict of interests, or none.
    InterestDeclared,
    /// Someone signed in.
    SignedIn,
    /// Someone signed out.
    SignedOut,
    /// A person added a passkey.
    PasskeyAdded,
    /// A person renamed a passkey.
    PasskeyRenamed,
    /// A passkey was removed, by its owner or by the operator.
    PasskeyRemoved,
    /// The person at a session showed by passkey to be its owner.
    SteppedUp,
    /// An officer read a deposited dossier.
    DepositRead,
    /// An officer opened or downloaded a piece.
    PieceRead,
    /// An officer exported a round.
    RoundExported,
    /// A draft, or a part of it, was read by somebody who does not own it.
    DraftRead,
    /// A part of the draft was changed by somebody who does not own it.
    DraftChanged,
    /// The owner gave parts of a dossier to somebody.
    PartsGiven,
    /// The owner took them back.
    PartsTaken,
    /// Somebody was given a role.
    RoleGiven,
    /// A role was taken away.
    RoleTaken,
    /// An account was suspended, or let in again.
    AccountSuspended,
    /// Somebody who runs the service asked to read a dossier.
    EmergencyAsked,
    /// A second person allowed it.
    EmergencyAllowed,
    /// A new root key of tokens was made.
    RootMade,
    /// A root key of tokens was dropped.
    RootDropped,
    /// An API token was made.
    TokenMade,
    /// An API token, or one that was made from it, was revoked.
    TokenRevoked,
    /// A token that a holder has narrowed was used for the first time.
    TokenNarrowed,
    /// An operator asked for another leader of the database.
    DatabaseSwitchover,
    /// An operator asked for a backup by the cluster's manager.
    DatabaseBackup,
}

impl EventKind {
    /// The word in the database.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::DossierCreated => "dossier_created",
            Self::DossierCarriedOver => "dossier_carried_over",
            Self::PieceAttached => "piece_attached",
            Self::PieceRemoved => "piece_removed",
            Self::DossierDeposited => "dossier_deposited",
            Self::DossierWithdrawn => "dossier_withdrawn",
            Self::DossierAdmitted => "dossier_admitted",
            Self::AdmissionTakenBack => "admission_taken_back",
            Self::ExpertAssigned => "expert_assigned",
            Self::ExpertReleased => "expert_released",
            Self::InterestDeclared => "interest_declared",
            Self::SignedIn => "signed_in",
            Self::SignedOut => "signed_out",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRenamed => "passkey_renamed",
            Self::PasskeyRemoved => "passkey_removed",
            Self::SteppedUp => "stepped_up",
            Self::DepositRead => "deposit_read",
            Self::PieceRead => "piece_read",
            Self::RoundExported => "round_exported",
            Self::DraftRead => "draft_read",
            Self::DraftChanged => "draft_changed",
            Self::PartsGiven => "parts_given",
            Self::PartsTaken => "parts_taken",
            Self::RoleGiven => "role_given",
            Self::RoleTaken => "role_taken",
            Self::AccountSuspended => "account_suspended",
            Self::EmergencyAsked => "emergency_asked",
            Self::EmergencyAllowed => "emergency_allowed",
            Self::RootMade => "root_made",
            Self::RootDropped => "root_dropped",
            Self::TokenMade => "token_made",
            Self::TokenRevoked => "token_revoked",
            Self::TokenNarrowed => "token_narrowed",
            Self::DatabaseSwitchover => "database_switchover",
            Self::DatabaseBackup => "database_backup",
        }
    }
}

/// Where the data of an event names the account that it concerns.
pub const SUBJECT: &str = "subject";

/// One line of the journal before it is chained.
#[derive(Clone, Debug)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// Who did it, never whom it concerns; none for the operator at the command line and for the portal itself.
    pub actor: Option<AccountId>,
    /// About which dossier.
    pub dossier: Option<DossierId>,
    /// Digests, codes and numbers; never content.
    pub data: serde_json::Value,
}

impl Event {
    /// What somebody did to an account, their own or another's: the account stands in the data, under [`SUBJECT`]. Lines
    /// written before had it as the actor.
    #[must_use]
    pub fn on_account(
        kind: EventKind,
        at: Timestamp,
        actor: Option<AccountId>,
        subject: AccountId,
        mut data: serde_json::Value,
    ) -> Self {
        data[SUBJECT] = serde_json::json!(subject);
        Self { kind, at, actor, dossier: None, data }
    }

    /// The digest that chains this line to the previous one.
    #[must_use]
    pub fn link(&self, sequence: u64, previous: &str) -> String {
        let line = serde_json::json!({
            "sequence": sequence,
            "previous": previous,
            "kind": self.kind.slug(),
            "at": self.at.to_string(),
            "actor": self.actor.map(|id| id.to_string()),
            "dossier": self.dossier.map(|id| id.to_string()),
            "data": self.data,
        });
        super::receipt::digest(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    // A14
    #[test]
    fn who_did_it_and_whom_it_concerns_stand_apart() {
        let (who, whom) = (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let by = |actor| {
            let data = json!({ "role": "expert" });
            Event::on_account(EventKind::RoleGiven, Timestamp::UNIX_EPOCH, actor, whom, data)
        };
        let (operator, person) = (by(None), by(Some(who)));
        assert_eq!((operator.actor, person.actor), (None, Some(who)));
        assert!([&operator, &person].iter().all(|event| event.data["subject"] == whom.to_string()));
        assert_ne!(operator.link(1, "0"), person.link(1, "0"), "the chain seals both");
    }

    #[test]
    fn lines_of_before_keep_their_links() {
        let data = json!({ "role": "expert", "ends": null });
        let actor = Some(AccountId(Uuid::from_u128(2)));
        let event = Event { kind: EventKind::RoleGiven, at: Timestamp::UNIX_EPOCH, actor, dossier: None, data };
        assert_eq!(event.link(1, "0"), "287efe1d107af5a1b046344ac9c5010ebdcbdcb10a9e399e8f237cad1c5bce17");
    }
}
