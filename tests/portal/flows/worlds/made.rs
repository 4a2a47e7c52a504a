//! Random people and dossiers, and what each is to each, as rows of the database.

use super::{DOSSIERS, PEOPLE, ROUNDS};
use guichet::testing::{
    domain::access::{Amr, Role},
    store::Connection,
};
use uuid::Uuid;

/// Chance, the same at every run.
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

#[derive(Clone, Debug)]
pub struct Person {
    pub id: Uuid,
    pub email: String,
    /// Roles with whether they have not ended.
    pub roles: Vec<(Role, bool)>,
    pub amr: Amr,
    pub suspended: bool,
}

impl Person {
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&(role, true))
    }
    pub fn strong(&self, role: Role) -> bool {
        self.is(role) && self.amr == Amr::Passkey
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Draft,
    Deposited,
    Withdrawn,
    Admissible,
}

#[derive(Clone, Debug)]
pub struct Dossier {
    pub id: Uuid,
    pub owner: usize,
    pub round: &'static str,
    pub state: State,
    /// What it is to each person.
    pub ties: Vec<Tie>,
}

impl Dossier {
    pub fn stands(&self) -> bool {
        matches!(self.state, State::Deposited | State::Admissible)
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Tie {
    pub grant: Option<Grant>,
    /// Whether the assignment stands.
    pub assigned: Option<bool>,
    pub conflict: Option<bool>,
}

#[derive(Clone, Copy, Debug)]
pub struct Grant {
    parts: &'static str,
    revoked: bool,
    over: bool,
}

impl Tie {
    pub fn granted(&self) -> bool {
        self.grant.is_some_and(|grant| !grant.revoked && !grant.over)
    }
}

pub struct World {
    pub people: Vec<Person>,
    pub dossiers: Vec<Dossier>,
}

pub fn world(chance: &mut Chance) -> World {
    let roles = [
        Role::Officer,
        Role::Officer,
        Role::SeniorOfficer,
        Role::Expert,
        Role::Expert,
        Role::Expert,
        Role::Jury,
        Role::Jury,
        Role::Auditor,
        Role::Operator,
    ];
    let people: Vec<Person> = (0..PEOPLE)
        .map(|number| {
            let mut given: Vec<(Role, bool)> = Vec::new();
            for _ in 0..chance.below(4) {
                let role = chance.of(&roles);
                if given.iter().all(|(other, _)| *other != role) {
                    given.push((role, chance.percent(85)));
                }
            }
            let id = Uuid::now_v7();
            Person {
                id,
                email: format!("{number}-{}@exemple.fr", id.simple()),
                roles: given,
                amr: chance.of(&[Amr::Passkey, Amr::Passkey, Amr::Email]),
                suspended: chance.percent(12),
            }
        })
        .collect();
    let dossiers = (0..DOSSIERS)
        .map(|_| {
            let owner = chance.below(PEOPLE);
            let states = [State::Draft, State::Deposited, State::Withdrawn, State::Admissible, State::Admissible];
            let tie = |number: usize, chance: &mut Chance| {
                let grant = Grant {
                    parts: chance.of(&["section:budget=read", "piece:P9=write whole=read", "deposit=deposit"]),
                    revoked: chance.percent(20),
                    over: chance.percent(20),
                };
                let conflict = chance.percent(50);
                Tie {
                    grant: (number != owner && chance.percent(20)).then_some(grant),
                    assigned: chance.percent(50).then(|| chance.percent(80)),
                    conflict: (number != owner && chance.percent(40)).then_some(conflict),
                }
            };
            Dossier {
                id: Uuid::now_v7(),
                owner,
                round: chance.of(&ROUNDS),
                state: chance.of(&states),
                ties: (0..PEOPLE).map(|number| tie(number, chance)).collect(),
            }
        })
        .collect();
    World { people, dossiers }
}

/// Writes a world into an empty database.
pub async fn write(db: &mut Connection, world: &World) {
    for person in &world.people {
        write_person(db, person).await;
    }
    for (number, dossier) in world.dossiers.iter().enumerate() {
        write_dossier(db, number, dossier, world.people[dossier.owner].id).await;
        for (person, tie) in world.people.iter().zip(&dossier.ties) {
            write_tie(db, dossier.id, person, tie).await;
        }
    }
}

/// Takes everything out of it again.
pub async fn clear(db: &mut Connection) {
    for table in [
        "delete from delegation",
        "delete from assignment",
        "delete from interest",
        "delete from search_text",
        "delete from deposit",
        "delete from dossier",
        "delete from account_role",
        "delete from account",
    ] {
        sqlx::query(table).execute(&mut *db).await.unwrap();
    }
}

async fn write_person(db: &mut Connection, person: &Person) {
    sqlx::query(
        "insert into account (account_id, email, role, lang, created_at, suspended_at)
         values (?, ?, 'applicant', 'fr', utc_timestamp(6), if(?, utc_timestamp(6), null))",
    )
    .bind(person.id)
    .bind(&person.email)
    .bind(person.suspended)
    .execute(&mut *db)
    .await
    .unwrap();
    for (role, lasts) in &person.roles {
        sqlx::query(
            "insert into account_role (account_id, role, given_at, ends_at)
             values (?, ?, utc_timestamp(6), if(?, null, '2024-07-01'))",
        )
        .bind(person.id)
        .bind(role.slug())
        .bind(*lasts)
        .execute(&mut *db)
        .await
        .unwrap();
    }
}

async fn write_dossier(db: &mut Connection, number: usize, dossier: &Dossier, owner: Uuid) {
    let (receipt, stands) = (format!("2024-{number:06}"), dossier.stands());
    sqlx::query(
        "insert into dossier (dossier_id, call_id, round_id, account_id, attempt_id, draft, revision, versions,
                              created_at, changed_at, deposit_version, deposit_receipt, deposit_at, deposit_revision,
                              withdrawn_at, admitted_at, admitted_by)
         values (?, 'hyper-open-x', ?, ?, ?, '{}', 1, if(?, 0, 1), utc_timestamp(6), utc_timestamp(6), if(?, 1, null),
                 if(?, ?, null), if(?, utc_timestamp(6), null), if(?, 1, null), if(?, utc_timestamp(6), null),
                 if(?, utc_timestamp(6), null), if(?, account_id, null))",
    )
    .bind(dossier.id)
    .bind(dossier.round)
    .bind(owner)
    .bind(dossier.id)
    .bind(dossier.state == State::Draft)
    .bind(stands)
    .bind(stands)
    .bind(&receipt)
    .bind(stands)
    .bind(stands)
    .bind(dossier.state == State::Withdrawn)
    .bind(dossier.state == State::Admissible)
    .bind(dossier.state == State::Admissible)
    .execute(&mut *db)
    .await
    .unwrap();
    if dossier.state == State::Draft {
        return;
    }
    sqlx::query(
        "insert into deposit (dossier_id, version, attempt_id, receipt_number, sequence, call_id, round_id, account_id,
                              standing, siren, company, title, bricks, base_cents, aid_cents, warnings, deposited_at,
                              receipt)
         values (?, 1, ?, ?, ?, 'hyper-open-x', ?, ?, ?, '732829320', 'Atelier', 'Projet', '', 1, 1, 0,
                 utc_timestamp(6), '{}')",
    )
    .bind(dossier.id)
    .bind(dossier.id)
    .bind(&receipt)
    .bind(number as u64 + 1)
    .bind(dossier.round)
    .bind(owner)
    .bind(stands)
    .execute(&mut *db)
    .await
    .unwrap();
}

