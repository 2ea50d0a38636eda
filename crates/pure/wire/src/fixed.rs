//! Fixed layouts: words of flags, and accessors whose places are checked against the layout.

/// Declares a word of flags: a copy of an integer with a constant for each named bit. Bits without a name are kept.
macro_rules! flags {
    (
        $(#[$doc:meta])*
        $name:ident: $word:ty { $($(#[$bit_doc:meta])* $bit:ident = $at:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name($word);

        impl $name {
            $($(#[$bit_doc])* pub const $bit: Self = Self(1 << $at);)*

            /// Every named bit with its name, ascending.
            pub(crate) const NAMED: &'static [(Self, &'static str)] = &[$((Self::$bit, stringify!($bit))),*];

            /// The word with these bits; bits without a name are kept.
            #[must_use]
            pub const fn from_bits(bits: $word) -> Self {
                Self(bits)
            }

            /// All bits, those without a name too.
            #[must_use]
            pub const fn bits(self) -> $word {
                self.0
            }

            /// Whether all bits of `other` are set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// The bits that are set in either.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The bits that are set in both.
            #[must_use]
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// The bits that are set here and not in `other`.
            #[must_use]
            pub const fn difference(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// Whether no bit is set.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The names of the bits that are set, ascending.
            pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
                Self::NAMED.iter().filter(move |(bit, _)| self.contains(*bit)).map(|(_, name)| *name)
            }

            /// The bits that are set and have no name.
            #[must_use]
            pub fn unnamed(self) -> $word {
                Self::NAMED.iter().fold(self.0, |rest, (bit, _)| rest & !bit.0)
            }
        }

        impl core::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($name), "({:#x})"), self.0)
            }
        }
    };
}

/// Declares the accessors of a view over a fixed layout: one row for each field, in the order of the specification.
///
/// `field: number(u32) at OFFSET, "NAME", "what it is"` or `field: bytes(COUNT) at …`; the field of the layout has
/// the same name and stands at this offset, or the crate does not compile.
macro_rules! fields {
    ($view:ident of $layout:ident: $($field:ident: $kind:ident($of:tt) at $at:literal, $name:literal, $about:literal;)*) => {
        const _: () = {
            $(assert!(core::mem::offset_of!($layout, $field) == $at);)*
        };

        impl<'a> $view<'a> {
            $(crate::fixed::fields! { @accessor $field: $kind($of) at $at, $name, $about })*
        }
    };
    (@accessor $field:ident: number(u16) at $at:literal, $name:literal, $about:literal) => {
        #[doc = concat!("`", $name, "`, 2 bytes at ", stringify!($at), ", little-endian: ", $about, ".")]
        #[must_use]
        pub const fn $field(self) -> u16 {
            self.0.$field.get()
        }
    };
    (@accessor $field:ident: number(u32) at $at:literal, $name:literal, $about:literal) => {
        #[doc = concat!("`", $name, "`, 4 bytes at ", stringify!($at), ", little-endian: ", $about, ".")]
        #[must_use]
        pub const fn $field(self) -> u32 {
            self.0.$field.get()
        }
    };
    (@accessor $field:ident: number(u64) at $at:literal, $name:literal, $about:literal) => {
        #[doc = concat!("`", $name, "`, 8 bytes at ", stringify!($at), ", little-endian: ", $about, ".")]
        #[must_use]
        pub const fn $field(self) -> u64 {
            self.0.$field.get()
        }
    };
    (@accessor $field:ident: bytes($count:literal) at $at:literal, $name:literal, $about:literal) => {
        #[doc = concat!("`", $name, "`, ", $count, " bytes at ", stringify!($at), ": ", $about, ".")]
        #[must_use]
        pub const fn $field(self) -> &'a [u8; $count] {
            &self.0.$field
        }
    };
}

pub(crate) use {fields, flags};
