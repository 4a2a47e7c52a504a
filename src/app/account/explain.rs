//! Explains why a user may or may not do something: the policy decision, in prose.

use crate::app::{App, AppError, Ctx, context::load_target};
use crate::{
    auth::{AccountFacts, Channel, Denied, Keys, Rights, Rule, RuleId, SessionToken, read, rules_for},
    domain::{
        access::{Action, Amr, DossierTarget, GrantedAction, Part, Relations, Stage, Target},
        ids::{AccountId, DossierId, SessionId},
        text::Text,
    },
    store::{Freshness, account, dossier},
};
use jiff::SignedDuration;
use std::sync::Arc;
use uuid::Uuid;

/// A policy decision, explained.
pub struct Explanation {
    pub allowed: bool,
    /// The rule that decided.
    pub rule: &'static Rule,
    /// The block of the token that refuses what the rule would allow.
    pub block: Option<u32>,
    /// Rules that can allow the action to someone.
    pub allowing: Vec<&'static Rule>,
}

impl App {
    /// Asks the policy as if a user acted now in a browser, with a recent passkey confirmation.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such account or dossier; store errors.
    pub async fn explain(
        &self,
        email: &str,
        action: Action,
        target: Option<(DossierId, Part)>,
        amr: Amr,
    ) -> Result<Explanation, AppError> {
        let now = self.clock();
        let address = self.account_address(email).await?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let account = account::by_email(&mut db, &address).await?.ok_or(AppError::NotFound)?;
        let target = match target {
            None => Target::Call,
            Some((id, part)) => {
                let row = dossier::load(&mut db, id).await?.filter(|row| row.deleted_at().is_none());
                let row = row.ok_or(AppError::NotFound)?;
                Target::Dossier(DossierTarget { part, ..load_target(&mut db, &row, &account, now).await? })
            }
        };
        drop(db);
        let account_facts = AccountFacts { confirmed_until: Some(now), ..self.account_facts(&account) };
        let keys = Keys::ephemeral()?;
        let ends = now + SignedDuration::from_mins(1);
        let session = SessionId(Uuid::now_v7());
        let token = SessionToken { session, account: account.id, roles: &account.roles, amr, ends }.mint(&keys, now)?;
        let rights =
            Rights::new(Arc::new(read(&keys, &token, Channel::Browser, now)?), Channel::Browser, account_facts);
        let (allowed, rule, block) = match rights.may(action, &target, now) {
            Ok(permit) => (true, permit.rule, None),
            Err(Denied::Rule(rule)) => (false, rule, None),
            Err(Denied::Token { rule, block }) => (false, rule, Some(block)),
            Err(Denied::Overrun) => return Err(AppError::Overloaded),
        };
        Ok(Explanation { allowed, rule: rule.rule(), block, allowing: rules_for(action) })
    }

    /// Returns what the policy says about the actor on the call as a whole.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`] or [`AppError::Overloaded`].
    pub fn own_rights(&self, ctx: &Ctx) -> Result<Vec<RightAnswer>, AppError> {
        let verdict = |action: &Action| RightAnswer::of(ctx, *action, &Target::Call, None);
        OF_CALLS.iter().map(verdict).collect()
    }

    /// Returns what the policy says about the actor on one dossier. A dossier of which the actor may see nothing is
    /// indistinguishable from one that does not exist.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`], [`AppError::Overloaded`], and store errors.
    pub async fn rights_on(&self, ctx: &Ctx, id: DossierId) -> Result<RightsOn, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        if let Some(row) = dossier::load(&mut db, id).await?.filter(|row| row.deleted_at().is_none()) {
            let target = load_target(&mut db, &row, &ctx.actor()?.account, ctx.now).await?;
            let (verdicts, known) = verdicts(ctx, &target)?;
            if known {
                let permit = ctx.authorize_part(Action::DraftRead, &target, Part::Overview).ok();
                let call = permit.and_then(|permit| row.open(&permit)).map(|dossier| dossier.call);
                return Ok(RightsOn { verdicts, known, call });
            }
        }
        Ok(RightsOn { verdicts: verdicts(ctx, &unknown(id))?.0, known: false, call: None })
    }
}

/// A user's rights on one dossier.
pub struct RightsOn {
    pub verdicts: Vec<RightAnswer>,
    /// Whether the user may see any part of it.
    pub known: bool,
    /// Slug of its call, for users who may see the draft.
    pub call: Option<String>,
}

