//! The configuration of an installation, decided before anything starts: ports, certificates, and the configuration
//! files of all children.

use crate::{
    cli::demo::{
        DemoArgs, ServerSection,
        authority::{self, HOSTS, Tls},
        folder::Folder,
        read_attachments, read_scan, read_sign_in,
    },
    config::{Backup, CertificateFiles, CompanyRegisterConfig, Config, Database, Edge, Limits, Listen, Mail, Portal},
    domain::publisher::Publisher,
    store::embedded::{SocketFolder, private_folder},
};
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Command socket of Sōzu.
const SOZU_SOCKET: &str = "sozu.sock";
/// Database connections shared by all portal processes.
const MAX_DATABASE_CONNECTIONS: u32 = 160;

/// One portal process.
#[derive(Clone, Debug)]
pub struct DemoProcess {
    /// `serve-1`, `serve-2`…
    pub name: String,
    /// Address for pages.
    pub listen: SocketAddr,
    /// Address for health and metrics.
    pub ops: SocketAddr,
}

/// The configuration file of a portal process.
#[derive(Clone, Debug)]
pub struct ProcessConfig {
    pub name: String,
    pub path: PathBuf,
    /// Its contents.
    pub config: Config,
}

/// Everything that is decided before the first child starts.
#[derive(Debug)]
pub struct DemoInstallation {
    /// Public address.
    pub url: String,
    /// Certificate of the authority, for clients.
    pub ca_certificate: PathBuf,
    pub sozu: PathBuf,
    pub sozu_config: PathBuf,
    /// The edge's configuration, written once the database is known.
    pub edge_config: PathBuf,
    /// The edge's operator page.
    pub edge_ops: SocketAddr,
    edge: Edge,
    /// The portal's processes.
    pub processes: Vec<DemoProcess>,
    /// The common part of all configuration files.
    base: Config,
    dir: PathBuf,
    _sockets: SocketFolder,
}

impl DemoInstallation {
    /// Chooses ports, makes certificates, and writes the files that do not depend on the database.
    pub fn prepare(args: &DemoArgs, folder: &Folder, register: CompanyRegisterConfig) -> anyhow::Result<Self> {
        let sozu = sozu_program(args.sozu.as_deref())?;
        let calls = args.calls.iter().map(|path| {
            path.canonicalize().with_context(|| {
                format!("cannot read {}: run it from the source folder, or give --calls", path.display())
            })
        });
        let calls = calls.collect::<anyhow::Result<Vec<_>>>()?;
        let ports = Ports::choose(args, folder)?;
        let tls = authority::prepare(folder)?;
        write_rounds(folder)?;
        let sockets = SocketFolder::within(&folder.file("run"), SOZU_SOCKET)?;
        let socket = sockets.path().join(SOZU_SOCKET);
        let state_dir = folder.file("run/edge-state");
        private_folder(&state_dir)?;
        let sozu_config = folder.write("sozu.toml", &sozu_config(&socket, &state_dir))?;
        let processes: Vec<_> = ports.processes().collect();
        let first = processes.first().context("--processes must be at least 1")?;
        let url = format!("https://localhost:{}", ports.https);
        let base = Config { company_register: Some(register), ..base_config(args, folder, &url, calls, first)? };
        let edge = edge_section(state_dir, socket, &ports, &tls);
        let (ca_certificate, dir) = (tls.ca_certificate, folder.path().into());
        Ok(Self {
            url,
            ca_certificate,
            sozu,
            sozu_config,
            edge_config: folder.file("edge.toml"),
            edge_ops: edge.ops_listen,
            edge,
            processes,
            base,
            dir,
            _sockets: sockets,
        })
    }

    /// Writes the configuration of the edge and of each portal process.
    pub fn write_configs(&self, args: &DemoArgs, server: &ServerSection) -> anyhow::Result<Vec<ProcessConfig>> {
        let most = (MAX_DATABASE_CONNECTIONS / u32::from(args.processes)).min(16);
        let database = Database { max_connections: most, ..server.database.clone() };
        let edge = Config { edge: Some(self.edge.clone()), database: database.clone(), ..self.base.clone() };
        fs::write(&self.edge_config, toml::to_string(&edge)?)
            .with_context(|| self.edge_config.display().to_string())?;
        let write = |(number, process): (usize, &DemoProcess)| {
            let portal = Portal {
                name: Some(process.name.clone()),
                listen: Listen::Tcp(process.listen),
                ops_listen: process.ops,
                ops_hosts: Vec::new(),
                ..self.base.portal.clone()
            };
            let config = Config { portal, database: database.clone(), ..self.base.clone() };
            let path = self.dir.join(format!("guichet-{}.toml", number + 1));
            fs::write(&path, toml::to_string(&config)?).with_context(|| path.display().to_string())?;
            Ok(ProcessConfig { name: process.name.clone(), path, config })
        };
        self.processes.iter().enumerate().map(write).collect()
    }

