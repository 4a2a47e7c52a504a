//! What runs beside the requests: letters that leave, rows whose time is over.

use crate::harness::{in_process, installation::wait_for_async};
use guichet::testing::{
    app::{
        App,
        service::{
            jobs,
            mail::{Concern, EmailMessage, Letter},
        },
    },
    domain::{
        calendar::RoundId,
        document::Document,
        event::{Event, EventKind},
        ids::{AccountId, AttemptId, SessionId},
        text::Lang,
    },
    store::{Freshness, account, embedded::Embedded, journal, login, outbox, session, simulation},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::{
    path::Path,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

async fn private(folder: &Path, server: &Embedded, smtp: u16) -> App {
    in_process::open(folder, server, &[("url", &format!("smtp://127.0.0.1:{smtp}"))]).await
}

/// A mail server that notes whom it takes letters for, and never answers about one address.
async fn mail_server(taken: Arc<Mutex<Vec<String>>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, taken.clone()));
        }
    });
    port
}

async fn converse(stream: TcpStream, taken: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 here\r\n").await?;
    let (mut message, mut to) = (false, String::new());
    while let Some(line) = lines.next_line().await? {
        let upper = line.to_uppercase();
        if message && line != "." {
            continue;
        }
        if upper.starts_with("RCPT") {
            to = line.clone();
            if line.contains("hangs@") {
                std::future::pending::<()>().await;
            }
        }
        if line == "." {
            taken.lock().unwrap().push(to.clone());
            message = false;
        }
        if upper == "DATA" {
            message = true;
            write.write_all(b"354 go on\r\n").await?;
        } else {
            write.write_all(b"250 fine\r\n").await?;
        }
    }
    Ok(())
}

