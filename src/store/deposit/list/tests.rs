//! What a list costs does not grow with its round: pages are chosen in an index, and the rows that the server reads are
//! bounded. On a database with a round of some thousand dossiers and one of ten times as many.

use super::*;
use crate::{
    config::Database,
    store::{Store, embedded::Embedded},
};
use sqlx::{AssertSqlSafe, Execute, MySql, Row, raw_sql};
use uuid::Uuid;

const CALL: &str = "call";
/// Rounds with their numbers of deposits, and of drafts.
const ROUNDS: [(&str, u32); 2] = [("small", 2_000), ("large", 20_000)];
/// Conflicts of interest of the reader, in each round.
const CONFLICTS: usize = 3;
/// Rows that the server may read for a page of [`ROWS`]: those of the page with their experts and conflicts, and twice
/// [`MAX_COUNTED_DOSSIERS`], which are counted in a temporary table.
const MAX_ROWS_READ: u64 = 14_000;
const ROWS: u32 = 200;

/// Each order with its index.
const ORDERS: [(Sort, &str); 5] = [
    (Sort::Deposited, "deposit_list"),
    (Sort::Company, "deposit_company"),
    (Sort::Title, "deposit_title"),
    (Sort::Base, "deposit_base"),
    (Sort::Aid, "deposit_aid"),
];

fn reader() -> AccountId {
    AccountId(Uuid::from_u128(1))
}

/// Makes a round: every second deposit is given to an expert, and the reader has declared conflicts in some.
fn filling(round: &str, dossiers: u32) -> String {
    let (deposit, draft) =
        (format!("unhex(md5(concat('{round}', seq)))"), format!("unhex(md5(concat('{round}-', seq)))"));
    let (rows, given) = (format!("seq_1_to_{dossiers}"), format!("seq_1_to_{}", dossiers / 2));
    let at = "'2024-06-01' + interval seq second";
    format!(
        "insert into dossier (dossier_id, call_id, round_id, account_id, attempt_id, draft, revision, versions, created_at,
                              changed_at)
         select {deposit}, '{CALL}', '{round}', unhex(lpad('2', 32, '0')), {deposit}, '{{}}', 1, 1, {at}, {at} from {rows}
         union all
         select {draft}, '{CALL}', '{round}', unhex(lpad('2', 32, '0')), {draft}, '{{}}', 1, 0, {at}, {at} from {rows};
         insert into deposit (dossier_id, version, attempt_id, receipt_number, sequence, call_id, round_id, account_id,
                              standing, siren, company, title, bricks, base_cents, aid_cents, warnings, deposited_at,
                              receipt)
         select {deposit}, 1, {deposit}, concat('{round}', seq), seq + 1000000 * {dossiers}, '{CALL}', '{round}',
                unhex(lpad('2', 32, '0')), true, lpad(seq, 9, '0'), concat('Entreprise ', seq * 7919 % {dossiers}),
                concat('Projet ', md5(seq)), 'sozu', seq, seq, 0, {at}, '{{}}' from {rows};
         insert into assignment (assignment_id, dossier_id, account_id, assigned_by, assigned_at)
         select {deposit}, {deposit}, unhex(lpad('3', 32, '0')), unhex(lpad('1', 32, '0')), {at} from {given};
         insert into interest (dossier_id, account_id, conflict, declared_at)
         select {deposit}, unhex(lpad('1', 32, '0')), true, {at} from seq_1_to_{CONFLICTS};"
    )
}

async fn fill(db: &mut MySqlConnection) {
    let rounds: Vec<String> = ROUNDS.iter().map(|(round, dossiers)| filling(round, *dossiers)).collect();
    let all = format!(
        "set foreign_key_checks = 0;
         insert into account (account_id, email, role, lang, created_at)
         select unhex(lpad(seq, 32, '0')), concat('person-', seq, '@example.org'), 'applicant', 'fr', now() from seq_1_to_3;
         {}
         set foreign_key_checks = 1;
         analyze table account, dossier, deposit, assignment, interest;",
        rounds.concat()
    );
    raw_sql(AssertSqlSafe(all)).execute(db).await.unwrap();
}

/// A step of the server's plan: its table, its index, and what it says of it.
struct Step {
    table: String,
    key: String,
    extra: String,
}

