//! Every route of the table against everyone: the table and the doors agree.

use super::{experts, uploads};
use crate::harness::{Actor, sample};
use guichet::testing::{
    domain::access::Role,
    web::router::{Access, routes},
};
use reqwest::Method;

/// A real path for a route: the dossier, receipt and so on of somebody.
pub fn concrete(path: &str, id: &str, receipt: &str, upload: &str) -> String {
    let concrete = path
        .replace("{call}", "hyper-open-x")
        .replace("{round}", "demonstration")
        .replace("/receipts/{number}", &format!("/receipts/{receipt}"))
        .replace("/rounds/{id}/dossiers", "/rounds/demonstration/dossiers")
        .replace("{id}", id)
        .replace("{section}", "project")
        .replace("{code}", "P7")
        .replace("{slug}", "sozu")
        .replace("{secret}", &"0".repeat(64))
        .replace("{delegation}", id)
        .replace("{assignment}", id)
        .replace("{session}", id)
        .replace("{request}", id)
        .replace("{token}", id)
        .replace("{upload}", upload)
        .replace("{*path}", "style.css");
    if let Some((_, rest)) = concrete.split_once('{') {
        let parameter = rest.split('}').next().unwrap_or(rest);
        panic!("{path}: give the parameter {parameter} a value here");
    }
    concrete
}

/// True when an answer gives nothing away: not found, forbidden, sign in first.
fn shut(status: u16, location: &str) -> bool {
    matches!(status, 401 | 403 | 404) || (status == 303 && location.contains("/sign-in"))
}

/// To whom a route gives anything but a refusal: `owner`, `assigned` (an expert, to this dossier), `nobody`, or a role.
fn opens(access: Access, path: &str, who: &str) -> bool {
    let among = |people: &[&str]| people.contains(&who);
    match access {
        Access::Anyone | Access::Demonstration => true,
        Access::SignedIn => who != "nobody",
        // No guest is among these people; flows::delegation has them.
        Access::Owner | Access::OwnerOrGuest => among(&["owner"]),
        Access::OwnerOrExaminer => among(&["owner", "officer", "senior_officer", "auditor", "jury", "assigned"]),
        Access::Officer => among(&["officer", "senior_officer", "auditor"]),
        Access::Evaluators if path == "/reviews" => among(&["expert", "assigned", "jury"]),
        Access::Evaluators => among(&["assigned", "jury"]),
        Access::Examiners => among(&["officer", "senior_officer", "assigned", "jury"]),
        Access::Operator => among(&["operator"]),
        Access::OperatorOrDpo => among(&["operator", "dpo"]),
        // There is no identity provider here; flows::oidc has one. A browser's cookie opens nothing to programs.
        Access::Provider | Access::Token => false,
    }
}

/// Everybody that there is, in one role each.
async fn everybody(owner: Actor, assigned: Actor) -> Vec<(&'static str, Actor)> {
    let mut all = vec![("owner", owner), ("assigned", assigned), ("nobody", Actor::anon())];
    for role in Role::ALL {
        let (mut actor, email) = (Actor::anon(), format!("{}@exemple.fr", uuid::Uuid::now_v7().simple()));
        if *role != Role::Applicant {
            actor.at.command(&["access", "give", &email, "--role", role.slug()]).await;
        }
        actor.sign_in(&email).await;
        all.push((role.slug(), actor));
    }
    all
}

