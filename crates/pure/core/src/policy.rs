//! The table of an appraisal policy's fields: one row for each field, from which its code is generated.

use core::fmt::Display;

use crate::{Check, Comparand, Expectation, Pcrs, PolicyValue, Rule, Waiver};

/// The rule of one policy field: the expectation of one check, or the reason of a waiver.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct FieldRule<'a> {
    /// The field's key in a policy file.
    pub key: &'static str,
    /// The check that compares the evidence with it.
    pub check: &'static Check,
    /// The expectation; `None` if the field is waived.
    pub expected: Option<&'a dyn Comparand>,
    /// The reason of a waiver; `None` if the field has an expectation.
    pub waived: Option<&'a dyn Display>,
    /// The line of the policy file, counted from 1; `None` without a file.
    pub line: Option<u32>,
}

/// Receives the rules of a policy one by one.
pub type TakeFieldRule<'t> = dyn FnMut(FieldRule<'_>) + 't;

impl<'a> FieldRule<'a> {
    /// A rule of this field, without an expectation or a waiver yet.
    #[must_use]
    pub const fn new(key: &'static str, check: &'static Check) -> Self {
        Self { key, check, expected: None, waived: None, line: None }
    }

    /// With this expectation.
    #[must_use]
    pub const fn expects(self, expected: &'a dyn Comparand, line: Option<u32>) -> Self {
        Self { expected: Some(expected), line, ..self }
    }

    /// Waived for this reason.
    #[must_use]
    pub const fn waived(self, reason: &'a dyn Display, line: Option<u32>) -> Self {
        Self { waived: Some(reason), line, ..self }
    }
}

/// The type of a policy's field: a rule, rules for PCRs, or a type of the technology's own.
pub trait PolicyField {
    /// The field waived for this reason.
    fn waived_because(reason: &'static str) -> Self;

    /// Passes the rules of the field to `take`, check by check. `each` are the checks of single PCRs by index, if
    /// the field has them.
    fn field_rules(&self, rule: FieldRule<'_>, each: &[&'static Check], take: &mut TakeFieldRule<'_>);
}

impl<T: PolicyValue> PolicyField for Rule<'_, T> {
    fn waived_because(reason: &'static str) -> Self {
        Self::waived(reason)
    }

    fn field_rules(&self, rule: FieldRule<'_>, _: &[&'static Check], take: &mut TakeFieldRule<'_>) {
        match &self.expectation {
            Expectation::Waived(reason) => take(rule.waived(reason, self.line)),
            expectation => take(rule.expects(expectation, self.line)),
        }
    }
}

impl<const N: usize> PolicyField for Pcrs<'_, N> {
    fn waived_because(reason: &'static str) -> Self {
        Self::waived(reason)
    }

    fn field_rules(&self, rule: FieldRule<'_>, each: &[&'static Check], take: &mut TakeFieldRule<'_>) {
        match self {
            Self::Waived(waiver) => waiver.field_rules(rule, each, take),
            Self::Rules(rules) => {
                for pcr in rules.iter() {
                    let Some(check) = each.get(usize::from(pcr.index)) else { continue };
                    pcr.rule.field_rules(FieldRule { check, ..rule }, &[], take);
                }
            }
        }
    }
}

impl PolicyField for Waiver<'_> {
    fn waived_because(reason: &'static str) -> Self {
        Self::new(reason)
    }

    fn field_rules(&self, rule: FieldRule<'_>, _: &[&'static Check], take: &mut TakeFieldRule<'_>) {
        take(rule.waived(&self.reason, self.line));
    }
}

/// The reason of the waivers of `builtin:genuine`.
pub const GENUINE_WAIVES: &str = "builtin:genuine says nothing about what runs";

