//! What an action is done to, with what the database knows of it and of the person who asks.

use super::words;
use crate::domain::ids::{AccountId, DossierId};
use jiff::Timestamp;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The one thing that an action is done to.
#[derive(Clone, Debug)]
pub enum Target {
    /// The call as a whole.
    Call,
    /// One dossier.
    Dossier(About),
}

/// One dossier, or a part of it.
#[derive(Clone, Debug)]
pub struct About {
    /// Which.
    pub id: DossierId,
    /// Whose.
    pub owner: AccountId,
    /// How far it is.
    pub stage: Stage,
    /// What of it.
    pub part: Part,
    /// What it is to the person who asks, beside its owner's.
    pub relations: Relations,
}

/// How far a dossier is (requirements §1.4, as far as rights depend on it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Nothing of it stands deposited.
    Draft,
    /// It was deposited and taken back.
    Withdrawn,
    /// It stands deposited.
    Deposited,
    /// It was found admissible.
    Admissible,
    /// It was selected.
    Selected,
}

words!(Stage {
    Draft = "draft",
    Withdrawn = "withdrawn",
    Deposited = "deposited",
    Admissible = "admissible",
    Selected = "selected",
});

/// A part of a dossier: as a word, `overview`, `whole`, `deposit`, `section:budget` or `piece:P9`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// That it exists: its title and its list of parts.
    Overview,
    /// All of its contents.
    Whole,
    /// Its deposits.
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
        // These words stand in tokens and in the policy: nothing but a plain name.
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

/// What somebody was given to do with a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Read it.
    Read,
    /// Read and change it.
    Write,
    /// Deposit the whole.
    Deposit,
}

words!(Verb { Read = "read", Write = "write", Deposit = "deposit", });

/// A right on a part of one dossier, given by its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What.
    pub part: Part,
    /// To do what.
    pub verb: Verb,
    /// The last instant.
    pub until: Timestamp,
}

impl Grant {
    /// The same rights, each said once and with its last end.
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

/// What one dossier is to one person who is not its owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    /// What its owner has given.
    pub grants: Vec<Grant>,
    /// It was given to this expert, who has no part in it.
    pub assigned: bool,
    /// What the person has declared: a conflict of interests, none, or nothing yet.
    pub conflict: Option<bool>,
    /// It adopts a brick that this person answers for.
    pub accompanies: bool,
    /// In an emergency, two persons have allowed reading until then.
    pub glass_until: Option<Timestamp>,
    /// The review that is asked for.
    pub review: Option<Review>,
}

/// A review, to the person who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Review {
    /// The person wrote it.
    pub own: bool,
    /// It was handed in.
    pub submitted: bool,
    /// The person has handed in one of the same dossier.
    pub own_submitted: bool,
    /// The last instant for reviews.
    pub until: Timestamp,
}
