//! Capabilities of the paravisor's TPM: TPM2_GetCapability.
//!
//! Source: TCG TPM 2.0 Library, Part 2, sections 6.12, 6.13 and 10.8 to 10.10; Part 3, section 30.2.

use super::codes::GET_CAPABILITY;
use super::frame::{Command, Cursor};
use super::profile::{ALGORITHMS, CURVES, HASHES, NUMBERS_OF_COMMANDS, PROPERTIES, has_command};
use super::upstream::{Refused, Upstream, ask};

/// TPM_CAP_ALGS.
const ALGORITHM_LIST: u32 = 0;
/// TPM_CAP_COMMANDS.
const COMMAND_LIST: u32 = 2;
/// TPM_CAP_PCRS.
const BANK_LIST: u32 = 5;
/// TPM_CAP_TPM_PROPERTIES.
const PROPERTY_LIST: u32 = 6;
/// TPM_CAP_ECC_CURVES.
const CURVE_LIST: u32 = 8;
/// More members than any list has: a TPM returns as many as fit one response.
const MOST: u32 = 254;

/// The capability lists of the TPM: each member with its sort key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    algorithms: Vec<Member>,
    commands: Vec<Member>,
    curves: Vec<Member>,
}

/// A sort key and the encoded member.
type Member = (u32, Vec<u8>);

impl Capabilities {
    /// The intersection of swtpm's capabilities and the paravisor's.
    pub(super) fn of(tpm: &mut dyn Upstream) -> Result<Self, Refused> {
        let command = |bytes: &[u8]| number(bytes) & 0x2000_ffff;
        let mut this = Self {
            algorithms: list(tpm, ALGORITHM_LIST, 6, |bytes| number(bytes) >> 16)?,
            commands: list(tpm, COMMAND_LIST, 4, command)?,
            curves: list(tpm, CURVE_LIST, 2, number)?,
        };
        let among = |known: &[u16], number: u32| known.iter().any(|known| u32::from(*known) == number);
        this.algorithms.retain(|(number, _)| among(&ALGORITHMS, *number));
        this.commands.retain(|(number, _)| has_command(*number));
        this.curves.retain(|(number, _)| among(&CURVES, *number));
        Ok(this)
    }

    /// The response parameters in place of swtpm's; `None` for capabilities that stay as they are.
    pub(super) fn response(&self, requested: &[u8], response: &[u8]) -> Option<Vec<u8>> {
        let mut cursor = Cursor(requested);
        let (capability, first, count) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
        let list = match capability {
            ALGORITHM_LIST => &self.algorithms,
            COMMAND_LIST => &self.commands,
            CURVE_LIST => &self.curves,
            PROPERTY_LIST => return self.properties(response),
            BANK_LIST => return banks(response),
            _ => return None,
        };
        let count = usize::try_from(count.min(MOST)).unwrap_or_default();
        let from_first = || list.iter().filter(|(number, _)| *number >= first);
        let members: Vec<&[u8]> = from_first().take(count).map(|(_, bytes)| bytes.as_slice()).collect();
        let more = u8::from(from_first().nth(count).is_some());
        let header = [&[more][..], &capability.to_be_bytes(), &length(&members)].concat();
        Some([header, members.concat()].concat())
    }

    /// TPML_TAGGED_TPM_PROPERTY with the paravisor's values.
    fn properties(&self, response: &[u8]) -> Option<Vec<u8>> {
        let (header, mut properties) = response.split_at_checked(9)?;
        let mut changed = header.to_vec();
        while let Some((property, rest)) = properties.split_first_chunk::<8>() {
            let [a, b, c, d, value @ ..] = *property;
            let tag = u32::from_be_bytes([a, b, c, d]);
            let own = PROPERTIES.iter().find(|(own, _)| *own == tag).map(|(_, value)| *value);
            let value = if NUMBERS_OF_COMMANDS.contains(&tag) {
                length(&self.commands)
            } else {
                own.map_or(value, u32::to_be_bytes)
            };
            changed.extend([a, b, c, d]);
            changed.extend(value);
            properties = rest;
        }
        Some(changed)
    }
}

/// TPML_PCR_SELECTION with only the banks of the paravisor's TPM.
fn banks(response: &[u8]) -> Option<Vec<u8>> {
    let (header, rest) = response.split_at_checked(5)?;
    let mut cursor = Cursor(rest);
    let mut kept = Vec::new();
    for _ in 0..cursor.u32()? {
        let (bank, bytes) = (cursor.u16()?, cursor.u8()?);
        let selected = cursor.take(bytes.into())?;
        if HASHES.iter().any(|(hash, _)| *hash == bank) {
            kept.push([&bank.to_be_bytes()[..], &[bytes], selected].concat());
        }
    }
    Some([header, &length(&kept), &kept.concat()].concat())
}

fn length<T>(list: &[T]) -> [u8; 4] {
    u32::try_from(list.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// Up to four bytes as a number.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

/// A whole list with members of `bytes` bytes.
fn list(
    tpm: &mut dyn Upstream,
    capability: u32,
    bytes: usize,
    number: impl Fn(&[u8]) -> u32,
) -> Result<Vec<Member>, Refused> {
    let parameters = [capability, 0, MOST].map(u32::to_be_bytes).concat();
    let command =
        Command { code: GET_CAPABILITY, handles: Vec::new(), sessions: Vec::new(), parameters: &parameters };
    let (_, response) = ask(tpm, false, &command)?;
    let members = response.get(9..).unwrap_or_default().chunks_exact(bytes);
    Ok(members.map(|member| (number(member), member.to_vec())).collect())
}