async fn write_tie(db: &mut Connection, dossier: Uuid, person: &Person, tie: &Tie) {
    if let Some(grant) = tie.grant {
        sqlx::query(
            "insert into delegation (delegation_id, dossier_id, given_by, email, parts, given_at, ends_at, revoked_at)
             values (?, ?, ?, ?, ?, utc_timestamp(6), if(?, '2024-07-01', '2999-07-01'),
                     if(?, utc_timestamp(6), null))",
        )
        .bind(Uuid::now_v7())
        .bind(dossier)
        .bind(person.id)
        .bind(&person.email)
        .bind(grant.parts)
        .bind(grant.over)
        .bind(grant.revoked)
        .execute(&mut *db)
        .await
        .unwrap();
    }
    if let Some(stands) = tie.assigned {
        sqlx::query(
            "insert into assignment (assignment_id, dossier_id, account_id, assigned_by, assigned_at, ended_at)
             values (?, ?, ?, ?, utc_timestamp(6), if(?, null, utc_timestamp(6)))",
        )
        .bind(Uuid::now_v7())
        .bind(dossier)
        .bind(person.id)
        .bind(person.id)
        .bind(stands)
        .execute(&mut *db)
        .await
        .unwrap();
    }
    if let Some(conflict) = tie.conflict {
        sqlx::query(
            "insert into interest (dossier_id, account_id, conflict, declared_at) values (?, ?, ?, utc_timestamp(6))",
        )
        .bind(dossier)
        .bind(person.id)
        .bind(conflict)
        .execute(&mut *db)
        .await
        .unwrap();
    }
}
