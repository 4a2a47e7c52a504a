//! The officer finds the dossier: search, filters, sort, export.

use crate::harness::{Actor, sample};

#[tokio::test]
async fn an_officer_finds_searches_sorts_and_exports() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let mut officer = Actor::officer().await;
    let base = "/calls/hyper-open-x/rounds/demonstration/dossiers";
    let all = officer.get(base).await.expect(200).body;
    assert!(all.contains(&number));
    let found = officer.get(&format!("{base}?q={number}&brick=sozu&sort=base&desc=yes")).await.expect(200).body;
    assert!(found.contains(&number) && found.contains(&format!("value=\"{number}\"")), "filters stay in the form");
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
    // The language decides separator and decimals, and amounts are numbers.
    assert!(lines[1].contains(",00;"), "{}", lines[1]);
    let english = officer.get(&format!("/en{base}.csv?q={number}")).await.expect(200).body;
    assert!(english.contains(",\"Company\",") && english.contains(".00,"), "{english}");
}
