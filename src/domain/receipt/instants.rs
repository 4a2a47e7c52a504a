//! The two instants of a deposit, and the rule between them (decision 14).

use jiff::Timestamp;

/// When a deposit was received and when it was sealed. This type is the only way to make such a pair, so every pair is
/// valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instants {
    received_at: Timestamp,
    sealed_at: Timestamp,
}

/// The draft was changed after the deposit request was complete, so the requested content is not the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the draft changed at {changed_at}, after the deposit was received at {received_at}")]
pub struct ChangedAfterReceipt {
    /// When the deposit request was complete.
    pub received_at: Timestamp,
    /// The last change of the draft.
    pub changed_at: Timestamp,
}

impl Instants {
    /// The instants of a deposit that is sealed now.
    ///
    /// `received_at` is when its request was complete, `clock` the current time when it is sealed, `changed_at` the
    /// last change of the sealed content, `previous` when the previous statement in the chain was sealed. The seal is
    /// never before any of them, even if a clock was set back.
    ///
    /// # Errors
    /// [`ChangedAfterReceipt`].
    pub fn at_sealing(
        received_at: Timestamp,
        clock: Timestamp,
        changed_at: Timestamp,
        previous: Option<Timestamp>,
    ) -> Result<Self, ChangedAfterReceipt> {
        if changed_at > received_at {
            return Err(ChangedAfterReceipt { received_at, changed_at });
        }
        let sealed_at = received_at.max(clock).max(previous.unwrap_or(received_at));
        Ok(Self { received_at, sealed_at })
    }

    /// The instants stated in a receipt; `None` when the seal is before the reception.
    #[must_use]
    pub fn from_statement(received_at: Timestamp, sealed_at: Timestamp) -> Option<Self> {
        (sealed_at >= received_at).then_some(Self { received_at, sealed_at })
    }

    /// The one instant of a receipt in the first format.
    #[must_use]
    pub fn single(deposited_at: Timestamp) -> Self {
        Self { received_at: deposited_at, sealed_at: deposited_at }
    }

    /// When the request was complete: the only instant that is compared with the closing.
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// When the statement was sealed: at or after [`Instants::received_at`], and never before the seal of the previous
    /// statement.
    pub fn sealed_at(&self) -> Timestamp {
        self.sealed_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    proptest! {
        /// Whatever clocks do, a seal is at or after everything it covers, and the reception never moves.
        #[test]
        fn a_seal_is_never_before_what_it_seals(
            received in 0_i64..100, clock in 0_i64..100, changed in 0_i64..100, previous in proptest::option::of(0_i64..100),
        ) {
            let previous = previous.map(at);
            match Instants::at_sealing(at(received), at(clock), at(changed), previous) {
                Ok(instants) => {
                    prop_assert_eq!(instants.received_at(), at(received));
                    prop_assert!(changed <= received);
                    let sealed = instants.sealed_at();
                    prop_assert!(sealed >= at(received) && sealed >= at(clock) && sealed >= at(changed));
                    prop_assert!(previous.is_none_or(|previous| sealed >= previous));
                    prop_assert_eq!(Instants::from_statement(instants.received_at(), sealed), Some(instants));
                }
                Err(error) => {
                    prop_assert!(changed > received);
                    prop_assert_eq!(error, ChangedAfterReceipt { received_at: at(received), changed_at: at(changed) });
                }
            }
        }
    }

    #[test]
    fn a_chain_of_seals_never_steps_back() {
        let mut previous = None;
        // The clock is set back twice.
        for (received, clock) in [(10, 12), (11, 5), (6, 7), (20, 21), (1, 2)] {
            let Ok(instants) = Instants::at_sealing(at(received), at(clock), at(0), previous) else {
                unreachable!("nothing changed")
            };
            assert!(previous.is_none_or(|previous| instants.sealed_at() >= previous));
            previous = Some(instants.sealed_at());
        }
        assert_eq!(previous, Some(at(21)));
        assert_eq!(Instants::from_statement(at(2), at(1)), None);
    }
}
