//! What has to change for the layout of the nodes to be the planned one.

use super::wire::Role;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Roles by the ids of nodes.
pub type Roles = BTreeMap<String, Role>;

/// What has to change.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Nodes that get a role, or another one.
    pub assigned: Roles,
    /// Nodes that lose theirs.
    pub removed: Vec<String>,
}

impl Changes {
    /// The way from one layout to another. Without `all_known`, a node that is not planned may be one that is: nobody
    /// loses a role then.
    pub fn between(current: &Roles, planned: &Roles, all_known: bool) -> Self {
        let differs = |(id, role): &(&String, &Role)| current.get(*id) != Some(*role);
        let assigned = planned.iter().filter(differs).map(|(id, role)| (id.clone(), role.clone()));
        let left = current.keys().filter(|id| all_known && !planned.contains_key(*id));
        Self { assigned: assigned.collect(), removed: left.cloned().collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.assigned.is_empty() && self.removed.is_empty()
    }

    /// As the admin API takes them.
    pub fn body(&self) -> Value {
        let assigned = self
            .assigned
            .iter()
            .map(|(id, role)| json!({ "id": id, "zone": role.zone, "capacity": role.capacity, "tags": role.tags }));
        let removed = self.removed.iter().map(|id| json!({ "id": id, "remove": true }));
        json!({ "roles": assigned.chain(removed).collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, Role, Roles};
    use serde_json::json;

    fn roles(nodes: &[(&str, &str)]) -> Roles {
        let role = |zone: &str| Role { zone: zone.into(), capacity: Some(1 << 30), tags: Vec::new() };
        nodes.iter().map(|(id, zone)| ((*id).to_owned(), role(zone))).collect()
    }

    #[test]
    fn a_replaced_node_leaves_when_the_new_one_comes() {
        let current = roles(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let planned = roles(&[("a", "1"), ("b", "2"), ("d", "3")]);
        let changes = Changes::between(&current, &planned, true);
        assert!(changes.assigned.keys().eq(["d"]));
        assert_eq!(changes.removed, ["c"]);
        let body = changes.body();
        assert_eq!(body["roles"][0], json!({ "id": "d", "zone": "3", "capacity": 1 << 30, "tags": [] }));
        assert_eq!(body["roles"][1], json!({ "id": "c", "remove": true }));
        assert!(Changes::between(&planned, &planned, true).is_empty());
    }

    #[test]
    fn nobody_leaves_while_a_planned_node_is_unknown() {
        let current = roles(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert!(Changes::between(&current, &roles(&[("a", "1"), ("b", "2")]), false).is_empty());
        let moved = Changes::between(&current, &roles(&[("a", "9")]), false);
        assert_eq!((moved.assigned.len(), moved.removed.len()), (1, 0));
    }
}
