//! An SNP report in what interfaces of the guest write around it.

use teeproof_wire::snp::REPORT_BYTES;

/// The longest that is read: the buffer of the kernel's ioctl has 4000 bytes, a page 4096.
const MAX_BYTES: usize = 4096 + HEAD_BYTES;
/// Status, size and reserved bytes in front of the report (MSG_REPORT_RSP; SNP_GET_REPORT).
const HEAD_BYTES: usize = 32;

/// A report, and what stood around it.
pub(crate) struct Framed<'a> {
    pub(crate) report: &'a [u8],
    pub(crate) note: &'static str,
}

/// The report in bytes that are longer than one: before zero bytes, which are padding or an empty certificate
/// table, or behind the head of the response in which firmware returns it.
pub(crate) fn unframed(bytes: &[u8]) -> Option<Framed<'_>> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    if let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>()
        && *head == response_head()
    {
        let (report, padding) = rest.split_at_checked(REPORT_BYTES)?;
        let note = "from a SNP_GET_REPORT response";
        return (begins(report) && is_zero(padding)).then_some(Framed { report, note });
    }
    let (report, padding) = bytes.split_at_checked(REPORT_BYTES)?;
    let note = "zero bytes behind the report were left out";
    (!padding.is_empty() && begins(report) && is_zero(padding)).then_some(Framed { report, note })
}

/// Status 0, and the size of a report.
fn response_head() -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    let size = u32::try_from(REPORT_BYTES).unwrap_or_default().to_le_bytes();
    for (place, byte) in head.iter_mut().skip(4).zip(size) {
        *place = byte;
    }
    head
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Whether bytes begin as a report does: a version that there is, a privilege level that there is, and the
/// one signature algorithm. A version alone would be the beginning of many other files.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    let word = |at: usize| bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word));
    let level = word(0x30).is_some_and(|level| level <= 3 || level == u32::MAX);
    word(0).is_some_and(|version| (1..=5).contains(&version)) && level && word(0x34) == Some(1)
}
