//! The configuration file of `--config`.

use std::path::{Path, PathBuf};

use clap::{ColorChoice, ValueEnum};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::input::policy_file::PolicyChoice;
use crate::input::source;
use crate::output::fault::Fault;
use crate::settings::network::EndpointArgs;
use crate::settings::{CryptoChoice, Format, Progress};

/// The settings of the file; those that it does not have are `None`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) format: Option<Format>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) quiet: Option<bool>,
    pub(crate) verbose: Option<u8>,
    pub(crate) color: Option<ColorChoice>,
    pub(crate) progress: Option<Progress>,
    pub(crate) policy: Option<PolicyChoice>,
    pub(crate) crypto: Option<CryptoChoice>,
    pub(crate) offline: Option<bool>,
    pub(crate) cache_dir: Option<PathBuf>,
    pub(crate) timeout: Option<u32>,
    pub(crate) retries: Option<u32>,
    pub(crate) endpoints: EndpointArgs,
}

impl Config {
    /// Reads the file.
    pub(crate) fn from_file(path: &Path) -> Result<Self, Fault> {
        let file = path.display().to_string();
        let bytes = source::read_file(path)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Fault::usage("the file is not UTF-8 text", FORM).in_file(&file))?;
        let table = DeTable::parse(&text).map_err(|error| {
            let place = place(&text, error.span().map_or(0, |span| span.start));
            Fault::usage(one_line(error.message()), FORM).in_file(format!("{file}:{place}"))
        })?;
        let mut config = Self::default();
        for (key, value) in table.get_ref() {
            config.set(key.get_ref(), value, path).map_err(|fault| {
                let place = place(&text, key.span().start);
                fault.in_file(format!("{file}:{place}"))
            })?;
        }
        Ok(config)
    }

    fn set(&mut self, key: &str, value: &Spanned<DeValue<'_>>, file: &Path) -> Result<(), Fault> {
        let value = Entry { key, value };
        match key {
            "format" => self.format = Some(value.choice()?),
            "output" => self.output = Some(relative_to_file(file, value.text()?)),
            "quiet" => self.quiet = Some(value.boolean()?),
            "verbose" => self.verbose = Some(value.small_number()?),
            "color" => self.color = Some(value.choice()?),
            "progress" => self.progress = Some(value.choice()?),
            "policy" => {
                self.policy = Some(match PolicyChoice::parse(Path::new(value.text()?))? {
                    PolicyChoice::File(path) => PolicyChoice::File(relative_to_file(file, &path)),
                    builtin => builtin,
                });
            }
            "crypto" => self.crypto = Some(value.choice()?),
            "offline" => self.offline = Some(value.boolean()?),
            "cache-dir" => self.cache_dir = Some(relative_to_file(file, value.text()?)),
            "timeout" => self.timeout = Some(value.number_above_zero()?),
            "retries" => self.retries = Some(value.number()?),
            "kds-url" => self.endpoints.kds_url = Some(value.text()?.to_owned()),
            "pcs-url" => self.endpoints.pcs_url = Some(value.text()?.to_owned()),
            "intel-root-crl-url" => self.endpoints.intel_root_crl_url = Some(value.text()?.to_owned()),
            "aia-url" => self.endpoints.aia_url = Some(value.text()?.to_owned()),
            _ => return Err(unknown(key)),
        }
        Ok(())
    }
}

/// One entry of the file.
struct Entry<'a> {
    key: &'a str,
    value: &'a Spanned<DeValue<'a>>,
}

impl Entry<'_> {
    fn text(&self) -> Result<&str, Fault> {
        self.value.get_ref().as_str().ok_or_else(|| self.wrong("a string"))
    }

    fn boolean(&self) -> Result<bool, Fault> {
        self.value.get_ref().as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    fn small_number(&self) -> Result<u8, Fault> {
        let number = self.number().ok().and_then(|number| u8::try_from(number).ok());
        number.ok_or_else(|| self.wrong("a number from 0 to 255"))
    }

    fn number_above_zero(&self) -> Result<u32, Fault> {
        let number = self.number().ok().filter(|number| *number > 0);
        number.ok_or_else(|| self.wrong("a number from 1 to 4294967295"))
    }

    fn number(&self) -> Result<u32, Fault> {
        self.value
            .get_ref()
            .as_integer()
            .and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok())
            .ok_or_else(|| self.wrong("a number from 0 to 4294967295"))
    }

    fn choice<T: ValueEnum>(&self) -> Result<T, Fault> {
        let names = || {
            let values = T::value_variants().iter();
            values
                .filter_map(|value| Some(value.to_possible_value()?.get_name().to_string()))
                .collect::<Vec<_>>()
        };
        T::from_str(self.text()?, false).map_err(|_| self.wrong(&names().join(" or ")))
    }

    fn wrong(&self, expected: &str) -> Fault {
        Fault::usage(format!("{}: unexpected value, expected {expected}", self.key), FORM)
    }
}

fn unknown(key: &str) -> Fault {
    let near = crate::output::hints::nearest(key, KEYS.iter().copied());
    let hint = near.map_or_else(
        || format!("the settings are {}", KEYS.join(", ")),
        |near| format!("did you mean {near}?"),
    );
    Fault::usage(format!("{key}: not a setting of the configuration file"), hint)
}

/// A path of the file, relative to the directory of the file.
fn relative_to_file(file: &Path, path: impl AsRef<Path>) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}

/// `line:column`, both counted from 1.
fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count());
    format!("{line}:{}", column.saturating_add(1))
}

fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join(", ")
}

const KEYS: &[&str] = &[
    "format",
    "output",
    "quiet",
    "verbose",
    "color",
    "progress",
    "policy",
    "crypto",
    "offline",
    "cache-dir",
    "timeout",
    "retries",
    "kds-url",
    "pcs-url",
    "intel-root-crl-url",
    "aia-url",
];
const FORM: &str = "write lines such as format = \"json\" or policy = \"prod.toml\"";
