//! The target of an action, with what the database knows about it and about the requesting person.

use crate::domain::{
    ids::{AccountId, DossierId},
    slugs::slugs,
};
use jiff::Timestamp;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The target of an action.
#[derive(Clone, Debug)]
pub enum Target {
    /// The call as a whole.
    Call,
    Dossier(DossierTarget),
}

/// One dossier, or a part of it.
#[derive(Clone, Debug)]
pub struct DossierTarget {
    pub id: DossierId,
    pub owner: AccountId,
    pub stage: Stage,
    /// The part concerned.
    pub part: Part,
    /// Its relations to the requesting person, other than ownership.
    pub relations: Relations,
}

slugs! {
    /// The stage of a dossier, as far as rights depend on it.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum Stage {
        /// No deposit is current.
        Draft = "draft",
        /// The deposit was withdrawn.
        Withdrawn = "withdrawn",
        /// A deposit is current.
        Deposited = "deposited",
        /// It was found admissible.
        Admissible = "admissible",
        Selected = "selected",
    }
}

/// A part of a dossier; its slug is `overview`, `whole`, `deposit`, `section:budget` or `piece:P9`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Its existence: the title and the list of parts.
    Overview,
    /// All of its contents.
    Whole,
    Deposit,
    /// A section of its form, by id.
    Section(String),
    /// A piece, by code.
    Piece(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overview => f.write_str("overview"),
            Self::Whole => f.write_str("whole"),
            Self::Deposit => f.write_str("deposit"),
            Self::Section(id) => write!(f, "section:{id}"),
            Self::Piece(code) => write!(f, "piece:{code}"),
        }
    }
}

impl FromStr for Part {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        // These slugs are used in tokens and in the policy, so only plain names are accepted.
        let plain = |name: &str| {
            let fits = (1..=64).contains(&name.len());
            (fits && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')).then(|| name.to_owned())
        };
        match text.split_once(':') {
            None if text == "overview" => Ok(Self::Overview),
            None if text == "whole" => Ok(Self::Whole),
            None if text == "deposit" => Ok(Self::Deposit),
            Some(("section", name)) => plain(name).map(Self::Section).ok_or(()),
            Some(("piece", name)) => plain(name).map(Self::Piece).ok_or(()),
            _ => Err(()),
        }
    }
}

slugs! {
    /// What a guest may do with a part.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum GrantedAction {
        Read = "read",
        /// Read and change it.
        Write = "write",
        /// Deposit the whole dossier.
        Deposit = "deposit",
    }
}

/// A right on a part of one dossier, granted by its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub part: Part,
    /// The permitted action.
    pub verb: GrantedAction,
    /// Expiry.
    pub until: Timestamp,
}

impl Grant {
    /// The same rights without duplicates, each with its latest expiry.
    #[must_use]
    pub fn merged(grants: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut latest = BTreeMap::new();
        for Self { part, verb, until } in grants {
            let known = latest.entry((part, verb)).or_insert(until);
            *known = until.max(*known);
        }
        latest.into_iter().map(|((part, verb), until)| Self { part, verb, until }).collect()
    }
}

/// The relations of one dossier to one person who is not its owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    /// The rights granted by its owner.
    pub grants: Vec<Grant>,
    /// It is assigned to this expert, who has no interest in it.
    pub assigned: bool,
    /// The declaration of the person: a conflict of interests, no conflict, or nothing yet.
    pub conflict: Option<bool>,
    /// It uses a brick that this person is responsible for.
    pub accompanies: bool,
    /// Two persons have approved emergency access until this time.
    pub break_glass_until: Option<Timestamp>,
    /// The review concerned.
    pub review: Option<Review>,
}

/// A review, in relation to the requesting person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Review {
    /// The person wrote it.
    pub own: bool,
    pub submitted: bool,
    /// The person has submitted a review of the same dossier.
    pub own_submitted: bool,
    /// The deadline for reviews.
    pub until: Timestamp,
}
