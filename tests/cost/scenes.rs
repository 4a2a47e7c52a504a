//! What is asked: the scenes of `make bench`, on as many dossiers.

use crate::{
    COUNTED_REQUESTS,
    portal::{Person, Portal, get, post, request, today},
    source,
};
use axum::{body::Body, extract::Request, http::Method};
use guichet::testing::domain::{
    access::Role,
    folder::{self, FolderDossier},
};
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// Deposits in the round.
const DEPOSITS: usize = 200;
/// Complete drafts: one that files are attached to, and one for each request of the scene of the deposit.
const DRAFTS: usize = COUNTED_REQUESTS + 2;
const ROUND: &str = "2024";
const LIST: &str = "/calls/hyper-open-x/rounds/2024/dossiers";
/// Length of the file that is uploaded, in bytes.
const UPLOAD_BYTES: usize = 60_000;

/// The people and dossiers of the scenes.
pub struct World {
    officer: Person,
    owner: Person,
    program: Person,
    /// A complete draft of the owner.
    own: String,
    deposited: Vec<String>,
    drafts: Vec<String>,
}

impl World {
    pub async fn build(portal: &Portal) -> Self {
        let program = portal.program("programme@exemple.fr").await;
        let text = std::fs::read_to_string(source("docs/samples/hyper-open-x/dossier.toml")).unwrap();
        let mut dossier = folder::parse(&text, today()).unwrap();
        let mut deposited = Vec::new();
        for number in 0..DEPOSITS {
            dossier.answers["applicant"]["name"] = json!(format!("Entreprise {number:03}"));
            let id = complete(portal, &program, &dossier).await;
            portal.ask(deposit(&program, &id), "a deposit").await;
            deposited.push(id);
        }
        portal.index().await;
        let mut drafts = Vec::new();
        for _ in 0..DRAFTS {
            drafts.push(complete(portal, &program, &dossier).await);
        }
        let owned = portal.program("ada@exemple.fr").await;
        let own = complete(portal, &owned, &dossier).await;
        Self {
            officer: portal.sign_in("instruction@exemple.fr", Role::Officer).await,
            owner: portal.sign_in("ada@exemple.fr", Role::Applicant).await,
            program,
            own,
            deposited,
            drafts,
        }
    }
}

/// A complete draft.
async fn complete(portal: &Portal, program: &Person, dossier: &FolderDossier) -> String {
    let body = json!({ "call": dossier.call, "round": ROUND, "document": dossier.answers, "attempt": Uuid::now_v7() });
    let created = portal.read(post(program, "/api/v1/dossiers", &body), "a dossier").await;
    let created: Json = serde_json::from_slice(&created).unwrap();
    let id = created["id"].as_str().unwrap().to_owned();
    for piece in &dossier.pieces {
        let issued = piece.issued.map(|day| day.to_string()).unwrap_or_default();
        let path = format!("/api/v1/dossiers/{id}/pieces/{}?issued={issued}&name={}", piece.code, piece.file);
        let bytes = std::fs::read(source("docs/samples/hyper-open-x").join(&piece.file)).unwrap();
        let put = request(program, Method::PUT, &path).body(Body::from(bytes)).unwrap();
        portal.ask(put, &piece.code).await;
    }
    id
}

fn deposit(program: &Person, id: &str) -> Request {
    post(program, &format!("/api/v1/dossiers/{id}/deposits"), &json!({ "attempt": Uuid::now_v7() }))
}

/// A file that the portal does not have yet.
fn upload(world: &World) -> Request {
    let mut file = std::fs::read(source("docs/samples/hyper-open-x/P7-kbis.pdf")).unwrap();
    file.extend_from_slice(format!("%{}", Uuid::now_v7()).as_bytes());
    file.resize(UPLOAD_BYTES, b' ');
    let id = &world.drafts[0];
    let path = format!("/api/v1/dossiers/{id}/pieces/P7?issued={}&name=a.pdf", today());
    request(&world.program, Method::PUT, &path).body(Body::from(file)).unwrap()
}

/// One thing that is asked.
pub struct Scene {
    pub name: &'static str,
    /// The request with this number.
    request: fn(&World, usize) -> Request,
    /// What is asked before it, if asking the same twice would not cost the same.
    preparation: Option<fn(&World, usize) -> Request>,
}

impl Scene {
    pub fn request(&self, world: &World, number: usize) -> Request {
        (self.request)(world, number)
    }

    /// What fills the memory of the process before the request.
    pub fn preparation(&self, world: &World, number: usize) -> Request {
        self.preparation.unwrap_or(self.request)(world, number)
    }
}

/// Every scene.
pub fn all() -> Vec<Scene> {
    let scene = |name, request| Scene { name, request, preparation: None };
    vec![
        scene("officer: list of 200", |world, _| get(&world.officer, LIST)),
        scene("officer: search, 200 hits", |world, _| {
            get(&world.officer, &format!("{LIST}?q=entreprise&sort=company"))
        }),
        Scene {
            preparation: Some(|world, _| get(&world.officer, &format!("{LIST}?q=entreprise"))),
            ..scene("officer: dossier, first reading", |world, number| {
                get(&world.officer, &format!("{LIST}/{}", world.deposited[number]))
            })
        },
        scene("officer: dossier, read again", |world, _| {
            get(&world.officer, &format!("{LIST}/{}", world.deposited[0]))
        }),
        scene("applicant: dossier page", |world, _| get(&world.owner, &format!("/dossiers/{}", world.own))),
        scene("applicant: editor page", |world, _| get(&world.owner, &format!("/dossiers/{}/edit/budget", world.own))),
        Scene {
            preparation: Some(|world, number| {
                get(&world.program, &format!("/api/v1/dossiers/{}/document", world.drafts[number + 1]))
            }),
            ..scene("deposit, pieces already up", |world, number| deposit(&world.program, &world.drafts[number + 1]))
        },
        scene("upload of 60 kB", |world, _| upload(world)),
        scene("public: home", |_, _| get(&Person::Nobody, "/")),
    ]
}
