//! Who may do what to what: the words. The policy that joins them is `auth/policy.datalog`.

mod target;
mod token_actions;

pub use target::{About, Grant, Part, Relations, Review, Stage, Target, Verb};
pub use token_actions::{APPLICANT_ACTIONS, OFFICER_ACTIONS, every_token_action};

use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, str::FromStr};

/// Words of an enum as they stand in tokens, the policy and the database.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal,)+ }) => {
        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in tokens, the policy and the database.
            #[must_use]
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

/// What a person is to the portal (requirements §1.3). Guests of a dossier and programs have no role of their own: their
/// rights come from whoever invited or made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Fills and deposits dossiers of its own.
    Applicant,
    /// Examines deposited dossiers for the call's operator.
    Officer,
    /// Publishes decisions and interpretations.
    SeniorOfficer,
    /// Marks the dossiers that it was given.
    Expert,
    /// Ranks what the experts have marked.
    Jury,
    /// Bears the money: reads decisions and registers.
    Funder,
    /// Pays.
    Finance,
    /// Helps those selected with a brick.
    BrickOwner,
    /// Reads everything that was deposited, for a limited time, and the journal.
    Auditor,
    /// Runs the service, without its contents.
    Operator,
    /// Answers for the protection of personal data.
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
    /// Whether a passkey is needed to act in it, unless the installation only offers them.
    #[must_use]
    pub fn wants_passkey(self) -> bool {
        use Role::{Dpo, Finance, Jury, Officer, Operator, SeniorOfficer};
        matches!(self, Officer | SeniorOfficer | Jury | Finance | Operator | Dpo)
    }
}

/// What somebody is, all together; somebody with no other role is an applicant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// From the roles that somebody was given.
    #[must_use]
    pub fn given(roles: impl IntoIterator<Item = Role>) -> Self {
        let mut all: BTreeSet<Role> = roles.into_iter().collect();
        if all.is_empty() {
            all.insert(Role::Applicant);
        }
        Self(all)
    }

    /// Those among them that are named too: what somebody is by a token that knows of no more. It may be nothing.
    #[must_use]
    pub fn among(&self, named: &[Role]) -> Self {
        Self(self.iter().filter(|role| named.contains(role)).collect())
    }

    /// Whether this is among them.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Whether somebody works for the call or the service, and is no applicant.
    #[must_use]
    pub fn staff(&self) -> bool {
        !self.has(Role::Applicant)
    }

    /// Whether dossiers of a round are theirs to list.
    #[must_use]
    pub fn lists(&self) -> bool {
        [Role::Officer, Role::SeniorOfficer, Role::Auditor].into_iter().any(|role| self.has(role))
    }

    /// Whether dossiers are theirs to evaluate.
    #[must_use]
    pub fn evaluates(&self) -> bool {
        [Role::Expert, Role::Jury].into_iter().any(|role| self.has(role))
    }

    /// Whether one of them wants a passkey.
    #[must_use]
    pub fn want_passkey(&self) -> bool {
        self.iter().any(Role::wants_passkey)
    }

    /// Each.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }
}

/// How somebody has shown to be who they are (RFC 8176 calls it `amr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amr {
    /// By a link sent to the address.
    Email,
    /// By a passkey.
    Passkey,
    /// By an identity provider.
    Oidc,
}

words!(Amr { Email = "email", Passkey = "passkey", Oidc = "oidc", });

/// What one may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Begin a dossier.
    DossierCreate,
    /// Read the draft of a dossier, or a part of it.
    DraftRead,
    /// Change the draft, or a part of it.
    DraftWrite,
    /// Deposit.
    DossierDeposit,
    /// Withdraw.
    DossierWithdraw,
    /// Invite others to the draft, and take that back.
    DossierShare,
    /// Read deposited versions, their pieces and receipts.
    DepositRead,
    /// List the deposited dossiers of a round.
    RoundList,
    /// Find a deposited dossier admissible, and take that back.
    DossierAdmit,
    /// Give a dossier to an expert.
    ExpertAssign,
    /// Declare an interest in a dossier, which wants its company and title to be known.
    InterestDeclare,
    /// List the dossiers that one has to evaluate.
    ReviewList,
    /// Write a review.
    ReviewWrite,
    /// Read a review.
    ReviewRead,
    /// Publish a decision.
    DecisionPublish,
    /// Read the register of aid.
    AidRead,
    /// Order a payment.
    PaymentOrder,
    /// Help a selected project with a brick.
    BrickAccompany,
    /// Export the journal.
    AuditExport,
    /// Look after the service: health, backups.
    OpsMaintain,
    /// Have the database follow another leader.
    OpsSwitchover,
    /// Ask to read one dossier in an emergency.
    GlassAsk,
    /// Allow a colleague to read one dossier in an emergency.
    GlassAllow,
    /// Answer requests of people about their data.
    PersonAnswer,
    /// Have a token for another service.
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
    /// Whether it cannot be taken back, so that the person confirms to be there.
    #[must_use]
    pub fn wants_confirmation(self) -> bool {
        matches!(self, Self::DossierDeposit | Self::DecisionPublish | Self::PaymentOrder | Self::OpsSwitchover)
    }
}
