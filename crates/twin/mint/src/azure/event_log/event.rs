//! One record of the log.

use super::variable::{utf16, variable};
use super::{Algorithm, Guid};
use crate::azure::sizes::{len16, len32, len64};

/// One record. What is `None` follows from the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The register that it was measured into.
    pub register: u32,
    /// The type.
    pub kind: u32,
    /// What the record says.
    pub data: Vec<u8>,
    /// What was hashed, when it is not the data itself: a boot loader's commands, a program.
    pub measured: Option<Vec<u8>>,
    /// These digests in place of the computed ones, by the bank's algorithm.
    pub digests: Option<Vec<(u16, Vec<u8>)>>,
    /// How many digests there are said to be.
    pub count: Option<u32>,
    /// How long the data is said to be.
    pub data_size: Option<u32>,
}

impl Event {
    /// EV_NO_ACTION: says something and measures nothing.
    pub const NO_ACTION: u32 = 0x3;
    /// EV_SEPARATOR.
    pub const SEPARATOR: u32 = 0x4;
    /// EV_S_CRTM_VERSION.
    pub const CRTM_VERSION: u32 = 0x8;
    /// EV_COMPACT_HASH.
    pub const COMPACT_HASH: u32 = 0xc;
    /// EV_EVENT_TAG: a tag, a size, and data.
    pub const EVENT_TAG: u32 = 0x6;
    /// EV_IPL.
    pub const IPL: u32 = 0xd;
    /// EV_PLATFORM_CONFIG_FLAGS.
    pub const CONFIG_FLAGS: u32 = 0xa;
    /// EV_EFI_VARIABLE_DRIVER_CONFIG.
    pub const DRIVER_CONFIG: u32 = 0x8000_0001;
    /// EV_EFI_VARIABLE_BOOT.
    pub const VARIABLE_BOOT: u32 = 0x8000_0002;
    /// EV_EFI_BOOT_SERVICES_APPLICATION.
    pub const BOOT_APPLICATION: u32 = 0x8000_0003;
    /// EV_EFI_PLATFORM_FIRMWARE_BLOB2.
    pub const FIRMWARE_BLOB2: u32 = 0x8000_000a;
    /// EV_EFI_ACTION.
    pub const ACTION: u32 = 0x8000_0007;
    /// EV_EFI_VARIABLE_AUTHORITY.
    pub const AUTHORITY: u32 = 0x8000_00e0;

    /// An event whose data is what was measured.
    #[must_use]
    pub const fn new(register: u32, kind: u32, data: Vec<u8>) -> Self {
        Self { register, kind, data, measured: None, digests: None, count: None, data_size: None }
    }

    /// The same event of which something else was measured.
    #[must_use]
    pub fn measuring(mut self, measured: &[u8]) -> Self {
        self.measured = Some(measured.to_vec());
        self
    }

    /// The same event with this SHA-256 digest, and no other.
    #[must_use]
    pub fn with_sha256(mut self, digest: [u8; 32]) -> Self {
        self.digests = Some(vec![(Algorithm::SHA256.id, digest.to_vec())]);
        self
    }

    /// The same event with digests of these banks alone, as Windows writes some.
    #[must_use]
    pub fn in_banks(mut self, banks: &[Algorithm]) -> Self {
        self.digests = Some(self.digests(banks));
        self
    }

    /// A text under a tag, as TCG_PCClientTaggedEvent.
    #[must_use]
    pub fn tagged(register: u32, tag: u32, text: &str) -> Self {
        let data = [&tag.to_le_bytes()[..], &len32(text.as_bytes()).to_le_bytes(), text.as_bytes()].concat();
        Self::new(register, Self::EVENT_TAG, data)
    }

    /// The end of what firmware measures into a register: four zero bytes.
    #[must_use]
    pub fn separator(register: u32) -> Self {
        Self::new(register, Self::SEPARATOR, vec![0; 4])
    }

    /// The end of it after an error: four bytes of ones.
    #[must_use]
    pub fn error_separator(register: u32) -> Self {
        Self::new(register, Self::SEPARATOR, vec![0xff; 4])
    }

    /// The locality that the TPM was started from; it is where register 0 starts.
    #[must_use]
    pub fn startup_locality(locality: u8) -> Self {
        Self::new(0, Self::NO_ACTION, [b"StartupLocality\0", &[locality][..]].concat())
    }

    /// A text that firmware measures as it is.
    #[must_use]
    pub fn action(register: u32, text: &str) -> Self {
        Self::new(register, Self::ACTION, text.as_bytes().to_vec())
    }

