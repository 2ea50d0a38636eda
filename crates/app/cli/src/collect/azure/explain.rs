//! What tpm2-tools would have to do to collect the same.

use std::fmt::Write;

use teeproof::core::Hex;
use teeproof_vtpm::hash_name;

use super::args::{Asked, AzureArgs};

/// A script of tpm2-tools' commands, with a word about each.
pub(super) fn text(args: &AzureArgs, asked: &Asked) -> String {
    let mut out = String::from("#!/bin/sh -e\n");
    if asked.fresh {
        fresh(&mut out, asked);
    } else {
        out.push_str("# The paravisor's report, of whatever age.\n");
        out.push_str("tpm2_nvread -C o 0x01400001 > hcl-report.bin\n");
    }
    let registers: Vec<String> = args.pcrs.0.indices().map(|index| index.to_string()).collect();
    let bank = hash_name(args.pcrs.0.bank).unwrap_or("sha256");
    let list = format!("{bank}:{}", registers.join(","));
    out.push_str("# The quote of the attestation key, and the registers that it is over.\n");
    let nonce = if asked.nonce.is_empty() { String::new() } else { format!(" -q {}", Hex(&asked.nonce)) };
    let _ = writeln!(
        out,
        "tpm2_quote -c 0x81000003 -l {list}{nonce} -g sha256 -m quote.msg -s quote.sig -f plain"
    );
    let _ = writeln!(out, "tpm2_pcrread {list} > pcrs.txt");
    out.push_str("# The certificate of the attestation key, with zeros after its end.\n");
    out.push_str("tpm2_nvread -C o 0x01c101d0 > ak.der\n");
    if !args.no_event_log {
        let _ = writeln!(out, "# The boot log.\ncp {} event-log.bin", args.event_log.event_log.display());
    }
    out.push_str("# The VCEK and the certificates above it, outside of the TPM.\n");
    let imds = args.metadata.imds.trim_end_matches('/');
    let _ = writeln!(
        out,
        "curl -s --noproxy '*' -H Metadata:true {imds}/metadata/THIM/amd/certification > thim.json"
    );
    out.push_str("# One file of all.\n");
    out.push_str("teeproof bundle create hcl-report.bin quote.msg quote.sig pcrs.txt ak.der");
    out.push_str(if args.no_event_log { " thim.json" } else { " event-log.bin thim.json" });
    out.push_str(" -o vm.bundle\n");
    out
}

fn fresh(out: &mut String, asked: &Asked) {
    let user_data = Hex(&asked.user_data);
    out.push_str("# The index for what the report is to hold, unless there is one.\n");
    out.push_str(
        "tpm2_nvdefine 0x01400002 -C o -s 64 -a 'ownerwrite|ownerread|authwrite|authread' || true\n",
    );
    let _ = writeln!(out, "printf {user_data} | xxd -r -p | tpm2_nvwrite 0x01400002 -C o -i -");
    out.push_str(
        "# The paravisor renews its report when it is read, and not within two seconds of the last time.\n",
    );
    out.push_str("sleep 2.1\n");
    out.push_str("tpm2_nvread -C o 0x01400001 > hcl-report.bin\n");
    out.push_str("# Without this, it may be an old report.\n");
    let _ = writeln!(out, "grep -aqi '\"user-data\":\"{user_data}\"' hcl-report.bin");
}
