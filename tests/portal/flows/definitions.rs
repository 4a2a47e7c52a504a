//! Definitions of guests' calls that are had from an address of theirs.

use crate::harness::{
    certificate::Certificate,
    installation::{guichet, source},
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
};

/// A server that answers every request with the same bytes.
struct Owner {
    address: String,
    answer: Arc<Mutex<String>>,
    certificate: Certificate,
}

impl Owner {
    fn start(folder: &Path) -> Self {
        let certificate = Certificate::make(folder);
        let chain = vec![CertificateDer::from_pem_file(&certificate.pem).unwrap()];
        let key = PrivateKeyDer::from_pem_file(&certificate.key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = Arc::new(tls.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://{}/call.toml", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(String::new()));
        let given = answer.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = rustls::ServerConnection::new(tls.clone()).unwrap();
                let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
                // Whoever does not trust us ends the connection here.
                if stream.read(&mut [0; 4096]).is_ok() {
                    stream.write_all(given.lock().unwrap().as_bytes()).ok();
                    stream.conn.send_close_notify();
                    stream.flush().ok();
                }
            }
        });
        Self { address, answer, certificate }
    }

    fn publishes(&self, status: &str, text: &str) {
        let length = text.len();
        *self.answer.lock().unwrap() =
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}");
    }
}

fn ask(folder: &Path, owner: &Owner, networks: &str) -> Output {
    let data = folder.join("data");
    let config = format!(
        "[portal]\npublic_url = \"https://a.example\"\nlisten = \"127.0.0.1:1\"\nops_listen = \"127.0.0.1:2\"\n\
         data_dir = {data:?}\ncalls = [{:?}]\ndefinition_networks = [{networks}]\ndefinition_ca_file = {:?}\n\
         [[portal.guest_calls]]\nfile = {:?}\nurl = {:?}\nhosts = [\"b.example\"]\n\
         [database]\nsocket = \"/nowhere\"\nname = \"guichet\"\n[mail]\ntransport = \"folder\"\nfrom = \"a@b.fr\"\nfolder = {data:?}\n",
        source("calls/hyper-open-x.toml"),
        owner.certificate.pem,
        folder.join("call.toml"),
        owner.address
    );
    fs::write(folder.join("guichet.toml"), config).unwrap();
    Command::new(guichet())
        .args(["definitions", "--once", "--config"])
        .arg(folder.join("guichet.toml"))
        .output()
        .unwrap()
}

#[test]
fn a_definition_is_had_from_its_owner_and_a_wrong_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let owner = Owner::start(folder.path());
    let good = fs::read_to_string(source("tests/fixtures/calls/petit-pas.toml")).unwrap();
    let (file, fault) = (folder.path().join("call.toml"), folder.path().join("call.fault"));
    let beside = "\"127.0.0.0/8\"";

    owner.publishes("200 OK", &good);
    let done = ask(folder.path(), &owner, beside);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(fs::read_to_string(&file).unwrap(), good);
    assert!(!fault.exists());

    for (status, text, reason) in [
        ("200 OK", "id = \"nothing that would do\"", "call.toml"),
        ("404 Not Found", "", "404"),
        ("302 Found", "", "302"),
        ("200 OK", "x".repeat((1 << 20) + 1).as_str(), "longer"),
    ] {
        owner.publishes(status, text);
        assert!(!ask(folder.path(), &owner, beside).status.success(), "{status} {reason}");
        let told = fs::read_to_string(&fault).unwrap();
        assert!(told.contains(reason), "{told}");
        assert_eq!(fs::read_to_string(&file).unwrap(), good, "what was there stays");
    }

    // The machine itself is no public server, unless the operator says so.
    owner.publishes("200 OK", &good);
    assert!(!ask(folder.path(), &owner, "").status.success());
    assert!(fs::read_to_string(&fault).unwrap().contains("public server"));

    assert!(ask(folder.path(), &owner, beside).status.success());
    assert!(!fault.exists(), "all is well again");
}
