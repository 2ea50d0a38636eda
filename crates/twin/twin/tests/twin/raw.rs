//! TPM client of raw bytes: commands, responses and HMACs made by hand.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use teeproof_twin::paravisor::{Paravisor, Running, Settings};

pub(crate) const OWNER: u32 = 0x4000_0001;
pub(crate) const NULL: u32 = 0x4000_0007;
pub(crate) const REPORT: u32 = 0x0140_0001;
pub(crate) const INPUT: u32 = 0x0140_0002;
pub(crate) const AK_CERTIFICATE: u32 = 0x01c1_01d0;

pub(crate) const NV_READ: u32 = 0x14e;
pub(crate) const NV_READ_PUBLIC: u32 = 0x169;

/// A paravisor with these settings that renews its report at each read.
pub(crate) fn start(settings: Settings) -> Running {
    Paravisor::start(&Settings { refresh: Duration::ZERO, ..settings }).unwrap()
}

/// A persistent connection to a TPM.
pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    /// A client of the raw port.
    pub(crate) fn of(running: &Running) -> Self {
        Self::to(running.listens_on())
    }

    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        // A test has to fail instead of waiting without a limit.
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        Self(stream)
    }

    /// The whole response to a whole command.
    pub(crate) fn bytes(&mut self, command: &[u8]) -> Vec<u8> {
        self.0.write_all(command).unwrap();
        let mut answer = vec![0; 10];
        self.0.read_exact(&mut answer).unwrap();
        answer.resize(size(&answer), 0);
        self.0.read_exact(&mut answer[10..]).unwrap();
        answer
    }

    /// The response after its header, or its code.
    pub(crate) fn run(
        &mut self,
        code: u32,
        handles: &[u32],
        auth: &[u8],
        rest: &[u8],
    ) -> Result<Vec<u8>, u32> {
        let answer = self.bytes(&command(code, handles, auth, rest));
        match u32_at(&answer, 6) {
            0 => Ok(answer[10..].to_vec()),
            code => Err(code),
        }
    }

    /// With an empty password.
    pub(crate) fn with_password(&mut self, code: u32, handles: &[u32], rest: &[u8]) -> Result<Vec<u8>, u32> {
        let answer = self.run(code, handles, &password(b""), rest)?;
        let size = size_at(&answer, 0);
        assert_eq!(answer[4 + size..], [0, 0, 1, 0, 0], "TPMS_AUTH_RESPONSE of a password");
        Ok(answer[4..4 + size].to_vec())
    }

    pub(crate) fn nv_read(&mut self, index: u32, offset: u16, size: u16) -> Result<Vec<u8>, u32> {
        let answer = self.with_password(NV_READ, &[OWNER, index], &wanted(size, offset))?;
        assert_eq!(answer[..2], size.to_be_bytes());
        Ok(answer[2..].to_vec())
    }

    /// The size of an index and its name.
    pub(crate) fn nv_public(&mut self, index: u32) -> Result<(u16, Vec<u8>), u32> {
        let answer = self.run(NV_READ_PUBLIC, &[index], &[], &[])?;
        assert_eq!(answer[..2], [0, 14]);
        let name = [&[0, 0xb], digest::digest(&digest::SHA256, &answer[2..16]).as_ref()].concat();
        assert_eq!(answer[18..], name);
        Ok((u16::from_be_bytes([answer[14], answer[15]]), name))
    }

    /// An index as clients read it: by chunks, up to its stated size.
    pub(crate) fn nv_read_all(&mut self, index: u32) -> Vec<u8> {
        let (size, _) = self.nv_public(index).unwrap();
        let offsets = (0..size).step_by(1024);
        let chunks = offsets.map(|offset| self.nv_read(index, offset, 1024.min(size - offset)).unwrap());
        chunks.collect::<Vec<_>>().concat()
    }

    /// Defines the guest's input and writes it.
    pub(crate) fn put_in(&mut self, input: &[u8], attributes: u32) {
        let public = [&INPUT.to_be_bytes()[..], &[0, 0xb], &attributes.to_be_bytes(), &[0, 0], &len16(input)];
        let public = public.concat();
        let define = [&[0, 0][..], &len16(&public), &public].concat();
        self.with_password(0x12a, &[OWNER], &define).unwrap();
        self.write(input);
    }

    pub(crate) fn write(&mut self, input: &[u8]) {
        self.with_password(0x137, &[OWNER, INPUT], &[&len16(input)[..], input, &[0, 0]].concat()).unwrap();
    }
}

/// OWNERREAD and OWNERWRITE.
pub(crate) const READABLE: u32 = 1 << 17 | 1 << 1;

pub(crate) fn command(code: u32, handles: &[u32], auth: &[u8], rest: &[u8]) -> Vec<u8> {
    let handles: Vec<u8> = handles.iter().flat_map(|handle| handle.to_be_bytes()).collect();
    let auth = if auth.is_empty() { Vec::new() } else { [&len32(auth)[..], auth].concat() };
    let tag = if auth.is_empty() { 0x8001_u16 } else { 0x8002 };
    let body = [&code.to_be_bytes()[..], &handles, &auth, rest].concat();
    let size = u32::try_from(body.len() + 6).unwrap();
    [&tag.to_be_bytes()[..], &size.to_be_bytes(), &body].concat()
}

/// TPMS_AUTH_COMMAND of a password.
pub(crate) fn password(password: &[u8]) -> Vec<u8> {
    [&0x4000_0009_u32.to_be_bytes()[..], &[0, 0, 1], &len16(password), password].concat()
}

