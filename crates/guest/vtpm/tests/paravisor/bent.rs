//! TPMs that give one answer that no honest TPM gives: each has its error, and none makes the crate
//! wait, stop or ask for much memory.

use std::time::Duration;

use allocation_counter::measure;
use teeproof_twin::paravisor::Settings;
use teeproof_vtpm::{
    Error, NvAttributes, NvPublic, Patience, PcrValues, Report, ResponseCode, Signed, Tpm, ak_certificate,
    all_handles, fresh_report, handles, quote, read_index, read_registers, write_index,
};
use teeproof_wire::tpm::Selection;

use crate::machine::{Machine, PATIENCE, Transport};
use crate::tpm::{Bent, with};

const SHA256: u16 = 0x000b;
const REGISTERS: Selection = Selection { bank: SHA256, bitmap: 0x0001_0081 };
/// Indexes end at 64 KiB, and nothing else is larger.
const MOST_HEAP: u64 = 512 * 1024;
/// The last byte of what the hardware report in a report holds of the hash of the claims.
const IN_HASH: usize = 0x20 + 0x50 + 31;

fn refused<T>(code: u32) -> Result<T, Error> {
    Err(Error::Refused { command: "a test", code: ResponseCode(code) })
}

/// Runs something, and holds what it asks for against [`MOST_HEAP`].
#[track_caller]
fn modest<T>(run: impl FnOnce() -> T) -> T {
    let mut value = None;
    let heap = measure(|| value = Some(run()));
    assert!(heap.bytes_max < MOST_HEAP, "{} bytes at one time", heap.bytes_max);
    value.unwrap()
}

#[track_caller]
fn is_malformed<T: std::fmt::Debug>(answer: Result<T, Error>, command: &str, what: &str) {
    match answer {
        Err(Error::Malformed { command: found, what: said }) if found == command && said.contains(what) => {}
        other => panic!("{command}: {what}: {other:?}"),
    }
}

fn quote_pcrs(tpm: &mut dyn Tpm) -> Result<teeproof_vtpm::Quoted, Error> {
    modest(|| quote(tpm, handles::AK, b"a nonce", &[REGISTERS]))
}

pub(crate) fn quotes(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    quote_pcrs(&mut tpm).unwrap();
    for bytes in [vec![], vec![0xff; 100], vec![0; 5000]] {
        tpm.quote = with(move |signed: &mut Signed| signed.message.clone_from(&bytes));
        is_malformed(quote_pcrs(&mut tpm), "TPM2_Quote", "");
    }
    tpm.quote = with(|signed: &mut Signed| {
        signed.message.pop();
    });
    is_malformed(quote_pcrs(&mut tpm), "TPM2_Quote", "");
    // A digest of the signature's hash, and of no length that a hash has.
    tpm.quote = with(|signed: &mut Signed| {
        let digest = signed.message.len() - 34;
        signed.message.truncate(digest);
        signed.message.extend([&[0, 20][..], &[7; 20]].concat());
    });
    is_malformed(quote_pcrs(&mut tpm), "TPM2_Quote", "a digest of 20 bytes");
    // What is certified is no quote.
    tpm.quote = with(|signed: &mut Signed| signed.message[5] = 0x17);
    is_malformed(quote_pcrs(&mut tpm), "TPM2_Quote", "");
}

/// Genuine ones, which answer another question.
pub(crate) fn quotes_of_others(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    let others = [
        ("a quote over another nonce", tpm.quote(handles::AK, b"another", &[REGISTERS])),
        ("a quote over another nonce", tpm.quote(handles::AK, b"", &[REGISTERS])),
        (
            "a quote over other PCRs",
            tpm.quote(handles::AK, b"a nonce", &[Selection { bitmap: 1, ..REGISTERS }]),
        ),
        (
            "a quote over other PCRs",
            tpm.quote(handles::AK, b"a nonce", &[Selection { bank: 4, ..REGISTERS }]),
        ),
        ("a quote over other PCRs", tpm.quote(handles::AK, b"a nonce", &[])),
        ("a quote over other PCRs", tpm.quote(handles::AK, b"a nonce", &[REGISTERS, REGISTERS])),
    ];
    for (what, other) in others {
        let other = other.unwrap();
        tpm.quote = with(move |signed: &mut Signed| *signed = other.clone());
        is_malformed(quote_pcrs(&mut tpm), "TPM2_Quote", what);
    }
}

