//! Somebody's own account: where they are signed in, and the tokens of their programs.

use super::shell::Shell;
use crate::domain::{ids::SessionId, text::Text};
use askama::Template;
use uuid::Uuid;

/// The page of an account.
#[derive(Clone, Debug)]
pub struct AccountPage<'a> {
    /// What the person is, in words.
    pub roles: &'a [String],
    /// The account is suspended: it can be read, and left.
    pub suspended: bool,
    /// The person runs the service, or answers for the data.
    pub serves: bool,
    /// Where the person is signed in.
    pub sessions: &'a [SessionRow],
    /// The tokens of their programs.
    pub tokens: &'a [TokenRow],
    /// What a new token may be used for: the word and the name.
    pub actions: &'a [(&'static str, String)],
    /// A token that was just made, shown this once.
    pub made: Option<&'a str>,
    /// What was just done, or what is wrong.
    pub notice: Option<&'a Text>,
    /// The form for a token.
    pub form: &'a TokenForm,
}

/// The form for a token, as it was filled in.
#[derive(Clone, Debug, Default)]
pub struct TokenForm {
    pub label: String,
    /// For how many days.
    pub days: String,
    /// The words of what was ticked.
    pub ticked: Vec<String>,
    /// What is wrong, field by field: `label`, `actions` or `days`.
    pub wrong: Vec<(&'static str, Text)>,
    /// Sent twice, it makes one token.
    pub attempt: Uuid,
}

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub id: SessionId,
    /// What the browser says it is, shortened.
    pub agent: String,
    /// How it was opened, in words.
    pub by: &'static str,
    /// When it was opened, as shown.
    pub since: String,
    /// When it was used last, as shown.
    pub seen: String,
    /// It is the one that reads this page.
    pub this: bool,
}

/// A token, or one that was narrowed from it.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Its id in the address that revokes it.
    pub id: String,
    /// What its owner calls it; what its holder has added, for a narrowed one.
    pub label: String,
    /// What it is for, in words.
    pub actions: Vec<String>,
    /// The last instant, as shown.
    pub until: String,
    /// When it was used last, as shown.
    pub used: Option<String>,
    /// How many holders' blocks it has: none for the token itself.
    pub depth: u8,
    /// It is revoked.
    pub revoked: bool,
    /// Narrowed ones of it that are not shown.
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

/// Somebody's own account.
pub fn account(s: &Shell<'_>, page: &AccountPage<'_>) -> Result<String, askama::Error> {
    Account { s, p: page }.render()
}
