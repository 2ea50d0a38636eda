//! What verbs write: products and files, pages for people, JSON, the streams, errors and exit codes. Imports no other
//! folder of the command.

pub(crate) mod exits;
pub(crate) mod fault;
pub(crate) mod files;
pub(crate) mod hints;
pub(crate) mod json;
pub(crate) mod page;
pub(crate) mod product;
pub(crate) mod progress;
pub(crate) mod result_lines;
pub(crate) mod result_page;
pub(crate) mod serving;
pub(crate) mod streams;
