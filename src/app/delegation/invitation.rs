//! An invitation as the owner typed it, and its validation.

use crate::{
    domain::{
        access::{GrantedAction, Part},
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

/// Maximum duration of an invitation.
const MAX_DELEGATION: SignedDuration = SignedDuration::from_hours(24 * 366);
/// Maximum number of guests of one dossier at a time.
const MAX_GUESTS: usize = 30;
/// Maximum length of a note to a guest, in characters.
const MAX_NOTE_CHARS: usize = 200;
/// The same invitation to the same guest within this time counts as a double click or a retry.
const REPEAT_WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Window in which invitations are counted.
pub(in crate::app) const INVITATION_WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Maximum number of invitations of one owner per window.
const MAX_INVITATIONS_OF_OWNER: i64 = 40;
/// Maximum number of invitations of one owner to one address per window.
const MAX_INVITATIONS_TO_ADDRESS: i64 = 5;
/// Maximum number of invitations to one address per window. It is larger because an accountant may have several clients
/// with the same deadline.
const MAX_INVITATIONS_TO_GUEST: i64 = 20;

/// The invitation as the owner typed it.
#[derive(Clone, Debug, Default)]
pub struct Invitation {
    pub email: String,
    /// Parts, each with what the guest may do with it.
    pub parts: BTreeMap<Part, GrantedAction>,
    /// A note to the guest.
    pub note: String,
    /// Last valid instant.
    pub ends: Option<Timestamp>,
}

/// An invitation that is valid in itself.
#[derive(Debug)]
pub(super) struct ValidInvitation {
    pub email: String,
    pub note: String,
    pub ends: Timestamp,
}

/// Why an invitation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationFault {
    /// Not a usable address.
    Address(EmailFault),
    /// The owner's own address.
    Own,
    /// No part was selected.
    Nothing,
    /// Too many parts.
    TooMuch,
    /// The right to deposit is included, and the owner has no recent passkey confirmation.
    Unconfirmed,
    /// No date, or a date in the past.
    Past,
    /// The date is too far in the future.
    TooFar,
    /// The note is too long.
    TooLong,
    /// The note contains a link.
    Link,
    /// Too many guests.
    TooMany,
    /// Too many invitations by this owner.
    TooOften,
    /// Too many invitations to this address.
    TooOftenThere,
}

impl InvitationFault {
    /// Name of the invalid field.
    pub fn field(self) -> &'static str {
        match self {
            Self::Address(_) | Self::Own | Self::TooMany | Self::TooOften | Self::TooOftenThere => "email",
            Self::Nothing | Self::TooMuch | Self::Unconfirmed => "parts",
            Self::Past | Self::TooFar => "until",
            Self::TooLong | Self::Link => "note",
        }
    }

    /// Message for the user: what is wrong and what to do.
    pub fn message(self) -> Text {
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
    /// Adds a part. If it is present already, the stronger right wins.
    pub fn add(&mut self, part: Part, verb: GrantedAction) {
        let known = self.parts.entry(part).or_insert(verb);
        *known = verb.max(*known);
    }

    /// Returns the address of the guest.
    pub(super) fn address(&self) -> Result<String, InvitationFault> {
        EmailAddress::parse(&self.email).map(|address| address.key()).map_err(InvitationFault::Address)
    }

    /// Validates the input, without regard to earlier invitations.
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
        // Reduced to one line, so that the note cannot be mistaken for a paragraph of the portal.
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
    /// Whether the guest was given the same within [`REPEAT_WINDOW`].
    pub(super) fn repeats(&self, former: &[&Delegation], parts: &[(Part, GrantedAction)], now: Timestamp) -> bool {
        let same = |one: &&Delegation| one.parts == parts && one.ends_at == self.ends && one.note == self.note;
        former.len() == 1 && former.iter().any(|one| same(one) && now.duration_since(one.given_at) < REPEAT_WINDOW)
    }
}

/// Returns the limits that one more invitation would exceed, given the number of other guests.
pub(super) fn over_limits(guests: usize, sent: InvitationCounts) -> impl Iterator<Item = InvitationFault> {
    let often = sent.between >= MAX_INVITATIONS_TO_ADDRESS || sent.to_guest >= MAX_INVITATIONS_TO_GUEST;
    let faults = [
        (guests >= MAX_GUESTS, InvitationFault::TooMany),
        (sent.by_owner >= MAX_INVITATIONS_OF_OWNER, InvitationFault::TooOften),
        (often, InvitationFault::TooOftenThere),
    ];
    faults.into_iter().filter(|(holds, _)| *holds).map(|(_, fault)| fault)
}