    /// A client that trusts the installation's authority only.
    pub fn client(&self) -> anyhow::Result<reqwest::Client> {
        let authority = reqwest::Certificate::from_pem(&fs::read(&self.ca_certificate)?)?;
        Ok(reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build()?)
    }
}

fn sozu_program(asked: Option<&Path>) -> anyhow::Result<PathBuf> {
    let default = || {
        let cache = std::env::var_os("GUICHET_CACHE").map(PathBuf::from);
        let xdg = || std::env::var_os("XDG_CACHE_HOME").map(|cache| PathBuf::from(cache).join("guichet"));
        let home = || std::env::home_dir().map(|home| home.join(".cache/guichet"));
        Some(cache.or_else(xdg).or_else(home)?.join("sozu-2.3.3/bin/sozu"))
    };
    let path = asked.map(Path::to_path_buf).or_else(default).context("cannot find a home folder: give --sozu")?;
    if !path.is_file() {
        bail!("Sōzu is not at {}: `make demo` installs it there, or give --sozu FILE", path.display());
    }
    Ok(path)
}

fn base_config(
    args: &DemoArgs,
    folder: &Folder,
    url: &str,
    calls: Vec<PathBuf>,
    first: &DemoProcess,
) -> anyhow::Result<Config> {
    let sign_in = args.sign_in.as_deref().map(read_sign_in).transpose()?.unwrap_or_default();
    Ok(Config {
        portal: Portal {
            public_url: url.into(),
            name: None,
            listen: Listen::Tcp(first.listen),
            ops_listen: first.ops,
            ops_hosts: Vec::new(),
            data_dir: folder.file("data"),
            keys_seed_file: None,
            hsts_seconds: None,
            trusted_networks: Vec::new(),
            calls,
            guest_calls: Vec::new(),
            definition_networks: Vec::new(),
            definition_ca_file: None,
            promise_results: None,
            officers: Vec::new(),
            rounds: Some(folder.file("rounds.toml")),
            passkeys: args.passkeys,
            demonstration: true,
            test_hooks: args.test_hooks,
        },
        database: Database::default(),
        mail: Mail::Folder { from: "Guichet <guichet@localhost>".into(), folder: folder.file("mail") },
        sign_in,
        repman: None,
        attachments: args.attachments.as_deref().map(read_attachments).transpose()?,
        scan: args.scan.as_deref().map(read_scan).transpose()?,
        backup: Some(Backup {
            folder: folder.file("backup"),
            every_hours: 24,
            keep: 3,
            drill_every_days: 7,
            restic: None,
        }),
        company_register: None,
        edge: None,
        publisher: Publisher::default(),
    })
}

fn edge_section(state_dir: PathBuf, sozu_socket: PathBuf, ports: &Ports, tls: &Tls) -> Edge {
    Edge {
        name: None,
        sozu_socket,
        state_dir,
        ops_listen: local(ports.edge_ops),
        ops_hosts: Vec::new(),
        http_listen: local(ports.http),
        https_listen: local(ports.https),
        hosts: HOSTS.iter().copied().map(Into::into).collect(),
        certificates: vec![CertificateFiles { certificate: tls.certificate.clone(), private_key: tls.key.clone() }],
        acme: None,
        own_authority: None,
        limits: Limits::default(),
        answers_dir: None,
        max_removal_percent: 50,
    }
}

/// It has no listener: the edge adds all of them, and the state that the edge saves restores them at the next start.
fn sozu_config(socket: &Path, state_dir: &Path) -> String {
    let state = state_dir.join("sozu.state");
    format!(
        "# Written at each start by guichet demo.\n\
         command_socket = {socket:?}\n\
         saved_state = {state:?}\n\
         command_buffer_size = 1000000\n\
         max_command_buffer_size = 268435456\n\
         worker_count = 2\n\
         worker_automatic_restart = true\n\
         handle_process_affinity = false\n\
         buffer_size = 32777\n\
         max_connections = 1000\n\
         log_level = \"warn\"\n\
         access_logs_target = \"file:///dev/null\"\n\
         log_target = \"stdout\"\n\
         log_colored = false\n"
    )
}

