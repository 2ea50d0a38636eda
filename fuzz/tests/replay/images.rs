//! Seeds of enclave images and of measurements, and the images that cost the most.

use teeproof_eif::{
    Architecture, CoseAlgorithm, ImageSettings, NewImage, build, signature_section, to_be_signed,
};
use teeproof_fuzz::{bounds, image};
use teeproof_mint::x509::{Certificate, Link, Name, Validity, mint_chain, pem};
use teeproof_mint::{DEFAULT_TIME, Key, Kind, Scheme};

use crate::hostile::reached;

fn image_of<'a>(ramdisks: &'a [&'a [u8]], signature: Option<&'a [u8]>) -> NewImage<'a> {
    NewImage {
        settings: ImageSettings::new(Architecture::Arm64),
        kernel: b"a kernel of some bytes",
        command_line: "console=ttyS0",
        metadata: br#"{"ImageName":"a"}"#,
        ramdisks,
        signature,
    }
}

/// A signature section under a key of this kind.
fn signature(kind: Kind, algorithm: CoseAlgorithm, pcr0: &[u8; 48]) -> Vec<u8> {
    let key = Key::shared("image", kind);
    let validity = Validity::new(DEFAULT_TIME, DEFAULT_TIME + 1000);
    let link = Link::new(Certificate::new(Name::common("image"), validity), key.clone());
    let certificate = pem(&mint_chain(&[link]).unwrap()[0]);
    let signature = key.sign(Scheme::Ecdsa, &to_be_signed(pcr0, algorithm)).unwrap();
    signature_section(certificate.as_bytes(), pcr0, algorithm, &signature)
}

pub(crate) fn eif_image() -> Vec<Vec<u8>> {
    let ramdisks: [&[u8]; 2] = [&[7; 300], &[9; 200]];
    let plain = build(&image_of(&ramdisks, None)).unwrap();
    let pcrs = teeproof_eif::Eif::parse(&plain).unwrap().measure(&teeproof_rustcrypto::TABLE);
    let small = signature(Kind::P256, CoseAlgorithm::Es256, &pcrs.pcr0);
    let large = signature(Kind::P384, CoseAlgorithm::Es384, &pcrs.pcr0);
    let signed = [small, large].map(|section| build(&image_of(&ramdisks, Some(&section))).unwrap());
    [&[plain, build(&image_of(&[b""], None)).unwrap()][..], &signed].concat()
}

pub(crate) fn eif_nitro_cli() -> Vec<Vec<u8>> {
    let pcrs = |more: &str| {
        let pcr = "0b".repeat(48);
        format!(
            r#""HashAlgorithm": "Sha384 {{ ... }}", "PCR0": "{pcr}", "PCR1": "{pcr}", "PCR2": "{pcr}"{more}"#
        )
    };
    let signed = pcrs(&format!(r#", "PCR8": "{}""#, "8c".repeat(48)));
    [
        format!("{{{}}}", pcrs("")),
        format!(r#"{{"Measurements": {{{signed}}}}}"#),
        format!(r#"{{"EifVersion": 4, "Measurements": {{{}}}, "IsSigned": false}}"#, pcrs("")),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Thirty-two sections, long texts, and a signature section that is full: each byte is hashed three times, and the heap
/// is used for what is kept.
#[test]
fn large_images() {
    let ramdisk = vec![3; 20_000];
    let many = vec![&ramdisk[..]; 28];
    let pcr0 = [0; 48];
    let section = signature(Kind::P384, CoseAlgorithm::Es384, &pcr0);
    assert!(image::image(&build(&image_of(&many, Some(&section))).unwrap()));
    reached(&bounds::EIF_MEASURER, [0, 0, 0, 90]);
    reached(&bounds::EIF_PARSE, [0, 0, 0, 90]);
    let text = "a".repeat(300 << 10);
    let texts = NewImage { command_line: &text, metadata: text.as_bytes(), ..image_of(&[], None) };
    assert!(image::image(&build(&texts).unwrap()));
    for content in
        [[0x81; 32_768].to_vec(), [&[0x98, 32][..], &vec![0x9f; 32_766]].concat(), full(), vec![b'-'; 32_768]]
    {
        image::image(&build(&image_of(&[], Some(&content))).unwrap());
    }
}

/// A signature section whose certificate is as long as it can be.
fn full() -> Vec<u8> {
    let filler = "TUlJ".repeat(12);
    let lines = vec![filler; 240].join("\n");
    let pem = format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n");
    signature_section(pem.as_bytes(), &[0; 48], CoseAlgorithm::Es384, &[0; 96])
}

/// Measurements of one member with a long text.
#[test]
fn large_measurements() {
    for filler in ["0", "\\u0061"] {
        let text = format!("{{\"PCR0\": \"{}\"}}", filler.repeat(100_000));
        assert!(!image::nitro_cli(text.as_bytes()));
    }
    let many: String = (0..20_000).map(|number| format!("\"{number}\": [],")).collect();
    assert!(!image::nitro_cli(format!("{{{many} \"PCR0\": 1}}").as_bytes()));
}
