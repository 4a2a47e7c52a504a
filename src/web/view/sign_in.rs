//! Signing in by a link.

use super::shell::Shell;
use crate::domain::text::Text;
use askama::Template;

type Rendering = Result<String, askama::Error>;

/// The page where one signs in.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignIn<'a> {
    /// What was typed.
    pub email: &'a str,
    /// What is wrong with it.
    pub problem: Option<&'a Text>,
    /// Where to go on to.
    pub next: &'a str,
    /// Whether passkeys can be used at this host.
    pub passkeys: bool,
    /// What people call the identity provider, where there is one.
    pub provider: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "view/sign_in.html")]
struct SignInPage<'a> {
    s: &'a Shell<'a>,
    p: &'a SignIn<'a>,
}

impl SignInPage<'_> {
    fn next_encoded(&self) -> String {
        crate::app::encode(self.p.next)
    }
}

/// Asks for an address, or for a passkey.
pub fn sign_in(s: &Shell<'_>, p: &SignIn<'_>) -> Rendering {
    SignInPage { s, p }.render()
}

#[derive(Template)]
#[template(path = "view/link_sent.html")]
struct LinkSent<'a> {
    s: &'a Shell<'a>,
    email: &'a str,
    mailbox: Option<&'a str>,
}

/// The link has been sent; a demonstration shows its mailbox.
pub fn link_sent(s: &Shell<'_>, email: &str, mailbox: Option<&str>) -> Rendering {
    LinkSent { s, email, mailbox }.render()
}

/// The page of a link.
#[derive(Clone, Copy, Debug)]
pub struct LinkConfirm<'a> {
    /// What the link carries.
    pub secret: &'a str,
    /// Where to go on to.
    pub next: &'a str,
    /// Whose account it opens, or a part of the address; none when the link holds no more.
    pub opens: Option<&'a str>,
    /// As whom somebody else is signed in here.
    pub other: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "view/link_confirm.html")]
struct LinkConfirmPage<'a> {
    s: &'a Shell<'a>,
    p: &'a LinkConfirm<'a>,
}

/// The link was followed: opening it does nothing, its button signs in.
pub fn link_confirm(s: &Shell<'_>, p: &LinkConfirm<'_>) -> Rendering {
    LinkConfirmPage { s, p }.render()
}