pub(crate) fn registers_that_move(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    let mut extend = {
        let mut other = machine.tpm();
        move || other.pcr_extend(16, SHA256, &[1; 32]).unwrap()
    };
    // Twice after the quote and before its registers are read.
    let mut left = 2;
    tpm.quote = with(move |_: &mut Signed| {
        if left > 0 {
            left -= 1;
            extend();
        }
    });
    let quoted = quote_pcrs(&mut tpm).unwrap();
    assert_eq!(tpm.count("quote"), 3);
    let now = read_registers(&mut tpm, REGISTERS).unwrap();
    assert_eq!(quoted.registers, [now]);
    // And each time.
    let mut other = machine.tpm();
    tpm.quote = with(move |_: &mut Signed| other.pcr_extend(16, SHA256, &[1; 32]).unwrap());
    tpm.commands.clear();
    let error = quote_pcrs(&mut tpm).unwrap_err();
    assert!(matches!(error, Error::Moving { attempts: 5 }), "{error:?}");
    assert_eq!(tpm.count("quote"), 5);
    // Values that are not those of the quote look the same.
    tpm.quote = Box::new(|answer| answer);
    tpm.pcr_read = with(|read: &mut PcrValues| read.values[0][0] ^= 1);
    assert!(matches!(quote_pcrs(&mut tpm), Err(Error::Moving { .. })));
}

pub(crate) fn registers(transport: Transport) {
    const COMMAND: &str = "TPM2_PCR_Read";
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    let mut read = |bend: fn(&mut PcrValues)| {
        tpm.pcr_read = with(bend);
        tpm.commands.clear();
        let answer = modest(|| read_registers(&mut tpm, REGISTERS));
        (answer, tpm.commands.len())
    };
    // Nothing, at once and after a while.
    let (answer, reads) = read(|read| *read = PcrValues { selection: none(), values: vec![] });
    assert!(matches!(answer, Err(Error::NoBank(SHA256))) && reads == 1, "{answer:?}");
    let (answer, reads) = read(|read| {
        read.selection.bitmap &= 0x81;
        read.values.truncate(read.selection.bitmap.count_ones().try_into().unwrap());
    });
    is_malformed(answer, COMMAND, "missing");
    assert_eq!(reads, 2);
    // One at a time is slow, and right.
    let (answer, reads) = read(|read| {
        read.selection.bitmap &= read.selection.bitmap.wrapping_neg();
        read.values.truncate(1);
    });
    assert_eq!((answer.unwrap().values.len(), reads), (3, 3));
    // Others, with and without the requested ones among them.
    is_malformed(read(|read| read.selection.bitmap = 0x0001_0083).0, COMMAND, "PCRs that were not requested");
    is_malformed(read(|read| read.selection.bitmap = 0x0000_000e).0, COMMAND, "PCRs that were not requested");
    is_malformed(read(|read| read.selection.bitmap = u32::MAX).0, COMMAND, "PCRs that were not requested");
    is_malformed(read(|read| read.selection.bank = 0x000c).0, COMMAND, "PCRs that were not requested");
    // Another number of values.
    is_malformed(read(|read| read.values.push(vec![0; 32])).0, COMMAND, "expected 3 PCR values, got 4");
    is_malformed(read(|read| read.values.truncate(1)).0, COMMAND, "expected 3 PCR values, got 1");
    is_malformed(read(|read| read.values.clear()).0, COMMAND, "expected 3 PCR values, got 0");
    // Another length.
    for length in [0, 31, 33, 48] {
        tpm.pcr_read = with(move |read: &mut PcrValues| read.values[1] = vec![0; length]);
        is_malformed(read_registers(&mut tpm, REGISTERS), COMMAND, "another length");
    }
}

const fn none() -> Selection {
    Selection { bank: SHA256, bitmap: 0 }
}

