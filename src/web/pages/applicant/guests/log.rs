//! The access log of a dossier, in words.

use crate::{
    app::delegation::{AccessRecord, ReaderIdentity, part_title},
    auth::RuleId,
    domain::{
        access::Part,
        calendar::short_instant,
        call::Call,
        event::EventKind,
        text::{Lang, Text},
    },
    web::pages::words::role_names,
};
use jiff::{Timestamp, tz::TimeZone};

/// An entry of the access log.
#[derive(Clone, Debug)]
pub struct AccessRow {
    /// Time of the last access, as shown.
    pub at: String,
    /// Time of the first access on that day, if there were several.
    pub since: Option<String>,
    /// Who, in words.
    pub who: String,
    /// The action and the part, in words.
    pub what: String,
    /// The right that allowed it, in words.
    pub why: Text,
}

/// A journal entry in words. People who examine the dossier are named by their role, not their address.
pub fn access_row(call: &Call, read: &AccessRecord, lang: Lang, zone: &TimeZone) -> AccessRow {
    let access = &read.what;
    let word = |name: &str| access.data[name].as_str();
    let what = match EventKind::of_slug(&access.kind) {
        Some(EventKind::DraftRead) => lang.tr("a lu", "read"),
        Some(EventKind::DraftChanged) => lang.tr("a modifié", "changed"),
        Some(EventKind::CompanyLookedUp) => lang.tr("a interrogé le registre public", "asked the public register"),
        Some(EventKind::PieceRead) => lang.tr("a ouvert", "opened"),
        Some(EventKind::PieceAttached) => lang.tr("a joint", "attached"),
        Some(EventKind::PieceRemoved) => lang.tr("a retiré", "removed"),
        Some(EventKind::PieceDated) => lang.tr("a daté", "dated"),
        Some(EventKind::DepositRead) => lang.tr("a lu le dépôt", "read the deposit"),
        Some(EventKind::EmergencyAsked) => lang.tr("a demandé une lecture d’urgence", "asked for an emergency reading"),
        Some(EventKind::EmergencyAllowed) => {
            lang.tr("a autorisé une lecture d’urgence", "allowed an emergency reading")
        }
        Some(EventKind::DossierDeposited) => lang.tr("a déposé", "deposited"),
        _ => access.kind.as_str(),
    };
    let part = word("part").and_then(|part| part.parse::<Part>().ok());
    let piece = word("code").map(|code| Part::Piece(code.to_owned()));
    let sections = access.data["sections"].as_array().into_iter().flatten().filter_map(|id| id.as_str());
    let sections = sections.map(|id| Part::Section(id.to_owned()));
    let named: Vec<String> =
        part.into_iter().chain(piece).chain(sections).map(|part| part_title(call, &part, lang)).collect();
    let rule = word("rule").and_then(|slug| slug.parse::<RuleId>().ok());
    let often = match access.times {
        1 => String::new(),
        times => lang.tr("NN fois", "NN times").replace("NN", &times.to_string()),
    };
    let words = [what.to_owned(), named.join(", ")];
    let words = words.iter().map(String::as_str).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let shown = |at: Timestamp| short_instant(at, zone, lang);
    AccessRow {
        at: shown(access.last),
        since: (access.times > 1).then(|| shown(access.first)),
        who: match &read.by {
            ReaderIdentity::Guest(email) => email.clone(),
            ReaderIdentity::FormerGuest => {
                lang.tr("une personne dont le compte est fermé", "somebody whose account is closed").to_owned()
            }
            ReaderIdentity::Staff(roles) if roles.is_empty() => {
                lang.tr("une personne du service", "somebody of the service").to_owned()
            }
            ReaderIdentity::Staff(roles) => role_names(roles.iter().copied(), lang).join(", "),
        },
        what: if often.is_empty() { words } else { format!("{words} ({often})") },
        why: rule.map_or_else(|| Text::new("–", "–"), |id| id.rule().description()),
    }
}
