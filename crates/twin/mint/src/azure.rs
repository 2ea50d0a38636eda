//! Azure confidential virtual machines: a [`Vm`] that makes the whole evidence, from the hardware
//! report to the event log.
//!
//! Everything is written from the published layouts and without our parsers, so that maker and parser check each
//! other.

pub mod ak;
mod ak_chain;
mod claims;
mod envelope;
mod event_log;
mod evidence;
mod quote;
mod sizes;
mod td_report;
mod vm;

pub use ak_chain::AkChain;
pub use claims::{Claims, Generation, Letters};
pub use envelope::{Envelope, HARDWARE_SLOT_BYTES};
pub(crate) use event_log::variable_data;
pub use event_log::{Algorithm, Event, EventLog, Guid, Header, Measurement, image_load, signature_list};
pub use evidence::Evidence;
pub use quote::{Quote, Selection, SignatureForm};
pub use td_report::{TD_REPORT_BYTES, TdReport};
pub use vm::{Certificates, Platform, Vm};

pub use crate::json::{Json, Object};
