//! Garage nodes with the settings that the product recommends, made a store by the product's own `guichet garage apply`.

mod node;

pub use node::{Disk, Node};

use super::{
    installation::{guichet, wait_within},
    relay::Network,
};
use guichet::testing::adapters::garage::{self, GarageConfig, NODE_SETTINGS, Survey};
use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command, time::Duration};

/// Timeout for nodes to start, to be joined and to hand data over, on a loaded machine.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(90);
/// Id and secret of the portal's key.
const KEY: (&str, &str) =
    ("GK0123456789abcdef01234567", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
/// Nodes of a store that may lose one.
pub const NODES: usize = 3;
const BUCKET: &str = "guichet";

/// The nodes of one store.
pub struct Garage {
    pub nodes: Vec<Node>,
    pub network: Network,
    folder: tempfile::TempDir,
}

impl Garage {
    /// Starts so many nodes, each its own zone, and makes them a store.
    pub async fn start(nodes: usize) -> Self {
        Self::start_on(&vec![Disk::Shared; nodes]).await
    }

    /// The same with these disks.
    pub async fn start_on(disks: &[Disk]) -> Self {
        // Clients in this process need a crypto provider; the first installation wins.
        rustls::crypto::ring::default_provider().install_default().ok();
        let folder = tempfile::Builder::new().prefix("guichet-garage-").tempdir().unwrap();
        let mut this = Self { nodes: Vec::new(), network: Network::new(), folder };
        for (number, disk) in disks.iter().enumerate() {
            let node = Node::new(number, *disk, this.folder.path(), &mut this.network).await;
            if disks.len() < NODES {
                node.configure(&NODE_SETTINGS.replace("replication_factor = 3", "replication_factor = 1"));
            }
            this.nodes.push(node);
        }
        this.secret("key", &format!("{}\n{}\n", KEY.0, KEY.1));
        this.secret("token", node::ADMIN_TOKEN);
        for number in 0..disks.len() {
            this.run(number).await;
        }
        let told = this.apply().await.unwrap();
        assert!(told.contains("the bucket guichet is made"), "{told}");
        this
    }

    /// Starts one more node, which belongs to nobody yet.
    pub async fn add(&mut self) {
        let number = self.nodes.len();
        self.nodes.push(Node::new(number, Disk::Shared, self.folder.path(), &mut self.network).await);
        self.run(number).await;
    }

    fn secret(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
        fs::set_permissions(self.file(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a node, and waits until it answers.
    pub async fn run(&mut self, number: usize) {
        self.nodes[number].start();
        let client = self.asking(&[number]);
        wait_within(SETTLE_TIMEOUT, "a node to answer", async || {
            let node = &mut self.nodes[number];
            if let Some(status) = node.ended() {
                panic!("node {number} ended ({status}):\n{}", node.log());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            client.survey().await.is_ok()
        })
        .await;
    }

    /// Makes the nodes what the plan says, by the command; what it printed.
    pub async fn apply(&self) -> Result<String, String> {
        let nodes: Vec<String> = self.nodes.iter().zip(1..).map(|(node, number)| plan_of(node, number)).collect();
        let plan = self.file("plan.toml");
        let text = format!(
            "bucket = {BUCKET:?}\nkey_file = {:?}\nadmin_token_file = {:?}\n{}",
            self.file("key"),
            self.file("token"),
            nodes.concat()
        );
        fs::write(&plan, text).unwrap();
        let done = tokio::process::Command::new(guichet()).args(["garage", "apply", "--plan"]).arg(plan).output();
        let done = done.await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if done.status.success() { Ok(text(&done.stdout)) } else { Err(text(&done.stderr)) }
    }

    /// A client of the admin API of all nodes.
    pub fn client(&self) -> garage::Garage {
        self.asking(&(0..self.nodes.len()).collect::<Vec<_>>())
    }

    fn asking(&self, nodes: &[usize]) -> garage::Garage {
        let admin = nodes.iter().map(|number| format!("http://{}", self.nodes[*number].admin)).collect();
        garage::Garage::new(&GarageConfig { admin, admin_token_file: self.file("token") }).unwrap()
    }

    /// Waits until the nodes, as the first that answers sees them, are as they should be.
    pub async fn until(&self, what: &str, condition: impl Fn(&Survey) -> bool) {
        let client = self.client();
        let mut last = String::new();
        let end = std::time::Instant::now() + SETTLE_TIMEOUT;
        loop {
            let survey = client.survey().await;
            if survey.as_ref().is_ok_and(&condition) {
                return;
            }
            last.clear();
            last.push_str(&format!("{survey:#?}"));
            assert!(std::time::Instant::now() < end, "waited in vain for {what}: {last}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until every node is connected with all others.
    async fn until_joined(&self) {
        for number in 0..self.nodes.len() {
            let client = self.asking(&[number]);
            wait_within(SETTLE_TIMEOUT, "the nodes to be together", async || {
                tokio::time::sleep(Duration::from_millis(100)).await;
                client.survey().await.is_ok_and(|survey| survey.parts > 0 && survey.parts_complete == survey.parts)
            })
            .await;
        }
    }

    /// Waits until a node has every block that another has.
    pub async fn until_filled(&self, number: usize) {
        let mut lacks = 0;
        let client = self.client();
        client.refill().await.unwrap();
        wait_within(SETTLE_TIMEOUT, "a node to have every block", async || {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let has = self.nodes[number].block_names();
            let others = self.nodes.iter().enumerate().filter(|(other, _)| *other != number);
            let all: BTreeSet<String> = others.flat_map(|(_, node)| node.block_names()).collect();
            lacks = all.difference(&has).count();
            lacks == 0 && !all.is_empty()
        })
        .await;
    }

    /// Sends a signal to a node's process.
    pub fn signal(&self, number: usize, signal: &str) {
        let pid = self.nodes[number].pid().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Kills a node immediately.
    pub fn kill(&mut self, number: usize) {
        self.nodes[number].kill();
    }

    /// Cuts a node off from the others; whoever asks it for attachments still reaches it.
    pub fn cut_off(&self, number: usize) {
        self.network.cut(self.nodes[number].ip);
    }

    /// Lets a node that was cut off find the others again.
    pub async fn reconnect(&self, number: usize) {
        self.network.heal(self.nodes[number].ip);
        self.join().await;
    }

    /// Starts nodes that were killed, and waits until all are together.
    pub async fn run_again(&mut self, numbers: &[usize]) {
        for number in numbers {
            self.run(*number).await;
        }
        self.join().await;
    }

    /// Has nodes connect that would find one another within half a minute.
    async fn join(&self) {
        self.apply().await.unwrap();
        self.until_joined().await;
    }

    /// Waits until nothing is left for an operator to see to.
    pub async fn until_well(&self) {
        self.client().refill().await.unwrap();
        self.until("everything to have its copies", |survey| survey.faults(1, u64::MAX).is_empty()).await;
    }

    /// Puts an empty node in the place of one: the same addresses, another identity.
    pub async fn replace(&mut self, number: usize) {
        self.kill(number);
        self.nodes[number].wipe();
        self.run(number).await;
    }

    /// A file with the `[attachments]` section of a portal that stores here, and keeps nothing for itself.
    pub fn section(&self) -> PathBuf {
        let admin: Vec<String> = self.nodes.iter().map(|node| format!("http://{}", node.admin)).collect();
        let endpoints: Vec<String> = self.nodes.iter().map(|node| format!("endpoint=http://{}", node.s3)).collect();
        let file = self.file("attachments.toml");
        let text = format!(
            "[attachments]\nurl = \"s3://{BUCKET}?{}&region=garage\"\nkey_file = {:?}\ncache_mib = 0\n\
             [attachments.garage]\nadmin = {admin:?}\nadmin_token_file = {:?}\n",
            endpoints.join("&"),
            self.file("key"),
            self.file("token")
        );
        fs::write(&file, text).unwrap();
        file
    }

    /// What the nodes said last, for a test that fails.
    pub fn logs(&self) -> String {
        self.nodes.iter().map(|node| format!("{}:\n{}\n", node.s3, node.log())).collect()
    }
}

fn plan_of(node: &Node, number: usize) -> String {
    format!(
        "[[nodes]]\nadmin = \"http://{}\"\nrpc = \"{}\"\nzone = \"zone-{number}\"\ncapacity_mib = 1024\n",
        node.admin, node.relay
    )
}
