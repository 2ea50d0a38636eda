//! Wrong sizes, tags and contents, and refusals.

use std::io;

use teeproof_vtpm::direct::{Direct, Transport};
use teeproof_vtpm::{Error, ResponseCode, Tpm};

use super::{COMMANDS, SOME, assert_malformed};

/// Answers everything alike.
#[derive(Debug)]
struct Always(Vec<u8>);

impl Transport for Always {
    fn exchange(&mut self, _command: &[u8]) -> io::Result<Vec<u8>> {
        Ok(self.0.clone())
    }
}

fn frame(tag: u16, size: u32, code: u32, body: &[u8]) -> Vec<u8> {
    [&tag.to_be_bytes()[..], &size.to_be_bytes(), &code.to_be_bytes(), body].concat()
}

/// What each command makes of the answer.
fn errors(answer: &[u8]) -> impl Iterator<Item = (&'static str, Error)> {
    COMMANDS.iter().map(move |(name, command)| {
        let error = command(&mut Direct::over(Always(answer.to_vec())));
        (*name, error.expect_err(name))
    })
}

#[test]
fn wrong_sizes() {
    let wrong = [
        vec![],
        vec![0x80],
        frame(0x8001, 10, 0, &[])[..9].to_vec(),
        frame(0x8001, 9, 0, &[]),
        frame(0x8001, 11, 0, &[]),
        frame(0x8001, 10, 0, &[0]),
        frame(0x8001, 0, 0, &[]),
        frame(0x8001, u32::MAX, 0, &[]),
        frame(0x8002, 5000, 0, &[0; 4990]),
    ];
    for answer in wrong {
        errors(&answer).for_each(|(name, error)| assert_malformed(name, &error));
    }
}

#[test]
fn wrong_tags() {
    for (tag, code) in [(0, 0), (0x8003, 0), (0x00c4, 0), (0x8002, 0x18b), (0xffff, 0x922)] {
        errors(&frame(tag, 10, code, &[])).for_each(|(name, error)| assert_malformed(name, &error));
    }
}

#[test]
fn garbage() {
    for tag in [0x8001, 0x8002] {
        for byte in [0x00, 0x01, 0x7f, 0x80, 0xff] {
            for bytes in [1, 2, 3, 4, 7, 30, 300, 4086] {
                let answer = frame(tag, bytes + 10, 0, &vec![byte; bytes as usize]);
                errors(&answer).for_each(|(name, error)| assert_malformed(name, &error));
            }
        }
    }
}

#[test]
fn lists_without_end() {
    // TPM_CAP_HANDLES, TPM_CAP_PCRS and TPM_CAP_TPM_PROPERTIES, with as many items as a number holds.
    for capability in [1_u8, 5, 6] {
        let mut body = vec![0, 0, 0, 0, capability, 0xff, 0xff, 0xff, 0xff];
        body.resize(4086, 0);
        errors(&frame(0x8001, 4096, 0, &body)).for_each(|(name, error)| assert_malformed(name, &error));
    }
}

#[test]
fn handles_that_lead_nowhere() {
    let list = |handles: &[u32]| {
        let mut body = vec![0, 0, 0, 0, 1];
        body.extend((handles.len() as u32).to_be_bytes());
        body.extend(handles.iter().flat_map(|handle| handle.to_be_bytes()));
        let (_, command) = COMMANDS[1];
        command(&mut Direct::over(Always(frame(0x8001, body.len() as u32 + 10, 0, &body))))
    };
    list(&[]).unwrap();
    list(&[0x0100_0000, 0x0100_0001, 0x01ff_ffff]).unwrap();
    for wrong in
        [&[0x00ff_ffff][..], &[0x0200_0000], &[0x0100_0001, 0x0100_0001], &[0x0100_0002, 0x0100_0001]]
    {
        assert_malformed("handles", &list(wrong).unwrap_err());
    }
}

#[test]
fn registers_that_nobody_asked_for() {
    let registers = |selections: &[[u8; 6]], values: u32| {
        let count = (selections.len() as u32).to_be_bytes();
        let values = [&values.to_be_bytes()[..], &[0, 1, 7].repeat(values as usize)].concat();
        let body = [&[0, 0, 0, 9], &count[..], selections.as_flattened(), &values].concat();
        let mut tpm = Direct::over(Always(frame(0x8001, body.len() as u32 + 10, 0, &body)));
        tpm.pcr_read(SOME)
    };
    let of_sha256 = |low| [0x00, 0x0b, 3, low, 0, 0];
    assert_eq!(registers(&[of_sha256(0x81)], 2).unwrap().values, [[7], [7]]);
    assert_eq!(registers(&[of_sha256(0x80)], 1).unwrap().selection.bitmap, 0x80);
    // A bank that is not there.
    assert_eq!(registers(&[], 0).unwrap().selection.bitmap, 0);
    assert_eq!(registers(&[of_sha256(0)], 0).unwrap().selection.bitmap, 0);
    for (selections, values) in [
        (&[of_sha256(0x83)][..], 3),
        (&[[0x00, 0x0c, 3, 0x81, 0, 0]], 2),
        (&[of_sha256(0x01), of_sha256(0x80)], 2),
        (&[of_sha256(0x81)], 1),
        (&[of_sha256(0x81)], 3),
    ] {
        assert_malformed("pcr_read", &registers(selections, values).unwrap_err());
    }
}

#[test]
fn refusals_are_told_whatever_their_code() {
    for code in [0x18b, 0x101, 0x0001_0000, 0xffff_ffff] {
        // With the tag of TPM 1.2 as well, in which a TPM refuses a command of an unknown kind.
        for tag in [0x8001, 0x00c4] {
            for (name, error) in errors(&frame(tag, 10, code, &[])) {
                match error {
                    Error::Refused { code: found, .. } => assert_eq!(found, ResponseCode(code), "{name}"),
                    other => panic!("{name}: {other:?}"),
                }
            }
        }
    }
    // A refusal has nothing to add.
    errors(&frame(0x8001, 12, 0x18b, &[0, 0])).for_each(|(name, error)| assert_malformed(name, &error));
}
