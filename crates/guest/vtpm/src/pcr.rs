//! Registers by bank and number, in the notation of tpm2-tools.

use core::fmt;
use core::str::FromStr;

use teeproof_wire::tpm::{REGISTERS, Selection};

use crate::Error;

/// Values of some registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PcrValues {
    /// Which registers these are.
    pub selection: Selection,
    /// Their values, by ascending number.
    pub values: Vec<Vec<u8>>,
}

/// Some registers of one bank, as a person writes them: `sha256:0-7,14`, `sha384:all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers(pub Selection);

/// The banks that are known: name, TPM_ALG_ID, length of a value in bytes.
const HASHES: [(&str, u16, usize); 4] =
    [("sha1", 0x0004, 20), ("sha256", 0x000b, 32), ("sha384", 0x000c, 48), ("sha512", 0x000d, 64)];

/// The name of a hash algorithm, if it is known.
#[must_use]
pub fn hash_name(algorithm: u16) -> Option<&'static str> {
    HASHES.iter().find(|hash| hash.1 == algorithm).map(|hash| hash.0)
}

/// The hash algorithm of a name.
fn hash_named(name: &str) -> Option<u16> {
    HASHES.iter().find(|hash| hash.0.eq_ignore_ascii_case(name)).map(|hash| hash.1)
}

/// The length of a digest in bytes, if the algorithm is known.
#[must_use]
pub fn hash_bytes(algorithm: u16) -> Option<usize> {
    HASHES.iter().find(|hash| hash.1 == algorithm).map(|hash| hash.2)
}

impl Registers {
    /// All registers of the SHA-256 bank, the one that Azure's machines have.
    pub const ALL_SHA256: Self = Self(Selection { bank: teeproof_wire::tpm::SHA256, bitmap: 0x00ff_ffff });
}

impl FromStr for Registers {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Registers(text.to_owned());
        let (bank, list) = text.split_once(':').ok_or_else(wrong)?;
        let bank = hash_named(bank).ok_or_else(wrong)?;
        let mut bitmap = 0;
        for item in list.split(',') {
            bitmap |= registers(item).ok_or_else(wrong)?;
        }
        Ok(Self(Selection { bank, bitmap }))
    }
}

/// `7`, `0-7` or `all`, as a bitmap.
fn registers(item: &str) -> Option<u32> {
    if item == "all" {
        return Some(Registers::ALL_SHA256.0.bitmap);
    }
    let number = |text: &str| text.parse::<u8>().ok().filter(|number| *number < REGISTERS);
    let (first, last) = match item.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(item)?, number(item)?),
    };
    (first <= last).then(|| (first..=last).fold(0, |bitmap, number| bitmap | 1 << number))
}

impl fmt::Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match hash_name(self.0.bank) {
            Some(name) => write!(f, "{name}:")?,
            None => write!(f, "{:#06x}:", self.0.bank)?,
        }
        for (at, number) in self.0.indices().enumerate() {
            write!(f, "{}{number}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_read_as_people_write_them() {
        let of = |text: &str| text.parse::<Registers>().ok().map(|read| read.to_string());
        assert_eq!(of("sha256:0-3,14").as_deref(), Some("sha256:0,1,2,3,14"));
        assert_eq!(of("SHA384:7").as_deref(), Some("sha384:7"));
        assert_eq!("sha256:all".parse::<Registers>().ok(), Some(Registers::ALL_SHA256));
        for wrong in ["", "sha256", "sha256:", "sha256:24", "sha256:3-1", "md5:0", "sha256:0,,1", "0-7"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
