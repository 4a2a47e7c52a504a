//! Listeners: defined, patched in place, or left to the operator when only a rebind would do.

use super::{Phase, Step, StepKind, certificates, owned_listener};
use crate::edge::{
    object::{ObjectRef, Protocol},
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

/// Sōzu has two types of listener with the same fields.
macro_rules! listener_steps {
    ($name:ident, $protocol:ident, $listeners:ident, $config:ident, $define:expr, $patch:expr) => {
        pub(super) fn $name(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
            let unbound = |listener: &$config| $config { active: false, ..listener.clone() };
            for (key, want) in &desired.$listeners {
                let object = ObjectRef::Listener(Protocol::$protocol, key.clone());
                let have = actual.$listeners.get(key);
                match have {
                    None => {
                        let definition = $define(unbound(want));
                        steps.push(Step::command(Phase::Listener, StepKind::Define, object.clone(), definition));
                    }
                    Some(have) if unbound(have) == unbound(want) => {}
                    Some(have) => {
                        let update = $patch(want);
                        let mut tried = ConfigState::new();
                        tried.$listeners.insert(key.clone(), have.clone());
                        let reached = tried.dispatch(&update.clone().into()).is_ok()
                            && tried.$listeners.get(key).map(unbound) == Some(unbound(want));
                        steps.push(patch_or_report(reached, object.clone(), update));
                    }
                }
                if have.is_none_or(|have| !have.active) {
                    let bind = activation(key.address, ListenerType::$protocol);
                    steps.push(Step::command(Phase::Activate, StepKind::Bind, object, bind));
                }
            }
        }
    };
}

listener_steps!(http_steps, Http, http_listeners, HttpListenerConfig, RequestType::AddHttpListener, http_patch);
listener_steps!(https_steps, Https, https_listeners, HttpsListenerConfig, RequestType::add_https_listener, https_patch);

/// Removes listeners of ours that are not desired, after their routes and certificates.
pub(super) fn removals(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    macro_rules! stale {
        ($listeners:ident) => {
            actual.$listeners.iter().filter(|(key, listener)| {
                owned_listener(&listener.sticky_name) && !desired.$listeners.contains_key(*key)
            })
        };
    }
    for (key, listener) in stale!(http_listeners) {
        let object = ObjectRef::Listener(Protocol::Http, key.clone());
        removal(&object, key.address, listener.active, ListenerType::Http, steps);
    }
    for (key, listener) in stale!(https_listeners) {
        let fingerprints =
            actual.certificates.get(&key.address).into_iter().flat_map(|certificates| certificates.keys());
        steps.extend(fingerprints.map(|fingerprint| certificates::removal(fingerprint, key.address)));
        let object = ObjectRef::Listener(Protocol::Https, key.clone());
        removal(&object, key.address, listener.active, ListenerType::Https, steps);
    }
}

fn removal(object: &ObjectRef, address: SocketAddr, active: bool, proxy: ListenerType, steps: &mut Vec<Step>) {
    let (address, proxy) = (address.into(), proxy.into());
    if active {
        let request = DeactivateListener { address, proxy, to_scm: false, interface: None };
        let command = RequestType::DeactivateListener(request);
        steps.push(Step::command(Phase::Deactivate, StepKind::Unbind, object.clone(), command));
    }
    let command = RequestType::RemoveListener(RemoveListener { address, proxy, interface: None });
    steps.push(Step::command(Phase::RemoveListener, StepKind::Remove, object.clone(), command));
}

/// A patch that does not reach the desired settings is not sent, because it would be repeated without end.
fn patch_or_report(reached: bool, object: ObjectRef, update: RequestType) -> Step {
    if reached {
        Step::command(Phase::Listener, StepKind::Patch, object, update)
    } else {
        Step::NeedsOperator { object, reason: REBIND_REASON.into() }
    }
}

/// The fields that both types of listener can change in place.
macro_rules! patch {
    ($type:ident, $want:ident, { $($more:tt)* }) => {
        $type {
            address: $want.address,
            public_address: $want.public_address,
            expect_proxy: Some($want.expect_proxy),
            sticky_name: Some($want.sticky_name.clone()),
            front_timeout: Some($want.front_timeout),
            back_timeout: Some($want.back_timeout),
            connect_timeout: Some($want.connect_timeout),
            request_timeout: Some($want.request_timeout),
            answers: $want.answers.clone(),
            elide_x_real_ip: $want.elide_x_real_ip,
            send_x_real_ip: $want.send_x_real_ip,
            forwarded_headers: $want.forwarded_headers,
            $($more)*
            ..$type::default()
        }
    };
}

fn http_patch(want: &HttpListenerConfig) -> RequestType {
    RequestType::UpdateHttpListener(patch!(UpdateHttpListenerConfig, want, {}))
}

fn https_patch(want: &HttpsListenerConfig) -> RequestType {
    RequestType::update_https_listener(patch!(UpdateHttpsListenerConfig, want, {
        alpn_protocols: Some(AlpnProtocols { values: want.alpn_protocols.clone() }),
        strict_sni_binding: want.strict_sni_binding,
        disable_http11: want.disable_http11,
        hsts: want.hsts,
    }))
}