/// Lists of handles that go on where they ended, and those that do not.
pub(crate) fn lists(transport: Transport) {
    const FIRST: u32 = handles::FIRST_NV_INDEX;
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    let all = tpm.handles(FIRST).unwrap();
    assert!(all.len() > 1, "{all:x?}");
    // However few an answer holds.
    for most in [1, 2, 254] {
        tpm.handles = with(move |list: &mut Vec<u32>| list.truncate(most));
        tpm.commands.clear();
        assert_eq!(all_handles(&mut tpm, FIRST).unwrap(), all);
        assert_eq!(tpm.count("handles"), all.len().div_ceil(most) + 1);
    }
    // The same one again, one before, one of another kind: none of them can be gone on after.
    for wrong in [vec![FIRST + 7, FIRST + 7], vec![FIRST - 1], vec![0x0200_0000], vec![FIRST + 7]] {
        tpm.handles = with(move |list: &mut Vec<u32>| list.clone_from(&wrong));
        is_malformed(modest(|| all_handles(&mut tpm, FIRST)), "TPM2_GetCapability", "out of order");
    }
    // After the last possible one, nothing is requested.
    tpm.handles = with(|list: &mut Vec<u32>| *list = vec![FIRST, FIRST | 0x00ff_ffff]);
    tpm.commands.clear();
    assert_eq!(all_handles(&mut tpm, FIRST).unwrap().len(), 2);
    assert_eq!(tpm.count("handles"), 1);
    // More than there is room for in a TPM.
    let mut next = FIRST;
    tpm.handles = with(move |list: &mut Vec<u32>| {
        *list = (next..next + 254).collect();
        next += 254;
    });
    is_malformed(modest(|| all_handles(&mut tpm, FIRST)), "TPM2_GetCapability", "more than");
}

/// What a TPM says of how much it takes at a time, and of how large an index is.
pub(crate) fn sizes(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    let report = read_index(&mut tpm, handles::AK_CERTIFICATE).unwrap();
    // Nobody knows, or it takes more than an answer holds.
    for most in [None, Some(1024), Some(0xffff), Some(0x1_0000), Some(u32::MAX)] {
        tpm.property = with(move |found: &mut Option<u32>| *found = most);
        assert_eq!(modest(|| read_index(&mut tpm, handles::AK_CERTIFICATE)).unwrap(), report, "{most:?}");
    }
    // Little at a time is slow, and right.
    tpm.property = with(|found: &mut Option<u32>| *found = Some(64));
    tpm.commands.clear();
    assert_eq!(read_index(&mut tpm, handles::AK_CERTIFICATE).unwrap(), report);
    assert_eq!(tpm.count("nv_read"), 64);
    // So little that the requests would never end.
    for most in [0, 1, 63] {
        tpm.property = with(move |found: &mut Option<u32>| *found = Some(most));
        tpm.commands.clear();
        is_malformed(read_index(&mut tpm, handles::AK_CERTIFICATE), "TPM2_GetCapability", "at a time");
        is_malformed(ak_certificate(&mut tpm), "TPM2_GetCapability", "at a time");
        is_malformed(write_index(&mut tpm, handles::REPORT, 0, &[1]), "TPM2_GetCapability", "at a time");
        assert_eq!(tpm.count("nv_read") + tpm.count("nv_write"), 0);
    }
    tpm.property = Box::new(|answer| answer);
    // An index larger than any real one.
    tpm.nv_public = with(|public: &mut NvPublic| public.data_size = u16::MAX);
    let error = modest(|| Report::read(&mut tpm)).unwrap_err();
    assert!(matches!(error, Error::ReportSize { size: 65_535, .. }), "{error:?}");
    for answer in [
        modest(|| read_index(&mut tpm, handles::AK_CERTIFICATE)).map(drop),
        modest(|| ak_certificate(&mut tpm)).map(drop),
    ] {
        let error = answer.unwrap_err();
        assert_eq!(error.code(), Some(ResponseCode::NV_RANGE), "{error:?}");
    }
    // And as small.
    tpm.nv_public = with(|public: &mut NvPublic| public.data_size = 0);
    assert_eq!(read_index(&mut tpm, handles::AK_CERTIFICATE).unwrap(), b"");
    assert_eq!(ak_certificate(&mut tpm).unwrap(), None);
    assert!(matches!(Report::read(&mut tpm), Err(Error::Report(_))));
}

