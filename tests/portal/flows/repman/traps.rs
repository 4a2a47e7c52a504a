//! The traps, which the real one cannot be made to spring at will.

use crate::harness::repman::{Certificate, Fault, StandIn, Subject, hasty};
use guichet::testing::{
    adapters::repman::{Repman, RepmanConfig, RepmanError, Verified, Why},
    config::Host,
};
use std::{fs, time::Duration};

fn client(config: &RepmanConfig) -> Repman {
    Repman::with_timeouts(config, hasty()).unwrap()
}

async fn misbehaving(fault: Fault) -> (StandIn, Repman) {
    let stand_in = StandIn::start().await;
    stand_in.set(Some(fault));
    let client = client(&stand_in.config);
    (stand_in, client)
}

fn second() -> Host {
    "127.0.0.1:33062".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_was_not_carried_out_is_not_called_done() {
    let (_stand_in, client) = misbehaving(Fault::DoesNothing).await;
    assert_eq!(client.switchover(None).await.unwrap(), Verified::Nothing(Why::AsBefore));
    let patience = Duration::from_secs(2);
    assert_eq!(client.backup(&second(), patience).await.unwrap(), Verified::Nothing(Why::AsBefore));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_followed_by_a_look() {
    let (_stand_in, client) = misbehaving(Fault::BreaksOff).await;
    let Verified::Done(handover) = client.switchover(None).await.unwrap() else { panic!("it was carried out") };
    assert!(handover.as_wished && handover.to == second(), "{handover:?}");
    let (_stand_in, client) = misbehaving(Fault::BreaksOffIdle).await;
    assert_eq!(client.switchover(None).await.unwrap(), Verified::Unknown(Why::NoAnswer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_leader_than_the_wished_one_and_a_straggler_are_told() {
    let (stand_in, client) = misbehaving(Fault::Contrary).await;
    let Verified::Done(handover) = client.switchover(Some(&second())).await.unwrap() else { panic!("it was done") };
    assert!(!handover.as_wished && handover.to.port == 33063, "{handover:?}");
    stand_in.set(Some(Fault::Straggler));
    let Verified::Done(handover) = client.switchover(Some(&second())).await.unwrap() else { panic!("it was done") };
    assert_eq!(handover.stragglers.iter().map(|one| one.port).collect::<Vec<_>>(), [33063]);
    let broken = client.topology().await.unwrap();
    let broken = broken.at(&"127.0.0.1:33063".parse().unwrap()).unwrap().clone();
    assert_eq!((broken.lag_seconds, broken.replication_error.as_deref()), (None, Some("Duplicate entry")));
    assert_eq!(
        client.switchover(Some(&"127.0.0.1:33063".parse().unwrap())).await.unwrap(),
        Verified::Nothing(Why::NoCandidate)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_leads() {
    let (_stand_in, client) = misbehaving(Fault::Leaderless).await;
    assert_eq!(client.topology().await.unwrap().leader, None);
    assert_eq!(client.switchover(None).await.unwrap(), Verified::Nothing(Why::NobodyLeads));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_that_broke_off_is_no_backup() {
    for (fault, why) in [
        (Fault::BrokenDump, Why::BrokenOff),
        (Fault::BrokenDumpLate, Why::BrokenOff),
        (Fault::EndlessDump, Why::GivenUp),
    ] {
        let (_stand_in, client) = misbehaving(fault).await;
        let outcome = client.backup(&second(), Duration::from_secs(3)).await.unwrap();
        assert_eq!(outcome, Verified::Nothing(why), "{fault:?}");
    }
    let (_stand_in, client) = misbehaving(Fault::EndlessDump).await;
    let outcome = client.backup(&second(), Duration::ZERO).await.unwrap();
    assert_eq!(outcome, Verified::Unknown(Why::Unfinished));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_tried_once_and_a_new_one_at_once() {
    let stand_in = StandIn::start().await;
    let client = client(&stand_in.config);
    let right = fs::read_to_string(&stand_in.config.password_file).unwrap();
    fs::write(&stand_in.config.password_file, "faux").unwrap();
    for _ in 0..5 {
        assert!(matches!(client.topology().await, Err(RepmanError::Refused)));
    }
    assert_eq!(stand_in.logins(), 1, "the third would lock the user out for everyone");
    fs::write(&stand_in.config.password_file, right).unwrap();
    client.topology().await.unwrap();
    assert_eq!(stand_in.logins(), 2);
    for _ in 0..3 {
        client.topology().await.unwrap();
    }
    assert_eq!(stand_in.logins(), 2, "one token for everything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_is_locked_out_waits() {
    let stand_in = StandIn::start().await;
    let right = fs::read_to_string(&stand_in.config.password_file).unwrap();
    for wrong in ["a", "b", "c"] {
        fs::write(&stand_in.config.password_file, wrong).unwrap();
        assert!(matches!(client(&stand_in.config).topology().await, Err(RepmanError::Refused)));
    }
    fs::write(&stand_in.config.password_file, right).unwrap();
    let client = client(&stand_in.config);
    for _ in 0..3 {
        let refused = client.topology().await;
        assert!(matches!(refused, Err(RepmanError::LockedOut { seconds: 170..=181 })), "{refused:?}");
    }
    assert_eq!(stand_in.logins(), 4, "asking again would change nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_is_replaced_once() {
    let stand_in = StandIn::start().await;
    let client = client(&stand_in.config);
    client.topology().await.unwrap();
    stand_in.restart();
    client.topology().await.unwrap();
    assert_eq!(stand_in.logins(), 2, "five questions at a time, one login");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_password_is_spent_while_it_starts() {
    let (stand_in, client) = misbehaving(Fault::Starting).await;
    assert!(matches!(client.topology().await, Err(RepmanError::Starting)));
    assert!(!client.alive().await.unwrap().running);
    assert_eq!(stand_in.logins(), 0);
    stand_in.set(Some(Fault::BareToken));
    client.topology().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gaps_are_named_and_nonsense_is_an_error() {
    let (stand_in, client) = misbehaving(Fault::Gaps).await;
    let topology = client.topology().await.unwrap();
    assert_eq!(topology.unread, ["cluster", "alerts", "failovers"]);
    assert_eq!((topology.servers.len(), topology.failover_counter), (3, None));
    stand_in.set(Some(Fault::Nonsense));
    assert!(matches!(client.topology().await, Err(RepmanError::Unreadable { .. })));
    stand_in.restart();
    assert!(matches!(client.topology().await, Err(RepmanError::Unreadable { .. })), "a token that is none");
    stand_in.set(Some(Fault::Redirects));
    assert!(matches!(client.topology().await, Err(RepmanError::Answered { status: 302, .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_ends_at_the_deadline() {
    let (_stand_in, client) = misbehaving(Fault::Silent).await;
    assert!(matches!(client.topology().await, Err(RepmanError::Slow { .. })));
    assert!(matches!(client.alive().await, Err(RepmanError::Slow { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_expected_certificate_is_spoken_to() {
    let stand_in = StandIn::start().await;
    let mut config = stand_in.config.clone();
    config.certificate_sha256 = Some("00".repeat(32));
    assert!(matches!(client(&config).topology().await, Err(RepmanError::Unreachable { .. })));
    assert_eq!(stand_in.logins(), 0, "the password stays here");
    config.certificate_sha256 = None;
    assert!(matches!(Repman::new(&config), Err(RepmanError::Settings(_))));
    config.ca_file = Some(stand_in.certificate.pem.clone());
    client(&config).topology().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    config.ca_file = Some(Certificate::make(folder.path()).pem);
    assert!(matches!(client(&config).topology().await, Err(RepmanError::Unreachable { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_shown_has_a_secret() {
    let stand_in = StandIn::start().await;
    let secrets = [crate::harness::repman::READER.1, crate::harness::repman::ACTOR.1];
    let subject = Subject::StandIn(Box::new(stand_in));
    let client = subject.client();
    let mut shown = format!("{client:?} {:?}", client.topology().await.unwrap());
    let Subject::StandIn(stand_in) = &subject else { unreachable!() };
    for fault in [Fault::Nonsense, Fault::Redirects, Fault::Starting, Fault::Gaps, Fault::Silent] {
        stand_in.set(Some(fault));
        stand_in.restart();
        if let Err(error) = client.topology().await {
            shown.push_str(&format!("{error:?} {error}"));
        }
    }
    for secret in secrets {
        assert!(!shown.contains(secret), "{shown}");
    }
}
