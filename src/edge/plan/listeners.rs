//! Listeners: defined, patched in place, or left to the operator when only a rebind would do.

use super::owned_listener;
use crate::edge::{
    compile::activation,
    plan::{Phase, Step},
};
use sozu_command_lib::{
    proto::command::{
        AlpnProtocols, DeactivateListener, HttpListenerConfig, HttpsListenerConfig, ListenerType, RemoveCertificate,
        RemoveListener, UpdateHttpListenerConfig, UpdateHttpsListenerConfig, request::RequestType,
    },
    state::ConfigState,
};
use std::net::SocketAddr;

const REBIND: &str = "a setting differs that only a rebind can change, which would refuse connections: restart Sōzu";

pub(super) fn http_listener_steps(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    for (key, want) in &desired.http_listeners {
        let have = actual.http_listeners.get(key);
        let inactive = HttpListenerConfig { active: false, ..want.clone() };
        match have {
            None => steps.push(Step::order(
                Phase::Listener,
                format!("define HTTP listener {key}"),
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
                steps.push(patch_or_report(reached, format!("HTTP listener {key}"), update));
            }
        }
        if have.is_none_or(|have| !have.active) {
            let bind = activation(key.address, ListenerType::Http);
            steps.push(Step::order(Phase::Activate, format!("bind HTTP listener {key}"), bind));
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
                format!("define HTTPS listener {key}"),
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
                steps.push(patch_or_report(reached, format!("HTTPS listener {key}"), update));
            }
        }
        if have.is_none_or(|have| !have.active) {
            let bind = activation(key.address, ListenerType::Https);
            steps.push(Step::order(Phase::Activate, format!("bind HTTPS listener {key}"), bind));
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
        removal(&format!("HTTP listener {key}"), listener.address.into(), listener.active, ListenerType::Http, steps);
    }
    let https = actual
        .https_listeners
        .iter()
        .filter(|(key, listener)| owned_listener(&listener.sticky_name) && !desired.https_listeners.contains_key(*key));
    for (key, listener) in https {
        let address = SocketAddr::from(listener.address);
        for fingerprint in actual.certificates.get(&address).into_iter().flat_map(|certificates| certificates.keys()) {
            let request = RemoveCertificate { address: listener.address, fingerprint: fingerprint.to_string() };
            let label = format!("remove certificate {fingerprint} of {address}");
            steps.push(Step::order(Phase::RemoveCertificate, label, RequestType::RemoveCertificate(request)));
        }
        removal(&format!("HTTPS listener {key}"), address, listener.active, ListenerType::Https, steps);
    }
}

fn removal(object: &str, address: SocketAddr, active: bool, proxy: ListenerType, steps: &mut Vec<Step>) {
    let (address, proxy) = (address.into(), proxy.into());
    if active {
        let request = DeactivateListener { address, proxy, to_scm: false, interface: None };
        let order = RequestType::DeactivateListener(request);
        steps.push(Step::order(Phase::Deactivate, format!("unbind {object}"), order));
    }
    let order = RequestType::RemoveListener(RemoveListener { address, proxy, interface: None });
    steps.push(Step::order(Phase::RemoveListener, format!("remove {object}"), order));
}

/// A patch that does not lead all the way is not sent at all: it would be sent again for ever.
fn patch_or_report(reached: bool, object: String, update: RequestType) -> Step {
    if reached {
        Step::order(Phase::Listener, format!("patch {object}"), update)
    } else {
        Step::NeedsOperator { object, reason: REBIND.into() }
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
