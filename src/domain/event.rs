//! The kinds of events in the journal.

use super::{
    ids::{AccountId, DossierId},
    slugs::slugs,
};
use jiff::Timestamp;
use serde::Serialize;

slugs! {
    /// Kinds of events; each is a change of state that someone may have to prove.
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum EventKind {
        DossierCreated = "dossier_created",
        /// A draft of a closed round was carried over to an open one, as another dossier.
        DossierCarriedOver = "dossier_carried_over",
        /// The owner deleted a draft that was never deposited.
        DossierDeleted = "dossier_deleted",
        PieceAttached = "piece_attached",
        PieceRemoved = "piece_removed",
        /// The scanner found a virus in a piece, or a piece was attached in which it had found one.
        PieceInfected = "piece_infected",
        /// The scanner, with another base, found none any more.
        PieceCleared = "piece_cleared",
        /// The day of issue of an attached piece was given or corrected.
        PieceDated = "piece_dated",
        /// A version was deposited.
        DossierDeposited = "dossier_deposited",
        /// The deposit was withdrawn.
        DossierWithdrawn = "dossier_withdrawn",
        /// A deposited dossier was found admissible.
        DossierAdmitted = "dossier_admitted",
        AdmissionTakenBack = "admission_taken_back",
        /// A dossier was assigned to an expert.
        ExpertAssigned = "expert_assigned",
        /// The assignment was taken back.
        ExpertReleased = "expert_released",
        /// A person who examines a dossier declared a conflict of interests, or none.
        InterestDeclared = "interest_declared",
        /// A person signed in.
        SignedIn = "signed_in",
        /// A person signed out.
        SignedOut = "signed_out",
        /// A person added a passkey.
        PasskeyAdded = "passkey_added",
        /// A person renamed a passkey.
        PasskeyRenamed = "passkey_renamed",
        /// A passkey was removed, by its owner or by the operator.
        PasskeyRemoved = "passkey_removed",
        /// The person at a session confirmed with a passkey.
        SteppedUp = "stepped_up",
        /// Someone other than the owner read a deposited dossier.
        DepositRead = "deposit_read",
        /// Someone other than the owner opened or downloaded a piece.
        PieceRead = "piece_read",
        /// An officer exported a round.
        RoundExported = "round_exported",
        /// A draft, or a part of it, was read by a person who does not own it.
        DraftRead = "draft_read",
        /// A part of the draft was changed by a person who does not own it.
        DraftChanged = "draft_changed",
        /// The public register of companies was asked about the company of a draft.
        CompanyLookedUp = "company_looked_up",
        /// The owner shared parts of a dossier with a guest.
        PartsGiven = "parts_given",
        /// The owner revoked them.
        PartsTaken = "parts_taken",
        /// A role was given to an account.
        RoleGiven = "role_given",
        /// A role was taken away.
        RoleTaken = "role_taken",
        /// An account was suspended, or readmitted.
        AccountSuspended = "account_suspended",
        /// A person closed their account.
        AccountClosed = "account_closed",
        /// An operator requested emergency access to a dossier.
        EmergencyAsked = "emergency_asked",
        /// A second person approved it.
        EmergencyAllowed = "emergency_allowed",
        /// A new root key of tokens was made.
        RootMade = "root_made",
        /// A root key of tokens was dropped.
        RootDropped = "root_dropped",
        /// An API token was issued.
        TokenMade = "token_made",
        /// An API token, or one narrowed from it, was revoked.
        TokenRevoked = "token_revoked",
        /// A narrowed token was used for the first time.
        TokenNarrowed = "token_narrowed",
        /// Mails to an address began to fail, or to fail in another way; the data has the mail, and the account if the
        /// address has one.
        AddressFailed = "address_failed",
        /// A mail to a failing address was accepted.
        AddressRecovered = "address_recovered",
        /// An operator requested a switchover of the database.
        DatabaseSwitchover = "database_switchover",
        /// An operator requested a backup by the cluster's manager.
        DatabaseBackup = "database_backup",
    }
}

impl EventKind {
    /// The kind with this slug in the database; `None` if another release wrote it.
    #[must_use]
    pub fn of_slug(slug: &str) -> Option<Self> {
        slug.parse().ok()
    }

    /// Whether the owner of a dossier sees on its guests page that another person did this. The judgement of a dossier
    /// is left to those who publish decisions.
    #[must_use]
    pub fn is_shown_to_owner(self) -> bool {
        !matches!(
            self,
            Self::DossierAdmitted
                | Self::AdmissionTakenBack
                | Self::ExpertAssigned
                | Self::ExpertReleased
                | Self::InterestDeclared
        )
    }

    /// Whether only the owner and guests can do this, under any rule.
    #[must_use]
    pub fn is_of_owner_or_guest(self) -> bool {
        matches!(
            self,
            Self::DraftRead
                | Self::DraftChanged
                | Self::CompanyLookedUp
                | Self::PieceAttached
                | Self::PieceRemoved
                | Self::PieceDated
                | Self::DossierDeposited
        )
    }
}

/// The key, in the data of an event, of the account concerned.
pub const SUBJECT: &str = "subject";

/// One entry of the journal before it is chained.
#[derive(Clone, Debug)]
pub struct Event {
    pub kind: EventKind,
    pub at: Timestamp,
    /// The account that did it, never the one concerned; `None` for the operator at the command line and for the portal
    /// itself.
    pub actor: Option<AccountId>,
    /// The dossier concerned.
    pub dossier: Option<DossierId>,
    /// Digests, codes and numbers; never content.
    pub data: serde_json::Value,
}

impl Event {
    /// An event of the portal itself, or of the operator at the command line, that concerns no account and no dossier.
    #[must_use]
    pub fn of_portal(kind: EventKind, at: Timestamp, data: serde_json::Value) -> Self {
        Self { kind, at, actor: None, dossier: None, data }
    }

    /// An action on an account, one's own or another's: the data contains the account, under [`SUBJECT`]. Older entries
    /// had it as the actor.
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

    /// The digest that chains this entry to the previous one.
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
