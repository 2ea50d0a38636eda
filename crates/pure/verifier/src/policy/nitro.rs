//! The section `[nitro]`.

use teeproof_nitro::{MaxAge, Policy};

use super::kinds::{Bytes, Fixed, Plain, YesNo, number};
use super::node::Node;
use super::pcrs::{pcrs, waiver};
use super::problems::{Problems, Reported};
use super::rule::{AT_MOST, REASON, WAIVED, expectation};
use super::section::{Field, Section};

const FIELDS: &[&str] =
    &["debug", "pcrs", "signer", "module-id", "instance", "user-data", "public-key", "max-age"];

/// Reads the section. Every field is read before the first problem ends it, so that each problem
/// is told.
pub(super) fn read(node: Node<'_>, problems: &mut Problems<'_>) -> Result<Policy<'static>, Reported> {
    let section = Section::open(node, FIELDS, problems)?;
    let debug = section.rule::<YesNo>("debug", problems);
    let pcrs = pcrs::<48>(&section, LAST_PCR, problems);
    let signer = section.rule::<Fixed<48>>("signer", problems);
    let module_id = section.rule::<Plain>("module-id", problems);
    let instance = section.rule::<Plain>("instance", problems);
    let user_data = section.rule::<Bytes>("user-data", problems);
    let public_key = section.rule::<Bytes>("public-key", problems);
    let max_age = max_age(&section, problems);
    Ok(Policy {
        debug: debug?,
        pcrs: pcrs?,
        signer: signer?,
        module_id: module_id?,
        instance: instance?,
        user_data: user_data?,
        public_key: public_key?,
        max_age: max_age?,
    })
}

/// The highest register of an enclave.
const LAST_PCR: u8 = 31;

fn max_age(section: &Section<'_>, problems: &mut Problems<'_>) -> Result<MaxAge<'static>, Reported> {
    let node = match section.field("max-age", problems)? {
        Field::Named(node) => node,
        Field::Waived(reason, line) => return Ok(MaxAge::Waived(waiver(reason, line))),
    };
    let line = node.line(problems);
    let (word, inner) = expectation(&node, "an age in seconds", &[AT_MOST, WAIVED], problems)?;
    if word == WAIVED {
        let reason = inner.worded(problems, REASON)?;
        return Ok(MaxAge::Waived(waiver(reason, line)));
    }
    Ok(MaxAge::AtMost { secs: number(&inner, problems, u32::MAX.into())?, line: Some(line) })
}
