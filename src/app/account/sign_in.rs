//! Sign-in by single-use link, and sign-out.

use crate::app::{
    App, AppError, Ctx,
    service::mail::{Concern, EmailMessage, Letter},
    transaction::transaction,
};
use crate::{
    auth,
    domain::{
        access::Amr,
        call::Call,
        ids::{AccountId, SessionId},
    },
    store::{
        Freshness,
        account::{self, Account},
        login, outbox,
    },
};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;
use uuid::Uuid;

const LINK_LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// Maximum number of links that one address may request within [`LINK_LIFETIME`].
const LINKS_AT_MOST: i64 = 5;

/// A new session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The token for the cookie.
    pub token: String,
    /// End of the session.
    pub ends: Timestamp,
    pub account: Account,
}

/// What a sign-in link is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It opens a session for this address. Its page shows the address, because an attacker could send their own link to
    /// a victim, who would then enter data into the attacker's account.
    Valid { email: String },
    /// It has opened the very session of this browser: pressed once more, it leads on.
    OpenedThisSession,
    /// It was used, has expired or never existed. The address is known for a day.
    Spent { email: Option<String> },
}

impl App {
    /// Sends a link to an address. The response is the same whether or not the address has an account.
    ///
    /// # Errors
    /// [`AppError::NotAnAddress`], [`AppError::TooManyLinks`], and store errors.
    pub async fn ask_link(&self, ctx: &Ctx, email: &str, next: &str) -> Result<String, AppError> {
        let email = self.account_address(email).await?;
        if !self.link_requests.admits(ctx.client, std::time::Instant::now()) {
            return Err(AppError::TooManyLinks);
        }
        let secret = auth::link_secret()?;
        let hash = auth::link_hash(&secret);
        let prefix = ctx.lang.tr("", "/en");
        let link = format!("{}{prefix}/sign-in/{secret}?next={}", self.origin(ctx), encode(next));
        let about = match self.call_asked_for(ctx, next) {
            Some(call) => Concern::of_call(call, ctx.lang),
            None => Concern::contact_of(self.calls.first().map(Arc::as_ref)),
        };
        let message = EmailMessage { to: email.clone(), lang: ctx.lang, about, letter: Letter::SignIn { link } };
        let (job, due) = (Uuid::now_v7(), self.clock());
        let (now, address) = (ctx.now, email.as_str());
        transaction!(self.store, db => {
            login::take_turn(db, address).await?;
            if login::asked_since(db, address, now - LINK_LIFETIME).await? >= LINKS_AT_MOST {
                return Err(AppError::TooManyLinks);
            }
            login::insert(db, &hash, address, now, now + LINK_LIFETIME).await?;
            outbox::enqueue_mail(db, job, &message, due).await?;
            Ok(())
        })?;
        self.outbox_notify.notify_one();
        Ok(email)
    }

    /// The call from whose pages a user came to sign in, if it can be told: that of the host or of the page that follows,
    /// or the only one.
    fn call_asked_for(&self, ctx: &Ctx, next: &str) -> Option<&Call> {
        let of_host = ctx.site.as_ref().map(|site| site.call.as_str());
        let of_page =
            next.trim_start_matches("/en").strip_prefix("/calls/").and_then(|rest| rest.split(['/', '?']).next());
        let only = match &self.calls[..] {
            [only] => Some(only.id.as_str()),
            _ => None,
        };
        self.call(of_host.or(of_page).or(only)?).ok().map(Arc::as_ref)
    }

    /// Returns what a link is good for in this browser, without consuming it.
    pub async fn link_state(&self, ctx: &Ctx, secret: &str) -> Result<LinkState, AppError> {
        let mut db = self.store.read(Freshness::OwnWrites).await?;
        let link = login::find(&mut db, &auth::link_hash(secret), ctx.now).await?;
        let own = self.own_session(ctx);
        Ok(match link {
            Some(link) if link.valid => LinkState::Valid { email: link.email },
            Some(link) if own.is_some() && link.session == own => LinkState::OpenedThisSession,
            link => LinkState::Spent { email: link.map(|link| link.email) },
        })
    }

    /// Returns the value that the requesting browser stores, so that it is recognised when the link is opened.
    pub fn asked_mark(&self, email: &str) -> String {
        auth::form_token(&self.keys, &format!("asked {email}"))
    }

    /// Whether the value matches.
    #[must_use]
    pub fn asked_here(&self, email: &str, mark: &str) -> bool {
        auth::is_form_token_valid(&self.keys, &format!("asked {email}"), mark)
    }

    /// Consumes a link and opens a session. The first sign-in of an address creates its account.
    ///
    /// # Errors
    /// [`AppError::LinkSpent`], and store errors.
    pub async fn use_link(&self, ctx: &Ctx, secret: &str) -> Result<SignedIn, AppError> {
        let hash = auth::link_hash(secret);
        let (session, new_account) = (SessionId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
        let (now, lang) = (ctx.now, ctx.lang);
        transaction!(self.store, db => {
            let email = login::consume(db, &hash, session, now).await?.ok_or(AppError::LinkSpent)?;
            let account = account::ensure(db, new_account, &email, lang, now).await?;
            self.open_session(db, ctx, session, &account, Amr::Email).await
        })
    }

    pub async fn sign_out(&self, ctx: &Ctx) -> Result<(), AppError> {
        let Some(session) = self.own_session(ctx) else { return Ok(()) };
        match self.end_sessions(ctx, Some(session)).await {
            // Ended already, elsewhere.
            Err(AppError::NotFound) => Ok(()),
            ended => ended,
        }
    }
}

/// Characters that are not encoded when a path is the value of a query parameter.
const PATH_IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/');

/// Percent-encodes a path for a query.
pub fn encode(path: &str) -> String {
    utf8_percent_encode(path, PATH_IN_QUERY).to_string()
}
