//! Every statement in the source is one that the server takes, on the schema as it is now; and that schema stands whole
//! in `src/store/schema.sql`.

use super::architecture::files;
use crate::harness::{Installation, installation::source};
use guichet::testing::store::Freshness;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, Row, SqlSafeStr};
use std::{collections::BTreeMap, path::Path};

/// What a statement begins with.
const VERBS: [&str; 5] = ["select ", "insert ", "update ", "delete ", "replace "];
/// Fewest statements that the source has: below, the reader of this guard has become blind.
const MIN_STATEMENTS: usize = 150;

/// A string expression: a literal, `concat!(…)` or a macro of the same file that expands to one.
struct Source<'a> {
    text: &'a str,
    macros: &'a BTreeMap<String, String>,
}

impl Source<'_> {
    /// The text of the expression that begins at a place, and where it ends.
    fn string(&self, at: usize) -> Option<(String, usize)> {
        let rest = &self.text[at..];
        let at = at + (rest.len() - rest.trim_start().len());
        let rest = &self.text[at..];
        if rest.starts_with('"') {
            return literal(self.text, at);
        }
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let open = at + name.len();
        if name.is_empty() || !self.text[open..].starts_with("!(") {
            return None;
        }
        let (arguments, end) = self.arguments(open + 2)?;
        match (name.as_str(), self.macros.get(&name)) {
            ("concat", _) => Some((arguments.concat(), end)),
            (_, Some(body)) => {
                let body = Source { text: body, macros: self.macros };
                let (head, _) = body.string(0)?;
                Some((format!("{head}{}", arguments.concat()), end))
            }
            _ => None,
        }
    }

    /// The arguments up to the closing parenthesis, each a string expression; a fragment `$name` is left to the caller.
    fn arguments(&self, mut at: usize) -> Option<(Vec<String>, usize)> {
        let mut all = Vec::new();
        loop {
            let rest = &self.text[at..];
            at += rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',').len();
            let rest = &self.text[at..];
            if rest.starts_with(')') {
                return Some((all, at + 1));
            }
            if let Some(fragment) = rest.strip_prefix('$') {
                at += 1 + fragment.find(|c: char| !c.is_alphanumeric() && c != '_')?;
                continue;
            }
            let (text, end) = self.string(at)?;
            all.push(text);
            at = end;
        }
    }
}

/// The literal at a place, and where it ends.
fn literal(text: &str, at: usize) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut rest = text[at + 1..].chars();
    loop {
        match rest.next()? {
            '"' => return Some((out, text.len() - rest.as_str().len())),
            '\\' => match rest.next()? {
                // A line that goes on: its indentation does not count.
                '\n' => rest = rest.as_str().trim_start().chars(),
                'n' => out.push('\n'),
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
}

/// The macros of a file whose body is a string expression.
fn macros(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (at, _) in text.match_indices("macro_rules! ") {
        let rest = &text[at + "macro_rules! ".len()..];
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(arrow) = rest.find("=> {") else { continue };
        found.insert(name, rest[arrow + "=> {".len()..].trim_start().to_owned());
    }
    found
}

/// The statements of a file, whole.
fn statements(text: &str, shared: &BTreeMap<String, String>) -> Vec<String> {
    let mut macros = macros(text);
    for (name, body) in shared {
        macros.entry(name.clone()).or_insert_with(|| body.clone());
    }
    let source = Source { text, macros: &macros };
    let mut found = Vec::new();
    let mut at = 0;
    let mut in_macro_until = 0;
    while at < text.len() {
        if text[at..].starts_with("macro_rules! ") {
            in_macro_until = at + text[at..].find("\n}").unwrap_or(0);
        }
        let starts = at >= in_macro_until
            && (text[at..].starts_with('"')
                || text[at..].starts_with("concat!(")
                || macros
                    .keys()
                    .any(|name| text[at..].strip_prefix(name.as_str()).is_some_and(|r| r.starts_with("!("))));
        let built = text[..at].trim_end().ends_with("QueryBuilder::new(") || text[..at].trim_end().ends_with("push(");
        match starts.then(|| source.string(at)).flatten() {
            Some((sql, end)) => {
                if !built && VERBS.iter().any(|verb| sql.trim_start().to_lowercase().starts_with(verb)) {
                    found.push(sql);
                }
                at = end;
            }
            None => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}

/// The code of a file without its tests and comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_server_takes_every_statement_of_the_source() {
    let store = Installation::shared().store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let mut shared = BTreeMap::new();
    for file in ["account", "dossier", "relations"] {
        shared.extend(macros(&code(&source(&format!("src/store/{file}.rs")))));
    }
    let (mut seen, mut faults) = (0, Vec::new());
    for path in files(&source("src")) {
        if path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests.rs" | "tests"))) {
            continue;
        }
        for sql in statements(&code(&path), &shared) {
            // What is formatted is made whole at run time only.
            if sql.contains('{') {
                continue;
            }
            seen += 1;
            if let Err(error) = db.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await {
                faults.push(format!("{}: {error}\n{sql}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    assert!(seen >= MIN_STATEMENTS, "only {seen} statements were found");
}

/// The tables as the server describes them, in the order of their names.
async fn described(db: &mut MySqlConnection) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select cast(table_name as char) from information_schema.tables
         where table_schema = database() and table_name <> '_sqlx_migrations' order by table_name",
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    let mut text = String::from(
        "-- The schema as all migrations leave it, to be read; a test holds it equal to them and writes it anew with\n\
         -- GUICHET_WRITE_DOCS=1. Nothing loads it.\n",
    );
    for table in tables {
        let row =
            sqlx::raw_sql(AssertSqlSafe(format!("show create table `{table}`"))).fetch_one(&mut *db).await.unwrap();
        let create: String = row.get(1);
        let counter = create.find(" AUTO_INCREMENT=");
        let create = counter.map_or(create.clone(), |at| {
            let end = create[at + 1..].find(' ').map_or(create.len(), |end| at + 1 + end);
            format!("{}{}", &create[..at], &create[end..])
        });
        text.push_str(&format!("\n{create};\n"));
    }
    text
}

#[tokio::test]
async fn the_schema_stands_whole_in_one_file() {
    let store = Installation::shared().store();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    let now = described(&mut db).await;
    let file = source("src/store/schema.sql");
    if std::env::var_os("GUICHET_WRITE_DOCS").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == now, "src/store/schema.sql is another one: GUICHET_WRITE_DOCS=1 writes this:\n{now}");

    // It is what makes such a database.
    let name = format!("schema_{}", uuid::Uuid::now_v7().simple());
    let folder = tempfile::tempdir().unwrap();
    let server = guichet::testing::store::embedded::Embedded::start(&folder.path().join("mariadb")).await.unwrap();
    let mut own = MySqlConnection::connect_with(
        &sqlx::mysql::MySqlConnectOptions::new().socket(server.socket()).username(server.user()),
    )
    .await
    .unwrap();
    let load = format!("create database {name}; use {name}; set foreign_key_checks = 0; {kept}");
    own.execute(sqlx::raw_sql(AssertSqlSafe(load))).await.unwrap();
    assert_eq!(described(&mut own).await, now);
    own.close().await.unwrap();
    server.stop().await.unwrap();
}
