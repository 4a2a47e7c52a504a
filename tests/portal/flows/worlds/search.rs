//! Non-interference of the search: what somebody finds, and every number of the list, is what they would find in a
//! world without the dossiers that they must not see.

use super::{CALL, Ids, ROUNDS, World, before, made, or_nothing, portal};
use guichet::testing::{
    app::{App, Ctx, service::search::index_all},
    auth::Keys,
    domain::calendar::RoundId,
    store::{Connection, deposit::Filter, embedded::Embedded},
};
use made::{Chance, Dossier, State};
use std::collections::BTreeMap;

const WORLDS: u64 = 3;
const WORDS: [&str; 6] = ["usine", "cœur", "réseaux", "énergie", "innovation", "C++"];
/// Queries, each with the places of its words in the list above.
const QUERIES: [(&str, &[usize]); 7] = [
    ("usines", &[0]),
    ("coeur", &[1]),
    ("reseau energies", &[2, 3]),
    ("innovante c++", &[4, 5]),
    ("usine coeur réseau énergie innovation C++", &[0, 1, 2, 3, 4, 5]),
    ("introuvable", &[]),
    ("++", &[]),
];

/// What somebody is told: of each round and query, the deposits, their number, and that of drafts.
type Told = BTreeMap<(&'static str, &'static str), (Ids, u64, u64)>;

/// The words of a dossier, as a number of bits.
fn has(number: usize, word: usize) -> bool {
    ((number * 37) >> word) & 1 == 1
}

/// Gives the deposits words, and indexes them.
async fn write(app: &App, world: &World) {
    let mut db = app.store.write().await.unwrap();
    made::clear(&mut db).await;
    made::write(&mut db, world).await;
    for (number, dossier) in world.dossiers.iter().enumerate().filter(|(_, dossier)| dossier.state != State::Draft) {
        let words: Vec<&str> = (0..WORDS.len()).filter(|word| has(number, *word)).map(|word| WORDS[word]).collect();
        sqlx::query("update deposit set title = ? where dossier_id = ?")
            .bind(words.join(" et "))
            .bind(dossier.id)
            .execute(&mut *db)
            .await
            .unwrap();
    }
    drop(db);
    index_all(app).await.unwrap();
}

/// Takes a dossier out of the world.
async fn remove(db: &mut Connection, dossier: &Dossier) {
    for statement in [
        "delete from search_text where dossier_id = ?",
        "delete from delegation where dossier_id = ?",
        "delete from assignment where dossier_id = ?",
        "delete from interest where dossier_id = ?",
        "delete from deposit where dossier_id = ?",
        "delete from dossier where dossier_id = ?",
    ] {
        sqlx::query(statement).bind(dossier.id).execute(&mut *db).await.unwrap();
    }
}

async fn told(app: &App, ctx: &Ctx) -> Told {
    let mut told = Told::new();
    for (name, (query, _)) in ROUNDS.into_iter().flat_map(|round| QUERIES.map(|query| (round, query))) {
        let round = RoundId(name.into());
        // Small pages, so that rows and counts come from statements of their own.
        let (mut ids, mut total, mut drafts) = (Ids::new(), 0, 0);
        for offset in (0..).step_by(7) {
            let filter = Filter { search_terms: query.into(), offset, limit: 7, ..Filter::default() };
            let asked = app.round_list(ctx, CALL, &round, &filter).await;
            let Some(page) = or_nothing(asked.map(Some)) else { break };
            ids.extend(page.rows.iter().map(|row| row.summary.dossier.0));
            (total, drafts) = (page.total.number, page.drafts.number);
            if page.rows.is_empty() {
                break;
            }
        }
        told.insert((name, query), (ids, total, drafts));
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_tells_nothing_of_dossiers_that_its_reader_must_not_see() {
    let folder = tempfile::Builder::new().prefix("guichet-worlds-search-").tempdir().unwrap();
    let server = Embedded::start(&folder.path().join("database")).await.unwrap();
    let app = portal(folder.path(), &server);
    app.store.migrate().await.unwrap();
    let keys = Keys::ephemeral().unwrap();
    let (mut found, mut hidden) = (0, 0);
    for seed in 0..WORLDS {
        let world = made::world(&mut Chance(seed));
        write(&app, &world).await;
        for (me, person) in world.people.iter().enumerate() {
            let ctx = before(&app, &keys, person).await;
            let all = told(&app, &ctx).await;
            if all.values().all(|(_, total, drafts)| total + drafts == 0) {
                continue;
            }
            for (&(round, query), (ids, total, ..)) in &all {
                let (_, words) = QUERIES.iter().find(|(text, _)| *text == query).unwrap();
                let is_found = |number: usize, dossier: &Dossier| {
                    let visible = dossier.stands() && dossier.ties[me].conflict != Some(true);
                    let has_all = !words.is_empty() && words.iter().all(|word| has(number, *word));
                    visible && dossier.round == round && has_all
                };
                let numbered = world.dossiers.iter().enumerate();
                let expected: Ids = numbered
                    .filter(|(number, dossier)| is_found(*number, dossier))
                    .map(|(_, dossier)| dossier.id)
                    .collect();
                assert_eq!(ids, &expected, "world {seed}, {query}, {person:?}");
                assert_eq!(*total as usize, ids.len(), "what is counted is what is shown");
                found += ids.len();
            }
            let mut db = app.store.write().await.unwrap();
            for dossier in world.dossiers.iter().filter(|dossier| dossier.ties[me].conflict == Some(true)) {
                remove(&mut db, dossier).await;
                hidden += usize::from(dossier.stands());
            }
            drop(db);
            assert_eq!(told(&app, &ctx).await, all, "world {seed}, {person:?}");
            write(&app, &world).await;
        }
    }
    assert!(found > 100 && hidden > 20, "worlds in which there is something to find and to hide: {found}, {hidden}");
    app.store.close().await;
    server.stop().await.unwrap();
}
