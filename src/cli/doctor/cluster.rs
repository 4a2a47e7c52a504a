//! The servers of a cluster: each setting compared with the profile, with the consequence of a deviation.

use super::Sheet;
use crate::{
    config::Durability,
    store::{
        Store,
        cluster::{Examined, Leadership, elect},
        profile::{CLUSTER_SERVERS, SETTINGS, Setting},
    },
};

/// First versions whose recovery removes what no replica confirmed (`init-rpl-role`), by series.
const FIXED_VERSIONS: [(u32, u32, u32); 2] = [(10, 6, 19), (10, 11, 9)];

/// Examines all servers.
pub async fn examine(store: &Store, sheet: &mut Sheet) {
    let seen = store.examine().await;
    check_servers(&seen, store.durability(), sheet);
}

type ServerExamination = (String, Result<Examined, String>);

fn check_servers(seen: &[ServerExamination], durability: Durability, sheet: &mut Sheet) {
    for (label, outcome) in seen {
        match outcome {
            Ok(examined) => server(label, examined, sheet),
            Err(reason) => sheet.problem(
                format!("{label} cannot be seen: {reason}."),
                "Start it and have it rejoin: until then the next failure may leave nobody to confirm writes.",
            ),
        }
    }
    leader(seen, durability, sheet);
    if seen.len() < CLUSTER_SERVERS {
        sheet.problem(
            format!("The cluster has {} servers.", seen.len()),
            "Take three: with two, the loss of either ends all writes, or the promise that none is lost.",
        );
    }
}

fn leader(seen: &[ServerExamination], durability: Durability, sheet: &mut Sheet) {
    let statuses: Vec<_> =
        seen.iter().map(|(_, outcome)| outcome.as_ref().ok().map(|one| one.status.clone())).collect();
    match elect(&statuses, durability) {
        Leadership::Leads { node, durable } => {
            let (label, confirming) = (&seen[node].0, statuses[node].as_ref().map_or(0, |status| status.confirming));
            match confirming {
                _ if !durable => sheet.problem(
                    format!("{label} leads, and no second server confirms what it writes: nothing is acknowledged."),
                    "Have replicas follow it, and set rpl_semi_sync_master_enabled = ON on it.",
                ),
                0 | 1 => sheet.attention(
                    format!(
                        "{label} leads, and {confirming} other server confirms: the loss of one more ends all writes."
                    ),
                    "Have the others rejoin.",
                ),
                _ => sheet.fine(format!("{label} leads, and {confirming} others confirm what it writes.")),
            }
        }
        Leadership::Nobody => sheet.problem(
            "No server takes writes: a failover is under way, or was given up.",
            "See replication-manager; `docs/runbooks/database.md` tells how to promote by hand.",
        ),
        Leadership::Several => sheet.problem(
            "Several servers take writes, and nothing tells the real leader: the portal writes to none.",
            "Kill the one that was retired: to stop its waiting otherwise would acknowledge what nobody has.",
        ),
    }
}

fn server(label: &str, examined: &Examined, sheet: &mut Sheet) {
    let before = sheet.lines.len();
    for setting in SETTINGS {
        let wanted = wanted(setting, examined.leads());
        match examined.values.get(setting.name) {
            Some(value) if same(value, wanted) => {}
            Some(value) => sheet.problem(
                format!("{label}: {} is {value}: {}.", setting.name, setting.cost),
                format!("Set it to {wanted}, in my.cnf and in the running server."),
            ),
            None => sheet.problem(
                format!("{label} does not know {}: {}.", setting.name, setting.cost),
                "Take MariaDB 10.11.9 or later.",
            ),
        }
    }
    if !recovers(&examined.version) {
        sheet.attention(
            format!(
                "{label} is {}: after a crash it may hold what no replica confirmed, and not rejoin.",
                examined.version
            ),
            "Take MariaDB 10.11.9 or later, which cuts that off (init-rpl-role).",
        );
    }
    if examined.writes_anywhere {
        sheet.problem(
            format!(
                "On {label} the portal's account may write even where nobody should: a retired leader would take it."
            ),
            "Grant it its own database only: grant all on guichet.* to …",
        );
    }
    if sheet.lines.len() == before {
        let role = if examined.leads() { "leader" } else { "replica" };
        sheet.fine(format!("{label}, {role}, {}: as the profile wants it.", examined.version));
    }
}

