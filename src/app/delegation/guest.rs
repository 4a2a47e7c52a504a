//! The guests of a dossier and its access record, as shown to the owner.

use crate::{
    auth::{RuleId, roles_of},
    domain::{
        access::{Grant, Role},
        event::EventKind,
    },
    store::{delegation::Delegation, journal},
};
use jiff::Timestamp;
use uuid::Uuid;

/// A guest and everything that was given to them.
#[derive(Debug)]
pub struct Guest {
    /// Id of the latest delegation.
    pub id: Uuid,
    pub email: String,
    /// The grants; for a guest with current access, only the current ones.
    pub grants: Vec<Grant>,
    /// Last instant of the longest grant.
    pub until: Timestamp,
    /// Time of the guest's first visit.
    pub used_at: Option<Timestamp>,
}

impl Guest {
    /// Returns each guest once, the newest first. A former release stored several delegations per guest.
    pub(super) fn all(given: &[Delegation], now: Timestamp) -> Vec<Self> {
        let mut guests: Vec<Self> = Vec::new();
        for one in given {
            if let Some(guest) = guests.iter_mut().find(|guest| guest.email == one.email) {
                guest.grants.extend(one.grants());
                guest.until = guest.until.max(one.ends_at);
                guest.used_at = [guest.used_at, one.used_at].into_iter().flatten().min();
            } else {
                let (grants, until) = (one.grants().collect(), one.ends_at);
                guests.push(Self { id: one.id, email: one.email.clone(), grants, until, used_at: one.used_at });
            }
        }
        for guest in &mut guests {
            let held = guest.until >= now;
            guest.grants = Grant::merged(guest.grants.drain(..).filter(|grant| !held || grant.until >= now));
        }
        guests
    }
}

/// Who read or changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderIdentity {
    /// A guest, by address.
    Guest(String),
    /// A guest whose account is closed.
    FormerGuest,
    /// A member of staff, by role.
    Staff(Vec<Role>),
}

impl ReaderIdentity {
    /// Derived from the rule that was applied and not from the current roles of the account: roles expire, and a guest
    /// may have one.
    pub(in crate::app) fn of(reading: &journal::AccessSummary) -> Self {
        let rule: Option<RuleId> = reading.data["rule"].as_str().and_then(|slug| slug.parse().ok());
        let asked = rule.map_or(&[][..], roles_of);
        // Changes carry no rule, because only guests make them.
        let of_guests = EventKind::of_slug(&reading.kind).is_some_and(EventKind::is_of_owner_or_guest);
        if rule.is_some_and(|id| id.rule().guest) || of_guests {
            return reading.email.clone().map_or(Self::FormerGuest, Self::Guest);
        }
        let held = || reading.roles.iter().copied();
        let roles: Vec<Role> = held().filter(|role| asked.is_empty() || asked.contains(role)).collect();
        Self::Staff(if roles.is_empty() { asked.iter().copied().take(1).collect() } else { roles })
    }
}

/// An access by someone other than the owner.
#[derive(Debug)]
pub struct AccessRecord {
    pub by: ReaderIdentity,
    /// The kind of access, its time, its count and its rule.
    pub what: journal::AccessSummary,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        access::GrantedAction,
        ids::{AccountId, DossierId},
    };
    use serde_json::json;

    fn reading(kind: &str, rule: &str, roles: &[Role]) -> journal::AccessSummary {
        let (first, last) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        let (email, roles) = (Some("ada@exemple.fr".to_owned()), roles.to_vec());
        journal::AccessSummary { kind: kind.into(), first, last, times: 1, email, roles, data: json!({ "rule": rule }) }
    }

    #[test]
    fn readers_are_named_by_the_rule_that_they_used() {
        let guest = ReaderIdentity::Guest("ada@exemple.fr".into());
        let staff = |roles: &[Role]| ReaderIdentity::Staff(roles.to_vec());
        for (kind, rule, roles, who) in [
            ("draft_read", "guest-reads", &[Role::Auditor][..], guest.clone()),
            ("deposit_read", "guest-deposits", &[Role::Officer], guest.clone()),
            ("piece_attached", "", &[Role::Expert], guest),
            ("deposit_read", "auditor-reads", &[], staff(&[Role::Auditor])),
            ("deposit_read", "auditor-reads", &[Role::Expert], staff(&[Role::Auditor])),
            ("deposit_read", "officer-reads", &[Role::SeniorOfficer, Role::Jury], staff(&[Role::SeniorOfficer])),
            ("emergency_asked", "", &[Role::Operator], staff(&[Role::Operator])),
            ("emergency_asked", "", &[], staff(&[])),
        ] {
            assert_eq!(ReaderIdentity::of(&reading(kind, rule, roles)), who, "{kind} {rule} {roles:?}");
        }
        let gone = journal::AccessSummary { email: None, ..reading("draft_read", "guest-reads", &[]) };
        assert_eq!(ReaderIdentity::of(&gone), ReaderIdentity::FormerGuest);
    }

    #[test]
    fn a_guest_given_several_times_is_one() {
        let at = |hours| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(hours);
        let one = |email: &str, parts: &[&str], ends, used: Option<i64>| Delegation {
            id: Uuid::now_v7(),
            dossier: DossierId(Uuid::nil()),
            given_by: AccountId(Uuid::nil()),
            email: email.into(),
            parts: parts.iter().map(|part| (part.parse().unwrap(), GrantedAction::Read)).collect(),
            note: String::new(),
            given_at: at(0),
            ends_at: at(ends),
            used_at: used.map(at),
        };
        let given = [
            one("a@b.fr", &["section:budget"], 9, None),
            one("c@d.fr", &["whole"], 1, None),
            one("a@b.fr", &["section:budget", "piece:P9"], 7, Some(2)),
            one("a@b.fr", &["whole"], 3, Some(1)),
        ];
        let guests = Guest::all(&given, at(5));
        let told = |guest: &Guest| guest.grants.iter().map(|one| format!("{} {}", one.part, one.until)).collect();
        let told: Vec<Vec<String>> = guests.iter().map(told).collect();
        let [ninth, seventh, first] = [at(9), at(7), at(1)];
        assert_eq!(
            told,
            [vec![format!("section:budget {ninth}"), format!("piece:P9 {seventh}")], vec![format!("whole {first}")]]
        );
        assert_eq!((guests[0].id, guests[0].used_at, guests[0].until), (given[0].id, Some(at(1)), at(9)));
    }
}
