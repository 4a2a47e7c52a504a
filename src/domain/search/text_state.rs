//! Whether the text of a file is searched.

use crate::domain::slugs::slugs;

slugs! {
    /// The state of the text of a file, by its digest.
    pub enum TextState {
        /// It was not read yet.
        Waiting = "waiting",
        Indexed = "indexed",
        /// It could not be read within the limits, or there is none in it that a program could read.
        Unreadable = "unreadable",
        /// A virus was found in it: its text is neither kept nor searched.
        Infected = "infected",
    }
}
