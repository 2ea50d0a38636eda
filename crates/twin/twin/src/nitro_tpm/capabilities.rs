//! TPM2_GetCapability: swtpm's lists, with the handles of the twin and the names of a NitroTPM.
//!
//! Source: TCG TPM 2.0 Library, Part 3, section 30.2. Manufacturer and vendor string of a NitroTPM: smallstep/crypto,
//! pull request 292.

use crate::paravisor::frame::{Cursor, Response};

/// TPM_CAP_HANDLES.
const HANDLES: u32 = 1;
/// TPM_CAP_TPM_PROPERTIES.
const PROPERTIES: u32 = 6;
/// TPM_PT_MANUFACTURER and TPM_PT_VENDOR_STRING_1 to 4.
const NAMES: [(u32, [u8; 4]); 5] =
    [(0x105, *b"AMZN"), (0x106, *b"Nitr"), (0x107, *b"oTPM"), (0x108, *b"v1.0"), (0x109, [0; 4])];
/// The most handles of a response of swtpm.
const MOST: usize = 254;

/// The response to a request, given that of swtpm and the handles that the twin has; `None` to leave it as it is.
pub(super) fn response(request: &[u8], response: &[u8], own: impl Iterator<Item = u32>) -> Option<Vec<u8>> {
    const HEADER_BYTES: usize = 10;
    let mut request = Cursor(request);
    let (capability, first, count) = (request.u32()?, request.u32()?, request.u32()?);
    let mut cursor = Cursor(response.get(HEADER_BYTES..)?);
    let (more, _capability, found) = (cursor.u8()?, cursor.u32()?, cursor.u32()?);
    let (more, members) = match capability {
        HANDLES => {
            let mut handles: Vec<u32> = (0..found).map_while(|_| cursor.u32()).collect();
            handles.extend(own.filter(|handle| handle >> 24 == first >> 24 && *handle >= first));
            handles.sort_unstable();
            let most = usize::try_from(count).unwrap_or(MOST).min(MOST);
            let more = u8::from(more != 0 || handles.len() > most);
            handles.truncate(most);
            (more, handles.into_iter().map(|handle| handle.to_be_bytes().to_vec()).collect::<Vec<_>>())
        }
        PROPERTIES => {
            let property = || {
                let (property, value) = (cursor.u32()?, cursor.u32()?);
                let name = NAMES.iter().find(|(name, _)| *name == property).map(|(_, value)| *value);
                Some([property.to_be_bytes(), name.unwrap_or(value.to_be_bytes())].concat())
            };
            (more, core::iter::repeat_with(property).map_while(|property| property).collect())
        }
        _ => return None,
    };
    let length = u32::try_from(members.len()).unwrap_or(u32::MAX);
    let parameters =
        [&[more][..], &capability.to_be_bytes(), &length.to_be_bytes(), &members.concat()].concat();
    Some(Response { handle: None, parameters: &parameters, sessions: Vec::new() }.write())
}
