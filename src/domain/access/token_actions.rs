//! The actions that an API token may be used for.

use super::{Action, Roles};

/// The actions available to an applicant's program.
pub const APPLICANT_ACTIONS: [Action; 8] = [
    Action::DossierCreate,
    Action::DraftRead,
    Action::DraftWrite,
    Action::DossierDeposit,
    Action::DossierWithdraw,
    Action::DossierDelete,
    Action::DepositRead,
    Action::ServiceToken,
];
/// The actions available to an officer's program.
pub const OFFICER_ACTIONS: [Action; 3] = [Action::DepositRead, Action::RoundList, Action::ServiceToken];
/// The actions available to the programs of other staff.
const STAFF_ACTIONS: [Action; 2] = [Action::DepositRead, Action::ServiceToken];

impl Roles {
    /// The actions that a token of a person with these roles may be used for.
    pub fn token_actions(&self) -> &'static [Action] {
        match (self.staff(), self.lists()) {
            (false, _) => &APPLICANT_ACTIONS,
            (true, true) => &OFFICER_ACTIONS,
            (true, false) => &STAFF_ACTIONS,
        }
    }

    /// The default actions of a token that the operator issues on the command line.
    pub fn issued_actions(&self) -> &'static [Action] {
        if self.staff() { &OFFICER_ACTIONS } else { &APPLICANT_ACTIONS }
    }
}

/// All actions that any token may be used for.
pub fn every_token_action() -> impl Iterator<Item = Action> {
    let officers = OFFICER_ACTIONS.into_iter().filter(|action| !APPLICANT_ACTIONS.contains(action));
    APPLICANT_ACTIONS.into_iter().chain(officers)
}
