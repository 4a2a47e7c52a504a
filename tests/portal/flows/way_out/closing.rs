//! Accounts that are closed: what goes, what stays, and that a new account with the address sees none of it.

use super::{events, give, someone};
use crate::{
    flows::{experts, interop::own_token, passkey, uploads::begin},
    harness::{Actor, Answer, Installation, actor::mails_to, in_process, installation::wait_for_async, sample},
};
use guichet::testing::{
    app::AppError,
    domain::{
        access::Role,
        calendar::RoundId,
        document::Document,
        ids::{AccountId, AttemptId, DossierId},
    },
    store::{Connection, account, embedded::Embedded},
};
use serde_json::json;
use uuid::Uuid;

/// More drafts than a page names, beside the one that is made by hand.
const MANY_DRAFTS: u32 = 205;

/// Opens the confirmation page, and presses its button with an address.
async fn close(actor: &mut Actor, email: &str) -> Answer {
    let page = actor.get("/account/close").await.expect(200);
    actor.post("/account/close", &[("shown", &page.hidden("shown")), ("email", email)]).await
}

#[tokio::test]
async fn a_closed_account_leaves_nothing_but_what_was_deposited_and_its_address_opens_a_new_one() {
    let (mut ada, email) = (Actor::anon(), format!("{}@exemple.fr", Uuid::now_v7().simple()));
    ada.sign_in(&email).await;
    let draft = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Jamais déposé" } })).await;
    let kept = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &kept).await;
    let guest_address = someone();
    give(&mut ada, &kept, &guest_address, "part.whole").await;
    let mut guest = Actor::anon();
    guest.sign_in(&guest_address).await;
    guest.get(&format!("/dossiers/{kept}")).await.expect(200);
    // Somebody else has invited ada.
    let mut bob = Actor::applicant().await;
    let others = sample::draft(&mut bob, "demonstration", &json!({ "project": { "title": "De Bob" } })).await;
    give(&mut bob, &others, &email, "part.whole").await;
    ada.get(&format!("/dossiers/{others}")).await.expect(200);
    let token = own_token(&mut ada, &["draft:read", "deposit:read"]).await;
    let mut window = ada.another_window();

    let page = ada.get("/account/close").await.expect(200).body;
    for told in [
        "Jamais déposé",
        number.as_str(),
        "personnes qui n’y auront plus accès\u{a0}: 1",
        "ne se transmet pas ici à une autre personne",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let page = close(&mut ada, "quelqu.un@exemple.fr").await.expect(422).body;
    assert!(page.contains("n’est pas celle de votre compte") && page.contains("quelqu.un@exemple.fr"), "{page}");
    let done = close(&mut ada, &email.to_uppercase()).await.expect(303);
    assert_eq!(done.location(), "/sign-in?done=closed");
    assert!(ada.cookie().is_none());
    assert!(ada.get("/sign-in?done=closed").await.expect(200).body.contains("Votre compte est fermé"));

    // Every way in is shut: the other window, the token, the guest.
    window.refused_everywhere("/dossiers").await;
    window.get("/dossiers").await.expect(303);
    let mut script = Actor::bearing(&token);
    script.refused_everywhere(&format!("/api/v1/dossiers/{kept}/document")).await;
    script.get(&format!("/api/v1/dossiers/{kept}/document")).await.expect(401);
    guest.get(&format!("/dossiers/{kept}")).await.expect(404);
    // Officers still read what was deposited, and go on with it.
    Actor::officer().await.get(&format!("/receipts/{number}")).await.expect(200);
    experts::of_demonstration(&kept).await;
    let kinds = events(&ada, &draft).await;
    assert_eq!(kinds.last().unwrap(), "dossier_deleted", "{kinds:?}");
    wait_for_async("the letter", async || {
        let mails = mails_to(&mut Actor::anon(), &email).await;
        mails.iter().any(|mail| mail["subject"] == "Votre compte est fermé – Guichet")
    })
    .await;

    // The same address is somebody new, who is not even invited any more.
    let mut again = Actor::anon();
    again.sign_in(&email).await;
    let list = again.get("/dossiers").await.expect(200).body;
    assert!(list.contains("Vous n’avez pas encore de dossier") && !list.contains(&others), "{list}");
    for path in [format!("/dossiers/{draft}"), format!("/dossiers/{kept}"), format!("/receipts/{number}")] {
        again.get(&path).await.expect(404);
    }
    again.get(&format!("/dossiers/{others}")).await.expect(404);
    let page = again.get("/account").await.expect(200).body;
    assert!(page.contains("Aucun jeton."), "{page}");
    give(&mut bob, &others, &email, "part.whole").await;
    again.get(&format!("/dossiers/{others}")).await.expect(200);
    // Who read it before is not named any more.
    wait_for_async("the old access to be nameless", async || {
        let page = bob.get(&format!("/dossiers/{others}/guests")).await.expect(200).body;
        page.split("id=\"readings-title\"").nth(1).unwrap().contains("une personne dont le compte est fermé")
    })
    .await;
}

