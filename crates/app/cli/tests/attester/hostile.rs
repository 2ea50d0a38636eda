//! What a TPM holds is foreign text too: a certificate with a name that would steer a terminal.

use teeproof_mint::azure::Vm;
use teeproof_mint::snp::Product;
use teeproof_twin::swtpm::Swtpm;

use super::clean::{HOSTILE, clean, without_colours};
use super::support::{Run, folder, teeproof};

#[test]
fn what_a_tpm_holds_comes_out_raw_of_no_verb() {
    let vm = Vm::snp(Product::Genoa)
        .with_ak_chain(|chain| chain.leaf.certificate.subject.set_common_name(HOSTILE));
    let folder = folder("hostile-tpm");
    let certificate = folder.join(format!("{HOSTILE}ak.der"));
    std::fs::write(&certificate, vm.certificates().unwrap().ak).unwrap();
    let size = std::fs::metadata(&certificate).unwrap().len().to_string();
    let swtpm = Swtpm::start_tcp().unwrap();
    let run = |arguments: &[&str]| -> Run { teeproof(arguments).args(["--tpm", &swtpm.address()]) };
    let define =
        ["vtpm", "nv", "define", "0x01c101d0", "--size", &size, "--attributes", "ownerwrite|ownerread"];
    run(&define).exits(0);
    run(&["vtpm", "nv", "write", "0x01c101d0", &format!("@{}", certificate.display())]).exits(0);
    let log = folder.join(HOSTILE);
    let log = log.to_str().unwrap();
    for arguments in [
        &["doctor", "--offline", "--event-log", log][..],
        &["doctor", "--event-log", log, "--imds", HOSTILE, "--timeout", "1"],
        &["vtpm", "nv", "list"],
        &["vtpm", "pcr", "read"],
        &["vtpm", "ak"],
        &["collect", "azure", "--no-nonce", "--boot", "--offline", "--event-log", log],
    ] {
        for more in [&[][..], &["-v"], &["--format", "json"]] {
            let ran = run(arguments).args(more).run();
            clean(&ran.stdout);
            clean(&ran.stderr);
            let (exit, received) = run(arguments).args(more).on_terminal();
            assert_eq!(exit, Some(ran.exit), "{ran:#?}");
            clean(&without_colours(&String::from_utf8(received).unwrap().replace("\r\n", "\n")));
        }
    }
    run(&["doctor", "--offline"]).exits(9).shows(&["AK certificate ", "\\u{1b}[2J\\u{1b}[45m\\u{a}FORGED"]);
}