/// Makes a technology's policy from the table of its fields: the type, `genuine`, `waived`, a setter for each
/// field, `field_rules`, and the function that compares verified evidence with every rule.
///
/// The module that invokes it has the checks of the table in scope, as `checks`.
///
/// A table is a macro that passes its rows to another macro, so that a field is one row and
/// everything else is made from it: the policy and its appraisal here, the checks by
/// [`policy_checks!`](crate::policy_checks), and in `teeproof` the reader of policy files, the
/// proposals and the reference. Columns of a row, in order:
///
/// * the field's name and type, its key and the kind of its value in policy files;
/// * its subject, for the documentation;
/// * its check, and after `of` the checks of single PCRs;
/// * `genuine`: the rule of `builtin:genuine`, `(exactly(V))` or `(waived)`, or `(= FIELD)`;
/// * `value (V)` or `value ((V), REMARK)`: the value in the evidence, an `Option`; `optional (V)`: the
///   same, where the signed evidence attests that a value that is `None` is absent, so that a policy can
///   require its absence; `optional ((V), ABSENCE, REMARK)`: where that depends on the evidence; or `appraised (E)`: an expression of its own that says whether the field's rule is satisfied;
/// * `suggest`: what a proposal writes, `(found)`, `(floor)`, `(waived "why")`, or `(by FUNCTION)`,
///   and after `under` a comment above it.
#[doc(hidden)]
#[macro_export]
macro_rules! policy_table {
    (
        {
            $(#[$doc:meta])*
            $name:ident<$p:lifetime>;
            $genuine_doc:literal;
            ($policy:ident, $record:ident, $verified_ty:ty $(, $more:ident: $more_ty:ty)*) -> $result:ty
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
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name<$p> {
            $(#[doc = $about] pub $field: $ty,)*
            $(#[doc = concat!("The rules of `teeproof_", stringify!($nested), "`.")] pub $nested: $nested_ty,)?
        }

        // Of any lifetime: a policy cannot be shortened to the one of the values that replace its fields.
        impl<$p> $name<$p> {
            #[doc = $genuine_doc]
            #[must_use]
            pub fn genuine() -> Self {
                Self {
                    $($field: $crate::policy_table!(@genuine $ty, $genuine),)*
                    $($nested: <$nested_ty>::genuine(),)?
                }
            }

            /// Waived for this reason.
            #[must_use]
            pub fn waived(reason: &'static str) -> Self {
                Self {
                    $($field: <$ty as $crate::PolicyField>::waived_because(reason),)*
                    $($nested: <$nested_ty>::waived(reason),)?
                }
            }

            $(
                #[doc = concat!("With this rule as `", $key, "`. ", $about)]
                #[must_use]
                pub fn $field(mut self, rule: impl Into<$ty>) -> Self {
                    self.$field = rule.into();
                    self
                }
            )*

            $(
                #[doc = concat!("With the rules of `teeproof_", stringify!($nested), "` that the function returns for the present ones.")]
                #[must_use]
                pub fn $nested(mut self, change: impl FnOnce($nested_ty) -> $nested_ty) -> Self {
                    self.$nested = change(self.$nested);
                    self
                }
            )?

            /// Passes the expectations and waivers of the policy to `take`, in the order of its fields.
            pub fn field_rules(&self, take: &mut $crate::TakeFieldRule<'_>) {
                $(
                    let rule = $crate::FieldRule::new($key, $crate::policy_table!(@check $check));
                    let each: &[&'static $crate::Check] = $crate::policy_table!(@each $($each)?);
                    $crate::PolicyField::field_rules(&self.$field, rule, each, take);
                )*
                $(self.$nested.field_rules(take);)?
            }
        }

        /// Compares verified evidence with every rule of the table, records every finding, and says
        /// of each whether it is satisfied. All are compared before the first result is used.
        pub(crate) fn rules(
            $verified: $verified_ty,
            $policy: &$name<'_>,
            $record: &mut dyn $crate::Record,
            $($more: $more_ty,)*
        ) -> impl IntoIterator<Item = $result> {
            [$($crate::policy_table!(@appraise $policy.$field, $record, $crate::policy_table!(@check $check), $how $value)),*]
        }
    };
    // `checks` is that of the module that has the table.
    (@check $check:ident) => { checks::$check };
    (@each) => { &[] };
    (@each $each:ident) => { &checks::$each };
    (@genuine $ty:ty, (waived)) => { <$ty as $crate::PolicyField>::waived_because($crate::GENUINE_WAIVES) };
    (@genuine $ty:ty, (exactly($value:expr))) => { $crate::Rule::exactly($value) };
    (@genuine $ty:ty, (= $field:expr)) => { $field };
    (@appraise $policy:ident.$field:ident, $record:ident, $check:expr, value (($($value:tt)*), $remark:expr)) => {
        $policy.$field.appraise_remarked($check, $($value)*, $crate::Absence::NotAttested, $remark, $record).into()
    };
    (@appraise $policy:ident.$field:ident, $record:ident, $check:expr, value ($($value:tt)*)) => {
        $crate::policy_table!(@appraise $policy.$field, $record, $check, value (($($value)*), $crate::Remark::None))
    };
    (@appraise $policy:ident.$field:ident, $record:ident, $check:expr, optional (($($value:tt)*), $absence:expr, $remark:expr)) => {
        $policy.$field.appraise_remarked($check, $($value)*, $absence, $remark, $record).into()
    };
    (@appraise $policy:ident.$field:ident, $record:ident, $check:expr, optional ($($value:tt)*)) => {
        $crate::policy_table!(@appraise $policy.$field, $record, $check, optional (($($value)*), $crate::Absence::Attested, $crate::Remark::None))
    };
    (@appraise $policy:ident.$field:ident, $record:ident, $check:expr, appraised ($($appraised:tt)*)) => { $($appraised)*.into() };
}

/// Declares the checks of a table's fields: `APPRAISE`, in the order of the rows.
#[doc(hidden)]
#[macro_export]
macro_rules! policy_checks {
    (
        { $($head:tt)* }
        $verified:ident $(+ $nested:ident: $nested_ty:ty)?;
        $(
            $field:ident: $ty:ty, $key:literal as $kind:ty, $about:literal,
            $check:ident $(of $each:ident)? [$($class:ident)*] = $id:literal, $title:literal,
                $proves:literal, $hint:literal, $source:literal,
            genuine $genuine:tt, $how:ident $value:tt,
            suggest $suggest:tt $(under $heading:literal)?;
        )*
    ) => {
        $crate::checks! { APPRAISE: $($check [$($class)*] = $id, $title, $proves, $hint, $source;)* }
    };
}
