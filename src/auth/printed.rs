//! Formats the blocks of a token as Datalog, for display. Biscuit prints strings without escaping, so a quote in a
//! string would end it, and the rest would look like a fact of the block. Here every string of the token is escaped.

use super::TokenError;
use crate::domain::text::terminal::inside_quotes;
use biscuit_auth::{UnverifiedBiscuit, format::schema};
use prost_biscuit::Message;

/// Returns every block of a token, in order.
///
/// # Errors
/// [`TokenError::Invalid`] when a block cannot be read.
pub(super) fn blocks(token: &[u8]) -> Result<Vec<String>, TokenError> {
    let unreadable = || TokenError::Invalid("an unreadable block");
    let mut container = schema::Biscuit::decode(token).map_err(|_| TokenError::Invalid("not a token"))?;
    for signed in std::iter::once(&mut container.authority).chain(&mut container.blocks) {
        let mut block = schema::Block::decode(signed.block.as_slice()).map_err(|_| unreadable())?;
        // All strings and names of a block are in its symbol table. Escaping never makes two of them equal.
        for symbol in &mut block.symbols {
            *symbol = inside_quotes(symbol);
        }
        signed.block = block.encode_to_vec();
    }
    let printed = UnverifiedBiscuit::from(container.encode_to_vec()).map_err(|_| TokenError::Invalid("not a token"))?;
    (0..printed.block_count()).map(|index| printed.print_block_source(index).map_err(|_| unreadable())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use biscuit_auth::{
        KeyPair,
        macros::{biscuit, block},
    };

    #[test]
    fn c3_a_string_of_a_block_stays_one() {
        let lie = "x\"), right(\"all\")\n✔ \u{1b}[2K\u{202e}\\";
        let block = block!("check if part({lie})", lie = lie);
        let token = biscuit!(r#"user("ada")"#).build(&KeyPair::new()).unwrap().append(block).unwrap();
        let printed = blocks(&token.to_vec().unwrap()).unwrap();
        assert_eq!(printed[0].trim(), "user(\"ada\");");
        let expected = r#"check if part("x\"), right(\"all\")\n✔ \u{1b}[2K\u{202e}\\");"#;
        assert_eq!(printed[1].trim(), expected);
    }

    #[test]
    fn what_has_nothing_to_escape_is_printed_as_ever() {
        let token = biscuit!(r#"user("ada"); role("officer"); check if time($t), $t <= 2030-01-01T00:00:00Z"#);
        let token = token.build(&KeyPair::new()).unwrap();
        let printed = blocks(&token.to_vec().unwrap()).unwrap();
        assert_eq!(printed, [token.print_block_source(0).unwrap()]);
    }
}
