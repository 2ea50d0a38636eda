//! An enclave image with its sections in another order, which `eif build` has no option for: `eif_order IN OUT 2,0,1…`.
//! It is a program of its own because the tasks import no crate that they test; `cargo xtask enclave` runs it.

use std::error::Error;
use std::fs;

use teeproof_eif::{BodyChecksum, Eif, ImageOutline, ImageSettings};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, order] = words.as_slice() else {
        return Err("usage: eif_order IN OUT 2,0,1…".into());
    };
    let bytes = fs::read(from)?;
    let image = Eif::parse(&bytes)?;
    let mut sections = Vec::new();
    for number in order.split(',') {
        let section = image.sections().get(number.parse::<usize>()?);
        sections.push(section.ok_or_else(|| format!("the image has no section {number}"))?);
    }
    let mut sizes = Vec::new();
    for section in &sections {
        sizes.push((section.kind, section.content.len().try_into()?));
    }
    let outline = ImageOutline::new(&ImageSettings::new(image.header().architecture()), &sizes)?;
    let (mut checksum, mut body) = (BodyChecksum::new(), Vec::new());
    for (index, section) in sections.iter().enumerate() {
        body.extend(outline.section_header(index).ok_or("too many sections")?);
        body.extend(section.content);
    }
    checksum.update(&body);
    let mut written = outline.header(outline.checksum(&checksum)).to_vec();
    written.extend(body);
    fs::write(to, written)?;
    Ok(())
}
