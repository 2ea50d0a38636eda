//! Command lines that clap does not parse: the settings that can still be found in them, and the error or help text.

use std::error::Error as _;
use std::ffi::OsString;

use clap::ColorChoice;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::cli;
use crate::output::fault::Fault;
use crate::output::page::{HINT, Page, escaped};
use crate::output::product::{Content, ProductForm};
use crate::output::streams::{Stream, write_stderr, write_stderr_json};

/// Settings found in the arguments before they are parsed, or although they cannot be.
#[derive(Clone, Debug)]
pub(crate) struct Peek {
    json: bool,
    color: ColorChoice,
    verb: String,
    form: ProductForm,
}

impl Peek {
    /// From the arguments and environment of this process.
    pub(crate) fn at_arguments() -> Self {
        let arguments: Vec<_> = std::env::args_os().skip(1).collect();
        let of = |flag, variable| {
            given(&arguments, flag).or_else(|| std::env::var(variable).ok().filter(|value| !value.is_empty()))
        };
        let verb = verb(&arguments);
        let words = verb.strip_prefix("teeproof").unwrap_or_default().trim_start();
        let form = ProductForm::of_words(words, arguments.iter().any(|word| word == "--certificate"));
        Self {
            form,
            json: of("--format", "TEEPROOF_FORMAT").as_deref() == Some("json"),
            color: match of("--color", "TEEPROOF_COLOR").as_deref() {
                Some("always") => ColorChoice::Always,
                Some("never") => ColorChoice::Never,
                _ => ColorChoice::Auto,
            },
            verb,
        }
    }

    /// When to use colours in help.
    pub(crate) const fn color(&self) -> ColorChoice {
        self.color
    }

    /// Prints help, or the error of a command line that did not parse.
    pub(crate) fn answer(&self, error: Error) -> u8 {
        if let Some(fault) = of_another_build(&error, &self.verb) {
            return self.refuse(&fault);
        }
        let mut error = escaped_arguments(error);
        let hint = match option_with_value(&error) {
            Some(option) => {
                // The parser's tip would make a file name of the argument.
                let _ = error.remove(ContextKind::Suggested);
                format!("use {option}")
            }
            None => format!("see {} --help", self.verb),
        };
        let error = &error;
        let helps = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        if self.json && !helps {
            return self.refuse(&fault(error, &hint));
        }
        if helps || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            let page = Page::of_parser(&rendered(error));
            return if helps { self.help(page) } else { self.say(&page) };
        }
        let text = rendered(error);
        // Our hint replaces that of the parser.
        let text = text.rsplit_once(PARSER_HINT).map_or(text.as_str(), |(before, _)| before);
        let mut page = Page::of_parser(text.trim_end());
        page.end().end().paint(HINT, "hint:").add(" ").line(hint);
        self.say(&page)
    }

    /// Prints help or version.
    fn help(&self, page: Page) -> u8 {
        match Stream::to(None, self.color).write(&Content::Page(page)) {
            Ok(()) => 0,
            Err(fault) => self.refuse(&fault),
        }
    }

    fn say(&self, page: &Page) -> u8 {
        write_stderr(page, self.color);
        2
    }

    /// Prints an error before there are settings.
    pub(crate) fn refuse(&self, fault: &Fault) -> u8 {
        if self.json && self.form != ProductForm::Answer {
            write_stderr_json(&fault.to_json());
        } else if self.json {
            let _ = Stream::to(None, self.color).write(&Content::Json(fault.to_json()));
        } else {
            write_stderr(&fault.to_page(), self.color);
        }
        fault.exit
    }
}

/// The last value of a flag, as `--flag value` or `--flag=value`, before a `--`.
fn given(arguments: &[OsString], flag: &str) -> Option<String> {
    let texts = arguments.iter().map(|argument| argument.to_string_lossy());
    let texts: Vec<_> = texts.take_while(|argument| argument != "--").collect();
    let pairs = texts.windows(2).filter_map(|pair| match pair {
        [name, value] if name == flag => Some(value.to_string()),
        _ => None,
    });
    let joined = texts
        .iter()
        .filter_map(|argument| argument.strip_prefix(flag)?.strip_prefix('='))
        .map(str::to_string);
    pairs.chain(joined).last()
}

