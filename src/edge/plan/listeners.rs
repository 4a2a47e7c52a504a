//! Listeners: defined, patched in place, or left to the operator when only a rebind would do.

use super::{Phase, Step, Verb, certificates, owned_listener};
use crate::edge::{
    object::{Object, Protocol},
    render::activation,
};
use sozu_command_lib::{
    proto::command::{
        AlpnProtocols, DeactivateListener, HttpListenerConfig, HttpsListenerConfig, ListenerType, RemoveListener,
        UpdateHttpListenerConfig, UpdateHttpsListenerConfig, request::RequestType,
    },
    state::ConfigState,
};
use std::net::SocketAddr;

const REBIND_REASON: &str =
    "a setting differs that only a rebind can change, which would refuse connections: restart Sōzu";

pub(super) fn http_listener_steps(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    for (key, want) in &desired.http_listeners {
        let have = actual.http_listeners.get(key);
        let inactive = HttpListenerConfig { active: false, ..want.clone() };
        match have {
            None => steps.push(Step::order(
                Phase::Listener,
                Verb::Define,
                Object::Listener(Protocol::Http, key.clone()),
                RequestType::AddHttpListener(inactive),
            )),
            Some(have) if HttpListenerConfig { active: false, ..have.clone() } == inactive => {}
            Some(have) => {
                let update = RequestType::UpdateHttpListener(http_patch(want));
                let mut tried = ConfigState::new();
                tried.http_listeners.insert(key.clone(), have.clone());
                let reached = tried.dispatch(&update.clone().into()).is_ok()
                    && tried.http_listeners.get(key).map(|l| HttpListenerConfig { active: false, ..l.clone() })
                        == Some(inactive);
                steps.push(patch_or_report(reached, Object::Listener(Protocol::Http, key.clone()), update));
            }
        }
        if have.is_none_or(|have| !have.active) {
            let bind = activation(key.address, ListenerType::Http);
            let object = Object::Listener(Protocol::Http, key.clone());
            steps.push(Step::order(Phase::Activate, Verb::Bind, object, bind));
        }
    }
}

pub(super) fn https_listener_steps(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    for (key, want) in &desired.https_listeners {
        let have = actual.https_listeners.get(key);
        let inactive = HttpsListenerConfig { active: false, ..want.clone() };
        match have {
            None => steps.push(Step::order(
                Phase::Listener,
                Verb::Define,
                Object::Listener(Protocol::Https, key.clone()),
                RequestType::add_https_listener(inactive),
            )),
            Some(have) if HttpsListenerConfig { active: false, ..have.clone() } == inactive => {}
            Some(have) => {
                let update = RequestType::update_https_listener(https_patch(want));
                let mut tried = ConfigState::new();
                tried.https_listeners.insert(key.clone(), have.clone());
                let reached = tried.dispatch(&update.clone().into()).is_ok()
                    && tried.https_listeners.get(key).map(|l| HttpsListenerConfig { active: false, ..l.clone() })
                        == Some(inactive);
                steps.push(patch_or_report(reached, Object::Listener(Protocol::Https, key.clone()), update));
            }
        }
        if have.is_none_or(|have| !have.active) {
            let bind = activation(key.address, ListenerType::Https);
            let object = Object::Listener(Protocol::Https, key.clone());
            steps.push(Step::order(Phase::Activate, Verb::Bind, object, bind));
        }
    }
}

/// Listeners of ours that are no longer wanted: their routes have gone before, then their certificates, then they.
pub(super) fn removals(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    let http = actual
        .http_listeners
        .iter()
        .filter(|(key, listener)| owned_listener(&listener.sticky_name) && !desired.http_listeners.contains_key(*key));
    for (key, listener) in http {
        removal(
            &Object::Listener(Protocol::Http, key.clone()),
            listener.address.into(),
            listener.active,
            ListenerType::Http,
            steps,
        );
    }
    let https = actual
        .https_listeners
        .iter()
        .filter(|(key, listener)| owned_listener(&listener.sticky_name) && !desired.https_listeners.contains_key(*key));
    for (key, listener) in https {
        let address = SocketAddr::from(listener.address);
        for fingerprint in actual.certificates.get(&address).into_iter().flat_map(|certificates| certificates.keys()) {
            steps.push(certificates::removal(fingerprint, address));
        }
        removal(&Object::Listener(Protocol::Https, key.clone()), address, listener.active, ListenerType::Https, steps);
    }
}

fn removal(object: &Object, address: SocketAddr, active: bool, proxy: ListenerType, steps: &mut Vec<Step>) {
    let (address, proxy) = (address.into(), proxy.into());
    if active {
        let request = DeactivateListener { address, proxy, to_scm: false, interface: None };
        let order = RequestType::DeactivateListener(request);
        steps.push(Step::order(Phase::Deactivate, Verb::Unbind, object.clone(), order));
    }
    let order = RequestType::RemoveListener(RemoveListener { address, proxy, interface: None });
    steps.push(Step::order(Phase::RemoveListener, Verb::Remove, object.clone(), order));
}

/// A patch that does not lead all the way is not sent at all: it would be sent again for ever.
fn patch_or_report(reached: bool, object: Object, update: RequestType) -> Step {
    if reached {
        Step::order(Phase::Listener, Verb::Patch, object, update)
    } else {
        Step::NeedsOperator { object, reason: REBIND_REASON.into() }
    }
}

fn http_patch(want: &HttpListenerConfig) -> UpdateHttpListenerConfig {
    UpdateHttpListenerConfig {
        address: want.address,
        public_address: want.public_address,
        expect_proxy: Some(want.expect_proxy),
        sticky_name: Some(want.sticky_name.clone()),
        front_timeout: Some(want.front_timeout),
        back_timeout: Some(want.back_timeout),
        connect_timeout: Some(want.connect_timeout),
        request_timeout: Some(want.request_timeout),
        answers: want.answers.clone(),
        elide_x_real_ip: want.elide_x_real_ip,
        send_x_real_ip: want.send_x_real_ip,
        forwarded_headers: want.forwarded_headers,
        ..UpdateHttpListenerConfig::default()
    }
}

fn https_patch(want: &HttpsListenerConfig) -> UpdateHttpsListenerConfig {
    UpdateHttpsListenerConfig {
        address: want.address,
        public_address: want.public_address,
        expect_proxy: Some(want.expect_proxy),
        sticky_name: Some(want.sticky_name.clone()),
        front_timeout: Some(want.front_timeout),
        back_timeout: Some(want.back_timeout),
        connect_timeout: Some(want.connect_timeout),
        request_timeout: Some(want.request_timeout),
        alpn_protocols: Some(AlpnProtocols { values: want.alpn_protocols.clone() }),
        strict_sni_binding: want.strict_sni_binding,
        disable_http11: want.disable_http11,
        answers: want.answers.clone(),
        elide_x_real_ip: want.elide_x_real_ip,
        send_x_real_ip: want.send_x_real_ip,
        hsts: want.hsts,
        forwarded_headers: want.forwarded_headers,
        ..UpdateHttpsListenerConfig::default()
    }
}
