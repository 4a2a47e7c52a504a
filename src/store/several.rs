//! Statements about several rows. A connection keeps every text that it has prepared, so these have only as many as there
//! are powers of two, whatever the number of rows is.

use sqlx::{Encode, MySql, QueryBuilder, Type};

/// Maximum number of rows that one statement inserts.
const MAX_ROWS: usize = 64;

/// Splits rows into those of each statement.
pub(super) fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = 1_usize << rest.len().checked_ilog2()?;
        let (chunk, after) = rest.split_at(size.min(MAX_ROWS));
        rest = after;
        Some(chunk)
    })
}

/// Repeats the last item until there is a power of two of them. A list of values that one is looked for in, or of
/// alternatives, means the same then.
pub(super) fn padded<T>(items: &[T]) -> impl Iterator<Item = &T> {
    items.iter().chain(items.last().into_iter().cycle()).take(items.len().next_power_of_two())
}

/// Appends a list of values in parentheses, of which there must be one at least.
pub(super) fn push_list<'t, T>(query: &mut QueryBuilder<MySql>, values: &'t [T])
where
    &'t T: Encode<'t, MySql> + Type<MySql>,
{
    query.push("(");
    let mut list = query.separated(", ");
    for value in padded(values) {
        list.push_bind(value);
    }
    query.push(")");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Every row is in one chunk, in order, and every size is a power of two.
        #[test]
        fn rows_are_split_by_powers_of_two(rows in proptest::collection::vec(0_u8..9, 0..300)) {
            let split: Vec<&[u8]> = chunks(&rows).collect();
            prop_assert_eq!(split.concat(), rows.clone());
            prop_assert!(split.iter().all(|chunk| chunk.len().is_power_of_two() && chunk.len() <= MAX_ROWS));
        }

        /// A padded list has the same items.
        #[test]
        fn a_padded_list_has_a_power_of_two_of_the_same_items(items in proptest::collection::vec(0_u8..9, 1..70)) {
            let padded: Vec<u8> = padded(&items).copied().collect();
            prop_assert!(padded.len().is_power_of_two() && padded.len() < 2 * items.len());
            prop_assert_eq!(&padded[..items.len()], &items[..]);
            prop_assert!(padded[items.len()..].iter().all(|item| item == &items[items.len() - 1]));
        }
    }

    #[test]
    fn of_nothing_there_is_no_statement_and_no_value() {
        assert_eq!(chunks::<u8>(&[]).count(), 0);
        assert_eq!(padded::<u8>(&[]).count(), 0);
    }
}
