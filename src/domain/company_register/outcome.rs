//! How a look-up in the register ended. Whatever it is, the form can be filled in by hand.

use crate::domain::{slugs::slugs, text::Text};

slugs! {
    /// The end of a look-up.
    pub enum LookupOutcome {
        Found = "found",
        /// The register shows no establishment with this number.
        Absent = "absent",
        /// The answers have no SIRET, or one that cannot be one.
        NoSiret = "no_siret",
        /// No connection, or a failure of the register.
        Unreachable = "unreachable",
        /// No answer in time.
        Slow = "slow",
        /// The register is asked too much, by whomever.
        Busy = "busy",
        /// Something else than an answer of the register.
        Unreadable = "unreadable",
        /// This account, or this process, has asked too often.
        Limited = "limited",
    }
}

impl LookupOutcome {
    /// What happened, and what to do.
    #[must_use]
    pub fn message(self) -> Text {
        let by_hand = |fr: &str, en: &str| {
            Text::new(
                format!("{fr} Vos réponses sont enregistrées ; remplissez le reste à la main, ou réessayez plus tard."),
                format!("{en} Your answers are saved; fill in the rest by hand, or try again later."),
            )
        };
        match self {
            Self::Found => Text::new("Le registre public a répondu.", "The public register has answered."),
            Self::Absent => Text::new(
                "Le registre public ne montre aucun établissement avec ce SIRET. Vérifiez le numéro. Une entreprise \
                 toute récente, ou qui a refusé la diffusion de ses données, n’y figure pas : remplissez alors à la main.",
                "The public register shows no establishment with this SIRET. Check the number. A company that is very \
                 recent, or that refused to have its data published, is not in it: then fill in by hand.",
            ),
            Self::NoSiret => Text::new(
                "Indiquez d’abord un SIRET valable, de quatorze chiffres. Vos réponses sont enregistrées.",
                "Give a valid SIRET of fourteen digits first. Your answers are saved.",
            ),
            Self::Unreachable => by_hand("Le registre public ne répond pas.", "The public register does not answer."),
            Self::Slow => {
                by_hand("Le registre public n’a pas répondu à temps.", "The public register has not answered in time.")
            }
            Self::Busy => by_hand(
                "Le registre public reçoit trop de demandes en ce moment.",
                "The public register receives too many requests at the moment.",
            ),
            Self::Unreadable => by_hand(
                "La réponse du registre public n’est pas compréhensible.",
                "The answer of the public register cannot be understood.",
            ),
            Self::Limited => by_hand(
                "Trop de demandes au registre public en peu de temps.",
                "Too many requests to the public register in a short time.",
            ),
        }
    }
}
