//! A policy for a mixed fleet: the example accepts a Milan and a Genoa, and refuses each one that differs in
//! what it demands.

use teeproof_mint::azure::Vm;
use teeproof_mint::snp::{Product, Tcb};

use crate::machine::*;
use crate::support::*;

const EXAMPLE: &str = "examples/policies/azure-fleet.toml";

fn of(product: Product) -> Vm {
    Vm::snp(product).nonce(&CHALLENGE)
}

fn run(test: &str, vm: &Vm) -> Run {
    let machine = Machine::new(test, vm);
    let run = teeproof(["verify"]).args(AT).args(machine.anchors()).args(nonce(&CHALLENGE));
    run.args(machine.files()).args(["--policy"]).args([root().join(EXAMPLE)])
}

/// All of this stands in the output, whatever its columns and line breaks.
#[track_caller]
fn says(ran: &Ran, words: &[&str]) {
    let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    words.iter().for_each(|words| assert!(text.contains(words), "{words}: {ran:#?}"));
}

#[test]
fn the_example_accepts_a_milan_and_a_genoa() {
    let ran = teeproof(["policy", "check"]).args([root().join(EXAMPLE)]).exits(0);
    says(
        &ran,
        &[
            "azure-fleet.toml: ok",
            "snp.product one of milan, genoa (line ",
            "snp.author-key-digest absent (line ",
            "at least milan bootloader 4, tee 0, snp 24, microcode 219; genoa bootloader 10, tee 0, snp 23, microcode 84 (line ",
            "log.explains yes, for all PCRs but 9, 10, 11 (line ",
            "log.explains waived: PCR 11: systemd extends it at boot (line ",
            "quote.pcr5 waived: how often the boot loader called ExitBootServices (line ",
        ],
    );
    for (product, name) in [(Product::Milan, "milan"), (Product::Genoa, "genoa")] {
        let mut vm = of(product);
        // What systemd and IMA do on a real machine.
        for index in [9, 10, 11] {
            vm.pcrs[index] = [0xee; 32];
        }
        let ran = run(&format!("fleet-{name}"), &vm).exits(0);
        says(
            &ran,
            &[
                "ACCEPTED azure-snp policy example: Milan and Genoa on Azure",
                &format!("the processor's product line: {name}, expected one of milan, genoa"),
                &format!("at least {name} bootloader"),
                "differ: 9 11;",
                "– waived: PCR 11: systemd extends it at boot: log.explains (line ",
                "– waived: how often the boot loader called ExitBootServices: quote.pcr5 (line ",
            ],
        );
    }
}

/// What is changed, the check that fails, and words of its finding.
type Case = (&'static str, Vm, &'static str, &'static [&'static str]);

#[test]
fn the_example_refuses_each_that_differs() {
    let milan = Tcb { fmc: 0, bootloader: 4, tee: 0, snp: 24, microcode: 219 };
    let tcb = |product, tcb| of(product).with_machine(|machine| *machine = machine.clone().tcb(tcb));
    let extended = |index: usize| {
        let mut vm = of(Product::Genoa);
        vm.pcrs[index] = [0xee; 32];
        vm
    };
    let author = of(Product::Milan).with_machine(|machine| machine.report.key_info |= 1);
    let mut no_log = of(Product::Milan);
    no_log.log = None;
    let with_console = of(Product::Genoa)
        .with_claims(|claims| claims.configuration.set("interactive-console-enabled", false));
    let cases: [Case; 8] = [
        // A Milan of the Genoa's lower microcode: one floor of both would let it pass.
        (
            "milan-84",
            tcb(Product::Milan, Tcb { microcode: 84, ..milan }),
            "snp.tcb.reported",
            &[
                "found bootloader 4, tee 0, snp 24, microcode 84",
                "at least milan bootloader 4, tee 0, snp 24",
            ],
        ),
        (
            "genoa-bootloader",
            tcb(Product::Genoa, Tcb { snp: 255, ..milan }),
            "snp.tcb.committed",
            &["at least genoa bootloader 10"],
        ),
        ("turin", of(Product::Turin), "snp.product", &["turin", "no floor for turin", "✘ snp.tcb.reported"]),
        ("author", author, "snp.author-key-digest", &["absent"]),
        ("console", with_console, "hcl.interactive-console", &["absent"]),
        ("pcr-4", extended(4), "log.explains", &["differ: 4;", "yes, for all PCRs but 9, 10, 11"]),
        ("pcr-7", extended(7), "quote.pcr7", &["✘ log.explains", "✘ log.secure-boot"]),
        ("no-log", no_log, "log.explains", &["no event log was verified", "waived: PCR 11: systemd"]),
    ];
    for (name, vm, check, words) in cases {
        let ran = run(&format!("fleet-refused-{name}"), &vm).exits(6);
        says(&ran, &[&format!("✘ {check}"), "policy line"]);
        says(&ran, words);
    }
}

/// In JSON each PCR that is left out is a waiver of its check, with the reason and the policy's line.
#[test]
fn what_is_left_out_is_among_the_waivers() {
    let json = run("fleet-json", &of(Product::Milan)).args(["--format", "json"]).exits(0).json();
    let policy = std::fs::read_to_string(root().join(EXAMPLE)).unwrap();
    let line = |start: &str| 1 + policy.lines().position(|line| line.starts_with(start)).unwrap();
    let waivers = json["waivers"].as_array().unwrap();
    for (check, reason, start) in [
        ("log.explains", "PCR 9: systemd measures the initial RAM disk", "9 = "),
        ("log.explains", "PCR 10: IMA extends it", "10 = "),
        ("log.explains", "PCR 11: systemd extends it at boot", "11 = "),
        ("quote.pcr5", "how often the boot loader called ExitBootServices", "5 = "),
        ("quote.pcr6", "holds the id of the VM", "6 = "),
    ] {
        let found = waivers.iter().find(|waiver| waiver["reason"] == reason).expect(reason);
        assert_eq!((&found["id"], &found["line"]), (&check.into(), &line(start).into()), "{found}");
    }
    let checks = json["checks"].as_array().unwrap();
    let explains: Vec<_> = checks.iter().filter(|check| check["id"] == "log.explains").collect();
    let outcomes: Vec<_> = explains.iter().map(|check| check["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["pass", "skip", "skip", "skip"]);
    assert_eq!(explains[0]["expected"], serde_json::json!({ "all_pcrs_but": [9, 10, 11] }));
    assert!(explains[0]["because"].as_str().unwrap().ends_with("(the log explains 9 11 of them)"));
}
