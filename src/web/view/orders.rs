//! Orders about the service.

use super::shell::Shell;
use askama::Template;
use uuid::Uuid;

/// An order.
#[derive(Clone, Debug)]
pub struct OrderRow {
    pub id: Uuid,
    /// The exact content of the order.
    pub detail: String,
    /// The system user who gave it.
    pub asked_by: String,
    /// When it was given, as shown.
    pub asked: String,
    /// It can still be confirmed.
    pub waits: bool,
    /// Who confirmed it.
    pub confirmed_by: Option<String>,
}

#[derive(Template)]
#[template(path = "view/orders.html")]
struct Orders<'a> {
    s: &'a Shell<'a>,
    rows: &'a [OrderRow],
}

/// The orders of the last day.
pub fn orders(s: &Shell<'_>, rows: &[OrderRow]) -> Result<String, askama::Error> {
    Orders { s, rows }.render()
}
