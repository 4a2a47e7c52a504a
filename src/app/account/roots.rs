//! Root keys of tokens: every process uses the same ones, and an operator adds new ones and drops compromised ones.

use crate::app::{App, AppError, Ctx, transaction::transaction};
use crate::{
    auth::{Root, RootKind, RootRecord, RootState, ServiceToken, TokenError},
    domain::{
        access::{Action, Target},
        event::{Event, EventKind},
    },
    store::{Connection, Freshness, api_token, journal, token_root},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;

/// Interval between two reads of the roots.
const REFRESH_INTERVAL: Duration = Duration::from_secs(2);
/// Timeout of a read.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a new root is published before it signs: twice as long as verifiers may cache the list.
const ROOT_ANNOUNCEMENT: SignedDuration = SignedDuration::from_mins(10);
/// Lifetime of a token for another service.
const SERVICE_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// How long verifiers may cache a list of revoked tokens.
const REVOCATION_LIST_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// A root and its state, for display.
pub struct KeyLine {
    pub root: Root,
    pub state: RootState,
    /// End of its verification period, if known.
    pub until: Option<Timestamp>,
    /// True if this machine has its private key.
    pub here: bool,
}

/// A public key as other services read it: an item of `/.well-known/biscuit-web-keys` (Biscuit specification).
#[derive(Debug, Serialize)]
pub struct WebKey {
    algorithm: &'static str,
    key_bytes: String,
    key_id: u32,
    issuer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

/// Revoked tokens whose signatures are still valid, for services that verify on their own.
#[derive(Debug, Serialize)]
pub struct Revoked {
    pub issued_at: Timestamp,
    /// End of the list's validity.
    pub expires_at: Timestamp,
    /// Ids of API tokens: the fact `token` of their first block.
    pub tokens: Vec<String>,
    /// First 32 bytes of revocation ids of blocks, hexadecimal.
    pub blocks: Vec<String>,
}

impl App {
    /// Records the initial roots of this machine; recorded ones stay. If all roots of a kind were dropped, a new one is
    /// created, because otherwise nobody could sign in.
    pub async fn register_roots(&self) -> Result<(), AppError> {
        let first: Vec<RootRecord> = self.keys.roots().iter().map(Root::record).collect();
        let (first, now) = (&first, self.clock());
        transaction!(self.store, db => {
            for root in first.iter().filter(|root| root.kid == root.kind.first()) {
                token_root::insert(db, root, now).await?;
            }
            for &kind in RootKind::ALL {
                self.succeed(db, kind, now).await?;
            }
            Ok(())
        })?;
        self.read_roots().await?;
        let roots = self.keys.roots();
        match RootKind::ALL.iter().copied().find(|kind| roots.signing(*kind, now).is_none()) {
            // Signing with other keys would create tokens that other processes refuse.
            Some(kind) => Err(TokenError::no_root(&roots, kind).into()),
            None => Ok(()),
        }
    }

    /// Creates a root that signs at once if no root of a kind does, wherever the private keys are.
    async fn succeed(&self, db: &mut Connection, kind: RootKind, now: Timestamp) -> Result<Option<u32>, AppError> {
        // Waits for any concurrent creation.
        let kid = token_root::next(db).await?;
        let signs = |root: &RootRecord| root.kind == kind && root.dropped_at.is_none() && root.signs_at <= now;
        if token_root::all(db).await?.iter().any(signs) {
            return Ok(None);
        }
        self.make_root(db, kind, kid, now, now).await?;
        Ok(Some(kid))
    }

    async fn make_root(
        &self,
        db: &mut Connection,
        kind: RootKind,
        kid: u32,
        signs_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let public_key = self.keys.make_root(kind, kid)?;
        token_root::insert(db, &RootRecord { kid, kind, public_key, signs_at, dropped_at: None }, now).await?;
        let data = serde_json::json!({ "kid": kid, "kind": kind.slug(), "signs_at": signs_at });
        journal::append(db, &Event::of_portal(EventKind::RootMade, now, data)).await?;
        Ok(())
    }

    async fn read_roots(&self) -> Result<(), AppError> {
        let records = {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            token_root::all(&mut db).await?
        };
        Ok(self.keys.adopt(&records)?)
    }

    /// Reads the roots periodically, until the future is dropped.
    pub async fn watch_roots(&self) {
        loop {
            // While the database is unreachable, the last roots stay in use; other parts report the outage.
            if let Ok(Err(error)) = timeout(REFRESH_TIMEOUT, self.read_roots()).await
                && matches!(error, AppError::Keys(_))
            {
                tracing::error!(error = &error as &dyn std::error::Error, "roots.not_read");
            }
            tokio::time::sleep(REFRESH_INTERVAL).await;
        }
    }

    /// Returns all roots, for display.
    pub async fn key_lines(&self) -> Result<Vec<KeyLine>, AppError> {
        self.read_roots().await?;
        let (roots, now) = (self.keys.roots(), self.clock());
        let line = |root: &Root| {
            let (state, until) = roots.state(root, now);
            KeyLine { root: root.clone(), state, until, here: root.pair.is_some() }
        };
        Ok(roots.iter().map(line).collect())
    }

    /// Creates a new root of a kind. It is published at once and signs after ten minutes, or at once in an emergency.
    pub async fn rotate(&self, kind: RootKind, at_once: bool) -> Result<u32, AppError> {
        self.read_roots().await?;
        let now = self.clock();
        let signs_at = if at_once { now } else { now + ROOT_ANNOUNCEMENT };
        let kid = transaction!(self.store, db => {
            let kid = token_root::next(db).await?;
            self.make_root(db, kind, kid, signs_at, now).await?;
            Ok(kid)
        })?;
        self.read_roots().await?;
        Ok(kid)
    }

    /// Drops a root: every process refuses its tokens within seconds. If no other root of its kind signs, a new one is
    /// created that signs at once, and its id is returned.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none such; store and key errors.
    pub async fn drop_root(&self, kid: u32) -> Result<Option<u32>, AppError> {
        let now = self.clock();
        let successor = transaction!(self.store, db => {
            let Some(kind) = token_root::drop(db, kid, now).await? else {
                return Err(AppError::NotFound);
            };
            let data = serde_json::json!({ "kid": kid });
            journal::append(db, &Event::of_portal(EventKind::RootDropped, now, data)).await?;
            self.succeed(db, kind, now).await
        })?;
        self.read_roots().await?;
        Ok(successor)
    }

    /// Returns the public keys that other services verify with.
    pub fn web_keys(&self, now: Timestamp) -> Vec<WebKey> {
        let roots = self.keys.roots();
        let told = roots.iter().filter_map(|root| {
            let (state, until) = roots.state(root, now);
            (state != RootState::Gone).then(|| WebKey {
                algorithm: "ed25519",
                key_bytes: hex::encode(root.public.to_bytes()),
                key_id: root.kid,
                issuer: self.config.portal.public_url.clone(),
                expires_at: until.map(|until| until.to_string()),
            })
        });
        told.collect()
    }

    /// Returns what is revoked and has not yet expired.
    pub async fn revoked(&self, now: Timestamp) -> Result<Revoked, AppError> {
        let mut db = self.store.read(Freshness::MayLag).await?;
        let (tokens, blocks) = api_token::revoked(&mut db, now).await?;
        Ok(Revoked {
            issued_at: now,
            expires_at: now + REVOCATION_LIST_LIFETIME,
            tokens: tokens.iter().map(ToString::to_string).collect(),
            blocks: blocks.iter().map(hex::encode).collect(),
        })
    }

    /// Creates a token that identifies the actor to another service for five minutes. It grants no more than the
    /// actor's token and does not outlive it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] when the actor's token was attenuated to something else, or to a period whose end cannot
    /// be determined; signing errors.
    pub fn service_token(&self, ctx: &Ctx, audience: &str) -> Result<(String, Timestamp), AppError> {
        ctx.authorize(Action::ServiceToken, &Target::Call)?;
        let actor = ctx.actor()?;
        let (account, bearer) = (&actor.account, actor.rights.bearer());
        if bearer.until.unclear {
            return Err(AppError::Forbidden);
        }
        let (roles, ends) = (account.roles.among(&bearer.roles), bearer.last().min(ctx.now + SERVICE_TOKEN_LIFETIME));
        let token = ServiceToken { account: account.id, roles: &roles, audience, ends }.mint(&self.keys, ctx.now)?;
        tracing::info!(account = %account.id, audience, "service_token.made");
        Ok((token, ends))
    }
}