#[tokio::test]
async fn an_account_is_closed_only_with_the_list_that_the_page_showed() {
    let (mut ada, email) = (Actor::anon(), format!("{}@exemple.fr", Uuid::now_v7().simple()));
    ada.sign_in(&email).await;
    let shown = ada.get("/account/close").await.expect(200).hidden("shown");
    let id = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Nouveau" } })).await;
    let page = ada.post("/account/close", &[("shown", &shown), ("email", &email)]).await.expect(422).body;
    assert!(page.contains("Vos dossiers ont changé") && page.contains("Nouveau"), "{page}");
    ada.get(&format!("/dossiers/{id}")).await.expect(200);
    close(&mut ada, &email).await.expect(303);
}

#[tokio::test]
async fn who_works_for_the_call_hands_that_back_first() {
    let (mut expert, email) = (Actor::anon(), format!("{}@labo.fr", Uuid::now_v7().simple()));
    expert.at.command(&["access", "give", &email, "--role", Role::Expert.slug()]).await;
    expert.sign_in(&email).await;
    let page = expert.get("/account/close").await.expect(200).body;
    assert!(page.contains("Une fonction vous est confiée") && !page.contains("name=\"shown\""), "{page}");
    expert.post("/account/close", &[("shown", ""), ("email", &email)]).await.expect(422);
    expert.at.command(&["access", "take", &email, "--role", Role::Expert.slug()]).await;
    let mut again = Actor::anon();
    again.sign_in(&email).await;
    close(&mut again, &email).await.expect(303);
}

#[tokio::test]
async fn who_has_a_passkey_shows_it_first() {
    let (mut ada, mut device, email) = passkey::person().await;
    // The session that added it counts as confirmed for five minutes.
    ada.sign_out_and_in(&email).await;
    let page = ada.get("/account/close").await.expect(200).body;
    assert!(page.contains("Fermer un compte demande votre clé d’accès") && !page.contains("name=\"shown\""), "{page}");
    let refused = ada.post("/account/close", &[("shown", ""), ("email", &email)]).await.expect(303);
    assert!(refused.location().starts_with("/account/confirm?next="), "{}", refused.location());
    passkey::confirm(&mut ada, &mut device).await.expect(200);
    close(&mut ada, &email).await.expect(303);
    // The device signs in nobody any more.
    let mut eve = Actor::anon();
    passkey::sign_in(&mut eve, &mut device).await.expect(422);
}

#[tokio::test]
async fn a_suspended_account_does_not_close_itself_and_begin_anew() {
    let (mut ada, email) = (Actor::anon(), format!("{}@exemple.fr", Uuid::now_v7().simple()));
    ada.sign_in(&email).await;
    let shown = ada.get("/account/close").await.expect(200).hidden("shown");
    ada.at.command(&["access", "suspend", &email]).await;
    wait_for_async("it to be known", async || ada.get("/dossiers").await.status == 403).await;
    ada.post("/account/close", &[("shown", &shown), ("email", &email)]).await.expect(403);
    ada.get("/account/export").await.expect(403);
    assert!(!ada.get("/account").await.expect(200).body.contains("/account/close"));
}

/// Begins drafts of an account, changed later than all that it has.
async fn begin_many(db: &mut Connection, owner: AccountId) {
    for minutes in 1..=MANY_DRAFTS {
        sqlx::query(
            "insert into dossier (dossier_id, call_id, round_id, account_id, attempt_id, draft, revision, versions,
                                  created_at, changed_at)
             values (?, 'hyper-open-x', 'demonstration', ?, ?, '{}', 1, 0, utc_timestamp(6),
                     utc_timestamp(6) + interval ? minute)",
        )
        .bind(Uuid::now_v7())
        .bind(owner)
        .bind(Uuid::now_v7())
        .bind(minutes)
        .execute(&mut *db)
        .await
        .unwrap();
    }
}

