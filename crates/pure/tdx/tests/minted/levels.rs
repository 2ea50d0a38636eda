//! TCB levels of platform, module and quoting enclave.

use teeproof_core::{Class, Freshness, Outcome, Time};
use teeproof_mint::tdx::{IsvLevel, QuoteBody, TcbInfo, TcbLevel, TdxMachine};
use teeproof_tdx::{Error, ModuleProblem, TcbStatus};

use crate::support::{Checked, genuine};

const UP: &str = "UpToDate";

fn status(platform: &TdxMachine) -> TcbStatus {
    platform.evidence().verify(Freshness::Waived("a test"), |result, _| result.unwrap().tcb().status())
}

/// A platform with this TCB in its PCK certificate.
fn with_tcb(components: [u8; 16], pce_svn: u64) -> TdxMachine {
    genuine().with_sgx(|sgx| (sgx.components, sgx.pce_svn) = (components, pce_svn))
}

/// A level of this day.
fn level(tcb: ([u8; 16], u16, [u8; 16]), day: &str, status: &str) -> TcbLevel {
    TcbLevel::new(tcb, &format!("{day}T00:00:00Z"), status, &[])
}

#[test]
fn each_component_must_be_reached() {
    let tdx = [9; 16];
    let platform = |components: [u8; 16], pce_svn, svn: [u8; 16]| {
        with_tcb(components, pce_svn).with_body(|body| body.tee_tcb_svn = svn).with_tcb_info(|info| {
            info.levels = vec![level(([9; 16], 9, tdx), "2024-01-01", UP)];
        })
    };
    // Major version 1: the first two components of TDX are the module's, which has levels of its own.
    let mut svn = [9; 16];
    (svn[0], svn[1]) = (7, 1);
    assert_eq!(status(&platform([9; 16], 9, svn)), TcbStatus::UpToDate);
    assert_eq!(status(&platform([255; 16], 300, svn)), TcbStatus::UpToDate);
    for at in 0..16 {
        let mut components = [9; 16];
        components[at] = 8;
        let error = platform(components, 9, svn).refused("tdx.tcb", Class::NotAuthentic);
        assert_eq!(error, Error::TcbLevel, "SGX component {at}");
    }
    platform([9; 16], 8, svn).refused("tdx.tcb", Class::NotAuthentic);
    for at in 2..16 {
        let mut svn = svn;
        svn[at] = 8;
        let error = platform([9; 16], 9, svn).refused("tdx.tcb", Class::NotAuthentic);
        assert_eq!(error, Error::TcbLevel, "TDX component {at}");
    }
    // Major version 0: all of them count, and no module identity does.
    let old = |first, of_level: u8| {
        let mut svn = [9; 16];
        (svn[0], svn[1]) = (first, 0);
        let mut tdx = tdx;
        (tdx[0], tdx[1]) = (of_level, 0);
        platform([9; 16], 9, svn).with_tcb_info(|info| info.levels[0].tdx = tdx)
    };
    assert_eq!(status(&old(5, 5)), TcbStatus::UpToDate);
    old(4, 5).refused("tdx.tcb", Class::NotAuthentic);
}

#[test]
fn the_first_level_that_is_reached_counts() {
    let older = genuine().tcb_info.levels[1].sgx;
    let with = |pce_svn| with_tcb(older, pce_svn).with_body(|body| body.tee_tcb_svn[2] = 2);
    let platform = with(13);
    let findings = platform.accepted();
    let (_, outcome, because, _) = findings.of("tdx.tcb");
    assert_eq!(*outcome, Outcome::Warn);
    for text in
        ["OutOfDate", "TCB of 2024-03-13", "469 days behind", "2024-11-13", "INTEL-SA-01036, INTEL-SA-01079"]
    {
        assert!(because.contains(text), "{because}");
    }
    platform.evidence().verify(Freshness::Waived("a test"), |result, _| {
        let verified = result.unwrap();
        let tcb = verified.tcb();
        assert_eq!(tcb.advisories(), ["INTEL-SA-01036", "INTEL-SA-01079"]);
        assert_eq!(tcb.days_behind(), Some(469));
        assert_eq!(tcb.behind_since(), Some(Time(1_731_456_000)));
        assert_eq!(tcb.platform().status, TcbStatus::OutOfDate);
        assert_eq!(tcb.module().unwrap().status, TcbStatus::UpToDate);
    });
    // The last level, by the PCESVN alone.
    assert_eq!(status(&with(5)), TcbStatus::Revoked);
    assert_eq!(with(4).refused("tdx.tcb", Class::NotAuthentic), Error::TcbLevel);
    // Behind since the first update that it lacks, not since the newest.
    let oldest = with(5).with_tcb_info(|info| info.signed.replace("Revoked", "OutOfDate"));
    oldest.evidence().verify(Freshness::Waived("a test"), |result, _| {
        let verified = result.unwrap();
        // 2024-03-13T00:00:00Z, although there is a level of 2024-11-13.
        assert_eq!(verified.tcb().behind_since(), Some(Time(1_710_288_000)));
        assert_eq!(verified.tcb().days_behind(), Some(714));
    });
    // Levels in another order: still the first.
    let reversed = genuine().with_tcb_info(|info| {
        info.levels.insert(0, level(([0; 16], 0, [0; 16]), "2020-01-01", "OutOfDate"));
    });
    assert_eq!(status(&reversed), TcbStatus::OutOfDate);
}

