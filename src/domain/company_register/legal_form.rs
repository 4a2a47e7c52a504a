//! Legal forms by their code in the nomenclature of Insee (*catégories juridiques*, level III).

/// A legal form.
#[derive(Debug)]
pub(super) struct LegalForm {
    code: &'static str,
    /// As companies write it, such as SAS.
    pub short: &'static str,
    pub long: &'static str,
}

const SARL: &str = "société à responsabilité limitée";
const SA: &str = "société anonyme";
const SAS: &str = "société par actions simplifiée";

const fn form(code: &'static str, short: &'static str, long: &'static str) -> LegalForm {
    LegalForm { code, short, long }
}

/// The forms of companies that are registered in the RCS, as far as their short name is beyond doubt. For any other code
/// the field stays empty.
const LEGAL_FORMS: [LegalForm; 29] = [
    form("5202", "SNC", "société en nom collectif"),
    form("5306", "SCS", "société en commandite simple"),
    form("5308", "SCA", "société en commandite par actions"),
    form("5385", "SELCA", "société d’exercice libéral en commandite par actions"),
    form("5410", "SARL", SARL),
    form("5415", "SARL", SARL),
    form("5453", "SARL", SARL),
    form("5454", "SARL", SARL),
    form("5455", "SARL", SARL),
    form("5458", "SARL", SARL),
    form("5459", "SARL", SARL),
    form("5460", "SARL", SARL),
    form("5485", "SELARL", "société d’exercice libéral à responsabilité limitée"),
    form("5498", "EURL", "entreprise unipersonnelle à responsabilité limitée"),
    form("5499", "SARL", SARL),
    form("5505", "SA", SA),
    form("5510", "SA", SA),
    form("5515", "SA", SA),
    form("5558", "SA", SA),
    form("5560", "SA", SA),
    form("5585", "SELAFA", "société d’exercice libéral à forme anonyme"),
    form("5599", "SA", SA),
    form("5605", "SA", SA),
    form("5699", "SA", SA),
    form("5710", "SAS", SAS),
    form("5720", "SASU", "société par actions simplifiée unipersonnelle"),
    form("5785", "SELAS", "société d’exercice libéral par actions simplifiée"),
    form("5800", "SE", "société européenne"),
    form("6220", "GIE", "groupement d’intérêt économique"),
];

/// The form with a code; none when the table does not have it.
pub(super) fn legal_form(code: &str) -> Option<&'static LegalForm> {
    LEGAL_FORMS.iter().find(|form| form.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_stand_once_and_unknown_ones_are_nothing() {
        let codes: BTreeSet<&str> = LEGAL_FORMS.iter().map(|form| form.code).collect();
        assert_eq!(codes.len(), LEGAL_FORMS.len());
        let short = |code| legal_form(code).map(|form| form.short);
        assert_eq!((short("5710"), short("5499"), short("5599")), (Some("SAS"), Some("SARL"), Some("SA")));
        assert_eq!((short("9220"), short(""), short("57100")), (None, None, None));
    }
}
