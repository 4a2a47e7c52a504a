//! Money in integer cents, rates in millionths, one rounding rule.

use super::text::{Lang, Text};
use serde::{Deserialize, Serialize};

/// An amount in euro cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

/// A share in millionths: 20 % is 200 000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(pub u32);

const PARTS_PER_MILLION: i128 = 1_000_000;

/// Divides rounding half away from zero: the one rounding rule (FIN-2).
fn div_half_up(number: i128, by: i128) -> i128 {
    let (quotient, rest) = (number / by, number % by);
    if rest.abs() * 2 >= by.abs() { quotient + if (number < 0) == (by < 0) { 1 } else { -1 } } else { quotient }
}

fn clamp(value: i128) -> Cents {
    Cents(i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX }))
}

impl Cents {
    pub const ZERO: Self = Self(0);

    /// Sum, saturating: forms reject amounts long before.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
    /// Difference, saturating.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
    /// A share, rounded half up.
    #[must_use]
    pub fn share(self, rate: Rate) -> Self {
        clamp(div_half_up(i128::from(self.0) * i128::from(rate.0), PARTS_PER_MILLION))
    }
    /// A share, rounded down: for aid, which may not exceed the rate by a cent (FIN-7).
    #[must_use]
    pub fn share_floor(self, rate: Rate) -> Self {
        clamp((i128::from(self.0) * i128::from(rate.0)).div_euclid(PARTS_PER_MILLION))
    }
    /// Multiplies by a quantity in hundredths, rounded half up.
    #[must_use]
    pub fn times_hundredths(self, hundredths: i64) -> Self {
        clamp(div_half_up(i128::from(self.0) * i128::from(hundredths), 100))
    }
    /// This amount as a share of a whole, in millionths, rounded half up; `None` when the whole is not positive.
    #[must_use]
    pub fn share_of(self, whole: Self) -> Option<Rate> {
        (whole.0 > 0)
            .then(|| div_half_up(i128::from(self.0) * PARTS_PER_MILLION, i128::from(whole.0)))
            .and_then(|ppm| u32::try_from(ppm).ok())
            .map(Rate)
    }
    /// True when this is strictly below a share of a whole, computed exactly, without rounding (FIN-3).
    #[must_use]
    pub fn below_share(self, rate: Rate, whole: Self) -> bool {
        i128::from(self.0) * PARTS_PER_MILLION < i128::from(whole.0) * i128::from(rate.0)
    }
    /// The decimal form used in documents, `125000.50`.
    pub fn decimal(self) -> String {
        decimal(self.0)
    }
    /// The amount as readers of a language write it: `125 000,50 €` with non-breaking spaces, or `€125,000.50`.
    pub fn show(self, lang: Lang) -> String {
        let text = decimal(self.0.saturating_abs());
        let (units, rest) = text.split_once('.').unwrap_or((&text, "00"));
        let mut grouped = String::new();
        for (index, digit) in units.chars().enumerate() {
            if index > 0 && (units.len() - index) % 3 == 0 {
                grouped.push_str(lang.tr("\u{202f}", ","));
            }
            grouped.push(digit);
        }
        let sign = if self.0 < 0 { "−" } else { "" };
        match lang {
            Lang::Fr => format!("{sign}{grouped},{rest}\u{a0}€"),
            Lang::En => format!("{sign}€{grouped}.{rest}"),
        }
    }
    /// The amount in both languages.
    pub fn text(self) -> Text {
        Text::new(self.show(Lang::Fr), self.show(Lang::En))
    }
}

impl Rate {
    /// `66,67 %` or `66.67%`: two decimals, rounded half up.
    pub fn show(self, lang: Lang) -> String {
        let hundredths = div_half_up(i128::from(self.0), 100);
        format!("{}{}{:02}{}", hundredths / 100, lang.tr(",", "."), hundredths % 100, lang.tr("\u{a0}%", "%"))
    }
    /// The rate in both languages.
    pub fn text(self) -> Text {
        Text::new(self.show(Lang::Fr), self.show(Lang::En))
    }
}

/// Formats hundredths as a decimal number with two places.
pub fn decimal(hundredths: i64) -> String {
    let absolute = hundredths.unsigned_abs();
    format!("{}{}.{:02}", if hundredths < 0 { "-" } else { "" }, absolute / 100, absolute % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWENTY: Rate = Rate(200_000);

    #[test]
    fn vectors_of_the_rule_register() {
        for (salaries, overhead) in [(10_416_667, 2_083_333), (10_416_666, 2_083_333), (10_000_000, 2_000_000)] {
            assert_eq!(Cents(salaries).share(TWENTY), Cents(overhead));
        }
        assert!(!Cents(3_000_000).below_share(TWENTY, Cents(15_000_000)), "exactly 20 % is not below");
        assert_eq!(Cents(10_000_000).share_of(Cents(15_000_000)), Some(Rate(666_667)));
        let share = Cents(2_999_900).share_of(Cents(13_799_900)).unwrap();
        assert_eq!(share.text(), Text::new("21,74\u{a0}%", "21.74%"));
    }

    #[test]
    fn amounts_are_shown_in_the_language_of_the_reader() {
        assert_eq!(Cents(12_500_050).text(), Text::new("125\u{202f}000,50\u{a0}€", "€125,000.50"));
        assert_eq!(Cents(-5).text(), Text::new("−0,05\u{a0}€", "−€0.05"));
        assert_eq!(Cents(99_999).text(), Text::new("999,99\u{a0}€", "€999.99"));
    }

    proptest! {
        #[test]
        fn a_share_never_strays_by_more_than_half_a_cent(cents in 0_i64..100_000_000_000, ppm in 0_u32..1_000_001) {
            let exact = i128::from(cents) * i128::from(ppm);
            let rounded = i128::from(Cents(cents).share(Rate(ppm)).0) * PARTS_PER_MILLION;
            prop_assert!((rounded - exact).abs() * 2 <= PARTS_PER_MILLION);
            prop_assert!(Cents(cents).share_floor(Rate(ppm)) <= Cents(cents).share(Rate(ppm)));
        }
    }
}
