//! Two of three nodes are killed, then all: uploads are refused with a page, reading says so, what is sealed stays sealed,
//! and everything goes on when they are back.

use super::{PROGRAMS, Portal, read};
use crate::harness::{Actor, sample, uploaders::Uploaders};

/// A file for a piece, sent by the page without its script.
async fn attach(owner: &mut Actor, dossier: &str) -> crate::harness::Answer {
    owner.get(&format!("/dossiers/{dossier}")).await.expect(200);
    let path = format!("/dossiers/{dossier}/pieces/P9");
    let today = sample::today().to_string();
    owner.upload(&path, "P9-regularite-fiscale.pdf", &today, &sample::piece("P9-regularite-fiscale.pdf")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_quorum_nothing_is_acknowledged_and_what_was_stays() {
    let mut portal = Portal::start().await;
    let at = portal.at;
    let draft = sample::draft(&mut portal.owner, "demonstration", &sample::sample(sample::today()).answers).await;
    let mut uploaders = Uploaders::start(at, PROGRAMS).await;
    uploaders.until_more(PROGRAMS).await;
    let (sealed, number) = uploaders.so_far().receipts.into_iter().next().unwrap();
    let receipt = read(&portal.owner, &format!("/receipts/{number}.json")).await.unwrap();
    let file = read(&portal.owner, &format!("/receipts/{number}/pieces/P7")).await.unwrap();

    portal.garage.kill(1);
    portal.garage.kill(2);
    portal.garage.until("the first node to be alone", |survey| !survey.has_quorum()).await;
    let refused = attach(&mut portal.owner, &draft).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.body.contains("Pièces jointes"), "{}", refused.body);
    assert!(refused.headers.contains_key("retry-after"), "{:?}", refused.headers);
    let page = portal.owner.get(&format!("/dossiers/{draft}/edit/project")).await.expect(200);
    let title = sample::sample(sample::today()).answers["project"]["title"].to_string();
    let word = title.split(|c: char| !c.is_alphanumeric()).max_by_key(|word| word.len()).unwrap();
    assert!(page.body.contains(word), "what was typed stays: {word}");
    let unread = read(&portal.owner, &format!("/receipts/{number}/pieces/P7")).await;
    let told = matches!(&unread, Err((status, page)) if *status == 503 && page.contains("Pièces jointes"));
    assert!(told, "{:?}", unread.map(|bytes| bytes.len()));
    assert_eq!(
        read(&portal.owner, &format!("/receipts/{number}.json")).await.unwrap(),
        receipt,
        "what is sealed stays sealed"
    );
    portal.owner.get(&format!("/dossiers/{sealed}")).await.expect(200);
    let told = portal.promise(1).await.unwrap_err();
    assert!(told.contains("no quorum") && told.contains("does not answer"), "{told}");
    let ops = at.access()["instance_ops"][0].as_str().unwrap().to_owned();
    let page = reqwest::get(format!("{ops}/")).await.unwrap().text().await.unwrap();
    assert!(page.contains("pas de quorum") && page.contains("zone-2"), "{page}");

    portal.garage.kill(0);
    assert_eq!(attach(&mut portal.owner, &draft).await.status, 503);
    let told = portal.promise(1).await.unwrap_err();
    assert!(told.contains("no node tells"), "{told}");
    let page = reqwest::get(format!("{ops}/en")).await.unwrap().text().await.unwrap();
    assert!(page.contains("no node answers"), "{page}");

    portal.garage.run_again(&[0, 1, 2]).await;
    attach(&mut portal.owner, &draft).await.expect(303);
    assert_eq!(read(&portal.owner, &format!("/receipts/{number}/pieces/P7")).await.unwrap(), file);
    uploaders.until_more(PROGRAMS).await;
    let ledger = portal.settle("two nodes killed, then all, and all started again", uploaders).await;
    assert!(ledger.refused() > 0, "uploads were refused meanwhile");
    portal.garage.until_well().await;
    let told = portal.promise(1).await.unwrap();
    assert!(told.contains("3 nodes store"), "{told}");
}
