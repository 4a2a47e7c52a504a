//! Closes an account: what is nobody else's goes, what was deposited stays without a way in.

use crate::app::{
    App, AppError, Ctx,
    delegation::INVITATION_WINDOW,
    dossier::delete::deletion_events,
    service::mail::{Concern, EmailMessage, Letter},
    transaction::transaction,
};
use crate::{
    domain::{
        access::{Role, Roles},
        calendar::{show_instant, with_zone},
        event::{Event, EventKind},
        ids::{AccountId, DossierId},
        receipt::digest,
        text::Text,
    },
    store::{
        Connection, Freshness, account, assignment, delegation,
        dossier::{self, OwnedKind},
        erasure, journal, outbox,
    },
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Why an account is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosingFault {
    /// The person works for the call or the service.
    Roles,
    /// The address that was typed is not that of the account.
    Address,
    /// The dossiers are not those that the page showed.
    Changed,
}

impl ClosingFault {
    /// Message for the user: what is wrong and what to do.
    pub fn message(self) -> Text {
        match self {
            Self::Roles => Text::new(
                "Une fonction vous est confiée : demandez d’abord à l’exploitant du portail de la retirer, pour que votre travail soit repris par quelqu’un.",
                "A function is assigned to you: first ask the operator of the portal to take it back, so that somebody takes over your work.",
            ),
            Self::Address => Text::new(
                "Cette adresse n’est pas celle de votre compte : écrivez-la telle qu’elle est en haut de cette page.",
                "This address is not that of your account: write it as it is at the top of this page.",
            ),
            Self::Changed => Text::new(
                "Vos dossiers ont changé depuis que cette page a été ouverte : relisez ce qui disparaît et ce qui reste.",
                "Your applications have changed since this page was opened: read again what goes and what stays.",
            ),
        }
    }
}

/// A dossier of an account that is to be closed.
#[derive(Clone, Debug)]
pub struct ClosingDossier {
    pub id: DossierId,
    /// Title of the project, empty if it has none.
    pub title: String,
    /// Number of the current receipt, if a deposit stands.
    pub receipt: Option<String>,
    /// People who hold a part of it.
    pub guests: u64,
}

/// Dossiers of one kind: the last changed ones by name, the others in numbers.
#[derive(Clone, Debug, Default)]
pub struct ClosingList {
    pub listed: Vec<ClosingDossier>,
    /// How many more there are.
    pub others: u64,
    /// How many accesses of other people to those end: whoever holds parts of two of them counts twice.
    pub accesses_to_others: u64,
}

impl ClosingList {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.others == 0
    }

    /// Whether other people lose access to one of them.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.accesses_to_others > 0 || self.listed.iter().any(|dossier| dossier.guests > 0)
    }
}

/// What becomes of an account's dossiers when it is closed.
#[derive(Clone, Debug, Default)]
pub struct ClosingSummary {
    /// Drafts that go.
    pub drafts: ClosingList,
    /// Dossiers that were deposited, and stay.
    pub kept: ClosingList,
    /// What identifies the dossiers: the account is closed only as long as they are the same.
    pub fingerprint: String,
}

/// Identifies the dossiers of an account, and which of them were deposited.
fn fingerprint(dossiers: &[(DossierId, u32)]) -> String {
    let listed: Vec<(DossierId, bool)> = dossiers.iter().map(|(id, versions)| (*id, *versions > 0)).collect();
    digest(&serde_json::json!(listed))
}

/// Whether the person has a function of the call or the service.
fn works_here(roles: &Roles) -> bool {
    roles.iter().any(|role| role != Role::Applicant)
}

impl App {
    /// Returns what would become of the actor's dossiers.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`], [`AppError::Suspended`], and store errors.
    pub async fn closing_summary(&self, ctx: &Ctx) -> Result<ClosingSummary, AppError> {
        let owner = ctx.account()?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let dossiers = erasure::dossiers(&mut db, owner).await?;
        let guests = delegation::guests_of_owner(&mut db, owner, ctx.now).await?.into_iter();
        let guests: HashMap<_, _> = guests.map(|(id, count)| (id, u64::try_from(count).unwrap_or(0))).collect();
        let fingerprint = fingerprint(&dossiers);
        let (kept, drafts): (Vec<_>, Vec<_>) = dossiers.into_iter().partition(|(_, versions)| *versions > 0);
        let drafts = self.closing_list(&mut db, owner, OwnedKind::NeverDeposited, &drafts, &guests).await?;
        let kept = self.closing_list(&mut db, owner, OwnedKind::Deposited, &kept, &guests).await?;
        Ok(ClosingSummary { drafts, kept, fingerprint })
    }

    /// Names the last changed of some dossiers of one kind, and counts the others.
    async fn closing_list(
        &self,
        db: &mut Connection,
        owner: AccountId,
        kind: OwnedKind,
        dossiers: &[(DossierId, u32)],
        guests: &HashMap<DossierId, u64>,
    ) -> Result<ClosingList, AppError> {
        let mut others: HashSet<DossierId> = dossiers.iter().map(|(id, _)| *id).collect();
        let mut list = ClosingList::default();
        for dossier in dossier::of_account(db, owner, kind).await?.0 {
            // What was begun or deposited meanwhile is not among them.
            if !others.remove(&dossier.id) {
                continue;
            }
            let call = self.call(&dossier.call).ok();
            let title = call.map_or("", |call| dossier.draft.text(&call.company.project)).to_owned();
            let guests = guests.get(&dossier.id).copied().unwrap_or(0);
            let receipt = dossier.deposit.map(|deposit| deposit.receipt);
            list.listed.push(ClosingDossier { id: dossier.id, title, receipt, guests });
        }
        list.others = others.len() as u64;
        list.accesses_to_others = others.iter().filter_map(|id| guests.get(id)).sum();
        Ok(list)
    }

