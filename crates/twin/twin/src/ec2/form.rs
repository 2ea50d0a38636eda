//! Parameters of a request of the Query protocol: a form in URL encoding.

use aws_lc_rs::digest::{Context, SHA256};

use super::ErrorResponse;

/// Most parameters of a request.
const MAX_PARAMETERS: usize = 4096;

/// The parameters of a request, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ErrorResponse> {
        let malformed = |what: &str| ErrorResponse::of("MalformedQueryString").message(what);
        let mut parameters: Vec<(String, String)> = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if parameters.len() == MAX_PARAMETERS {
                return Err(malformed(&format!("expected at most {MAX_PARAMETERS} parameters")));
            }
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(at);
            let text = |bytes| decoded(bytes).ok_or_else(|| malformed("expected UTF-8 in URL encoding"));
            parameters.push((text(name)?, text(value.get(1..).unwrap_or_default())?));
        }
        let mut names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if let Some(name) =
            names.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first()))
        {
            let name = name.copied().unwrap_or_default();
            return Err(malformed(&format!("the parameter {name} is there twice")));
        }
        Ok(Self(parameters))
    }

    /// A request of the twin's own to moto.
    pub(super) fn of(action: &str) -> Self {
        Self::default().with("Action", action).with("Version", "2016-11-15")
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A value by its name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The values of `name` and of the list `name.1`, `name.2`, ….
    pub(super) fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_in = move |found: &str| {
            found.strip_prefix(name).is_some_and(|rest| {
                let index = rest.strip_prefix('.').unwrap_or_default();
                rest.is_empty() || !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        self.0.iter().filter(move |(found, _)| is_in(found)).map(|(_, value)| value.as_str())
    }

    /// A Boolean by its name; missing ones are `None`.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, ErrorResponse> {
        match self.get(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(text) => {
                let message =
                    format!("Value ({text}) for parameter {name} is invalid. Expected true or false.");
                Err(ErrorResponse::of("InvalidParameterValue").message(message))
            }
        }
    }

    pub(super) fn parameters(&self) -> &[(String, String)] {
        &self.0
    }

    /// SHA-256 of all parameters but these, in the order of their names.
    pub(super) fn fingerprint(&self, without: &[&str]) -> Vec<u8> {
        let mut parameters: Vec<_> =
            self.0.iter().filter(|(name, _)| !without.contains(&name.as_str())).collect();
        parameters.sort_unstable();
        let mut context = Context::new(&SHA256);
        for text in parameters.into_iter().flat_map(|(name, value)| [name, value]) {
            context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(text.as_bytes());
        }
        context.finish().as_ref().to_vec()
    }

    /// The body of a request.
    pub(super) fn encoded(&self) -> String {
        let pair = |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
        self.0.iter().map(pair).collect::<Vec<_>>().join("&")
    }
}

/// Bytes of a form as text.
fn decoded(bytes: &[u8]) -> Option<String> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        text.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high << 4 | low).ok()?
            }
            byte => *byte,
        });
    }
    String::from_utf8(text).ok()
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn forms_are_read_and_written() {
        let form = Form::parse(
            b"Action=RunInstances&UserData=a%2Bb%3d+c&InstanceId.1=i-1&InstanceId.12=i-2&Empty=&Bare",
        )
        .unwrap();
        assert_eq!(form.get("UserData"), Some("a+b= c"));
        assert_eq!(form.list("InstanceId").collect::<Vec<_>>(), ["i-1", "i-2"]);
        assert_eq!((form.get("Empty"), form.get("Bare"), form.get("None")), (Some(""), Some(""), None));
        assert_eq!(Form::parse(form.encoded().as_bytes()).unwrap(), form);
    }

    #[test]
    fn a_list_has_numbers_alone() {
        let form = Form::parse(b"InstanceId.=1&InstanceId.x=2&InstanceIds.1=3&InstanceId=4").unwrap();
        assert_eq!(form.list("InstanceId").collect::<Vec<_>>(), ["4"]);
    }

    #[test]
    fn hostile_bodies_are_refused() {
        for body in [&b"a=%"[..], b"a=%1", b"a=%zz", b"a=%ff", b"a=\xff", b"a=1&a=2", b"%41=1&A=1"] {
            assert_eq!(Form::parse(body).unwrap_err().code, "MalformedQueryString", "{body:?}");
        }
        let many = (0..5000).map(|number| format!("p{number}=1")).collect::<Vec<_>>().join("&");
        assert!(Form::parse(many.as_bytes()).is_err());
        assert_eq!(Form::parse(b"").unwrap().parameters(), []);
        assert_eq!(Form::parse(b"&&&").unwrap().parameters(), []);
    }

    #[test]
    fn the_fingerprint_is_of_names_and_values_in_any_order() {
        let of = |text: &str| Form::parse(text.as_bytes()).unwrap().fingerprint(&["ClientToken"]);
        assert_eq!(of("a=1&b=2&ClientToken=x"), of("b=2&ClientToken=y&a=1"));
        assert_ne!(of("a=1&b=2"), of("a=1&b=3"));
        assert_ne!(of("a=1"), of("a=1&b="));
        assert_ne!(of("ab=c"), of("a=bc"));
    }
}
