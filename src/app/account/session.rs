//! Authentication: from a token to a user. The signature is verified once, the row every two seconds. A browser's token
//! is valid for 15 minutes and is renewed while its session is valid, so that it does not outlive a revoked role and
//! nobody is signed out while typing.

mod cache;

pub(in crate::app) use cache::Cache;

use crate::app::{Actor, App, AppError, Ctx, SignedIn, transaction::transaction};
use crate::{
    auth::{self, AccountFacts, Bearer, BearerKind, Channel, Refusal, Rights, SessionToken},
    config::Passkeys,
    domain::{
        access::{Amr, Roles},
        event::{Event, EventKind},
        ids::{AccountId, SessionId},
    },
    store::{
        Connection, Freshness,
        account::Account,
        api_token, journal, narrowed,
        session::{self, Opening},
    },
};
use cache::Entry;
use jiff::{SignedDuration, Timestamp};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use uuid::Uuid;

/// Lifetime of a browser's token.
pub(in crate::app) const BROWSER_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// Maximum idle time of a session.
const SESSION_IDLE_TIMEOUT: SignedDuration = SignedDuration::from_hours(2);
/// Maximum duration of a session.
const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(12);
/// Maximum duration of a staff member's session.
const STAFF_SESSION: SignedDuration = SignedDuration::from_hours(8);
/// How long a passkey confirmation is valid for irreversible actions.
const CONFIRMATION_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// Timeout for recording the use of a session.
const LAST_USE_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum number of attenuated tokens per token whose first use is journalled.
const MAX_JOURNALLED_NARROWED_TOKENS: u32 = 100;
/// Interval between two records of the use of a program's token.
const LAST_USE_INTERVAL: Duration = Duration::from_secs(60);

/// An authenticated actor, and the token that the browser should store from now on.
pub struct Authentication {
    pub actor: Actor,
    /// A fresh token and the end of its session, if the presented token is about to expire.
    pub renewed: Option<(String, Timestamp)>,
}

impl App {
    /// Authenticates a token. Returns `None` if it is not, or no longer, valid.
    ///
    /// # Errors
    /// Store errors: an unknown answer is not "nobody".
    pub async fn authenticate(
        &self,
        text: &str,
        channel: Channel,
        now: Timestamp,
    ) -> Result<Option<Authentication>, AppError> {
        let key = (channel, text.to_owned());
        let before = self.sessions.get(&key);
        if let Some(entry) = before.as_ref().filter(|entry| entry.stands(now)) {
            return Ok(entry.known(now));
        }
        let bearer = match auth::read(&self.keys, text, channel, now) {
            Ok(bearer) => Arc::new(bearer),
            Err(error) => match error.refusal() {
                Some(why) => {
                    self.refusals.note(channel, why, None);
                    return Ok(None);
                }
                None => return Err(error.into()),
            },
        };
        let entry = match bearer.kind {
            BearerKind::Session(id) => self.browser(bearer, id, now).await?,
            BearerKind::Api(id) => self.program(bearer, id, before, now).await?,
        };
        let Some(entry) = entry else { return Ok(None) };
        let known = entry.known(now);
        self.sessions.put(key, entry);
        Ok(known)
    }

    async fn browser(&self, bearer: Arc<Bearer>, id: SessionId, now: Timestamp) -> Result<Option<Entry>, AppError> {
        let live = {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            session::live(&mut db, id, now, now - SESSION_IDLE_TIMEOUT).await?
        };
        let Some(live) = live else { return Ok(None) };
        let (mut bearer, mut renewed) = (bearer, None);
        if now >= bearer.ends - BROWSER_TOKEN_LIFETIME / 2 && bearer.ends < live.ends {
            let ends = live.ends.min(now + BROWSER_TOKEN_LIFETIME);
            let (account, roles) = (live.account.id, &live.account.roles);
            let token = SessionToken { session: id, account, roles, amr: live.amr, ends }.mint(&self.keys, now)?;
            bearer = Arc::new(auth::read(&self.keys, &token, Channel::Browser, now)?);
            // Pages must stay available while nothing can be written; the use is then not recorded.
            let noted =
                timeout(LAST_USE_TIMEOUT, async { session::seen(&mut *self.store.write().await?, id, now).await });
            if !matches!(noted.await, Ok(Ok(()))) {
                tracing::warn!("session.not_noted");
            }
            renewed = Some(token);
        }
        let account_facts = AccountFacts {
            stepped_up: live.stepped_up_at.is_some(),
            confirmed_until: live.stepped_up_at.map(|at| at + CONFIRMATION_LIFETIME),
            has_passkey: live.has_passkey && self.relying_party.is_some(),
            ..self.account_facts(&live.account)
        };
        let rights = Rights::new(bearer, Channel::Browser, account_facts);
        let checked = Instant::now();
        Ok(Some(Entry { rights, account: live.account, ends: Some(live.ends), renewed, checked, noted: checked }))
    }