#[test]
fn the_module() {
    let with = |change: &dyn Fn(&mut QuoteBody)| genuine().with_body(change);
    for (platform, problem) in [
        (with(&|body| body.tee_tcb_svn[1] = 2), ModuleProblem::Unknown { major: 2 }),
        (with(&|body| body.tee_tcb_svn[0] = 3), ModuleProblem::NoLevel { major: 1, svn: 3 }),
        (with(&|body| body.mr_signer_seam[0] = 1), ModuleProblem::Signer),
        (with(&|body| body.mr_signer_seam[47] = 1), ModuleProblem::Signer),
        (with(&|body| body.seam_attributes[0] = 1), ModuleProblem::Attributes),
        (with(&|body| body.seam_attributes[7] = 0x80), ModuleProblem::Attributes),
        (
            with(&|body| {
                body.tee_tcb_svn[1] = 0;
                body.mr_signer_seam[0] = 1;
            }),
            ModuleProblem::Signer,
        ),
    ] {
        assert_eq!(platform.refused("tdx.module", Class::NotAuthentic), Error::Module(problem));
    }
    assert_eq!(status(&with(&|body| body.tee_tcb_svn[0] = 5)), TcbStatus::OutOfDate);
    assert_eq!(status(&with(&|body| body.tee_tcb_svn[1] = 3)), TcbStatus::UpToDate);
}

/// A quote of TDX 1.5 names the module at the guest's launch and the one that runs: both must reach a level.
#[test]
fn the_module_that_runs() {
    let with = |launch: u8, running: u8| {
        genuine().tdx_1_5().with_body(|body| {
            body.tee_tcb_svn[0] = launch;
            body.tee_tcb_svn2 = body.tee_tcb_svn;
            body.tee_tcb_svn2[0] = running;
        })
    };
    let evaluated = |machine: &TdxMachine| {
        machine.evidence().verify(Freshness::Waived("a test"), |result, _| {
            let tcb = result.unwrap().tcb().clone();
            (tcb.status(), tcb.is_relaunch_advised(), tcb.to_string().contains("launch the guest again"))
        })
    };
    assert_eq!(evaluated(&with(13, 13)), (TcbStatus::UpToDate, false, false));
    assert_eq!(evaluated(&with(5, 13)), (TcbStatus::OutOfDate, true, true));
    assert_eq!(evaluated(&with(5, 5)), (TcbStatus::OutOfDate, false, false));
    assert_eq!(evaluated(&with(13, 5)), (TcbStatus::OutOfDate, false, false));
    // A new launch is no remedy under a module that Intel revoked.
    let revoked = |info: &mut TcbInfo| {
        for module in &mut info.modules {
            module.levels.push(IsvLevel::new(1, "2020-01-01T00:00:00Z", "Revoked", &[]));
        }
    };
    assert_eq!(evaluated(&with(5, 2).with_tcb_info(revoked)), (TcbStatus::Revoked, false, false));
    assert_eq!(evaluated(&with(2, 13).with_tcb_info(revoked)), (TcbStatus::Revoked, true, true));
    let error = with(13, 3).refused("tdx.module", Class::NotAuthentic);
    assert_eq!(error, Error::Module(ModuleProblem::NoLevel { major: 1, svn: 3 }));
    let platform = |svn: u8| {
        genuine().tdx_1_5().with_body(|body| {
            body.tee_tcb_svn2 = body.tee_tcb_svn;
            body.tee_tcb_svn2[2] = svn;
        })
    };
    assert_eq!(platform(0).refused("tdx.tcb", Class::NotAuthentic), Error::TcbLevel);
}

#[test]
fn the_status_is_that_of_all_parts() {
    let old_qe = || genuine().with_enclave(|enclave| enclave.isv_svn = 5);
    assert_eq!(status(&old_qe()), TcbStatus::OutOfDate);
    for (of_platform, of_all) in [
        ("UpToDate", TcbStatus::OutOfDate),
        ("SWHardeningNeeded", TcbStatus::OutOfDate),
        ("ConfigurationNeeded", TcbStatus::OutOfDateConfigurationNeeded),
        ("ConfigurationAndSWHardeningNeeded", TcbStatus::OutOfDateConfigurationNeeded),
        ("OutOfDateConfigurationNeeded", TcbStatus::OutOfDateConfigurationNeeded),
        ("Revoked", TcbStatus::Revoked),
    ] {
        let platform = old_qe().with_tcb_info(|info| {
            info.levels = vec![level(([0; 16], 0, [0; 16]), "2024-11-13", of_platform)];
        });
        assert_eq!(status(&platform), of_all, "{of_platform}");
    }
}
