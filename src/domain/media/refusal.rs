//! Why a file is refused, with what to do about it.

use crate::domain::text::Text;
use serde::{Deserialize, Serialize};

/// Why a file is refused: what it is and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileRefusal {
    /// No byte at all.
    Empty,
    /// A PDF that asks for a password.
    Encrypted,
    /// A PDF that only those can open for whom it was encrypted: a password would not help.
    Protected,
    /// Its end is missing.
    Truncated,
    /// No reader can open it.
    Unreadable,
    /// A PDF without a page.
    NoPage,
    /// Not of an accepted type; carries what it seems to be.
    WrongType(String),
    /// Longer than the limit, in bytes.
    TooLarge(u64),
    /// The dossier would exceed its limit, in bytes.
    DossierFull(u64),
}

impl FileRefusal {
    /// The reason and the remedy.
    pub fn message(&self) -> Text {
        let megabytes = |bytes: &u64| bytes / (1024 * 1024);
        match self {
            Self::Empty => Text::new(
                "Ce fichier est vide (0 octet). Vérifiez que sa copie ou son téléchargement est allé au bout, puis choisissez-le de nouveau.",
                "This file is empty (0 bytes). Check that it was copied or downloaded to the end, then choose it again.",
            ),
            Self::Encrypted => Text::new(
                "Ce PDF demande un mot de passe : qui examine votre dossier ne pourrait pas l’ouvrir. Demandez à son émetteur un exemplaire sans mot de passe, ou ouvrez-le dans votre lecteur de PDF et enregistrez-en une copie sans mot de passe (propriétés du document, sécurité). S’il est signé électroniquement, l’exemplaire d’origine sans mot de passe est préférable : une copie modifiée perd sa signature.",
                "This PDF asks for a password: whoever examines your dossier could not open it. Ask its issuer for a copy without a password, or open it in your PDF reader and save a copy without a password (document properties, security). If it is signed electronically, the original without a password is best: a copy that was changed loses its signature.",
            ),
            Self::Protected => Text::new(
                "Ce PDF est protégé de telle sorte que seuls ses destinataires peuvent l’ouvrir (par un certificat ou un logiciel particulier) : qui examine votre dossier ne le pourrait pas. Demandez à son émetteur un exemplaire sans cette protection ou, si vous pouvez l’ouvrir, enregistrez-en une copie non protégée (propriétés du document, sécurité), puis choisissez-la ici.",
                "This PDF is protected in a way that only its recipients can open (by a certificate or a particular program): whoever examines your dossier could not. Ask its issuer for a copy without this protection or, if you can open it, save a copy that is not protected (document properties, security), then choose that one here.",
            ),
            Self::Truncated => Text::new(
                "Ce fichier est incomplet : sa fin manque. Téléchargez-le de nouveau depuis sa source, puis choisissez-le ici.",
                "This file is incomplete: its end is missing. Download it again from where it came, then choose it here.",
            ),
            Self::Unreadable => Text::new(
                "Aucun lecteur ne peut ouvrir ce fichier : son contenu est abîmé. Vérifiez-le en l’ouvrant sur votre ordinateur, téléchargez ou numérisez de nouveau le document, puis choisissez-le ici.",
                "No reader can open this file: its content is damaged. Check by opening it on your computer, download or scan the document again, then choose it here.",
            ),
            Self::NoPage => Text::new(
                "Ce PDF n’a aucune page : il n’y aurait rien à lire. Vérifiez-le en l’ouvrant sur votre ordinateur, enregistrez ou téléchargez de nouveau le document, puis choisissez-le ici.",
                "This PDF has no page: there would be nothing to read. Check by opening it on your computer, save or download the document again, then choose it here.",
            ),
            Self::WrongType(seems) if seems == "image/heic" => Text::new(
                "Ce fichier n’est pas accepté : c’est une photo au format HEIC, que beaucoup d’ordinateurs n’ouvrent pas. Envoyez-la en JPEG : ouvrez-la sur votre ordinateur et exportez-la en JPEG, ou réglez l’iPhone sur « Le plus compatible » (Réglages, Appareil photo, Formats) et reprenez la photo.",
                "This file is not accepted: it is a photo in the HEIC format, which many computers cannot open. Send it as a JPEG: open it on your computer and export it as JPEG, or set the iPhone to “Most Compatible” (Settings, Camera, Formats) and take the photo again.",
            ),
            Self::WrongType(seems) => Text::new(
                format!(
                    "Ce fichier n’est pas accepté (il semble être : {seems}). Envoyez un PDF, ou une image PNG ou JPEG d’un document numérisé."
                ),
                format!(
                    "This file is not accepted (it seems to be: {seems}). Send a PDF, or a PNG or JPEG image of a scanned document."
                ),
            ),
            Self::TooLarge(limit) => Text::new(
                format!(
                    "Ce fichier dépasse {} Mo. Réduisez la résolution de la numérisation ou séparez les pages inutiles.",
                    megabytes(limit)
                ),
                format!(
                    "This file exceeds {} MB. Lower the resolution of the scan or take out pages that are not needed.",
                    megabytes(limit)
                ),
            ),
            Self::DossierFull(limit) => Text::new(
                format!(
                    "Les fichiers de ce dossier dépasseraient {} Mo en tout. Allégez ou retirez une pièce.",
                    megabytes(limit)
                ),
                format!(
                    "The files of this dossier would exceed {} MB in all. Make a piece smaller or remove one.",
                    megabytes(limit)
                ),
            ),
        }
    }

    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Encrypted => "encrypted",
            Self::Protected => "protected",
            Self::Truncated => "truncated",
            Self::Unreadable => "unreadable",
            Self::NoPage => "no_page",
            Self::WrongType(_) => "wrong_type",
            Self::TooLarge(_) => "too_large",
            Self::DossierFull(_) => "dossier_full",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Printing a signed certificate destroys its signature.
    #[test]
    fn every_refusal_has_a_remedy_and_none_is_to_print() {
        for refusal in [
            FileRefusal::Empty,
            FileRefusal::Encrypted,
            FileRefusal::Protected,
            FileRefusal::Truncated,
            FileRefusal::Unreadable,
            FileRefusal::NoPage,
            FileRefusal::WrongType("image/heic".into()),
            FileRefusal::WrongType("text/html".into()),
            FileRefusal::TooLarge(1 << 20),
            FileRefusal::DossierFull(1 << 20),
        ] {
            let Text { fr, en } = refusal.message();
            assert!(!fr.contains("mprim") && !en.to_lowercase().contains("print"), "{fr} {en}");
            let sentences = |text: &str| text.matches(['.', ':']).count();
            assert!(sentences(&fr) >= 2 && sentences(&en) >= 2, "a reason and a remedy: {fr} {en}");
            let json = serde_json::to_string(&refusal).unwrap();
            assert_eq!(serde_json::from_str::<FileRefusal>(&json).unwrap(), refusal);
            assert!(json.contains(refusal.code()));
        }
        let heic = FileRefusal::WrongType("image/heic".into()).message();
        assert!(heic.fr.contains("JPEG") && heic.en.contains("JPEG"));
    }
}
