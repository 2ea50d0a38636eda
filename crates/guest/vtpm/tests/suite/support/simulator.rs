//! The frames of Microsoft's simulator in front of a software TPM that does not speak them.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use teeproof_vtpm::direct::Direct;

/// Listens until the test program ends; returns the port.
pub(crate) fn in_front_of(address: &str) -> u16 {
    let mut tpm = Direct::open(&address.parse().unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        // One connection at a time, as the simulator does. A client that goes away ends its own.
        for stream in listener.incoming() {
            let _ = stream.and_then(|mut stream| serve(&mut stream, &mut tpm));
        }
    });
    port
}

fn serve(stream: &mut TcpStream, tpm: &mut Direct) -> io::Result<()> {
    loop {
        match number(stream)? {
            8 => {}
            20 => return Ok(()),
            other => panic!("no signal that is known here: {other}"),
        }
        let mut locality = [0xff];
        stream.read_exact(&mut locality)?;
        assert_eq!(locality, [0]);
        let mut command = vec![0; usize::try_from(number(stream)?).unwrap()];
        stream.read_exact(&mut command)?;
        let answer = tpm.transmit(&command).unwrap();
        let size = u32::try_from(answer.len()).unwrap().to_be_bytes();
        stream.write_all(&[&size[..], &answer, &[0; 4]].concat())?;
    }
}

fn number(stream: &mut TcpStream) -> io::Result<u32> {
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}
