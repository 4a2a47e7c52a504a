//! The status of a process and of its dependencies.

use super::{
    Ops,
    alarm::{Alarm, Topic},
    incidents::{self, Incident},
    manager::Manager,
    scan::ScanView,
    storage::Storage,
};
use crate::{
    app::{
        App, Drill,
        service::backup::{last_drill, last_sent, sets},
    },
    build::BUILD,
    config::Backup,
    store::{Freshness, StoreError, cluster::ServerState, outbox},
};
use serde::Serialize;

/// The status of a process.
#[derive(Serialize)]
pub(super) struct Status {
    pub version: &'static str,
    pub build: &'static str,
    pub pid: u32,
    /// Address that the proxy forwards to, which distinguishes the processes of one machine.
    pub instance: String,
    pub uptime_seconds: u64,
    /// `None` while the database does not respond.
    pub outbox_oldest_seconds: Option<i64>,
    /// The servers of the database, as this process sees them.
    pub database: Vec<DatabaseServer>,
    /// The state according to replication-manager; `None` if not configured.
    pub manager: Option<Manager>,
    /// The nodes that hold the attachments; `None` if none are configured.
    pub storage: Option<Storage>,
    /// The virus scanner and its queue; `None` if none is configured.
    pub scan: Option<ScanView>,
    /// Whether writes are as durable as configured.
    pub durable: bool,
    /// Age of the newest backup set; `None` if there is none.
    pub backup_age_seconds: Option<i64>,
    /// Age of the newest set with an off-site copy; `None` if there is none, or none is configured.
    pub copy_age_seconds: Option<i64>,
    /// The last test of a backup set.
    pub drill: Option<Drill>,
    pub drill_age_seconds: Option<i64>,
    pub leaving: bool,
    /// Definitions of calls that are not served, each with the reason.
    pub refused_calls: Vec<String>,
    /// Keys of the configuration that the legal pages lack.
    pub missing_legal_data: Vec<&'static str>,
    /// Open and closed incidents, newest first.
    pub incidents: Vec<Incident>,
    /// The alarms for the operator.
    pub alarms: Vec<Alarm>,
}

#[derive(Serialize)]
pub(super) struct DatabaseServer {
    pub server: String,
    /// `leader`, `replica`, `single`, or `unknown` when it does not respond.
    pub role: &'static str,
    /// Whether a second server stores what it acknowledges.
    pub replicates: bool,
    /// Replicas that confirm its writes.
    pub confirming: u32,
    /// Why it does not respond.
    pub silence: Option<String>,
}

/// Definitions of calls that are not served, or differ from what their owners publish.
fn refused_calls(app: &App) -> Vec<String> {
    let guests = app.config.portal.guest_calls.iter().filter(|guest| guest.url.is_some());
    let faults = guests.filter_map(|guest| std::fs::read_to_string(guest.fault_file()).ok());
    app.refused_calls.iter().cloned().chain(faults).collect()
}

impl Status {
    /// The current status.
    pub async fn of(ops: &Ops) -> Self {
        let app = &ops.0.app;
        let (outbox, manager, storage, scan) = tokio::join!(
            outbox_seconds(ops),
            Manager::ask(ops.0.repman.as_ref()),
            Storage::ask(ops.0.garage.as_ref()),
            ScanView::ask(app),
        );
        let folder = app.config.backup.as_ref().map(|backup| backup.folder.as_path());
        let newest = folder.and_then(|folder| sets(folder).ok()?.pop());
        let drill = folder.and_then(last_drill);
        let since = |at: jiff::Timestamp| app.clock().as_second() - at.as_second();
        let mut status = Self {
            version: env!("CARGO_PKG_VERSION"),
            build: BUILD,
            pid: std::process::id(),
            instance: app.config.portal.listen.to_string(),
            uptime_seconds: ops.0.begun.elapsed().as_secs(),
            outbox_oldest_seconds: outbox.as_ref().ok().copied(),
            database: servers(ops),
            manager,
            storage,
            scan,
            durable: outbox.is_ok() && app.store.servers().1.is_some_and(|leader| leader.durable),
            backup_age_seconds: newest.map(|set| since(set.manifest.taken_at)),
            copy_age_seconds: folder.and_then(last_sent).map(since),
            drill_age_seconds: drill.as_ref().map(|drill| since(drill.at)),
            drill,
            refused_calls: refused_calls(app),
            missing_legal_data: app.config.missing_legal_data(),
            leaving: ops.0.leaving.is_cancelled(),
            incidents: incidents::read(&app.config.portal.data_dir),
            alarms: Vec::new(),
        };
        status.alarms = status.alarms(app.config.backup.as_ref(), app.config.mail.late_seconds());
        status
    }

