//! Addresses whose mails fail: marked by a mail server's reply or by a report on the delivery, shown to the operator, to
//! those who examine the owner's dossier and to the person, until a later mail is accepted.

use super::tag;
use crate::adapters::delivery_report::DeliveryReport;
use crate::app::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::{
        access::{Action, Target},
        delivery::DeliveryFailure,
        event::{Event, EventKind, SUBJECT},
        ids::AccountId,
    },
    store::{
        Connection, Freshness, account,
        failing_address::{self, FailingAddress},
        journal, outbox,
    },
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Addresses on the operator's page.
const MAX_LISTED: u32 = 200;
/// How long a user is told of a failure that has ended.
const NEWS_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportOutcome {
    /// The address is marked.
    Failed(DeliveryFailure),
    /// The mail was delivered; the address is not failing.
    Delivered,
    /// No mail of ours has such a tag, or its job was swept.
    UnknownMail,
    /// The report says nothing of a delivery or a failure, such as a delay.
    Nothing,
}

/// The operator's list.
#[derive(Clone, Debug)]
pub struct FailingAddresses {
    /// The latest first.
    pub addresses: Vec<FailingAddress>,
    /// Number of all of them.
    pub total: i64,
    /// Mails that wait to be sent.
    pub waiting: i64,
    /// Those of them that failed before.
    pub retried: i64,
}

impl App {
    /// Records what a report on the delivery of a mail says. Only a report with the tag of a mail counts; the address is
    /// that of the mail, whatever the report names.
    ///
    /// # Errors
    /// Store errors.
    pub async fn record_delivery_report(&self, report: &DeliveryReport) -> Result<ReportOutcome, AppError> {
        let Some(letter) = report.references.iter().find_map(|reference| tag::read(&self.keys, reference)) else {
            return Ok(ReportOutcome::UnknownMail);
        };
        let now = self.clock();
        let failure = report.status.and_then(DeliveryFailure::of_report);
        transaction!(self.store, db => {
            let Some(email) = outbox::recipient(db, letter).await? else { return Ok(ReportOutcome::UnknownMail) };
            match failure {
                Some(failure) => {
                    mark_failing(db, &email, failure, letter, now).await?;
                    Ok(ReportOutcome::Failed(failure))
                }
                None if report.status.is_some_and(|status| status.failure().is_none()) => {
                    mark_recovered(db, &email, letter, now).await?;
                    Ok(ReportOutcome::Delivered)
                }
                None => Ok(ReportOutcome::Nothing),
            }
        })
    }

    /// Returns the addresses that are failing and the mails that wait, for operators of the service.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for others, and store errors.
    pub async fn failing_addresses(&self, ctx: &Ctx) -> Result<FailingAddresses, AppError> {
        ctx.authorize(Action::OpsMaintain, &Target::Call)?;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let (addresses, total) = failing_address::list(&mut db, MAX_LISTED).await?;
        let (waiting, retried) = outbox::count_waiting(&mut db).await?;
        Ok(FailingAddresses { addresses, total, waiting, retried })
    }

    /// Returns the failure of the user's own address that they should be told of now.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`], and store errors.
    pub async fn own_mail_failure(&self, ctx: &Ctx) -> Result<Option<FailingAddress>, AppError> {
        let actor = ctx.actor_even_if_suspended()?;
        let Some(session) = actor.session else { return Ok(None) };
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        Ok(failing_address::to_tell(&mut db, actor.account.id, session, ctx.now - NEWS_LIFETIME).await?)
    }
}

/// Marks an address as failing, in a transaction of which this is the last step.
pub(in crate::app) async fn mark_failing(
    db: &mut Connection,
    email: &str,
    failure: DeliveryFailure,
    letter: Uuid,
    now: Timestamp,
) -> Result<(), AppError> {
    if !failing_address::record(db, email, failure, letter, now).await? {
        return Ok(());
    }
    let data = serde_json::json!({ "mail": letter, "kind": failure.kind.slug(), "status": failure.status.to_string() });
    append(db, EventKind::AddressFailed, email, data, now).await
}

/// Notes that a mail was accepted, in a transaction of which this is the last step.
pub(in crate::app) async fn mark_recovered(
    db: &mut Connection,
    email: &str,
    letter: Uuid,
    now: Timestamp,
) -> Result<(), AppError> {
    if !failing_address::recover(db, email, letter, now).await? {
        return Ok(());
    }
    append(db, EventKind::AddressRecovered, email, serde_json::json!({ "mail": letter }), now).await
}

/// The journal is permanent, so it has the id of the mail and of the account, and no address.
async fn append(
    db: &mut Connection,
    kind: EventKind,
    email: &str,
    mut data: serde_json::Value,
    now: Timestamp,
) -> Result<(), AppError> {
    let subject: Option<AccountId> = account::by_email(db, email).await?.map(|account| account.id);
    if let Some(subject) = subject {
        data[SUBJECT] = serde_json::json!(subject);
    }
    Ok(journal::append(db, &Event::of_portal(kind, now, data)).await?)
}
