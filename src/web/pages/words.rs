//! The names of roles and actions, as shown.

use crate::domain::{
    access::{Action, Role},
    text::Lang,
};

/// The names of roles, as shown.
pub fn role_names(roles: impl Iterator<Item = Role>, lang: Lang) -> Vec<String> {
    let name = |role| match role {
        Role::Applicant => lang.tr("porteur de projet", "applicant"),
        Role::Officer => lang.tr("instructeur", "officer"),
        Role::SeniorOfficer => lang.tr("responsable de l’instruction", "senior officer"),
        Role::Expert => lang.tr("expert", "expert"),
        Role::Jury => lang.tr("membre du jury", "jury member"),
        Role::Funder => lang.tr("financeur", "funder"),
        Role::Finance => lang.tr("service financier", "finance"),
        Role::BrickOwner => lang.tr("propriétaire d’une brique", "brick owner"),
        Role::Auditor => lang.tr("auditeur", "auditor"),
        Role::Operator => lang.tr("opérateur du service", "operator"),
        Role::Dpo => lang.tr("délégué à la protection des données", "data protection officer"),
    };
    roles.map(|role| name(role).to_owned()).collect()
}

/// The name of an action, as shown.
pub fn action_name(action: Action, lang: Lang) -> &'static str {
    match action {
        Action::DossierCreate => lang.tr("commencer un dossier", "start an application"),
        Action::DraftRead => lang.tr("lire les brouillons", "read drafts"),
        Action::DraftWrite => lang.tr("remplir les brouillons et joindre des pièces", "fill drafts and attach pieces"),
        Action::DossierDeposit => lang.tr("déposer", "deposit"),
        Action::DossierWithdraw => lang.tr("retirer un dépôt", "withdraw a deposit"),
        Action::DossierDelete => lang.tr("supprimer un brouillon", "remove a draft for good"),
        Action::DossierShare => lang.tr("inviter d’autres personnes", "invite others"),
        Action::DepositRead => lang.tr("lire les dépôts et les reçus", "read deposits and receipts"),
        Action::RoundList => lang.tr("lister les dépôts d’une relève", "list the deposits of a round"),
        Action::DossierAdmit => lang.tr("déclarer recevable", "find admissible"),
        Action::InterestDeclare => lang.tr("déclarer ses intérêts", "declare one’s interests"),
        Action::ReviewList => lang.tr("lister les dossiers à évaluer", "list what is to be reviewed"),
        Action::ExpertAssign => lang.tr("confier à un expert", "assign to an expert"),
        Action::ReviewWrite => lang.tr("écrire une évaluation", "write a review"),
        Action::ReviewRead => lang.tr("lire les évaluations", "read reviews"),
        Action::DecisionPublish => lang.tr("publier une décision", "publish a decision"),
        Action::AidRead => lang.tr("lire le registre des aides", "read the register of aid"),
        Action::PaymentOrder => lang.tr("ordonner un paiement", "order a payment"),
        Action::BrickAccompany => lang.tr("accompagner l’adoption d’une brique", "help with the adoption of a brick"),
        Action::AuditExport => lang.tr("exporter le journal", "export the journal"),
        Action::OpsMaintain => lang.tr("entretenir le service", "look after the service"),
        Action::OpsSwitchover => {
            lang.tr("changer le serveur de base de données qui conduit", "have another database server lead")
        }
        Action::BreakGlassAsk => lang.tr("demander une lecture d’urgence", "ask for an emergency reading"),
        Action::BreakGlassAllow => lang.tr("autoriser une lecture d’urgence", "allow an emergency reading"),
        Action::PersonAnswer => {
            lang.tr("répondre aux demandes sur les données personnelles", "answer requests about personal data")
        }
        Action::ServiceToken => lang.tr("se faire connaître d’un autre service", "be known to another service"),
    }
}
