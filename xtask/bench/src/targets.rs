//! Performance targets, compared with the figures. A miss is printed and fails nothing.

use crate::measured::Measurements;
use crate::stats::{Short, Spread};

/// One target.
pub(crate) struct Target {
    pub(crate) what: &'static str,
    pub(crate) aim: Aim,
}

/// What is compared with what.
pub(crate) enum Aim {
    /// Microseconds of a case, below a limit.
    Micros { case: &'static str, below: f64 },
    /// A case in terms of R, at most this.
    Ratio { case: &'static str, at_most: f64 },
    /// A case in terms of another, at most this.
    Quotient { case: &'static str, of: &'static str, at_most: f64 },
    /// How often a case fits into another, at least this.
    Faster { case: &'static str, than: &'static str, at_least: f64 },
    /// The gain by a second thread in terms of the bare signature's, at least this.
    Scaling { case: &'static str, at_least: f64 },
}

/// How a target ended.
pub(crate) struct Judged {
    pub(crate) aim: String,
    pub(crate) found: String,
    pub(crate) verdict: &'static str,
}

impl Target {
    /// Compares the median with the limit.
    pub(crate) fn judge(&self, all: &Measurements) -> Judged {
        let (aim, found, unit, holds): (_, _, _, fn(f64, f64) -> bool) = match self.aim {
            Aim::Micros { case, below } => {
                let found = all.cases.get(case).map(|measured| measured.micros);
                (("under", below), found, " µs", |found, limit| found < limit)
            }
            Aim::Ratio { case, at_most } => {
                let found = all.cases.get(case).map(|measured| measured.ratio);
                (("at most", at_most), found, " R", |found, limit| found <= limit)
            }
            Aim::Quotient { case, of, at_most } => {
                (("at most", at_most), all.quotient(case, of), " ×", |found, limit| found <= limit)
            }
            Aim::Faster { case, than, at_least } => {
                (("at least", at_least), all.quotient(than, case), " ×", |found, limit| found >= limit)
            }
            Aim::Scaling { case, at_least } => {
                (("at least", at_least), all.scaling(case), " ×", |found, limit| found >= limit)
            }
        };
        let (word, limit) = aim;
        Judged {
            aim: format!("{word} {}{unit}", Short(limit)),
            found: found.map_or_else(|| "–".to_owned(), |found: Spread| format!("{found}{unit}")),
            verdict: match found {
                None => "not measured",
                Some(found) if holds(found.median, limit) => "reached",
                Some(_) => "missed",
            },
        }
    }
}

macro_rules! floor {
    ($what:literal, $case:literal, $limit:literal) => {
        Target {
            what: $what,
            aim: Aim::Quotient {
                case: concat!($case, "/aws-lc"),
                of: concat!($case, "-floor/aws-lc"),
                at_most: $limit,
            },
        }
    };
}

macro_rules! below {
    ($what:literal, $case:literal, $limit:literal) => {
        Target { what: $what, aim: Aim::Micros { case: $case, below: $limit } }
    };
}

macro_rules! scaling {
    ($what:literal, $case:literal) => {
        Target { what: $what, aim: Aim::Scaling { case: $case, at_least: 0.95 } }
    };
}

/// Every target, in the order of the page.
pub(crate) const TARGETS: &[Target] = &[
    below!("SNP report, read and checked", "fixed/snp-report", 0.15),
    below!("HCL report, read and checked", "fixed/hcl-report", 0.15),
    below!("TPMS_ATTEST, read", "fixed/tpms-attest", 0.15),
    below!("TDREPORT, read and checked", "fixed/td-report", 0.15),
    below!("SNP: everything but signatures and hashes", "snp/all-but-crypto", 5.0),
    below!("Azure without a log: everything but signatures and hashes", "azure/all-but-crypto", 10.0),
    below!("Nitro: everything but signatures and hashes", "nitro/all-but-crypto", 15.0),
    floor!("SNP warm, in floors", "snp/warm", 1.05),
    floor!("Azure warm, in floors", "azure/warm", 1.05),
    floor!("Azure, a further quote, in floors", "azure/further-quote", 1.05),
    floor!("Nitro warm, in floors", "nitro/warm", 1.05),
    floor!("Nitro, a new enclave, in floors", "nitro/new-enclave", 1.05),
    floor!("NitroTPM warm, in floors", "nitro-tpm/warm", 1.05),
    floor!("TDX warm, in floors", "tdx/warm", 1.10),
    floor!("SNP cold, in floors", "snp/cold", 1.10),
    floor!("Azure cold, in floors", "azure/cold", 1.10),
    floor!("Azure cold with a log, in floors", "azure/cold-with-log", 1.10),
    floor!("Nitro cold, in floors", "nitro/cold", 1.10),
    floor!("NitroTPM cold, in floors", "nitro-tpm/cold", 1.10),
    floor!("TDX cold, in floors", "tdx/cold", 1.10),
    floor!("log of a boot, in its hashing", "log/boot", 1.30),
    floor!("log of small events, in its hashing", "log/small-events", 1.30),
    Target {
        what: "Azure, a further quote of a known boot",
        aim: Aim::Ratio { case: "azure/further-quote/aws-lc", at_most: 0.10 },
    },
    Target {
        what: "the same, its key read before",
        aim: Aim::Ratio { case: "azure/further-quote-prepared/aws-lc", at_most: 0.10 },
    },
    Target {
        what: "Azure, a further quote, faster than az-snp-vtpm warm",
        aim: Aim::Faster {
            case: "azure/further-quote/aws-lc",
            than: "peer/az-snp-vtpm-warm",
            at_least: 30.0,
        },
    },
    Target {
        what: "TDX cold, faster than dcap-qvl over ring",
        aim: Aim::Faster { case: "tdx/cold/aws-lc", than: "peer/dcap-qvl", at_least: 1.15 },
    },
    Target {
        what: "TDX warm, faster than dcap-qvl over ring",
        aim: Aim::Faster { case: "tdx/warm/aws-lc", than: "peer/dcap-qvl", at_least: 5.0 },
    },
    scaling!("two threads, SNP cold", "snp/cold/aws-lc"),
    scaling!("two threads, SNP warm", "snp/warm/aws-lc"),
    scaling!("two threads, Azure warm", "azure/warm/aws-lc"),
    scaling!("two threads, Azure, a further quote", "azure/further-quote/aws-lc"),
    scaling!("two threads, Nitro cold", "nitro/cold/aws-lc"),
    scaling!("two threads, Nitro warm", "nitro/warm/aws-lc"),
    scaling!("two threads, SNP warm, rustcrypto", "snp/warm/rustcrypto"),
    scaling!("two threads, Nitro warm, rustcrypto", "nitro/warm/rustcrypto"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn measurements(nanos: &[(&str, f64)]) -> Measurements {
        let line = |(case, nanos): &(&str, f64)| format!("slice\t0\t{case}\t{nanos}\t250000\t250000\n");
        let text: String = nanos.iter().map(line).collect();
        Measurements::of(vec![Record::read(&text).unwrap_or_default()])
    }

    fn verdict(what: &str, nanos: &[(&str, f64)]) -> &'static str {
        let target = TARGETS.iter().find(|target| target.what == what);
        target.map_or("no such target", |target| target.judge(&measurements(nanos)).verdict)
    }

    #[test]
    fn limits_are_in_the_right_unit_and_direction() {
        let what = "SNP report, read and checked";
        assert_eq!(verdict(what, &[("fixed/snp-report", 149.0)]), "reached");
        assert_eq!(verdict(what, &[("fixed/snp-report", 151.0)]), "missed");
        assert_eq!(verdict(what, &[]), "not measured");
        let what = "Azure, a further quote of a known boot";
        assert_eq!(verdict(what, &[("azure/further-quote/aws-lc", 25_000.0)]), "reached");
        assert_eq!(verdict(what, &[("azure/further-quote/aws-lc", 25_100.0)]), "missed");
        let what = "Azure, a further quote, faster than az-snp-vtpm warm";
        let peer = ("peer/az-snp-vtpm-warm", 750_000.0);
        assert_eq!(verdict(what, &[("azure/further-quote/aws-lc", 24_000.0), peer]), "reached");
        assert_eq!(verdict(what, &[("azure/further-quote/aws-lc", 26_000.0), peer]), "missed");
        let what = "SNP warm, in floors";
        let floor = ("snp/warm-floor/aws-lc", 100.0);
        assert_eq!(verdict(what, &[("snp/warm/aws-lc", 104.0), floor]), "reached");
        assert_eq!(verdict(what, &[("snp/warm/aws-lc", 106.0), floor]), "missed");
    }

    #[test]
    fn threads_are_judged_by_what_the_signature_gains() {
        let record =
            |together| Record::read(&format!("scaling\t0\tsnp/warm/aws-lc\t100\t{together}\t100\t120\n"));
        let judge = |together| {
            let all = Measurements::of(vec![record(together).unwrap_or_default()]);
            let target = TARGETS.iter().find(|target| target.what == "two threads, SNP warm");
            target.map(|target| target.judge(&all).verdict)
        };
        assert_eq!(judge(115), Some("reached"));
        assert_eq!(judge(113), Some("missed"));
    }
}
