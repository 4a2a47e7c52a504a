//! A request whose end is held back: its head and most of its body are sent, the last byte when the test asks for it.

use super::{Actor, Answer, Installation, installation::wait_for_async};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::{Body, RequestBuilder, header};
use tokio::{sync::oneshot, task::JoinHandle};

/// Such a request in progress.
pub struct Held {
    last_byte: oneshot::Sender<Bytes>,
    rest: Bytes,
    answer: JoinHandle<(Actor, Answer)>,
}

impl Held {
    /// Sends all but the last byte, and waits until the portal has received it.
    pub async fn begin(actor: Actor, request: RequestBuilder) -> Self {
        let at = actor.at;
        let before = in_flight(at).await;
        let (client, request) = request.build_split();
        let mut request = request.unwrap();
        let whole = Bytes::copy_from_slice(request.body().unwrap().as_bytes().unwrap());
        let (first, rest) = (whole.slice(..whole.len() - 1), whole.slice(whole.len() - 1..));
        let (last_byte, released) = oneshot::channel();
        let body = stream::once(async move { Ok::<_, std::io::Error>(first) })
            .chain(stream::once(async move { released.await.map_err(std::io::Error::other) }));
        *request.body_mut() = Some(Body::wrap_stream(body));
        request.headers_mut().insert(header::CONTENT_LENGTH, whole.len().into());
        let request = RequestBuilder::from_parts(client, request);
        let answer = tokio::spawn(async move {
            let mut actor = actor;
            let answer = actor.send(request).await.unwrap();
            (actor, answer)
        });
        wait_for_async("the request to be under way", async || in_flight(at).await > before).await;
        Self { last_byte, rest, answer }
    }

    /// Sends the last byte, and returns the actor with the response.
    pub async fn release(self) -> (Actor, Answer) {
        self.last_byte.send(self.rest).unwrap();
        self.answer.await.unwrap()
    }
}

/// Requests that the processes of an installation have not answered yet.
async fn in_flight(at: &Installation) -> u64 {
    let mut count = 0;
    for ops in at.access()["instance_ops"].as_array().unwrap() {
        let page = reqwest::get(format!("{}/metrics", ops.as_str().unwrap())).await.unwrap().text().await.unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix("guichet_requests_in_flight "));
        count += line.map_or(0, |value| value.parse::<u64>().unwrap());
    }
    count
}
