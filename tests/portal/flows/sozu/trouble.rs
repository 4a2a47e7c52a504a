//! Late answers, and requests that Sōzu drops.

use super::add_cluster;
use crate::{
    flows::breakdown::kill,
    harness::{installation::wait_for_async, sozu::Rig},
};
use guichet::testing::edge::sozu::{Sozu, SozuError};
use prost::Message;
use sozu_command_lib::{
    channel::ChannelError,
    proto::command::{
        ListWorkers, Request, Response, ResponseStatus, request::RequestType, response_content::ContentType,
    },
};
use std::{
    collections::BTreeSet,
    io::{Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

/// Clusters that an answer to the question for one cluster is about.
fn about(response: Response) -> BTreeSet<String> {
    let Some(ContentType::WorkerResponses(answers)) = response.content.and_then(|content| content.content_type) else {
        panic!("an answer to another question")
    };
    let clusters = answers.map.into_values().flat_map(|content| match content.content_type {
        Some(ContentType::Clusters(clusters)) => clusters.vec,
        _ => panic!("an answer to another question"),
    });
    clusters.filter_map(|cluster| Some(cluster.configuration?.cluster_id)).collect()
}

#[tokio::test]
async fn a_late_answer_is_never_taken_for_the_answer_to_the_next_question() {
    let rig = Rig::start().await;
    let sozu = Sozu::with_timeout(&rig.socket, &rig.state_dir(), Duration::from_secs(1)).unwrap();
    for id in ["a", "b"] {
        sozu.call(add_cluster(id)).await.unwrap();
    }
    let ask = |id: &str| sozu.call(RequestType::QueryClusterById(id.into()));
    assert_eq!(about(ask("a").await.unwrap()), ["a".to_owned()].into());

    kill("-STOP", rig.pid());
    let late = ask("a").await.unwrap_err();
    assert!(matches!(late, SozuError::Channel(ChannelError::TimeoutReached(_))), "{late:?}");
    assert!(!late.is_refusal(), "whether it was carried out is unknown");
    let late = sozu.call(add_cluster("doubtful")).await.unwrap_err();
    assert!(matches!(late, SozuError::Channel(_)), "{late:?}");
    kill("-CONT", rig.pid());

    let wanted: BTreeSet<String> = ["b".to_owned()].into();
    let mut answers = 0;
    wait_for_async("Sōzu to answer again", async || {
        // On a loaded machine this may be late once more.
        if let Ok(response) = ask("b").await {
            assert_eq!(about(response), wanted);
            answers += 1;
        }
        answers == 5
    })
    .await;
    sozu.call(add_cluster("doubtful")).await.unwrap();
    assert_eq!(sozu.observe().await.unwrap().clusters.len(), 3, "to order it again does no harm");
}

/// A message as it stands on the socket: its length, the length's own eight bytes included, and itself.
fn frame(request: RequestType) -> Vec<u8> {
    let message = Request::from(request).encode_to_vec();
    let length = u64::try_from(message.len() + 8).unwrap();
    [length.to_le_bytes().to_vec(), message].concat()
}

/// The next final answer.
fn answer(stream: &mut UnixStream) -> Response {
    loop {
        let mut length = [0; 8];
        stream.read_exact(&mut length).unwrap();
        let mut message = vec![0; usize::try_from(u64::from_le_bytes(length)).unwrap() - 8];
        stream.read_exact(&mut message).unwrap();
        let response = Response::decode(&message[..]).unwrap();
        if response.status() != ResponseStatus::Processing {
            return response;
        }
    }
}

/// Upstream's behaviour, and the reason why one request is in flight at a time.
#[tokio::test]
async fn of_three_requests_that_arrive_together_sozu_carries_out_only_the_last() {
    let rig = Rig::start().await;
    let mut stream = UnixStream::connect(&rig.socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let workers = frame(RequestType::ListWorkers(ListWorkers {}));
    stream.write_all(&workers).unwrap();
    assert!(answer(&mut stream).content.is_some());

    kill("-STOP", rig.pid());
    let frames: Vec<u8> = ["p0", "p1", "p2"].into_iter().flat_map(|id| frame(add_cluster(id))).collect();
    stream.write_all(&frames).unwrap();
    kill("-CONT", rig.pid());
    assert_eq!(answer(&mut stream).status(), ResponseStatus::Ok);
    stream.write_all(&workers).unwrap();
    let next = answer(&mut stream).content.and_then(|content| content.content_type);
    assert!(matches!(next, Some(ContentType::Workers(_))), "there was one answer for three requests");
    let state = rig.sozu().observe().await.unwrap();
    assert_eq!(state.clusters.keys().map(|id| &**id).collect::<Vec<_>>(), ["p2"], "and no word of the others");
}
