//! The answers.

use super::Ops;
use crate::{
    app::{
        Drill,
        backup::{last_drill, sets},
    },
    store::{Freshness, cluster::Standing, outbox},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use metrics::{describe_counter, describe_gauge, gauge};
use serde::Serialize;
use std::sync::atomic::Ordering;

/// Explains the metrics to those who scrape them.
pub(super) fn describe() {
    describe_counter!("guichet_requests_total", "Requests answered, by status");
    describe_gauge!("guichet_database_up", "1 when the database answers");
    describe_gauge!("guichet_outbox_oldest_seconds", "Age of the oldest work not done, mails first of all");
    describe_gauge!("guichet_uptime_seconds", "Age of the process");
    describe_gauge!("guichet_backup_age_seconds", "Age of the newest backup set");
    describe_gauge!("guichet_drill_age_seconds", "Time since a backup set was last restored and verified");
    describe_gauge!("guichet_drill_good", "1 when that set held every receipt and attachment");
    describe_gauge!("guichet_database_durable", "1 when writes are kept as safely as the configuration demands");
    describe_gauge!("guichet_build_info", "Always 1; the version is a label");
    gauge!("guichet_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
}

/// The process runs.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// Requests may come: 200, or 503 with the reason.
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

/// Metrics in Prometheus' text format.
pub(super) async fn metrics(State(ops): State<Ops>) -> Response {
    let oldest = outbox_seconds(&ops).await;
    gauge!("guichet_database_up").set(if oldest.is_some() { 1 } else { 0 });
    if let Some(seconds) = oldest {
        gauge!("guichet_outbox_oldest_seconds").set(u32::try_from(seconds).unwrap_or(u32::MAX));
    }
    gauge!("guichet_uptime_seconds").set(ops.0.begun.elapsed());
    if let Some(age) = backup_age(&ops) {
        gauge!("guichet_backup_age_seconds").set(u32::try_from(age).unwrap_or(u32::MAX));
    }
    if let Some(drill) = drill(&ops) {
        let age = ops.0.app.clock().as_second() - drill.at.as_second();
        gauge!("guichet_drill_age_seconds").set(u32::try_from(age).unwrap_or(u32::MAX));
        gauge!("guichet_drill_good").set(if drill.good() { 1 } else { 0 });
    }
    let leader = ops.0.app.store.servers().1;
    gauge!("guichet_database_durable").set(if leader.is_some_and(|leader| leader.durable) { 1 } else { 0 });
    ops.0.metrics.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], ops.0.metrics.render()).into_response()
}

/// What a process says of itself.
#[derive(Serialize)]
pub(super) struct Status {
    version: &'static str,
    pid: u32,
    /// Address that the proxy forwards to, which tells processes of one machine apart.
    instance: String,
    uptime_seconds: u64,
    /// Nothing while the database does not answer.
    outbox_oldest_seconds: Option<i64>,
    /// The servers of the database, as this process sees them.
    database: Vec<Server>,
    /// Age of the newest backup set; nothing where there is none, or none is made.
    backup_age_seconds: Option<i64>,
    /// The last time that a set was tried out.
    drill: Option<Drill>,
    leaving: bool,
}

/// The state in one look.
pub(super) async fn status(State(ops): State<Ops>) -> Json<Status> {
    Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        instance: ops.0.app.config.portal.listen.to_string(),
        uptime_seconds: ops.0.begun.elapsed().as_secs(),
        outbox_oldest_seconds: outbox_seconds(&ops).await,
        database: servers(&ops),
        backup_age_seconds: backup_age(&ops),
        drill: drill(&ops),
        leaving: ops.0.leaving.is_cancelled(),
    })
}

/// One server of the database.
#[derive(Serialize)]
struct Server {
    server: String,
    /// `leader`, `replica`, or `unknown` when it says nothing.
    role: &'static str,
    /// Whether a second server holds what it acknowledges.
    replicates: bool,
    /// Why it says nothing.
    silence: Option<String>,
}

fn servers(ops: &Ops) -> Vec<Server> {
    let (servers, leading) = ops.0.app.store.servers();
    let server = |(node, (server, standing)): (usize, (String, Standing))| Server {
        server,
        role: match (&standing.sight, &leading) {
            (_, Some(leading)) if leading.node == node => "leader",
            (Some(sight), _) if sight.read_only => "replica",
            _ => "unknown",
        },
        replicates: standing.sight.is_some_and(|sight| sight.replicates()),
        silence: standing.silence,
    };
    servers.into_iter().enumerate().map(server).collect()
}

fn backup_age(ops: &Ops) -> Option<i64> {
    let backup = ops.0.app.config.backup.as_ref()?;
    let newest = sets(&backup.folder).ok()?.pop()?;
    Some(ops.0.app.clock().as_second() - newest.manifest.taken_at.as_second())
}

fn drill(ops: &Ops) -> Option<Drill> {
    last_drill(&ops.0.app.config.backup.as_ref()?.folder)
}

async fn outbox_seconds(ops: &Ops) -> Option<i64> {
    let app = &ops.0.app;
    let mut db = app.store.read(Freshness::MayLag).await.ok()?;
    outbox::oldest_seconds(&mut db, app.clock()).await.ok()
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
                data_dir: folder.into(),
                hsts_seconds: None,
                trusted_networks: Vec::new(),
                calls: Vec::new(),
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
            repman: None,
            backup: None,
            edge: None,
        };
        Ops::new(App::open(config).unwrap(), PrometheusBuilder::new().build_recorder().handle())
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
    }

    #[tokio::test]
    async fn a_leaving_process_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let ops = ops(folder.path());
        ops.leave();
        let (status, reason) = ask(&ops, "/ready").await;
        assert_eq!((status, reason.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "the process is about to stop\n"));
    }
}
