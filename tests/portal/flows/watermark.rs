//! What marking costs, whatever the file: the command that the portal runs, and the portal itself.

use super::delegation::in_days;
use crate::harness::{Actor, installation::guichet, sample};
use flate2::{Compression, write::ZlibEncoder};
use guichet::testing::adapters::inspect::limited::{MAX_MEMORY_BYTES, MAX_SECONDS, WATERMARK_VARIABLE};
use std::{
    fs::{File, read_to_string},
    io::{Read, Seek, Write},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// A small file of one page whose streams of objects unpack to many zeros each: every two bytes are an object.
fn bomb(streams: usize, megabytes: usize, kind: &str) -> Vec<u8> {
    let packed = |bytes: &[u8]| {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    let (mut out, mut table) = (b"%PDF-1.5\n".to_vec(), vec![(0_u8, 0_usize)]);
    let mut add = |table: &mut Vec<(u8, usize)>, body: &[u8]| {
        table.push((1, out.len()));
        out.extend_from_slice(format!("{} 0 obj\n", table.len() - 1).as_bytes());
        out.extend_from_slice(body);
        out.extend_from_slice(b"\nendobj\n");
        out.len()
    };
    let stream = |entries: String, bytes: &[u8]| {
        let head = format!("<<{entries}/Filter/FlateDecode/Length {}>>\nstream\n", bytes.len());
        [head.as_bytes(), bytes, b"\nendstream"].concat()
    };
    add(&mut table, b"<</Type/Catalog/Pages 2 0 R>>");
    add(&mut table, b"<</Type/Pages/Kids[3 0 R]/Count 1>>");
    let mut end = add(&mut table, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>");
    for _ in 0..streams {
        let (number, head) = (table.len(), format!("{} 0 ", table.len() + 1));
        let zeros = "0 ".repeat((megabytes * 1024 * 1024 - 64) / 2);
        let bytes = packed(format!("{head}[{zeros}]").as_bytes());
        end = add(&mut table, &stream(format!("/Type/{kind}/N 1/First {}", head.len()), &bytes));
        table.push((2, number));
    }
    table.push((1, end));
    let rows: Vec<u8> = table
        .iter()
        .flat_map(|(kind, at)| [&[*kind], u32::try_from(*at).unwrap().to_be_bytes().as_slice(), &[0, 0]].concat())
        .collect();
    let entries = format!("/Type/XRef/Size {}/W[1 4 2]/Root 1 0 R", table.len());
    out.extend_from_slice(format!("{} 0 obj\n", table.len() - 1).as_bytes());
    out.extend_from_slice(&stream(entries, &packed(&rows)));
    out.extend_from_slice(format!("\nendobj\nstartxref\n{end}\n%%EOF\n").as_bytes());
    out
}

/// The most memory that a process had at once, in bytes, while it runs.
fn peak(pid: u32) -> Option<u64> {
    let told = read_to_string(format!("/proc/{pid}/status")).ok()?;
    let peak = told.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024)
}

/// How it ended, what it wrote, the most memory it had at once, in bytes, and how long it took.
fn run(piece: &[u8]) -> (ExitStatus, Vec<u8>, u64, Duration) {
    let mut files = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
    files[0].write_all(piece).unwrap();
    files[0].rewind().unwrap();
    let began = Instant::now();
    let same = |file: &File| Stdio::from(file.try_clone().unwrap());
    let mut child = Command::new(guichet())
        .args(["watermark", "application/pdf"])
        .env_clear()
        .env(WATERMARK_VARIABLE, "eve@audit.fr")
        .stdin(same(&files[0]))
        .stdout(same(&files[1]))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    let status = loop {
        // The kernel's own high-water mark, so that no moment is missed but the last.
        most = peak(child.id()).unwrap_or(most);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let mut wrote = Vec::new();
    files[1].rewind().unwrap();
    files[1].read_to_end(&mut wrote).unwrap();
    println!("{} bytes: {status}, {} MB, {:?}", piece.len(), most / 1_000_000, began.elapsed());
    (status, wrote, most, began.elapsed())
}

#[test]
fn a_small_file_cannot_ask_for_much_memory_or_time() {
    let (status, wrote, usual, _) = run(&sample::piece("P7-kbis.pdf"));
    assert!(status.success() && wrote.starts_with(b"%PDF-"), "{status}");
    assert!(usual > 0 && usual < MAX_MEMORY_BYTES / 4, "{usual}");
    // The first is within what is looked at before, the last hides from it.
    for (streams, kind) in [(1, "ObjStm"), (4, "ObjStm"), (4, "Obj#53tm")] {
        let (status, wrote, most, time) = run(&bomb(streams, 15, kind));
        assert!(!status.success() && wrote.is_empty(), "{streams} {kind}: {status}");
        assert!(most <= MAX_MEMORY_BYTES, "{streams} {kind}: {most}");
        assert!(time < Duration::from_secs(2 * MAX_SECONDS), "{streams} {kind}: {time:?}");
    }
}

#[tokio::test]
async fn whoever_reads_by_need_to_know_gets_a_hostile_piece_as_it_is_and_the_portal_stays_small() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let hostile = bomb(4, 15, "Obj#53tm");
    ada.upload(&format!("/dossiers/{id}/pieces/P7"), "P7.pdf", &sample::today().to_string(), &hostile)
        .await
        .expect(303);
    // What was found is told: nobody has seen that it has a page.
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(page.contains("PDF, accepté sans être ouvert"), "{page}");
    let number = sample::deposit(&mut ada, &id).await;
    let email = format!("{}@audit.fr", uuid::Uuid::now_v7().simple());
    let at = ada.at;
    at.command(&["access", "give", &email, "--role", "auditor", "--until", &in_days(7)]).await;
    let mut auditor = Actor::anon();
    auditor.sign_in(&email).await;

    let page = auditor.get(&format!("/receipts/{number}")).await.expect(200).body;
    assert!(page.contains("Votre copie porte votre nom sur chaque page"), "{page}");
    let own = ada.get(&format!("/receipts/{number}")).await.expect(200).body;
    assert!(!own.contains("Votre copie porte votre nom"), "{own}");

    let piece = |code: &str| format!("/receipts/{number}/pieces/{code}");
    let before: Vec<u64> = at.pids("serve").into_iter().filter_map(peak).collect();
    let sent = auditor.request(reqwest::Method::GET, &piece("P7")).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    assert!(!sent.headers().contains_key("x-guichet-copy"));
    assert_eq!(sent.bytes().await.unwrap(), hostile, "what was sealed");
    let after: Vec<u64> = at.pids("serve").into_iter().filter_map(peak).collect();
    println!("serve: {before:?}, then {after:?}");
    for (before, after) in before.iter().zip(&after) {
        assert!(after - before < 64 * 1024 * 1024, "{before} {after}");
    }
    let copy = auditor.get(&piece("P8")).await.expect(200);
    assert_eq!(copy.headers["x-guichet-copy"], "marked");
}
