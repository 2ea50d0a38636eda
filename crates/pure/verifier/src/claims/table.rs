//! The table of claims: name, type in JSON and meaning of each.

/// A claim's type in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimType {
    /// true or false.
    Bool,
    /// An integer that is not negative.
    Number,
    /// A text.
    Text,
    /// Texts.
    Texts,
    /// Bytes in lower-case hex.
    Hex,
    /// A word of flags, as `0x30000`.
    Flags,
    /// The components of a TCB.
    Tcb,
    /// Counts by name.
    Counts,
    /// Words of flags by name.
    FlagWords,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClaimRow {
    /// The name; one that ends in `N` stands for several, numbered from 0.
    pub(crate) name: &'static str,
    /// The type of its value.
    pub(crate) kind: ClaimType,
    /// Whether it can be null: no value.
    pub(crate) nullable: bool,
    /// What it says.
    pub(crate) about: &'static str,
}

const fn row(name: &'static str, kind: ClaimType, about: &'static str) -> ClaimRow {
    ClaimRow { name, kind, nullable: false, about }
}

const fn nullable(name: &'static str, kind: ClaimType, about: &'static str) -> ClaimRow {
    ClaimRow { name, kind, nullable: true, about }
}

use ClaimType::{Bool, Counts, FlagWords, Flags, Hex, Number, Tcb, Text, Texts};

/// Every claim.
pub(crate) const CLAIMS: &[ClaimRow] = &[
    row("product", Text, "SNP: the product line of the processor: `milan`, `genoa`, `turin`."),
    row("signing_key", Text, "SNP: the kind of key that signed the report: `vcek`, `vlek`."),
    nullable("chip_id", Hex, "SNP: CHIP_ID, 64 bytes; null where the signing key is not tied to a chip."),
    row("report_version", Number, "SNP: VERSION of the report."),
    row("guest_svn", Number, "SNP: GUEST_SVN."),
    row("policy", Flags, "SNP: POLICY, the guest policy under which the guest was launched."),
    row(
        "vmpl",
        Number,
        "SNP: VMPL, the privilege level at which the report was requested; 4294967295 is the host.",
    ),
    row("family_id", Hex, "SNP: FAMILY_ID, 16 bytes."),
    row("image_id", Hex, "SNP: IMAGE_ID, 16 bytes."),
    row("measurement", Hex, "SNP: MEASUREMENT, the launch digest, 48 bytes."),
    row("id_key_digest", Hex, "SNP: ID_KEY_DIGEST, 48 bytes."),
    row("author_key_digest", Hex, "SNP: AUTHOR_KEY_DIGEST, 48 bytes."),
    row("host_data", Hex, "SNP: HOST_DATA, 32 bytes."),
    row("report_data", Hex, "SNP: REPORT_DATA, 64 bytes. TDX: REPORTDATA, 64 bytes."),
    row("report_id", Hex, "SNP: REPORT_ID, 32 bytes."),
    row("platform_info", Flags, "SNP: PLATFORM_INFO."),
    row("reported_tcb", Tcb, "SNP: REPORTED_TCB, the TCB that the signing key was derived for."),
    row("committed_tcb", Tcb, "SNP: COMMITTED_TCB, below which the firmware cannot be rolled back."),
    row("current_tcb", Tcb, "SNP: CURRENT_TCB."),
    row("launch_tcb", Tcb, "SNP: LAUNCH_TCB."),
    row(
        "id_key_known_of",
        Text,
        "SNP: the product whose id key this is known to be; there only where it is known.",
    ),
    row(
        "provider",
        Text,
        "SNP: the provider that a VLEK's certificate names (cspID); there only under a VLEK.",
    ),
    row(
        "mitigation_vectors",
        FlagWords,
        "SNP: LAUNCH_MIT_VECTOR and CURRENT_MIT_VECTOR; of reports from version 5 on.",
    ),
    row("fmspc", Hex, "TDX: FMSPC of the platform, by its PCK certificate, 6 bytes."),
    row("pck_ca", Text, "TDX: the authority of the PCK certificate: `platform`, `processor`."),
    row(
        "tcb_status",
        Text,
        "TDX: the TCB status of processor, firmware, TDX module and quoting enclave together.",
    ),
    row("tcb_date", Text, "TDX: the least `tcbDate` of these parts, RFC 3339."),
    nullable(
        "tcb_days_behind",
        Number,
        "TDX: days since the first update that an out-of-date TCB lacks, 0 for any other; null where the collateral has no date of it.",
    ),
    row("tcb_advisories", Texts, "TDX: Intel's advisories that concern the TCB, sorted."),
    row(
        "tcb_evaluation_data_number",
        Number,
        "TDX: tcbEvaluationDataNumber of TCB info and QE identity, the lesser one.",
    ),
    row("tcb_next_update", Text, "TDX: until when TCB info and QE identity are current, RFC 3339."),
    row("quote_version", Number, "TDX: version of the quote, 4 or 5."),
    row("tee_tcb_svn", Hex, "TDX: TEE_TCB_SVN, 16 bytes."),
    row("mrseam", Hex, "TDX: MRSEAM, the measurement of the TDX module, 48 bytes."),
    row("mrsignerseam", Hex, "TDX: MRSIGNERSEAM, 48 bytes; zero for a module of Intel."),
    row("seam_attributes", Flags, "TDX: SEAMATTRIBUTES."),
    row("td_attributes", Flags, "TDX: TDATTRIBUTES."),
    row("xfam", Flags, "TDX: XFAM, the processor features that the guest may use."),
    row("mrtd", Hex, "TDX: MRTD, the measurement of the guest's initial contents, 48 bytes."),
    row("mrconfigid", Hex, "TDX: MRCONFIGID, 48 bytes."),
    row("mrowner", Hex, "TDX: MROWNER, 48 bytes."),
    row("mrownerconfig", Hex, "TDX: MROWNERCONFIG, 48 bytes."),
    nullable("tee_tcb_svn2", Hex, "TDX: TEE_TCB_SVN2, 16 bytes; null in a quote with a body of TDX 1.0."),
    nullable("mrservicetd", Hex, "TDX: MRSERVICETD, 48 bytes; null in a quote with a body of TDX 1.0."),
    row("rtmrN", Hex, "TDX: RTMR N, 48 bytes."),
    nullable("vm_id", Text, "Azure: vmUniqueId of the runtime claims, a GUID."),
    nullable(
        "user_data",
        Hex,
        "Azure: user-data of the runtime claims, 64 bytes. Nitro, NitroTPM: user_data.",
    ),
    row(
        "secure_boot_configured",
        Bool,
        "Azure: secure-boot of the runtime claims: as the host configured it.",
    ),
    row("tpm_enabled", Bool, "Azure: tpm-enabled of the runtime claims."),
    row("tpm_persisted", Bool, "Azure: tpm-persisted of the runtime claims."),
    row("console", Bool, "Azure: console-enabled of the runtime claims."),
    row("interactive_console", Bool, "Azure: interactive-console-enabled of the runtime claims."),
    row("filtered_vpci_devices_allowed", Bool, "Azure: filtered-vpci-devices-allowed of the runtime claims."),
    row("root_cert_thumbprint", Hex, "Azure: root-cert-thumbprint of the runtime claims."),
    nullable("ak_certificate", Text, "Azure: the common name of the verified AK certificate."),
    row("quote_nonce", Hex, "Azure: extraData of the quote."),
    row("tpm_clock_ms", Number, "Azure: clockInfo.clock of the quote, milliseconds."),
    row("tpm_resets", Number, "Azure: clockInfo.resetCount of the quote."),
    row("tpm_restarts", Number, "Azure: clockInfo.restartCount of the quote."),
    row("tpm_clock_safe", Bool, "Azure: clockInfo.safe of the quote."),
    row("tpm_firmware", Hex, "Azure: firmwareVersion of the quote, 8 bytes."),
    row(
        "pcrN",
        Hex,
        "Azure: PCR N of the quote, 32 bytes. Nitro, NitroTPM: PCR N of the document, 48 bytes.",
    ),
    nullable(
        "secure_boot",
        Bool,
        "Azure: whether secure boot was enforced, as PCR 7 and the event log show it; null where they do not. NitroTPM: false where PCR 7 is that of an instance without secure boot and its keys; else null.",
    ),
    row("secure_boot_keys", Counts, "Azure: how many entries the signature lists PK, KEK, db and dbx have."),
    row(
        "boot_application_N",
        Hex,
        "Azure: the Authenticode digest of boot application N, in the order of their start.",
    ),
    row(
        "module_id",
        Text,
        "Nitro: module_id, the instance and the enclave. NitroTPM: module_id, the instance.",
    ),
    row("timestamp", Text, "Nitro, NitroTPM: timestamp, RFC 3339."),
    row("mode", Text, "Nitro: `production`, or `debug` where PCR0, PCR1 or PCR2 is zero or absent."),
    row(
        "measured_boot",
        Bool,
        "NitroTPM: whether the firmware measured the boot: none of PCRs 0 to 7 is zero.",
    ),
    nullable("public_key", Hex, "Nitro, NitroTPM: public_key."),
    nullable("nonce", Hex, "Nitro, NitroTPM: nonce."),
];

