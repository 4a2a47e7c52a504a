//! What other programs answer to the operator's page, or why they do not.

use std::{error::Error, time::Duration};

/// Awaits an answer for a limited time; the error is the reason, in English, for the operator.
pub(super) async fn answer_within<T, E: Error>(
    limit: Duration,
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match tokio::time::timeout(limit, asked).await {
        Ok(answer) => answer.map_err(|error| match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }),
        Err(_) => Err(format!("no answer within {} s", limit.as_secs())),
    }
}