/// Actions on a call as a whole.
const OF_CALLS: [Action; 11] = [
    Action::DossierCreate,
    Action::RoundList,
    Action::ReviewList,
    Action::AidRead,
    Action::AuditExport,
    Action::OpsMaintain,
    Action::OpsSwitchover,
    Action::BreakGlassAsk,
    Action::BreakGlassAllow,
    Action::PersonAnswer,
    Action::ServiceToken,
];

/// Actions on a dossier, each with the part that it concerns.
const OF_DOSSIERS: [(Action, Part); 12] = [
    (Action::DraftRead, Part::Whole),
    (Action::DraftWrite, Part::Whole),
    (Action::DossierDeposit, Part::Whole),
    (Action::DossierWithdraw, Part::Whole),
    (Action::DossierDelete, Part::Whole),
    (Action::DossierShare, Part::Whole),
    (Action::DepositRead, Part::Deposit),
    (Action::DossierAdmit, Part::Deposit),
    (Action::InterestDeclare, Part::Deposit),
    (Action::ExpertAssign, Part::Deposit),
    (Action::DecisionPublish, Part::Deposit),
    (Action::PaymentOrder, Part::Deposit),
];

/// The policy's answer to one question about the actor.
pub struct RightAnswer {
    pub action: Action,
    /// The part, if less than the whole was granted.
    pub part: Option<Part>,
    pub allowed: bool,
    /// Allowed after a passkey confirmation.
    pub unconfirmed: bool,
    /// Description of the rule that decided.
    pub description: Text,
    /// If no rule allows it: descriptions of the rules that allow it to others.
    pub others: Vec<Text>,
}

impl RightAnswer {
    fn of(ctx: &Ctx, action: Action, target: &Target, part: Option<Part>) -> Result<Self, AppError> {
        let rights = &ctx.actor()?.rights;
        let now = rights.may(action, target, ctx.now);
        let unconfirmed =
            now.is_err() && (now.as_ref().err() == Some(&Denied::Rule(RuleId::Confirmation)) || rights.lacks_passkey());
        let decided = if unconfirmed { rights.confirmed(ctx.now).may(action, target, ctx.now) } else { now };
        let (allowed, rule) = match decided {
            Ok(permit) => (true, permit.rule),
            Err(Denied::Rule(rule) | Denied::Token { rule, .. }) => (false, rule),
            Err(Denied::Overrun) => return Err(AppError::Overloaded),
        };
        let others = if rule == RuleId::NobodyElse {
            rules_for(action).into_iter().map(Rule::description).collect()
        } else {
            Vec::new()
        };
        Ok(Self {
            action,
            part,
            allowed,
            unconfirmed: unconfirmed && allowed,
            description: rule.rule().description(),
            others,
        })
    }
}

/// Returns the verdicts on a dossier, and whether the user may see any part of it.
fn verdicts(ctx: &Ctx, target: &DossierTarget) -> Result<(Vec<RightAnswer>, bool), AppError> {
    let on = |action, part: &Part, told| {
        RightAnswer::of(ctx, action, &Target::Dossier(DossierTarget { part: part.clone(), ..target.clone() }), told)
    };
    let staff = ctx.actor()?.account.roles.staff();
    let mut all = Vec::new();
    for grant in &target.relations.grants {
        let action = match grant.verb {
            GrantedAction::Read => Action::DraftRead,
            GrantedAction::Write => Action::DraftWrite,
            GrantedAction::Deposit => continue,
        };
        if grant.part != Part::Whole {
            all.push(on(action, &grant.part, Some(grant.part.clone()))?);
        }
    }
    for (action, part) in &OF_DOSSIERS {
        let verdict = on(*action, part, None)?;
        let of_owners = matches!(
            verdict.action,
            Action::DraftRead
                | Action::DraftWrite
                | Action::DossierDeposit
                | Action::DossierWithdraw
                | Action::DossierDelete
                | Action::DossierShare
                | Action::DepositRead
        );
        if verdict.allowed || of_owners || staff {
            all.push(verdict);
        }
    }
    let enters = on(Action::DraftRead, &Part::Overview, None)?.allowed;
    let seen = enters || all.iter().any(|verdict| verdict.allowed);
    Ok((all, seen))
}

/// A dossier that does not exist.
fn unknown(id: DossierId) -> DossierTarget {
    let relations = Relations::default();
    DossierTarget { id, owner: AccountId(Uuid::nil()), stage: Stage::Draft, part: Part::Overview, relations }
}
