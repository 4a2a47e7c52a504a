//! Where attachments are: in a folder, or in a bucket of an S3 store.

use super::{GarageConfig, admin_address};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Default size of the local cache of a bucket, in MiB.
const DEFAULT_CACHE_MIB: u32 = 1024;
/// Region of a store that knows none.
const DEFAULT_REGION: &str = "us-east-1";

/// Where attachments are [default: in the folder `blobs` of the data folder].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachments {
    /// `file:/folder`, or `s3://bucket?endpoint=http://[::1]:3900&region=garage`. Further `endpoint`s are used when the
    /// first does not answer.
    #[serde(default)]
    pub url: Option<StoreUrl>,
    /// File with the id and the secret of the bucket's key, each on its own line. Only its owner may read it.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// The former store, from which attachments are read that have not been moved yet.
    #[serde(default)]
    pub previous: Option<StoreUrl>,
    /// Key file of the former store [default: `key_file`].
    #[serde(default)]
    pub previous_key_file: Option<PathBuf>,
    /// Size of the local cache of a bucket, in MiB; 0 for none [default: 1024].
    #[serde(default)]
    pub cache_mib: Option<u32>,
    /// The Garage nodes, if attachments are there: for promises, the operator's page and `guichet garage`.
    #[serde(default)]
    pub garage: Option<GarageConfig>,
    /// Replaced by `url`.
    #[serde(default, skip_serializing)]
    listen: Option<IgnoredAny>,
    /// Replaced by `url`.
    #[serde(default, skip_serializing)]
    copies: Option<IgnoredAny>,
}

/// A store of attachments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StoreUrl {
    Folder(PathBuf),
    Bucket(BucketUrl),
}

/// A bucket of an S3 store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketUrl {
    pub bucket: String,
    /// Where the store answers, each with scheme and without trailing slash; the first is preferred.
    pub endpoints: Vec<String>,
    pub region: String,
}

impl Attachments {
    /// Size of the local cache of a bucket in bytes.
    #[must_use]
    pub fn cache_bytes(&self) -> u64 {
        u64::from(self.cache_mib.unwrap_or(DEFAULT_CACHE_MIB)) << 20
    }

    /// Key file of the former store.
    #[must_use]
    pub fn previous_key_file(&self) -> Option<&Path> {
        self.previous_key_file.as_deref().or(self.key_file.as_deref())
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.listen.is_some() || self.copies.is_some() {
            faults.push(
                "attachments.listen and attachments.copies are gone: over several machines, attachments are in an S3 \
                 store that attachments.url names, for example Garage (docs/runbooks/attachments.md)"
                    .into(),
            );
        }
        let bucket = |url: &Option<StoreUrl>| matches!(url, Some(StoreUrl::Bucket(_)));
        if bucket(&self.url) && self.key_file.is_none() {
            faults.push("attachments.url is a bucket: attachments.key_file has to name the file of its key".into());
        }
        if bucket(&self.previous) && self.previous_key_file().is_none() {
            faults.push("attachments.previous is a bucket: previous_key_file has to name the file of its key".into());
        }
        if self.previous.is_some() && self.previous == self.url {
            faults.push("attachments.previous is the same store as attachments.url".into());
        }
        faults.extend(self.garage.iter().flat_map(GarageConfig::faults));
        faults
    }
}

