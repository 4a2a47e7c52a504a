//! Routes: added when they are missing, swapped when they differ, and left to the operator when they are not ours.

use super::{Phase, Step, Verb, owned, will_be_removed};
use crate::edge::object::Object;
use sozu_command_lib::{proto::command::request::RequestType, response::HttpFrontend, state::ConfigState};
use std::collections::BTreeMap;

pub(super) struct Routes<'a> {
    have: &'a BTreeMap<String, HttpFrontend>,
    want: &'a BTreeMap<String, HttpFrontend>,
    desired: &'a ConfigState,
    /// The actual state. Sōzu removes a cluster's routes with it; a route without cluster needs an order of its own.
    known: &'a ConfigState,
    add: fn(HttpFrontend) -> RequestType,
    remove: fn(HttpFrontend) -> RequestType,
}

impl<'a> Routes<'a> {
    pub fn http(actual: &'a ConfigState, desired: &'a ConfigState) -> Self {
        Self {
            have: &actual.http_fronts,
            want: &desired.http_fronts,
            desired,
            known: actual,
            add: |front| RequestType::add_http_frontend(front.into()),
            remove: |front| RequestType::remove_http_frontend(front.into()),
        }
    }

    pub fn https(actual: &'a ConfigState, desired: &'a ConfigState) -> Self {
        Self {
            have: &actual.https_fronts,
            want: &desired.https_fronts,
            desired,
            known: actual,
            add: |front| RequestType::add_https_frontend(front.into()),
            remove: |front| RequestType::remove_https_frontend(front.into()),
        }
    }
}

pub(super) fn plan_routes(routes: &Routes<'_>, steps: &mut Vec<Step>) {
    let ours = |front: &HttpFrontend| front.cluster_id.as_deref().is_some_and(owned);
    for (key, front) in routes.want {
        match routes.have.get(key) {
            Some(present) if present == front => continue,
            Some(present) if !ours(present) => {
                let reason = "this route exists and leads elsewhere: remove it, or take its host off the site";
                steps.push(Step::NeedsOperator { object: route(key, front), reason: reason.into() });
                continue;
            }
            Some(present) => {
                let halves = [(routes.remove)(present.clone()), (routes.add)(front.clone())];
                for (half, order) in (1..).zip(halves) {
                    let object = Object::Reroute { key: key.clone(), host: front.hostname.clone(), half };
                    steps.push(Step::order(Phase::Reroute, Verb::Swap, object, order));
                }
            }
            None => {
                let order = (routes.add)(front.clone());
                steps.push(Step::order(Phase::Frontend, Verb::Add, route(key, front), order));
            }
        }
    }
    for (key, front) in routes.have.iter().filter(|(key, front)| ours(front) && !routes.want.contains_key(*key)) {
        let cascades = front
            .cluster_id
            .as_ref()
            .is_some_and(|id| will_be_removed(routes.desired, id) && routes.known.clusters.contains_key(id));
        if !cascades {
            let order = (routes.remove)(front.clone());
            steps.push(Step::order(Phase::RemoveFrontend, Verb::Remove, route(key, front), order));
        }
    }
}

fn route(key: &str, front: &HttpFrontend) -> Object {
    Object::Route { key: key.into(), host: front.hostname.clone() }
}
