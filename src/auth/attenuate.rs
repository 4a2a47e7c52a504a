//! Attenuates an API token without its root key and without the portal.

use super::{TokenError, admit::admit_blocks};
use crate::domain::{
    access::{Action, Part},
    ids::DossierId,
};
use biscuit_auth::{
    UnverifiedBiscuit,
    builder::{BlockBuilder, Term, string},
    macros::block,
};
use jiff::Timestamp;
use std::{collections::BTreeSet, fmt::Write};

/// The restrictions to add. All of them apply.
#[derive(Clone, Debug, Default)]
pub struct Attenuation {
    /// Only this dossier.
    pub dossier: Option<DossierId>,
    /// Only one of these parts.
    pub parts: Vec<Part>,
    /// Only one of these actions.
    pub actions: Vec<Action>,
    /// Last valid instant.
    pub until: Option<Timestamp>,
}

impl Attenuation {
    /// Whether there is no restriction.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dossier.is_none() && self.parts.is_empty() && self.actions.is_empty() && self.until.is_none()
    }

    fn block(&self) -> BlockBuilder {
        let words = |words: BTreeSet<Term>| words;
        let mut block = BlockBuilder::new();
        if let Some(id) = self.dossier {
            block = block.merge(block!("check if dossier({id})", id = id.to_string()));
        }
        if !self.parts.is_empty() {
            let parts = words(self.parts.iter().map(|part| string(&part.to_string())).collect());
            block = block.merge(block!("check if part($p), {parts}.contains($p)", parts = parts));
        }
        if !self.actions.is_empty() {
            let actions = words(self.actions.iter().map(|action| string(action.slug())).collect());
            block = block.merge(block!("check if operation($o), {actions}.contains($o)", actions = actions));
        }
        if let Some(until) = self.until {
            block = block.merge(block!("check if time($t), $t <= {until}", until = super::token::moment(until)));
        }
        block
    }
}

/// Returns an attenuated token.
///
/// # Errors
/// [`TokenError::Invalid`] when the text is not a token, was sealed, or would give a token that the portal refuses.
pub fn attenuate(text: &str, attenuation: &Attenuation) -> Result<String, TokenError> {
    let token =
        UnverifiedBiscuit::from(super::token::biscuit_bytes(text)?).map_err(|_| TokenError::Invalid("not a token"))?;
    let narrowed = token
        .append(attenuation.block())
        .map_err(|_| TokenError::Invalid("sealed: a browser's token cannot be narrowed"))?;
    admit_blocks(&narrowed.to_vec()?)?;
    Ok(narrowed.to_base64()?)
}

/// Returns the content of a token, block by block, for display.
///
/// # Errors
/// [`TokenError::Invalid`] when the text is not a token.
pub fn describe(text: &str) -> Result<String, TokenError> {
    let bytes = super::token::biscuit_bytes(text)?;
    let token = UnverifiedBiscuit::from(&bytes).map_err(|_| TokenError::Invalid("not a token"))?;
    let mut told = String::new();
    let blocks = token.revocation_identifiers().into_iter().zip(super::printed::blocks(&bytes)?);
    for (index, (id, source)) in blocks.enumerate() {
        let whose = if index == 0 { "the portal's" } else { "added by a holder" };
        // Writing to a string cannot fail.
        writeln!(told, "block {index}, {whose}, revocation id {}", hex::encode(id)).ok();
        for line in source.lines().filter(|line| !line.trim().is_empty()) {
            writeln!(told, "  {line}").ok();
        }
    }
    Ok(told)
}
