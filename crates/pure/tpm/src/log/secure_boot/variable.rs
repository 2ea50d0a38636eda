//! The five UEFI variables that configure secure boot.

use core::fmt;

use teeproof_wire::eventlog::{EfiVariable, Guid};

use super::EventProblem;

/// A UEFI variable that configures secure boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// `SecureBoot`: whether the firmware enforces secure boot.
    SecureBoot,
    /// `PK`, the platform key.
    Pk,
    /// `KEK`, the key exchange keys.
    Kek,
    /// `db`, the allowed signers and images.
    Db,
    /// `dbx`, the forbidden signers and images.
    Dbx,
}

impl Variable {
    /// All of them, in the order in which firmware measures them.
    pub const ALL: [Self; 5] = [Self::SecureBoot, Self::Pk, Self::Kek, Self::Db, Self::Dbx];

    /// The variable's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecureBoot => "SecureBoot",
            Self::Pk => "PK",
            Self::Kek => "KEK",
            Self::Db => "db",
            Self::Dbx => "dbx",
        }
    }

    /// The index in [`Variable::ALL`].
    pub(super) const fn index(self) -> usize {
        match self {
            Self::SecureBoot => 0,
            Self::Pk => 1,
            Self::Kek => 2,
            Self::Db => 3,
            Self::Dbx => 4,
        }
    }

    const fn guid(self) -> Guid {
        match self {
            Self::SecureBoot | Self::Pk | Self::Kek => Guid::GLOBAL_VARIABLE,
            Self::Db | Self::Dbx => Guid::IMAGE_SECURITY_DATABASE,
        }
    }

    /// The variable with this name, if it is one of the five. The same name with another vendor GUID is an
    /// error: it could be mistaken for the variable.
    pub(super) fn of(variable: &EfiVariable<'_>) -> Result<Option<Self>, EventProblem> {
        match Self::ALL.into_iter().find(|known| variable.is_named(known.as_str())) {
            Some(known) if variable.guid != known.guid() => Err(EventProblem::Owner(known)),
            known => Ok(known),
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
