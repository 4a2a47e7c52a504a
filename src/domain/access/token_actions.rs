//! What an API token may be used for.

use super::{Action, Roles};

/// What an applicant's program may do.
pub const APPLICANT_ACTIONS: [Action; 7] = [
    Action::DossierCreate,
    Action::DraftRead,
    Action::DraftWrite,
    Action::DossierDeposit,
    Action::DossierWithdraw,
    Action::DepositRead,
    Action::ServiceToken,
];
/// What an officer's program may do.
pub const OFFICER_ACTIONS: [Action; 3] = [Action::DepositRead, Action::RoundList, Action::ServiceToken];
/// What the program of anybody else who works for the call or the service may do.
const STAFF_ACTIONS: [Action; 2] = [Action::DepositRead, Action::ServiceToken];

impl Roles {
    /// What a token of somebody with these roles may be used for.
    #[must_use]
    pub fn token_actions(&self) -> &'static [Action] {
        match (self.staff(), self.lists()) {
            (false, _) => &APPLICANT_ACTIONS,
            (true, true) => &OFFICER_ACTIONS,
            (true, false) => &STAFF_ACTIONS,
        }
    }

    /// What a token is made for by the operator at the command line, who names no actions.
    #[must_use]
    pub fn issued_actions(&self) -> &'static [Action] {
        if self.staff() { &OFFICER_ACTIONS } else { &APPLICANT_ACTIONS }
    }
}

/// Everything that anybody's token may be used for.
pub fn every_token_action() -> impl Iterator<Item = Action> {
    let officers = OFFICER_ACTIONS.into_iter().filter(|action| !APPLICANT_ACTIONS.contains(action));
    APPLICANT_ACTIONS.into_iter().chain(officers)
}
