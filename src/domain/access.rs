//! Roles, actions and related enums of access control. The policy that uses them is `auth/policy.datalog`.

mod target;
mod token_actions;

pub use target::{DossierTarget, Grant, GrantedAction, Part, Relations, Review, Stage, Target};
pub use token_actions::{APPLICANT_ACTIONS, OFFICER_ACTIONS, every_token_action};

use super::slugs::slugs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

slugs! {
    /// A person's role in the portal. Guests of a dossier and programs have no role of their own: their
    /// rights come from the person who invited them or issued their token.
    #[derive(PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Role {
        /// Fills in and deposits own dossiers.
        Applicant = "applicant",
        /// Examines deposited dossiers for the call's operator.
        Officer = "officer",
        /// Publishes decisions and interpretations.
        SeniorOfficer = "senior_officer",
        /// Reviews the assigned dossiers.
        Expert = "expert",
        /// Ranks the dossiers that experts have reviewed.
        Jury = "jury",
        /// Provides the money: reads decisions and registers.
        Funder = "funder",
        /// Makes payments.
        Finance = "finance",
        /// Helps selected projects with a brick.
        BrickOwner = "brick_owner",
        /// Reads everything that was deposited, for a limited time, and the journal.
        Auditor = "auditor",
        /// Operates the service, without access to its contents.
        Operator = "operator",
        /// Data protection officer.
        Dpo = "dpo",
    }
}

impl Role {
    /// Whether acting in this role requires a passkey, unless the installation makes passkeys optional.
    #[must_use]
    pub fn wants_passkey(self) -> bool {
        use Role::{Dpo, Finance, Jury, Officer, Operator, SeniorOfficer};
        matches!(self, Officer | SeniorOfficer | Jury | Finance | Operator | Dpo)
    }
}

/// All roles of a person; a person with no other role is an applicant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// Builds the set from the roles given to a person.
    #[must_use]
    pub fn from_granted(roles: impl IntoIterator<Item = Role>) -> Self {
        let mut all: BTreeSet<Role> = roles.into_iter().collect();
        if all.is_empty() {
            all.insert(Role::Applicant);
        }
        Self(all)
    }

    /// The intersection with `named`: the roles of a person in a token that names fewer roles. May be empty.
    #[must_use]
    pub fn among(&self, named: &[Role]) -> Self {
        Self(self.iter().filter(|role| named.contains(role)).collect())
    }

    /// Whether this role is included.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Whether the person works for the call or the service, and so is not an applicant.
    #[must_use]
    pub fn staff(&self) -> bool {
        !self.has(Role::Applicant)
    }

    /// Whether the person may list the dossiers of a round.
    #[must_use]
    pub fn lists(&self) -> bool {
        [Role::Officer, Role::SeniorOfficer, Role::Auditor].into_iter().any(|role| self.has(role))
    }

    /// Whether the person evaluates dossiers.
    #[must_use]
    pub fn evaluates(&self) -> bool {
        [Role::Expert, Role::Jury].into_iter().any(|role| self.has(role))
    }

    /// Whether one of the roles requires a passkey.
    #[must_use]
    pub fn want_passkey(&self) -> bool {
        self.iter().any(Role::wants_passkey)
    }

    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }
}

slugs! {
    /// How a person was authenticated (`amr` in RFC 8176).
    #[derive(Hash)]
    pub enum Amr {
        /// By a link sent to the email address.
        Email = "email",
        Passkey = "passkey",
        Oidc = "oidc",
    }
}

slugs! {
    /// An action that the policy decides about.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum Action {
        /// Create a dossier.
        DossierCreate = "dossier:create",
        /// Read the draft of a dossier, or a part of it.
        DraftRead = "draft:read",
        /// Change the draft, or a part of it.
        DraftWrite = "draft:write",
        DossierDeposit = "dossier:deposit",
        DossierWithdraw = "dossier:withdraw",
        /// Delete a draft.
        DossierDelete = "dossier:delete",
        /// Invite guests to the draft, and revoke that.
        DossierShare = "dossier:share",
        /// Read deposited versions, their pieces and receipts.
        DepositRead = "deposit:read",
        /// List the deposited dossiers of a round.
        RoundList = "round:list",
        /// Find a deposited dossier admissible, and take that back.
        DossierAdmit = "dossier:admit",
        /// Assign a dossier to an expert.
        ExpertAssign = "expert:assign",
        /// Declare an interest in a dossier, which requires seeing its company and title.
        InterestDeclare = "interest:declare",
        /// List the dossiers to evaluate.
        ReviewList = "review:list",
        ReviewWrite = "review:write",
        ReviewRead = "review:read",
        DecisionPublish = "decision:publish",
        /// Read the register of aid.
        AidRead = "aid:read",
        PaymentOrder = "payment:order",
        /// Help a selected project with a brick.
        BrickAccompany = "brick:accompany",
        /// Export the journal.
        AuditExport = "audit:export",
        /// Maintain the service: health, backups.
        OpsMaintain = "ops:maintain",
        /// Switch the database to another leader.
        OpsSwitchover = "ops:switchover",
        /// Request emergency access to one dossier.
        BreakGlassAsk = "glass:ask",
        /// Approve a colleague's request for emergency access.
        BreakGlassAllow = "glass:allow",
        /// Answer people's requests about their data.
        PersonAnswer = "person:answer",
        /// Issue a token for another service.
        ServiceToken = "service:token",
    }
}

impl Action {
    /// Whether the action cannot be undone, so that the person must confirm it.
    #[must_use]
    pub fn wants_confirmation(self) -> bool {
        matches!(self, Self::DossierDeposit | Self::DecisionPublish | Self::PaymentOrder | Self::OpsSwitchover)
    }
}