pub(crate) fn wanted(size: u16, offset: u16) -> Vec<u8> {
    [size.to_be_bytes(), offset.to_be_bytes()].concat()
}

pub(crate) fn len16(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap().to_be_bytes()
}

fn len32(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap().to_be_bytes()
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn size_at(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u32_at(bytes, at)).unwrap()
}

fn size(header: &[u8]) -> usize {
    size_at(header, 2)
}

/// An HMAC session of this client.
pub(crate) struct Session {
    pub(crate) handle: u32,
    key: Vec<u8>,
    /// Bind entity and its password.
    bound: (u32, Vec<u8>),
    /// The password of the authorized entity.
    word: Vec<u8>,
    nonce_tpm: Vec<u8>,
    hash: (&'static digest::Algorithm, hmac::Algorithm),
}

pub(crate) const CALLER: [u8; 20] = [0xca; 20];

/// KDFa: the key of a session whose bind entity has this password.
fn bound_key(
    (digest, hmac): (&'static digest::Algorithm, hmac::Algorithm),
    word: &[u8],
    nonce: &[u8],
) -> Vec<u8> {
    let bits = u32::try_from(digest.output_len() * 8).unwrap().to_be_bytes();
    let derived = [&[0, 0, 0, 1][..], b"ATH\0", nonce, &CALLER, &bits].concat();
    hmac::sign(&hmac::Key::new(hmac, word), &derived).as_ref().to_vec()
}

impl Session {
    /// Starts one with a hash (a TPM_ALG_ID), bound to an entity without a password or unbound.
    pub(crate) fn start(client: &mut Client, hash: u16, bound: u32) -> Self {
        Self::start_with(client, hash, bound, b"")
    }

    /// The same, bound to an entity with this password.
    pub(crate) fn start_with(client: &mut Client, hash: u16, bound: u32, word: &[u8]) -> Self {
        let parameters = [&len16(&CALLER)[..], &CALLER, &[0, 0, 0, 0, 0x10], &hash.to_be_bytes()].concat();
        let answer = client.run(0x176, &[NULL, bound], &[], &parameters).unwrap();
        let nonce_tpm = answer[6..].to_vec();
        let hash = match hash {
            4 => (&digest::SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            0xb => (&digest::SHA256, hmac::HMAC_SHA256),
            _ => (&digest::SHA384, hmac::HMAC_SHA384),
        };
        let key = if bound == NULL { Vec::new() } else { bound_key(hash, word, &nonce_tpm) };
        let bound = (bound, word.to_vec());
        Self { handle: u32_at(&answer, 0), key, bound, word: Vec::new(), nonce_tpm, hash }
    }

    /// Runs a command and checks the HMAC of its response. `names` are those of the handles.
    pub(crate) fn run(
        &mut self,
        client: &mut Client,
        code: u32,
        (handles, names): (&[u32], &[&[u8]]),
        rest: &[u8],
        attributes: u8,
    ) -> Result<Vec<u8>, u32> {
        let bound = handles.first() == Some(&self.bound.0) && self.word == self.bound.1;
        let word = if bound { Vec::new() } else { self.word.clone() };
        let hash = self.digest(&[&code.to_be_bytes(), &names.concat(), rest]);
        let hmac = self.hmac(&word, &[&hash, &CALLER, &self.nonce_tpm, &[attributes]]);
        let auth =
            [&self.handle.to_be_bytes()[..], &len16(&CALLER), &CALLER, &[attributes], &len16(&hmac), &hmac];
        let answer = client.run(code, handles, &auth.concat(), rest)?;
        let size = size_at(&answer, 0);
        let (parameters, session) = answer[4..].split_at(size);
        let nonce_len = usize::from(u16::from_be_bytes([session[0], session[1]]));
        self.nonce_tpm = session[2..2 + nonce_len].to_vec();
        let hash = self.digest(&[&[0; 4], &code.to_be_bytes(), parameters]);
        let attributes = session[2 + nonce_len];
        let hmac = self.hmac(&word, &[&hash, &self.nonce_tpm, &CALLER, &[attributes]]);
        assert_eq!(session[5 + nonce_len..], hmac, "the HMAC of the answer");
        Ok(parameters.to_vec())
    }

    pub(crate) fn nv_read(
        &mut self,
        client: &mut Client,
        index: u32,
        (size, offset): (u16, u16),
        attributes: u8,
    ) -> Result<Vec<u8>, u32> {
        let (_, name) = client.nv_public(index)?;
        let names: [&[u8]; 2] = [&OWNER.to_be_bytes(), &name];
        let read = self.run(client, NV_READ, (&[OWNER, index], &names), &wanted(size, offset), attributes)?;
        assert_eq!(read[..2], size.to_be_bytes());
        Ok(read[2..].to_vec())
    }

    /// The same with this password of the owner.
    pub(crate) fn nv_read_as(
        &mut self,
        client: &mut Client,
        word: &[u8],
        index: u32,
        wanted: (u16, u16),
        attributes: u8,
    ) -> Result<Vec<u8>, u32> {
        self.word = word.to_vec();
        let read = self.nv_read(client, index, wanted, attributes);
        self.word.clear();
        read
    }

    fn digest(&self, parts: &[&[u8]]) -> Vec<u8> {
        digest::digest(self.hash.0, &parts.concat()).as_ref().to_vec()
    }

    fn hmac(&self, word: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let key = [&self.key, word].concat();
        hmac::sign(&hmac::Key::new(self.hash.1, &key), &parts.concat()).as_ref().to_vec()
    }
}