    /// A line of the boot loader's, and what of it was hashed. A zero byte ends the line.
    #[must_use]
    pub fn ipl(register: u32, line: &str, measured: &[u8]) -> Self {
        Self::new(register, Self::IPL, [line.as_bytes(), &[0]].concat()).measuring(measured)
    }

    /// A variable, under any type.
    #[must_use]
    pub fn variable(register: u32, kind: u32, owner: Guid, name: &str, data: &[u8]) -> Self {
        Self::new(register, kind, variable(owner, name, data))
    }

    /// `SecureBoot` in register 7: on or off.
    #[must_use]
    pub fn secure_boot(enabled: bool) -> Self {
        Self::driver_config("SecureBoot", &[enabled.into()])
    }

    /// A variable of secure boot in register 7. `db` and `dbx` have another owner than the rest.
    #[must_use]
    pub fn driver_config(name: &str, data: &[u8]) -> Self {
        let owner = match name {
            "db" | "dbx" => Guid::IMAGE_SECURITY,
            _ => Guid::GLOBAL_VARIABLE,
        };
        Self::variable(7, Self::DRIVER_CONFIG, owner, name, data)
    }

    /// The entry of a variable that let a program start, in register 7.
    #[must_use]
    pub fn authority(owner: Guid, name: &str, data: &[u8]) -> Self {
        Self::variable(7, Self::AUTHORITY, owner, name, data)
    }

    /// A program that the firmware started from this path, by what was hashed of it.
    #[must_use]
    pub fn boot_application(path: &str, image: &[u8]) -> Self {
        Self::new(4, Self::BOOT_APPLICATION, image_load(path)).measuring(image)
    }

    /// Whether it changes its register: Windows notes things on register 0xFFFFFFFF.
    pub(super) const fn extends(&self) -> bool {
        self.kind != Self::NO_ACTION && self.register != u32::MAX
    }

    /// The locality, if this is the event that says it.
    pub(super) fn locality(&self) -> Option<u8> {
        match self.data.strip_prefix(b"StartupLocality\0") {
            Some(&[locality]) if self.kind == Self::NO_ACTION => Some(locality),
            _ => None,
        }
    }

    /// The SHA-256 digest, if it is 32 bytes.
    pub(super) fn sha256(&self, algorithms: &[Algorithm]) -> Option<[u8; 32]> {
        let digests = self.digests(algorithms);
        let (_, digest) = digests.iter().find(|(id, _)| *id == Algorithm::SHA256.id)?;
        digest.as_slice().try_into().ok()
    }

    pub(super) fn write(&self, algorithms: &[Algorithm]) -> Vec<u8> {
        let digests = self.digests(algorithms);
        let true_count = || u32::try_from(digests.len()).unwrap_or(u32::MAX);
        let written: Vec<u8> =
            digests.iter().flat_map(|(id, digest)| [&id.to_le_bytes()[..], digest].concat()).collect();
        let fields: [&[u8]; 6] = [
            &self.register.to_le_bytes(),
            &self.kind.to_le_bytes(),
            &self.count.unwrap_or_else(true_count).to_le_bytes(),
            &written,
            &self.data_size.unwrap_or_else(|| len32(&self.data)).to_le_bytes(),
            &self.data,
        ];
        fields.concat()
    }

    /// The record of TCG 1.2.
    pub(super) fn write_sha1_alone(&self) -> Vec<u8> {
        let digest: Vec<u8> =
            self.digests(&[Algorithm::SHA1]).into_iter().flat_map(|(_, digest)| digest).collect();
        let size = self.data_size.unwrap_or_else(|| len32(&self.data)).to_le_bytes();
        [&self.register.to_le_bytes()[..], &self.kind.to_le_bytes(), &digest, &size, &self.data].concat()
    }

    /// The digests that the record carries, by the bank's algorithm.
    pub(super) fn digests(&self, algorithms: &[Algorithm]) -> Vec<(u16, Vec<u8>)> {
        let measured = self.measured.as_ref().unwrap_or(&self.data);
        let digest =
            |bank: &Algorithm| (bank.id, if self.extends() { bank.digest(measured) } else { bank.zeros() });
        self.digests.clone().unwrap_or_else(|| algorithms.iter().map(digest).collect())
    }
}

/// The data of a started program: where it lay, and its path as a device path.
#[must_use]
pub fn image_load(path: &str) -> Vec<u8> {
    let path = [utf16(path), vec![0, 0]].concat();
    let node = [&[4, 4][..], &len16(&path).saturating_add(4).to_le_bytes(), &path].concat();
    let device_path = [node.as_slice(), &[0x7f, 0xff, 4, 0]].concat();
    let numbers = [0x1000_0000_u64, 0x0010_0000, 0, len64(&device_path)].map(u64::to_le_bytes);
    [numbers.concat(), device_path].concat()
}
