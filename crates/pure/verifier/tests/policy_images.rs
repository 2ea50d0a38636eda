//! Policies that are proposed from measurements of images, and from the documents of instances with NitroTPM.
#![cfg(feature = "policy-file")]
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

use teeproof::{
    EnclaveImage, ImageMeasurements, InstanceImage, NoProposal, NotMeasurements, Policy, Proposal,
    ProposalChoices,
};
use teeproof_core::Hex;
use teeproof_mint::nitro::Enclave;

const CRYPTO: &teeproof_core::Crypto<'static> = &teeproof_aws_lc::TABLE;

fn json(algorithm: &str, pcrs: &[(u8, String)]) -> String {
    let pcrs: String = pcrs.iter().map(|(index, pcr)| format!(",\"PCR{index}\":\"{pcr}\"")).collect();
    format!("{{\"Measurements\":{{\"HashAlgorithm\":\"{algorithm}\"{pcrs}}}}}")
}

fn hex(byte: u8) -> String {
    Hex(&[byte; 48]).to_string()
}

#[test]
fn measurements_as_the_tools_print_them() {
    let of = |text: &str| ImageMeasurements::parse(text.as_bytes());
    let instance = json("SHA384", &[(4, hex(4)), (7, hex(7)), (12, hex(0))]);
    assert!(ImageMeasurements::looks_like(instance.as_bytes()));
    let expected = InstanceImage { pcr4: [4; 48], pcr7: [7; 48], pcr12: Some([0; 48]) };
    assert_eq!(of(&instance), Ok(ImageMeasurements::Instance(expected)));
    // nitro-tpm-pcr-compute 1.0 has no PCR12.
    let older = json("SHA384", &[(4, hex(4)), (7, hex(7))]);
    assert_eq!(of(&older), Ok(ImageMeasurements::Instance(InstanceImage { pcr12: None, ..expected })));
    let enclave = json("Sha384 { ... }", &[(0, hex(1)), (1, hex(2)), (2, hex(3))]);
    let expected =
        EnclaveImage { pcr0: [1; 48], pcr1: [2; 48], pcr2: [3; 48], pcr3: None, pcr4: None, pcr8: None };
    assert_eq!(of(&enclave), Ok(ImageMeasurements::Enclave(expected)));
    let signed = json("Sha384 { ... }", &[(0, hex(1)), (1, hex(2)), (2, hex(3)), (8, hex(8))]);
    assert_eq!(of(&signed), Ok(ImageMeasurements::Enclave(EnclaveImage { pcr8: Some([8; 48]), ..expected })));
    // `teeproof eif measure` prints PCR3 and PCR4 where it is given the role and the instance.
    let placed = json("Sha384 { ... }", &[(0, hex(1)), (1, hex(2)), (2, hex(3)), (3, hex(7)), (4, hex(9))]);
    let on_instance = EnclaveImage { pcr3: Some([7; 48]), pcr4: Some([9; 48]), ..expected };
    assert_eq!(of(&placed), Ok(ImageMeasurements::Enclave(on_instance)));
    let described = enclave.replacen('{', "{\"EifVersion\":4,\"IsSigned\":false,", 1);
    assert_eq!(of(&described), Ok(ImageMeasurements::Enclave(expected)));
    for (text, error) in [
        (json("SHA256", &[(4, hex(4)), (7, hex(7))]), NotMeasurements::Algorithm("`SHA256`".into())),
        (json("SHA384", &[(0, hex(0)), (1, hex(2)), (2, hex(3))]), NotMeasurements::Zero(0)),
        (json("SHA384", &[(4, hex(0)), (7, hex(7))]), NotMeasurements::Zero(4)),
        (json("SHA384", &[(4, hex(4))]), NotMeasurements::NoImage),
        (
            json("SHA384", &[(0, hex(1)), (1, hex(2)), (2, hex(3)), (4, hex(4)), (7, hex(7))]),
            NotMeasurements::NoImage,
        ),
        (json("SHA384", &[(0, hex(1)), (1, hex(2)), (2, hex(3)), (12, hex(0))]), NotMeasurements::NoImage),
        (json("SHA384", &[]), NotMeasurements::NoImage),
    ] {
        assert_eq!(of(&text), Err(error), "{text}");
    }
    let short = of(&json("SHA384", &[(4, "ab".into()), (7, hex(7))])).unwrap_err().to_string();
    assert!(short.contains("PCR4: expected 96 hex digits, found `ab`"), "{short}");
    let twice = of(&json("SHA384", &[(4, hex(4)), (4, hex(4)), (7, hex(7))])).unwrap_err();
    let unknown = of(&json("SHA384", &[(4, hex(4)), (5, hex(5)), (7, hex(7))])).unwrap_err();
    let running = of(&enclave.replacen('{', "{\"EnclaveID\":\"i-0-enc0\",", 1)).unwrap_err();
    for (error, said) in
        [(twice, "duplicate field"), (unknown, "unknown field `PCR5`"), (running, "describe-enclaves")]
    {
        assert!(matches!(&error, NotMeasurements::Form(because) if because.contains(said)), "{error}");
    }
    for other in ["", "{}", "[]", "{\"measurements\":{}}", "Measurements"] {
        assert!(!ImageMeasurements::looks_like(other.as_bytes()), "{other}");
    }
}

