//! The rules of the policy as values, in the order of the policy, with descriptions for display.

use crate::domain::text::Text;
use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Metadata of a rule of `policy.datalog`.
#[derive(Debug)]
pub struct Rule {
    pub id: RuleId,
    /// It lets a user read another person's data because their work requires it. Such a reader gets watermarked copies.
    pub need_to_know: bool,
    /// It allows actions to guests, to whom the owner gave a part of the dossier.
    pub guest: bool,
    /// It denies; all others allow.
    pub denies: bool,
    fr: &'static str,
    en: &'static str,
}

impl Rule {
    /// Description for display.
    pub fn description(&self) -> Text {
        Text::new(self.fr, self.en)
    }
}

/// The last rule, which applies if no other does.
const LAST: Rule = Rule { id: RuleId::NobodyElse, need_to_know: false, guest: false, denies: true, fr: "", en: "" };
/// A rule without any flag.
const PLAIN: Rule = Rule { denies: false, ..LAST };

macro_rules! rules {
    ($($id:ident $slug:literal $($mark:ident)?: $fr:literal, $en:literal;)+) => {
        /// The name of a rule. Its slug is used in the policy, in the journal and on pages, and never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RuleId {
            $(#[doc = $en] $id),+
        }

        impl RuleId {
            /// Slug in the policy and in the journal.
            pub fn slug(self) -> &'static str {
                match self {
                    $(Self::$id => $slug),+
                }
            }
        }

        /// Every rule, in the order of the policy: `RULES[n]` is the one that the policy's comment numbers `n`.
        pub static RULES: &[Rule] = &[$(Rule { id: RuleId::$id, $($mark: true,)? fr: $fr, en: $en, ..PLAIN }),+];
    };
}

