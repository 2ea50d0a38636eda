//! The payload: a map whose entries can be set, renamed, repeated and left out.

use super::Identity;
use super::boot::measured_boot;
use crate::Error;
use crate::cbor::{self, Value};
use crate::digest::sha384;

/// The payload of an attestation document: its entries, in order.
#[derive(Clone, Debug)]
pub struct Document {
    entries: Vec<(Value, Item)>,
    definite: bool,
}

/// A value, or a place that the chain fills.
#[derive(Clone, Debug)]
enum Item {
    Plain(Value),
    Leaf,
    Bundle,
}

impl Document {
    /// What an enclave in production says: nine entries in the order of real documents, with
    /// sixteen PCRs and null for absent optional fields.
    pub(super) fn of(identity: &Identity, milliseconds: u64) -> Self {
        let plain = |key: &str, value: Value| (Value::from(key), Item::Plain(value));
        let entries = vec![
            plain("module_id", identity.module_id().into()),
            plain("digest", "SHA384".into()),
            plain("timestamp", milliseconds.into()),
            plain("pcrs", pcrs(identity)),
            (Value::from("certificate"), Item::Leaf),
            (Value::from("cabundle"), Item::Bundle),
            plain("public_key", Value::Null),
            plain("user_data", Value::Null),
            plain("nonce", Value::Null),
        ];
        Self { entries, definite: false }
    }

    /// The entries of a payload, in their order and whatever they are; `certificate` and `cabundle` are filled by the chain
    /// that signs it next. It stays definite or indefinite.
    ///
    /// # Errors
    /// Not one map in CBOR.
    pub fn from_payload(payload: &[u8]) -> Result<Self, Error> {
        let Value::Map(entries) = cbor::from_bytes(payload)? else { return Err(Error::NotAPayload) };
        let item = |key: &Value, value| match key.as_text() {
            Some("certificate") => Item::Leaf,
            Some("cabundle") => Item::Bundle,
            _ => Item::Plain(value),
        };
        let entries = entries.into_iter().map(|(key, value)| {
            let item = item(&key, value);
            (key, item)
        });
        Ok(Self { entries: entries.collect(), definite: payload.first() != Some(&0xbf) })
    }

    /// Writes the map with its length (true) or between `bf` and `ff` (false), as it is since 2025.
    pub const fn set_definite(&mut self, definite: bool) {
        self.definite = definite;
    }

    /// Sets an entry to any value, in its place, or adds it at the end.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        let item = Item::Plain(value.into());
        match self.entries.iter_mut().find(|(found, _)| found.as_text() == Some(key)) {
            Some((_, place)) => *place = item,
            None => self.entries.push((key.into(), item)),
        }
    }

    /// The value of an entry. `None` when it is absent or filled by the chain.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        let (_, item) = self.entries.iter().find(|(found, _)| found.as_text() == Some(key))?;
        if let Item::Plain(value) = item { Some(value) } else { None }
    }

    /// Adds an entry at the end, also one that is there already, under any kind of key.
    pub fn push(&mut self, key: impl Into<Value>, value: impl Into<Value>) {
        self.entries.push((key.into(), Item::Plain(value.into())));
    }

    /// Adds an entry a second time, as it is.
    pub fn repeat(&mut self, key: &str) {
        let found = self.entries.iter().find(|(found, _)| found.as_text() == Some(key)).cloned();
        self.entries.extend(found);
    }

    /// Takes all entries of this key out.
    pub fn remove(&mut self, key: &str) {
        self.entries.retain(|(found, _)| found.as_text() != Some(key));
    }

    /// Gives entries another key.
    pub fn rename(&mut self, key: &str, new: &str) {
        for (found, _) in &mut self.entries {
            if found.as_text() == Some(key) {
                *found = new.into();
            }
        }
    }

    /// Reverses the order of the entries.
    pub fn reverse(&mut self) {
        self.entries.reverse();
    }

    /// Sets a register, in its place, or adds it at the end of the bank.
    pub fn set_pcr(&mut self, index: u64, value: &[u8]) {
        let Some(bank) = self.bank() else { return };
        let value = Value::from(value);
        match bank.iter_mut().find(|(found, _)| *found == Value::from(index)) {
            Some((_, place)) => *place = value,
            None => bank.push((index.into(), value)),
        }
    }

    /// Adds a register at the end of the bank, also one that is there already, under any key.
    pub fn push_pcr(&mut self, index: impl Into<Value>, value: impl Into<Value>) {
        if let Some(bank) = self.bank() {
            bank.push((index.into(), value.into()));
        }
    }

    /// Takes a register out of the bank.
    pub fn remove_pcr(&mut self, index: u64) {
        if let Some(bank) = self.bank() {
            bank.retain(|(found, _)| *found != Value::from(index));
        }
    }

    /// The bank of registers, under either of its names.
    fn bank(&mut self) -> Option<&mut Vec<(Value, Value)>> {
        self.entries.iter_mut().find_map(|(key, item)| match (key.as_text(), item) {
            (Some("pcrs" | "nitrotpm_pcrs"), Item::Plain(value)) => value.as_map_mut(),
            _ => None,
        })
    }

    /// The payload's bytes on this chain, which is root first.
    pub(super) fn payload(&self, chain: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
        let (leaf, bundle) = chain.split_last().ok_or(Error::EmptyChain)?;
        let value = |item: &Item| match item {
            Item::Plain(value) => value.clone(),
            Item::Leaf => Value::from(leaf.clone()),
            Item::Bundle => bundle.iter().cloned().map(Value::from).collect::<Vec<_>>().into(),
        };
        let entries: Vec<_> = self.entries.iter().map(|(key, item)| (key.clone(), value(item))).collect();
        if self.definite { cbor::to_bytes(&Value::Map(entries)) } else { cbor::indefinite_map(&entries) }
    }
}

/// PCRs as a production enclave has them: an image in 0 to 2, a role in 3, the instance in 4, nothing in the others.
/// Those of a NitroTPM are of a measured boot.
fn pcrs(identity: &Identity) -> Value {
    const ZERO: [u8; 48] = [0; 48];
    let of_enclave = |index: u64| match index {
        0..=2 => sha384(&[&ZERO, b"teeproof-mint", &index.to_be_bytes()]),
        3 => sha384(&[&ZERO, b"arn:aws:iam::123456789012:role/teeproof-mint"]),
        4 => sha384(&[&ZERO, identity.instance.as_bytes()]),
        _ => ZERO,
    };
    let (count, pcr): (u64, &dyn Fn(u64) -> [u8; 48]) =
        if identity.tpm { (24, &measured_boot) } else { (16, &of_enclave) };
    let entries = (0..count).map(|index| (Value::from(index), Value::from(&pcr(index)[..])));
    Value::Map(entries.collect())
}
