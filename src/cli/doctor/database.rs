//! The database: reachable, up to date, and configured so that acknowledged writes are kept.

use super::{Sheet, cluster, reason};
use crate::{
    config::Config,
    store::{
        Store,
        health::{Schema, ServerVariables},
    },
};

/// Largest message that the portal may have to write: a receipt with all its answers.
const MIN_PACKET_BYTES: u64 = 16 << 20;

/// Examines the database.
pub async fn examine(config: &Config, sheet: &mut Sheet) {
    let store = match Store::open(&config.database) {
        Ok(store) => store,
        Err(error) => {
            sheet.problem(
                format!("The way to the database cannot be prepared: {}.", reason(&error.into())),
                "Correct the files named under [database].",
            );
            return;
        }
    };
    let place = config.database.label();
    match store.server().await {
        Ok(server) => {
            sheet.fine(format!("The database answers on {place}: version {}.", server.version));
            // A cluster is compared with its profile, server by server.
            if config.database.hosts.is_empty() {
                settings(&server, sheet);
            }
            match store.schema().await {
                Ok(found) => schema(found, sheet),
                Err(error) => sheet.problem(
                    format!("The schema cannot be read: {}.", reason(&error.into())),
                    "Give the database user all rights on its database.",
                ),
            }
        }
        Err(error) => sheet.problem(
            format!("The database does not answer on {place}: {}.", reason(&error.into())),
            "Start it, or correct where it is, its name and user under [database]; the portal waits for it and refuses deposits meanwhile.",
        ),
    }
    if !config.database.hosts.is_empty() {
        cluster::examine(&store, sheet).await;
    }
    store.close().await;
}

fn schema(found: Schema, sheet: &mut Sheet) {
    match found {
        Schema { missing: 0, unknown: 0 } => sheet.fine("The schema is up to date."),
        Schema { unknown: 1.., .. } => sheet.problem(
            format!("The schema is {} steps ahead of this program: it belongs to a later version.", found.unknown),
            "Run the version of guichet that made it, or a later one.",
        ),
        Schema { missing, .. } => sheet.attention(
            format!("The schema lacks {missing} steps."),
            "Start the portal, or run `guichet admin migrate --config FILE`.",
        ),
    }
}

fn settings(server: &ServerVariables, sheet: &mut Sheet) {
    let before = sheet.lines.len();
    let off = |value: &str| matches!(value, "0" | "OFF");
    if server.flush_at_commit != "1" {
        sheet.problem(
            format!(
                "innodb_flush_log_at_trx_commit is {}: a power cut can take back a deposit that has its receipt.",
                server.flush_at_commit
            ),
            "Set it to 1.",
        );
    }
    if off(&server.doublewrite) {
        sheet.problem(
            "innodb_doublewrite is off: a power cut can leave pages that cannot be repaired.",
            "Set it to 1, unless the file system writes whole pages.",
        );
    }
    if !off(&server.binary_log) && server.sync_binary_log != "1" {
        sheet.problem(
            format!(
                "sync_binlog is {}: after a power cut, replicas can lack a deposit that has its receipt.",
                server.sync_binary_log
            ),
            "Set it to 1.",
        );
    }
    if !off(&server.read_only) {
        sheet.problem(
            "The database takes no writes: it is a replica, or a failover is under way.",
            "Lead the portal to the leader.",
        );
    }
    if server.largest_message.parse::<u64>().is_ok_and(|bytes| bytes < MIN_PACKET_BYTES) {
        sheet.problem(
            format!("max_allowed_packet is {} bytes: a long dossier could not be written.", server.largest_message),
            "Set it to 64M.",
        );
    }
    if sheet.lines.len() == before {
        sheet.fine("The database keeps every commit that it has acknowledged, power cuts included.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Mark;

    fn server() -> ServerVariables {
        ServerVariables {
            version: "10.11".into(),
            flush_at_commit: "1".into(),
            doublewrite: "1".into(),
            binary_log: "0".into(),
            sync_binary_log: "0".into(),
            read_only: "0".into(),
            largest_message: "67108864".into(),
        }
    }

    fn marks(server: &ServerVariables) -> Vec<Mark> {
        let mut sheet = Sheet::default();
        settings(server, &mut sheet);
        sheet.lines.iter().map(|line| line.mark).collect()
    }

    #[test]
    fn settings_that_risk_loss_are_problems() {
        assert_eq!(marks(&server()), [Mark::Ok]);
        assert_eq!(marks(&ServerVariables { flush_at_commit: "2".into(), ..server() }), [Mark::Problem]);
        let binary_log = ServerVariables { binary_log: "1".into(), ..server() };
        assert_eq!(marks(&binary_log), [Mark::Problem], "a binary log that is not synced");
        let small = ServerVariables { doublewrite: "OFF".into(), largest_message: "1048576".into(), ..server() };
        assert_eq!(marks(&small), [Mark::Problem, Mark::Problem]);
    }
}
