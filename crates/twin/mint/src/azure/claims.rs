//! The claims of the paravisor: the JSON whose hash the hardware signs.

mod generation;

pub use generation::Generation;

use crate::error::patch;
use crate::json::{Json, Object};
use crate::{Error, Key};

/// How much the guest can have put into the claims.
const USER_DATA_BYTES: usize = 64;
/// Default identity of a minted machine.
const VM_ID: &str = "7EE79200-F000-4000-8000-0123456789AB";

/// Claims, written compactly and in this order: `keys`, `vm-configuration`, `user-data`, others.
///
/// Every object keeps its members in order and takes any of them any number of times.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claims {
    /// The members of `keys`: any number, in any order.
    pub keys: Vec<Object>,
    /// The members of `vm-configuration`.
    pub configuration: Object,
    /// What `user-data` says. `None` leaves it out.
    pub user_data: Option<Json>,
    /// Further members at the end, also of names that are there already.
    pub others: Object,
    /// How user-data is written from now on.
    pub letters: Letters,
    /// These bytes in place of the JSON. They are hashed as they are.
    pub raw: Option<Vec<u8>>,
    patches: Vec<(usize, Vec<u8>)>,
}

/// Which letters hexadecimal digits have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// `0A`, from the older paravisor.
    Upper,
    /// `0a`, from OpenHCL.
    Lower,
}

impl Letters {
    /// These bytes in hexadecimal.
    #[must_use]
    pub fn hex(self, bytes: &[u8]) -> String {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.of(&digits)
    }

    /// This text in these letters.
    #[must_use]
    pub fn of(self, text: &str) -> String {
        match self {
            Self::Upper => text.to_ascii_uppercase(),
            Self::Lower => text.to_ascii_lowercase(),
        }
    }
}

impl Claims {
    /// What a paravisor of this generation says about a machine with these keys. The guest has
    /// put nothing into it.
    #[must_use]
    pub fn new(generation: Generation, ak: &Key, ek: &Key) -> Self {
        let letters = generation.letters();
        let mut keys = vec![jwk("HCLAkPub", generation.ak_operation(), ak)];
        if generation.names_ek() {
            keys.push(jwk("HCLEkPub", "encrypt", ek));
        }
        let user_data = Json::Text(letters.hex(&[0; USER_DATA_BYTES]));
        Self {
            keys,
            configuration: generation.configuration(&letters.of(VM_ID)),
            user_data: generation.has_user_data().then_some(user_data),
            others: Object::default(),
            letters,
            raw: None,
            patches: Vec::new(),
        }
    }

    /// Sets what the guest put in, extended with zeros to 64 bytes. What is longer stays so.
    pub fn set_user_data(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().max(USER_DATA_BYTES), 0);
        self.user_data = Some(Json::Text(self.letters.hex(&bytes)));
    }

    /// Writes user-data and the machine's identity in these letters.
    pub fn set_letters(&mut self, letters: Letters) {
        self.letters = letters;
        let identity = self.configuration.get_mut("vmUniqueId");
        for text in self.user_data.iter_mut().chain(identity) {
            if let Json::Text(text) = text {
                *text = letters.of(text);
            }
        }
    }

    /// The first key of this name.
    pub fn key_mut(&mut self, kid: &str) -> Option<&mut Object> {
        self.keys.iter_mut().find(|key| key.get("kid") == Some(&Json::from(kid)))
    }

    /// Puts this key's modulus into the attestation key's claim.
    pub fn set_ak(&mut self, key: &Key) {
        if let Some(claim) = self.key_mut("HCLAkPub") {
            claim.set("n", Json::Modulus(key.clone()));
        }
    }

    /// Puts this key's modulus into the endorsement key's claim, if there is one.
    pub fn set_ek(&mut self, key: &Key) {
        if let Some(claim) = self.key_mut("HCLEkPub") {
            claim.set("n", Json::Modulus(key.clone()));
        }
    }

    /// Overwrites bytes before they are hashed.
    pub fn patch(&mut self, offset: usize, bytes: &[u8]) {
        self.patches.push((offset, bytes.to_vec()));
    }

    /// The bytes that are hashed.
    ///
    /// # Errors
    /// A key could not be made or has no modulus, or a patch reaches over the end.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = match &self.raw {
            Some(raw) => raw.clone(),
            None => self.object().write()?.into_bytes(),
        };
        patch(&mut bytes, &self.patches)?;
        Ok(bytes)
    }

    fn object(&self) -> Object {
        let keys = self.keys.iter().cloned().map(Json::Object).collect();
        let mut object = Object::default()
            .with("keys", Json::Array(keys))
            .with("vm-configuration", self.configuration.clone());
        if let Some(user_data) = &self.user_data {
            object.push("user-data", user_data.clone());
        }
        object.0.extend(self.others.0.iter().cloned());
        object
    }
}

/// A key as the paravisor writes it.
fn jwk(kid: &str, operation: &str, key: &Key) -> Object {
    Object::default()
        .with("kid", kid)
        .with("key_ops", vec![Json::from(operation)])
        .with("kty", "RSA")
        .with("e", "AQAB")
        .with("n", Json::Modulus(key.clone()))
}
