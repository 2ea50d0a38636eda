//! TCB levels of platform, module and quoting enclave.

use teeproof_core::{Class, Freshness, Outcome, Time};
use teeproof_mint::x509::{Extension, Oid};
use teeproof_tdx::{Error, ModuleProblem, TcbStatus};

use crate::support::{COMPONENTS, FMSPC, Platform, default_levels, level, sgx_extension};

impl Platform {
    /// With another TCB in the PCK certificate.
    fn tcb(&mut self, components: [u8; 16], pce_svn: u64) {
        let oid = Oid::new(&[1, 2, 840, 113_741, 1, 13, 1]);
        let extension = sgx_extension(components, pce_svn, FMSPC, [0, 0]);
        self.pck.certificate.set_extension(Extension::new(oid, extension));
    }

    /// With these levels of processor and firmware.
    fn levels(&mut self, levels: &str) {
        self.tcb_info = self.tcb_info.replace(&default_levels(), levels);
    }

    fn status(&self) -> TcbStatus {
        self.mint().verify(Freshness::Waived("a test"), |result, _| result.unwrap().tcb().status())
    }
}

const UP: &str = "UpToDate";

#[test]
fn each_component_must_be_reached() {
    let only = |tdx: [u8; 16]| level([9; 16], 9, tdx, "2024-01-01", UP, "");
    let tdx = [9; 16];
    let platform = |components: [u8; 16], pce_svn, svn: [u8; 16]| {
        Platform::with(|platform| {
            platform.tcb(components, pce_svn);
            platform.body[..16].copy_from_slice(&svn);
            platform.levels(&only(tdx));
        })
    };
    // Major version 1: the first two components of TDX are the module's, which has levels of its own.
    let mut svn = [9; 16];
    (svn[0], svn[1]) = (7, 1);
    assert_eq!(platform([9; 16], 9, svn).status(), TcbStatus::UpToDate);
    assert_eq!(platform([255; 16], 300, svn).status(), TcbStatus::UpToDate);
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
        platform([9; 16], 9, svn).refused("tdx.tcb", Class::NotAuthentic);
    }
    // Major version 0: all of them count, and no module identity does.
    let old = |first, of_level: u8| {
        let mut svn = [9; 16];
        (svn[0], svn[1]) = (first, 0);
        let mut tdx = tdx;
        (tdx[0], tdx[1]) = (of_level, 0);
        Platform::with(|platform| {
            platform.tcb([9; 16], 9);
            platform.body[..16].copy_from_slice(&svn);
            platform.levels(&only(tdx));
        })
    };
    assert_eq!(old(5, 5).status(), TcbStatus::UpToDate);
    old(4, 5).refused("tdx.tcb", Class::NotAuthentic);
}

#[test]
fn the_first_level_that_is_reached_counts() {
    let mut older = COMPONENTS;
    (older[0], older[1]) = (2, 2);
    let platform = Platform::with(|platform| {
        platform.tcb(older, 13);
        platform.body[2] = 2;
    });
    let findings = platform.accepted();
    let (_, outcome, because, _) = findings.of("tdx.tcb");
    assert_eq!(*outcome, Outcome::Warn);
    for text in
        ["OutOfDate", "TCB of 2024-03-13", "469 days behind", "2024-11-13", "INTEL-SA-01036, INTEL-SA-01079"]
    {
        assert!(because.contains(text), "{because}");
    }
    platform.mint().verify(Freshness::Waived("a test"), |result, _| {
        let verified = result.unwrap();
        let tcb = verified.tcb();
        assert_eq!(tcb.advisories(), ["INTEL-SA-01036", "INTEL-SA-01079"]);
        assert_eq!(tcb.days_behind(), Some(469));
        assert_eq!(tcb.behind_since(), Some(Time(1_731_456_000)));
        assert_eq!(tcb.platform().status, TcbStatus::OutOfDate);
        assert_eq!(tcb.module().unwrap().status, TcbStatus::UpToDate);
    });
    // The last level, by the PCESVN alone.
    let revoked = Platform::with(|platform| {
        platform.tcb(older, 5);
        platform.body[2] = 2;
    });
    assert_eq!(revoked.status(), TcbStatus::Revoked);
    let none = Platform::with(|platform| {
        platform.tcb(older, 4);
        platform.body[2] = 2;
    });
    assert_eq!(none.refused("tdx.tcb", Class::NotAuthentic), Error::TcbLevel);
    // Behind since the first update that it lacks, not since the newest.
    let oldest = Platform::with(|platform| {
        platform.tcb(older, 5);
        platform.body[2] = 2;
        platform.tcb_info = platform.tcb_info.replace("Revoked", "OutOfDate");
    });
    oldest.mint().verify(Freshness::Waived("a test"), |result, _| {
        let verified = result.unwrap();
        // 2024-03-13T00:00:00Z, although there is a level of 2024-11-13.
        assert_eq!(verified.tcb().behind_since(), Some(Time(1_710_288_000)));
        assert_eq!(verified.tcb().days_behind(), Some(714));
    });
    // Levels in another order: still the first.
    let reversed = Platform::with(|platform| {
        let old = level([0; 16], 0, [0; 16], "2020-01-01", "OutOfDate", "");
        platform.levels(&format!("{old},{}", default_levels()));
    });
    assert_eq!(reversed.status(), TcbStatus::OutOfDate);
}

#[test]
fn the_module() {
    let with = |change: &dyn Fn(&mut Platform)| Platform::with(change);
    for (platform, problem) in [
        (with(&|p| p.body[1] = 2), ModuleProblem::Unknown { major: 2 }),
        (with(&|p| p.body[0] = 3), ModuleProblem::NoLevel { major: 1, svn: 3 }),
        (with(&|p| p.body[64] = 1), ModuleProblem::Signer),
        (with(&|p| p.body[111] = 1), ModuleProblem::Signer),
        (with(&|p| p.body[112] = 1), ModuleProblem::Attributes),
        (with(&|p| p.body[119] = 0x80), ModuleProblem::Attributes),
        (
            with(&|p| {
                p.body[1] = 0;
                p.body[64] = 1;
            }),
            ModuleProblem::Signer,
        ),
    ] {
        assert_eq!(platform.refused("tdx.module", Class::NotAuthentic), Error::Module(problem));
    }
    let old = with(&|p| p.body[0] = 5);
    assert_eq!(old.status(), TcbStatus::OutOfDate);
    assert_eq!(with(&|p| p.body[1] = 3).status(), TcbStatus::UpToDate);
}

#[test]
fn the_status_is_that_of_all_parts() {
    let old_qe = Platform::with(|platform| platform.qe_report[258] = 5);
    assert_eq!(old_qe.status(), TcbStatus::OutOfDate);
    for (of_platform, of_all) in [
        ("UpToDate", TcbStatus::OutOfDate),
        ("SWHardeningNeeded", TcbStatus::OutOfDate),
        ("ConfigurationNeeded", TcbStatus::OutOfDateConfigurationNeeded),
        ("ConfigurationAndSWHardeningNeeded", TcbStatus::OutOfDateConfigurationNeeded),
        ("OutOfDateConfigurationNeeded", TcbStatus::OutOfDateConfigurationNeeded),
        ("Revoked", TcbStatus::Revoked),
    ] {
        let platform = Platform::with(|platform| {
            platform.qe_report[258] = 5;
            platform.levels(&level([0; 16], 0, [0; 16], "2024-11-13", of_platform, ""));
        });
        assert_eq!(platform.status(), of_all, "{of_platform}");
    }
}
