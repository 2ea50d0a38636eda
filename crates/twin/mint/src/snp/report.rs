//! The attestation report, field by field.

use super::Product;

/// The length of a report.
pub const REPORT_BYTES: usize = 1184;
/// How much of a report is signed.
pub const SIGNED_BYTES: usize = 0x2a0;

/// The signed fields of a report, by AMD's names. Reserved bytes are zero; to set them, patch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// 0x000: the version of this structure; 2 to 5 exist.
    pub version: u32,
    /// 0x004: the guest's own security version.
    pub guest_svn: u32,
    /// 0x008: the guest policy. Bit 17 must be one; bit 19 is debug.
    pub policy: u64,
    /// 0x010: FAMILY_ID, chosen at launch. `teeproof-mint` by default.
    pub family_id: [u8; 16],
    /// 0x020: IMAGE_ID, chosen at launch.
    pub image_id: [u8; 16],
    /// 0x030: VMPL of the request, 0 to 3, or 0xFFFFFFFF for the host.
    pub vmpl: u32,
    /// 0x034: 1 is ECDSA on P-384 with SHA-384.
    pub signature_algo: u32,
    /// 0x038: the TCB that runs.
    pub current_tcb: [u8; 8],
    /// 0x040: facts about the platform: SMT, ECC, the alias check.
    pub platform_info: u64,
    /// 0x048: which key signs, in bits 4:2: 0 VCEK, 1 VLEK, 7 none.
    pub key_info: u32,
    /// 0x050: REPORT_DATA, given by the guest.
    pub report_data: [u8; 64],
    /// 0x090: the launch measurement.
    pub measurement: [u8; 48],
    /// 0x0C0: what the host provided at launch.
    pub host_data: [u8; 32],
    /// 0x0E0: the digest of the key that signed the ID block.
    pub id_key_digest: [u8; 48],
    /// 0x110: the digest of the key that signed that key.
    pub author_key_digest: [u8; 48],
    /// 0x140: the identity of this guest.
    pub report_id: [u8; 32],
    /// 0x160: the identity of its migration agent; all ones without one.
    pub report_id_ma: [u8; 32],
    /// 0x180: the TCB that the signing key was derived for.
    pub reported_tcb: [u8; 8],
    /// 0x188: family, model and stepping, from version 3 on.
    pub cpuid: [u8; 3],
    /// 0x1A0: the identity of the chip. Turin uses the first 8 bytes; zero under a VLEK.
    pub chip_id: [u8; 64],
    /// 0x1E0: the TCB that can no longer be undercut.
    pub committed_tcb: [u8; 8],
    /// 0x1E8: the firmware's build, minor and major number.
    pub current_version: [u8; 3],
    /// 0x1EC: the committed firmware's build, minor and major number.
    pub committed_version: [u8; 3],
    /// 0x1F0: the TCB when the guest was launched.
    pub launch_tcb: [u8; 8],
    /// 0x1F8: mitigations at launch, from version 5 on.
    pub launch_mit_vector: u64,
    /// 0x200: mitigations now, from version 5 on.
    pub current_mit_vector: u64,
}

impl Report {
    /// A plausible report of a machine of this line, at the version its firmware writes.
    pub(super) fn of(product: Product) -> Self {
        let tcb = product.tcb_bytes(product.tcb());
        let mut report = Self {
            version: 0,
            guest_svn: 0,
            policy: 0x3_0000,
            family_id: *b"teeproof-mint\0\0\0",
            image_id: [2; 16],
            vmpl: 0,
            signature_algo: 1,
            current_tcb: tcb,
            platform_info: 0x25,
            key_info: 0,
            report_data: [0; 64],
            measurement: [0x4d; 48],
            host_data: [0; 32],
            id_key_digest: [0x1d; 48],
            author_key_digest: [0; 48],
            report_id: [0x1e; 32],
            report_id_ma: [0xff; 32],
            reported_tcb: tcb,
            cpuid: [0; 3],
            chip_id: [0; 64],
            committed_tcb: tcb,
            current_version: [29, 55, 1],
            committed_version: [29, 55, 1],
            launch_tcb: tcb,
            launch_mit_vector: 0,
            current_mit_vector: 0,
        };
        report.set_version(product.report_version(), product);
        report
    }

    /// Sets the version together with the fields new in versions 3 and 5.
    pub(super) fn set_version(&mut self, version: u32, product: Product) {
        self.version = version;
        self.cpuid = if version >= 3 { product.cpuid() } else { [0; 3] };
        let mitigations = if version >= 5 { 0x0f } else { 0 };
        self.launch_mit_vector = mitigations;
        self.current_mit_vector = mitigations;
    }

    /// The bytes up to the signature.
    pub(super) fn signed_bytes(&self) -> Vec<u8> {
        let fields: [&[u8]; 31] = [
            &self.version.to_le_bytes(),
            &self.guest_svn.to_le_bytes(),
            &self.policy.to_le_bytes(),
            &self.family_id,
            &self.image_id,
            &self.vmpl.to_le_bytes(),
            &self.signature_algo.to_le_bytes(),
            &self.current_tcb,
            &self.platform_info.to_le_bytes(),
            &self.key_info.to_le_bytes(),
            &[0; 4],
            &self.report_data,
            &self.measurement,
            &self.host_data,
            &self.id_key_digest,
            &self.author_key_digest,
            &self.report_id,
            &self.report_id_ma,
            &self.reported_tcb,
            &self.cpuid,
            &[0; 21],
            &self.chip_id,
            &self.committed_tcb,
            &self.current_version,
            &[0],
            &self.committed_version,
            &[0],
            &self.launch_tcb,
            &self.launch_mit_vector.to_le_bytes(),
            &self.current_mit_vector.to_le_bytes(),
            &[0; 152],
        ];
        fields.concat()
    }
}
