//! A TPM whose answers are bent on their way.

use teeproof_vtpm::{Authority, Created, Error, NvPublic, Padding, PcrValues, PublicObject, Signed, Tpm};
use teeproof_wire::tpm::Selection;
use zeroize::Zeroizing;

type Answer<T> = Result<T, Error>;
/// What is made of an answer.
type Bend<T> = Box<dyn FnMut(Answer<T>) -> Answer<T>>;

/// A TPM behind another one, whose responses are altered. It keeps a list of the commands.
pub(crate) struct Bent {
    tpm: Box<dyn Tpm>,
    pub(crate) commands: Vec<&'static str>,
    pub(crate) property: Bend<Option<u32>>,
    pub(crate) handles: Bend<Vec<u32>>,
    pub(crate) nv_public: Bend<NvPublic>,
    pub(crate) nv_read: Bend<Vec<u8>>,
    pub(crate) nv_write: Bend<()>,
    pub(crate) nv_define: Bend<()>,
    pub(crate) pcr_read: Bend<PcrValues>,
    pub(crate) quote: Bend<Signed>,
    pub(crate) create_primary: Bend<Created>,
    pub(crate) certify: Bend<Signed>,
    pub(crate) rsa_decrypt: Bend<Zeroizing<Vec<u8>>>,
    pub(crate) flush: Bend<()>,
}

impl Bent {
    /// One that is not bent yet.
    pub(crate) fn of(tpm: Box<dyn Tpm>) -> Self {
        Self {
            tpm,
            commands: Vec::new(),
            property: Box::new(|answer| answer),
            handles: Box::new(|answer| answer),
            nv_public: Box::new(|answer| answer),
            nv_read: Box::new(|answer| answer),
            nv_write: Box::new(|answer| answer),
            nv_define: Box::new(|answer| answer),
            pcr_read: Box::new(|answer| answer),
            quote: Box::new(|answer| answer),
            create_primary: Box::new(|answer| answer),
            certify: Box::new(|answer| answer),
            rsa_decrypt: Box::new(|answer| answer),
            flush: Box::new(|answer| answer),
        }
    }

    /// How often one command was sent.
    pub(crate) fn count(&self, command: &str) -> usize {
        self.commands.iter().filter(|sent| **sent == command).count()
    }

    fn ask(&mut self, command: &'static str) -> &mut dyn Tpm {
        self.commands.push(command);
        self.tpm.as_mut()
    }
}

/// Bends what was answered, if it was.
pub(crate) fn with<T: 'static>(mut change: impl FnMut(&mut T) + 'static) -> Bend<T> {
    Box::new(move |answer| {
        answer.map(|mut value| {
            change(&mut value);
            value
        })
    })
}

impl Tpm for Bent {
    fn property(&mut self, property: u32) -> Answer<Option<u32>> {
        let answer = self.ask("property").property(property);
        (self.property)(answer)
    }

    fn handles(&mut self, first: u32) -> Answer<Vec<u32>> {
        let answer = self.ask("handles").handles(first);
        (self.handles)(answer)
    }

    fn banks(&mut self) -> Answer<Vec<Selection>> {
        self.ask("banks").banks()
    }

    fn nv_public(&mut self, index: u32) -> Answer<NvPublic> {
        let answer = self.ask("nv_public").nv_public(index);
        (self.nv_public)(answer)
    }

    fn nv_read(&mut self, index: u32, by: Authority, offset: u16, size: u16) -> Answer<Vec<u8>> {
        let answer = self.ask("nv_read").nv_read(index, by, offset, size);
        (self.nv_read)(answer)
    }

    fn nv_write(&mut self, index: u32, by: Authority, offset: u16, data: &[u8]) -> Answer<()> {
        let answer = self.ask("nv_write").nv_write(index, by, offset, data);
        (self.nv_write)(answer)
    }

    fn nv_define(&mut self, public: &NvPublic) -> Answer<()> {
        let answer = self.ask("nv_define").nv_define(public);
        (self.nv_define)(answer)
    }

    fn nv_undefine(&mut self, index: u32) -> Answer<()> {
        self.ask("nv_undefine").nv_undefine(index)
    }

    fn read_public(&mut self, object: u32) -> Answer<PublicObject> {
        self.ask("read_public").read_public(object)
    }

    fn pcr_read(&mut self, selection: Selection) -> Answer<PcrValues> {
        let answer = self.ask("pcr_read").pcr_read(selection);
        (self.pcr_read)(answer)
    }

    fn pcr_extend(&mut self, register: u8, bank: u16, digest: &[u8]) -> Answer<()> {
        self.ask("pcr_extend").pcr_extend(register, bank, digest)
    }

    fn quote(&mut self, key: u32, nonce: &[u8], selections: &[Selection]) -> Answer<Signed> {
        let answer = self.ask("quote").quote(key, nonce, selections);
        (self.quote)(answer)
    }

    fn create_primary(&mut self, hierarchy: u32, template: &[u8]) -> Answer<Created> {
        let answer = self.ask("create_primary").create_primary(hierarchy, template);
        (self.create_primary)(answer)
    }

    fn certify(&mut self, object: u32, signer: u32, nonce: &[u8]) -> Answer<Signed> {
        let answer = self.ask("certify").certify(object, signer, nonce);
        (self.certify)(answer)
    }

    fn rsa_decrypt(
        &mut self,
        key: u32,
        registers: Selection,
        padding: Padding,
        ciphertext: &[u8],
    ) -> Answer<Zeroizing<Vec<u8>>> {
        let answer = self.ask("rsa_decrypt").rsa_decrypt(key, registers, padding, ciphertext);
        (self.rsa_decrypt)(answer)
    }

    fn flush(&mut self, object: u32) -> Answer<()> {
        let answer = self.ask("flush").flush(object);
        (self.flush)(answer)
    }
}
