//! The tag of a mail: the id of its job with an authenticator. It is in the Message-ID and, if reports on the delivery have
//! an address, in the envelope's sender. Whoever has not received the mail cannot make one, so a report with it is about
//! that mail.

use crate::auth::{self, Keys};
use uuid::Uuid;

/// The tag of a job: `<id>.<mac>`, in lower-case hexadecimal.
pub(super) fn write(keys: &Keys, job: Uuid) -> String {
    let id = job.simple().to_string();
    let mac = auth::mail_mac(keys, &id);
    format!("{id}.{mac}")
}

/// The Message-ID of a job at a host, with its angle brackets.
pub(super) fn message_id(keys: &Keys, job: Uuid, host: &str) -> String {
    format!("<{}@{host}>", write(keys, job))
}

/// The job of an address or a Message-ID that has its tag.
pub(super) fn read(keys: &Keys, address: &str) -> Option<Uuid> {
    let (local, _) = address.trim().trim_start_matches('<').rsplit_once('@')?;
    // Some servers change the case.
    let local = local.to_ascii_lowercase();
    let tag = local.rsplit_once('+').map_or(local.as_str(), |(_, tag)| tag);
    let (id, mac) = tag.split_once('.')?;
    let job = Uuid::try_parse(id).ok()?;
    (job.simple().to_string() == id && auth::is_mail_mac_valid(keys, id, mac)).then_some(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tag_of_these_keys_is_read_in_any_case() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        let (keys, others) = (Keys::open(&one, None).unwrap(), Keys::open(&other, None).unwrap());
        let job = Uuid::from_u128(0x0190_a5c0_0000_7000_8000_0000_0000_0009);
        let tag = write(&keys, job);
        assert!(tag.len() <= 49, "{tag}: an address has 64 characters before the @");
        for good in [
            format!("b+{tag}@aap.example"),
            format!("<{tag}@aap.example>"),
            format!("B+{}@AAP.EXAMPLE", tag.to_uppercase()),
            message_id(&keys, job, "aap.example"),
        ] {
            assert_eq!(read(&keys, &good), Some(job), "{good}");
            assert_eq!(read(&others, &good), None, "{good}");
        }
        let (id, mac) = tag.split_once('.').unwrap();
        let next = Uuid::from_u128(job.as_u128() + 1).simple();
        for forged in [
            format!("b+{next}.{mac}@x.fr"),
            format!("b+{id}.{}@x.fr", "0".repeat(16)),
            format!("b+{id}.@x.fr"),
            format!("b+{id}@x.fr"),
            format!("b+{job}.{mac}@x.fr"),
            tag.clone(),
            "@".into(),
            String::new(),
        ] {
            assert_eq!(read(&keys, &forged), None, "{forged}");
        }
    }
}
