//! Letters: as a mail server takes them, as people read them, and what becomes of those that do not arrive.

mod bounces;

use crate::harness::{in_process, installation::wait_for_async, mail_server::MailServer};
use guichet::testing::{
    app::{
        App,
        service::{
            jobs,
            mail::{Concern, EmailMessage, Letter},
        },
    },
    domain::text::Lang,
    store::{Freshness, embedded::Embedded, outbox},
};
use jiff::{SignedDuration, Timestamp};
use mail_parser::MessageParser;
use uuid::Uuid;

/// Where reports on the delivery come back.
const BOUNCES: (&str, &str) = ("bounces", "b@rebonds.exemple.fr");

/// A portal, its database and a mail server.
pub(super) struct Post {
    pub folder: tempfile::TempDir,
    pub app: App,
    pub server: MailServer,
    database: Embedded,
}

impl Post {
    pub async fn start(mail: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Embedded::start(&folder.path().join("mariadb")).await.unwrap();
        let server = MailServer::start();
        let url = format!("smtp://127.0.0.1:{}", server.port);
        let section: Vec<_> = [("url", url.as_str())].into_iter().chain(mail.iter().copied()).collect();
        let app = in_process::open(folder.path(), &database, &section).await;
        Self { folder, app, server, database }
    }

    pub async fn stop(self) {
        self.app.store.close().await;
        self.database.stop().await.unwrap();
    }

    /// Queues a mail, due at once.
    pub async fn queue(&self, to: &str, lang: Lang, about: &Concern, letter: Letter) -> Uuid {
        let message = EmailMessage { to: to.into(), lang, about: about.clone(), letter };
        let id = Uuid::now_v7();
        let due = Timestamp::now() - SignedDuration::from_secs(1);
        let mut db = self.app.store.write().await.unwrap();
        outbox::enqueue_mail(&mut db, id, &message, due).await.unwrap();
        id
    }

    /// Queues a sign-in link and makes one attempt to send it.
    pub async fn send(&self, to: &str) -> Uuid {
        let id = self.queue(to, Lang::Fr, &Concern::default(), sign_in()).await;
        jobs::run_due(&self.app).await.unwrap();
        id
    }

    /// Whether a job has ended, and its failure.
    pub async fn job(&self, id: Uuid) -> (bool, Option<String>) {
        let mut db = self.app.store.read(Freshness::OwnWrites).await.unwrap();
        sqlx::query_as("select done_at is not null, failure from outbox where job_id = ?")
            .bind(id)
            .fetch_one(&mut *db)
            .await
            .unwrap()
    }

    /// Kind and status of the failure of an address, while it stands.
    pub async fn failing(&self, email: &str) -> Option<(String, String)> {
        let mut db = self.app.store.read(Freshness::OwnWrites).await.unwrap();
        sqlx::query_as("select kind, status from failing_address where email = ? and recovered_at is null")
            .bind(email)
            .fetch_optional(&mut *db)
            .await
            .unwrap()
    }

    /// The kinds of the journal's entries on addresses, the oldest first.
    pub async fn journal(&self) -> Vec<String> {
        let mut db = self.app.store.read(Freshness::OwnWrites).await.unwrap();
        sqlx::query_scalar("select kind from event where kind like 'address%' order by sequence")
            .fetch_all(&mut *db)
            .await
            .unwrap()
    }
}

fn sign_in() -> Letter {
    Letter::SignIn { link: "https://aap.exemple.fr/sign-in/0123456789abcdef?next=/dossiers".into() }
}

fn about(call: &str, contact: &str) -> Concern {
    Concern {
        call: call.into(),
        company: "Atelier de l’Œuvre & Fils <SARL>".into(),
        project: "Réplication sans opérateur".into(),
        contact: contact.into(),
    }
}

