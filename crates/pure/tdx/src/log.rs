//! Replay of a confidential-computing event log (CCEL) against the RTMRs of a quote.
//!
//! Source: UEFI 2.10, section 38 (confidential computing); Intel Guest-Hypervisor Communication Interface for TDX,
//! measurement registers: indices 1 to 4 of the log are RTMR0 to RTMR3.

use core::fmt;

use teeproof_core::{Crypto, Record};
use teeproof_wire::eventlog::{Event, EventLog, Format};

use crate::{Error, SignedQuote, checks};

/// TPM_ALG_SHA384, the algorithm of every RTMR.
const SHA384: u16 = 0x000c;

/// Whether a log explains an RTMR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RtmrExplanation {
    /// The replay of the log's events is the quoted value.
    Explained,
    /// The replay of the log's events is not the quoted value, or the log has no events of an RTMR that was
    /// extended. No event of the RTMR is used.
    Unexplained,
    /// The log has no event of the RTMR, and needs none: its value is zero, nothing was extended into it.
    NoEvents,
}

/// A CCEL, and which RTMRs of a quote it explains.
///
/// Only [`replay_rtmrs`] makes it; it borrows the replayed bytes.
#[derive(Clone, Debug)]
pub struct RtmrLog<'a> {
    log: EventLog<'a>,
    rtmrs: [RtmrExplanation; 4],
}

/// Replays a log and compares each RTMR with its quoted value. The log has at most 4 MiB.
///
/// Proves: the digests of an explained RTMR were extended into it, these and no others, in this order; as far as
/// the quote is authentic, which [`crate::verify()`] shows.
/// Does not prove: the type of an event, and its data unless they are hashed to the digest.
///
/// # Errors
/// [`Error::Log`] for a malformed log, [`Error::LogFormat`] for a log of a TPM or one without SHA-384 digests. A log
/// that does not explain an RTMR is not an error: see [`RtmrLog::rtmrs`].
pub fn replay_rtmrs<'a>(
    log: &'a [u8],
    quote: &SignedQuote<'_>,
    crypto: &Crypto<'_>,
    record: &mut dyn Record,
) -> Result<RtmrLog<'a>, Error> {
    let log = EventLog::parse(log).map_err(Error::Log)?;
    if log.format() != Format::ConfidentialComputing || log.algorithms().size(SHA384).is_none() {
        return Err(Error::LogFormat);
    }
    record.pass(checks::LOG_FORMAT, &format_args!("{}, {} events", log.format().as_str(), log.len()));
    let replayed = log.replay(
        SHA384,
        |index| matches!(index, 1..=4),
        |old: &[u8; 48], digest| crypto.sha384.digest(&[old, digest]),
    );
    let mut rtmrs = [RtmrExplanation::NoEvents; 4];
    let values = replayed.iter().skip(1).zip(quote.td().rtmr());
    for (slot, (replayed, quoted)) in rtmrs.iter_mut().zip(values) {
        *slot = match replayed {
            None if *quoted == [0; 48] => RtmrExplanation::NoEvents,
            None => RtmrExplanation::Unexplained,
            Some(replayed) if replayed == quoted => RtmrExplanation::Explained,
            Some(_) => RtmrExplanation::Unexplained,
        };
    }
    let verified = RtmrLog { log, rtmrs };
    if rtmrs.contains(&RtmrExplanation::Explained) && !rtmrs.contains(&RtmrExplanation::Unexplained) {
        record.pass(checks::LOG_REPLAY, &verified);
    } else {
        record.warn(checks::LOG_REPLAY, &verified);
    }
    Ok(verified)
}

impl<'a> RtmrLog<'a> {
    /// RTMR0 to RTMR3, and whether the log explains each.
    #[must_use]
    pub const fn rtmrs(&self) -> &[RtmrExplanation; 4] {
        &self.rtmrs
    }

    /// The events of explained RTMRs, in the order of the log: their digests are proved.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + '_ {
        self.log.events().filter(|event| {
            let rtmr = usize::try_from(event.index).ok().and_then(|index| index.checked_sub(1));
            let explanation = rtmr.and_then(|rtmr| self.rtmrs.get(rtmr));
            let explained = explanation == Some(&RtmrExplanation::Explained);
            explained && event.extends() && event.digest(SHA384).is_some()
        })
    }
}

/// `RTMR0 explained, RTMR1 explained, RTMR2 unexplained, RTMR3 without events`.
impl fmt::Display for RtmrLog<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separators = core::iter::once("").chain(core::iter::repeat(", "));
        self.rtmrs.iter().zip(0_u8..).zip(separators).try_for_each(|((rtmr, index), separator)| {
            let words = match rtmr {
                RtmrExplanation::Explained => "explained",
                RtmrExplanation::Unexplained => "unexplained",
                RtmrExplanation::NoEvents => "without events",
            };
            write!(f, "{separator}RTMR{index} {words}")
        })
    }
}
