//! Items 5 to 8: TDX module, TCB level, status, guest.

use teeproof_core::{Bits, Class, Outcome, Rule};
use teeproof_mint::tdx::{QuoteBody, TcbLevel};
use teeproof_tdx::{Error, ModuleProblem, TcbStatus, TdxPolicy};

use super::{forgery, refused, with};
use crate::support::{Checked, genuine};

#[test]
fn item_5_module() {
    let module = |problem| ("tdx.module", Class::NotAuthentic, Error::Module(problem));
    let body = |change: &dyn Fn(&mut QuoteBody)| genuine().with_body(change).evidence();
    refused(
        "5, TDX module",
        vec![
            forgery(
                "major version",
                body(&|b| b.tee_tcb_svn[1] = 2),
                module(ModuleProblem::Unknown { major: 2 }),
            ),
            forgery(
                "id",
                with(|m| m.tcb_info.modules[1].id = "TDX_11".into()),
                module(ModuleProblem::Unknown { major: 1 }),
            ),
            forgery(
                "id without prefix",
                with(|m| m.tcb_info.modules[1].id = "01".into()),
                module(ModuleProblem::Unknown { major: 1 }),
            ),
            forgery(
                "mrsigner",
                with(|m| m.tcb_info.modules[1].mr_signer[0] = 1),
                module(ModuleProblem::Signer),
            ),
            forgery("MRSIGNERSEAM", body(&|b| b.mr_signer_seam[47] = 1), module(ModuleProblem::Signer)),
            forgery(
                "attributes",
                with(|m| m.tcb_info.modules[1].attributes[0] = 1),
                module(ModuleProblem::Attributes),
            ),
            forgery("SEAMATTRIBUTES", body(&|b| b.seam_attributes[0] = 1), module(ModuleProblem::Attributes)),
            forgery(
                "ISVSVN",
                body(&|b| b.tee_tcb_svn[0] = 3),
                module(ModuleProblem::NoLevel { major: 1, svn: 3 }),
            ),
            forgery(
                "no level",
                with(|m| m.tcb_info.modules[1].levels.clear()),
                module(ModuleProblem::NoLevel { major: 1, svn: 13 }),
            ),
            forgery(
                "mrsigner of major version 0",
                with(|m| (m.body.tee_tcb_svn[1], m.tcb_info.module.mr_signer[0]) = (0, 1)),
                module(ModuleProblem::Signer),
            ),
            forgery(
                "attributes of major version 0",
                with(|m| (m.body.tee_tcb_svn[1], m.tcb_info.module.attributes[7]) = (0, 1)),
                module(ModuleProblem::Attributes),
            ),
        ],
    );
    // Attributes out of the mask do not count, and an identity of another version does not either.
    genuine()
        .with(|m| {
            m.tcb_info.modules[1].attributes_mask[0] = 0xfe;
            m.body.seam_attributes[0] = 1;
            m.tcb_info.modules[0].mr_signer = [1; 48];
        })
        .accepted();
}

#[test]
fn item_6_levels() {
    let level = || ("tdx.tcb", Class::NotAuthentic, Error::TcbLevel);
    let one = |change: &dyn Fn(&mut TcbLevel)| {
        with(|m| {
            m.tcb_info.levels.truncate(1);
            m.tcb_info.levels.iter_mut().for_each(change);
        })
    };
    let mut forgeries = vec![
        forgery("no level", with(|m| m.tcb_info.levels.clear()), level()),
        forgery("pcesvn", one(&|level| level.pce_svn = 14), level()),
    ];
    const SGX: [&str; 16] = [
        "SGX 0", "SGX 1", "SGX 2", "SGX 3", "SGX 4", "SGX 5", "SGX 6", "SGX 7", "SGX 8", "SGX 9", "SGX 10",
        "SGX 11", "SGX 12", "SGX 13", "SGX 14", "SGX 15",
    ];
    const TDX: [&str; 16] = [
        "TDX 0", "TDX 1", "TDX 2", "TDX 3", "TDX 4", "TDX 5", "TDX 6", "TDX 7", "TDX 8", "TDX 9", "TDX 10",
        "TDX 11", "TDX 12", "TDX 13", "TDX 14", "TDX 15",
    ];
    for (at, what) in SGX.into_iter().enumerate() {
        forgeries.push(forgery(what, one(&|level| level.sgx[at] += 1), level()));
    }
    for (at, what) in TDX.into_iter().enumerate().skip(2) {
        let mut svns = genuine().body.tee_tcb_svn;
        svns[at] += 1;
        forgeries.push(forgery(what, one(&|level| level.tdx = svns), level()));
    }
    // The first two are the module's.
    one(&|level| (level.tdx[0], level.tdx[1]) = (255, 255)).accepted();
    // Module 1.0: the first two count as well.
    for (at, what) in TDX.into_iter().enumerate().take(2) {
        let evidence = with(|m| {
            m.body.tee_tcb_svn[1] = 0;
            m.tcb_info.levels.truncate(1);
            m.tcb_info.levels[0].tdx = m.body.tee_tcb_svn;
            m.tcb_info.levels[0].tdx[at] += 1;
        });
        forgeries.push(forgery(what, evidence, level()));
    }
    refused("6, TCB level", forgeries);
}

