//! The state of secure boot by the events of PCR 7.
//!
//! The quoted value of PCR 7 proves the digests of its events. Each event must be of a known type, and its
//! digest the hash of its data, so that the data is proved as well; only the data decides. Software after the
//! firmware can extend the PCR, and an attacker can relabel events: so configuration counts only before the
//! separator, each variable once, and no event is skipped.
//!
//! Source: TCG PC Client Platform Firmware Profile, section 3.3.4.8.

mod problem;
mod variable;

pub use problem::{EventProblem, NoSecureBoot};
pub use variable::Variable;

use teeproof_core::Crypto;
use teeproof_wire::eventlog::{EfiVariable, Event, SignatureLists, kind};

/// How secure boot was configured when the machine started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecureBoot<'a> {
    /// Whether the firmware enforced secure boot.
    pub enabled: bool,
    /// The platform key, which may change KEK.
    pub pk: SignatureLists<'a>,
    /// The key exchange keys, which may change db and dbx.
    pub kek: SignatureLists<'a>,
    /// The allowed signers and images.
    pub db: SignatureLists<'a>,
    /// The forbidden signers and images.
    pub dbx: SignatureLists<'a>,
    /// The number of authority events: images verified by db, or by the boot loader's own keys.
    pub authorities: usize,
}

/// Reads the events of PCR 7, which the log must explain, with the numbers of their records.
pub(super) fn read_secure_boot<'a>(
    events: impl Iterator<Item = (usize, Event<'a>)>,
    crypto: &Crypto,
) -> Result<SecureBoot<'a>, NoSecureBoot> {
    let mut seen = Seen::default();
    for (number, event) in events {
        seen.event(&event, crypto).map_err(|problem| NoSecureBoot::Event {
            number,
            offset: event.offset,
            problem,
        })?;
    }
    if !seen.separator {
        return Err(NoSecureBoot::NoSeparator);
    }
    let [enabled, pk, kek, db, dbx] = seen.variables;
    let missing = |variable| NoSecureBoot::Missing(variable);
    let enabled = enabled.ok_or(missing(Variable::SecureBoot))? == [1];
    let lists = |data: Option<&'a [u8]>, variable| {
        let data = data.ok_or(missing(variable))?;
        SignatureLists::parse(data).map_err(|_| NoSecureBoot::SignatureLists(variable))
    };
    let secure_boot = SecureBoot {
        enabled,
        pk: lists(pk, Variable::Pk)?,
        kek: lists(kek, Variable::Kek)?,
        db: lists(db, Variable::Db)?,
        dbx: lists(dbx, Variable::Dbx)?,
        authorities: seen.authorities,
    };
    if enabled {
        enforceable(&secure_boot)?
    }
    Ok(secure_boot)
}

/// Enabled secure boot needs keys, and at least one verified image.
fn enforceable(secure_boot: &SecureBoot<'_>) -> Result<(), NoSecureBoot> {
    for (lists, variable) in
        [(secure_boot.pk, Variable::Pk), (secure_boot.kek, Variable::Kek), (secure_boot.db, Variable::Db)]
    {
        if lists.iter().next().is_none() {
            return Err(NoSecureBoot::Empty(variable));
        }
    }
    if secure_boot.authorities == 0 { Err(NoSecureBoot::NoAuthority) } else { Ok(()) }
}

/// The events of PCR 7 so far.
#[derive(Default)]
struct Seen<'a> {
    /// In the order of [`Variable::ALL`].
    variables: [Option<&'a [u8]>; 5],
    separator: bool,
    authorities: usize,
    stray_byte: bool,
}

impl<'a> Seen<'a> {
    fn event(&mut self, event: &Event<'a>, crypto: &Crypto) -> Result<(), EventProblem> {
        let measured = |data: &[u8]| match event.sha256() {
            Some(digest) if *digest == crypto.sha256.digest(&[data]) => Ok(()),
            _ => Err(EventProblem::Digest),
        };
        match event.kind {
            kind::SEPARATOR => {
                measured(event.data)?;
                self.separator(event.data)
            }
            kind::EFI_ACTION => {
                measured(event.data)?;
                Err(action(event.data))
            }
            kind::VARIABLE_DRIVER_CONFIG => {
                measured(event.data)?;
                self.configuration(event.data)
            }
            kind::VARIABLE_AUTHORITY => measured(self.authority(event.data)?),
            _ => Err(EventProblem::Kind),
        }
    }

    fn separator(&mut self, data: &[u8]) -> Result<(), EventProblem> {
        if data != [0; 4] {
            return Err(EventProblem::Separator);
        }
        match core::mem::replace(&mut self.separator, true) {
            false => Ok(()),
            true => Err(EventProblem::AfterSeparator),
        }
    }

    fn configuration(&mut self, data: &'a [u8]) -> Result<(), EventProblem> {
        let variable = EfiVariable::parse(data).map_err(|_| EventProblem::Variable)?;
        if self.separator {
            return Err(EventProblem::AfterSeparator);
        }
        let Some(known) = Variable::of(&variable)? else {
            // Firmware may measure more of its variables here (dbr, dbt): these do not decide.
            return Ok(());
        };
        if known == Variable::SecureBoot && !matches!(variable.data, [0 | 1]) {
            return Err(EventProblem::Value);
        }
        match self.variables.get_mut(known.index()) {
            Some(place @ None) => {
                *place = Some(variable.data);
                Ok(())
            }
            _ => Err(EventProblem::Repeated(known)),
        }
    }

    /// The part of an authority event that was measured. Old versions of shim, which runs after
    /// the separator, logged one byte more than they measured; that is accepted once.
    fn authority(&mut self, data: &'a [u8]) -> Result<&'a [u8], EventProblem> {
        let (variable, rest) = EfiVariable::split(data).map_err(|_| EventProblem::Variable)?;
        // Only db verifies images; no other variable may be hidden in an authority event.
        if Variable::of(&variable)?.is_some_and(|known| known != Variable::Db) {
            return Err(EventProblem::Kind);
        }
        self.authorities = self.authorities.saturating_add(1);
        match rest {
            [] => Ok(data),
            [_] if self.separator && !core::mem::replace(&mut self.stray_byte, true) => {
                Ok(data.split_last().map_or(data, |(_, measured)| measured))
            }
            _ => Err(EventProblem::Variable),
        }
    }
}

/// The problem of an action event: none is accepted in PCR 7.
fn action(data: &[u8]) -> EventProblem {
    if data == b"UEFI Debug Mode" { EventProblem::DebugMode } else { EventProblem::Action }
}
