//! A JSON object taken apart in one pass: the values of known members as they stand, and the names of others.
//!
//! The pass comes before its shape is recognised, so it depends on no shape: every member that some shape
//! reads is kept, the objects among them with members of their own. A value is decoded once, when its shape
//! reads it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::InputError;
use crate::error::shown;

/// Members that some shape has, in the order of their bytes.
pub(super) const KNOWN: &[&str] = &[
    "AikCert",
    "AikPub",
    "AttestationInfo",
    "AttestationProtocolVersion",
    "ClientPayload",
    "Digest",
    "EncKeyCertifyInfo",
    "EncKeyCertifyInfoSignature",
    "EncKeyPub",
    "Evidence",
    "Index",
    "IsolationInfo",
    "OSBuild",
    "OSDistro",
    "OSType",
    "OSVersionMajor",
    "OSVersionMinor",
    "PCRs",
    "PcrQuote",
    "PcrSet",
    "PcrSignature",
    "Proof",
    "RunTimeData",
    "SnpReport",
    "TcgLogs",
    "TpmInfo",
    "Type",
    "VcekCertChain",
    "__cmwc_t",
    "ak_certificate_pem",
    "ak_intermediate_certificates_pem",
    "ark",
    "ask",
    "attestationInfo",
    "attestation_report",
    "cacheControl",
    "cc_eventlog",
    "cert_chain",
    "cert_type",
    "certificateChain",
    "data",
    "dataType",
    "draftPolicyForAttestation",
    "enclaveIdentity",
    "event_log",
    "evidence",
    "hcl_report",
    "hcl_report_base64",
    "initTimeData",
    "instance_info",
    "message",
    "nonce",
    "pck_certificate_chain",
    "pck_crl",
    "pck_crl_issuer_chain",
    "pcrs",
    "platform",
    "public",
    "qe_identity",
    "qe_identity_issuer_chain",
    "qe_identity_signature",
    "quote",
    "registers",
    "report",
    "root_ca_crl",
    "runtimeData",
    "schema",
    "signature",
    "tcbInfo",
    "tcb_info",
    "tcb_info_issuer_chain",
    "tcb_info_signature",
    "tcbm",
    "td_quote",
    "tdx_quote_base64",
    "tpm_attestation",
    "tpm_quote",
    "vcek",
    "vcekCert",
    "version",
    "vlek",
];

/// Those of them whose value is an object with known members.
pub(super) const ENTERED: &[&str] = &[
    "Evidence",
    "IsolationInfo",
    "TpmInfo",
    "evidence",
    "quote",
    "runtimeData",
    "tpm_attestation",
    "tpm_quote",
];

/// At most this many unknown members of an object are kept; evidence with more says enough with these.
pub(super) const MAX_UNKNOWN: usize = 16;
/// At most this many objects stand in each other in any shape.
const MAX_DEPTH: usize = 4;

/// An object of a JSON text.
#[derive(Clone, Debug)]
pub(super) struct Object<'t> {
    /// The whole text, by which lines are counted.
    text: &'t str,
    members: Vec<Member<'t>>,
}

/// A member, kept once.
#[derive(Clone, Debug)]
pub(super) struct Member<'t> {
    pub(super) name: Name,
    pub(super) value: Value<'t>,
    /// Whether the object has it again.
    pub(super) is_repeated: bool,
}

/// The name of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Known(&'static str),
    /// Any other, fit to be shown.
    Unknown(String),
}

