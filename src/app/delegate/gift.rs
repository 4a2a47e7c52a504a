//! What an owner gives, as it was typed, and what is wrong with it.

use crate::{
    domain::{
        access::{Part, Verb},
        email::{EmailAddress, EmailFault},
        text::{
            Text,
            clean::{TextKind, clean},
        },
    },
    store::delegation::{Delegation, InvitationCounts},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Longest time for which something is given.
const MAX_DELEGATION: SignedDuration = SignedDuration::from_hours(24 * 366);
/// Most guests of one dossier at a time.
const MAX_GUESTS: usize = 30;
/// Longest word to a guest, characters.
const MAX_NOTE_CHARS: usize = 200;
/// The same gift to the same guest within this time is a second click, or a second try.
const REPEAT_WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// The time in which invitations are counted.
pub(super) const INVITATION_WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Most invitations of one owner in that time.
const BY_OWNER: i64 = 40;
/// Most invitations of one owner to one address in that time.
const MAX_INVITATIONS_TO_ADDRESS: i64 = 5;
/// Most invitations to one address in that time: an accountant has several clients, and the same last day.
const TO_GUEST: i64 = 20;

/// What the owner wants to give, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Invitation {
    /// Address of the guest.
    pub email: String,
    /// Parts, each with what may be done with it.
    pub parts: BTreeMap<Part, Verb>,
    /// A word to the guest.
    pub note: String,
    /// The last instant.
    pub ends: Option<Timestamp>,
}

/// A gift in which nothing is wrong by itself.
#[derive(Debug)]
pub(super) struct ValidInvitation {
    pub email: String,
    pub note: String,
    pub ends: Timestamp,
}

/// What is wrong with a gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationFault {
    /// Not an address that can be told from others.
    Address(EmailFault),
    /// The owner's own address.
    Own,
    /// Nothing is given.
    Nothing,
    /// More parts than one gift holds.
    TooMuch,
    /// The deposit is among it, and the owner has not just shown the passkey.
    Unconfirmed,
    /// No day, or one that has passed.
    Past,
    /// A day too far away.
    TooFar,
    /// Too long a word.
    TooLong,
    /// A word with a link in it.
    Link,
    /// Too many guests.
    TooMany,
    /// Too many invitations by this owner.
    TooOften,
    /// Too many invitations to this address.
    TooOftenThere,
}

impl InvitationFault {
    /// Name of the field that is wrong.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Address(_) | Self::Own | Self::TooMany | Self::TooOften | Self::TooOftenThere => "email",
            Self::Nothing | Self::TooMuch | Self::Unconfirmed => "parts",
            Self::Past | Self::TooFar => "until",
            Self::TooLong | Self::Link => "note",
        }
    }

    /// What is wrong, and what to do.
    #[must_use]
    pub fn words(self) -> Text {
        match self {
            Self::Address(fault) => fault.sentence(),
            Self::Unconfirmed => Text::new(
                "Confier le dépôt demande votre clé d’accès : présentez-la par le lien sous cette liste, puis renvoyez ce formulaire dans les cinq minutes.",
                "To give the deposit, your passkey is needed: show it by the link under this list, then send this form again within five minutes.",
            ),
            Self::Own => Text::new(
                "C’est votre propre adresse : vous avez déjà tous les droits.",
                "This is your own address: you have every right already.",
            ),
            Self::Nothing => {
                Text::new("Choisissez au moins une partie à confier.", "Choose at least one part to give.")
            }
            Self::TooMuch => Text::new(
                "Trop de parties à la fois : confiez plutôt tout le dossier.",
                "Too many parts at a time: give the whole dossier instead.",
            ),
            Self::Past => Text::new(
                "Donnez un dernier jour qui ne soit pas passé, au format jj/mm/aaaa.",
                "Give a last day that has not passed, as dd/mm/yyyy.",
            ),
            Self::TooFar => {
                Text::new("Un an au plus : choisissez un jour plus proche.", "A year at most: choose a nearer day.")
            }
            Self::TooLong => {
                Text::new("200 caractères au plus : abrégez votre mot.", "200 characters at most: shorten your word.")
            }
            Self::Link => Text::new(
                "Pas de lien dans votre mot (http://, https://, www.) : le courriel donne déjà celui du dossier.",
                "No link in your word (http://, https://, www.): the mail already has that of the dossier.",
            ),
            Self::TooMany => Text::new(
                "Trente personnes ont déjà accès à ce dossier : retirez-en une d’abord.",
                "Thirty people have access to this dossier already: take one out first.",
            ),
            Self::TooOften => Text::new(
                "Vous avez envoyé 40 invitations en vingt-quatre heures : attendez demain pour la suivante.",
                "You have sent 40 invitations within twenty-four hours: wait until tomorrow for the next one.",
            ),
            Self::TooOftenThere => Text::new(
                "Cette adresse a reçu trop d’invitations en vingt-quatre heures : attendez demain pour la suivante.",
                "This address was sent too many invitations within twenty-four hours: wait until tomorrow for the next one.",
            ),
        }
    }
}

