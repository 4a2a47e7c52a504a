//! The notice to users whose mails fail.

use super::PageContext;
use crate::{domain::delivery::FailureKind, store::failing_address::FailingAddress};
use askama::Template;

/// What the user is told of a failure of their own address; empty without one.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "frame/mail_failure.html")]
pub struct MailFailureNotice<'a> {
    s: &'a PageContext<'a>,
    failure: Option<&'a FailingAddress>,
}

impl askama::filters::HtmlSafe for MailFailureNotice<'_> {}

impl<'a> MailFailureNotice<'a> {
    pub fn new(s: &'a PageContext<'a>, failure: Option<&'a FailingAddress>) -> Self {
        Self { s, failure }
    }
}