/// The schema of the object of claims.
pub(crate) fn schema() -> schemars::Schema {
    use alloc::format;
    use serde_json::{Map, Value, json};

    let word = json!({ "type": "string", "pattern": "^0x[0-9a-f]+$" });
    let level = json!({ "type": "integer", "minimum": 0, "maximum": 255 });
    let (mut named, mut numbered) = (Map::new(), Map::new());
    for claim in CLAIMS {
        let mut schema = match claim.kind {
            Bool => json!({ "type": "boolean" }),
            Number => json!({ "type": "integer", "minimum": 0 }),
            Text => json!({ "type": "string" }),
            Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Hex => json!({ "type": "string", "pattern": "^([0-9a-f]{2})*$" }),
            Flags => word.clone(),
            Tcb => json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["fmc", "bootloader", "tee", "snp", "microcode"],
                "properties": {
                    "fmc": { "type": ["integer", "null"], "minimum": 0, "maximum": 255 },
                    "bootloader": level, "tee": level, "snp": level, "microcode": level,
                },
            }),
            Counts => {
                json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } })
            }
            FlagWords => json!({ "type": "object", "additionalProperties": word }),
        };
        if let Some(schema) = schema.as_object_mut() {
            let of = schema.get("type").cloned().unwrap_or_default();
            if claim.nullable {
                schema.insert("type".into(), json!([of, "null"]));
            }
            schema.insert("description".into(), Value::from(claim.about));
        }
        match claim.name.strip_suffix('N') {
            Some(name) => numbered.insert(format!("^{name}[0-9]+$"), schema),
            None => named.insert(claim.name.into(), schema),
        };
    }
    schemars::json_schema!({
        "description": "The claims of authentic evidence; those of its technology, and none of other evidence.",
        "type": "object",
        "additionalProperties": false,
        "properties": named,
        "patternProperties": numbered,
    })
}
