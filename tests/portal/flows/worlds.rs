//! Lists and the policy: each list of dossiers, which is made by SQL, holds exactly those of which the policy permits what
//! the list is for. Told over random people, dossiers, grants, assignments and declarations, in a real database.

mod made;
mod search;

use crate::harness::installation::source;
use guichet::testing::{
    app::{Actor, App, AppError, Ctx},
    auth::{AccountFacts, Channel, Keys, Rights, RuleId, SessionToken, read},
    config::Config,
    domain::{
        access::{Action, Part, Role},
        calendar::RoundId,
        ids::{AccountId, DossierId, SessionId},
        text::Lang,
    },
    store::{Freshness, account, deposit::Filter, embedded::Embedded},
};
use jiff::SignedDuration;
use made::{Chance, Dossier, Person, State, World};
use std::{collections::BTreeSet, path::Path, sync::Arc};
use uuid::Uuid;

const WORLDS: u64 = 3;
const PEOPLE: usize = 8;
const DOSSIERS: usize = 60;
const CALL: &str = "hyper-open-x";
const ROUNDS: [&str; 2] = ["2024", "2025"];

type Ids = BTreeSet<Uuid>;

/// A portal on a database of its own, without anything in front of it.
fn portal(folder: &Path, server: &Embedded) -> App {
    let call = source("calls/hyper-open-x.toml");
    let (socket, user) = (server.socket(), server.user());
    let text = format!(
        "[portal]\npublic_url = 'https://portail.example'\nlisten = '127.0.0.1:1'\nops_listen = '127.0.0.1:2'\n\
         data_dir = {folder:?}\ncalls = [{call:?}]\n\
         [database]\nsocket = {socket:?}\nname = 'guichet'\nuser = '{user}'\n\
         [mail]\ntransport = 'folder'\nfrom = 'guichet@exemple.fr'\nfolder = {folder:?}\n"
    );
    let file = folder.join("guichet.toml");
    std::fs::write(&file, text).unwrap();
    App::open(Config::read(&file).unwrap()).unwrap()
}

/// Somebody before the portal, as the session would have it.
async fn before(app: &App, keys: &Keys, person: &Person) -> Ctx {
    let now = app.clock();
    let mut db = app.store.read(Freshness::OwnWrites).await.unwrap();
    let account = account::load(&mut db, AccountId(person.id)).await.unwrap().unwrap();
    let ends = now + SignedDuration::from_mins(10);
    let session = SessionId(Uuid::now_v7());
    let token = SessionToken { session, account: account.id, roles: &account.roles, amr: person.amr, ends };
    let bearer = read(keys, &token.mint(keys, now).unwrap(), Channel::Browser, now).unwrap();
    let account_facts = AccountFacts {
        account: account.id,
        roles: account.roles.clone(),
        suspended: account.suspended,
        confirmed_until: None,
        stepped_up: false,
        has_passkey: false,
        passkeys_required: true,
    };
    let rights = Rights::new(Arc::new(bearer), Channel::Browser, account_facts);
    let actor = Some(Actor { account, rights, session: None });
    Ctx { actor, ..Ctx::anonymous(now, guichet::testing::app::Clock::System, Lang::Fr) }
}

/// A list that one may not even ask for is empty.
fn or_nothing<T: Default>(asked: Result<T, AppError>) -> T {
    match asked {
        Ok(list) => list,
        Err(AppError::Forbidden | AppError::Suspended) => T::default(),
        Err(error) => panic!("{error}"),
    }
}

/// The rule by which somebody may do something to a dossier, asked as `guichet access explain` asks.
async fn rule(app: &App, person: &Person, action: Action, dossier: &Dossier, part: Part) -> Option<RuleId> {
    let told = app.explain(&person.email, action, Some((DossierId(dossier.id), part)), person.amr).await.unwrap();
    told.allowed.then_some(told.rule.id)
}

async fn lists(app: &App, person: &Person, action: Action) -> bool {
    app.explain(&person.email, action, None, person.amr).await.unwrap().allowed
}

/// What the policy permits somebody, list by list.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    own: Ids,
    shared: Ids,
    /// Of each round, and how many drafts that were never deposited it has beside them.
    rounds: Vec<(Ids, u64)>,
    reviews: Ids,
    readable: Ids,
}

