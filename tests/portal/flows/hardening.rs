//! What a stranger, a hanging neighbour or a process that ends once could do; ids are those of the faults.

mod background;

use crate::{
    flows::breakdown::own,
    harness::{
        Actor, Installation,
        actor::mails_to,
        cluster::{Cluster, NODES, Replication},
        installation::wait_for_async,
        sample,
    },
};
use guichet::testing::{
    config::Config,
    edge::report::Report,
    store::{Freshness, Store, account, embedded::Embedded},
};
use jiff::civil::date;
use reqwest::{Method, header};
use serde_json::{Value as Json, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

const EVALUATION: &str = "/api/v1/calls/hyper-open-x/evaluation";

/// Sends a file to the verifier, as a browser does.
async fn verify(actor: &mut Actor, bytes: &[u8]) -> crate::harness::actor::Answer {
    let head = "--B\r\ncontent-disposition: form-data; name=\"receipt\"; filename=\"r.json\"\r\n\r\n";
    let body = [head.as_bytes(), bytes, b"\r\n--B--\r\n"].concat();
    let request = actor
        .request(Method::POST, "/verify")
        .header(header::ORIGIN, &actor.at.url)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
        .body(body);
    actor.send(request).await.unwrap()
}

/// A receipt of which a number of parts do not fit.
async fn forged(parts: usize) -> Vec<u8> {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let mut receipt = ada.get(&format!("/receipts/{number}.json")).await.expect(200).json();
    for part in 0..parts {
        receipt["parts"][format!("part-{part:06}")] = "00".into();
    }
    receipt.to_string().into_bytes()
}

#[tokio::test]
async fn a_receipt_has_a_size_and_its_report_too() {
    let mut eve = Actor::anon();
    assert_eq!(verify(&mut eve, &vec![b' '; 2 * 1024 * 1024 + 1]).await.status, 413);
    let many = verify(&mut eve, &forged(500).await).await.expect(200);
    assert_eq!(many.body.matches("<li class=\"differs\">").count(), 102, "a hundred, the digest, and how many more");
    assert!(many.body.contains("… et 400 autres.") && many.body.contains("Ce reçu ne correspond pas"));
    let more = verify(&mut eve, &forged(60_000).await).await.expect(200);
    assert!(more.body.contains("plus de 2000 parties") && more.body.len() < 50_000, "{}", more.body.len());
    let name = "x".repeat(1_500_000);
    let odd = verify(&mut eve, json!({ name: 1 }).to_string().as_bytes()).await.expect(200);
    assert!(odd.body.len() < 50_000, "{}", odd.body.len());
    let good = verify(&mut eve, &forged(0).await).await.expect(200);
    assert!(good.body.contains("Ce reçu est authentique"), "{}", good.body);
}

#[tokio::test]
async fn an_evaluation_lists_a_hundred_findings_and_counts_the_rest() {
    let mut eve = Actor::anon();
    let mut dossier = sample::sample(sample::today());
    let row = json!({ "profile": "x", "months": "many", "monthly_cost": "much" });
    sample::set(&mut dossier.answers, "budget.persons", Json::Array(vec![row.clone(); 500]));
    sample::set(&mut dossier.answers, "deminimis.received", json!("yes"));
    let aid = json!({ "grantor": "x", "amount": "beaucoup", "date": "hier" });
    sample::set(&mut dossier.answers, "deminimis.aids", Json::Array(vec![aid; 500]));
    let answer = eve.json(Method::POST, EVALUATION, &json!({ "document": dossier.answers })).await;
    let report = answer.expect(200);
    let (length, report) = (report.body.len(), report.json());
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.len() == 100 && report["more"].as_u64().unwrap() > 0 && length < 100_000, "{length}");
    let most = findings.iter().filter_map(|finding| {
        let path = finding["path"].as_str()?;
        path.split_once('[')?.1.split_once(']')?.0.parse::<usize>().ok()
    });
    assert!(most.max().unwrap() < 50, "rows beyond the most that a table takes are counted, not judged");

    let unknown: serde_json::Map<String, Json> =
        (0..60_000).map(|at| (format!("unknown{at:06}"), json!("x"))).collect();
    let body = json!({ "document": { "applicant": unknown } });
    let refused = eve.json(Method::POST, EVALUATION, &body).await.expect(422);
    assert!(refused.body.contains("and 59900 more") && refused.body.len() < 20_000, "{}", refused.body.len());
    let long = json!({ "document": { "applicant": { "name": "x".repeat(2_000_000) } } });
    eve.json(Method::POST, EVALUATION, &long).await.expect(413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_heavy_requests_at_once_take_no_process_out() {
    let at = own();
    // A first report may have converged before any process was known.
    let all = |report: &Report| report.converged && report.processes.iter().filter(|one| one.serving).count() == 2;
    let serving = at.edge_until("both processes", all).await.processes.len();
    let receipt = {
        let mut parts = serde_json::Map::new();
        parts.extend((0..1900).map(|part| (format!("part-{part}-{}", "x".repeat(900)), json!("00"))));
        Arc::new(json!({ "parts": parts, "manifest": {}, "statement": {} }).to_string().into_bytes())
    };
    let end = Instant::now() + Duration::from_secs(8);
    let heavy = (0..6).map(|_| {
        let receipt = receipt.clone();
        tokio::spawn(async move {
            let mut eve = Actor::at(at);
            while Instant::now() < end {
                let answer = verify(&mut eve, &receipt).await;
                let status = answer.status.as_u16();
                assert!(status == 200 || status == 503, "{status}: {}", answer.body);
                assert!(status == 200 || answer.headers.contains_key("retry-after"));
            }
        })
    });
    let heavy: Vec<_> = heavy.collect();
    let mut ada = Actor::at(at);
    let mut longest = Duration::ZERO;
    while Instant::now() < end {
        let began = Instant::now();
        ada.get("/calls/hyper-open-x").await.expect(200);
        longest = longest.max(began.elapsed());
        let report = at.edge().await;
        assert_eq!(report.processes.len(), serving, "{report:?}");
        assert!(report.processes.iter().all(|process| process.serving), "{report:?}");
    }
    for one in heavy {
        one.await.unwrap();
    }
    assert!(longest < Duration::from_secs(3), "a page waited for {longest:?}");
}

#[tokio::test]
async fn a_dossier_is_only_where_it_stands() {
    const CLOSED: &str = "2024-08-02T10:00:00+02:00";
    let mut ada = Actor::applicant_when("2024-07-31T22:30:00+02:00").await;
    let id = sample::complete(&mut ada, "2024", date(2024, 7, 31)).await;
    sample::deposit(&mut ada, &id).await;
    let email = format!("officer-{}@exemple.org", Uuid::now_v7().simple());
    ada.at.command(&["access", "give", &email, "--role", "officer"]).await;
    let mut officer = Actor::at(ada.at);
    officer.when(CLOSED);
    officer.sign_in(&email).await;
    let right = format!("/calls/hyper-open-x/rounds/2024/dossiers/{id}");
    officer.get(&right).await.expect(200);
    for wrong in ["/calls/petit-pas/rounds/2024", "/calls/hyper-open-x/rounds/demonstration", "/calls/x/rounds/y"] {
        let page = format!("{wrong}/dossiers/{id}");
        officer.get(&page).await.expect(404);
        officer.get(&right).await.expect(200);
        let given = format!("experts/{}/revoke", Uuid::now_v7());
        for act in ["admission", "admission/revoke", "experts", given.as_str()] {
            let expert = Uuid::now_v7().to_string();
            officer.post(&format!("{page}/{act}"), &[("reason", "x"), ("expert", &expert)]).await.expect(404);
        }
    }
    let page = officer.get(&right).await.expect(200).body;
    assert!(page.contains("Constater la recevabilité"), "nothing was done: {page}");
    officer.post(&format!("{right}/admission"), &[]).await.expect(303);
}

#[tokio::test]
async fn whoever_types_a_companys_number_learns_nothing_of_its_deposits() {
    const TOLD: &str = "Autres dossiers de votre entreprise";
    // A company of its own: the others of this run have the sample's.
    let siret = siret();
    let complete = async |actor: &mut Actor| {
        let mut dossier = sample::sample(sample::today());
        sample::set(&mut dossier.answers, "applicant.siret", json!(siret));
        let id = sample::draft(actor, "demonstration", &dossier.answers).await;
        sample::attach_all(actor, &id, &dossier).await;
        id
    };
    let mut ada = Actor::applicant().await;
    let first = complete(&mut ada).await;
    sample::deposit(&mut ada, &first).await;

    let mut eve = Actor::applicant().await;
    let copied = complete(&mut eve).await;
    let page = eve.get(&format!("/dossiers/{copied}")).await.expect(200).body;
    assert!(!page.contains(TOLD), "{page}");
    let number = sample::deposit(&mut eve, &copied).await;
    let receipt = eve.get(&format!("/receipts/{number}.json")).await.expect(200);
    assert!(!receipt.body.contains("ELI-4"), "{}", receipt.body);

    let second = complete(&mut ada).await;
    let page = ada.get(&format!("/dossiers/{second}")).await.expect(200).body;
    assert!(page.contains(&format!("{TOLD} déjà déposés dans cette relève : 1")), "her own one: {page}");

    let mut officer = Actor::officer().await;
    let round = "/calls/hyper-open-x/rounds/demonstration/dossiers";
    let page = officer.get(&format!("{round}/{copied}")).await.expect(200).body;
    assert!(page.contains(&format!("{TOLD} déjà déposés dans cette relève : 1")), "{page}");
    let list = officer.get(&format!("{round}?q={number}&warnings=yes")).await.expect(200).body;
    assert!(list.contains(&number), "the list counts what the page shows: {list}");
}

/// A number with the right check digit that no other test has.
pub(crate) fn siret() -> String {
    let luhn = |digits: &str| {
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(at, byte)| {
                let digit = u32::from(byte - b'0') * if at % 2 == 0 { 1 } else { 2 };
                digit / 10 + digit % 10
            })
            .sum();
        sum.is_multiple_of(10)
    };
    let some = Uuid::now_v7().as_u128() % 100_000_000;
    let siren = (0..10).map(|key| format!("{some:08}{key}")).find(|siren| luhn(siren)).unwrap();
    (0..10).map(|key| format!("{siren}0001{key}")).find(|siret| luhn(siret)).unwrap()
}

async fn readings(at: &Installation, dossier: &str) -> i64 {
    let store = Store::open(&Config::read(&at.folder.join("guichet-1.toml")).unwrap().database).unwrap();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    sqlx::query_scalar("select count(*) from event where kind = 'deposit_read' and dossier_id = ?")
        .bind(dossier.parse::<Uuid>().unwrap())
        .fetch_one(&mut *db)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ends_writes_down_what_was_read() {
    let at = own();
    let mut ada = Actor::at(at);
    ada.sign_in("lectures@exemple.fr").await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    sample::deposit(&mut ada, &id).await;
    let mut officer = Actor::at(at);
    officer.sign_in("instruction@exemple.fr").await;
    let page = format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}");
    let mut read = 0;
    for _ in 0..3 {
        for _ in 0..5 {
            officer.get(&page).await.expect(200);
            read += 1;
        }
        // Each process ends in order, for its successor.
        at.command(&["rollout"]).await;
        wait_for_async("the readings", async || readings(at, &id).await >= read).await;
        read = readings(at, &id).await;
    }
}

#[tokio::test]
async fn the_journal_tells_who_did_it_from_whom_it_concerns() {
    let eve = Actor::anon();
    let email = format!("{}@exemple.org", Uuid::now_v7().simple());
    eve.at.command(&["access", "give", &email, "--role", "expert"]).await;
    eve.at.command(&["access", "suspend", &email]).await;
    eve.at.command(&["access", "take", &email, "--role", "expert"]).await;
    let store = Store::open(&Config::read(&eve.at.folder.join("guichet-1.toml")).unwrap().database).unwrap();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let account = account::by_email(&mut db, &email).await.unwrap().unwrap();
    let lines: Vec<(String, Option<Uuid>)> =
        sqlx::query_as("select kind, account_id from event where json_value(data, '$.subject') = ? order by sequence")
            .bind(account.id.to_string())
            .fetch_all(&mut *db)
            .await
            .unwrap();
    let kinds: Vec<&str> = lines.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["role_given", "account_suspended", "role_taken"]);
    assert!(lines.iter().all(|(_, actor)| actor.is_none()), "the operator did it, at the command line: {lines:?}");
}

