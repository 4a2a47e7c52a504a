//! One's own passkeys, and the page that asks for one.

use super::shell::Shell;
use crate::domain::text::Text;
use askama::Template;

type Rendering = Result<String, askama::Error>;

/// A passkey in the list.
#[derive(Clone, Debug)]
pub struct PasskeyRow {
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub created: String,
    /// When it was last used.
    pub last_used: Option<String>,
}

/// The page of one's own passkeys.
#[derive(Clone, Copy, Debug)]
pub struct Passkeys<'a> {
    /// The passkeys, the oldest first.
    pub rows: &'a [PasskeyRow],
    /// Whether they can be used at this host.
    pub usable: bool,
    /// Where they can be, else.
    pub public_url: &'a str,
    /// Whether the person must have one.
    pub required: bool,
    /// Where to go on to, when the person was led here.
    pub next: Option<&'a str>,
    /// What was just done.
    pub notice: Option<&'a Text>,
}

impl Passkeys<'_> {
    fn led_here(&self) -> bool {
        self.required && self.rows.is_empty()
    }
    fn last_stays(&self) -> bool {
        self.required && self.rows.len() == 1
    }
}

#[derive(Template)]
#[template(path = "view/passkeys.html")]
struct PasskeysPage<'a> {
    s: &'a Shell<'a>,
    p: &'a Passkeys<'a>,
}

/// Lists one's own passkeys; adds, renames and removes.
pub fn passkeys(s: &Shell<'_>, p: &Passkeys<'_>) -> Rendering {
    PasskeysPage { s, p }.render()
}

/// The page that asks for a passkey.
#[derive(Clone, Copy, Debug)]
pub struct Confirm<'a> {
    /// Where to go on to.
    pub next: &'a str,
    /// The same, as the value of a query.
    pub next_encoded: &'a str,
    /// Whether the person has a passkey.
    pub has_one: bool,
    /// Whether they can be used at this host.
    pub usable: bool,
    /// Where they can be, else.
    pub public_url: &'a str,
}

#[derive(Template)]
#[template(path = "view/confirm.html")]
struct ConfirmPage<'a> {
    s: &'a Shell<'a>,
    p: &'a Confirm<'a>,
}

/// Asks the person at a session to show that it is still the same.
pub fn confirm(s: &Shell<'_>, p: &Confirm<'_>) -> Rendering {
    ConfirmPage { s, p }.render()
}
