//! Event types (`eventType`, 4 bytes). They are not measured, so the provider of a log can change them.
//!
//! Source: TCG PC Client Platform Firmware Profile, table "Events".

/// EV_NO_ACTION: information that is not measured.
pub const NO_ACTION: u32 = 0x0000_0003;
/// EV_SEPARATOR: the end of the firmware's measurements.
pub const SEPARATOR: u32 = 0x0000_0004;
/// EV_EVENT_TAG: a tag and a size (4 bytes each), then data.
pub const EVENT_TAG: u32 = 0x0000_0006;
/// EV_IPL: a measurement of the boot loader.
pub const IPL: u32 = 0x0000_000d;
/// EV_EFI_VARIABLE_DRIVER_CONFIG: a variable that configures the firmware.
pub const VARIABLE_DRIVER_CONFIG: u32 = 0x8000_0001;
/// EV_EFI_VARIABLE_BOOT: a variable that selects the boot option.
pub const VARIABLE_BOOT: u32 = 0x8000_0002;
/// EV_EFI_BOOT_SERVICES_APPLICATION: an EFI application that was started.
pub const BOOT_SERVICES_APPLICATION: u32 = 0x8000_0003;
/// EV_EFI_ACTION: an ASCII string that is itself measured.
pub const EFI_ACTION: u32 = 0x8000_0007;
/// EV_EFI_VARIABLE_BOOT2: as [`VARIABLE_BOOT`], with the digest of the variable's data alone.
pub const VARIABLE_BOOT2: u32 = 0x8000_000c;
/// EV_EFI_VARIABLE_AUTHORITY: the entry of a signature database that authorised an EFI application.
pub const VARIABLE_AUTHORITY: u32 = 0x8000_00e0;

/// The name of an event type, such as `EV_SEPARATOR`; `None` if it has none in the specification.
#[must_use]
pub const fn kind_name(kind: u32) -> Option<&'static str> {
    Some(match kind {
        0x0000_0000 => "EV_PREBOOT_CERT",
        0x0000_0001 => "EV_POST_CODE",
        0x0000_0003 => "EV_NO_ACTION",
        0x0000_0004 => "EV_SEPARATOR",
        0x0000_0005 => "EV_ACTION",
        0x0000_0006 => "EV_EVENT_TAG",
        0x0000_0007 => "EV_S_CRTM_CONTENTS",
        0x0000_0008 => "EV_S_CRTM_VERSION",
        0x0000_0009 => "EV_CPU_MICROCODE",
        0x0000_000a => "EV_PLATFORM_CONFIG_FLAGS",
        0x0000_000b => "EV_TABLE_OF_DEVICES",
        0x0000_000c => "EV_COMPACT_HASH",
        0x0000_000d => "EV_IPL",
        0x0000_000e => "EV_IPL_PARTITION_DATA",
        0x0000_000f => "EV_NONHOST_CODE",
        0x0000_0010 => "EV_NONHOST_CONFIG",
        0x0000_0011 => "EV_NONHOST_INFO",
        0x0000_0012 => "EV_OMIT_BOOT_DEVICE_EVENTS",
        0x0000_0013 => "EV_POST_CODE2",
        _ => return efi_kind_name(kind),
    })
}

const fn efi_kind_name(kind: u32) -> Option<&'static str> {
    Some(match kind {
        0x8000_0001 => "EV_EFI_VARIABLE_DRIVER_CONFIG",
        0x8000_0002 => "EV_EFI_VARIABLE_BOOT",
        0x8000_0003 => "EV_EFI_BOOT_SERVICES_APPLICATION",
        0x8000_0004 => "EV_EFI_BOOT_SERVICES_DRIVER",
        0x8000_0005 => "EV_EFI_RUNTIME_SERVICES_DRIVER",
        0x8000_0006 => "EV_EFI_GPT_EVENT",
        0x8000_0007 => "EV_EFI_ACTION",
        0x8000_0008 => "EV_EFI_PLATFORM_FIRMWARE_BLOB",
        0x8000_0009 => "EV_EFI_HANDOFF_TABLES",
        0x8000_000a => "EV_EFI_PLATFORM_FIRMWARE_BLOB2",
        0x8000_000b => "EV_EFI_HANDOFF_TABLES2",
        0x8000_000c => "EV_EFI_VARIABLE_BOOT2",
        0x8000_000d => "EV_EFI_GPT_EVENT2",
        0x8000_0010 => "EV_EFI_HCRTM_EVENT",
        0x8000_00e0 => "EV_EFI_VARIABLE_AUTHORITY",
        0x8000_00e1 => "EV_EFI_SPDM_FIRMWARE_BLOB",
        0x8000_00e2 => "EV_EFI_SPDM_FIRMWARE_CONFIG",
        0x8000_00e3 => "EV_EFI_SPDM_DEVICE_POLICY",
        0x8000_00e4 => "EV_EFI_SPDM_DEVICE_AUTHORITY",
        _ => return None,
    })
}
