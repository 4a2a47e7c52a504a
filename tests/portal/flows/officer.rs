//! The officer finds the dossier: search, filters, sort, export.

use crate::{
    flows::{experts, hardening::siret},
    harness::{Actor, installation::source, sample},
};
use guichet::testing::{
    domain::{csv::Cell, money::Cents, text::Lang},
    web::xlsx::{Column, Heading, Spreadsheet},
};
use jiff::civil::{date, datetime};
use serde_json::{Value as Json, json};
use std::{io::Write, process::Command};

const LIST: &str = "/calls/hyper-open-x/rounds/demonstration/dossiers";

#[tokio::test]
async fn an_officer_finds_searches_sorts_and_exports() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let mut officer = Actor::officer().await;
    let base = LIST;
    let all = officer.get(base).await.expect(200).body;
    assert!(all.contains(&number));
    let found = officer.get(&format!("{base}?q={number}&brick=sozu&sort=base&desc=yes")).await.expect(200).body;
    assert!(found.contains(&number) && found.contains(&format!("value=\"{number}\"")), "filters stay in the form");
    assert!(found.contains("aria-sort=\"descending\"><a href=\"?q="), "{found}");
    let nothing = officer.get(&format!("{base}?q=introuvable%25_")).await.expect(200).body;
    assert!(!nothing.contains(&number));
    officer.get(&format!("{base}?sort=;drop&page=999999")).await.expect(200);
    let page = officer.get(&format!("{base}/{id}")).await.expect(200).body;
    assert!(page.contains("P7") && page.contains(&number));
    let piece = officer.get(&format!("/receipts/{number}/pieces/P7")).await.expect(200);
    assert!(piece.body.starts_with("%PDF"));
    let csv = officer.get(&format!("{base}.csv?q={number}")).await.expect(200).body;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with('\u{feff}') && lines[0].contains(";\"Entreprise\";"));
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with(&format!("\"{number}\";1;")));
    assert!(lines[1].contains("Sōzu"), "bricks have their names: {}", lines[1]);
    // The language decides separator and decimals, and amounts are numbers.
    assert!(lines[1].contains(",00;"), "{}", lines[1]);
    let english = officer.get(&format!("/en{base}.csv?q={number}")).await.expect(200).body;
    assert!(english.contains(",\"Company\",") && english.contains(".00,"), "{english}");
}

