//! The two listeners.

use super::{RenderError, Rendered};
use crate::edge::{
    object::{ObjectRef, Protocol},
    spec::Listeners,
};
use sozu_command_lib::{
    config::ListenerBuilder,
    proto::command::{ActivateListener, ListenerType, request::RequestType},
};
use std::{collections::BTreeMap, net::SocketAddr};

/// Name of the affinity cookie, which is never set. It marks our listeners, so that one which is no longer configured
/// is recognised.
pub const LISTENER_STICKY_NAME: &str = "guichet";

pub(super) fn add(listeners: &Listeners, rendered: &mut Rendered) -> Result<(), RenderError> {
    let object = |protocol, address: SocketAddr| ObjectRef::Listener(protocol, address.into());
    let (of_http, of_https) = (object(Protocol::Http, listeners.http), object(Protocol::Https, listeners.https));
    let refusal = |object: &ObjectRef| {
        let object = object.clone();
        move |error: sozu_command_lib::config::ConfigError| RenderError::Refused { object, reason: error.to_string() }
    };
    let answers = answers(listeners, rendered);
    let limits = &listeners.limits;
    let mut http = ListenerBuilder::new_http(listeners.http.into()).to_http(None).map_err(refusal(&of_http))?;
    let mut https = ListenerBuilder::new_https(listeners.https.into()).to_tls(None).map_err(refusal(&of_https))?;
    macro_rules! both {
        ($($field:ident = $value:expr),* $(,)?) => {$( http.$field = $value; https.$field = $value; )*};
    }
    both! {
        sticky_name = LISTENER_STICKY_NAME.into(),
        front_timeout = limits.front_timeout_seconds,
        back_timeout = limits.back_timeout_seconds,
        connect_timeout = limits.connect_timeout_seconds,
        request_timeout = limits.request_timeout_seconds,
        // A client's own X-Real-IP is dropped and replaced by Sōzu's, the only address that the portal may trust.
        elide_x_real_ip = Some(true),
        send_x_real_ip = Some(true),
        answers = answers.clone(),
    }
    // Not by Sōzu's own `hsts`: on a session that is being closed, 2.3.3 writes it before the status line. The portal
    // sets HSTS on its answers, and this sets it on Sōzu's.
    https.answers =
        answers.into_iter().map(|(status, answer)| (status, with_hsts(&answer, listeners.hsts_seconds))).collect();
    rendered.add(of_http.clone(), RequestType::AddHttpListener(http))?;
    rendered.add(of_https.clone(), RequestType::add_https_listener(https))?;
    rendered.add(of_http, activation(listeners.http, ListenerType::Http))?;
    rendered.add(of_https, activation(listeners.https, ListenerType::Https))
}

fn with_hsts(answer: &str, seconds: u32) -> String {
    answer.replacen("\r\n", &format!("\r\nStrict-Transport-Security: max-age={seconds}\r\n"), 1)
}

/// Rejects answers that Sōzu would cut or stall on; Sōzu's built-in page is used then.
fn answers(listeners: &Listeners, rendered: &mut Rendered) -> BTreeMap<String, String> {
    let mut good = BTreeMap::new();
    for (status, answer) in &listeners.answers {
        match issue(answer) {
            None => drop(good.insert(status.clone(), answer.clone())),
            Some(reason) => rendered.reject(ObjectRef::Answer(status.clone()), reason),
        }
    }
    good
}

fn issue(answer: &str) -> Option<&'static str> {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return Some("its head does not end") };
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    if length.is_none_or(|length| length < body.len()) {
        Some("its Content-Length is missing or too small: Sōzu would cut it")
    } else if !head.lines().any(|line| line.trim() == "connection: close") {
        Some("it lacks Connection: close: Sōzu would stall on it")
    } else {
        None
    }
}

/// The command that binds a defined listener.
pub fn activation(address: SocketAddr, proxy: ListenerType) -> RequestType {
    RequestType::ActivateListener(ActivateListener {
        address: address.into(),
        proxy: proxy.into(),
        from_scm: false,
        interface: None,
    })
}