rules! {
    SessionElsewhere "session-elsewhere" denies: "une session de navigateur ne sert pas aux programmes", "a browser’s session is not for programs";
    TokenElsewhere "token-elsewhere" denies: "un jeton d’API ne sert pas dans un navigateur", "an API token is not for browsers";
    Suspended "suspended" denies: "ce compte est suspendu", "this account is suspended";
    Conflict "conflict" denies: "un conflit d’intérêts est déclaré sur ce dossier", "a conflict of interests is declared on this dossier";
    Confirmation "confirmation" denies: "ce qui est irrévocable attend que la personne confirme sa présence par sa clé d’accès", "what cannot be taken back waits until the person confirms with the passkey";
    OwnDossier "own-dossier" denies: "nul n’instruit ni n’évalue un dossier dont il est le porteur", "nobody judges a dossier of their own";
    ApplicantBegins "applicant-begins": "les porteurs de projet commencent des dossiers", "applicants begin dossiers";
    OwnerDrafts "owner-drafts": "le porteur travaille sur son brouillon, le dépose, le retire, le supprime et y invite", "the owner works on the draft, deposits, withdraws, deletes and invites";
    OwnerReads "owner-reads": "le porteur relit ce qu’il a déposé", "the owner reads what was deposited";
    GuestEnters "guest-enters" guest: "une personne invitée à une partie voit que le dossier existe", "somebody invited to a part sees that the dossier exists";
    GuestReads "guest-reads" guest: "une personne invitée lit la partie qui lui est confiée", "somebody invited reads the part that was given";
    GuestWrites "guest-writes" guest: "une personne invitée remplit la partie qui lui est confiée", "somebody invited fills the part that was given";
    GuestReadsWhole "guest-reads-whole" guest: "une personne invitée à tout le dossier en lit chaque partie", "somebody invited to the whole dossier reads each part";
    GuestWritesWhole "guest-writes-whole" guest: "une personne invitée à tout le dossier en remplit chaque partie", "somebody invited to the whole dossier fills each part";
    GuestDeposits "guest-deposits" guest: "une personne mandatée pour déposer dépose et relit", "somebody mandated to deposit deposits and reads";
    OfficerReads "officer-reads": "les instructeurs lisent ce qui est déposé, jamais un brouillon", "officers read what stands deposited, never a draft";
    OfficerLists "officer-lists": "les instructeurs listent les dépôts d’une relève", "officers list the deposits of a round";
    OfficerAdmits "officer-admits": "les instructeurs constatent qu’un dossier est recevable, une fois la relève close", "officers find a dossier admissible, once the round has closed";
    OfficerAssigns "officer-assigns": "les instructeurs confient un dossier à un expert", "officers give a dossier to an expert";
    SeniorDecides "senior-decides": "le responsable de l’instruction publie les décisions", "senior officers publish decisions";
    ExpertReads "expert-reads" need_to_know: "un expert lit le dossier recevable qui lui est confié, une fois l’absence de conflit déclarée", "an expert reads the admissible dossier that was assigned, once no conflict is declared";
    ReviewersList "reviewers-list": "les experts et le jury voient la liste des dossiers à évaluer", "experts and the jury see the list of what they have to evaluate";
    ExpertDeclares "expert-declares": "un expert apprend de qui est le dossier recevable qui lui est confié, pour déclarer ses intérêts", "an expert learns whose the admissible dossier is that was assigned, in order to declare interests";
    JuryDeclares "jury-declares": "un membre du jury déclare un conflit d’intérêts sur un dossier recevable", "a jury member declares a conflict of interests on an admissible dossier";
    OfficerDeclares "officer-declares": "un instructeur déclare un conflit d’intérêts sur un dossier déposé", "an officer declares a conflict of interests on a deposited dossier";
    ReviewWrites "review-writes": "un expert rédige son avis dans le délai", "an expert writes the review in time";
    ReviewOwn "review-own": "un expert relit son avis", "an expert reads their own review";
    ReviewPeer "review-peer": "un expert lit l’avis d’un autre après avoir rendu le sien", "an expert reads another’s review after handing in their own";
    ReviewStaff "review-staff": "ceux qui décident lisent les avis rendus", "those who decide read the reviews that were handed in";
    JuryReads "jury-reads" need_to_know: "le jury lit les dossiers recevables", "the jury reads admissible dossiers";
    FunderReads "funder-reads": "le financeur lit le registre des aides", "the funder reads the register of aid";
    FinancePays "finance-pays": "le service financier ordonne les paiements des lauréats", "finance orders payments of selected dossiers";
    BrickAccompanies "brick-accompanies": "le propriétaire d’une brique accompagne les lauréats qui l’adoptent", "the owner of a brick helps those selected that adopt it";
    AuditorReads "auditor-reads" need_to_know: "un auditeur lit ce qui est déposé, le temps de sa mission", "an auditor reads what stands deposited, for the time of the mission";
    AuditorLists "auditor-lists": "un auditeur lit les listes, le registre et le journal", "an auditor reads the lists, the register and the journal";
    OperatorMaintains "operator-maintains": "l’opérateur entretient le service sans voir les contenus", "the operator looks after the service without seeing contents";
    BreakGlassAllows "glass-allows": "une seconde personne autorise une lecture d’urgence", "a second person allows an emergency reading";
    OperatorBreakGlass "operator-emergency" need_to_know: "l’opérateur lit un dossier en urgence, autorisé par deux personnes", "the operator reads one dossier in an emergency, allowed by two persons";
    DpoAnswers "dpo-answers": "le délégué à la protection des données répond aux personnes", "the data protection officer answers people";
    OwnServiceToken "own-service-token": "chacun peut se faire connaître d’un autre service, tel qu’il est", "everybody may be known to another service, as what they are";
    NobodyElse "nobody-else" denies: "rien d’autre n’est permis", "nothing else is allowed";
}

impl RuleId {
    /// Its metadata.
    pub fn rule(self) -> &'static Rule {
        RULES.iter().find(|rule| rule.id == self).unwrap_or(&LAST)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.slug())
    }
}

impl FromStr for RuleId {
    type Err = ();
    fn from_str(slug: &str) -> Result<Self, ()> {
        RULES.iter().map(|rule| rule.id).find(|id| id.slug() == slug).ok_or(())
    }
}

/// Returns the rule at an index of the policy; the last rule beyond the end.
pub(super) fn rule_at(index: usize) -> &'static Rule {
    RULES.get(index).or(RULES.last()).unwrap_or(&LAST)
}
