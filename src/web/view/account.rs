//! One's own account: active sessions, and API tokens.

use super::shell::Shell;
use crate::domain::{ids::SessionId, text::Text};
use askama::Template;
use uuid::Uuid;

/// The page of an account.
#[derive(Clone, Debug)]
pub struct AccountPage<'a> {
    /// The user's roles, as shown.
    pub roles: &'a [String],
    /// The account is suspended: it can be read, and left.
    pub suspended: bool,
    /// The user is an operator or the data protection officer.
    pub serves: bool,
    /// The user's active sessions.
    pub sessions: &'a [SessionRow],
    /// The user's API tokens.
    pub tokens: &'a [TokenRow],
    /// The actions that a new token may be used for: slug and name.
    pub actions: &'a [(&'static str, String)],
    /// A token that was just made, shown only once.
    pub made: Option<&'a str>,
    /// What was just done, or what is wrong.
    pub notice: Option<&'a Text>,
    pub form: &'a TokenForm,
}

/// The form for a token, as filled in.
#[derive(Clone, Debug, Default)]
pub struct TokenForm {
    pub label: String,
    /// Lifetime in days.
    pub days: String,
    /// The slugs of the ticked actions.
    pub ticked: Vec<String>,
    /// Errors by field: `label`, `actions` or `days`.
    pub wrong: Vec<(&'static str, Text)>,
    /// Attempt id: a form sent twice makes one token.
    pub attempt: Uuid,
}

/// A session of a browser.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub id: SessionId,
    /// The browser's `User-Agent`, shortened.
    pub agent: String,
    /// How the session was opened, in words.
    pub by: &'static str,
    /// When it was opened, as shown.
    pub since: String,
    /// When it was last used, as shown.
    pub seen: String,
    /// It is the current session.
    pub this: bool,
}

/// A token, or one narrowed from it.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Its id in the address that revokes it.
    pub id: String,
    /// The name given by its owner; for a narrowed token, what its holder added.
    pub label: String,
    /// Its actions, in words.
    pub actions: Vec<String>,
    /// Expiry, as shown.
    pub until: String,
    /// Last use, as shown.
    pub used: Option<String>,
    /// Number of attenuation blocks: zero for the token itself.
    pub depth: u8,
    pub revoked: bool,
    /// Number of its narrowed tokens that are not shown.
    pub others: i64,
}

#[derive(Template)]
#[template(path = "view/account.html")]
struct Account<'a> {
    s: &'a Shell<'a>,
    p: &'a AccountPage<'a>,
}

impl Account<'_> {
    fn problem(&self, field: &str) -> Option<&Text> {
        self.p.form.wrong.iter().find(|(wrong, _)| *wrong == field).map(|(_, words)| words)
    }

    fn ticked(&self, word: &str) -> bool {
        self.p.form.ticked.iter().any(|ticked| ticked == word)
    }
}

/// The account page.
pub fn account(s: &Shell<'_>, page: &AccountPage<'_>) -> Result<String, askama::Error> {
    Account { s, p: page }.render()
}
