//! Signing in by a link.

use super::shell::Shell;
use crate::domain::text::Text;
use askama::Template;

type Page = Result<String, askama::Error>;

#[derive(Template)]
#[template(path = "view/sign_in.html")]
struct SignIn<'a> {
    s: &'a Shell<'a>,
    email: &'a str,
    problem: Option<&'a Text>,
    next: &'a str,
}

/// Asks for an address.
///
/// # Errors
/// When the template cannot be written.
pub fn sign_in(s: &Shell<'_>, email: &str, problem: Option<&Text>, next: &str) -> Page {
    SignIn { s, email, problem, next }.render()
}

#[derive(Template)]
#[template(path = "view/link_sent.html")]
struct LinkSent<'a> {
    s: &'a Shell<'a>,
    email: &'a str,
    mailbox: Option<&'a str>,
}

/// The link has been sent; a demonstration shows its mailbox.
///
/// # Errors
/// When the template cannot be written.
pub fn link_sent(s: &Shell<'_>, email: &str, mailbox: Option<&str>) -> Page {
    LinkSent { s, email, mailbox }.render()
}

#[derive(Template)]
#[template(path = "view/link_confirm.html")]
struct LinkConfirm<'a> {
    s: &'a Shell<'a>,
    token: &'a str,
    next: &'a str,
}

/// The link was followed: opening it does nothing, its button signs in.
///
/// # Errors
/// When the template cannot be written.
pub fn link_confirm(s: &Shell<'_>, token: &str, next: &str) -> Page {
    LinkConfirm { s, token, next }.render()
}