/// Every entry of the journal from the first about a dossier on to the last is linked to the one before it.
async fn journal_is_linked(db: &mut Connection, dossier: &str) {
    let id: DossierId = dossier.parse().unwrap();
    let rows: Vec<(u64, String, String)> = sqlx::query_as(
        "select sequence, previous, link from event
         where sequence >= (select min(sequence) from event where dossier_id = ?) order by sequence",
    )
    .bind(id)
    .fetch_all(db)
    .await
    .unwrap();
    assert!(rows.len() > MANY_DRAFTS as usize);
    for pair in rows.windows(2) {
        let [(before, _, link), (after, previous, _)] = pair else { unreachable!() };
        assert_eq!((before + 1, link), (*after, previous));
    }
}

#[tokio::test]
async fn with_more_drafts_than_the_page_names_it_counts_the_others_and_all_of_them_go() {
    let (mut ada, email) = (Actor::anon(), format!("{}@exemple.fr", Uuid::now_v7().simple()));
    ada.sign_in(&email).await;
    let oldest = sample::draft(&mut ada, "demonstration", &json!({ "project": { "title": "Le plus ancien" } })).await;
    let issued = sample::today().to_string();
    let kbis = sample::piece("P7-kbis.pdf");
    ada.upload(&format!("/dossiers/{oldest}/pieces/P7"), "kbis.pdf", &issued, &kbis).await.expect(303);
    let guest_address = someone();
    give(&mut ada, &oldest, &guest_address, "part.whole").await;
    let mut guest = Actor::anon();
    guest.sign_in(&guest_address).await;
    guest.get(&format!("/dossiers/{oldest}")).await.expect(200);
    let under_way = begin(&mut guest, &oldest, "P8", 10).await;
    let store = ada.at.store();
    let mut db = store.write().await.unwrap();
    let owner = account::by_email(&mut db, &email).await.unwrap().unwrap().id;
    begin_many(&mut db, owner).await;

    let list = ada.get("/dossiers").await.expect(200).body;
    assert!(list.contains("vos 200 dossiers") && list.contains("Vous en avez 6 de plus"), "{list}");
    let page = ada.get("/account/close").await.expect(200).body;
    assert_eq!(page.matches("href=\"/dossiers/").count(), 200);
    assert!(page.contains("et 6 autres – accès confiés qui prennent fin\u{a0}: 1"), "{page}");
    assert!(!page.contains("Le plus ancien") && !page.contains("ne se transmet pas ici"), "{page}");
    let english = ada.get("/en/account/close").await.expect(200).body;
    assert!(english.contains("and 6 others – accesses given that end: 1"), "{english}");

    close(&mut ada, &email).await.expect(303);
    let left: i64 = sqlx::query_scalar("select count(*) from dossier where account_id = ? and deleted_at is null")
        .bind(owner)
        .fetch_one(&mut *db)
        .await
        .unwrap();
    assert_eq!(left, 0);
    let told: Vec<(DossierId, String)> = sqlx::query_as(
        "select e.dossier_id, e.data from event e join dossier d on d.dossier_id = e.dossier_id
         where d.account_id = ? and e.kind = 'dossier_deleted'",
    )
    .bind(owner)
    .fetch_all(&mut *db)
    .await
    .unwrap();
    assert_eq!(told.len(), MANY_DRAFTS as usize + 1, "each once");
    for (id, data) in told {
        let data: serde_json::Value = serde_json::from_str(&data).unwrap();
        let count = u64::from(id.to_string() == oldest);
        assert_eq!(data, json!({ "pieces": count, "invitations": count }));
    }
    journal_is_linked(&mut db, &oldest).await;
    let incoming = ada.at.folder.join("data/blobs/incoming");
    let mut names = std::fs::read_dir(incoming).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.any(|name| name.to_string_lossy().contains(&under_way)), "nor is anything on its way to one");
}