#[tokio::test]
async fn every_route_opens_to_those_of_the_table_and_to_nobody_else() {
    let mut owner = Actor::applicant().await;
    let id = sample::complete(&mut owner, "demonstration", sample::today()).await;
    let receipt = sample::deposit(&mut owner, &id).await;
    let mut assigned = experts::of_demonstration(&id).await;
    experts::declare_none(&mut assigned, &id).await;
    let upload = uploads::begin(&mut owner, &id, "P7", 10).await;
    let mut everybody = everybody(owner, assigned).await;
    let mut anon = Actor::anon();
    Actor::officer().await;
    let mail = crate::harness::actor::mails_to(&mut anon, "instruction@exemple.fr").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut faults = Vec::new();
    for route in routes() {
        let path = concrete(&route.path.replace("/mails/{id}", &format!("/mails/{mail}")), &id, &receipt, &upload);
        for _ in route.methods.split(' ').filter(|method| *method == "GET") {
            for (who, actor) in &mut everybody {
                let request = actor.request(Method::GET, &path).header("accept", "text/html");
                let response = request.send().await.unwrap();
                let status = response.status().as_u16();
                let location = response
                    .headers()
                    .get("location")
                    .map(|value| value.to_str().unwrap().to_owned())
                    .unwrap_or_default();
                if opens(route.access, route.path, who) == shut(status, &location) || status >= 500 {
                    faults.push(format!("GET {path} ({:?}) by {who}: {status} {location}", route.access));
                }
            }
        }
        for method in route.methods.split(' ').filter(|method| *method != "GET") {
            // Nobody changes anything without the form token, and strangers not even with one.
            let method: Method = method.parse().unwrap();
            let response =
                anon.request(method.clone(), &path).header("accept", "text/html").body("").send().await.unwrap();
            let status = response.status().as_u16();
            let open = route.access == Access::Anyone && route.path.starts_with("/api/");
            if status >= 500 || (status < 400 && !open) {
                faults.push(format!("{method} {path} by nobody: {status}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn officers_never_see_drafts() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let mut officer = Actor::officer().await;
    for path in [
        format!("/dossiers/{id}"),
        format!("/dossiers/{id}/edit/project"),
        format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}"),
    ] {
        officer.get(&path).await.expect(404);
    }
    let number = sample::deposit(&mut ada, &id).await;
    officer.get(&format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}")).await.expect(200);
    officer.get(&format!("/receipts/{number}")).await.expect(200);
    ada.get(&format!("/dossiers/{id}/withdraw")).await;
    sample::withdraw(&mut ada, &id).await.expect(303);
    officer.get(&format!("/receipts/{number}")).await.expect(404);
    officer.get(&format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}")).await.expect(404);
}

#[tokio::test]
async fn tokens_of_the_wrong_kind_or_shape_open_nothing() {
    let token = Actor::anon().at.token("officer_token");
    let mut cookie = Actor::anon();
    let request = cookie.request(Method::GET, "/dossiers").header("cookie", format!("__Host-guichet={token}"));
    assert_eq!(cookie.send(request).await.unwrap().status, 303);
    for hostile in ["", "x", &token[..token.len() - 4], &format!("{token}AAAA"), &"A".repeat(60_00)] {
        let mut program = Actor::bearing(hostile);
        program.get("/api/v1/rounds/demonstration/dossiers").await.expect(401);
    }
    Actor::program("applicant_token").get("/api/v1/rounds/demonstration/dossiers").await.expect(403);
    Actor::program("officer_token").get("/api/v1/rounds/demonstration/dossiers").await.expect(200);
}

#[tokio::test]
async fn everybody_may_ask_why_and_why_not() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let path = format!("/dossiers/{id}/rights");
    let own = ada.get(&path).await.expect(200);
    assert!(own.body.contains("le porteur travaille sur son brouillon"), "{}", own.body);
    ada.get("/account/rights").await.expect(200);

    let mut other = Actor::applicant().await;
    let mut told = Vec::new();
    for id in [id.clone(), uuid::Uuid::now_v7().to_string()] {
        let page = other.get(&format!("/dossiers/{id}/rights")).await.expect(404).body;
        let (from, to) = (page.find("<main").unwrap(), page.find("</main>").unwrap());
        told.push(page[from..to].to_owned());
    }
    assert!(told[0].contains("une personne invitée lit la partie"), "who may do what she may not: {}", told[0]);
    assert_eq!(told[0], told[1], "what is there and what is not look the same");

    let mut officer = Actor::officer().await;
    officer.get(&path).await.expect(404);
    sample::deposit(&mut ada, &id).await;
    let page = officer.get(&path).await.expect(200);
    assert!(page.body.contains("les instructeurs lisent ce qui est déposé"), "{}", page.body);
}

#[tokio::test]
async fn no_address_of_ours_leads_to_another_host() {
    let mut anon = Actor::anon();
    for path in ["//evil.example/login", "/en//evil.example/login", "///evil.example", "/en///evil.example"] {
        let page = anon.get(path).await.expect(404).body;
        assert!(!page.contains("\"//evil"), "{path}: {page}");
    }
}
