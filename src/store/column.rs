//! Values of the domain as columns.

use super::row::from_datetime;
use crate::domain::{
    calendar::RoundId,
    ids::{AccountId, AttemptId, DossierId, SessionId},
    money::Cents,
};
use jiff::Timestamp;
use sqlx::{
    Decode, Encode, MySql, Type,
    encode::IsNull,
    error::BoxDynError,
    mysql::{MySqlTypeInfo, MySqlValueRef},
};
use time::PrimitiveDateTime;
use uuid::Uuid;

macro_rules! read_as {
    ($name:ident, $column:ty, $value:expr) => {
        impl Type<MySql> for $name {
            fn type_info() -> MySqlTypeInfo {
                <$column as Type<MySql>>::type_info()
            }
            fn compatible(info: &MySqlTypeInfo) -> bool {
                <$column as Type<MySql>>::compatible(info)
            }
        }

        impl<'r> Decode<'r, MySql> for $name {
            fn decode(column: MySqlValueRef<'r>) -> Result<Self, BoxDynError> {
                <$column as Decode<'r, MySql>>::decode(column).map($value)
            }
        }
    };
}

macro_rules! newtypes {
    ($($name:ident($column:ty)),+ $(,)?) => {$(
        read_as!($name, $column, $name);

        impl Encode<'_, MySql> for $name {
            fn encode_by_ref(&self, buffer: &mut Vec<u8>) -> Result<IsNull, BoxDynError> {
                <$column as Encode<'_, MySql>>::encode_by_ref(&self.0, buffer)
            }
        }
    )+};
}

newtypes! {
    AccountId(Uuid),
    AttemptId(Uuid),
    DossierId(Uuid),
    SessionId(Uuid),
    RoundId(String),
    Cents(i64),
}

/// Reads a `datetime(6)` column, for fields marked `try_from`: sqlx knows no jiff, and neither is ours.
pub struct InstantColumn(Timestamp);

/// An instant in a column that may be null.
pub struct OptionalInstantColumn(Option<Timestamp>);

read_as!(InstantColumn, PrimitiveDateTime, |at| InstantColumn(from_datetime(at)));
read_as!(OptionalInstantColumn, Option<PrimitiveDateTime>, |at| OptionalInstantColumn(at.map(from_datetime)));

impl From<InstantColumn> for Timestamp {
    fn from(column: InstantColumn) -> Self {
        column.0
    }
}

impl From<OptionalInstantColumn> for Option<Timestamp> {
    fn from(column: OptionalInstantColumn) -> Self {
        column.0
    }
}
