//! A deposit by the command over a poor line: slow, and cut three times.

use crate::harness::{Actor, Installation, installation::guichet, line::Line, sample};
use std::{net::SocketAddr, path::Path, process::Stdio};

/// Where Sōzu listens.
pub fn edge() -> SocketAddr {
    let url = &Installation::shared().url;
    SocketAddr::from(([127, 0, 0, 1], url.rsplit(':').next().unwrap().parse().unwrap()))
}

/// Bytes of the long file: `GUICHET_LONG_UPLOAD` makes it as long as one may be.
pub fn long() -> usize {
    std::env::var("GUICHET_LONG_UPLOAD").map_or(1_500_000, |bytes| bytes.parse().unwrap())
}

/// A sample dossier whose extract of the register is long.
fn folder(bytes: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(crate::harness::installation::source("docs/samples/hyper-open-x")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    std::fs::write(folder.path().join("P7-kbis.pdf"), sample::long_pdf(bytes)).unwrap();
    folder
}

async fn deposit(folder: &Path, line: &Line) -> std::process::Output {
    let at = Installation::shared();
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), at.token("applicant_token")).unwrap();
    let url = format!("https://localhost:{}", line.address.port());
    tokio::process::Command::new(guichet())
        .arg("deposit")
        .arg(folder)
        .args(["--url", &url, "--lang", "fr", "--yes", "--ca"])
        .arg(&at.ca_file)
        .arg("--token-file")
        .arg(token.path())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_deposits_over_a_slow_line_with_three_cuts() {
    drop(Actor::anon());
    let bytes = long();
    let folder = folder(bytes);
    let cuts = [2, 4, 7].map(|tenths| (bytes / 10 * tenths) as u64);
    let line = Line::start(edge(), 150_000, &cuts);
    let done = deposit(folder.path(), &line).await;
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert_eq!(done.status.code(), Some(0), "{said}");
    assert_eq!(line.cuts(), 3, "the line was cut");
    // What was on the line is lost with each cut, and no more: beginning again would have cost as much as the file.
    let most = bytes as u64 + 700_000;
    assert!(line.passed() < most, "{} bytes went up, {most} would do", line.passed());
}