/// What openpyxl reads of a spreadsheet.
fn read(file: &[u8]) -> Json {
    let python = std::env::var_os("GUICHET_PYTHON")
        .filter(|python| std::path::Path::new(python).exists())
        .expect("GUICHET_PYTHON names a Python that has openpyxl: `make setup` installs one, `make test` names it");
    let mut xlsx = tempfile::Builder::new().suffix(".xlsx").tempfile().unwrap();
    xlsx.write_all(file).unwrap();
    let script = source("tests/portal/flows/officer/read_xlsx.py");
    let done = Command::new(python).arg(script).arg(xlsx.path()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

async fn export(officer: &mut Actor, path: &str) -> Vec<u8> {
    let answer = officer.request(reqwest::Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    let name = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert_eq!(name, "attachment; filename=\"hyper-open-x-demonstration.xlsx\"");
    answer.bytes().await.unwrap().to_vec()
}

/// The cells of a row of a CSV of ours: texts are quoted, numbers are not.
fn cells(line: &str, separator: char) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            c if c == separator && !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}

/// A cell as the CSV writes it.
fn written(cell: &Json, lang: Lang) -> String {
    match cell["type"].as_str().unwrap() {
        "d" => {
            let at: jiff::civil::DateTime = cell["value"].as_str().unwrap().parse().unwrap();
            at.strftime("%d/%m/%Y %H:%M:%S").to_string()
        }
        "n" if cell["value"].is_null() => String::new(),
        "n" if cell["format"].as_str().unwrap().contains('€') => {
            format!("{:.2}", cell["value"].as_f64().unwrap()).replace('.', lang.tr(",", "."))
        }
        "n" => cell["value"].to_string(),
        _ => cell["value"].as_str().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn a_spreadsheet_has_the_values_of_the_csv_each_of_its_type() {
    let mut ada = Actor::applicant().await;
    let mut dossier = sample::sample(sample::today());
    sample::set(&mut dossier.answers, "project.title", json!("=HYPERLINK(\"https://x.example\") <b>&＝1"));
    let id = sample::draft(&mut ada, "demonstration", &dossier.answers).await;
    sample::attach_all(&mut ada, &id, &dossier).await;
    let number = sample::deposit(&mut ada, &id).await;
    let mut expert = experts::of_demonstration(&id).await;
    experts::declare_none(&mut expert, &id).await;
    let mut officer = Actor::officer().await;
    // Nothing of the title is markup.
    let page = officer.get(&format!("{LIST}?q={number}")).await.expect(200).body;
    assert!(page.contains("=HYPERLINK(") && !page.contains("<b>&"), "{page}");
    for (lang, prefix, separator) in [(Lang::Fr, "", ';'), (Lang::En, "/en", ',')] {
        let csv = officer.get(&format!("{prefix}{LIST}.csv?q={number}")).await.expect(200).body;
        let csv: Vec<Vec<String>> =
            csv.trim_start_matches('\u{feff}').lines().map(|line| cells(line, separator)).collect();
        let book = read(&export(&mut officer, &format!("{prefix}{LIST}.xlsx?q={number}")).await);
        let rows = book["rows"].as_array().unwrap();
        assert_eq!((rows.len(), csv.len()), (2, 2), "{book}");
        for (cell, heading) in rows[0].as_array().unwrap().iter().zip(&csv[0]) {
            assert_eq!(cell["value"], json!(heading));
        }
        let row = rows[1].as_array().unwrap();
        assert_eq!(row.len(), csv[1].len());
        for (cell, value) in row.iter().zip(&csv[1]) {
            // The apostrophe that keeps a text of a CSV from being a formula is not needed here.
            assert_eq!(written(cell, lang), value.trim_start_matches('\''), "{cell}");
        }
        let types: String = row.iter().map(|cell| cell["type"].as_str().unwrap()).collect();
        assert!(types.starts_with("sndsss"), "receipt, version, day, company, SIREN, project: {types}");
        assert!(!types.contains('f'), "no formula: {types}");
        assert_eq!(row.iter().filter(|cell| cell["format"].as_str().unwrap().contains('€')).count(), 2);
        let last = char::from(b'A' + u8::try_from(row.len() - 1).unwrap());
        assert_eq!((&book["frozen"], &book["filter"]), (&json!("A2"), &json!(format!("A1:{last}2"))));
        assert_eq!(book["language"], lang.tag());
        assert!(book["title"].as_str().unwrap().contains("Hyper Open X"), "{}", book["title"]);
        assert!(book["widths"].as_array().unwrap().iter().all(|width| width.as_f64().unwrap() > 8.0), "{book}");
    }
    let status = ada.get(&format!("{LIST}.xlsx")).await.status.as_u16();
    assert!(matches!(status, 403 | 404), "{status}");
}

/// A spreadsheet with these texts, one per row.
fn of_texts(texts: &[&str]) -> Vec<u8> {
    let columns = [Column { label: "=1+1".into(), width: 20 }];
    let heading = Heading {
        lang: Lang::Fr,
        title: "<Essai> & =1",
        sheet: "Dépôts",
        made_at: "2026-11-30T08:00:00Z".parse().unwrap(),
        columns: &columns,
    };
    let mut sheet = Spreadsheet::new(&heading).unwrap();
    for text in texts {
        sheet.row([Cell::Text(text)]).unwrap();
    }
    sheet.finish().unwrap()
}

#[test]
fn hostile_texts_are_texts_in_another_reader() {
    let (longest, longer) = ("é".repeat(32_767), "é".repeat(40_000));
    let texts = [
        "=HYPERLINK(\"https://x.example\")",
        "＝1",
        "+1",
        "-1",
        "@SUM(A1)",
        "{=1}",
        "1e5",
        "007",
        "31/07/2024",
        "true",
        "#N/A",
        "a\nb\tc",
        " spaces ",
        "<script>alert(1)</script> & ]]>",
        "\u{202e}txt",
        "🙂",
        longest.as_str(),
    ];
    let book = read(&of_texts(&texts));
    let rows = book["rows"].as_array().unwrap();
    assert_eq!(rows[0][0]["value"], "=1+1");
    for (row, text) in rows[1..].iter().zip(texts) {
        assert_eq!((&row[0]["type"], &row[0]["value"]), (&json!("s"), &json!(text)));
    }
    assert_eq!((&book["title"], &book["created"]), (&json!("<Essai> & =1"), &json!("2026-11-30T08:00:00")));

    let book = read(&of_texts(&["a\r\nb\u{0}\u{1b}[2K\u{ffff}", &longer]));
    assert_eq!(book["rows"][1][0]["value"], "a\nb\u{fffd}\u{fffd}[2K\u{fffd}");
    let cut = book["rows"][2][0]["value"].as_str().unwrap();
    assert!(cut.chars().count() == 32_767 && cut.ends_with("é…"), "cut where a cell ends, and said so");
}

#[test]
fn amounts_days_and_counts_are_numbers_in_another_reader() {
    let columns: Vec<Column> = ["a", "b", "c", "d"].map(|label| Column { label: label.into(), width: 20 }).into();
    let made_at = "2026-11-30T08:00:00Z".parse().unwrap();
    let heading = Heading { lang: Lang::En, title: "T", sheet: "S", made_at, columns: &columns };
    let mut sheet = Spreadsheet::new(&heading).unwrap();
    let at = datetime(2024, 7, 31, 23, 59, 59, 999_000_000);
    for cents in [0, 1, -5, 10, 30, 70, 12_500_050, 99_999_999_999_999] {
        sheet.row([Cell::Money(Cents(cents)), Cell::Integer(cents), Cell::Time(at), Cell::Empty]).unwrap();
    }
    let before = date(1815, 12, 10).at(0, 0, 0, 0);
    sheet.row([Cell::Money(Cents(i64::MAX)), Cell::Integer(i64::MAX), Cell::Time(before), Cell::Empty]).unwrap();
    let book = read(&sheet.finish().unwrap());
    let values: Vec<String> =
        book["rows"].as_array().unwrap()[1..9].iter().map(|row| row[0]["value"].to_string()).collect();
    assert_eq!(values, ["0", "0.01", "-0.05", "0.1", "0.3", "0.7", "125000.5", "999999999999.99"]);
    let first = &book["rows"][1];
    assert_eq!((&first[2]["type"], &first[2]["value"]), (&json!("d"), &json!("2024-07-31T23:59:59")));
    assert_eq!(first[3]["value"], Json::Null);
    // What a spreadsheet would round, or does not know, is a text.
    let last = &book["rows"][9];
    assert_eq!((&last[0]["type"], &last[0]["value"]), (&json!("s"), &json!("92233720368547758.07")));
    assert_eq!((&last[1]["type"], &last[1]["value"]), (&json!("s"), &json!("9223372036854775807")));
    assert_eq!(last[2]["type"], "s");
}

/// The number of points to examine of the only row in a list.
fn counted(list: &str) -> u32 {
    let cell = list.split("data-label=\"Points à instruire\"><span>").nth(1).unwrap();
    cell.split('<').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_list_counts_what_the_dossier_shows_whatever_others_do() {
    // A company of its own, so that no other test's deposits count.
    let siret = siret();
    let deposit = async |actor: &mut Actor| {
        let mut dossier = sample::sample(sample::today());
        sample::set(&mut dossier.answers, "applicant.siret", json!(siret));
        let id = sample::draft(actor, "demonstration", &dossier.answers).await;
        sample::attach_all(actor, &id, &dossier).await;
        let number = sample::deposit(actor, &id).await;
        (id, number)
    };
    let mut ada = Actor::applicant().await;
    let (mut eve, mut officer) = (Actor::applicant().await, Actor::officer().await);
    let agree = async |officer: &mut Actor, (id, number): &(String, String), alone: bool| {
        let list = officer.get(&format!("{LIST}?q={number}")).await.expect(200).body;
        let page = officer.get(&format!("{LIST}/{id}")).await.expect(200).body;
        let count = counted(&list);
        let said =
            if count == 0 { "Aucun point à instruire".into() } else { format!("Points à instruire\u{a0}: {count}") };
        assert!(page.contains(&format!("\"findings-title\">{said}</h2>")), "the list has {count}: {page}");
        assert_eq!(page.contains("Autres dossiers de votre entreprise"), !alone, "{page}");
        let listed = officer.get(&format!("{LIST}?q={number}&warnings=yes")).await.expect(200).body;
        assert_eq!(listed.contains(&format!("/receipts/{number}")), count > 0);
        count
    };
    let first = deposit(&mut ada).await;
    let alone = agree(&mut officer, &first, true).await;
    let second = deposit(&mut eve).await;
    assert_eq!(agree(&mut officer, &first, false).await, alone + 1, "deposited before the other");
    assert_eq!(agree(&mut officer, &second, false).await, alone + 1);
    eve.get(&format!("/dossiers/{}/withdraw", second.0)).await.expect(200);
    sample::withdraw(&mut eve, &second.0).await.expect(303);
    assert_eq!(agree(&mut officer, &first, true).await, alone, "the other one was withdrawn");
}

#[tokio::test]
async fn the_list_tells_and_filters_by_admission_experts_and_conflicts() {
    let list = "/calls/hyper-open-x/rounds/2024/dossiers";
    let (_ada, id, number) = experts::deposited().await;
    let (mut officer, officer_email) = experts::somebody("officer").await;
    let (mut colleague, colleague_email) = experts::somebody("officer").await;
    let (mut expert, email) = experts::somebody("expert").await;
    let shows = async |officer: &mut Actor, query: &str| {
        let body = officer.get(&format!("{list}?q={number}{query}")).await.expect(200).body;
        body.contains(&format!("/receipts/{number}"))
    };
    let body = officer.get(&format!("{list}?q={number}")).await.expect(200).body;
    assert!(body.contains("à constater") && body.contains("Sōzu"), "{body}");
    for (query, shown) in
        [("&admissible=no", true), ("&admissible=yes", false), ("&given=no", true), ("&given=yes", false)]
    {
        assert_eq!(shows(&mut officer, query).await, shown, "{query}");
    }
    assert!(!shows(&mut officer, "&conflict=yes").await);

    experts::give(&mut officer, &experts::page_of(&id), &email).await;
    let given_to = format!("&given={}", email.replace('@', "%40"));
    for (query, shown) in [
        ("&admissible=no", false),
        ("&admissible=yes", true),
        ("&given=no", false),
        ("&given=yes", true),
        (given_to.as_str(), true),
        ("&given=nobody%40exemple.org", false),
        ("&conflict=yes", false),
    ] {
        assert_eq!(shows(&mut officer, query).await, shown, "{query}");
    }
    let body = officer.get(&format!("{list}?q={number}{given_to}")).await.expect(200).body;
    assert!(body.contains(&format!("<option value=\"{email}\" selected>")), "the filter stays in the form: {body}");
    assert!(body.contains("tag-good\">recevable<"), "{body}");

    // A conflict of an officer is one, that of an expert asks for another expert.
    let interest = format!("/reviews/{id}/interest");
    colleague.get(&interest).await.expect(200);
    colleague.post(&interest, &[("conflict", "yes"), ("sure", "yes")]).await.expect(303);
    assert!(shows(&mut officer, "&conflict=yes").await && !shows(&mut officer, "&conflict=expert").await);
    assert!(!shows(&mut colleague, "").await, "hidden from whoever has it");
    expert.get(&interest).await.expect(200);
    expert.post(&interest, &[("conflict", "yes"), ("sure", "yes")]).await.expect(303);
    assert!(shows(&mut officer, "&conflict=expert").await);
    let body = officer.get(&format!("{list}?q={number}")).await.expect(200).body;
    assert!(body.contains("tag-bad\">à remplacer<") && body.contains(&colleague_email), "{body}");

    // The dossier says who has declared what, and when.
    let page = officer.get(&experts::page_of(&id)).await.expect(200).body;
    let declared = page.split("interest-title").nth(2).unwrap().split("</section>").next().unwrap();
    for who in [&email, &colleague_email] {
        assert!(declared.contains(who), "{declared}");
    }
    assert_eq!(declared.matches("déclaré le").count(), 2, "{declared}");
    let experts = page.split("class=\"declared\"").nth(1).unwrap().split("</dl>").next().unwrap();
    assert!(experts.contains("déclarés le") && experts.contains(&officer_email), "{experts}");
}
