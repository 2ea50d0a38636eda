//! PCRs that a policy should not pin, each with the reason: the one table for proposals and warnings.

/// PCRs of a TPM that vary without any change of software, or that anybody can reset.
///
/// Sources: TCG PC Client Platform Firmware Profile, section 3.3.4; openvmm's firmware (PCR 6); the kernel's
/// IMA (PCR 10).
const TPM: &[(u8, &str)] = &[
    (5, "GPT and boot manager attempts: differs between machines and boots"),
    (6, "the host platform's events, on Azure the VM's id: one machine's alone"),
    (10, "IMA extends it as files are opened, outside of the event log: differs from boot to boot"),
    (16, "for debugging: any software can reset it"),
    (23, "for applications: any software can reset it"),
];

/// PCRs of a Nitro enclave that say something of one machine.
const NITRO: &[(u8, &str)] = &[(4, "the parent instance's id: one instance's alone")];

/// PCRs of a NitroTPM that say nothing of the software, or that vary without any change of it.
///
/// Sources: TCG PC Client Platform Firmware Profile, section 3.3.4; Amazon EC2, "NitroTPM Attestation Document
/// contents".
const NITRO_TPM: &[(u8, &str)] = &[
    (0, "AWS's firmware: it changes when AWS updates it"),
    (1, "AWS's firmware data: it changes when AWS updates it, and with the instance's configuration"),
    (2, "code of devices: not of the image"),
    (3, "data of devices: not of the image"),
    (5, "GPT and boot manager attempts: differs between machines and boots"),
    (6, "the host platform's events: not of the image"),
    (10, "IMA extends it as files are opened: differs from boot to boot"),
    (16, "for debugging: any software can reset it"),
    (23, "for applications: any software can reset it"),
];

/// Why no policy should pin this PCR of a NitroTPM.
pub(super) fn volatile_in_nitro_tpm(index: u8) -> Option<&'static str> {
    reason(NITRO_TPM, index)
}

/// Why no policy should pin this PCR of a TPM, whatever an event log explains.
pub(super) fn volatile_in_tpm(index: u8) -> Option<&'static str> {
    reason(TPM, index)
}

/// Why no policy should pin this PCR of a Nitro enclave.
pub(super) fn volatile_in_nitro(index: u8) -> Option<&'static str> {
    reason(NITRO, index)
}

fn reason(table: &[(u8, &'static str)], index: u8) -> Option<&'static str> {
    table.iter().find(|(one, _)| *one == index).map(|(_, why)| *why)
}

/// What an operating system measures into a PCR outside of the firmware's event log.
#[cfg(feature = "policy-file")]
pub(super) const fn measured_by_the_system(index: u8) -> Option<&'static str> {
    Some(match index {
        8 => "boot loaders extend it",
        9 => "systemd extends it with the initrd, from version 255",
        11 => "systemd extends it with the kernel image and the boot phase",
        12 => "systemd extends it with kernel parameters and credentials",
        13 => "systemd extends it with system extensions",
        14 => "shim extends it with the MOK lists",
        15 => "systemd extends it with the machine id and volume keys",
        _ => return None,
    })
}

/// Whether a PCR holds what a reset leaves: nothing was measured into it.
pub(super) fn is_reset(value: &[u8]) -> bool {
    value.iter().all(|byte| *byte == 0) || value.iter().all(|byte| *byte == u8::MAX)
}
