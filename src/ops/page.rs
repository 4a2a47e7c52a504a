//! The operator's page of a process, and its status as JSON.

use super::{
    Ops,
    incidents::{self, Incident},
    manager::Manager,
    status::Status,
    storage::Storage,
};
use crate::domain::text::Lang;
use askama::Template;
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, IntoResponseParts, Response},
};
use jiff::Timestamp;

/// No scripts, and nothing from other origins.
const CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

#[derive(Template)]
#[template(path = "process.html")]
struct StatusTemplate<'a> {
    status: &'a Status,
    lang: Lang,
}

/// The status as JSON.
pub(super) async fn json(ops: &Ops) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(Status::of(ops).await)).into_response()
}

#[derive(Template)]
#[template(path = "feed.xml")]
struct Feed {
    instance: String,
    updated: Timestamp,
    incidents: Vec<Incident>,
}

/// The incidents as a feed.
pub(super) fn feed(ops: &Ops) -> Response {
    let app = &ops.0.app;
    let incidents = incidents::read(&app.config.portal.data_dir);
    let newest = incidents.iter().map(|one| one.closed_at.unwrap_or(one.opened_at)).max();
    let feed = Feed {
        instance: app.config.portal.listen.to_string(),
        updated: newest.unwrap_or_else(|| app.clock()),
        incidents,
    };
    shown(&feed, [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")])
}

/// The status as a page.
pub(super) async fn html(ops: &Ops, lang: Lang) -> Response {
    let status = Status::of(ops).await;
    let page = StatusTemplate { status: &status, lang };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::CACHE_CONTROL, "no-store"),
    ];
    shown(&page, headers)
}

fn shown(template: &impl Template, headers: impl IntoResponseParts) -> Response {
    match template.render() {
        Ok(text) => (headers, text).into_response(),
        Err(error) => {
            tracing::error!("the operator's page cannot be made: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl StatusTemplate<'_> {
    fn tr<'a>(&self, fr: &'a str, en: &'a str) -> &'a str {
        self.lang.tr(fr, en)
    }

    fn role(&self, role: &str) -> &str {
        match role {
            "leader" => self.tr("conduit", "leads"),
            "replica" => self.tr("réplique", "replica"),
            "single" => self.tr("seul", "the only one"),
            _ => self.tr("inconnu", "unknown"),
        }
    }

    fn node_state(&self, state: &str) -> &str {
        match state {
            "up" => self.tr("en marche", "up"),
            "leaving" => self.tr("s’en va", "leaving"),
            _ => self.tr("ne répond pas", "does not answer"),
        }
    }

    fn moment(&self, at: &Option<Timestamp>) -> String {
        at.map_or("?".into(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
    }

    /// An age in the largest meaningful unit.
    fn age(&self, seconds: &i64) -> String {
        let (day, hour, minute) = (self.tr("j", "d"), "h", "min");
        match seconds.max(&0) {
            seconds @ 172_800.. => format!("{} {day}", seconds / 86_400),
            seconds @ 7_200.. => format!("{} {hour}", seconds / 3_600),
            seconds @ 120.. => format!("{} {minute}", seconds / 60),
            seconds => format!("{seconds} s"),
        }
    }
}
