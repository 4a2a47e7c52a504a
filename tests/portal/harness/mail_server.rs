//! A mail server: aiosmtpd, which keeps what it takes and refuses recipients by their names.

use super::installation::{source, wait_for_async};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

/// A mail as the server took it.
#[derive(Clone, Debug)]
pub struct TakenMail {
    /// The envelope's sender.
    pub sender: String,
    pub recipient: String,
    /// Its source.
    pub source: String,
}

/// A server, until it is dropped.
pub struct MailServer {
    pub port: u16,
    taken: Arc<Mutex<Vec<TakenMail>>>,
    server: Child,
}

impl MailServer {
    pub fn start() -> Self {
        let python = std::env::var_os("GUICHET_AIOSMTPD")
            .filter(|program| Path::new(program).exists())
            .expect("GUICHET_AIOSMTPD names a Python with aiosmtpd: `make setup` installs one, `make test` names it");
        let mut server = Command::new(python)
            .arg(source("tests/portal/harness/mail_server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let port = lines.next().expect("the server prints its port").unwrap().parse().unwrap();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let list = taken.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mail: serde_json::Value = serde_json::from_str(&line).unwrap();
                let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                let source = String::from_utf8(STANDARD.decode(text(&mail["source"])).unwrap()).unwrap();
                list.lock().unwrap().push(TakenMail {
                    sender: text(&mail["sender"]),
                    recipient: text(&mail["recipients"][0]),
                    source,
                });
            }
        });
        Self { port, taken, server }
    }

    /// What was taken for an address.
    pub fn taken_for(&self, address: &str) -> Vec<TakenMail> {
        self.taken.lock().unwrap().iter().filter(|mail| mail.recipient == address).cloned().collect()
    }

    /// Waits for the only mail to an address.
    pub async fn mail_for(&self, address: &str) -> TakenMail {
        wait_for_async("a mail to be taken", async || !self.taken_for(address).is_empty()).await;
        let [mail] = &self.taken_for(address)[..] else { panic!("several mails to {address}") };
        mail.clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