impl FromStr for StoreUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        if let Some(folder) = url.strip_prefix("file:") {
            // `file:///folder` is the same as `file:/folder`.
            let folder = Path::new(folder.strip_prefix("//").unwrap_or(folder));
            return match folder.is_absolute() {
                true => Ok(Self::Folder(folder.into())),
                false => Err(format!("{url}: the folder has to be absolute, as in file:/srv/guichet/blobs")),
            };
        }
        let rest = url.strip_prefix("s3://").ok_or_else(|| format!("{url}: neither file:… nor s3://…"))?;
        let (bucket, query) = rest.split_once('?').unwrap_or((rest, ""));
        let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if bucket.is_empty() || !bucket.chars().all(letters) {
            return Err(format!("{url}: `{bucket}` is no name of a bucket"));
        }
        let mut found = BucketUrl { bucket: bucket.into(), endpoints: Vec::new(), region: DEFAULT_REGION.into() };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8().map_err(|error| format!("{url}: {error}"))?;
            match name {
                "endpoint" => found.endpoints.push(endpoint(&value).ok_or_else(|| {
                    format!("{url}: `{value}` is no endpoint; it is written http://host:port or https://host")
                })?),
                "region" => found.region = value.into_owned(),
                other => return Err(format!("{url}: unknown parameter {other}")),
            }
        }
        match found.endpoints.is_empty() {
            true => Err(format!("{url}: an endpoint is missing, as in s3://{bucket}?endpoint=https://s3.example")),
            false => Ok(Self::Bucket(found)),
        }
    }
}

/// An endpoint without trailing slash: scheme, host and port, nothing more, as that of an admin API.
fn endpoint(text: &str) -> Option<String> {
    let url = admin_address(text).ok()?;
    Some(url.as_str().trim_end_matches('/').to_owned())
}

impl TryFrom<String> for StoreUrl {
    type Error = String;
    fn try_from(url: String) -> Result<Self, String> {
        url.parse()
    }
}

impl From<StoreUrl> for String {
    fn from(url: StoreUrl) -> Self {
        url.to_string()
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "file:{}", folder.display()),
            Self::Bucket(BucketUrl { bucket, endpoints, region }) => {
                write!(f, "s3://{bucket}?")?;
                endpoints.iter().try_for_each(|endpoint| write!(f, "endpoint={endpoint}&"))?;
                write!(f, "region={region}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_read_as_they_are_written() {
        for (url, written) in [
            ("file:/srv/blobs", "file:/srv/blobs"),
            ("file:///srv/blobs", "file:/srv/blobs"),
            ("s3://b?endpoint=http://[::1]:3900/&region=garage", "s3://b?endpoint=http://[::1]:3900&region=garage"),
            ("s3://b?endpoint=https%3A%2F%2Fs3.example", "s3://b?endpoint=https://s3.example&region=us-east-1"),
            (
                "s3://b?endpoint=http://a:1&endpoint=http://b:1&region=r",
                "s3://b?endpoint=http://a:1&endpoint=http://b:1&region=r",
            ),
        ] {
            let store: StoreUrl = url.parse().unwrap();
            assert_eq!(store.to_string(), written);
            assert_eq!(written.parse(), Ok(store));
        }
        for url in [
            "/srv/blobs",
            "file:blobs",
            "s3://",
            "s3://b",
            "s3://b/c?endpoint=http://a",
            "s3://b?endpoint=a:3900",
            "s3://b?endpoint=http://key:secret@a",
            "s3://b?endpoint=http://a/path",
            "s3://b?endpoint=http://a&key=1",
        ] {
            assert!(url.parse::<StoreUrl>().is_err(), "{url}");
        }
    }

    #[test]
    fn faults_say_what_is_missing_and_what_replaced_the_old_keys() {
        let faults = |text: &str| toml::from_str::<Attachments>(text).unwrap().faults().join("; ");
        assert_eq!(faults(""), "");
        assert_eq!(faults("url = 's3://b?endpoint=http://a'\nkey_file = '/k'\nprevious = 'file:/srv'"), "");
        assert!(faults("listen = '[::1]:1'\ncopies = 2").contains("attachments.url"));
        assert!(faults("url = 's3://b?endpoint=http://a'").contains("key_file"));
        assert!(faults("previous = 's3://b?endpoint=http://a'").contains("previous_key_file"));
        assert!(faults("url = 'file:/a'\nprevious = 'file:/a'").contains("same store"));
    }
}