    async fn program(
        &self,
        bearer: Arc<Bearer>,
        id: Uuid,
        before: Option<Entry>,
        now: Timestamp,
    ) -> Result<Option<Entry>, AppError> {
        let Some(mut entry) = self.live_program(bearer, id, now).await? else { return Ok(None) };
        match before.map(|entry| entry.noted).filter(|noted| noted.elapsed() < LAST_USE_INTERVAL) {
            Some(noted) => entry.noted = noted,
            None => {
                if let Err(error) = self.note_use(entry.rights.bearer(), id, entry.account.id, now).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "token.use_not_noted");
                }
            }
        }
        Ok(Some(entry))
    }

    async fn live_program(&self, bearer: Arc<Bearer>, id: Uuid, now: Timestamp) -> Result<Option<Entry>, AppError> {
        if bearer.over(now) {
            self.refusals.note(Channel::Api, Refusal::Expired, Some(id));
            return Ok(None);
        }
        let narrowed: Vec<[u8; 32]> = bearer.attenuations.iter().map(|block| block.revocation_id).collect();
        let account = {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            api_token::live(&mut db, id, &narrowed).await?
        };
        let Some(account) = account else {
            self.refusals.note(Channel::Api, Refusal::Revoked, Some(id));
            return Ok(None);
        };
        let checked = Instant::now();
        let account_facts = self.account_facts(&account);
        let rights = Rights::new(bearer, Channel::Api, account_facts);
        Ok(Some(Entry { rights, account, ends: None, renewed: None, checked, noted: checked }))
    }

    /// Authenticates the same request again once its upload is complete. It is then evaluated at this instant, and rights
    /// that were revoked meanwhile are gone.
    pub(in crate::app) async fn reauthenticate(&self, ctx: &Ctx) -> Result<Ctx, AppError> {
        let now = ctx.clock.now();
        let bearer = ctx.actor_even_if_suspended()?.rights.shared_bearer();
        let entry = match bearer.kind {
            BearerKind::Session(id) => self.browser(bearer, id, now).await?,
            BearerKind::Api(id) => self.live_program(bearer, id, now).await?,
        };
        let known = entry.and_then(|entry| entry.known(now)).ok_or(AppError::SignInNeeded)?;
        Ok(Ctx { now, actor: Some(known.actor), ..ctx.clone() })
    }

    /// Records the use of a token, and journals each new block that a holder appended. Holders can create any number of
    /// attenuated tokens, and the journal is permanent; so it records only the first ones of each token.
    async fn note_use(&self, bearer: &Bearer, id: Uuid, owner: AccountId, now: Timestamp) -> Result<(), AppError> {
        let checks = |text: &str| text.trim().chars().take(2000).collect();
        let blocks = bearer.attenuations.iter();
        let chain: Vec<([u8; 32], String)> = blocks.map(|block| (block.revocation_id, checks(&block.checks))).collect();
        let chain = &chain;
        transaction!(self.store, db => {
            let (new, seen) = narrowed::used(db, id, chain, now).await?;
            let told = new.iter().filter(|_| seen <= MAX_JOURNALLED_NARROWED_TOKENS);
            let told = told.map(|block| {
                let data = serde_json::json!({ "token": id, "block": hex::encode(block) });
                Event { kind: EventKind::TokenNarrowed, at: now, actor: Some(owner), dossier: None, data }
            });
            Ok(journal::append_all(db, &told.collect::<Vec<_>>()).await?)
        })
    }

    /// Returns what is known of an account, independent of its sessions.
    pub(in crate::app) fn account_facts(&self, account: &Account) -> AccountFacts {
        AccountFacts {
            account: account.id,
            roles: account.roles.clone(),
            suspended: account.suspended,
            confirmed_until: None,
            stepped_up: false,
            has_passkey: false,
            passkeys_required: self.config.portal.passkeys == Passkeys::Required,
        }
    }

    /// Opens a session in a transaction. Every sign-in gets a new one, so that a token planted earlier is worthless
    /// (session fixation).
    pub(in crate::app) async fn open_session(
        &self,
        db: &mut Connection,
        ctx: &Ctx,
        id: SessionId,
        account: &Account,
        amr: Amr,
    ) -> Result<SignedIn, AppError> {
        let (now, ends) = (ctx.now, ctx.now + lasts(&account.roles));
        session::open(db, &Opening { id, account: account.id, amr, agent: &ctx.agent, now, ends }).await?;
        let data = serde_json::json!({ "amr": amr.slug() });
        journal::append(
            db,
            &Event { kind: EventKind::SignedIn, at: now, actor: Some(account.id), dossier: None, data },
        )
        .await?;
        let token = SessionToken {
            session: id,
            account: account.id,
            roles: &account.roles,
            amr,
            ends: ends.min(now + BROWSER_TOKEN_LIFETIME),
        };
        Ok(SignedIn { token: token.mint(&self.keys, now)?, ends, account: account.clone() })
    }

    /// Records that the user of a session has confirmed with a passkey. A new token is issued, so that no process
    /// answers from a cached state of the session.
    pub(in crate::app) async fn step_up(&self, ctx: &Ctx) -> Result<SignedIn, AppError> {
        let (who, now) = (ctx.account()?, ctx.now);
        let id = ctx.actor()?.session.ok_or(AppError::SignInNeeded)?;
        transaction!(self.store, db => {
            let live = session::live(db, id, now, now - SESSION_IDLE_TIMEOUT).await?.ok_or(AppError::SignInNeeded)?;
            session::stepped_up(db, id, now).await?;
            let data = serde_json::json!({});
            ctx.journal(db, EventKind::SteppedUp, None, data).await?;
            let (roles, amr, ends) = (&live.account.roles, live.amr, live.ends.min(now + BROWSER_TOKEN_LIFETIME));
            let token = SessionToken { session: id, account: who, roles, amr, ends }.mint(&self.keys, now)?;
            Ok(SignedIn { token, ends: live.ends, account: live.account })
        })
    }

    /// Returns the active sessions of the actor.
    ///
    /// # Errors
    /// [`AppError::SignInNeeded`], and store errors.
    pub async fn sessions(&self, ctx: &Ctx) -> Result<Vec<session::Listed>, AppError> {
        let account = ctx.actor_even_if_suspended()?.account.id;
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        Ok(session::of_account(&mut db, account, ctx.now, ctx.now - SESSION_IDLE_TIMEOUT).await?)
    }

    /// Ends one session of the actor, or all of them.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such session; store errors.
    pub async fn end_sessions(&self, ctx: &Ctx, which: Option<SessionId>) -> Result<(), AppError> {
        let (who, now) = (ctx.actor_even_if_suspended()?.account.id, ctx.now);
        transaction!(self.store, db => {
            let ended = match which {
                Some(id) => u64::from(session::end(db, who, id, now).await?),
                None => session::end_all(db, who, now).await?,
            };
            if ended == 0 {
                return Err(AppError::NotFound);
            }
            let data = serde_json::json!({ "sessions": ended });
            // A suspended account can sign out too.
            let event = Event { kind: EventKind::SignedOut, at: now, actor: Some(who), dossier: None, data };
            journal::append(db, &event).await?;
            Ok(())
        })?;
        self.sessions.forget();
        Ok(())
    }
}

fn lasts(roles: &Roles) -> SignedDuration {
    if roles.staff() { STAFF_SESSION } else { SESSION_LIFETIME }
}
