//! What register 7 proves of secure boot.
//!
//! The register's quoted value proves the digests. Each event of it must be of a known kind, and
//! its digest that of its data, so that the data are proved as well; then the data alone decide.
//! Whoever runs after the firmware can extend the register, and can relabel events at will: so what
//! configures secure boot counts before the separator only, once each, and nothing is skipped.

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
    /// Whether the firmware enforced it.
    pub enabled: bool,
    /// Who may change KEK.
    pub pk: SignatureLists<'a>,
    /// Who may change db and dbx.
    pub kek: SignatureLists<'a>,
    /// What may start.
    pub db: SignatureLists<'a>,
    /// What may not.
    pub dbx: SignatureLists<'a>,
    /// How often something was allowed to start by a key, or by what the boot loader knows.
    pub authorities: usize,
}

/// The events of PCR 7, which must be explained, with the numbers of their records.
pub(super) fn read<'a>(
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

/// A firmware that enforces secure boot has keys, and something was allowed by one of them.
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

/// What was seen of register 7 so far.
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
            // Firmware may measure more of its variables here (dbr, dbt): they are its own business.
            return Ok(());
        };
        if known == Variable::SecureBoot && !matches!(variable.data, [0 | 1]) {
            return Err(EventProblem::Value);
        }
        match self.variables.get_mut(known.place()) {
            Some(place @ None) => {
                *place = Some(variable.data);
                Ok(())
            }
            _ => Err(EventProblem::Repeated(known)),
        }
    }

    /// The part of an authority event that was measured. Old versions of shim, which runs after
    /// the separator, logged one byte more than they measured; that is tolerated once.
    fn authority(&mut self, data: &'a [u8]) -> Result<&'a [u8], EventProblem> {
        let (variable, rest) = EfiVariable::split(data).map_err(|_| EventProblem::Variable)?;
        // Only db allows anything to start. What else is configured is not to hide under this label.
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

/// Why an action keeps register 7 from proving anything. There is none that does not.
fn action(data: &[u8]) -> EventProblem {
    if data == b"UEFI Debug Mode" { EventProblem::DebugMode } else { EventProblem::Action }
}