    fn alarms(&self, backup: Option<&Backup>, late_seconds: i64) -> Vec<Alarm> {
        let mut alarms = self.database_alarms(late_seconds);
        if !self.refused_calls.is_empty() {
            alarms.push(Alarm::new(
                Topic::Calls,
                "La définition d’un appel est erronée : il n’est pas servi.",
                "The definition of a call is wrong: it is not served.",
            ));
        }
        alarms.extend(self.manager.iter().flat_map(Manager::alarms));
        alarms.extend(self.storage.iter().flat_map(Storage::alarms));
        alarms.extend(self.scan.iter().flat_map(ScanView::alarms));
        match backup {
            Some(backup) => alarms.extend(self.backup_alarms(backup)),
            None => alarms.push(Alarm::new(
                Topic::Backup,
                "Aucune sauvegarde n’est configurée.",
                "No backups are configured.",
            )),
        }
        alarms
    }

    fn database_alarms(&self, late_seconds: i64) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        let mut alarm = |topic, fr: &str, en: &str| alarms.push(Alarm::new(topic, fr, en));
        match (self.outbox_oldest_seconds, self.durable) {
            (None, _) => alarm(Topic::Database, "La base de données ne répond pas.", "The database does not answer."),
            (Some(_), false) => alarm(
                Topic::Database,
                "Aucun second serveur ne confirme les écritures : rien n’est accusé.",
                "No second server confirms writes: nothing is acknowledged.",
            ),
            (Some(age), true) if age > late_seconds => alarm(
                Topic::Outbox,
                "Des courriels attendent depuis trop longtemps : voyez le journal du portail et le serveur de courriel.",
                "Mails have waited for too long: see the portal's log and the mail server.",
            ),
            _ => {}
        }
        if self.database.iter().any(|server| server.silence.is_some()) {
            alarm(Topic::Database, "Un serveur de la base se tait.", "A server of the database is silent.");
        }
        alarms
    }

    fn backup_alarms(&self, backup: &Backup) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        let mut alarm = |fr: &str, en: &str| alarms.push(Alarm::new(Topic::Backup, fr, en));
        // Making a set may take time, so only twice the interval counts as late.
        let (late, stale) = (i64::from(backup.every_hours) * 7_200, i64::from(backup.drill_every_days) * 172_800);
        if self.backup_age_seconds.is_none_or(|age| age > late) {
            alarm(
                "La dernière sauvegarde est trop ancienne, ou il n’y en a pas.",
                "The newest backup is too old, or there is none.",
            );
        }
        if backup.restic.is_some() && self.copy_age_seconds.is_none_or(|age| age > late) {
            alarm(
                "La dernière copie hors de la machine est trop ancienne, ou il n’y en a pas.",
                "The newest copy beyond the machine is too old, or there is none.",
            );
        }
        match &self.drill {
            Some(drill) if !drill.good() => {
                alarm("La dernière restauration d’essai a trouvé des défauts.", "The last trial restore found faults.");
            }
            _ if self.drill_age_seconds.is_none_or(|age| age > stale) => alarm(
                "Aucune sauvegarde n’a été restaurée à l’essai récemment.",
                "No backup was restored on trial recently.",
            ),
            _ => {}
        }
        alarms
    }
}

fn servers(ops: &Ops) -> Vec<DatabaseServer> {
    let (servers, leading) = ops.0.app.store.servers();
    let single = servers.len() == 1;
    let server = |(node, (server, state)): (usize, (String, ServerState))| DatabaseServer {
        server,
        role: match (&state.status, &leading) {
            (None, _) if single => "single",
            (_, Some(leading)) if leading.node == node => "leader",
            (Some(status), _) if status.read_only => "replica",
            _ => "unknown",
        },
        replicates: state.status.as_ref().is_some_and(crate::store::cluster::ServerStatus::replicates),
        confirming: state.status.map_or(0, |status| status.confirming),
        silence: state.poll_error,
    };
    servers.into_iter().enumerate().map(server).collect()
}

async fn outbox_seconds(ops: &Ops) -> Result<i64, StoreError> {
    let app = &ops.0.app;
    let mut db = app.store.read(Freshness::MayLag).await?;
    outbox::oldest_due_age_seconds(&mut db, app.clock()).await
}
