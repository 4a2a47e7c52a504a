//! An S3 store of another kind than the one that we ship: moto, a server for tests in Python.

use super::installation::wait_for_async;
use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// A store with an empty bucket, until it is dropped.
pub struct Moto {
    folder: tempfile::TempDir,
    port: u16,
    server: Child,
}

impl Moto {
    pub async fn start() -> Self {
        // Clients in this process need a crypto provider; the first installation wins.
        rustls::crypto::ring::default_provider().install_default().ok();
        let program = std::env::var_os("GUICHET_MOTO")
            .filter(|program| std::path::Path::new(program).exists())
            .expect("GUICHET_MOTO names moto's server: `make setup` installs one, `make test` names it");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self { folder: tempfile::tempdir().unwrap(), port, server };
        wait_for_async("moto to make a bucket", async || {
            let made = reqwest::Client::new().put(moto.address("attachments")).send().await;
            made.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        moto
    }

    /// Address of a path of the store.
    pub fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// The bucket, as it is configured. What does not answer is passed over.
    pub fn url(&self) -> String {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        format!("s3://attachments?endpoint=http://{nobody}&endpoint=http://127.0.0.1:{}", self.port)
    }

    /// File with a key, which moto does not check.
    pub fn key_file(&self) -> PathBuf {
        let file = self.folder.path().join("key");
        fs::write(&file, "key\nsecret\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    /// File with the `[attachments]` section of a portal that has nothing but the bucket.
    pub fn section(&self) -> PathBuf {
        let file = self.folder.path().join("attachments.toml");
        let (url, key) = (self.url(), self.key_file());
        fs::write(&file, format!("[attachments]\nurl = {url:?}\nkey_file = {key:?}\ncache_mib = 0\n")).unwrap();
        file
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
