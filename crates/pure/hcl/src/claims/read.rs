//! Conversion of JSON to [`Claims`]: known members must have the right form, unknown members are kept.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::base64url;
use super::json::Value;
use super::{Claims, HardwareSealingPolicy, Key, UnknownMember, VmConfiguration, VmgsProvisioner};
use crate::vm_id::hex;
use crate::{ClaimsProblem, Error, VmId};

type Read<T> = Result<T, ClaimsProblem>;

impl Claims {
    /// Parses claims and selects the attestation key. A hardware report must have authenticated the bytes.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let value = Value::parse(bytes).map_err(Error::Claims)?;
        let mut members = Members::of(value, "the top level").map_err(Error::Claims)?;
        let keys = keys(&mut members).map_err(Error::Claims)?;
        let vm_configuration = vm_configuration(&mut members).map_err(Error::Claims)?;
        let user_data = user_data(&mut members).map_err(Error::Claims)?;
        let ak = Key::attestation(&keys).map_err(Error::Key)?.clone();
        Ok(Self { keys, ak, vm_configuration, user_data, unknown: members.rest() })
    }
}

/// The remaining members of an object.
struct Members<'de>(Vec<(Cow<'de, str>, Value<'de>)>);

impl<'de> Members<'de> {
    fn of(value: Value<'de>, what: &'static str) -> Read<Self> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(ClaimsProblem::Member(what)),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value<'de>> {
        let at = self.0.iter().position(|(member, _)| member == name)?;
        Some(self.0.remove(at).1)
    }

    fn required(&mut self, name: &'static str) -> Read<Value<'de>> {
        self.take(name).ok_or(ClaimsProblem::Missing(name))
    }

    fn bool(&mut self, name: &'static str) -> Read<Option<bool>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(ClaimsProblem::Member(name)),
        }
    }

    fn text(&mut self, name: &'static str) -> Read<Option<Cow<'de, str>>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ClaimsProblem::Member(name)),
        }
    }

    /// A member of uncertain type: a text verbatim, any other value as JSON.
    fn any_text(&mut self, name: &str) -> Option<String> {
        self.take(name).map(|value| match value {
            Value::String(text) => text.into_owned(),
            other => other.to_string(),
        })
    }

    fn rest(self) -> Vec<UnknownMember> {
        let unknown = |(name, value): (Cow<'_, str>, Value<'_>)| UnknownMember {
            name: name.into_owned(),
            json: value.to_string(),
        };
        self.0.into_iter().map(unknown).collect()
    }
}

fn keys(members: &mut Members<'_>) -> Read<Vec<Key>> {
    match members.required("keys")? {
        Value::Array(values) => values.into_iter().map(key).collect(),
        _ => Err(ClaimsProblem::Member("keys")),
    }
}

fn key(value: Value<'_>) -> Read<Key> {
    let mut members = Members::of(value, "keys")?;
    let number = |members: &mut Members<'_>, name| {
        let text = required_text(members, name)?;
        base64url::decode(&text).ok_or(ClaimsProblem::Member(name))
    };
    Ok(Key {
        kid: required_text(&mut members, "kid")?.into_owned(),
        key_ops: key_ops(&mut members)?,
        kty: required_text(&mut members, "kty")?.into_owned(),
        exponent: number(&mut members, "e")?,
        modulus: number(&mut members, "n")?,
        unknown: members.rest(),
    })
}

fn required_text<'de>(members: &mut Members<'de>, name: &'static str) -> Read<Cow<'de, str>> {
    members.text(name)?.ok_or(ClaimsProblem::Missing(name))
}

fn key_ops(members: &mut Members<'_>) -> Read<Vec<String>> {
    const NAME: &str = "key_ops";
    let Some(value) = members.take(NAME) else { return Ok(Vec::new()) };
    let Value::Array(values) = value else { return Err(ClaimsProblem::Member(NAME)) };
    let text = |value: Value<'_>| match value {
        Value::String(text) => Ok(text.into_owned()),
        _ => Err(ClaimsProblem::Member(NAME)),
    };
    values.into_iter().map(text).collect()
}

fn vm_configuration(members: &mut Members<'_>) -> Read<VmConfiguration> {
    const NAME: &str = "vm-configuration";
    let mut members = Members::of(members.required(NAME)?, NAME)?;
    Ok(VmConfiguration {
        console_enabled: members.bool("console-enabled")?,
        interactive_console_enabled: members.bool("interactive-console-enabled")?,
        current_time: current_time(&mut members)?,
        root_cert_thumbprint: thumbprint(&mut members)?,
        secure_boot: members.bool("secure-boot")?,
        tpm_enabled: members.bool("tpm-enabled")?,
        tpm_persisted: members.bool("tpm-persisted")?,
        filtered_vpci_devices_allowed: members.bool("filtered-vpci-devices-allowed")?,
        vm_unique_id: vm_id(&mut members)?,
        vmgs_provisioner: vmgs_provisioner(&mut members)?,
        hardware_sealing_policy: members.text("hardware-sealing-policy")?.map(|word| match &*word {
            "none" => HardwareSealingPolicy::None,
            "hash" => HardwareSealingPolicy::Hash,
            "signer" => HardwareSealingPolicy::Signer,
            _ => HardwareSealingPolicy::Other(word.into_owned()),
        }),
        unknown: members.rest(),
    })
}

fn current_time(members: &mut Members<'_>) -> Read<Option<u64>> {
    const NAME: &str = "current-time";
    let Some(value) = members.take(NAME) else { return Ok(None) };
    let seconds = match value {
        Value::Number(number) => number.as_u64(),
        _ => None,
    };
    seconds.map(Some).ok_or(ClaimsProblem::Member(NAME))
}

/// A SHA-256, or an empty text, with which some reports say that it is missing.
fn thumbprint(members: &mut Members<'_>) -> Read<Option<[u8; 32]>> {
    const NAME: &str = "root-cert-thumbprint";
    let Some(text) = members.text(NAME)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let digest = base64url::decode(&text).and_then(|bytes| bytes.try_into().ok());
    digest.map(Some).ok_or(ClaimsProblem::Member(NAME))
}

fn vmgs_provisioner(members: &mut Members<'_>) -> Read<Option<VmgsProvisioner>> {
    const NAME: &str = "vmgs-provisioner";
    let Some(value) = members.take(NAME) else { return Ok(None) };
    let mut members = Members::of(value, NAME)?;
    let (id, signer) = (members.any_text("id"), members.any_text("signer"));
    Ok(Some(VmgsProvisioner { id, signer, unknown: members.rest() }))
}

fn user_data(members: &mut Members<'_>) -> Read<Option<[u8; 64]>> {
    const NAME: &str = "user-data";
    let Some(text) = members.text(NAME)? else { return Ok(None) };
    hex(&text).map(Some).ok_or(ClaimsProblem::Member(NAME))
}

fn vm_id(members: &mut Members<'_>) -> Read<Option<VmId>> {
    const NAME: &str = "vmUniqueId";
    let Some(text) = members.text(NAME)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| ClaimsProblem::Member(NAME))
}