/// The value of a member.
#[derive(Clone, Debug)]
pub(super) enum Value<'t> {
    /// As it stands in the text.
    Raw(&'t str),
    /// An object, where a shape has one.
    Object(Object<'t>),
    /// A string where another shape has an object.
    Text(Cow<'t, str>),
    Null,
    /// Something else where a shape has an object.
    Other,
}

impl<'t> Object<'t> {
    /// Takes apart a text that is one object to its end.
    pub(super) fn parse(text: &'t str) -> Result<Self, InputError> {
        Self::parse_in(text, text)
    }

    /// Takes apart a part of a text.
    pub(super) fn parse_in(part: &'t str, text: &'t str) -> Result<Self, InputError> {
        let mut deserializer = serde_json::Deserializer::from_str(part);
        let object = deserializer.deserialize_map(Pass { text, depth: 0 });
        let object = object.and_then(|value| deserializer.end().map(|()| value));
        match object {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(InputError::Json { line: 0, column: 0 }),
            Err(error) => Err(InputError::Json { line: error.line(), column: error.column() }),
        }
    }

    pub(super) const fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn members(&self) -> &[Member<'t>] {
        &self.members
    }

    pub(super) fn member(&self, name: &str) -> Option<&Member<'t>> {
        self.members.iter().find(|member| matches!(member.name, Name::Known(known) if known == name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    pub(super) fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    /// A value as it stands; `None` for an object, or where the member is missing.
    pub(super) fn raw(&self, name: &str) -> Option<&'t str> {
        match self.member(name)?.value {
            Value::Raw(raw) => Some(raw),
            _ => None,
        }
    }

    /// The text of a member; `None` where it is missing or something else.
    pub(super) fn string(&self, name: &str) -> Option<Cow<'t, str>> {
        string(self.raw(name)?)
    }

    /// The line and column at which a part of the text begins, counted from 1; 0 for what is not a part of it.
    pub(super) fn position(&self, part: &str) -> (usize, usize) {
        let offset = part.as_ptr().addr().checked_sub(self.text.as_ptr().addr());
        let Some(before) = offset.and_then(|offset| self.text.get(..offset)) else { return (0, 0) };
        let line =
            before.bytes().filter(|byte| *byte == b'\n').fold(1_usize, |lines, _| lines.saturating_add(1));
        let column = before.rsplit('\n').next().unwrap_or_default().len().saturating_add(1);
        (line, column)
    }
}

/// The content of a JSON string as it stands in a text.
pub(super) fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The entries of a JSON list as they stand in a text; `None` where it is no list, or longer.
pub(super) fn entries(raw: &str, most: usize) -> Option<Vec<&str>> {
    struct Entries(usize);

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<&'de str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = list.next_element::<&RawValue>()? {
                if entries.len() >= self.0 {
                    return Err(A::Error::custom("too many entries"));
                }
                entries.push(entry.get());
            }
            Ok(entries)
        }
    }

    serde_json::Deserializer::from_str(raw).deserialize_seq(Entries(most)).ok()
}

/// The pass over an object, and over what stands where one can stand.
#[derive(Clone, Copy)]
struct Pass<'t> {
    text: &'t str,
    depth: usize,
}

impl<'t> DeserializeSeed<'t> for Pass<'t> {
    type Value = Value<'t>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Value<'t>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Pass<'t> {
    type Value = Value<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Value<'t>, A::Error> {
        let mut members: Vec<Member<'t>> = Vec::new();
        let mut unknown = 0_usize;
        while let Some(name) = map.next_key_seed(Named { is_kept: unknown < MAX_UNKNOWN })? {
            let Some(name) = name else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let before = members.iter_mut().find(|member| member.name == name);
            if let (Some(member), Name::Known(_)) = (before, &name) {
                member.is_repeated = true;
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = match name {
                Name::Known(name) if ENTERED.contains(&name) && self.depth < MAX_DEPTH => {
                    map.next_value_seed(Self { depth: self.depth.saturating_add(1), ..self })?
                }
                Name::Known(_) => Value::Raw(map.next_value::<&RawValue>()?.get()),
                Name::Unknown(_) => {
                    unknown = unknown.saturating_add(1);
                    Value::Raw(map.next_value::<&RawValue>()?.get())
                }
            };
            members.push(Member { name, value, is_repeated: false });
        }
        Ok(Value::Object(Object { text: self.text, members }))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut entries: A) -> Result<Value<'t>, A::Error> {
        while entries.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'t str) -> Result<Value<'t>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'t>, E> {
        Ok(Value::Text(Cow::Owned(String::from(text))))
    }

    fn visit_unit<E>(self) -> Result<Value<'t>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'t>, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'t>, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value<'t>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'t>, E> {
        Ok(Value::Other)
    }
}

/// The name of a member; `None` for an unknown one that is not kept.
struct Named {
    is_kept: bool,
}

impl<'de> DeserializeSeed<'de> for Named {
    type Value = Option<Name>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Name>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Named {
    type Value = Option<Name>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<Name>, E> {
        Ok(match KNOWN.binary_search(&name).ok().and_then(|at| KNOWN.get(at)) {
            Some(known) => Some(Name::Known(known)),
            None => self.is_kept.then(|| Name::Unknown(shown(name))),
        })
    }
}
