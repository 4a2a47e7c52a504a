//! `guichet admin invoice`: the reported usage at the prices of a tariff, as a draft invoice, for external or internal
//! billing.
//!
//! SlapOS' master makes invoices from the same reports; both can be compared, because the quantities are exactly those
//! that were sent.

use super::{
    InstallationArgs,
    consumption::{Counts, PERIODS_FILE, Period},
};
use crate::{
    config::Config,
    domain::csv::{Cell, Table},
};
use anyhow::{Context, ensure};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;
use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

const BYTES_PER_GIB: i128 = 1 << 30;
const MILLISECONDS_PER_HOUR: i128 = 3_600_000;

/// Options of `guichet admin invoice`.
#[derive(Clone, Debug, clap::Args)]
pub struct InvoiceArgs {
    /// Month to bill, such as 2026-11.
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    month: Date,
    /// Price list, TOML.
    #[arg(long, value_name = "FILE")]
    tariff: PathBuf,
    #[command(flatten)]
    installation: InstallationArgs,
}

fn month(text: &str) -> Result<Date, String> {
    format!("{text}-01").parse().map_err(|_| "a month like 2026-11".into())
}

/// Prices in cents without tax: per dossier, per deposit, per GiB stored for the month, per hour of CPU.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tariff {
    /// The customer.
    customer: String,
    dossier_cents: i64,
    deposit_cents: i64,
    storage_gib_month_cents: i64,
    cpu_hour_cents: i64,
    /// Tax rate in millionths; 0 between departments.
    vat_ppm: i64,
}

/// A line of the draft; quantities in millionths of the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
struct InvoiceLine {
    resource: &'static str,
    reference: String,
    quantity_ppm: i128,
    price_cents: i64,
    amount_cents: i64,
}

pub(super) fn run(args: &InvoiceArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.installation.config)?;
    let text = fs::read_to_string(&args.tariff).with_context(|| format!("cannot read {}", args.tariff.display()))?;
    let tariff: Tariff = toml::from_str(&text).with_context(|| args.tariff.display().to_string())?;
    let journal = config.portal.data_dir.join(PERIODS_FILE);
    let text = fs::read_to_string(&journal)
        .with_context(|| format!("cannot read {}: was anything reported yet?", journal.display()))?;
    let periods = text.lines().map(serde_json::from_str).collect::<Result<Vec<Period>, _>>()?;
    let begin = args.month.in_tz("UTC")?.timestamp();
    let end = args.month.checked_add(jiff::Span::new().months(1))?.in_tz("UTC")?.timestamp();
    let lines = lines(&periods, &tariff, begin, end);
    ensure!(!lines.is_empty(), "nothing was reported in {}", args.month.strftime("%Y-%m"));
    let mut table = Table::plain();
    table.texts(["customer", "month", "resource", "reference", "quantity", "price_cents", "amount_cents"]);
    let month = args.month.strftime("%Y-%m").to_string();
    let mut write = |resource: &str, reference: &str, quantity: Cell<'_>, price: Cell<'_>, amount: i64| {
        let words = [&tariff.customer, &month, resource, reference].map(Cell::Text);
        table.row(words.into_iter().chain([quantity, price, Cell::Integer(amount)]));
    };
    for line in &lines {
        let quantity = Cell::Millionths(line.quantity_ppm);
        write(line.resource, &line.reference, quantity, Cell::Integer(line.price_cents), line.amount_cents);
    }
    let net: i64 = lines.iter().map(|line| line.amount_cents).sum();
    let vat = amount(i128::from(net) * i128::from(tariff.vat_ppm), 1_000_000);
    for (what, amount) in [("net", net), ("vat", vat), ("total", net + vat)] {
        write(what, "", Cell::Empty, Cell::Empty, amount);
    }
    Ok(io::stdout().write_all(table.finish().as_bytes())?)
}

/// The sum of the reports whose period ended within the month. Storage is the average over the reports.
fn lines(periods: &[Period], tariff: &Tariff, begin: Timestamp, end: Timestamp) -> Vec<InvoiceLine> {
    let used: Vec<&Counts> =
        periods.iter().filter(|period| begin <= period.to && period.to < end).map(|period| &period.used).collect();
    if used.is_empty() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let mut add = |resource, reference: &str, quantity: i128, unit: i128, price: i64| {
        lines.push(InvoiceLine {
            resource,
            reference: reference.into(),
            quantity_ppm: quantity * 1_000_000 / unit,
            price_cents: price,
            amount_cents: amount(quantity * i128::from(price), unit),
        });
    };
    let calls: std::collections::BTreeSet<&String> =
        used.iter().flat_map(|counts| counts.dossiers.keys().chain(counts.deposits.keys())).collect();
    let of = |call: &String, pick: fn(&Counts) -> &std::collections::BTreeMap<String, i64>| -> i128 {
        used.iter().filter_map(|counts| pick(counts).get(call)).map(|count| i128::from(*count)).sum()
    };
    for call in calls {
        add("dossier", call, of(call, |counts| &counts.dossiers), 1, tariff.dossier_cents);
        add("deposit", call, of(call, |counts| &counts.deposits), 1, tariff.deposit_cents);
    }
    let reports = i128::try_from(used.len()).unwrap_or(1);
    let held: i128 = used.iter().map(|counts| i128::from(counts.storage_bytes)).sum();
    add("storage_gib_month", "guichet", held, BYTES_PER_GIB * reports, tariff.storage_gib_month_cents);
    let cpu: i128 = used.iter().map(|counts| i128::from(counts.cpu_ms)).sum();
    add("cpu_hour", "guichet", cpu, MILLISECONDS_PER_HOUR, tariff.cpu_hour_cents);
    lines
}

/// Quantity times price, divided by the quantity's unit, in cents, rounded half up.
fn amount(product: i128, unit: i128) -> i64 {
    i64::try_from((2 * product + unit).div_euclid(2 * unit)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{BYTES_PER_GIB, Counts, MILLISECONDS_PER_HOUR, Period, Tariff, amount, lines};

    #[test]
    fn a_month_is_billed_by_what_was_reported_in_it() {
        let tariff = Tariff {
            customer: "c".into(),
            dossier_cents: 10,
            deposit_cents: 250,
            storage_gib_month_cents: 100,
            cpu_hour_cents: 7,
            vat_ppm: 200_000,
        };
        let at = |text: &str| text.parse().unwrap();
        let period = |to: &str, deposits: i64| Period {
            from: None,
            to: at(to),
            used: Counts {
                dossiers: [("hox".to_owned(), 4)].into(),
                deposits: [("hox".to_owned(), deposits)].into(),
                storage_bytes: i64::try_from(BYTES_PER_GIB).unwrap() * deposits,
                cpu_ms: i64::try_from(MILLISECONDS_PER_HOUR).unwrap() / 2,
            },
        };
        let periods = [
            period("2026-10-31T23:59:59Z", 9),
            period("2026-11-01T00:00:00Z", 1),
            period("2026-11-30T23:59:59Z", 2),
            period("2026-12-01T00:00:00Z", 9),
        ];
        let billed = lines(&periods, &tariff, at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
        let amounts: Vec<(&str, i64)> = billed.iter().map(|line| (line.resource, line.amount_cents)).collect();
        assert_eq!(amounts, [("dossier", 80), ("deposit", 750), ("storage_gib_month", 150), ("cpu_hour", 7)]);
        assert_eq!(billed[2].quantity_ppm, 1_500_000);
        assert_eq!((amount(1, 2), amount(149, 100), amount(-1, 2)), (1, 1, 0));
    }
}
