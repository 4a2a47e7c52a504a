//! The operator's page, status and metrics of the edge, on a separate address that Sōzu does not route to.

mod metrics;
mod page;

use crate::{
    config::answers_to,
    domain::text::Lang,
    edge::report::{Report, Role},
};
use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::{net::TcpListener, sync::watch};

/// No script, and no resources of other origins.
const CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

type Reports = State<watch::Receiver<Report>>;

/// Serves until the future is dropped.
pub async fn serve(listener: TcpListener, reports: watch::Receiver<Report>, hosts: Vec<String>) -> std::io::Result<()> {
    let router = router(reports).layer(middleware::from_fn_with_state(Arc::new(hosts), known_host));
    axum::serve(listener, router).await
}

/// Refuses requests for a foreign host name: see [`answers_to`]. Browsers always send the name.
async fn known_host(State(hosts): State<Arc<Vec<String>>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    if host.is_some_and(|host| !answers_to(host, &hosts)) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    next.run(request).await
}

fn router(reports: watch::Receiver<Report>) -> Router {
    Router::new()
        .route("/", get(async |reports: Reports| page(&reports, Lang::Fr)))
        .route("/en", get(async |reports: Reports| page(&reports, Lang::En)))
        .route("/status.json", get(async |reports: Reports| no_store(Json(current(&reports)))))
        .route(
            "/metrics",
            get(async |reports: Reports| {
                let text = metrics::text(&current(&reports));
                ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
            }),
        )
        .route("/live", get("live\n"))
        .route("/ready", get(async |reports: Reports| ready(&reports.borrow())))
        .with_state(reports)
}

