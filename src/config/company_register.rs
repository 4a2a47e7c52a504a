//! `[company_register]`: where the portal asks for the public data of a company. Without this section it never asks.

use serde::{Deserialize, Serialize};

/// An endpoint with the shape of the State’s *Recherche d’entreprises*.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyRegisterConfig {
    /// Address below which `/search` is: `https://recherche-entreprises.api.gouv.fr`. Plain `http://` on this machine only.
    pub url: String,
    /// Most requests that one process sends in a second. The State takes seven from one address, whatever the number of
    /// processes behind it.
    #[serde(default = "default_rate")]
    pub max_requests_per_second: u32,
}

/// Default of `max_requests_per_second`.
const DEFAULT_REQUESTS_PER_SECOND: u32 = 1;
/// More than the State takes would only be refused.
const MAX_REQUESTS_PER_SECOND: u32 = 7;

fn default_rate() -> u32 {
    DEFAULT_REQUESTS_PER_SECOND
}

impl CompanyRegisterConfig {
    /// All faults of this section, in words.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.address().err().into_iter().collect();
        if !(1..=MAX_REQUESTS_PER_SECOND).contains(&self.max_requests_per_second) {
            faults.push(format!("company_register.max_requests_per_second is not from 1 to {MAX_REQUESTS_PER_SECOND}"));
        }
        faults
    }

    /// The address. Whoever could change an answer on its way could put words in the form.
    pub(crate) fn address(&self) -> Result<reqwest::Url, String> {
        let wrong = |reason: &str| format!("company_register.url {:?} {reason}", self.url);
        let url: reqwest::Url = self.url.parse().map_err(|_| wrong("is not an address"))?;
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let plain = url.username().is_empty() && url.password().is_none();
        if url.cannot_be_a_base() || !plain || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("is to be https://host, with a path at most"));
        }
        match url.scheme() {
            "https" => Ok(url),
            "http" if here => Ok(url),
            _ => Err(wrong("must begin with https://, except on this very machine")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CompanyRegisterConfig;

    fn faults(text: &str) -> Vec<String> {
        toml::from_str::<CompanyRegisterConfig>(text).unwrap().faults()
    }

    #[test]
    fn an_answer_that_others_could_change_is_not_asked_for() {
        for good in ["https://recherche-entreprises.api.gouv.fr", "http://127.0.0.1:8080/register", "http://[::1]:1"] {
            assert_eq!(faults(&format!("url = '{good}'")), Vec::<String>::new(), "{good}");
        }
        for bad in ["http://register.example", "ftp://127.0.0.1", "https://u:p@h", "https://h/?q=1", "register"] {
            assert_eq!(faults(&format!("url = '{bad}'")).len(), 1, "{bad}");
        }
        assert_eq!(faults("url = 'http://h'\nmax_requests_per_second = 0").len(), 2);
        assert_eq!(faults("url = 'https://h'\nmax_requests_per_second = 8").len(), 1);
    }
}
