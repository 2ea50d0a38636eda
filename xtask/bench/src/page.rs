//! BENCHMARKS.md from its template. The text between the two marks is taken over from the existing page.

use crate::measured::Measurements;
use crate::tables::{self, Comparison};
use xtask_support::shell::Outcome;

const TEMPLATE: &str = include_str!("template.md");
const BEGIN: &str = "<!-- by hand: begin -->";
const END: &str = "<!-- by hand: end -->";
/// The default text between the marks.
const EMPTY: &str = "\nNothing was written yet.\n";

/// Everything that goes into the page.
pub(crate) struct Page<'a> {
    pub(crate) measurements: &'a Measurements,
    /// Criterion's median of a case in nanoseconds.
    pub(crate) criterion: &'a dyn Fn(&str) -> Option<f64>,
    pub(crate) machine: &'a str,
    pub(crate) date: &'a str,
}

impl Page<'_> {
    /// The whole page; `old` is the one that it replaces.
    pub(crate) fn write(&self, old: &str) -> Outcome<String> {
        let all = self.measurements;
        let skipped = all.skipped.iter().map(|skipped| format!("* {}: {}.\n", skipped.what, skipped.why));
        let skipped: String = skipped.collect();
        let fillings = [
            ("date", self.date.to_owned()),
            ("machine", self.machine.to_owned()),
            ("reference", all.reference.map_or_else(|| "–".to_owned(), |spread| spread.to_string())),
            ("skipped", if skipped.is_empty() { "Nothing was left out.\n".to_owned() } else { skipped }),
            ("targets", tables::targets(all)),
            ("fixed", tables::plain(all, FIXED)),
            ("glue", tables::plain(all, GLUE)),
            ("snp", tables::verified(all, SNP)),
            ("azure", tables::verified(all, AZURE)),
            ("nitro", tables::verified(all, NITRO)),
            ("nitro-tpm", tables::verified(all, NITRO_TPM)),
            ("tdx", tables::verified(all, TDX)),
            ("log", tables::verified(all, LOG)),
            ("log-read", tables::plain(all, LOG_READ)),
            ("front-door", tables::verified(all, FRONT_DOOR)),
            ("peers", tables::comparisons(all, PEERS)),
            ("threads", tables::threads(all)),
            ("many", tables::many(all, MANY)),
            ("everything", tables::everything(all, self.criterion)),
            ("by-hand", format!("{BEGIN}{}{END}\n", by_hand(old)?)),
        ];
        fill(TEMPLATE, &fillings)
    }
}

/// The text between the marks.
fn by_hand(old: &str) -> Outcome<&str> {
    match (old.split_once(BEGIN), old.contains(END)) {
        (None, false) => Ok(EMPTY),
        (Some((_, rest)), true) => {
            let found = rest.split_once(END).map(|(text, _)| text);
            found.ok_or_else(|| format!("`{END}` stands before `{BEGIN}`"))
        }
        _ => {
            Err(format!("only one of `{BEGIN}` and `{END}` is there: what was written by hand would be lost"))
        }
    }
}

/// Puts each filling in the place of its `{{name}}`, which has a line of its own or a part of one.
fn fill(template: &str, fillings: &[(&str, String)]) -> Outcome<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or("the template has an open place")?;
        let filling = fillings.iter().find(|(key, _)| *key == name);
        let (_, filling) = filling.ok_or_else(|| format!("nothing is called `{name}`"))?;
        text.push_str(before);
        // A filling of lines ends with the line that its place stands on.
        text.push_str(filling.strip_suffix('\n').filter(|_| after.starts_with('\n')).unwrap_or(filling));
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

const FIXED: &[(&str, &str)] = &[
    ("SNP report, 1184 bytes, reserved bytes checked", "fixed/snp-report"),
    ("HCL report: envelope of hardware report and claims", "fixed/hcl-report"),
    ("TPMS_ATTEST of a quote", "fixed/tpms-attest"),
    ("TDREPORT, 1024 bytes, reserved bytes checked", "fixed/td-report"),
    ("certificate (VCEK, 1.3 KiB), every extension", "fixed/certificate"),
    ("SNP: report and VCEK", "snp/parse"),
    ("Azure: envelope, report, quote and five certificates", "azure/parse"),
    ("Nitro: COSE and document", "nitro/parse-without-certificates"),
    ("Nitro: the same and five certificates", "nitro/parse"),
    ("NitroTPM: COSE, document and five certificates", "nitro-tpm/parse"),
    ("TDX: quote and the three certificates in it, PEM", "tdx/parse"),
    ("TDX: collateral: two documents, two certificates, two revocation lists", "tdx/parse-collateral"),
];