impl Invitation {
    /// Adds a part; of two things to do with one part, the greater counts.
    pub fn add(&mut self, part: Part, verb: Verb) {
        let known = self.parts.entry(part).or_insert(verb);
        *known = verb.max(*known);
    }

    /// The address of the guest.
    pub(super) fn address(&self) -> Result<String, InvitationFault> {
        EmailAddress::parse(&self.email).map(|address| address.key()).map_err(InvitationFault::Address)
    }

    /// Looks at what was typed, whatever was given before.
    pub(super) fn read(&self, own: &str, now: Timestamp) -> Result<ValidInvitation, Vec<InvitationFault>> {
        let mut faults = Vec::new();
        let email = self.address();
        match &email {
            Err(fault) => faults.push(*fault),
            Ok(email) if email == own => faults.push(InvitationFault::Own),
            Ok(_) => {}
        }
        if self.parts.is_empty() {
            faults.push(InvitationFault::Nothing);
        }
        // One line: a word must not pass for a paragraph of the portal's.
        let note = clean(TextKind::Line, &self.note).split_whitespace().collect::<Vec<_>>().join(" ");
        if note.chars().count() > MAX_NOTE_CHARS {
            faults.push(InvitationFault::TooLong);
        }
        let small = note.to_lowercase();
        if ["http:", "https:", "://", "www."].iter().any(|link| small.contains(link)) {
            faults.push(InvitationFault::Link);
        }
        let ends = self.ends.filter(|ends| *ends > now);
        match ends {
            None => faults.push(InvitationFault::Past),
            Some(ends) if ends > now + MAX_DELEGATION => faults.push(InvitationFault::TooFar),
            Some(_) => {}
        }
        match (email, ends) {
            (Ok(email), Some(ends)) if faults.is_empty() => Ok(ValidInvitation { email, note, ends }),
            _ => Err(faults),
        }
    }
}

impl ValidInvitation {
    /// Whether this is what the guest was just given.
    pub(super) fn repeats(&self, former: &[&Delegation], parts: &[(Part, Verb)], now: Timestamp) -> bool {
        let same = |one: &&Delegation| one.parts == parts && one.ends_at == self.ends && one.note == self.note;
        former.len() == 1 && former.iter().any(|one| same(one) && now.duration_since(one.given_at) < REPEAT_WINDOW)
    }
}

/// What stands against one more invitation, with that many other guests.
pub(super) fn crowded(guests: usize, sent: InvitationCounts) -> impl Iterator<Item = InvitationFault> {
    let often = sent.between >= MAX_INVITATIONS_TO_ADDRESS || sent.to_guest >= TO_GUEST;
    let faults = [
        (guests >= MAX_GUESTS, InvitationFault::TooMany),
        (sent.by_owner >= BY_OWNER, InvitationFault::TooOften),
        (often, InvitationFault::TooOftenThere),
    ];
    faults.into_iter().filter(|(holds, _)| *holds).map(|(_, fault)| fault)
}