/// The demonstration's round: opened on the day of the first start, for thirty days, and written only once.
fn write_rounds(folder: &Folder) -> anyhow::Result<()> {
    if folder.file("rounds.toml").exists() {
        return Ok(());
    }
    let today = jiff::Timestamp::now().in_tz("Europe/Paris")?.date();
    let closes = today.checked_add(jiff::Span::new().days(30))?;
    let text = format!(
        "# Written once, at the first start of the demonstration; change the dates as you like.\n\
         [[rounds]]\n\
         call = \"hyper-open-x\"\n\
         id = \"demonstration\"\n\
         title = {{ fr = \"Relève de démonstration\", en = \"Demonstration round\" }}\n\
         opens_at = \"{today}T00:00:00\"\n\
         closes_at = \"{closes}T00:00:00\"\n\
         envelope_cents = 100_000_000\n\
         bricks = [\"slapos\", \"rapid-cdn\", \"sozu\", \"biscuit\", \"repman\", \"wendelin\", \"opensvc\"]\n\
         demonstration = true\n\
         note = {{ fr = \"Cette relève sert à essayer le portail : rien de ce qui y est déposé ne compte.\", \
         en = \"This round is for trying the portal: nothing submitted to it counts.\" }}\n"
    );
    folder.write("rounds.toml", &text).map(drop)
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The ports of an installation, stored so that its address survives a restart.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Ports {
    https: u16,
    http: u16,
    #[serde(default)]
    edge_ops: u16,
    /// Ports for pages and ops, by process.
    processes: Vec<(u16, u16)>,
}

impl Ports {
    fn choose(args: &DemoArgs, folder: &Folder) -> anyhow::Result<Self> {
        let remembered: Self = fs::read_to_string(folder.file("ports.json"))
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let mut taken = BTreeSet::new();
        let mut asked = |asked: Option<u16>, before: u16| match asked {
            Some(port) => {
                TcpListener::bind(local(port)).with_context(|| format!("port {port} cannot be used"))?;
                taken.insert(port);
                Ok(port)
            }
            None => free(before, &mut taken),
        };
        let https = asked(args.https_port, remembered.https)?;
        let http = asked(args.http_port, remembered.http)?;
        let edge_ops = asked(None, remembered.edge_ops)?;
        let processes = (0..usize::from(args.processes)).map(|number| {
            let (pages, ops) = remembered.processes.get(number).copied().unwrap_or_default();
            Ok((asked(None, pages)?, asked(None, ops)?))
        });
        let ports = Self { https, http, edge_ops, processes: processes.collect::<anyhow::Result<_>>()? };
        folder.write("ports.json", &serde_json::to_string(&ports)?)?;
        Ok(ports)
    }

    fn processes(&self) -> impl Iterator<Item = DemoProcess> {
        self.processes.iter().enumerate().map(|(number, (pages, ops))| DemoProcess {
            name: format!("serve-{}", number + 1),
            listen: local(*pages),
            ops: local(*ops),
        })
    }
}

/// Locks that keep the ports of this process from other demonstrations, which start at the same time, until it ends.
static RESERVED: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// Reserves a port among the demonstrations of this user. Returns false if another one has it.
fn reserve(port: u16) -> bool {
    let folder = std::env::temp_dir().join(format!("guichet-ports-{}", nix::unistd::geteuid()));
    let path = folder.join(port.to_string());
    let opened = fs::create_dir_all(folder).and_then(|()| File::options().create(true).append(true).open(path));
    // Without the folder, ports are only as safe as the bind is quick.
    let Ok(file) = opened else { return true };
    if file.try_lock().is_err() {
        return false;
    }
    RESERVED.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    true
}

/// The previously used port if it is free, otherwise another one below those that the system hands out to clients,
/// because the port must still be free when the child binds it.
fn free(before: u16, taken: &mut BTreeSet<u16>) -> anyhow::Result<u16> {
    let random = uuid::Uuid::now_v7().into_bytes();
    let start = u16::from_le_bytes([random[14], random[15]]) % 10_000;
    let candidates = (0..10_000u16).map(|step| 20_000 + (start + step) % 10_000);
    let mut candidates = std::iter::once(before).filter(|port| *port != 0).chain(candidates);
    let found =
        candidates.find(|port| !taken.contains(port) && reserve(*port) && TcpListener::bind(local(*port)).is_ok());
    let port = found.context("no free port between 20000 and 29999")?;
    taken.insert(port);
    Ok(port)
}