const GLUE: &[(&str, &str)] = &[
    ("SNP", "snp/all-but-crypto"),
    ("Azure without a log", "azure/all-but-crypto"),
    ("Azure with a log of 4 KiB", "azure/all-but-crypto-with-log"),
    ("Nitro", "nitro/all-but-crypto"),
    ("NitroTPM", "nitro-tpm/all-but-crypto"),
    ("TDX", "tdx/all-but-crypto"),
    ("TDX, a known platform and known collateral", "tdx/warm-all-but-crypto"),
    ("SNP, every finding and claim as text", "front-door/snp-all-but-crypto"),
    ("Azure with a log, every finding and claim as text", "front-door/azure-all-but-crypto"),
    ("Nitro, every finding and claim as text", "front-door/nitro-all-but-crypto"),
    ("of these: appraisal, SNP", "snp/appraise"),
    ("of these: appraisal, Azure", "azure/appraise"),
    ("of these: appraisal, Azure with a log", "azure/appraise-with-log"),
    ("of these: appraisal, Nitro", "nitro/appraise/aws-lc"),
    ("of these: appraisal, NitroTPM", "nitro-tpm/appraise"),
];

const SNP: &[(&str, &str)] = &[
    ("cold: a chip that was never seen (2 signatures)", "snp/cold"),
    ("warm: a known chip (1 signature)", "snp/warm"),
    ("the same, its key read before", "snp/warm-prepared"),
];

const AZURE: &[(&str, &str)] = &[
    ("cold, without a log (7 signatures)", "azure/cold"),
    ("cold, with a log of 4 KiB", "azure/cold-with-log"),
    ("warm: both chains known (2 signatures)", "azure/warm"),
    ("a further quote of a known boot (1 signature)", "azure/further-quote"),
    ("the same, its key read before", "azure/further-quote-prepared"),
    ("the same, by the cache of signatures alone", "azure/further-quote-by-cache"),
];

const NITRO: &[(&str, &str)] = &[
    ("cold: nothing known (5 signatures)", "nitro/cold"),
    ("a new enclave under known authorities (2 signatures)", "nitro/new-enclave"),
    ("warm: a known enclave (1 signature)", "nitro/warm"),
];

const NITRO_TPM: &[(&str, &str)] = &[
    ("cold: nothing known (5 signatures)", "nitro-tpm/cold"),
    ("warm: a known instance (1 signature)", "nitro-tpm/warm"),
];

const TDX: &[(&str, &str)] = &[
    ("cold: a platform that was never seen (9 signatures)", "tdx/cold"),
    ("warm: a known platform and known collateral (1 signature)", "tdx/warm"),
];

const LOG: &[(&str, &str)] = &[
    ("as a boot leaves it: half of it lists of keys", "log/boot"),
    ("nothing but small events", "log/small-events"),
];

const LOG_READ: &[(&str, &str)] = &[
    ("as a boot leaves it, read alone", "log/boot-parse"),
    ("nothing but small events, read alone", "log/small-events-parse"),
];

const FRONT_DOOR: &[(&str, &str)] = &[
    ("SNP, cold", "front-door/snp"),
    ("Azure with a log, cold", "front-door/azure"),
    ("Nitro, cold", "front-door/nitro"),
];

const MANY: &[(&str, &str)] = &[
    ("8 Nitro documents of 4 regions", "many/8-documents"),
    ("16 Nitro documents of one enclave", "many/16-documents"),
    ("16 quotes of one Azure VM", "many/16-quotes"),
];

