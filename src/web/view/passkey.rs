//! One's own passkeys, and the page that asks for one.

use super::shell::Shell;
use crate::domain::text::Text;
use askama::Template;

type Rendering = Result<String, askama::Error>;

/// A passkey in the list.
#[derive(Clone, Debug)]
pub struct PasskeyRow {
    pub id: String,
    /// The name given by its owner.
    pub name: String,
    /// When it was added.
    pub created: String,
    /// When it was last used.
    pub last_used: Option<String>,
}

/// The page of one's own passkeys.
#[derive(Clone, Copy, Debug)]
pub struct Passkeys<'a> {
    /// The passkeys, oldest first.
    pub rows: &'a [PasskeyRow],
    /// Whether passkeys can be used at this host.
    pub usable: bool,
    /// The address at which they can be used otherwise.
    pub public_url: &'a str,
    /// Whether the user must have one.
    pub required: bool,
    /// Where to go next, when the user was redirected here.
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

/// The list of one's own passkeys, with the forms to add, rename and remove.
pub fn passkeys(s: &Shell<'_>, p: &Passkeys<'_>) -> Rendering {
    PasskeysPage { s, p }.render()
}

/// The page that asks for a passkey.
#[derive(Clone, Copy, Debug)]
pub struct Confirm<'a> {
    /// Where to go next.
    pub next: &'a str,
    /// The same, percent-encoded.
    pub next_encoded: &'a str,
    /// Whether the user has a passkey.
    pub has_one: bool,
    /// Whether passkeys can be used at this host.
    pub usable: bool,
    /// The address at which they can be used otherwise.
    pub public_url: &'a str,
}

#[derive(Template)]
#[template(path = "view/confirm.html")]
struct ConfirmPage<'a> {
    s: &'a Shell<'a>,
    p: &'a Confirm<'a>,
}

/// Asks a signed-in user to confirm with a passkey.
pub fn confirm(s: &Shell<'_>, p: &Confirm<'_>) -> Rendering {
    ConfirmPage { s, p }.render()
}
