//! The virus scanner, where one is configured.

use super::{Sheet, reason};
use crate::{
    adapters::clamd::Clamd,
    app::load_calls,
    config::{Config, ScanConfig},
    domain::scan::Verdict,
};
use tokio::io::{AsyncReadExt, repeat};

/// Asks for its version, and whether it takes the longest file of the calls.
pub(super) async fn examine(config: &Config, sheet: &mut Sheet) {
    let Some(scan) = &config.scan else { return };
    let ScanConfig { clamd: address, .. } = scan;
    let clamd = Clamd::new(scan);
    match clamd.version().await {
        Ok(version) => sheet.fine(format!("The virus scanner on {address} answers: {version}.")),
        Err(error) => {
            return sheet.problem(
                format!("The virus scanner on {address} does not answer: {}.", reason(&error.into())),
                "Start clamd, or correct scan.clamd. Deposits go on; files wait for their scan, and experts for the files.",
            );
        }
    }
    let calls = load_calls(config).map(|calls| calls.calls).unwrap_or_default();
    let Some(longest) = calls.iter().map(|call| call.files.max_file_bytes).max() else { return };
    match clamd.scan(repeat(0).take(longest)).await {
        Ok(Verdict::Clean) => {
            sheet.fine(format!("The virus scanner takes files of {longest} bytes, the longest allowed."))
        }
        Ok(Verdict::Infected { signature }) => sheet.problem(
            format!("The virus scanner finds {signature} in a file of zeros."),
            "See its settings: every file would be withheld.",
        ),
        Err(error) => sheet.problem(
            format!("The virus scanner does not take a file of {longest} bytes: {}.", reason(&error.into())),
            "Raise StreamMaxLength, MaxFileSize and MaxScanSize in clamd.conf; docs/runbooks/scan.md.",
        ),
    }
}