const PEERS: &[Comparison] = &[
    Comparison {
        task: "SNP cold",
        ours: &[("teeproof, aws-lc", "snp/cold/aws-lc"), ("teeproof, rustcrypto", "snp/cold/rustcrypto")],
        peers: &[
            ("sev 8.0.0, OpenSSL", "peer/sev-openssl-cold"),
            ("sev 8.0.0, pure Rust", "peer/sev-nossl-cold"),
        ],
    },
    Comparison {
        task: "SNP warm",
        ours: &[("teeproof, aws-lc", "snp/warm/aws-lc"), ("teeproof, rustcrypto", "snp/warm/rustcrypto")],
        peers: &[
            ("sev 8.0.0, OpenSSL, parsed before", "peer/sev-openssl-warm"),
            ("sev 8.0.0, pure Rust, parsed before", "peer/sev-nossl-warm"),
        ],
    },
    Comparison {
        task: "Azure cold",
        ours: &[("teeproof, aws-lc", "azure/cold/aws-lc"), ("teeproof, rustcrypto", "azure/cold/rustcrypto")],
        peers: &[
            ("az-snp-vtpm 0.8.2 and az-cvm-vtpm 0.8.2", "peer/az-both-cold"),
            ("az-snp-vtpm 0.8.2, without the quote", "peer/az-snp-vtpm-cold"),
        ],
    },
    Comparison {
        task: "Azure, a further quote",
        ours: &[
            ("teeproof, aws-lc", "azure/further-quote/aws-lc"),
            ("teeproof, aws-lc, key read before", "azure/further-quote-prepared/aws-lc"),
            ("teeproof, rustcrypto", "azure/further-quote/rustcrypto"),
        ],
        peers: &[
            ("az-snp-vtpm 0.8.2 warm, without the quote", "peer/az-snp-vtpm-warm"),
            ("az-cvm-vtpm 0.8.2, the quote alone, key parsed before", "peer/az-cvm-vtpm-quote"),
        ],
    },
    Comparison {
        task: "Nitro cold",
        ours: &[("teeproof, aws-lc", "nitro/cold/aws-lc"), ("teeproof, rustcrypto", "nitro/cold/rustcrypto")],
        peers: &[
            ("nitro_attest 0.2.0", "peer/nitro_attest"),
            ("attestation-doc-validation 0.10.1", "peer/attestation-doc-validation"),
        ],
    },
    Comparison {
        task: "TDX cold",
        ours: &[("teeproof, aws-lc", "tdx/cold/aws-lc"), ("teeproof, rustcrypto", "tdx/cold/rustcrypto")],
        peers: &[("dcap-qvl 0.7.1, ring", "peer/dcap-qvl")],
    },
    Comparison {
        task: "TDX warm",
        ours: &[("teeproof, aws-lc", "tdx/warm/aws-lc"), ("teeproof, rustcrypto", "tdx/warm/rustcrypto")],
        peers: &[("dcap-qvl 0.7.1, ring, which caches nothing", "peer/dcap-qvl")],
    },
    Comparison {
        task: "SNP report read",
        ours: &[("teeproof", "fixed/snp-report")],
        peers: &[
            ("sev 8.0.0, OpenSSL", "peer/sev-openssl-parse"),
            ("sev 8.0.0, pure Rust", "peer/sev-nossl-parse"),
        ],
    },
    Comparison {
        task: "HCL report read",
        ours: &[("teeproof", "fixed/hcl-report")],
        peers: &[("az-cvm-vtpm 0.8.2", "peer/az-cvm-vtpm-parse")],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn page(old: &str) -> Outcome<String> {
        let measurements = Measurements::default();
        let page = Page { measurements: &measurements, criterion: &|_| None, machine: "m", date: "d" };
        page.write(old)
    }

    #[test]
    fn what_was_written_by_hand_survives() {
        let first = page("").unwrap_or_default();
        assert!(first.contains(EMPTY));
        let edited = first.replace(EMPTY, "\n### Kept\n\nA cache with {{braces}}.\n");
        let second = page(&edited);
        assert_eq!(second.as_deref(), Ok(edited.as_str()));
        assert!(page(&first.replace(END, "")).is_err());
        assert!(page(&first.replace(BEGIN, "")).is_err());
    }

    #[test]
    fn every_place_is_filled() {
        let text = page("").unwrap_or_default();
        assert!(!text.is_empty() && !text.contains("{{"));
        assert!(fill("{{nothing}}", &[]).is_err());
        assert!(fill("{{open", &[]).is_err());
        assert_eq!(fill("a {{x}} b", &[("x", "1".into())]).as_deref(), Ok("a 1 b"));
        assert_eq!(fill("{{x}}\nb\n", &[("x", "1\n2\n".into())]).as_deref(), Ok("1\n2\nb\n"));
    }
}
