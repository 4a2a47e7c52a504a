//! A passkey device in software: one ES256 key, no attestation, and any faults that a test needs.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value as Json, json};

/// Flags of the signed authenticator data: user present, user verified, attested credential.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const NEW_KEY: u8 = 0x40;

/// A device with one passkey, once it has created one.
pub struct Authenticator {
    key: EcdsaKeyPair,
    pub credential_id: Vec<u8>,
    /// The origin that the browser reports.
    pub origin: String,
    /// The user handle, given by the portal at creation.
    pub user: Vec<u8>,
    /// Incremented with every use.
    pub counter: u32,
    /// Whether it verifies its user.
    pub verifies: bool,
}

impl Authenticator {
    pub fn new(origin: &str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self {
            key,
            credential_id: uuid::Uuid::now_v7().as_bytes().repeat(2),
            origin: origin.to_owned(),
            user: Vec::new(),
            counter: 0,
            verifies: true,
        }
    }

    /// The result of `navigator.credentials.create` for the portal's options.
    pub fn create(&mut self, options: &Json) -> Json {
        let options = &options["publicKey"];
        self.user = BASE64.decode(options["user"]["id"].as_str().unwrap()).unwrap();
        let mut data = self.data(options["rp"]["id"].as_str().unwrap(), NEW_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        data.extend(&self.credential_id);
        data.extend(self.public_key());
        let attestation = cbor::map(&[
            (cbor::text("fmt"), cbor::text("none")),
            (cbor::text("attStmt"), cbor::map(&[])),
            (cbor::text("authData"), cbor::bytes(&data)),
        ]);
        self.answer(json!({
            "clientDataJSON": BASE64.encode(self.client_data("webauthn.create", options)),
            "attestationObject": BASE64.encode(attestation),
        }))
    }

    /// The result of `navigator.credentials.get` for the portal's options.
    pub fn get(&mut self, options: &Json) -> Json {
        let options = &options["publicKey"];
        self.counter += 1;
        let data = self.data(options["rpId"].as_str().unwrap(), 0);
        let client = self.client_data("webauthn.get", options);
        let signed = [data.as_slice(), digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.answer(json!({
            "clientDataJSON": BASE64.encode(client),
            "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(signature.as_ref()),
            "userHandle": BASE64.encode(&self.user),
        }))
    }

    fn answer(&self, response: Json) -> Json {
        let id = BASE64.encode(&self.credential_id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "extensions": {} })
    }

    fn client_data(&self, kind: &str, options: &Json) -> String {
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false })
            .to_string()
    }

    fn data(&self, host: &str, more: u8) -> Vec<u8> {
        let flags = PRESENT | more | if self.verifies { VERIFIED } else { 0 };
        let mut data = digest(&SHA256, host.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// The public key in COSE format: key type EC2, algorithm ES256, curve P-256, both coordinates.
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        cbor::map(&[
            (cbor::number(1), cbor::number(2)),
            (cbor::number(3), cbor::number(-7)),
            (cbor::number(-1), cbor::number(1)),
            (cbor::number(-2), cbor::bytes(&point[1..33])),
            (cbor::number(-3), cbor::bytes(&point[33..65])),
        ])
    }
}

/// The part of CBOR (RFC 8949) that a device needs.
mod cbor {
    fn head(major: u8, value: u64) -> Vec<u8> {
        match (value, u8::try_from(value)) {
            (0..24, Ok(small)) => vec![major << 5 | small],
            (_, Ok(byte)) => vec![major << 5 | 24, byte],
            _ => {
                let mut head = vec![major << 5 | 25];
                head.extend(u16::try_from(value).unwrap().to_be_bytes());
                head
            }
        }
    }

    pub fn number(value: i64) -> Vec<u8> {
        if value < 0 { head(1, value.unsigned_abs() - 1) } else { head(0, value.unsigned_abs()) }
    }

    pub fn bytes(value: &[u8]) -> Vec<u8> {
        [head(2, value.len() as u64), value.to_vec()].concat()
    }

    pub fn text(value: &str) -> Vec<u8> {
        [head(3, value.len() as u64), value.as_bytes().to_vec()].concat()
    }

    pub fn map(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
        let mut all = head(5, pairs.len() as u64);
        for (key, value) in pairs {
            all.extend(key);
            all.extend(value);
        }
        all
    }
}