    /// Why the actor's account cannot be closed at all.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`], [`AppError::Suspended`].
    pub fn closing_obstacle(&self, ctx: &Ctx) -> Result<Option<ClosingFault>, AppError> {
        Ok(works_here(&ctx.actor()?.account.roles).then_some(ClosingFault::Roles))
    }

    /// Closes the actor's account. `typed` is the address as typed to confirm, `shown` the fingerprint of the list that
    /// the page showed. A later sign-in with the same address opens a new account.
    ///
    /// # Errors
    /// [`AppError::Closing`] with all faults; [`AppError::Unconfirmed`]; [`AppError::Forbidden`] for programs; store
    /// errors.
    pub async fn close_account(&self, ctx: &Ctx, typed: &str, shown: &str) -> Result<(), AppError> {
        let actor = ctx.actor()?;
        if actor.session.is_none() {
            return Err(AppError::Forbidden);
        }
        let own = actor.account.clone();
        let same = self.account_address(typed).await.is_ok_and(|address| address == own.email);
        if same && actor.rights.unconfirmed(ctx.now) {
            return Err(AppError::Unconfirmed);
        }
        let call = self.call_of_host(ctx)?;
        let (own, now, job, due) = (&own, ctx.now, Uuid::now_v7(), self.clock());
        let at = with_zone(&show_instant(now, &call.time_zone()), &call.zone_name()).get(&ctx.lang).to_owned();
        let dossiers = transaction!(self.store, db => {
            // Dossiers before accounts, as whoever invites locks them.
            let dossiers = erasure::lock_dossiers(db, own.id).await?;
            account::lock(db, own.id).await?;
            let account = account::load(db, own.id).await?.filter(|account| account.email == own.email);
            let account = account.ok_or(AppError::SignInNeeded)?;
            if account.suspended {
                return Err(AppError::Suspended);
            }
            // What was begun between the two locks is in neither list.
            let current = erasure::dossiers(db, own.id).await?;
            let faults = [
                (works_here(&account.roles), ClosingFault::Roles),
                (!same, ClosingFault::Address),
                (fingerprint(&dossiers) != shown || current != dossiers, ClosingFault::Changed),
            ];
            let faults: Vec<_> = faults.into_iter().filter(|(holds, _)| *holds).map(|(_, fault)| fault).collect();
            if !faults.is_empty() {
                return Err(AppError::Closing(faults));
            }
            let ids = |kept| dossiers.iter().filter(move |(_, versions)| (*versions > 0) == kept).map(|(id, _)| *id);
            let (kept, drafts): (Vec<_>, Vec<_>) = (ids(true).collect(), ids(false).collect());
            let forget_at = now + INVITATION_WINDOW;
            let mut events = deletion_events(ctx, erasure::delete_drafts(db, &drafts, now, forget_at).await?)?;
            erasure::empty_drafts(db, &kept).await?;
            // A role that was taken back or has ended leaves its assignments. What the person declared of their interests
            // stays: it is a reason for what was decided, and ends nothing.
            let assignments = assignment::end_of_account(db, own.id, now).await?;
            for ended in &assignments {
                let data = serde_json::json!({ "assignment": ended.id, "expert": own.id });
                events.push(ctx.event(EventKind::ExpertReleased, Some(ended.dossier), data)?);
            }
            let invitations = erasure::end_invitations(db, own.id, &own.email, now, forget_at).await?;
            erasure::end_access(db, own.id, now).await?;
            erasure::close_account(db, own.id, now).await?;
            let message = EmailMessage {
                to: own.email.clone(),
                lang: ctx.lang,
                about: Concern::contact_of(Some(call)),
                letter: Letter::AccountClosed { at: at.clone(), kept: kept.len() },
            };
            outbox::enqueue_mail(db, job, &message, due).await?;
            let data = serde_json::json!({
                "drafts": drafts.len(), "kept": kept.len(), "invitations": invitations, "assignments": assignments.len(),
            });
            events.push(Event::on_account(EventKind::AccountClosed, now, Some(own.id), own.id, data));
            journal::append_all(db, &events).await?;
            Ok(dossiers)
        })?;
        self.sessions.forget();
        self.outbox_notify.notify_one();
        self.end_uploads_of(own.id).await;
        // Nobody has access to those that stay either.
        let dossiers: Vec<DossierId> = dossiers.into_iter().map(|(id, _)| id).collect();
        self.end_uploads_to(&dossiers).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_another_one_once_a_draft_comes_goes_or_is_deposited() {
        let id = |number| DossierId(Uuid::from_u128(number));
        let shown = fingerprint(&[(id(1), 0), (id(2), 1)]);
        assert_eq!(
            shown,
            fingerprint(&[(id(1), 0), (id(2), 3)]),
            "another version changes nothing of what becomes of it"
        );
        for other in [&[(id(1), 0)][..], &[(id(1), 1), (id(2), 1)], &[(id(1), 0), (id(2), 1), (id(3), 0)], &[]] {
            assert_ne!(shown, fingerprint(other));
        }
    }

    #[test]
    fn who_works_for_the_call_or_the_service_hands_that_back_first() {
        assert!(!works_here(&Roles::from_granted([])) && !works_here(&Roles::from_granted([Role::Applicant])));
        assert!(works_here(&Roles::from_granted([Role::Applicant, Role::Expert])));
    }
}
