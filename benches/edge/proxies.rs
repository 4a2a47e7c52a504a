//! Sōzu beside Debian's haproxy and nginx, before the same servers, in rounds that take turns.

use crate::{
    client::{Round, load, server},
    control::{Bare, free},
};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde_json::{Value as Json, json};
use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_secs(2);

/// A proxy with its two addresses.
struct Proxy {
    name: &'static str,
    plain: SocketAddr,
    tls: Option<SocketAddr>,
    _process: Option<Process>,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Compares, prints, and returns medians.
pub async fn compare() -> Json {
    let folder = tempfile::Builder::new().prefix("guichet-bench-").tempdir().unwrap();
    let issued = rcgen::generate_simple_self_signed(["bench.sites.test".to_owned()]).unwrap();
    let (certificate, key) = (issued.cert.pem(), issued.signing_key.serialize_pem());
    fs::write(folder.path().join("site.pem"), &certificate).unwrap();
    fs::write(folder.path().join("site.key"), &key).unwrap();
    fs::write(folder.path().join("both.pem"), format!("{certificate}{key}")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let ((one, _a), (two, _b)) = (server().await, server().await);
    let (sozu, _bare) = sozu(folder.path(), [one, two]);
    let proxies = [
        Proxy { name: "direct", plain: one, tls: None, _process: None },
        sozu,
        haproxy(folder.path(), [one, two]),
        nginx(folder.path(), [one, two]),
    ];
    let mut seen: Vec<(String, bool, Vec<Round>)> = Vec::new();
    for proxy in &proxies {
        for (tls, address) in [(false, Some(proxy.plain)), (true, proxy.tls)] {
            if let Some(address) = address {
                wait(address);
                seen.push((proxy.name.into(), tls, Vec::new()));
            }
        }
    }
    for _ in 0..ROUNDS {
        for proxy in &proxies {
            for (tls, address) in [(false, Some(proxy.plain)), (true, proxy.tls)] {
                let Some(address) = address else { continue };
                let round = load(address, tls.then_some(&roots), TIME).await;
                seen.iter_mut().find(|(name, of_tls, _)| name == proxy.name && *of_tls == tls).unwrap().2.push(round);
            }
        }
    }
    print(&seen)
}

fn median(rounds: &[Round], of: fn(&Round) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print(seen: &[(String, bool, Vec<Round>)]) -> Json {
    let rate = |name: &str, tls: bool| {
        let found = seen.iter().find(|(known, of_tls, _)| known == name && *of_tls == tls);
        found.map_or(f64::NAN, |(.., rounds)| median(rounds, |round| round.per_second))
    };
    println!("\n32 keep-alive connections, 1 kB answers, client, proxies and servers on the same cores: ratios only");
    let mut all = Vec::new();
    for (name, tls, rounds) in seen {
        let (per_second, p99) = (median(rounds, |r| r.per_second), median(rounds, |r| r.p99_milliseconds));
        let way = if *tls { "TLS" } else { "plain" };
        println!("{name:<10} {way:<6} {per_second:>9.0} req/s   p99 {p99:>7.2} ms");
        all.push(json!({ "proxy": name, "tls": tls, "per_second": per_second, "p99_milliseconds": p99 }));
    }
    let mut ratios = serde_json::Map::new();
    for (other, tls) in [("direct", false), ("haproxy", false), ("nginx", false), ("haproxy", true), ("nginx", true)] {
        let ratio = rate("Sōzu", tls) / rate(other, tls);
        let way = if tls { "TLS" } else { "plain" };
        println!("Sōzu / {other:<8} {way:<6} {ratio:.2}");
        ratios.insert(format!("sozu_over_{other}_{way}"), json!(ratio));
    }
    json!({ "medians": all, "ratios": ratios })
}

fn wait(address: SocketAddr) {
    let end = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "nobody listens on {address}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn sozu(folder: &Path, servers: [SocketAddr; 2]) -> (Proxy, Bare) {
    let (plain, tls) = (free(), free());
    let (certificate, key) = (folder.join("site.pem"), folder.join("site.key"));
    let front = |address: SocketAddr, more: &str| {
        format!("{{ address = \"{address}\", hostname = \"bench.sites.test\"{more} }}")
    };
    let bare = Bare::start(&format!(
        "activate_listeners = true\n\
         [[listeners]]\nprotocol = \"http\"\naddress = \"{plain}\"\n\
         [[listeners]]\nprotocol = \"https\"\naddress = \"{tls}\"\n\
         [clusters.bench]\nprotocol = \"http\"\nload_balancing = \"ROUND_ROBIN\"\n\
         frontends = [ {}, {} ]\n\
         backends = [ {{ address = \"{}\", backend_id = \"one\" }}, {{ address = \"{}\", backend_id = \"two\" }} ]\n",
        front(plain, ""),
        front(tls, &format!(", certificate = {certificate:?}, key = {key:?}, certificate_chain = {certificate:?}")),
        servers[0],
        servers[1],
    ));
    (Proxy { name: "Sōzu", plain, tls: Some(tls), _process: None }, bare)
}

fn run(program: &str, arguments: &[&str]) -> Option<Process> {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new(program);
    command.args(arguments).env("PATH", path).stdout(Stdio::null()).stderr(Stdio::null());
    Some(Process(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"))))
}

fn haproxy(folder: &Path, servers: [SocketAddr; 2]) -> Proxy {
    let (plain, tls) = (free(), free());
    let file = folder.join("haproxy.cfg");
    let text = format!(
        "global\n nbthread 2\n maxconn 1000\ndefaults\n mode http\n timeout connect 3s\n timeout client 60s\n \
         timeout server 60s\nfrontend f\n bind {plain}\n bind {tls} ssl crt {}\n default_backend b\nbackend b\n \
         balance roundrobin\n server one {}\n server two {}\n",
        folder.join("both.pem").display(),
        servers[0],
        servers[1],
    );
    fs::write(&file, text).unwrap();
    let process = run("/usr/sbin/haproxy", &["-db", "-f", file.to_str().unwrap()]);
    Proxy { name: "haproxy", plain, tls: Some(tls), _process: process }
}

fn nginx(folder: &Path, servers: [SocketAddr; 2]) -> Proxy {
    let (plain, tls) = (free(), free());
    let file = folder.join("nginx.conf");
    let here = folder.display();
    let text = format!(
        "daemon off;\nworker_processes 2;\npid {here}/nginx.pid;\nerror_log {here}/nginx.log;\n\
         events {{ worker_connections 1024; }}\nhttp {{\n access_log off;\n client_body_temp_path {here}/b;\n \
         proxy_temp_path {here}/p;\n fastcgi_temp_path {here}/f;\n uwsgi_temp_path {here}/u;\n scgi_temp_path {here}/s;\n \
         keepalive_requests 1000000;\n upstream b {{ server {}; server {}; keepalive 64; keepalive_requests 1000000; }}\n \
         server {{ listen {plain}; listen {tls} ssl; ssl_certificate {here}/site.pem; ssl_certificate_key {here}/site.key;\n \
         location / {{ proxy_pass http://b; proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }}\n}}\n",
        servers[0], servers[1],
    );
    fs::write(&file, text).unwrap();
    let process = run("/usr/sbin/nginx", &["-p", folder.to_str().unwrap(), "-c", file.to_str().unwrap()]);
    Proxy { name: "nginx", plain, tls: Some(tls), _process: process }
}