/// The letters to one person.
fn letters() -> Vec<Letter> {
    vec![
        sign_in(),
        Letter::Invited {
            by: "ada@exemple.fr".into(),
            parts: vec!["D. Budget (lire)".into(), "P9 – Régularité fiscale (lire)".into()],
            until: "28 décembre 2026 à 23 h 59 (heure de Paris)".into(),
            has_note: true,
            link: "https://aap.exemple.fr/dossiers/1".into(),
        },
        Letter::Assigned { link: "https://aap.exemple.fr/reviews".into() },
        Letter::Deposited {
            number: "2026-000042".into(),
            at: "28 décembre 2026 à 14 h 03 (heure de Paris)".into(),
            digest: "0".repeat(64),
            closes: "28 décembre 2026 à 23 h 59 (heure de Paris)".into(),
            link: "https://aap.exemple.fr/receipts/2026-000042".into(),
        },
        Letter::Withdrawn {
            number: "2026-000042".into(),
            at: "28 décembre 2026 à 14 h 03 (heure de Paris)".into(),
            closes: String::new(),
            link: "https://aap.exemple.fr/receipts/2026-000042".into(),
        },
    ]
}

/// The header of a source, field by field, unfolded.
fn header(source: &str) -> Vec<String> {
    let (header, _) = source.split_once("\r\n\r\n").expect("a header and a body");
    header.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n").map(str::to_owned).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().filter(|word| *word != "-").map(str::to_owned).collect()
}

