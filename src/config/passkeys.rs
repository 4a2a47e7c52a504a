//! `[portal] passkeys`: whether staff need passkeys.

use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether passkeys are required.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Passkeys {
    /// Officers, jury, finance and operators have their rights only in a session opened or confirmed with a passkey.
    #[default]
    Required,
    /// Passkeys are optional for everyone: for demonstrations, and where the portal has no host name.
    Offered,
}

impl Passkeys {
    /// What is wrong with this setting for a portal at this host.
    pub(super) fn fault(self, host: &str) -> Option<String> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = bare.parse::<Ipv4Addr>().is_ok() || bare.parse::<Ipv6Addr>().is_ok();
        (self == Self::Required && address).then(|| {
            format!(
                "portal.passkeys is \"required\" and passkeys cannot belong to the address {host}: give \
                 portal.public_url a host name, or set portal.passkeys = \"offered\""
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Passkeys;

    #[test]
    fn staff_of_a_portal_without_a_name_could_never_act() {
        assert!(Passkeys::Required.fault("192.0.2.1").is_some());
        assert!(Passkeys::Required.fault("[2001:db8::1]").is_some());
        assert!(Passkeys::Required.fault("aap.example").is_none());
        assert!(Passkeys::Offered.fault("192.0.2.1").is_none());
    }
}
