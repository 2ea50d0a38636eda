//! Uses of a technology's table of fields: the parser of its section, the proposal of one, and the reference.

use alloc::string::String;
use alloc::vec::Vec;
use core::borrow::Borrow;

use teeproof_core::{Absence, Check, PolicyValue, Rule, Technology};

use super::problems::{Problems, Reported};
use super::rule::{Kind, WAIVED, words};
use super::section::Section;

/// A field of policy files, as docs/policy.md describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyKey {
    /// The technology of the section.
    pub technology: Technology,
    /// The field's name in its section.
    pub key: &'static str,
    /// The type of its value: `yes or no`, `48 bytes`.
    pub kind: String,
    /// The expectations that it can have, besides a waiver: `exactly`, `one-of`.
    pub expectations: Vec<&'static str>,
    /// The meaning of the field.
    pub about: &'static str,
    /// The check that compares the evidence with it; for `pcrs`, the check of their waiver.
    pub check: &'static Check,
    /// For `pcrs`, the check of each PCR by number; else empty.
    pub each: &'static [&'static Check],
}

/// What stands under a key: a rule with a value of some kind, or a form of its own.
pub(super) trait FieldKind {
    /// The policy's field.
    type Field;

    /// The kind's name in the reference.
    fn label() -> String;

    /// The expectations of the reference; `absence` says whether a missing value is attested to be absent.
    fn words(absence: Absence) -> Vec<&'static str>;

    /// Reads the field of a section.
    fn field(
        section: &Section<'_>,
        key: &str,
        absence: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<Self::Field, Reported>;
}

impl<K: Kind> FieldKind for K {
    type Field = Rule<'static, K::Value>;

    fn label() -> String {
        K::label()
    }

    fn words(absence: Absence) -> Vec<&'static str> {
        words::<K>(absence).into_iter().filter(|word| *word != WAIVED).collect()
    }

    fn field(
        section: &Section<'_>,
        key: &str,
        absence: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<Self::Field, Reported> {
        section.rule::<K>(key, absence, problems)
    }
}

/// A value that was found, as TOML.
pub(super) fn toml<K: Kind, S: Borrow<<K::Value as PolicyValue>::Seen>>(found: Option<S>) -> Option<String> {
    found.map(|seen| K::toml(seen.borrow()))
}

/// Makes the reader, the proposal and the reference of a table of fields. Where it is used, the
/// kinds, the functions of proposals, the policy, `checks` and `Source`, what values are found in,
/// have to be in scope.
macro_rules! section {
    (
        {
            $(#[$doc:meta])*
            $name:ident<$p:lifetime>;
            $($head:tt)*
        }
        $verified:ident $(+ $nested:ident: $nested_ty:ty)?;
        $(
            $field:ident: $ty:ty, $key:literal as $kind:ty, $about:literal,
            $check:ident $(of $each:ident)? [$($class:ident)*] = $id:literal, $title:literal,
                $proves:literal, $hint:literal, $source:literal,
            genuine $genuine:tt, $how:ident $value:tt,
            suggest $suggest:tt $(under $heading:literal)?;
        )*
    ) => {
        /// The keys of the section.
        pub(super) fn keys() -> impl Iterator<Item = &'static str> {
            let keys = [$($key),*].into_iter();
            $(let keys = keys.chain(super::$nested::keys());)?
            keys
        }

        /// Reads the fields of a section that has them. Every field is read before the first
        /// problem ends it, so that each problem is reported.
        pub(super) fn fields(
            section: &Section<'_>,
            problems: &mut Problems<'_>,
        ) -> Result<$name<'static>, Reported> {
            $(
                let absence = $crate::policy::table::section!(@absence $how);
                let $field = <$kind as FieldKind>::field(section, $key, absence, problems);
            )*
            $(let $nested = super::$nested::fields(section, problems);)?
            let policy = $name::waived("a policy file names every field")$(.$field($field?))*;
            $(let $nested = $nested?;
            let policy = policy.$nested(|_| $nested);)?
            Ok(policy)
        }

        /// The rows of the reference.
        pub(super) fn reference(technology: Technology) -> Vec<PolicyKey> {
            let rows = [$(PolicyKey {
                technology,
                key: $key,
                kind: <$kind as FieldKind>::label(),
                expectations: <$kind as FieldKind>::words($crate::policy::table::section!(@absence $how)),
                about: $about,
                check: checks::$check,
                each: $crate::policy::table::section!(@each $($each)?),
            }),*];
            let rows = Vec::from(rows);
            $(let rows = [rows, super::$nested::reference(technology)].concat();)?
            rows
        }

        /// Proposes the fields for what was found.
        pub(super) fn propose(lines: &mut Lines<'_>, found: &[Source<'_, '_>]) {
            $(
                $(lines.comment($heading);)?
                $crate::policy::table::section!(@propose lines, found, $key, $kind, $verified, $how $value, $suggest);
            )*
        }
    };
    (@absence optional) => { ::teeproof_core::Absence::Attested };
    (@absence $other:ident) => { ::teeproof_core::Absence::NotAttested };
    (@each) => { &[] };
    (@each $each:ident) => { &checks::$each };
    (@propose $lines:ident, $found:ident, $key:literal, $kind:ty, $verified:ident, $how:ident $value:tt, (waived $why:literal)) => {
        $lines.waived($key, $why)
    };
    (@propose $lines:ident, $found:ident, $key:literal, $kind:ty, $verified:ident, $how:ident $value:tt, (by $function:ident)) => {
        $function($lines, $key, $found)
    };
    (@propose $lines:ident, $found:ident, $key:literal, $kind:ty, $verified:ident, value (($($value:tt)*), $remark:expr), $suggest:tt) => {
        $crate::policy::table::section!(@propose $lines, $found, $key, $kind, $verified, value ($($value)*), $suggest)
    };
    (@propose $lines:ident, $found:ident, $key:literal, $kind:ty, $verified:ident, $how:ident ($($value:tt)*), (found)) => {
        let absence = $crate::policy::table::section!(@absence $how);
        $lines.found($key, absence, $found.iter().map(|$verified| toml::<$kind, _>($($value)*)))
    };
    (@propose $lines:ident, $found:ident, $key:literal, $kind:ty, $verified:ident, value ($($value:tt)*), (floor)) => {
        $lines.floor::<$kind>($key, $found.iter().map(|$verified| $($value)*))
    };
}
pub(super) use section;