/// The command and its verbs, as hints name them.
fn verb(arguments: &[OsString]) -> String {
    let mut command = cli::command(ColorChoice::Never);
    let mut words = "teeproof".to_string();
    for argument in arguments {
        if let Some(found) = command.find_subcommand(argument).cloned() {
            words = format!("{words} {}", found.get_name());
            command = found;
        }
    }
    words
}

/// Verbs that not every build has: whether this one has them, the verb above them, their names, and their feature.
const BY_FEATURE: [(bool, &str, &[&str], &str); 2] = [
    (
        cfg!(feature = "aws"),
        "kms",
        &[
            "decrypt",
            "generate-data-key",
            "generate-data-key-pair",
            "generate-random",
            "derive-shared-secret",
        ],
        "aws",
    ),
    (cfg!(feature = "direct"), "collect", &["nitro-tpm"], "direct"),
];

/// The fault of a verb that this build does not have.
fn of_another_build(error: &Error, above: &str) -> Option<Fault> {
    let (ErrorKind::InvalidSubcommand, Some(ContextValue::String(name))) =
        (error.kind(), error.get(ContextKind::InvalidSubcommand))
    else {
        return None;
    };
    let (_, verb, _, feature) = BY_FEATURE.iter().find(|(is_here, verb, names, _)| {
        !is_here && above == format!("teeproof {verb}") && names.contains(&name.as_str())
    })?;
    Some(Fault::usage(
        format!("{verb} {name}: this build lacks the feature {feature}"),
        format!("build it with the feature: cargo build --release -p teeproof-cli --features {feature}"),
    ))
}

/// The setting that an unknown argument is a value of: `--format json` for `--json`.
fn option_with_value(error: &Error) -> Option<String> {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(argument))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    let word = argument.strip_prefix("--")?;
    let command = cli::command(ColorChoice::Never);
    let mut settings = command.get_arguments().filter(|one| one.is_global_set());
    settings.find_map(|one| {
        let values = one.get_possible_values();
        let value = values.iter().find(|value| value.get_name() == word)?;
        Some(format!("--{} {}", one.get_long()?, value.get_name()))
    })
}

/// The same error with escaped arguments: the parser prints them raw.
fn escaped_arguments(mut error: Error) -> Error {
    let foreign: Vec<_> = error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in foreign {
        let plain = |text: StyledStr| StyledStr::from(escaped(&text.to_string()));
        let value = match value {
            ContextValue::String(text) => ContextValue::String(escaped(&text)),
            ContextValue::Strings(texts) => {
                ContextValue::Strings(texts.iter().map(|text| escaped(text)).collect())
            }
            ContextValue::StyledStrs(texts) => {
                ContextValue::StyledStrs(texts.into_iter().map(plain).collect())
            }
            // The usage, and numbers.
            other => other,
        };
        error.insert(kind, value);
    }
    error
}

/// The text of the error with its colours. The reason of a refused value can quote the value, and is escaped here,
/// because an error cannot be changed otherwise.
fn rendered(error: &Error) -> String {
    let text = error.render().ansi().to_string();
    match error.source().map(|source| source.to_string()) {
        Some(reason) if !reason.is_empty() => text.replace(&reason, &escaped(&reason)),
        _ => text,
    }
}

/// The beginning of the hint of the parser.
const PARSER_HINT: &str = "For more information, try";

/// The parser's error in our form: its first paragraph, and its tip where it has one.
fn fault(error: &Error, hint: &str) -> Fault {
    let text = anstream::adapter::strip_str(&rendered(error)).to_string();
    let mut paragraphs = text.split("\n\n");
    let lines = |paragraph: &str| paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let message = paragraphs.next().map(lines).unwrap_or_default();
    let tip = paragraphs.map(lines).find_map(|paragraph| Some(paragraph.strip_prefix("tip: ")?.to_string()));
    Fault::usage(message.strip_prefix("error: ").unwrap_or(&message), tip.unwrap_or_else(|| hint.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_seen_in_both_forms() {
        let arguments = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let json = Some("json".to_string());
        assert_eq!(given(&arguments(&["--format", "json"]), "--format"), json);
        assert_eq!(given(&arguments(&["x", "--format=json"]), "--format"), json);
        assert_eq!(given(&arguments(&["--", "--format=json"]), "--format"), None);
        assert_eq!(given(&arguments(&["--format"]), "--format"), None);
    }
}
