//! Distinguished names.

use super::{Oid, der};

const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;

/// A distinguished name: attributes in order, each in a set of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name(pub Vec<Attribute>);

/// One attribute of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// What it is: a common name, a country.
    pub oid: Oid,
    /// The tag of the string type: 0x0c UTF8String, 0x13 PrintableString.
    pub tag: u8,
    /// The text.
    pub text: String,
}

impl Name {
    /// A name with nothing but a common name.
    #[must_use]
    pub fn common(name: &str) -> Self {
        Self::default().with(Oid::COMMON_NAME, name)
    }

    /// A name as AMD writes them, with this common name.
    #[must_use]
    pub fn amd(common_name: &str) -> Self {
        Self::default()
            .with(Oid::ORGANIZATIONAL_UNIT, "Engineering")
            .with_printable(Oid::COUNTRY, "US")
            .with(Oid::LOCALITY, "Santa Clara")
            .with(Oid::STATE, "CA")
            .with(Oid::ORGANIZATION, "Advanced Micro Devices")
            .with(Oid::COMMON_NAME, common_name)
    }

    /// A name as Intel writes them, with this common name.
    #[must_use]
    pub fn intel(common_name: &str) -> Self {
        Self::common(common_name)
            .with(Oid::ORGANIZATION, "Intel Corporation")
            .with(Oid::LOCALITY, "Santa Clara")
            .with(Oid::STATE, "CA")
            .with_printable(Oid::COUNTRY, "US")
    }

    /// The same name with one more attribute, a UTF8String.
    #[must_use]
    pub fn with(mut self, oid: Oid, text: &str) -> Self {
        self.0.push(Attribute { oid, tag: UTF8_STRING, text: text.to_owned() });
        self
    }

    /// The same name with one more attribute, a PrintableString.
    #[must_use]
    pub fn with_printable(mut self, oid: Oid, text: &str) -> Self {
        self.0.push(Attribute { oid, tag: PRINTABLE_STRING, text: text.to_owned() });
        self
    }

    /// Replaces the text of the common name, or adds one.
    pub fn set_common_name(&mut self, text: &str) {
        match self.0.iter_mut().find(|attribute| attribute.oid == Oid::COMMON_NAME) {
            Some(attribute) => text.clone_into(&mut attribute.text),
            None => *self = core::mem::take(self).with(Oid::COMMON_NAME, text),
        }
    }

    /// The name in DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        let attributes: Vec<_> = self.0.iter().map(Attribute::der).collect();
        der::sequence(&attributes)
    }
}

impl Attribute {
    fn der(&self) -> Vec<u8> {
        let text = der::element(self.tag, self.text.as_bytes());
        der::set_of_one(&der::sequence(&[self.oid.der(), text]))
    }
}
