//! Conversions between rows and the domain.

use super::StoreError;
use jiff::{Timestamp, civil::Date};
use time::{OffsetDateTime, PrimitiveDateTime};

/// Ids that one statement names; a longer list takes several.
pub(super) const IDS_PER_STATEMENT: usize = 500;

/// Converts an instant for a `datetime(6)` column, in UTC.
pub(super) fn to_datetime(at: Timestamp) -> PrimitiveDateTime {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(at.as_microsecond() as i128 * 1000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    PrimitiveDateTime::new(moment.date(), moment.time())
}

/// Converts an instant from a `datetime(6)` column.
pub(super) fn from_datetime(at: PrimitiveDateTime) -> Timestamp {
    let nanos = at.assume_utc().unix_timestamp_nanos();
    Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Converts a date for a `date` column.
pub(super) fn to_date(day: Date) -> Option<time::Date> {
    let month = time::Month::try_from(u8::try_from(day.month()).ok()?).ok()?;
    time::Date::from_calendar_date(i32::from(day.year()), month, u8::try_from(day.day()).ok()?).ok()
}

/// Converts a date from a `date` column.
pub(super) fn from_date(day: time::Date) -> Option<Date> {
    let (year, month, day) = day.to_calendar_date();
    Date::new(i16::try_from(year).ok()?, i8::try_from(u8::from(month)).ok()?, i8::try_from(day).ok()?).ok()
}

/// Returns the error for an impossible value, with its table and column.
pub(super) fn inconsistent(table: &'static str, column: &'static str) -> StoreError {
    StoreError::Inconsistent { table, column }
}

/// Fails unless exactly one row was matched (the driver counts matched rows).
pub(super) fn expect_one_row(rows: u64) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
