//! Overlap of inputs and outputs: a run is refused before anything is read if an output is also an input, or two
//! outputs are one file.
//!
//! The paths are taken from the arguments as clap has them, so that every verb is covered: arguments of the type
//! [`OutputPath`] are written, all other paths and `@FILE` are read.

use std::any::TypeId;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};

use crate::output::fault::Fault;
use crate::output::files::path::is_standard_stream;
use crate::output::files::path::{FileIdentity, OutputPath, is_same_entry};

/// A path among the arguments, and its flag.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PathArgument {
    flag: String,
    path: PathBuf,
}

/// The paths of a command line.
#[derive(Debug, Default)]
struct Paths {
    inputs: Vec<PathArgument>,
    outputs: Vec<PathArgument>,
}

/// The files of a command line, to be compared with files that are found later: those that an input lists, and those
/// that are written into an output directory.
#[derive(Debug, Default)]
pub(crate) struct NamedFiles {
    pub(crate) inputs: Vec<FileIdentity>,
    pub(crate) outputs: Vec<FileIdentity>,
}

/// Refuses a run that would write one of its inputs.
pub(crate) fn refuse_overlap(
    command: &Command,
    matches: &ArgMatches,
    output: Option<&Path>,
) -> Result<NamedFiles, Fault> {
    let mut paths = Paths::default();
    paths.collect(command, matches);
    if let Some(path) = output {
        paths.output(PathArgument { flag: OUTPUT.to_owned(), path: path.to_path_buf() });
    }
    for (index, one) in paths.outputs.iter().enumerate() {
        let mut others = paths.outputs.iter().skip(index.saturating_add(1));
        if let Some(other) = others.find(|other| is_one_place(&one.path, &other.path)) {
            return Err(one_file_for_two(one, other));
        }
    }
    let identified = |one: &PathArgument| FileIdentity::of(&one.path).map(|identity| (identity, one.clone()));
    let outputs: Vec<_> = paths.outputs.iter().filter_map(identified).collect();
    if !outputs.is_empty() {
        for input in &paths.inputs {
            refuse_input(input, &outputs)?;
        }
    }
    Ok(NamedFiles {
        inputs: paths.inputs.iter().filter_map(|input| FileIdentity::of(&input.path)).collect(),
        outputs: outputs.into_iter().map(|(identity, _)| identity).collect(),
    })
}

/// Refuses an output that is this input, or a file in it if it is a directory.
fn refuse_input(input: &PathArgument, outputs: &[(FileIdentity, PathArgument)]) -> Result<(), Fault> {
    let inside = fs::read_dir(&input.path).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in [input.path.clone()].into_iter().chain(inside) {
        let Some(identity) = FileIdentity::of(&path) else { continue };
        if let Some((_, output)) = outputs.iter().find(|(output, _)| *output == identity) {
            return Err(output_is_input(&input.flag, &path).in_file(output.path.display()));
        }
    }
    Ok(())
}

/// The fault of an output that is also an input.
pub(crate) fn output_is_input(flag: &str, path: &Path) -> Fault {
    Fault::usage(
        format!("the output is also an input: {flag} {}", path.display()),
        "give another file for the output; nothing was written",
    )
}

fn one_file_for_two(one: &PathArgument, other: &PathArgument) -> Fault {
    Fault::usage(
        format!("two outputs are one file: {} and {}", one.flag, other.flag),
        "give a file for each; nothing was written",
    )
    .in_file(one.path.display())
}

/// Whether both are one file. Two outputs may share a device.
fn is_one_place(one: &Path, other: &Path) -> bool {
    match (FileIdentity::of(one), FileIdentity::of(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => !one.exists() && is_same_entry(one, other),
        _ => false,
    }
}

impl Paths {
    /// Adds the paths of a verb and of its subcommands.
    fn collect(&mut self, command: &Command, matches: &ArgMatches) {
        for argument in command.get_arguments() {
            let values = matches.try_get_raw(argument.get_id().as_str()).ok().flatten();
            for value in values.into_iter().flatten() {
                self.add(argument, value);
            }
        }
        if let Some((name, matches)) = matches.subcommand()
            && let Some(command) = command.find_subcommand(name)
        {
            self.collect(command, matches);
        }
    }

    fn add(&mut self, argument: &Arg, value: &OsStr) {
        let kind = argument.get_value_parser().type_id();
        let flag = argument.get_long().map_or_else(
            || argument.get_value_names().into_iter().flatten().map(ToString::to_string).collect(),
            |long| format!("--{long}"),
        );
        if kind == TypeId::of::<OutputPath>() {
            // Standard output is not a file; what a shell redirects it to is already open.
            if is_standard_stream(Path::new(value)) {
                return;
            }
            self.output(PathArgument { flag, path: value.into() });
        } else if kind == TypeId::of::<PathBuf>() && !is_standard_stream(Path::new(value)) {
            self.inputs.push(PathArgument { flag, path: value.into() });
        } else if kind == TypeId::of::<String>()
            && let Some(path) = value.to_str().and_then(|text| text.strip_prefix('@'))
        {
            self.inputs.push(PathArgument { flag, path: path.into() });
        }
    }

    /// Adds an output once: a global flag is found with the command and with its verbs.
    fn output(&mut self, output: PathArgument) {
        if !self.outputs.contains(&output) {
            self.outputs.push(output);
        }
    }
}

const OUTPUT: &str = "--output";
