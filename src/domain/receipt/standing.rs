//! Whether the deposit of a receipt still stands: not in the receipt, which never changes, but in the database.

use crate::domain::text::Text;

/// What became of a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the current deposit of its dossier.
    Current,
    /// A later deposit of the same dossier took its place.
    Replaced,
    /// The dossier's deposit was withdrawn.
    Withdrawn,
    /// The database has no such deposit, for example since it was restored from an earlier backup.
    Unknown,
}

impl Standing {
    /// What it says of itself and no more: neither the later deposit, nor who withdrew it.
    pub fn sentence(self) -> Text {
        match self {
            Self::Current => Text::new("Ce dépôt est en vigueur.", "This deposit stands."),
            Self::Replaced => Text::new(
                "Ce dépôt n’est plus en vigueur : un dépôt plus récent du même dossier l’a remplacé.",
                "This deposit no longer stands: a later deposit of the same application replaced it.",
            ),
            Self::Withdrawn => Text::new(
                "Ce dépôt n’est plus en vigueur : il a été retiré.",
                "This deposit no longer stands: it was withdrawn.",
            ),
            Self::Unknown => Text::new(
                "Le portail ne retrouve pas ce dépôt dans sa base : écrivez à l’opérateur de l’appel, avec ce reçu.",
                "The portal does not find this deposit in its database: write to the operator of the call, with this receipt.",
            ),
        }
    }
}
