//! The words of the portal's own pages, for every call. A figure of a call never stands here.

use super::{Spellings, Term};
use crate::domain::text::Text;

struct Row {
    id: &'static str,
    fr: &'static [&'static str],
    en: &'static [&'static str],
    meaning: [&'static str; 2],
}

const ROWS: [Row; 7] = [
    Row {
        id: "round",
        fr: &["relève", "relèves"],
        en: &["round", "rounds"],
        meaning: [
            "Une période pendant laquelle on peut déposer un dossier. Elle a une ouverture et une clôture\u{a0}; un appel peut en avoir plusieurs.",
            "A period during which applications can be deposited. It has an opening and a closing; a call may have several.",
        ],
    },
    Row {
        id: "base",
        fr: &["assiette", "assiettes"],
        en: &["base", "eligible base"],
        meaning: [
            "Le total des dépenses que l’appel accepte de compter. Ce n’est pas l’aide\u{a0}: l’aide en est une part.",
            "The total of the costs that the call accepts. It is not the aid: the aid is a share of it.",
        ],
    },
    Row {
        id: "brick",
        fr: &["brique", "briques"],
        en: &["brick", "bricks"],
        meaning: [
            "Un logiciel que l’appel propose d’utiliser. Chacun a sa fiche, à la page «\u{a0}Briques\u{a0}».",
            "Software that the call offers for use. Each has a sheet on the “Bricks” page.",
        ],
    },
    Row {
        id: "de-minimis",
        fr: &["minimis"],
        en: &["minimis"],
        meaning: [
            "Aides publiques assez petites pour qu’un État puisse les accorder sans l’accord de la Commission européenne. Leur total sur une période est plafonné par entreprise.",
            "Public aid small enough for a state to grant without asking the European Commission. Its total over a period is capped for each company.",
        ],
    },
    Row {
        id: "officer",
        fr: &["instructeur", "instructeurs"],
        en: &["officer", "officers"],
        meaning: [
            "La personne qui examine votre dossier pour l’organisme qui gère l’appel.",
            "The person who examines your application for the organisation that runs the call.",
        ],
    },
    Row {
        id: "digest",
        fr: &["empreinte", "empreintes", "SHA-256"],
        en: &["digest", "digests", "SHA-256"],
        meaning: [
            "Une suite de chiffres et de lettres calculée à partir d’un fichier. Si le fichier change, même d’une virgule, elle change aussi\u{a0}: elle prouve qu’il est resté le même.",
            "A string of digits and letters worked out from a file. If the file changes, even by a comma, so does the string: it proves that the file has stayed the same.",
        ],
    },
    Row {
        id: "seal",
        fr: &["sceau", "scellé", "scellée", "scellés", "scellées"],
        en: &["seal", "sealed", "seals"],
        meaning: [
            "Au moment du dépôt, le portail fige le dossier, le date et le signe. Personne ne peut plus le changer sans que cela se voie.",
            "At the deposit, the portal freezes the application, dates it and signs it. Nobody can change it any more unseen.",
        ],
    },
];

pub(super) fn terms() -> impl Iterator<Item = Term> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    ROWS.iter().map(move |row| Term {
        id: row.id.to_owned(),
        words: Spellings { fr: owned(row.fr), en: owned(row.en) },
        meaning: Text::new(row.meaning[0], row.meaning[1]),
    })
}
