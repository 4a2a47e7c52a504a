//! Identifiers made by the portal: UUID version 7, so that they sort by age and need no database to be made.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

impl AttemptId {
    /// The attempt that goes towards one of several targets that share this one.
    #[must_use]
    pub fn towards(self, target: &str) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, format!("{self} {target}").as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_ref()[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

id! {
    /// A person who signs in.
    AccountId,
    /// A dossier, from its first keystroke on.
    DossierId,
    /// One signed-in browser.
    SessionId,
    /// One try at an act; the same id is answered with the same result.
    AttemptId,
}