fn no_store(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

fn page(reports: &watch::Receiver<Report>, lang: Lang) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, CSP)];
    match page::html(&current(reports), lang) {
        Ok(html) => no_store((headers, html)),
        Err(error) => {
            tracing::error!("the operator's page cannot be made: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// An older report means that the edge still waits for an answer of Sōzu.
const MAX_REPORT_AGE_MS: i64 = 5_000;

/// The last report. An old one does not count as the current state.
fn current(reports: &watch::Receiver<Report>) -> Report {
    let mut report = reports.borrow().clone();
    let at: Option<Timestamp> = report.at.parse().ok();
    let age = at.map_or(0, |at| Timestamp::now().as_millisecond() - at.as_millisecond());
    if age > MAX_REPORT_AGE_MS {
        report.converged = false;
        let seconds = age / 1000;
        report
            .alarms
            .insert(0, format!("the edge has waited {seconds} s for an answer of Sōzu: is a process of it frozen?"));
    }
    report
}

/// Ready when the role is known and Sōzu answers.
fn ready(report: &Report) -> Response {
    let obstacle = match (&report.role, report.sozu.reachable) {
        (Role::Unknown, _) => Some("the lease is not known yet: the database has not answered\n"),
        (_, false) => Some("Sōzu does not answer\n"),
        _ => None,
    };
    obstacle.map_or_else(|| "ready\n".into_response(), |why| (StatusCode::SERVICE_UNAVAILABLE, why).into_response())
}

#[cfg(test)]
mod tests {
    use super::{metrics, page, router};
    use crate::{
        domain::text::Lang,
        edge::report::{
            Certificate, Drift, IssueReport, Listener, Plan, Process, Report, Role, Site, Sozu, SyncStatus, Worker,
        },
    };
    use axum::body::{Body, to_bytes};
    use tokio::sync::watch;
    use tower::ServiceExt;

    /// A report with an entry of each kind, and hostile text where outsiders may write.
    pub fn sample() -> Report {
        let process = |name: &str, id: &str| Process {
            id: id.into(),
            name: name.into(),
            host: "noeud-1".into(),
            address: "127.0.0.1:20001".into(),
            build: "0.1.0".into(),
            state: "ready".into(),
            serving: true,
            requests: 120_345,
            requests_per_second: 12.5,
            errors: 3,
            p50_ms: 4,
            p99_ms: 38,
        };
        let certificate = |name: &str, days_left, issue: Option<&str>| Certificate {
            names: vec![name.into(), format!("*.{name}")],
            source: "/etc/guichet/site.pem".into(),
            fingerprint: "ab".repeat(32),
            not_after: "2027-01-01T00:00:00Z".into(),
            days_left,
            served: true,
            issue: issue.map(Into::into),
        };
        Report {
            sozu_name: "noeud-1:/run/sozu.sock".into(),
            build: "0.1.0".into(),
            started_at: "2026-11-24T08:00:00Z".into(),
            at: "2026-11-24T09:00:00Z".into(),
            role: Role::Leader { epoch: 7 },
            database: true,
            sozu: Sozu {
                reachable: true,
                version: "2.3.3".into(),
                main_pid: 812,
                workers: (0..2)
                    .map(|id| Worker { id, pid: 900 + id.cast_signed(), state: "running".into(), agrees: true })
                    .collect(),
                restarts_seen: 1,
            },
            converged: true,
            listeners: vec![Listener {
                address: "127.0.0.1:8443".into(),
                protocol: "https".into(),
                active: true,
                status: SyncStatus::Applied,
            }],
            sites: vec![Site {
                host: "<b>aap.example".into(),
                site: "portal".into(),
                status: SyncStatus::Applied,
                certificate: Some("ab".repeat(32)),
            }],
            processes: vec![process("serve-1", "one"), process("serve-\"2\\<i>", "two")],
            certificates: vec![certificate("aap.example", 83, None), certificate("autre.example", 5, Some("<u>"))],
            last_plan: Some(Plan {
                at: "2026-11-24T08:59:00Z".into(),
                steps: vec!["add process guichet-one at 127.0.0.1:20001 to guichet-portal".into()],
                length: 1,
                took_us: 4_200,
                verified: true,
            }),
            drift: vec![Drift { at: "2026-11-24T08:30:00Z".into(), what: "add route <script>".into() }],
            issues: vec![IssueReport {
                object: "host <img>".into(),
                status: SyncStatus::Rejected,
                reason: "no certificate covers it".into(),
                since: "2026-11-24T08:30:00Z".into(),
            }],
            alarms: vec!["the certificate for autre.example ends in 5 days".into()],
            totals: [("rounds".to_owned(), 12), ("drift".to_owned(), 1)].into(),
        }
    }

    #[test]
    fn the_page_says_everything_in_both_languages_and_escapes_it() {
        let samples = std::env::var_os("GUICHET_SAMPLES").map(std::path::PathBuf::from);
        for (lang, word) in [(Lang::Fr, "jours"), (Lang::En, "days")] {
            let html = page::html(&sample(), lang).unwrap();
            for text in ["serve-1", "2.3.3", "83", word, "127.0.0.1:8443", "autre.example"] {
                assert!(html.contains(text), "{text}");
            }
            for hostile in ["<b>", "<i>", "<u>aap", "<script>", "<img>"] {
                assert!(!html.contains(hostile), "{hostile}");
            }
            if let Some(folder) = &samples {
                std::fs::write(folder.join(format!("edge-{}.html", lang.tr("fr", "en"))), html).unwrap();
            }
        }
        page::html(&Report::default(), Lang::Fr).unwrap();
    }

    #[test]
    fn every_line_of_the_metrics_is_a_comment_or_a_sample() {
        let text = metrics::text(&sample());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("guichet_edge_") && value.parse::<f64>().is_ok(), "{line}");
            assert_eq!(name.contains('{'), name.ends_with('}'), "{line}");
        }
        assert!(text.contains("guichet_edge_process_requests_total{process=\"serve-1\""), "{text}");
        assert!(text.contains(r#"serve-\"2\\<i>"#), "labels are escaped: {text}");
        assert!(text.contains("guichet_edge_drift_total 1"), "{text}");
    }

    #[test]
    fn an_old_view_is_not_taken_for_the_state_of_this_moment() {
        let (sender, reports) = watch::channel(sample());
        let shown = super::current(&reports);
        assert!(!shown.converged && shown.alarms[0].contains("for an answer of Sōzu"), "{:?}", shown.alarms);
        sender.send_replace(Report { at: jiff::Timestamp::now().to_string(), ..sample() });
        assert_eq!(super::current(&reports).alarms.len(), 1);
    }

    #[tokio::test]
    async fn an_edge_that_knows_nothing_yet_is_not_ready() {
        let request_ready = async |report: Report| {
            let (_sender, reports) = watch::channel(report);
            let request = axum::http::Request::get("/ready").body(Body::empty()).unwrap();
            let answer = router(reports).oneshot(request).await.unwrap();
            (answer.status().as_u16(), to_bytes(answer.into_body(), 1000).await.unwrap())
        };
        assert_eq!(request_ready(Report::default()).await.0, 503);
        assert_eq!(request_ready(sample()).await.0, 200);
    }
}
