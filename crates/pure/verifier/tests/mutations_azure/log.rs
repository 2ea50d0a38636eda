//! The event log: which of its bits a PCR proves, which only the claim of secure boot rests on, and which
//! nothing proves.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use teeproof_wire::eventlog::{EventLog, kind};
use teeproof_wire::tpm::SHA256;

use crate::every_length;
use crate::machine::{BEFORE, MACHINE, Seen};
use crate::support::{self, report, sample};

/// What a bit of the log is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bit {
    /// Nothing that is verified rests on it: the form's own numbers, the digests of other banks,
    /// what an event calls itself and says, where that is not what was hashed.
    Unmeasured,
    /// It is hashed into the digest of an event of register 7, or says how that event is read.
    OfSecureBoot,
    /// The log's form, a register, or a SHA-256 digest.
    Measured,
    /// How long an event is, which nothing proves: a longer one can swallow others.
    Size,
}

/// What each bit of a log is worth, by the layout of the specification.
fn bits(log: &[u8]) -> Vec<Bit> {
    let mut bits = vec![Bit::Measured; log.len() * 8];
    let mut set = |range: Range<usize>, bit: Bit| bits[range.start * 8..range.end * 8].fill(bit);
    // Head of 32 bytes and the words `Spec ID Event03`; then the platform's class, and the erratum.
    set(48..52, Bit::Unmeasured);
    set(54..55, Bit::Unmeasured);
    let mut kinds = Vec::new();
    for event in EventLog::parse(log).unwrap().events() {
        let (kind, mut at) = (event.offset + 4, event.offset + 12);
        let bit = if event.index == 7 { Bit::OfSecureBoot } else { Bit::Unmeasured };
        for (algorithm, digest) in event.digests() {
            at += 2;
            if algorithm != SHA256 || !event.extends() {
                set(at..at + digest.len(), Bit::Unmeasured);
            }
            at += digest.len();
        }
        set(at..at + 4, Bit::Size);
        let data = at + 4..at + 4 + event.data.len();
        if event.extends() {
            set(kind..kind + 4, bit);
            set(data, bit);
            kinds.push((kind, event.kind));
        } else {
            // An event that is not measured has no register. The locality is in the first value of
            // register 0; without the word before it, that value is zero, as it is here.
            set(event.offset..kind, Bit::Unmeasured);
            set(data.start..data.end - 1, Bit::Unmeasured);
        }
    }
    // EV_NO_ACTION is an exception: its events are not measured.
    for (at, found) in kinds {
        for bit in (0..32).filter(|bit| found ^ (1 << bit) == kind::NO_ACTION) {
            bits[at * 8 + bit] = Bit::Measured;
        }
    }
    bits
}

#[test]
fn every_bit_of_the_log_is_known() {
    let (bits, step) = (bits(&MACHINE.log), sample());
    let longer = AtomicUsize::new(0);
    let counts = support::bits(&MACHINE.log, step, |altered, bit| {
        let seen = MACHINE.with(|machine| machine.log = altered.to_vec()).verify();
        let what = || format!("bit {} of byte {:#x} of the log, {:?}", bit % 8, bit / 8, bits[bit]);
        match bits[bit] {
            Bit::Unmeasured => assert_eq!(seen, *BEFORE, "{}", what()),
            Bit::OfSecureBoot => {
                assert_eq!((seen.exit, seen.explained), (6, Some(true)), "{}", what());
                assert_eq!(seen.new_claims().len(), 1, "{}", what());
            }
            Bit::Size if seen.explained == Some(true) => {
                swallowed(altered, &seen, &what);
                longer.fetch_add(1, Ordering::Relaxed);
            }
            Bit::Measured | Bit::Size => assert_ne!(seen.explained, Some(true), "{}", what()),
        }
        if seen.exit != 0 {
            seen.is_refused_without("secure_boot", "not shown: ", &what);
        }
        seen.exit
    });
    let of = |wanted: Bit| bits.iter().step_by(step).filter(|bit| **bit == wanted).count();
    let what = format!(
        "bits flipped: {} measured, {} of secure boot, {} of sizes, {} not measured, which change nothing",
        of(Bit::Measured),
        of(Bit::OfSecureBoot),
        of(Bit::Size),
        of(Bit::Unmeasured)
    );
    report("azure, event log", &what, &counts);
    // One bit of a size swallows the boot loader's events, to the last one.
    let longer = longer.into_inner();
    assert!(if step == 1 { longer == 1 } else { longer <= 1 }, "{longer}");
    assert_eq!(counts[&0], of(Bit::Unmeasured) + longer);
}

/// A log may lack events of a PCR only if it lacks all of them. The PCR is then reported as one without
/// events, like those that the operating system extends, and all other claims stay the same.
fn swallowed(log: &[u8], seen: &Seen, what: &dyn Fn() -> String) {
    let digests = |log: &[u8], register: u32| -> Vec<_> {
        let log = EventLog::parse(log).unwrap();
        let events = log.events().filter(|event| event.extends() && event.index == register);
        events.map(|event| *event.sha256().unwrap()).collect()
    };
    let without_events = seen.replay.as_ref().unwrap().split("no events for:").last().unwrap().to_string();
    let mut lost = 0;
    for register in 0..24 {
        let (before, now) = (digests(&MACHINE.log, register), digests(log, register));
        assert!(now.is_empty() || now == before, "{}: register {register}", what());
        if now != before {
            assert!(
                without_events.split(' ').any(|index| index == register.to_string()),
                "{}: {without_events}",
                what()
            );
            lost += 1;
        }
    }
    assert!(lost > 0 && seen.claims == BEFORE.claims, "{}", what());
}

/// A log that ends early never explains all registers, nor says anything else of secure boot.
#[test]
fn every_length_of_the_log_is_told() {
    let counts = every_length(&MACHINE.log, |cut| {
        let seen = MACHINE.with(|machine| machine.log = cut.to_vec()).verify();
        assert_ne!(seen.explained, Some(true), "cut to {}", cut.len());
        seen.is_refused_without("secure_boot", "not shown: ", &|| format!("log cut to {}", cut.len()))
    });
    report("azure, event log", "lengths", &counts);
    // Zeros at the end are padding, and a record of register 0 begins with four of them.
    let events = EventLog::parse(&MACHINE.log).unwrap();
    let of_register_0 = events.events().filter(|event| event.index == 0).count();
    assert_eq!(counts[&6], events.events().count() + 4 * of_register_0, "only whole events are a log");
}
