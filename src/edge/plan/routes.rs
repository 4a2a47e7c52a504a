//! Routes: added when they are missing, swapped when they differ, and left to the operator when they are not ours.

use super::{Phase, Step, StepKind, owned, will_be_removed};
use crate::edge::object::ObjectRef;
use sozu_command_lib::{proto::command::request::RequestType, response::HttpFrontend, state::ConfigState};
use std::collections::BTreeMap;

pub(super) struct Routes<'a> {
    have: &'a BTreeMap<String, HttpFrontend>,
    want: &'a BTreeMap<String, HttpFrontend>,
    desired: &'a ConfigState,
    /// The actual state. Sōzu removes a cluster's routes with it; a route without cluster needs a command of its own.
    actual: &'a ConfigState,
    add: fn(HttpFrontend) -> RequestType,
    remove: fn(HttpFrontend) -> RequestType,
}

impl<'a> Routes<'a> {
    pub fn http(actual: &'a ConfigState, desired: &'a ConfigState) -> Self {
        Self {
            have: &actual.http_fronts,
            want: &desired.http_fronts,
            desired,
            actual,
            add: |frontend| RequestType::add_http_frontend(frontend.into()),
            remove: |frontend| RequestType::remove_http_frontend(frontend.into()),
        }
    }

    pub fn https(actual: &'a ConfigState, desired: &'a ConfigState) -> Self {
        Self {
            have: &actual.https_fronts,
            want: &desired.https_fronts,
            desired,
            actual,
            add: |frontend| RequestType::add_https_frontend(frontend.into()),
            remove: |frontend| RequestType::remove_https_frontend(frontend.into()),
        }
    }
}

pub(super) fn plan_routes(routes: &Routes<'_>, steps: &mut Vec<Step>) {
    let ours = |frontend: &HttpFrontend| frontend.cluster_id.as_deref().is_some_and(owned);
    for (key, frontend) in routes.want {
        match routes.have.get(key) {
            Some(present) if present == frontend => continue,
            Some(present) if !ours(present) => {
                let reason = "this route exists and leads elsewhere: remove it, or take its host off the site";
                steps.push(Step::NeedsOperator { object: route(key, frontend), reason: reason.into() });
                continue;
            }
            Some(present) => {
                let halves = [(routes.remove)(present.clone()), (routes.add)(frontend.clone())];
                for (half, command) in (1..).zip(halves) {
                    let object = ObjectRef::Reroute { key: key.clone(), host: frontend.hostname.clone(), half };
                    steps.push(Step::command(Phase::Reroute, StepKind::Swap, object, command));
                }
            }
            None => {
                let command = (routes.add)(frontend.clone());
                steps.push(Step::command(Phase::Frontend, StepKind::Add, route(key, frontend), command));
            }
        }
    }
    for (key, frontend) in
        routes.have.iter().filter(|(key, frontend)| ours(frontend) && !routes.want.contains_key(*key))
    {
        let cascades = frontend
            .cluster_id
            .as_ref()
            .is_some_and(|id| will_be_removed(routes.desired, id) && routes.actual.clusters.contains_key(id));
        if !cascades {
            let command = (routes.remove)(frontend.clone());
            steps.push(Step::command(Phase::RemoveFrontend, StepKind::Remove, route(key, frontend), command));
        }
    }
}

fn route(key: &str, frontend: &HttpFrontend) -> ObjectRef {
    ObjectRef::Route { key: key.into(), host: frontend.hostname.clone() }
}
