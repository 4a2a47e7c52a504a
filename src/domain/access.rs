//! Roles, actions and related enums of access control. The policy that uses them is `auth/policy.datalog`.

mod target;
mod token_actions;

pub use target::{About, Grant, Part, Relations, Review, Stage, Target, Verb};
pub use token_actions::{APPLICANT_ACTIONS, OFFICER_ACTIONS, every_token_action};

use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, str::FromStr};

/// An enum with the slugs of its variants, as used in tokens, the policy and the database.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal,)+ }) => {
        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The slug in tokens, the policy and the database.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|one| one.slug() == text).ok_or(())
            }
        }
    };
}
use words;

/// A person's role in the portal (requirements §1.3). Guests of a dossier and programs have no role of their own: their
/// rights come from the person who invited them or issued their token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Fills in and deposits own dossiers.
    Applicant,
    /// Examines deposited dossiers for the call's operator.
    Officer,
    /// Publishes decisions and interpretations.
    SeniorOfficer,
    /// Reviews the assigned dossiers.
    Expert,
    /// Ranks the dossiers that experts have reviewed.
    Jury,
    /// Provides the money: reads decisions and registers.
    Funder,
    /// Makes payments.
    Finance,
    /// Helps selected projects with a brick.
    BrickOwner,
    /// Reads everything that was deposited, for a limited time, and the journal.
    Auditor,
    /// Operates the service, without access to its contents.
    Operator,
    /// Data protection officer.
    Dpo,
}

words!(Role {
    Applicant = "applicant",
    Officer = "officer",
    SeniorOfficer = "senior_officer",
    Expert = "expert",
    Jury = "jury",
    Funder = "funder",
    Finance = "finance",
    BrickOwner = "brick_owner",
    Auditor = "auditor",
    Operator = "operator",
    Dpo = "dpo",
});

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
    pub fn given(roles: impl IntoIterator<Item = Role>) -> Self {
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

/// How a person was authenticated (`amr` in RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amr {
    /// By a link sent to the email address.
    Email,
    Passkey,
    Oidc,
}

words!(Amr { Email = "email", Passkey = "passkey", Oidc = "oidc", });

/// An action that the policy decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Create a dossier.
    DossierCreate,
    /// Read the draft of a dossier, or a part of it.
    DraftRead,
    /// Change the draft, or a part of it.
    DraftWrite,
    DossierDeposit,
    DossierWithdraw,
    /// Invite guests to the draft, and revoke that.
    DossierShare,
    /// Read deposited versions, their pieces and receipts.
    DepositRead,
    /// List the deposited dossiers of a round.
    RoundList,
    /// Find a deposited dossier admissible, and take that back.
    DossierAdmit,
    /// Assign a dossier to an expert.
    ExpertAssign,
    /// Declare an interest in a dossier, which requires seeing its company and title.
    InterestDeclare,
    /// List the dossiers to evaluate.
    ReviewList,
    ReviewWrite,
    ReviewRead,
    DecisionPublish,
    /// Read the register of aid.
    AidRead,
    PaymentOrder,
    /// Help a selected project with a brick.
    BrickAccompany,
    /// Export the journal.
    AuditExport,
    /// Maintain the service: health, backups.
    OpsMaintain,
    /// Switch the database to another leader.
    OpsSwitchover,
    /// Request emergency access to one dossier.
    GlassAsk,
    /// Approve a colleague's request for emergency access.
    GlassAllow,
    /// Answer people's requests about their data.
    PersonAnswer,
    /// Issue a token for another service.
    ServiceToken,
}

words!(Action {
    DossierCreate = "dossier:create",
    DraftRead = "draft:read",
    DraftWrite = "draft:write",
    DossierDeposit = "dossier:deposit",
    DossierWithdraw = "dossier:withdraw",
    DossierShare = "dossier:share",
    DepositRead = "deposit:read",
    RoundList = "round:list",
    DossierAdmit = "dossier:admit",
    ExpertAssign = "expert:assign",
    InterestDeclare = "interest:declare",
    ReviewList = "review:list",
    ReviewWrite = "review:write",
    ReviewRead = "review:read",
    DecisionPublish = "decision:publish",
    AidRead = "aid:read",
    PaymentOrder = "payment:order",
    BrickAccompany = "brick:accompany",
    AuditExport = "audit:export",
    OpsMaintain = "ops:maintain",
    OpsSwitchover = "ops:switchover",
    GlassAsk = "glass:ask",
    GlassAllow = "glass:allow",
    PersonAnswer = "person:answer",
    ServiceToken = "service:token",
});

impl Action {
    /// Whether the action cannot be undone, so that the person must confirm it.
    #[must_use]
    pub fn wants_confirmation(self) -> bool {
        matches!(self, Self::DossierDeposit | Self::DecisionPublish | Self::PaymentOrder | Self::OpsSwitchover)
    }
}