/// The result is that of the worst part, and the first level that is reached, not the best one.
#[test]
fn item_7_status() {
    let statuses = TcbStatus::ALL;
    let mut cases = 0;
    for platform in statuses {
        for module in statuses {
            for qe in statuses {
                let evidence = with(|m| {
                    m.tcb_info.levels[0].status = platform.as_str().into();
                    m.tcb_info.modules[1].levels[0].status = module.as_str().into();
                    m.qe_identity.levels[0].status = qe.as_str().into();
                    m.tcb_info.levels[0].advisories = vec!["INTEL-SA-00001".into()];
                    m.tcb_info.modules[1].levels[0].advisories = vec!["INTEL-SA-00002".into()];
                    m.qe_identity.levels[0].advisories = vec!["INTEL-SA-00003".into()];
                });
                let expected = platform.and(*module).and(*qe);
                let findings = evidence.accepted();
                let (_, outcome, because, _) = findings.of("tdx.tcb");
                let passes = expected == TcbStatus::UpToDate;
                assert_eq!(*outcome, if passes { Outcome::Pass } else { Outcome::Warn });
                assert!(because.starts_with(&format!("{expected}, ")), "{because}");
                assert!(because.ends_with("INTEL-SA-00001, INTEL-SA-00002, INTEL-SA-00003"), "{because}");
                let revoked = [platform, module, qe].contains(&&TcbStatus::Revoked);
                assert_eq!(expected == TcbStatus::Revoked, revoked);
                assert_eq!(evidence.appraised(&TdxPolicy::genuine()).0, !revoked);
                cases += 1;
            }
        }
    }
    println!("7, status: {cases} combinations");
}

/// Every bit of debug, and an MRTD that is not on the list.
#[test]
fn item_8_guest() {
    let mut refused = 0;
    for bit in 0..8 {
        let evidence = with(|m| m.body.attributes[0] = 1 << bit);
        let (accepted, findings) = evidence.appraised(&TdxPolicy::genuine());
        assert!(!accepted && findings.of("tdx.debug").1 == Outcome::Fail, "{bit}");
        refused += 1;
    }
    // Reserved bits, by a rule about the whole field.
    let known = 0x1000_0000;
    let strict = TdxPolicy::waived("a test").attributes(Rule::mask(Bits { care: !known, value: 0 }));
    assert!(genuine().evidence().appraised(&strict).0);
    for bit in (0..64).filter(|bit| 1_u64 << bit != known) {
        let evidence = with(|m| m.body.attributes[bit / 8] |= 1 << (bit % 8));
        let (accepted, findings) = evidence.appraised(&strict);
        assert!(!accepted && findings.of("tdx.attributes").1 == Outcome::Fail, "{bit}");
        refused += 1;
    }
    let listed = TdxPolicy::waived("a test").mrtd(Rule::exactly(genuine().body.mr_td));
    for bit in 0..384 {
        let evidence = with(|m| m.body.mr_td[bit / 8] ^= 1 << (bit % 8));
        let (accepted, findings) = evidence.appraised(&listed);
        assert!(!accepted && findings.of("tdx.mrtd").1 == Outcome::Fail, "{bit}");
        refused += 1;
    }
    println!("8, guest: {refused} forgeries refused");
}