async fn permitted(app: &App, world: &World, me: usize) -> Told {
    let person = &world.people[me];
    let (officer, evaluates) =
        (lists(app, person, Action::RoundList).await, lists(app, person, Action::ReviewList).await);
    let mut told = Told { rounds: vec![(Ids::new(), 0); ROUNDS.len()], ..Told::default() };
    for dossier in &world.dossiers {
        let (id, tie) = (dossier.id, &dossier.ties[me]);
        if rule(app, person, Action::DraftRead, dossier, Part::Overview).await.is_some() {
            if dossier.owner == me { &mut told.own } else { &mut told.shared }.insert(id);
        }
        let reads = rule(app, person, Action::DepositRead, dossier, Part::Deposit).await.is_some();
        let round = ROUNDS.iter().position(|round| *round == dossier.round).unwrap();
        if officer && dossier.stands() && reads {
            told.rounds[round].0.insert(id);
        }
        if officer && dossier.state == State::Draft && tie.conflict != Some(true) {
            told.rounds[round].1 += 1;
        }
        let declares = rule(app, person, Action::InterestDeclare, dossier, Part::Overview).await;
        if evaluates && declares.is_some_and(|rule| matches!(rule, RuleId::ExpertDeclares | RuleId::JuryDeclares)) {
            told.reviews.insert(id);
            if reads {
                told.readable.insert(id);
            }
        }
        // The same without the policy, as the requirements have it.
        let given = person.is(Role::Expert) && tie.assigned == Some(true) && !tie.granted();
        let due = given || person.strong(Role::Jury);
        let open = dossier.state == State::Admissible && dossier.owner != me && tie.conflict != Some(true);
        assert_eq!(told.reviews.contains(&id), due && open && !person.suspended, "{person:?} {dossier:?}");
        let sworn = given && tie.conflict == Some(false);
        if told.reviews.contains(&id) && !person.strong(Role::Jury) && !tie.granted() {
            let examines = person.strong(Role::Officer) || person.strong(Role::SeniorOfficer);
            assert_eq!(reads, sworn || examines || person.is(Role::Auditor), "{person:?} {dossier:?}");
        }
    }
    told
}

async fn listed(app: &App, ctx: &Ctx) -> Told {
    let own = or_nothing(app.own_dossiers(ctx).await);
    let shared = or_nothing(app.given_dossiers(ctx).await);
    let reviews = or_nothing(app.to_evaluate(ctx).await);
    assert_eq!(own.others, 0, "a world is small");
    let mut told = Told {
        own: own.listed.iter().map(|(dossier, _)| dossier.id.0).collect(),
        shared: shared.iter().map(|given| given.id.0).collect(),
        reviews: reviews.iter().map(|one| one.standing.dossier.0).collect(),
        readable: reviews.iter().filter(|one| one.readable).map(|one| one.standing.dossier.0).collect(),
        rounds: Vec::new(),
    };
    for round in ROUNDS {
        // Small pages: with rows, the numbers come from their statement; behind the end, from one of their own.
        let mut ids = Ids::new();
        let mut drafts = 0;
        for offset in (0..DOSSIERS).step_by(7) {
            let filter = Filter { offset: u32::try_from(offset).unwrap(), limit: 7, ..Filter::default() };
            let asked = app.round_list(ctx, CALL, &RoundId(round.into()), &filter).await;
            let Some(page) = or_nothing(asked.map(Some)) else { continue };
            ids.extend(page.rows.iter().map(|row| row.summary.dossier.0));
            drafts = page.drafts.number;
            assert!(page.total.number as usize >= ids.len());
            assert_eq!(page.has_next, page.total.number > u64::try_from(offset + 7).unwrap());
            if offset + 7 >= DOSSIERS {
                assert_eq!(page.total.number as usize, ids.len(), "what is counted is what is shown");
            }
        }
        told.rounds.push((ids, drafts));
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_shows_exactly_what_the_policy_permits() {
    let folder = tempfile::Builder::new().prefix("guichet-worlds-").tempdir().unwrap();
    let server = Embedded::start(&folder.path().join("database")).await.unwrap();
    let app = portal(folder.path(), &server);
    app.store.migrate().await.unwrap();
    let keys = Keys::ephemeral().unwrap();
    let mut seen = [0; 4];
    for seed in 0..WORLDS {
        let world = made::world(&mut Chance(seed));
        {
            let mut db = app.store.write().await.unwrap();
            made::clear(&mut db).await;
            made::write(&mut db, &world).await;
        }
        for (me, person) in world.people.iter().enumerate() {
            let ctx = before(&app, &keys, person).await;
            let (found, told) = (listed(&app, &ctx).await, permitted(&app, &world, me).await);
            assert_eq!(found, told, "world {seed}, {person:?}");
            let sizes = [told.own.len(), told.shared.len(), told.rounds[0].0.len(), told.reviews.len()];
            seen.iter_mut().zip(sizes).for_each(|(all, size)| *all += size);
        }
    }
    assert!(seen.iter().all(|all| *all > 20), "worlds in which there is something to see: {seen:?}");
    app.store.close().await;
    server.stop().await.unwrap();
}