/// What a mail program shows of HTML.
fn shown(html: &str) -> String {
    let body = html.split_once("<body>").unwrap().1;
    let mut text = String::new();
    for part in body.split('<').skip(1) {
        let (_, after) = part.split_once('>').unwrap();
        text.push(' ');
        text.push_str(after);
    }
    text.replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">").replace("&#39;", "'").replace("&#34;", "\"")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_what_standards_ask_for_and_says_the_same_in_both_parts() {
    let post = Post::start(&[BOUNCES]).await;
    let long = format!("{} – appel à projets", "Hyper Open X, souveraineté numérique ".repeat(4).trim());
    for (number, letter) in letters().into_iter().enumerate() {
        for lang in Lang::ALL {
            let to = format!("lettre-{number}-{lang}@exemple.fr");
            post.queue(&to, lang, &about(&long, "contact@appel.exemple.fr"), letter.clone()).await;
        }
    }
    while jobs::run_due(&post.app).await.unwrap() > 0 {}
    for number in 0..letters().len() {
        for lang in Lang::ALL {
            let mail = post.server.mail_for(&format!("lettre-{number}-{lang}@exemple.fr")).await;
            let source = &mail.source;
            assert!(!source.replace("\r\n", "").contains(['\r', '\n']), "lines end as SMTP wants it: {source}");
            assert!(source.is_ascii() && source.lines().all(|line| line.len() <= 998), "{source}");
            let fields = header(source);
            let all = |name: &str| -> Vec<String> {
                let found = fields.iter().filter_map(|field| field.split_once(": "));
                found.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).collect()
            };
            for (name, value) in [
                ("From", "Guichet <guichet@exemple.fr>"),
                ("Reply-To", "contact@appel.exemple.fr"),
                ("Auto-Submitted", "auto-generated"),
                ("X-Auto-Response-Suppress", "All"),
                ("Content-Language", lang.tag()),
                ("MIME-Version", "1.0"),
            ] {
                assert_eq!(all(name), [value], "{fields:#?}");
            }
            assert_eq!((all("Date").len(), all("Subject").len(), all("To").len()), (1, 1, 1), "{fields:#?}");
            assert!(all("Content-Type")[0].starts_with("multipart/alternative"), "{fields:#?}");
            let subject = source.split_once("\r\nSubject: ").unwrap().1;
            let mut lines = subject.split("\r\n");
            assert!(lines.next().unwrap().len() < 78 && lines.next().unwrap().starts_with(' '), "folded: {source}");
            // The sender of the envelope and the Message-ID have the same tag.
            let [id] = &all("Message-ID")[..] else { panic!("{fields:#?}") };
            let tag = id.trim_start_matches('<').split('@').next().unwrap();
            assert_eq!(mail.sender, format!("b+{tag}@rebonds.exemple.fr"));
            assert_eq!(tag.len(), 49, "{tag}");

            let message = MessageParser::default().parse(source.as_bytes()).unwrap();
            let subject = message.subject().unwrap();
            assert!(subject.contains("Hyper Open X"), "{subject}");
            let (text, html) = (message.body_text(0).unwrap(), message.body_html(0).unwrap());
            assert_eq!(words(&text), words(&shown(&html)), "{text}\n{html}");
            for said in ["Guichet", "https://localhost", long.as_str(), lang.tr("La suite", "What happens next")] {
                assert!(text.contains(said), "{said}: {text}");
            }
            for said in ["Atelier de l’Œuvre & Fils <SARL>", "Réplication sans opérateur", "contact@appel.exemple.fr"]
            {
                assert!(text.contains(said), "{said}: {text}");
            }
            assert!(html.contains("Fils &#60;SARL&#62;") && html.contains("color-scheme"), "{html}");
            for remote in ["<img", "src=", "url(", "<script", "<link", "<style", " style="] {
                assert!(!html.contains(remote), "{remote}: {html}");
            }
        }
    }
    post.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_adds_no_header_field_and_no_recipient() {
    let post = Post::start(&[]).await;
    let evil = "Appel\r\nBcc: eve@exemple.fr\r\n\r\n<script>";
    post.queue("ada@exemple.fr", Lang::Fr, &about(evil, "x@exemple.fr\r\nBcc: eve@exemple.fr"), sign_in()).await;
    jobs::run_due(&post.app).await.unwrap();
    let mail = post.server.mail_for("ada@exemple.fr").await;
    let fields = header(&mail.source);
    assert!(!fields.iter().any(|field| field.starts_with("Bcc") || field.starts_with("Reply-To")), "{fields:#?}");
    assert!(post.server.taken_for("eve@exemple.fr").is_empty());
    assert_eq!(mail.sender, "guichet@exemple.fr", "no address for reports is configured");
    let message = MessageParser::default().parse(mail.source.as_bytes()).unwrap();
    assert!(!message.body_html(0).unwrap().contains("<script"));
    post.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_for_good_is_given_up_and_what_may_pass_is_tried_again() {
    let post = Post::start(&[BOUNCES]).await;
    let (absent, full, forbidden) = ("absente@exemple.fr", "pleine@exemple.fr", "interdite@exemple.fr");
    let permanent = post.send(absent).await;
    let (done, failure) = post.job(permanent).await;
    let failure = failure.unwrap();
    assert!(done && failure.contains("5.1.1") && !failure.contains(absent), "{failure}");
    let marked = |kind: &str, status: &str| Some((kind.to_owned(), status.to_owned()));
    assert_eq!(post.failing(absent).await, marked("permanent", "5.1.1"));
    assert_eq!(post.journal().await, ["address_failed"]);

    // The mailbox is full once, and has room a moment later.
    let temporary = post.send(full).await;
    assert_eq!(post.failing(full).await, marked("temporary", "4.2.2"));
    let (done, failure) = post.job(temporary).await;
    assert!(!done && failure.unwrap().contains("4.2.2"));
    assert!(post.server.taken_for(full).is_empty(), "it waits before the next attempt");
    wait_for_async("the next attempt", async || {
        jobs::run_due(&post.app).await.unwrap();
        post.job(temporary).await.0
    })
    .await;
    assert_eq!((post.server.taken_for(full).len(), post.failing(full).await), (1, None));
    assert_eq!(post.journal().await, ["address_failed", "address_failed", "address_recovered"]);

    // What the server holds against us is nothing against the recipient.
    let ours = post.send(forbidden).await;
    assert_eq!((post.failing(forbidden).await, post.job(ours).await.0), (None, false));
    assert_eq!(post.journal().await.len(), 3);

    // Known to fail: the same failure again is no news.
    post.send(absent).await;
    assert_eq!(post.journal().await.len(), 3);
    let mut db = post.app.store.read(Freshness::OwnWrites).await.unwrap();
    let events: Vec<String> = sqlx::query_scalar("select data from event").fetch_all(&mut *db).await.unwrap();
    assert!(events.iter().all(|data| !data.contains('@')), "no address in the journal: {events:?}");
    drop(db);
    post.stop().await;
}
