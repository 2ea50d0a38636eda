//! Fresh HCL reports: the user data just written is in their claims.
//!
//! The paravisor does not renew its report when the guest writes, but when the guest reads at
//! offset 0 and the last report is more than two seconds old. Otherwise the read returns the last
//! report. So the user data of each report are compared, and the report is read again after the two seconds.
//!
//! Source: `vm/devices/tpm` of microsoft/openvmm.

use std::thread;
use std::time::{Duration, Instant};

use teeproof_wire::tpm::SHA256;

use crate::index::writer;
use crate::report::USER_DATA_BYTES;
use crate::{Error, NvAttributes, NvPublic, Report, ResponseCode, Tpm, handles};

/// A report with the requested user data, and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshReport {
    /// The report.
    pub report: Report,
    /// How often it was read.
    pub tries: u32,
    /// How long the paravisor was waited for.
    pub waited: Duration,
}

/// How long the paravisor is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// When to give up, counted from the start.
    pub deadline: Duration,
    /// How long to wait until the paravisor is ready to renew its report.
    pub pause: Duration,
}

impl Default for Patience {
    /// Ten seconds, in steps of the paravisor's two seconds and a little more.
    fn default() -> Self {
        Self { deadline: Duration::from_secs(10), pause: Duration::from_millis(2_050) }
    }
}

/// How many torn reports in a row are read again at once.
const TORN_AT_ONCE: u32 = 3;

/// Requests a report with these 64 bytes of user data, and returns it.
///
/// Defines the index for the guest's input if it does not exist. `waiting` is called before each
/// wait, with its length.
///
/// # Errors
/// Those of the commands and of [`Report::read`]; user data of another length; an index for the guest's input
/// that is under a policy, locked, of another size, or not readable by the paravisor; a stale or torn report at
/// the deadline.
pub fn fresh_report(
    tpm: &mut dyn Tpm,
    user_data: &[u8],
    patience: Patience,
    waiting: &mut dyn FnMut(Duration),
) -> Result<FreshReport, Error> {
    let wanted: [u8; USER_DATA_BYTES] =
        user_data.try_into().or(Err(Error::UserDataLength(user_data.len())))?;
    let input = input_index(tpm)?;
    let mut search = Search { began: Instant::now(), waited: Duration::ZERO, tries: 0, torn: 0, seen: None };
    loop {
        // Another program may have written meanwhile.
        tpm.nv_write(handles::INPUT, writer(&input), 0, &wanted)?;
        if let Some(found) = search.look(tpm, &wanted)? {
            return Ok(found);
        }
        if search.reads_again_at_once() {
            continue;
        }
        if search.began.elapsed().saturating_add(patience.pause) > patience.deadline {
            return Err(search.gives_up());
        }
        waiting(patience.pause);
        thread::sleep(patience.pause);
        search.waited = search.waited.saturating_add(patience.pause);
    }
}

/// The search for the requested report.
struct Search {
    began: Instant,
    waited: Duration,
    tries: u32,
    /// How many reports in a row were torn.
    torn: u32,
    seen: Option<Seen>,
}

/// Reports with other user data.
struct Seen {
    last: Report,
    /// Whether they differed from each other: the paravisor did renew its report.
    renewed: bool,
}

impl Search {
    fn look(&mut self, tpm: &mut dyn Tpm, wanted: &[u8; 64]) -> Result<Option<FreshReport>, Error> {
        self.tries = self.tries.saturating_add(1);
        let report = match Report::read_once(tpm) {
            Err(Error::Torn { .. }) => {
                self.torn = self.torn.saturating_add(1);
                return Ok(None);
            }
            report => report?,
        };
        self.torn = 0;
        match report.user_data() {
            None => Err(Error::NoUserData),
            Some(found) if found == wanted => {
                Ok(Some(FreshReport { report, tries: self.tries, waited: self.waited }))
            }
            Some(_) => {
                let before = self.seen.take();
                let renewed = before.is_some_and(|seen| seen.renewed || seen.last != report);
                self.seen = Some(Seen { last: report, renewed });
                Ok(None)
            }
        }
    }

    const fn reads_again_at_once(&self) -> bool {
        !self.torn.is_multiple_of(TORN_AT_ONCE)
    }

    fn gives_up(&self) -> Error {
        let (tries, waited) = (self.tries, self.waited);
        match &self.seen {
            None => Error::Torn { tries },
            // A torn report was renewed during its read.
            Some(seen) if seen.renewed || self.torn > 0 => Error::Stale { tries, waited },
            Some(_) => Error::NotRenewed { tries, waited },
        }
    }
}

/// The index for the guest's input, defined if it does not exist.
fn input_index(tpm: &mut dyn Tpm) -> Result<NvPublic, Error> {
    let public = match tpm.nv_public(handles::INPUT) {
        Err(error) if error.is_absent() => {
            match tpm.nv_define(&input_public()) {
                // Another program was faster.
                Err(error) if error.code() == Some(ResponseCode::NV_DEFINED) => {}
                defined => defined?,
            }
            tpm.nv_public(handles::INPUT)?
        }
        public => public?,
    };
    check_input(&public)?;
    Ok(public)
}

/// Whether an index at [`handles::INPUT`] can carry user data into the paravisor's report.
///
/// # Errors
/// It has another size than 64 bytes, can only be written under a policy, cannot be read by the
/// paravisor, or is locked.
pub fn check_input(public: &NvPublic) -> Result<(), Error> {
    let has = |attributes| public.attributes.intersects(attributes);
    if usize::from(public.data_size) != USER_DATA_BYTES {
        return Err(Error::InputSize { size: public.data_size });
    }
    if !has(NvAttributes::OWNERWRITE | NvAttributes::AUTHWRITE) {
        return Err(Error::InputForeign);
    }
    if !has(NvAttributes::OWNERREAD) {
        return Err(Error::InputUnreadable);
    }
    if has(NvAttributes::WRITELOCKED) {
        return Err(Error::InputLocked);
    }
    Ok(())
}

/// The index as Microsoft's own tools define it. The paravisor reads it as the owner.
const fn input_public() -> NvPublic {
    NvPublic {
        index: handles::INPUT,
        name_algorithm: SHA256,
        attributes: NvAttributes::OWNERWRITE
            .union(NvAttributes::OWNERREAD)
            .union(NvAttributes::AUTHWRITE)
            .union(NvAttributes::AUTHREAD),
        policy: Vec::new(),
        data_size: 64,
    }
}
