//! Signing in by a link.

use super::shell::Shell;
use crate::domain::text::Text;
use askama::Template;

type Rendering = Result<String, askama::Error>;

/// The sign-in page.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignIn<'a> {
    /// The address, as typed.
    pub email: &'a str,
    /// The error in it.
    pub problem: Option<&'a Text>,
    /// Where to go next.
    pub next: &'a str,
    /// Whether passkeys can be used at this host.
    pub passkeys: bool,
    /// The name of the identity provider, if there is one.
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

/// Asks for an email address, or for a passkey.
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

/// The link has been sent; a demonstration links to its mailbox.
pub fn link_sent(s: &Shell<'_>, email: &str, mailbox: Option<&str>) -> Rendering {
    LinkSent { s, email, mailbox }.render()
}

/// The page of a sign-in link.
#[derive(Clone, Copy, Debug)]
pub struct LinkConfirm<'a> {
    /// The secret in the link.
    pub secret: &'a str,
    /// Where to go next.
    pub next: &'a str,
    /// The account that it opens, or a part of its address; `None` when the link is no longer valid.
    pub opens: Option<&'a str>,
    /// The address of another account that is signed in in this browser.
    pub other: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "view/link_confirm.html")]
struct LinkConfirmPage<'a> {
    s: &'a Shell<'a>,
    p: &'a LinkConfirm<'a>,
}

/// The page behind a sign-in link: opening it does nothing, its button signs in.
pub fn link_confirm(s: &Shell<'_>, p: &LinkConfirm<'_>) -> Rendering {
    LinkConfirmPage { s, p }.render()
}