async fn plan(db: &mut MySqlConnection, list: &List<'_>) -> Vec<Step> {
    let mut page = list.page();
    let arguments = page.build().take_arguments().unwrap().unwrap();
    let explain = AssertSqlSafe(format!("explain {}", page.into_string()));
    let rows = sqlx::query_with::<MySql, _>(explain, arguments).fetch_all(db).await.unwrap();
    let text = |row: &sqlx::mysql::MySqlRow, column: &str| row.get::<Option<String>, _>(column).unwrap_or_default();
    let derived = rows.iter().filter(|row| text(row, "select_type") == "DERIVED");
    derived.map(|row| Step { table: text(row, "table"), key: text(row, "key"), extra: text(row, "Extra") }).collect()
}

/// The rows that the server reads for a page.
async fn rows_read(db: &mut MySqlConnection, list: &List<'_>) -> u64 {
    // The first time, the statement is prepared.
    for _ in 0..2 {
        raw_sql("flush status").execute(&mut *db).await.unwrap();
        let found = super::list(db, list.call, list.round, list.reader, list.filter).await.unwrap();
        assert_eq!((found.rows.len(), found.has_next), (ROWS as usize, true));
        assert_eq!(found.total, BoundedCount { number: MAX_COUNTED_DOSSIERS, more: true });
        assert_eq!(found.drafts, BoundedCount { number: MAX_COUNTED_DOSSIERS, more: true });
    }
    let read: Vec<(String, String)> =
        sqlx::query_as("show session status like 'Handler\\_read%'").fetch_all(db).await.unwrap();
    read.iter().map(|(_, number)| number.parse::<u64>().unwrap()).sum()
}

#[tokio::test]
async fn a_page_is_chosen_in_an_index_and_costs_the_same_in_a_round_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    let server = Embedded::start(folder.path()).await.unwrap();
    let config = Database {
        socket: Some(server.socket().to_owned()),
        user: server.user().to_owned(),
        name: "guichet".into(),
        ..Database::default()
    };
    let store = Store::open(&config).unwrap();
    store.migrate().await.unwrap();
    let mut db = store.write().await.unwrap();
    fill(&mut db).await;

    for (sort, index) in ORDERS {
        for descending in [false, true] {
            let mut read = Vec::new();
            for (round, _) in ROUNDS {
                let filter = Filter { sort, descending, limit: ROWS, ..Filter::default() };
                let list = List { call: CALL, round: &RoundId(round.into()), reader: reader(), filter: &filter };
                let plan = plan(&mut db, &list).await;
                let sorts = plan.iter().any(|step| step.extra.contains("filesort"));
                let uses = |table, key| {
                    plan.iter().any(|step| step.table == table && step.key == key && step.extra.contains("Using index"))
                };
                assert!(!sorts && uses("p", index) && uses("d", "dossier_never_deposited"), "{round}, {sort:?}");
                read.push(rows_read(&mut db, &list).await);
            }
            let [small, large] = read[..] else { unreachable!("two rounds") };
            assert!(large <= MAX_ROWS_READ && large <= small + small / 2, "{sort:?}: {small} rows, and {large}");
        }
    }

    // Behind the end of the list, the numbers are told too; what the reader may not see is in none of them.
    let small = RoundId("small".into());
    let filter = Filter { assigned: Some(Assigned::Nobody), offset: 5000, limit: ROWS, ..Filter::default() };
    let behind = list(&mut db, CALL, &small, reader(), &filter).await.unwrap();
    let all = Filter { offset: 0, limit: 5000, ..filter.clone() };
    let first = list(&mut db, CALL, &small, reader(), &all).await.unwrap();
    assert!(behind.rows.is_empty() && !behind.has_next && !first.rows.is_empty() && !first.has_next);
    assert_eq!((behind.total, behind.drafts), (first.total, first.drafts));
    assert_eq!(first.total, BoundedCount { number: first.rows.len() as u64, more: false });
    let everything = Filter { limit: 5000, ..Filter::default() };
    let all = list(&mut db, CALL, &small, reader(), &everything).await.unwrap();
    assert_eq!(all.rows.len(), ROUNDS[0].1 as usize - CONFLICTS);
    let others = list(&mut db, CALL, &small, AccountId(Uuid::from_u128(2)), &everything).await.unwrap();
    assert_eq!(others.rows.len(), ROUNDS[0].1 as usize);

    drop(db);
    store.close().await;
    server.stop().await.unwrap();
}