/// The verdict of a policy on a minted document.
fn accepts(policy: &Policy, enclave: &Enclave) -> bool {
    let minted = enclave.mint().unwrap();
    let mut inputs = teeproof::Inputs::new();
    inputs.add(&minted.document, None).unwrap();
    let evidence = teeproof::Evidence::from_inputs(&inputs).unwrap();
    let at = teeproof::Time(i64::try_from(teeproof_mint::DEFAULT_TIME).unwrap());
    let anchors = [minted.root()];
    let request =
        teeproof::Request::new(teeproof::Technology::ALL, teeproof::Freshness::Waived("a test"), at, CRYPTO)
            .anchors(teeproof::Anchors::and(&anchors))
            .policy(policy);
    teeproof::verify(&evidence, &request).unwrap().is_accepted()
}

#[test]
fn policies_of_images_accept_what_is_started_from_them() {
    let measured = |enclave: &Enclave, indexes: &[usize]| -> Vec<[u8; 48]> {
        let key = if enclave.document.get("pcrs").is_some() { "pcrs" } else { "nitrotpm_pcrs" };
        let bank = enclave.document.get(key).unwrap().as_map().unwrap();
        indexes
            .iter()
            .map(|index| bank[*index].1.as_bytes().unwrap().as_slice().try_into().unwrap())
            .collect()
    };
    let enclave = Enclave::new();
    let &[pcr0, pcr1, pcr2] = &measured(&enclave, &[0, 1, 2])[..] else { panic!() };
    let image =
        ImageMeasurements::Enclave(EnclaveImage { pcr0, pcr1, pcr2, pcr3: None, pcr4: None, pcr8: None });
    let choices = ProposalChoices::new("of an image");
    let policy = |images: &[ImageMeasurements]| {
        let proposal = Proposal::from_images(images, &choices).unwrap();
        assert_eq!(proposal.warnings, [], "{}", proposal.toml);
        Policy::from_toml("t", &proposal.toml).unwrap()
    };
    let of_enclave = policy(&[image]);
    assert!(accepts(&of_enclave, &enclave));
    for index in 0..3 {
        assert!(!accepts(&of_enclave, &Enclave::new().pcr(index, &[9; 48])), "{index}");
    }
    assert!(!accepts(&of_enclave, &Enclave::new().debug()));
    assert!(!accepts(&of_enclave, &Enclave::nitrotpm()));

    let instance = Enclave::nitrotpm();
    let &[pcr4, pcr7, pcr12] = &measured(&instance, &[4, 7, 12])[..] else { panic!() };
    let of_instance =
        policy(&[ImageMeasurements::Instance(InstanceImage { pcr4, pcr7, pcr12: Some(pcr12) })]);
    assert!(accepts(&of_instance, &instance));
    for index in [4, 12] {
        assert!(!accepts(&of_instance, &Enclave::nitrotpm().pcr(index, &[9; 48])), "{index}");
    }
    // PCR7 says that secure boot is off, which pins nothing.
    assert!(accepts(&of_instance, &Enclave::nitrotpm().pcr(7, &[9; 48])));
    assert!(!accepts(&of_instance, &Enclave::nitrotpm().pcr(0, &[0; 48])));
    assert!(!accepts(&of_instance, &enclave));
    let keys = InstanceImage { pcr4, pcr7: [7; 48], pcr12: Some(pcr12) };
    let with_keys = policy(&[ImageMeasurements::Instance(keys)]);
    assert!(!accepts(&with_keys, &instance) && accepts(&with_keys, &Enclave::nitrotpm().pcr(7, &[7; 48])));

    // Of several images, of either kind, and of signed and unsigned ones.
    let other =
        EnclaveImage { pcr0: [1; 48], pcr1: [1; 48], pcr2: [1; 48], pcr3: None, pcr4: None, pcr8: None };
    let both = Proposal::from_images(&[image, ImageMeasurements::Enclave(other)], &choices).unwrap();
    assert_eq!(both.differing, ["nitro.pcrs.0", "nitro.pcrs.1", "nitro.pcrs.2"]);
    assert!(accepts(&Policy::from_toml("t", &both.toml).unwrap(), &enclave));
    let mixed = policy(&[image, ImageMeasurements::Instance(keys)]);
    assert!(mixed.nitro.is_some() && mixed.nitro_tpm.is_some());
    let signed = ImageMeasurements::Enclave(EnclaveImage { pcr8: Some([8; 48]), ..other });
    let signed_policy = policy(&[signed]);
    assert!(!accepts(&signed_policy, &enclave));
    let refused = Proposal::from_images(&[image, signed], &choices).unwrap_err();
    assert!(matches!(refused, NoProposal::Mixed(_)), "{refused}");
    assert_eq!(Proposal::from_images(&[], &choices).unwrap_err(), NoProposal::NoEvidence);
    let pinned = Proposal::from_images(&[image], &ProposalChoices::new("t").pin(&[3])).unwrap_err();
    assert_eq!(pinned, NoProposal::PinMissing(3));
}

