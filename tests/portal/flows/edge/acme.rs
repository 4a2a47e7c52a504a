//! Certificates from a real ACME authority that runs on this machine, validated through Sōzu.

use crate::{
    flows::breakdown::own,
    harness::{Installation, installation::wait_for},
};
use std::{
    fs,
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Pebble, and a name server that knows one address only.
struct Authority {
    directory: String,
    ca_file: PathBuf,
    children: Vec<Child>,
}

impl Drop for Authority {
    fn drop(&mut self) {
        for child in &mut self.children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Authority {
    fn start(folder: &Path, http_port: u16) -> Self {
        let (port, management, dns) =
            (free(), free(), UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
        let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (ca_file, key) = (folder.join("pebble.pem"), folder.join("pebble.key"));
        fs::write(&ca_file, issued.cert.pem()).unwrap();
        fs::write(&key, issued.signing_key.serialize_pem()).unwrap();
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": ca_file,
            "privateKey": key,
            "httpPort": http_port,
            "tlsPort": free(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        let file = folder.join("pebble.json");
        fs::write(&file, config.to_string()).unwrap();
        let names = Command::new("pebble-challtestsrv")
            .args(["-dns01", &format!("127.0.0.1:{dns}"), "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-management", &format!("127.0.0.1:{}", free())])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pebble-challtestsrv, of Debian's package pebble, starts");
        let log = fs::File::create(folder.join("pebble.log")).unwrap();
        let pebble = Command::new("pebble")
            .arg("-config")
            .arg(&file)
            .args(["-dnsserver", &format!("127.0.0.1:{dns}")])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("pebble starts");
        let this = Self { directory: format!("https://localhost:{port}/dir"), ca_file, children: vec![names, pebble] };
        wait_for("the authority to listen", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        this
    }
}

fn http_port(at: &Installation) -> u16 {
    let config: toml::Table = fs::read_to_string(at.folder.join("edge.toml")).unwrap().parse().unwrap();
    config["edge"]["http_listen"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap()
}

/// Fingerprint of the certificate that a host is served with, once its key was proved.
async fn shown(at: &Installation, host: &str, fingerprint: &str) -> bool {
    let port: u16 = at.url.rsplit(':').next().unwrap().parse().unwrap();
    let _first = rustls::crypto::ring::default_provider().install_default();
    guichet::testing::edge::probe::check_host(host, ([127, 0, 0, 1], port).into(), fingerprint).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_without_certificate_gets_one_from_an_acme_authority_and_keeps_it_fresh() {
    const HOST: &str = "neuf.localhost";
    let at = own();
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::start(folder.path(), http_port(at));
    at.change_edge(|edge| {
        edge["hosts"].as_array_mut().unwrap().push(HOST.into());
        let mut acme = toml::Table::new();
        acme.insert("directory_url".into(), authority.directory.clone().into());
        acme.insert("contact".into(), "exploitation@exemple.fr".into());
        acme.insert("ca_file".into(), authority.ca_file.to_str().unwrap().into());
        acme.insert("responder_listen".into(), format!("127.0.0.1:{}", free()).into());
        edge.insert("acme".into(), toml::Value::Table(acme));
    });
    let issued = |report: &guichet::testing::edge::report::Report| {
        report.certificates.iter().find(|one| one.source == "acme" && one.served).map(|one| one.fingerprint.clone())
    };
    let report = at.edge_until("the certificate", |report| report.converged && issued(report).is_some()).await;
    let first = issued(&report).unwrap();
    assert!(shown(at, HOST, &first).await, "served through Sōzu");
    let settled = at.edge_until("the challenge to go", |report| report.converged && report.issues.is_empty()).await;
    assert!(settled.alarms.is_empty(), "{:?}", settled.alarms);
    let state = at.sozu().observe().await.unwrap();
    assert!(state.http_fronts.values().all(|front| !format!("{:?}", front.path).contains("acme-challenge")));

    let stored = at.folder.join("run/edge-state/acme");
    for entry in fs::read_dir(&stored).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    let log = fs::read_to_string(at.folder.join("log/edge.log")).unwrap();
    assert!(!log.contains("PRIVATE") && log.contains("certificate issued"), "{log}");

    // One whose life is over by two thirds, of the same names: what the edge finds when it starts again.
    let mut old = rcgen::CertificateParams::new([HOST.to_owned()]).unwrap();
    let now = time::OffsetDateTime::now_utc();
    (old.not_before, old.not_after) = (now - time::Duration::days(70), now + time::Duration::days(20));
    let key = rcgen::KeyPair::generate().unwrap();
    fs::write(stored.join(format!("{HOST}.key")), key.serialize_pem()).unwrap();
    fs::write(stored.join(format!("{HOST}.pem")), old.self_signed(&key).unwrap().pem()).unwrap();
    crate::flows::breakdown::kill("-KILL", at.pids("edge")[0]);
    let report = at
        .edge_until("the renewal", |report| {
            report.converged
                && issued(report).is_some_and(|fingerprint| fingerprint != first)
                && report.certificates.iter().any(|one| one.source == "acme" && one.days_left > 30)
        })
        .await;
    assert!(shown(at, HOST, &issued(&report).unwrap()).await);

    // An authority that is unavailable is told of, and holds up nothing else.
    drop(authority);
    at.change_edge(|edge| edge["hosts"].as_array_mut().unwrap().push("perdu.localhost".into()));
    let report = at
        .edge_until("the failure to be told", |report| report.alarms.iter().any(|a| a.contains("perdu.localhost")))
        .await;
    assert!(report.converged && issued(&report).is_some(), "{report:#?}");
}
