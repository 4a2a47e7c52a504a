//! Sōzu as a database client sees it: a proxy that forwards bytes to a configured server.

use super::sozu::free;
use std::{
    fs,
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
};

/// A proxy at one IPv6 address.
pub struct TcpProxy {
    pub address: SocketAddr,
    folder: tempfile::TempDir,
    main: Option<Child>,
}

impl TcpProxy {
    /// Starts it in front of a server on this machine.
    pub async fn start(port: u16) -> Self {
        let address = SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), free().port());
        let folder = tempfile::Builder::new().prefix("guichet-tcp-").tempdir().unwrap();
        let mut this = Self { address, folder, main: None };
        this.lead_to(port).await;
        this
    }

    /// Forwards to another server from now on; every connection is closed.
    pub async fn lead_to(&mut self, port: u16) {
        self.end();
        let (config, socket) = (self.folder.path().join("sozu.toml"), self.folder.path().join("s.sock"));
        let text = format!(
            "command_socket = {socket:?}\nworker_count = 1\nworker_automatic_restart = false\n\
             handle_process_affinity = false\nlog_level = \"error\"\nlog_target = \"stdout\"\n\
             [[listeners]]\nprotocol = \"tcp\"\naddress = \"{address}\"\n\
             [clusters.database]\nprotocol = \"tcp\"\nfrontends = [{{ address = \"{address}\" }}]\n\
             backends = [{{ address = \"127.0.0.1:{port}\" }}]\n",
            address = self.address
        );
        fs::write(&config, text).unwrap();
        let program = std::env::var("GUICHET_SOZU").expect("GUICHET_SOZU names Sōzu's program");
        let mut command = Command::new(program);
        command.args(["start", "--config"]).arg(&config).stdin(Stdio::null()).stdout(Stdio::null());
        self.main = Some(command.spawn().unwrap());
        super::installation::wait_for_async("the proxy to listen", async || {
            tokio::task::yield_now().await;
            TcpStream::connect(self.address).is_ok()
        })
        .await;
    }

    fn end(&mut self) {
        if let Some(mut main) = self.main.take() {
            main.kill().ok();
            main.wait().ok();
        }
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.end();
    }
}
