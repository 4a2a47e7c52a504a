//! The complete policy as a readable table: by person, action and stage of the dossier.

use super::{AccountFacts, Channel, Denied, Keys, KeysError, Rights, SessionToken, TokenError, read};
use crate::domain::{
    access::{Action, Amr, DossierTarget, Grant, GrantedAction, Part, Relations, Role, Roles, Stage, Target},
    ids::{AccountId, DossierId, SessionId},
};
use jiff::{SignedDuration, Timestamp};
use std::{fmt::Write, sync::Arc};
use uuid::Uuid;

/// Why the table cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// No keys for the tokens of the requesters.
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A decision took too long.
    #[error("a decision took too long")]
    Overrun,
}

/// An arbitrary instant; the table does not depend on it.
const NOW: Timestamp = Timestamp::constant(1_722_000_000, 0);
const OWNER: AccountId = AccountId(Uuid::from_u128(1));
const SOMEBODY: AccountId = AccountId(Uuid::from_u128(2));

/// A person, and their relation to the dossier.
struct MatrixPerson {
    name: &'static str,
    rights: Rights,
    relations: Relations,
}

fn given(part: Part, verb: GrantedAction) -> Relations {
    let until = NOW + SignedDuration::from_hours(1);
    Relations { grants: vec![Grant { part, verb, until }], ..Relations::default() }
}

fn people(keys: &Keys) -> Result<Vec<MatrixPerson>, MatrixError> {
    let person = |name, account, role: Option<Role>, amr, relations| {
        let roles = Roles::from_granted(role);
        let ends = NOW + SignedDuration::from_hours(1);
        let token = SessionToken { session: SessionId(Uuid::from_u128(3)), account, roles: &roles, amr, ends };
        let bearer = read(keys, &token.mint(keys, NOW)?, Channel::Browser, NOW)?;
        let account_facts = AccountFacts {
            account,
            roles,
            suspended: name == "suspended officer",
            confirmed_until: Some(ends),
            stepped_up: false,
            has_passkey: false,
            passkeys_required: true,
        };
        let rights = Rights::new(Arc::new(bearer), Channel::Browser, account_facts);
        Ok::<_, MatrixError>(MatrixPerson { name, rights, relations })
    };
    let none = Relations::default;
    let staff = |name, role| person(name, SOMEBODY, Some(role), Amr::Passkey, none());
    let section = || Part::Section("budget".into());
    let assigned = Relations { assigned: true, ..none() };
    let clear = Relations { conflict: Some(false), ..assigned.clone() };
    let both = Relations { conflict: Some(true), ..assigned.clone() };
    let conflict = Relations { conflict: Some(true), ..none() };
    let glass = Relations { break_glass_until: Some(NOW + SignedDuration::from_hours(1)), ..none() };
    let bricks = Relations { accompanies: true, ..none() };
    Ok(vec![
        person("owner", OWNER, None, Amr::Email, none())?,
        person("other applicant", SOMEBODY, None, Amr::Email, none())?,
        person("guest who fills one section", SOMEBODY, None, Amr::Email, given(section(), GrantedAction::Write))?,
        person("guest who reads the whole", SOMEBODY, None, Amr::Email, given(Part::Whole, GrantedAction::Read))?,
        person("guest mandated to deposit", SOMEBODY, None, Amr::Email, given(Part::Deposit, GrantedAction::Deposit))?,
        staff("officer", Role::Officer)?,
        person("officer without passkey", SOMEBODY, Some(Role::Officer), Amr::Email, none())?,
        staff("suspended officer", Role::Officer)?,
        person("officer in conflict", SOMEBODY, Some(Role::Officer), Amr::Passkey, conflict.clone())?,
        person("officer of an own dossier", OWNER, Some(Role::Officer), Amr::Passkey, none())?,
        staff("senior officer", Role::SeniorOfficer)?,
        person("expert, assigned, undeclared", SOMEBODY, Some(Role::Expert), Amr::Passkey, assigned)?,
        person("expert, assigned and clear", SOMEBODY, Some(Role::Expert), Amr::Passkey, clear)?,
        person("expert in conflict", SOMEBODY, Some(Role::Expert), Amr::Passkey, both)?,
        staff("expert, not assigned", Role::Expert)?,
        staff("jury", Role::Jury)?,
        person("jury in conflict", SOMEBODY, Some(Role::Jury), Amr::Passkey, conflict)?,
        staff("funder", Role::Funder)?,
        staff("finance", Role::Finance)?,
        person("brick owner", SOMEBODY, Some(Role::BrickOwner), Amr::Passkey, bricks)?,
        staff("auditor", Role::Auditor)?,
        staff("operator", Role::Operator)?,
        person("operator, emergency of two", SOMEBODY, Some(Role::Operator), Amr::Passkey, glass)?,
        staff("data protection officer", Role::Dpo)?,
    ])
}

/// The target of an action: the call, or the part of a dossier that it concerns.
fn part(action: Action) -> Option<Part> {
    use Action::{
        AidRead, AuditExport, BreakGlassAllow, BreakGlassAsk, DepositRead, DossierCreate, DraftRead, DraftWrite,
        OpsMaintain, OpsSwitchover, PersonAnswer, ReviewList, RoundList, ServiceToken,
    };
    match action {
        DossierCreate | RoundList | AidRead | AuditExport | OpsMaintain | OpsSwitchover | BreakGlassAsk
        | BreakGlassAllow | PersonAnswer | ReviewList | ServiceToken => None,
        DraftRead | DraftWrite => Some(Part::Section("budget".into())),
        DepositRead => Some(Part::Deposit),
        _ => Some(Part::Whole),
    }
}

/// Returns the table: one line per person and stage, one column per action.
pub fn matrix() -> Result<String, MatrixError> {
    let keys = Keys::ephemeral()?;
    let mut text = String::from(
        "Who may do what: ✔ yes, ✘ no. Visitors, who have no token, may do none of it.\n\
         draft:read and draft:write are asked about one section, budget.\n\n",
    );
    // Writing to a string cannot fail.
    for (number, action) in Action::ALL.iter().enumerate() {
        writeln!(text, "{:>2} {}", number + 1, action.slug()).ok();
    }
    let heads: String = (1..=Action::ALL.len()).map(|number| format!("{number:>3}")).collect();
    for person in people(&keys)? {
        writeln!(text, "\n{:<30}{heads}", person.name).ok();
        for stage in Stage::ALL {
            write!(text, "  {:<28}", stage.slug()).ok();
            for action in Action::ALL {
                let target = match part(*action) {
                    None => Target::Call,
                    Some(part) => Target::Dossier(DossierTarget {
                        id: DossierId(Uuid::from_u128(9)),
                        owner: OWNER,
                        stage: *stage,
                        part,
                        relations: person.relations.clone(),
                    }),
                };
                let mark = match person.rights.may(*action, &target, NOW) {
                    Ok(_) => '✔',
                    Err(Denied::Overrun) => return Err(MatrixError::Overrun),
                    Err(_) => '✘',
                };
                write!(text, "  {mark}").ok();
            }
            text.push('\n');
        }
    }
    Ok(text)
}
