//! Root keys of tokens: several of each kind, one of which signs. The state of a root is computed from instants and the
//! clock, so that nothing depends on a job having run.

use crate::domain::slugs::slugs;
use biscuit_auth::{KeyPair, PublicKey};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

slugs! {
    /// What a root signs. The key determines the kind: a root of sessions cannot create an API token, whatever the token
    /// says.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum RootKind {
        /// Tokens of browsers.
        Session = "session",
        Api = "api",
        /// Tokens for other services.
        Service = "service",
    }
}

impl RootKind {
    /// Number of the first root in every installation.
    pub fn first(self) -> u32 {
        match self {
            Self::Session => 1,
            Self::Api => 2,
            Self::Service => 3,
        }
    }

    /// How long a root still verifies after another has taken over: the lifetime of its longest token.
    pub fn overlap(self) -> SignedDuration {
        match self {
            Self::Session => SignedDuration::from_hours(24),
            Self::Api => SignedDuration::from_hours(24 * 367),
            Self::Service => SignedDuration::from_hours(1),
        }
    }
}

slugs! {
    /// How far a root is.
    pub enum RootState {
        /// Published to verifiers but not signing yet, so that they know it before its first token.
        Published = "published",
        /// Signs and verifies.
        Signing = "signing",
        /// No longer signs; its tokens remain valid.
        VerifyOnly = "verify-only",
        /// None of its tokens is valid.
        Gone = "gone",
    }
}

/// The record of a root, shared by every process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootRecord {
    /// Its number, never reused.
    pub kid: u32,
    /// What it signs.
    pub kind: RootKind,
    /// Public key, Ed25519, hexadecimal.
    pub public_key: String,
    /// When it begins to sign.
    pub signs_at: Timestamp,
    /// When it was dropped in an emergency.
    pub dropped_at: Option<Timestamp>,
}

/// A root key and its lifecycle.
#[derive(Clone)]
pub struct Root {
    pub kid: u32,
    /// What it signs.
    pub kind: RootKind,
    /// Public key: Ed25519 only, because with P-256 the holder of a token could change its revocation id.
    pub public: PublicKey,
    /// When it begins to sign.
    pub signs_at: Timestamp,
    pub dropped_at: Option<Timestamp>,
    /// Private key, if this machine has it.
    pub pair: Option<Arc<KeyPair>>,
}

impl Root {
    /// The record to publish.
    #[must_use]
    pub fn record(&self) -> RootRecord {
        RootRecord {
            kid: self.kid,
            kind: self.kind,
            public_key: hex::encode(self.public.to_bytes()),
            signs_at: self.signs_at,
            dropped_at: self.dropped_at,
        }
    }
}

/// All roots of an installation.
#[derive(Clone, Default)]
pub struct Roots(Vec<Root>);

impl Roots {
    #[must_use]
    pub fn new(mut roots: Vec<Root>) -> Self {
        roots.sort_by_key(|root| (root.signs_at, root.kid));
        Self(roots)
    }

    /// Iterates over the roots by the start of their signing period, earliest first.
    pub fn iter(&self) -> impl Iterator<Item = &Root> {
        self.0.iter()
    }

    /// Returns the state of a root, and until when it verifies once another signs.
    #[must_use]
    pub fn state(&self, root: &Root, now: Timestamp) -> (RootState, Option<Timestamp>) {
        if let Some(dropped) = root.dropped_at {
            return (RootState::Gone, Some(dropped));
        }
        let after = |other: &&Root| {
            other.kind == root.kind
                && other.dropped_at.is_none()
                && (other.signs_at, other.kid) > (root.signs_at, root.kid)
        };
        let until = self.0.iter().find(after).map(|next| next.signs_at + root.kind.overlap());
        if root.signs_at > now {
            return (RootState::Published, until);
        }
        match until {
            Some(until) if until < now => (RootState::Gone, Some(until)),
            Some(until) if until - root.kind.overlap() <= now => (RootState::VerifyOnly, Some(until)),
            _ => (RootState::Signing, until),
        }
    }

    /// Returns the number and key pair that sign a kind now: the latest signing root whose private key this machine
    /// has.
    #[must_use]
    pub fn signing(&self, kind: RootKind, now: Timestamp) -> Option<(u32, Arc<KeyPair>)> {
        let begun = self.0.iter().rev().filter(|root| root.kind == kind && root.signs_at <= now);
        let mut holding = begun.filter(|root| self.state(root, now).0 != RootState::Gone);
        holding.find_map(|root| Some((root.kid, root.pair.clone()?)))
    }

    /// Returns the public key that verifies tokens of a kind under a number. The token's number is unsigned, so it is
    /// only a hint.
    #[must_use]
    pub fn verifying(&self, kind: RootKind, kid: u32, now: Timestamp) -> Option<PublicKey> {
        let root = self.0.iter().find(|root| root.kid == kid && root.kind == kind)?;
        match self.state(root, now).0 {
            RootState::Gone => None,
            RootState::Published | RootState::Signing | RootState::VerifyOnly => Some(root.public),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn root(kid: u32, signs: i64, dropped: Option<i64>) -> Root {
        let pair = KeyPair::new();
        Root {
            kid,
            kind: RootKind::Session,
            public: pair.public(),
            signs_at: at(signs),
            dropped_at: dropped.map(at),
            pair: Some(Arc::new(pair)),
        }
    }

    #[test]
    fn a_root_goes_from_published_to_gone_by_the_clock() {
        let roots = Roots::new(vec![root(1, 0, None), root(7, 100, None)]);
        let state = |kid, hour| {
            let root = roots.iter().find(|root| root.kid == kid).unwrap();
            roots.state(root, at(hour)).0
        };
        assert_eq!((state(1, 99), state(7, 99)), (RootState::Signing, RootState::Published));
        assert_eq!((state(1, 100), state(7, 100)), (RootState::VerifyOnly, RootState::Signing));
        assert_eq!(state(1, 124), RootState::VerifyOnly);
        assert_eq!(state(1, 125), RootState::Gone);
        let signs = |hour| roots.signing(RootKind::Session, at(hour)).unwrap().0;
        assert_eq!((signs(99), signs(100)), (1, 7));
        assert!(roots.verifying(RootKind::Session, 7, at(50)).is_some(), "published is verified already");
        assert!(roots.verifying(RootKind::Session, 1, at(125)).is_none());
        assert!(roots.verifying(RootKind::Api, 1, at(0)).is_none(), "the kind is the key's");
        assert!(roots.verifying(RootKind::Session, 99, at(0)).is_none());
    }

    #[test]
    fn a_dropped_root_ends_at_once_and_the_one_before_does_not_come_back() {
        let roots = Roots::new(vec![root(1, 0, Some(50)), root(7, 50, None)]);
        assert!(roots.verifying(RootKind::Session, 1, at(50)).is_none());
        assert_eq!(roots.signing(RootKind::Session, at(50)).unwrap().0, 7);
    }
}
