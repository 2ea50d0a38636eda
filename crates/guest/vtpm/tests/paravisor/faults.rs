//! Each fault of a paravisor is an error of its own, for who wants a fresh report and for who takes
//! what lies there.

use std::time::Duration;

use teeproof_twin::paravisor::Fault;
use teeproof_vtpm::{Class, Error, FreshReport, Patience, Report, fresh_report, handles};

use crate::fresh::ask;
use crate::machine::{Machine, Transport};

/// Room for some tries on a busy machine too, and no longer than a test should take.
const SHORT: Patience = Patience { deadline: Duration::from_secs(4), pause: Duration::from_millis(800) };

struct Seen {
    fresh: Result<FreshReport, Error>,
    waits: Vec<Duration>,
    plain: Result<Report, Error>,
}

fn seen(transport: Transport, fault: Fault) -> Seen {
    let machine = Machine::faulty(transport, fault);
    let mut tpm = machine.tpm();
    let (fresh, waits) = ask(tpm.as_mut(), &[0xa1; 64], SHORT);
    assert!(fresh.is_err(), "a report that is not fresh is no result");
    // The requested user data is in the index all the same; the paravisor does not use it.
    assert_eq!(teeproof_vtpm::read_index(tpm.as_mut(), handles::INPUT).unwrap(), [0xa1; 64]);
    Seen { fresh, waits, plain: Report::read(tpm.as_mut()) }
}

pub(crate) fn stale(transport: Transport) {
    let Seen { fresh, waits, plain } = seen(transport, Fault::Stale);
    let Err(Error::Stale { tries, waited }) = fresh else { panic!("{fresh:?}") };
    assert_eq!((usize::try_from(tries).unwrap(), waited), (waits.len() + 1, waits.iter().sum()));
    assert!(tries > 1);
    assert_eq!(Error::Stale { tries, waited }.class(), Class::NotFresh);
    assert_eq!(plain.unwrap().user_data(), Some(&[0; 64]));
}

pub(crate) fn renewal(transport: Transport) {
    let Seen { fresh, waits, plain } = seen(transport, Fault::Renewal);
    let Err(Error::NotRenewed { tries, waited }) = fresh else { panic!("{fresh:?}") };
    assert_eq!((usize::try_from(tries).unwrap(), waited), (waits.len() + 1, waits.iter().sum()));
    assert!(tries > 1);
    assert_eq!(plain.unwrap().user_data(), Some(&[0; 64]));
}

pub(crate) fn torn(transport: Transport) {
    let Seen { fresh, waits, plain } = seen(transport, Fault::Torn);
    let Err(Error::Torn { tries }) = fresh else { panic!("{fresh:?}") };
    // Three looks before each wait, and after the last one.
    assert_eq!(usize::try_from(tries).unwrap(), 3 * (waits.len() + 1));
    assert_eq!(Error::Torn { tries }.class(), Class::Unsteady);
    assert!(matches!(plain, Err(Error::Torn { tries: 3 })), "{plain:?}");
}

pub(crate) fn oversize(transport: Transport) {
    let Seen { fresh, waits, plain } = seen(transport, Fault::Oversize);
    assert_eq!(waits.len(), 0);
    for error in [fresh.unwrap_err(), plain.unwrap_err()] {
        assert!(matches!(error, Error::ReportSize { size: 16_384, limit: 4096 }), "{error:?}");
        assert_eq!(error.class(), Class::Malformed);
    }
}

pub(crate) fn wrong_type(transport: Transport) {
    let Seen { fresh, waits, plain } = seen(transport, Fault::WrongType);
    assert_eq!(waits.len(), 0);
    for error in [fresh.unwrap_err(), plain.unwrap_err()] {
        assert!(matches!(&error, Error::Report(why) if why.is_unsupported()), "{error:?}");
        assert_eq!(error.class(), Class::Malformed);
    }
}

/// The TPM goes away while it is waited for.
pub(crate) fn gone(transport: Transport) {
    let machine = Machine::faulty(transport, Fault::Renewal);
    let mut tpm = machine.tpm();
    let mut running = Some(machine);
    let fresh = fresh_report(tpm.as_mut(), &[0xa1; 64], SHORT, &mut |_| drop(running.take()));
    let error = fresh.unwrap_err();
    assert!(matches!(error, Error::Io { command: "TPM2_NV_Write", .. }), "{error:?}");
    assert_eq!(error.class(), Class::Device);
    // The stack wants to be opened anew from then on, and says so.
    let error = Report::read(tpm.as_mut()).unwrap_err();
    assert!(matches!(error, Error::Io { .. } | Error::Stack { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Device);
}
