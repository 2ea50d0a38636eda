//! Identifiers of KMS keys, and comparison of the key of an answer with the requested one.
//!
//! Source: the KMS developer guide, key identifiers (KeyId).

use core::fmt;

use super::KmsError;

/// The most characters of an identifier, as KMS has it.
const MAX_KEY_ID: usize = 2_048;

/// An identifier of a key, in one of the four forms that KMS takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsKeyId {
    text: String,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `1234abcd-12ab-34cd-56ef-1234567890ab`, `mrk-1234abcd12ab34cd56ef1234567890ab`
    Id,
    /// `arn:aws:kms:us-east-2:111122223333:key/1234abcd-…`
    KeyArn,
    /// `alias/name`
    Alias,
    /// `arn:aws:kms:us-east-2:111122223333:alias/name`
    AliasArn,
}

/// How the key of an answer was compared with the requested one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyMatch {
    /// The ARN is the requested one.
    Arn,
    /// The ARN ends with the requested id.
    Id,
    /// An alias was requested, by its ARN: partition, region and account are the same. KMS chose the key.
    AliasArn,
    /// An alias was requested, by its name: nothing is left to compare. KMS chose the key.
    AliasName,
}

impl KeyMatch {
    /// Whether the key itself was compared.
    #[must_use]
    pub const fn is_of_key(self) -> bool {
        matches!(self, Self::Arn | Self::Id)
    }

    /// The word: `arn`, `id`, `alias-arn`, `alias-name`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Arn => "arn",
            Self::Id => "id",
            Self::AliasArn => "alias-arn",
            Self::AliasName => "alias-name",
        }
    }
}

/// The parts of an ARN of KMS.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Arn<'t> {
    /// Partition, region and account.
    place: [&'t str; 3],
    /// `key/…` or `alias/…`
    resource: &'t str,
}

impl<'t> Arn<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let (arn, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        (arn == "arn" && service == "kms").then_some(Self { place: [partition, region, account], resource })
    }

    fn key(&self) -> Option<&'t str> {
        self.resource.strip_prefix("key/").filter(|id| is_id(id))
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_alias(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
    text.strip_prefix("alias/").is_some_and(|name| !name.is_empty() && name.bytes().all(is_name))
}

impl KmsKeyId {
    /// Parses an identifier.
    ///
    /// # Errors
    /// [`KmsError::KeyIdForm`].
    pub fn parse(text: &str) -> Result<Self, KmsError> {
        let arn = Arn::parse(text);
        let form = match arn {
            _ if text.len() > MAX_KEY_ID => None,
            Some(arn) if arn.key().is_some() => Some(Form::KeyArn),
            Some(arn) if is_alias(arn.resource) => Some(Form::AliasArn),
            None if is_alias(text) => Some(Form::Alias),
            None if is_id(text) => Some(Form::Id),
            _ => None,
        };
        let form = form.ok_or_else(|| KmsError::KeyIdForm(text.chars().take(MAX_KEY_ID).collect()))?;
        Ok(Self { text: text.to_owned(), form })
    }

    /// The identifier as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is an alias, by its name or its ARN.
    #[must_use]
    pub const fn is_alias(&self) -> bool {
        matches!(self.form, Form::Alias | Form::AliasArn)
    }

    /// Compares the KeyId of an answer, which is the ARN of a key.
    pub(super) fn compare(&self, answered: &str) -> Result<KeyMatch, KmsError> {
        let other = || KmsError::OtherKey {
            expected: self.text.clone(),
            got: answered.chars().take(MAX_KEY_ID).collect(),
        };
        let arn = Arn::parse(answered).ok_or_else(other)?;
        let id = arn.key().ok_or_else(other)?;
        let (is_same, how) = match self.form {
            Form::KeyArn => (self.text == answered, KeyMatch::Arn),
            Form::Id => (self.text == id, KeyMatch::Id),
            Form::AliasArn => {
                (Arn::parse(&self.text).is_some_and(|own| own.place == arn.place), KeyMatch::AliasArn)
            }
            Form::Alias => (true, KeyMatch::AliasName),
        };
        if is_same { Ok(how) } else { Err(other()) }
    }
}

impl fmt::Display for KmsKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const ARN: &str = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn four_forms() {
        for text in [
            ID,
            "mrk-1234abcd12ab34cd56ef1234567890ab",
            ARN,
            "alias/a/b_c-d",
            "arn:aws-cn:kms:cn-north-1:1:alias/a",
        ] {
            let key = KmsKeyId::parse(text).unwrap();
            assert_eq!((key.as_str(), key.is_alias()), (text, text.contains("alias/")));
        }
        let long = "a".repeat(2_049);
        for text in [
            "",
            "alias/",
            "alias/a b",
            "a b",
            "arn:aws:kms:us-east-2:111122223333:key/",
            "arn:aws:s3:r:1:key/a",
            "arn:aws:kms::1:key/a",
            "key/a",
            ARN.trim_start_matches("arn:"),
            &long,
        ] {
            assert!(KmsKeyId::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_key_of_an_answer_is_compared() {
        let compare =
            |requested: &str, answered: &str| KmsKeyId::parse(requested).unwrap().compare(answered).ok();
        let other = ARN.replace("1234abcd-", "1234abce-");
        let elsewhere = ARN.replace("us-east-2", "us-east-1");
        for (requested, answered, how) in [
            (ARN, ARN, Some(KeyMatch::Arn)),
            (ARN, &other, None),
            (ARN, &elsewhere, None),
            (ID, ARN, Some(KeyMatch::Id)),
            (ID, &elsewhere, Some(KeyMatch::Id)),
            (ID, &other, None),
            ("90ab", ARN, None),
            ("arn:aws:kms:us-east-2:111122223333:alias/a", ARN, Some(KeyMatch::AliasArn)),
            ("arn:aws:kms:us-east-2:111122223334:alias/a", ARN, None),
            ("arn:aws:kms:us-east-2:111122223333:alias/a", &elsewhere, None),
            ("alias/a", ARN, Some(KeyMatch::AliasName)),
            ("alias/a", ID, None),
            ("alias/a", "arn:aws:kms:us-east-2:111122223333:alias/a", None),
            (ID, ID, None),
            (ID, "", None),
        ] {
            assert_eq!(compare(requested, answered), how, "{requested} {answered}");
        }
    }
}
