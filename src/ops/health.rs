//! Health, readiness and metrics.

use super::{Ops, scan::FileCounts, status::Status};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use metrics::{describe_counter, describe_gauge, gauge};
use std::sync::atomic::Ordering;

/// Registers the descriptions of the metrics.
pub(super) fn describe() {
    describe_counter!("guichet_requests_total", "Requests answered, by status");
    describe_counter!("guichet_tokens_refused_total", "Tokens that were not taken, by channel and reason");
    describe_counter!("guichet_deposits_total", "Deposits sealed");
    describe_counter!("guichet_deposit_transactions_total", "Transactions in which deposits were sealed together");
    describe_gauge!("guichet_deposits_waiting", "Deposits that wait for the next transaction");
    describe_gauge!("guichet_database_up", "1 when the database answers");
    describe_gauge!("guichet_outbox_oldest_seconds", "Age of the oldest work not done, mails first of all");
    describe_gauge!("guichet_uptime_seconds", "Age of the process");
    describe_gauge!("guichet_backup_age_seconds", "Age of the newest backup set");
    describe_gauge!("guichet_drill_age_seconds", "Time since a backup set was last restored and verified");
    describe_gauge!("guichet_drill_good", "1 when that set held every receipt and attachment");
    describe_gauge!("guichet_database_durable", "1 when writes are kept as safely as the configuration demands");
    describe_gauge!("guichet_scan_up", "1 when the virus scanner answers; missing where none is configured");
    describe_gauge!("guichet_scan_files", "Attached files by the state of their virus scan");
    describe_gauge!("guichet_build_info", "Always 1; the version is a label");
    gauge!("guichet_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
}

/// The process is running.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// Whether requests may be sent: 200, or 503 with the reason.
pub(super) async fn ready(State(ops): State<Ops>) -> Response {
    match obstacle(&ops).await {
        None => "ready\n".into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn obstacle(ops: &Ops) -> Option<String> {
    if ops.0.leaving.is_cancelled() {
        return Some("the process is about to stop".into());
    }
    let store = &ops.0.app.store;
    if ops.0.schema_seen.load(Ordering::Relaxed) {
        return store.ping().await.err().map(|error| format!("{:#}", anyhow::Error::from(error)));
    }
    match store.schema().await {
        Err(error) => Some(format!("{:#}", anyhow::Error::from(error))),
        Ok(schema) if schema.missing > 0 => Some(format!("the database schema lacks {} steps", schema.missing)),
        Ok(_) => {
            ops.0.schema_seen.store(true, Ordering::Relaxed);
            None
        }
    }
}

/// Metrics in the Prometheus text format.
pub(super) async fn metrics(State(ops): State<Ops>) -> Response {
    let status = Status::of(&ops).await;
    let oldest = status.outbox_oldest_seconds;
    gauge!("guichet_database_up").set(if oldest.is_some() { 1 } else { 0 });
    if let Some(seconds) = oldest {
        gauge!("guichet_outbox_oldest_seconds").set(u32::try_from(seconds).unwrap_or(u32::MAX));
    }
    gauge!("guichet_uptime_seconds").set(ops.0.begun.elapsed());
    if let Some(age) = status.backup_age_seconds {
        gauge!("guichet_backup_age_seconds").set(u32::try_from(age).unwrap_or(u32::MAX));
    }
    if let (Some(drill), Some(age)) = (&status.drill, status.drill_age_seconds) {
        gauge!("guichet_drill_age_seconds").set(u32::try_from(age).unwrap_or(u32::MAX));
        gauge!("guichet_drill_good").set(if drill.good() { 1 } else { 0 });
    }
    gauge!("guichet_database_durable").set(if status.durable { 1 } else { 0 });
    if let Some(scan) = &status.scan {
        gauge!("guichet_scan_up").set(if scan.version.is_some() { 1 } else { 0 });
        for (state, count) in scan.files.iter().flat_map(FileCounts::by_state) {
            gauge!("guichet_scan_files", "state" => state).set(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }
    ops.0.metrics.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], ops.0.metrics.render()).into_response()
}

#[cfg(test)]
mod tests {
    use super::super::{Ops, router};
    use crate::{
        app::App,
        config::{Config, Database, Listen, Mail, Portal},
    };
    use axum::{
        body::{Body, to_bytes},
        http::{Request, StatusCode},
    };
    use metrics_exporter_prometheus::PrometheusBuilder;
    use std::path::Path;
    use tower::ServiceExt;

    fn ops(folder: &Path) -> Ops {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let config = Config {
            portal: Portal {
                public_url: "https://localhost".into(),
                name: None,
                listen: Listen::Tcp(address),
                ops_listen: address,
                ops_hosts: Vec::new(),
                data_dir: folder.into(),
                keys_seed_file: None,
                hsts_seconds: None,
                trusted_networks: Vec::new(),
                calls: Vec::new(),
                guest_calls: Vec::new(),
                definition_networks: Vec::new(),
                definition_ca_file: None,
                promise_results: None,
                officers: Vec::new(),
                passkeys: crate::config::Passkeys::Offered,
                rounds: None,
                demonstration: true,
                test_hooks: false,
            },
            database: Database {
                socket: Some(folder.join("nobody.sock")),
                name: "guichet".into(),
                user: "nobody".into(),
                max_connections: 1,
                ..Database::default()
            },
            mail: Mail::Folder { from: "guichet@localhost".into(), folder: folder.join("mail") },
            sign_in: crate::config::SignIn::default(),
            repman: None,
            backup: None,
            attachments: None,
            scan: None,
            company_register: None,
            edge: None,
            publisher: crate::domain::publisher::Publisher::default(),
        };
        Ops::new(App::open(config).unwrap(), PrometheusBuilder::new().build_recorder().handle(), None, None)
    }

    async fn ask(ops: &Ops, path: &str) -> (StatusCode, String) {
        let answer = router(ops.clone()).oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status();
        (status, String::from_utf8(to_bytes(answer.into_body(), 100_000).await.unwrap().into()).unwrap())
    }

    #[tokio::test]
    async fn a_process_without_its_database_lives_and_is_not_ready() {
        let folder = tempfile::tempdir().unwrap();
        let ops = ops(folder.path());
        assert_eq!(ask(&ops, "/live").await.0, StatusCode::OK);
        let (status, reason) = ask(&ops, "/ready").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(reason.starts_with("the database is unavailable"), "{reason}");
        let (_, status) = ask(&ops, "/status").await;
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        assert_eq!((&status["instance"], &status["outbox_oldest_seconds"]), (&"127.0.0.1:1".into(), &().into()));
        let (code, page) = ask(&ops, "/en").await;
        assert_eq!(code, StatusCode::OK);
        for sentence in ["The database does not answer", "No backups are configured"] {
            assert!(page.contains(sentence), "{page}");
        }
        assert!(ask(&ops, "/").await.1.contains("La base de données ne répond pas"));
    }

    #[tokio::test]
    async fn a_leaving_process_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let ops = ops(folder.path());
        ops.leave();
        let (status, reason) = ask(&ops, "/ready").await;
        assert_eq!((status, reason.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "the process is about to stop\n"));
    }

    #[tokio::test]
    async fn a_page_elsewhere_cannot_read_the_status_under_a_name_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let ops = ops(folder.path());
        for (host, status) in [("127.0.0.1:9000", 200), ("[::1]:9000", 200), ("localhost", 200), ("evil.example", 421)]
        {
            for path in ["/live", "/status", "/metrics", "/"] {
                let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
                let answer = router(ops.clone()).oneshot(request).await.unwrap();
                assert_eq!(answer.status().as_u16(), status, "{host} {path}");
            }
        }
    }
}