#[test]
fn a_policy_that_is_proposed_from_instances_pins_what_they_booted() {
    let proposed = |enclaves: &[Enclave]| {
        let minted: Vec<_> = enclaves.iter().map(|enclave| enclave.mint().unwrap()).collect();
        let evidence: Vec<_> = minted.iter().map(|one| teeproof::Evidence::NitroTpm(&one.document)).collect();
        let anchors: Vec<_> = minted.iter().map(|one| one.root()).collect();
        let at = teeproof::Time(i64::try_from(teeproof_mint::DEFAULT_TIME).unwrap());
        let request = teeproof::Request::new(
            teeproof::Technology::NitroTpm,
            teeproof::Freshness::Waived("t"),
            at,
            CRYPTO,
        )
        .anchors(teeproof::Anchors::and(&anchors));
        let results: Vec<_> = evidence.iter().map(|one| teeproof::verify(one, &request).unwrap()).collect();
        let proposal = Proposal::from_results(&results, &ProposalChoices::new("t"))
            .map_err(|error| error.to_string())?;
        assert!(proposal.evidence_warnings[0].starts_with("nitro-tpm.tcb-status: "), "{proposal:?}");
        Ok::<_, String>((Policy::from_toml("t", &proposal.toml).unwrap(), proposal))
    };
    let plain = Enclave::nitrotpm;
    let (policy, proposal) = proposed(&[plain()]).unwrap();
    assert_eq!(proposal.warnings, [], "{}", proposal.toml);
    assert!(accepts(&policy, &plain()) && !accepts(&policy, &Enclave::new()));
    // PCR4 and PCR12 are pinned; what varies, PCR7 without secure boot, and what nothing explains are not.
    for index in 0..24 {
        let other = accepts(&policy, &plain().pcr(index, &[9; 48]));
        assert_eq!(other, ![4, 12].contains(&index), "{index}");
    }
    // With secure boot PCR7 is pinned as well; two images are listed.
    let (policy, _) = proposed(&[plain().pcr(7, &[7; 48])]).unwrap();
    assert!(!accepts(&policy, &plain()) && accepts(&policy, &plain().pcr(7, &[7; 48])));
    let (policy, proposal) = proposed(&[plain(), plain().pcr(4, &[4; 48])]).unwrap();
    assert_eq!(proposal.differing, ["nitro-tpm.pcrs.4"]);
    assert!(accepts(&policy, &plain()) && accepts(&policy, &plain().pcr(4, &[4; 48])));
    assert!(!accepts(&policy, &plain().pcr(4, &[5; 48])));
    // Some with secure boot and some without: no policy says both.
    let mixed = proposed(&[plain(), plain().pcr(7, &[7; 48])]).unwrap_err();
    assert!(mixed.contains("nitro-tpm.pcrs.7"), "{mixed}");
    let unmeasured = proposed(&[plain().pcr(0, &[0; 48])]).unwrap_err();
    assert!(unmeasured.contains("nitro-tpm.measured-boot"), "{unmeasured}");
}