/// Blocks of an index of other lengths than requested.
pub(crate) fn pieces(transport: Transport) {
    let machine = Machine::start(transport, &Settings::default());
    let mut tpm = Bent::of(machine.tpm());
    for length in [0, 1, 1023, 1025, 4096, 1 << 16] {
        tpm.nv_read = with(move |piece: &mut Vec<u8>| piece.resize(length, 0));
        for answer in [
            modest(|| read_index(&mut tpm, handles::REPORT)).map(drop),
            modest(|| Report::read(&mut tpm)).map(drop),
            modest(|| ak_certificate(&mut tpm)).map(drop),
        ] {
            is_malformed(answer, "TPM2_NV_Read", &format!("expected 1024 bytes, got {length}"));
        }
    }
    // Of the right length, and nothing in them.
    tpm.nv_read = with(|piece: &mut Vec<u8>| piece.fill(0));
    assert!(matches!(Report::read(&mut tpm), Err(Error::Report(_))));
    assert_eq!(ak_certificate(&mut tpm).unwrap(), None);
    tpm.nv_read = with(|piece: &mut Vec<u8>| piece.fill(0xff));
    assert!(matches!(Report::read(&mut tpm), Err(Error::Report(_))));
    // A report that is another one at each look is read three times, and no more.
    let mut looks = 0_u8;
    tpm.nv_read = with(move |piece: &mut Vec<u8>| {
        if piece.starts_with(b"HCLA") {
            looks += 1;
            piece[IN_HASH] ^= looks;
        }
    });
    tpm.commands.clear();
    let error = Report::read(&mut tpm).unwrap_err();
    assert!(matches!(error, Error::Torn { tries: 3 }), "{error:?}");
    assert_eq!(tpm.count("nv_public"), 3);
}

/// A report that was whole and of before, and from then on comes in pieces of two.
pub(crate) fn old_and_then_torn(transport: Transport) {
    let settings = Settings { refresh: Duration::from_secs(100_000), ..Settings::default() };
    let machine = Machine::start(transport, &settings);
    let mut tpm = Bent::of(machine.tpm());
    let mut first = true;
    tpm.nv_read = with(move |piece: &mut Vec<u8>| {
        if piece.starts_with(b"HCLA") && !std::mem::take(&mut first) {
            piece[IN_HASH] ^= 1;
        }
    });
    // Room for a second look, however slow the machine is.
    let patience = Patience { deadline: Duration::from_secs(3), pause: Duration::from_millis(200) };
    let error = fresh_report(&mut tpm, &[1; 64], patience, &mut |_| ()).unwrap_err();
    assert!(matches!(error, Error::Stale { tries: 2.., .. }), "{error:?}");
}

/// The index for the guest's input, when others are at it.
pub(crate) fn the_input(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    let ask = |tpm: &mut Bent| {
        tpm.commands.clear();
        fresh_report(tpm, &[1; 64], PATIENCE, &mut |_| ()).map(|fresh| fresh.tries)
    };
    // It is never there, however often it is defined.
    tpm.nv_public = Box::new(|_| refused(0x18b));
    let error = ask(&mut tpm).unwrap_err();
    assert!(error.is_absent() && tpm.count("nv_define") == 1, "{error:?}");
    // Another program defined it at that moment, as it has to be.
    let mut first = true;
    tpm.nv_public = Box::new(move |answer| if std::mem::take(&mut first) { refused(0x18b) } else { answer });
    assert_eq!(ask(&mut tpm).unwrap(), 1);
    assert_eq!(tpm.count("nv_define"), 1);
    // It may not be defined.
    tpm.nv_undefine(handles::INPUT).unwrap();
    tpm.nv_public = Box::new(|answer| answer);
    tpm.nv_define = Box::new(|_| refused(ResponseCode::NV_AUTHORIZATION));
    let error = ask(&mut tpm).unwrap_err();
    assert_eq!(error.code(), Some(ResponseCode::NV_AUTHORIZATION), "{error:?}");
    // It says that it is the guest's, and cannot be written.
    tpm.nv_define = Box::new(|answer| answer);
    tpm.nv_write = Box::new(|_| refused(ResponseCode::NV_LOCKED));
    let error = ask(&mut tpm).unwrap_err();
    assert_eq!(error.code(), Some(ResponseCode::NV_LOCKED), "{error:?}");
    assert_eq!(tpm.count("nv_read"), 0);
    // It is locked, which the attributes say.
    tpm.nv_write = Box::new(|answer| answer);
    tpm.nv_public = with(|public: &mut NvPublic| public.attributes |= NvAttributes::WRITELOCKED);
    assert!(matches!(ask(&mut tpm), Err(Error::InputLocked)));
}