/// What a process still knows of a session for a moment, another one has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_still_knows_the_session_writes_nothing_into_what_stays() {
    let folder = tempfile::Builder::new().prefix("guichet-closing-").tempdir().unwrap();
    let server = Embedded::start(&folder.path().join("database")).await.unwrap();
    let app = in_process::open(folder.path(), &server, &[("url", "smtp://127.0.0.1:1")]).await;
    let (owner, guest) = ("ada@exemple.fr", "gus@cabinet.fr");
    let (ada, gus) = (in_process::signed_in(&app, owner).await, in_process::signed_in(&app, guest).await);
    let round = RoundId("demonstration".into());
    let attempt = || AttemptId(Uuid::now_v7());
    let kept = app.create(&ada, sample::CALL, &round, Document::default(), attempt()).await.unwrap();
    let draft = app.create(&ada, sample::CALL, &round, Document::default(), attempt()).await.unwrap();
    let mut db = app.store.write().await.unwrap();
    sqlx::query("update dossier set versions = 1 where dossier_id = ?").bind(kept).execute(&mut *db).await.unwrap();
    sqlx::query(
        "insert into delegation (delegation_id, dossier_id, given_by, email, parts, given_at, ends_at)
         select ?, dossier_id, account_id, ?, 'whole=write', utc_timestamp(6), utc_timestamp(6) + interval 1 day
         from dossier where dossier_id = ?",
    )
    .bind(Uuid::now_v7())
    .bind(guest)
    .bind(kept)
    .execute(&mut *db)
    .await
    .unwrap();
    let answers =
        |title: &str| -> Document { serde_json::from_value(json!({ "project": { "title": title } })).unwrap() };
    for (ctx, title) in [(&ada, "Avant"), (&gus, "Du cabinet")] {
        app.replace_document(ctx, kept, answers(title), None).await.unwrap();
    }

    let shown = app.closing_summary(&ada).await.unwrap();
    assert_eq!((shown.kept.listed.len(), shown.drafts.listed.len()), (1, 1));
    assert!(shown.kept.is_shared() && !shown.drafts.is_shared());
    app.close_account(&ada, owner, &shown.fingerprint).await.unwrap();

    let late = answers("Trop tard");
    for id in [kept, draft] {
        let refused = app.replace_document(&ada, id, late.clone(), None).await;
        assert!(matches!(refused, Err(AppError::SignInNeeded)), "{refused:?}");
        assert!(matches!(app.remove_piece(&ada, id, "P7", "").await, Err(AppError::SignInNeeded)));
    }
    let refused = app.create(&ada, sample::CALL, &round, Document::default(), attempt()).await;
    assert!(matches!(refused, Err(AppError::SignInNeeded)), "{refused:?}");
    let refused = app.replace_document(&gus, kept, late, None).await;
    assert!(matches!(refused, Err(AppError::NotFound)), "{refused:?}");
    let texts: Vec<String> = sqlx::query_scalar("select draft from dossier").fetch_all(&mut *db).await.unwrap();
    assert_eq!(texts, ["{}", "{}"]);
    drop(db);
    app.store.close().await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_former_expert_still_had_in_hand_is_taken_back() {
    let at = Installation::of_another_year();
    let (_ada, id, _) = experts::deposited().await;
    let (mut officer, _) = experts::somebody("officer").await;
    let (mut expert, email) = experts::somebody("expert").await;
    let page = experts::page_of(&id);
    experts::give(&mut officer, &page, &email).await;
    experts::declare_none(&mut expert, &id).await;
    at.command(&["access", "take", &email, "--role", Role::Expert.slug()]).await;
    let shown = officer.get(&page).await.expect(200).body;
    assert!(shown.contains("ne peut plus l’évaluer") && shown.contains(&email), "{shown}");

    let mut again = Actor::at(at);
    again.when("2024-08-02T11:00:00+02:00");
    again.sign_in(&email).await;
    close(&mut again, &email).await.expect(303);
    let shown = officer.get(&page).await.expect(200).body;
    assert!(!shown.contains("ne peut plus l’évaluer") && !shown.contains("closed:"), "{shown}");
    let kinds = events(&again, &id).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "expert_released").count(), 1, "{kinds:?}");
    // Somebody else goes on with it.
    let (_, other) = experts::somebody("expert").await;
    assert!(officer.get(&page).await.expect(200).body.contains(&format!(">{other}</option>")));
}