async fn push(app: &App, to: &str, due: Timestamp) -> Uuid {
    let letter = Letter::SignIn { link: "https://localhost/".into() };
    let message = EmailMessage { to: to.into(), lang: Lang::Fr, about: Concern::default(), letter };
    let id = Uuid::now_v7();
    let mut db = app.store.write().await.unwrap();
    outbox::enqueue_mail(&mut db, id, &message, due).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_hangs_holds_no_lock_and_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = Embedded::start(&folder.path().join("mariadb")).await.unwrap();
    let taken = Arc::new(Mutex::new(Vec::new()));
    let app = private(folder.path(), &server, mail_server(taken.clone()).await).await;
    let now = Timestamp::now() - SignedDuration::from_secs(60);
    let hanging = push(&app, "hangs@exemple.fr", now).await;
    for at in 0..6 {
        push(&app, &format!("ada-{at}@exemple.fr"), now).await;
    }
    let work = tokio::spawn({
        let app = app.clone();
        async move { jobs::run_due(&app).await }
    });
    wait_for_async("the other letters", async || taken.lock().unwrap().len() == 6).await;
    assert!(!work.is_finished(), "the first one hangs still");
    // Nothing is locked, and nobody else takes what is claimed.
    let mut db = app.store.write().await.unwrap();
    sqlx::query("set session innodb_lock_wait_timeout = 1").execute(&mut *db).await.unwrap();
    sqlx::query("select * from outbox for update").execute(&mut *db).await.unwrap();
    assert!(outbox::fetch_due(&mut db, Timestamp::now(), 20).await.unwrap().is_empty());
    let seen = outbox::Job { job_id: hanging, kind: "mail".into(), payload: "{}".into(), attempts: 0 };
    assert!(!outbox::claim(&mut db, &seen, Timestamp::now()).await.unwrap(), "claimed by its first attempt");
    drop(db);
    assert_eq!(work.await.unwrap().unwrap(), 7);
    let mut db = app.store.write().await.unwrap();
    let (attempts, done, failure): (u32, bool, Option<String>) =
        sqlx::query_as("select attempts, done_at is not null, failure from outbox where job_id = ?")
            .bind(hanging)
            .fetch_one(&mut *db)
            .await
            .unwrap();
    assert!(attempts == 1 && !done && failure.is_some(), "it is put off: {failure:?}");
    let sent: i64 =
        sqlx::query_scalar("select count(*) from outbox where done_at is not null and payload not like '%link%'")
            .fetch_one(&mut *db)
            .await
            .unwrap();
    assert_eq!((sent, taken.lock().unwrap().len()), (6, 6), "each letter once");
    drop(db);
    app.store.close().await;
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_is_written_once_and_rows_whose_time_is_over_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let server = Embedded::start(&folder.path().join("mariadb")).await.unwrap();
    let app = private(folder.path(), &server, 9).await;
    let now = Timestamp::now();
    let mut db = app.store.write().await.unwrap();
    let ada = account::ensure(&mut db, AccountId(Uuid::now_v7()), "ada@exemple.fr", Lang::Fr, now).await.unwrap();
    let event = |kind| Event { kind, at: now, actor: Some(ada.id), dossier: None, data: json!({}) };
    let (one, other) = (event(EventKind::DepositRead), event(EventKind::PieceRead));
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    journal::append_once(&mut db, &[(first, &one)]).await.unwrap();
    // Nobody knows whether that was committed: the whole list comes again.
    journal::append_once(&mut db, &[(first, &one), (second, &other)]).await.unwrap();
    let kinds: Vec<String> =
        sqlx::query_scalar("select kind from event order by sequence").fetch_all(&mut *db).await.unwrap();
    assert_eq!(kinds, ["deposit_read", "piece_read"]);
    let head: u64 =
        sqlx::query_scalar("select sequence from chain where name = 'journal'").fetch_one(&mut *db).await.unwrap();
    assert_eq!(head, 2);

    let days = |days: i64| now - SignedDuration::from_hours(days * 24);
    let made = |at: Timestamp| {
        let seconds = u64::try_from(at.as_second()).unwrap();
        Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0))
    };
    for (at, age) in [10, 5, 0].into_iter().enumerate() {
        let hash = [u8::try_from(at).unwrap(); 32];
        login::insert(&mut db, &hash, "ada@exemple.fr", days(age), days(age)).await.unwrap();
        let opening = session::Opening {
            id: SessionId(made(days(age))),
            account: ada.id,
            amr: guichet::testing::domain::access::Amr::Email,
            agent: "",
            now: days(age),
            ends: days(age) + SignedDuration::from_hours(12),
        };
        session::open(&mut db, &opening).await.unwrap();
        for (done, id) in [(true, made(days(age))), (false, made(days(age)))] {
            outbox::enqueue_mail(&mut db, id, &json!({}), now).await.unwrap();
            if done {
                outbox::mark_done(&mut db, id, now).await.unwrap();
            }
        }
    }
    for (at, age) in [2, 0].into_iter().enumerate() {
        let kept = simulation::Simulation {
            call: "hyper-open-x".into(),
            round: RoundId("demonstration".into()),
            attempt: AttemptId(Uuid::now_v7()),
            answers: Document::default(),
        };
        let expires = days(age) + SignedDuration::from_hours(24);
        simulation::insert(&mut db, &[u8::try_from(at).unwrap(); 32], &kept, expires).await.unwrap();
    }
    assert_eq!(jobs::sweep_rows(&app, now).await.unwrap(), 2 + 2 + 1 + 1);
    assert_eq!(jobs::sweep_rows(&app, now).await.unwrap(), 0);
    let count = async |table: &str| -> i64 {
        let mut db = app.store.read(Freshness::OwnWrites).await.unwrap();
        let count = format!("select count(*) from {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(&mut *db).await.unwrap()
    };
    assert_eq!((count("login_link").await, count("session").await, count("outbox").await), (1, 1, 5));
    drop(db);
    app.store.close().await;
    server.stop().await.unwrap();
}
