//! One Garage node: its addresses, its disk, its process.

use crate::harness::relay::Network;
use guichet::testing::adapters::garage::NODE_SETTINGS;
use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU8, Ordering},
};

/// Token of the admin API of every node.
pub const ADMIN_TOKEN: &str = "only-for-tests";
/// What the nodes of all stores share.
const RPC_SECRET: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// Where a node keeps what it stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// The temporary folder.
    Shared,
    /// A disk of its own of so many MiB, which ends with the process.
    Small(u32),
}

/// One node.
pub struct Node {
    pub ip: IpAddr,
    /// Its S3 interface.
    pub s3: SocketAddr,
    /// Its admin API.
    pub admin: SocketAddr,
    rpc: SocketAddr,
    /// How the other nodes reach it.
    pub relay: SocketAddr,
    folder: PathBuf,
    disk: Disk,
    child: Option<Child>,
}

/// The program; nothing is tested without it.
fn program() -> PathBuf {
    let program = std::env::var_os("GUICHET_GARAGE").map(PathBuf::from).filter(|program| program.is_file());
    program.expect("GUICHET_GARAGE names Garage's program, which scripts/setup --with-garage builds")
}

/// An address of this machine for one node, by which the relays know who sends.
fn own_ip() -> IpAddr {
    static NEXT: AtomicU8 = AtomicU8::new(0);
    Ipv4Addr::new(127, 0, 1, 1 + NEXT.fetch_add(1, Ordering::Relaxed) % 250).into()
}

fn free(ip: IpAddr) -> SocketAddr {
    TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap()
}

impl Node {
    pub async fn new(number: usize, disk: Disk, folder: &Path, network: &mut Network) -> Self {
        let ip = own_ip();
        let rpc = free(ip);
        let folder = folder.join(number.to_string());
        fs::create_dir(&folder).unwrap();
        let relay = network.relay(rpc).await;
        let node = Self { ip, s3: free(ip), admin: free(ip), rpc, relay, folder, disk, child: None };
        node.configure(NODE_SETTINGS);
        node
    }

    /// Writes its configuration file: the recommended lines, and where it is.
    pub fn configure(&self, settings: &str) {
        let text = format!(
            "{settings}metadata_dir = \"{folder}/disk/meta\"\ndata_dir = \"{folder}/disk/data\"\n\
             rpc_secret = \"{secret}\"\nrpc_bind_addr = \"{rpc}\"\nrpc_public_addr = \"{relay}\"\n\
             rpc_bind_outgoing = true\nallow_world_readable_secrets = true\n\
             [s3_api]\napi_bind_addr = \"{s3}\"\ns3_region = \"garage\"\n\
             [admin]\napi_bind_addr = \"{admin}\"\nadmin_token = \"{ADMIN_TOKEN}\"\n",
            folder = self.folder.display(),
            secret = RPC_SECRET,
            rpc = self.rpc,
            relay = self.relay,
            s3 = self.s3,
            admin = self.admin,
        );
        fs::write(self.folder.join("garage.toml"), text).unwrap();
    }

    pub fn start(&mut self) {
        let disk = self.folder.join("disk");
        fs::create_dir_all(&disk).unwrap();
        let mut command = match self.disk {
            Disk::Shared => Command::new(program()),
            Disk::Small(mib) => {
                let mut command = Command::new("unshare");
                // Whoever is not root becomes it in a world of its own.
                if !nix::unistd::geteuid().is_root() {
                    command.args(["--user", "--map-root-user"]);
                }
                let mount = "mount -t tmpfs -o \"size=$1m,mode=700\" tmpfs \"$2\" && shift 2 && exec \"$@\"";
                command.args(["--mount", "sh", "-c", mount, "sh"]).arg(mib.to_string()).arg(&disk).arg(program());
                command
            }
        };
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        command.arg("-c").arg(self.folder.join("garage.toml")).arg("server").env("RUST_LOG", "garage=info");
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().expect("a node starts"));
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Ends it at once, even if it is frozen.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// How its process ended, if it did by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().unwrap())
    }

    /// Empties its disk.
    pub fn wipe(&self) {
        fs::remove_dir_all(self.folder.join("disk")).unwrap();
    }

    /// The end of its log, for a test that fails.
    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// The files of blocks on its disk, by their names without what tells how they are compressed.
    pub fn blocks(&self) -> Vec<(String, PathBuf)> {
        let mut folders = vec![self.folder.join("disk/data")];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let extension = path.extension().map_or_else(String::new, |it| it.to_string_lossy().into_owned());
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                if name.len() == 64 && matches!(extension.as_str(), "" | "zst") {
                    found.push((name, path));
                }
            }
        }
        found
    }

    pub fn block_names(&self) -> BTreeSet<String> {
        self.blocks().into_iter().map(|(name, _)| name).collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