#[tokio::test]
async fn a_word_to_a_guest_stands_in_the_portal_and_not_in_the_letter() {
    const WORD: &str = "Voyez facture.evil.example demain";
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let email = format!("{}@exemple.org", Uuid::now_v7().simple());
    ada.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    let until = (sample::today() + jiff::Span::new().days(3)).to_string();
    let fields = [("email", email.as_str()), ("until", &until), ("part.section:budget", "read"), ("note", WORD)];
    ada.post(&format!("/dossiers/{id}/guests"), &fields).await.expect(303);
    wait_for_async("the invitation", async || !mails_to(&mut ada, &email).await.is_empty()).await;
    let letter = mails_to(&mut ada, &email).await[0]["body"].as_str().unwrap().to_owned();
    assert!(!letter.contains("facture") && letter.contains("Un mot vous attend"), "{letter}");
    let mut guest = Actor::anon();
    guest.sign_in(&email).await;
    let page = guest.get(&format!("/dossiers/{id}")).await.expect(200).body;
    assert!(page.contains("Le mot de la personne") && page.contains(WORD), "{page}");
    assert!(!ada.get(&format!("/dossiers/{id}")).await.expect(200).body.contains("Le mot de la personne"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_reads_while_nothing_can_be_written() {
    let cluster = Cluster::start(Replication::Recommended).await;
    let at = cluster.installation("strict");
    let mut ada = Actor::at(at);
    ada.sign_in("ada@exemple.fr").await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    ada.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    let until = (sample::today() + jiff::Span::new().days(3)).to_string();
    let fields = [("email", "invite@exemple.org"), ("until", until.as_str()), ("part.section:budget", "read")];
    ada.post(&format!("/dossiers/{id}/guests"), &fields).await.expect(303);
    let mut guest = Actor::at(at);
    guest.sign_in("invite@exemple.org").await;
    let replicas = || (0..NODES).filter(|number| *number != cluster.leader);
    for number in replicas() {
        cluster.nodes[number].order("stop slave").await.unwrap();
    }
    let save = json!({ "changes": [{ "path": "project.title", "value": "x" }] });
    wait_for_async("writes to be refused", async || {
        ada.json(Method::POST, &format!("/dossiers/{id}/fields"), &save).await.status == 503
    })
    .await;
    for path in ["", "/edit/budget"] {
        guest.get(&format!("/dossiers/{id}{path}")).await.expect(200);
    }
    // What was read is written down once it can be.
    for number in replicas() {
        cluster.nodes[number].order("start slave").await.unwrap();
    }
    wait_for_async("the owner to see who has read", async || {
        let page = ada.get(&format!("/dossiers/{id}/guests")).await.expect(200).body;
        page.split("id=\"readings-title\"").nth(1).is_some_and(|read| read.contains("invite@exemple.org"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_and_heartbeat_never_wait_behind_pages() {
    let folder = tempfile::tempdir().unwrap();
    let server = Embedded::start(&folder.path().join("mariadb")).await.unwrap();
    let database = guichet::testing::config::Database {
        socket: Some(server.socket().into()),
        name: "guichet".into(),
        user: server.user().into(),
        max_connections: 1,
        ..guichet::testing::config::Database::default()
    };
    let store = Store::open(&database).unwrap();
    let page = store.read(Freshness::OwnWrites).await.unwrap();
    let began = Instant::now();
    store.ping().await.unwrap();
    drop(store.reserved().await.unwrap());
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert!(store.read(Freshness::OwnWrites).await.is_err(), "another page waits, in vain");
    drop(page);
    store.close().await;
    server.stop().await.unwrap();
}
