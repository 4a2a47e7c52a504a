//! Why somebody may do something, or not: the decision itself, told in words.

use super::{App, AppError, context::relations};
use crate::{
    auth::{Channel, Denied, Keys, RULES, Rights, Rule, SessionToken, Standing, read, rules_for},
    domain::{
        access::{Action, Amr, Part, Relations, Target},
        ids::{DossierId, SessionId},
        text::Text,
    },
    store::{Freshness, account, dossier},
};
use jiff::SignedDuration;
use std::sync::Arc;
use uuid::Uuid;

/// A decision in words.
pub struct Explanation {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Slug of the rule that decided.
    pub rule: &'static str,
    /// That rule in words.
    pub words: Text,
    /// The block of the token that refuses what the rule would allow.
    pub block: Option<u32>,
    /// Rules that can allow the action to somebody.
    pub allowing: Vec<&'static Rule>,
}

impl App {
    /// Asks the policy as if somebody did it now in a browser, having just confirmed with a passkey.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such account or dossier; the store's.
    pub async fn explain(
        &self,
        email: &str,
        action: Action,
        target: Option<(DossierId, Part)>,
        amr: Amr,
    ) -> Result<Explanation, AppError> {
        let now = self.clock();
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let account = account::by_email(&mut db, &email.trim().to_lowercase()).await?.ok_or(AppError::NotFound)?;
        let target = match target {
            None => Target::Call,
            Some((id, part)) => {
                let row = dossier::load(&mut db, id).await?.ok_or(AppError::NotFound)?;
                let relations = if row.owner() == account.id {
                    Relations::default()
                } else {
                    relations(&mut db, id, &account, now).await?
                };
                Target::Dossier(crate::domain::access::About { part, ..row.about(relations) })
            }
        };
        drop(db);
        let standing = Standing { confirmed_until: Some(now), ..self.standing(&account) };
        let keys = Keys::ephemeral()?;
        let ends = now + SignedDuration::from_mins(1);
        let session = SessionId(Uuid::now_v7());
        let token = SessionToken { session, account: account.id, roles: &account.roles, amr, ends }.mint(&keys, now)?;
        let rights = Rights::new(Arc::new(read(&keys, &token, Channel::Browser, now)?), Channel::Browser, standing);
        let (allowed, rule, block) = match rights.may(action, &target, now) {
            Ok(permit) => (true, permit.rule, None),
            Err(Denied::Rule(rule)) => (false, rule, None),
            Err(Denied::Token { rule, block }) => (false, rule, Some(block)),
            Err(Denied::Overrun) => return Err(AppError::Overloaded),
        };
        let words = RULES.iter().find(|one| one.slug == rule).map_or_else(|| Text::new("", ""), Rule::words);
        Ok(Explanation { allowed, rule, words, block, allowing: rules_for(action) })
    }
}