/// The expected value of a setting on a running server in this role.
fn wanted(setting: &Setting, leads: bool) -> &'static str {
    match (setting.by_role, leads, setting.value) {
        (true, true, "ON") => "OFF",
        (true, true, _) => "ON",
        (_, _, value) => value,
    }
}

fn same(value: &str, wanted: &str) -> bool {
    let plain = |text: &str| match text {
        "1" => "ON".to_owned(),
        "0" => "OFF".to_owned(),
        text => text.to_ascii_uppercase(),
    };
    plain(value) == plain(wanted)
}

fn recovers(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let Some(found) = (|| Some((numbers.next()?, numbers.next()?, numbers.next()?)))() else { return false };
    let (major, minor, _) = found;
    match FIXED_VERSIONS.iter().find(|(series, sub, _)| (*series, *sub) == (major, minor)) {
        Some(first) => found >= *first,
        None => (major, minor) > (10, 11),
    }
}

#[cfg(test)]
mod tests {
    use super::{check_servers, recovers, wanted};
    use crate::{
        cli::doctor::{Mark, Sheet},
        config::Durability,
        store::{
            cluster::{Examined, ServerStatus},
            profile::SETTINGS,
        },
    };

    fn examined(leads: bool) -> Examined {
        let values = SETTINGS.iter().map(|setting| (setting.name.to_owned(), wanted(setting, leads).to_owned()));
        Examined {
            version: "10.11.14-MariaDB-0+deb12u2".into(),
            status: ServerStatus {
                read_only: !leads,
                semi_sync: leads,
                after_sync: true,
                confirming: if leads { 2 } else { 0 },
                ..ServerStatus::default()
            },
            values: values.collect(),
            writes_anywhere: false,
        }
    }

    fn problems(seen: &[(String, Result<Examined, String>)]) -> Vec<String> {
        let mut sheet = Sheet::default();
        check_servers(seen, Durability::Strict, &mut sheet);
        sheet.lines.into_iter().filter(|line| line.mark == Mark::Problem).map(|line| line.text).collect()
    }

    fn three() -> [(String, Result<Examined, String>); 3] {
        [("a".into(), Ok(examined(true))), ("b".into(), Ok(examined(false))), ("c".into(), Ok(examined(false)))]
    }

    #[test]
    fn a_cluster_by_the_book_has_no_problem_and_each_deviation_is_one() {
        assert_eq!(problems(&three()), Vec::<String>::new());
        for setting in SETTINGS {
            let mut seen = three();
            seen[1].1.as_mut().unwrap().values.insert(setting.name.into(), "other".into());
            let found = problems(&seen);
            assert!(
                found.len() == 1 && found[0].contains(setting.name) && found[0].contains(setting.cost),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_server_that_is_away_a_second_leader_and_a_mighty_account_are_problems() {
        let mut seen = three();
        seen[2].1 = Err("no answer".into());
        assert_eq!(problems(&seen).len(), 1);
        assert_eq!(problems(&three()[..2]).len(), 1, "two servers are too few");
        let mut seen = three();
        seen[1].1 = Ok(examined(true));
        assert!(problems(&seen)[0].contains("Several servers"), "{:?}", problems(&seen));
        let mut seen = three();
        seen[0].1.as_mut().unwrap().writes_anywhere = true;
        assert_eq!(problems(&seen).len(), 1);
    }

    #[test]
    fn versions_that_recover_are_known() {
        for (version, expected) in [
            ("10.11.9-MariaDB", true),
            ("10.11.8", false),
            ("10.6.19", true),
            ("11.4.2", true),
            ("10.5.99", false),
            ("?", false),
        ] {
            assert_eq!(recovers(version), expected, "{version}");
        }
    }
}
