//! Every request of aws-nitro-enclaves-nsm-api, as its user sends it: to `/dev/nsm` through its own driver code
//! (`nsm-client device`), or in frames to a socket (`nsm-client tcp:HOST:PORT`). A second word is a file for the last
//! document. Ends with exit code 1 at the first answer that is not as expected.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Instant;

use aws_nitro_enclaves_nsm_api::api::{AttestationDoc, Digest, ErrorCode, Request, Response};
use aws_nitro_enclaves_nsm_api::driver::{nsm_exit, nsm_init, nsm_process_request};
use serde_bytes::ByteBuf;
use serde_cbor::Value;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The way to a security module.
enum Nsm {
    Device(i32),
    Socket(TcpStream),
}

impl Nsm {
    fn open(word: &str) -> Outcome<Self> {
        if let Some(address) = word.strip_prefix("tcp:") {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            return Ok(Self::Socket(stream));
        }
        match nsm_init() {
            descriptor if descriptor < 0 => Err("nsm_init: /dev/nsm cannot be opened".into()),
            descriptor => Ok(Self::Device(descriptor)),
        }
    }

    fn ask(&mut self, request: Request) -> Outcome<Response> {
        let began = Instant::now();
        let name = format!("{request:?}").chars().take(40).collect::<String>();
        let answer = match self {
            Self::Device(descriptor) => nsm_process_request(*descriptor, request),
            Self::Socket(stream) => {
                let request = serde_cbor::to_vec(&request)?;
                stream.write_all(&u32::try_from(request.len())?.to_be_bytes())?;
                stream.write_all(&request)?;
                let mut length = [0; 4];
                stream.read_exact(&mut length)?;
                let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length))?];
                stream.read_exact(&mut answer)?;
                serde_cbor::from_slice(&answer)?
            }
        };
        println!("{name}: {:.1} ms", began.elapsed().as_secs_f64() * 1e3);
        Ok(answer)
    }
}

impl Drop for Nsm {
    fn drop(&mut self) {
        if let Self::Device(descriptor) = self {
            nsm_exit(*descriptor);
        }
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.as_slice() {
        [way] => run(way, None),
        [way, file] => run(way, Some(file)),
        _ => Err("usage: nsm-client device|tcp:HOST:PORT [FILE]".into()),
    };
    match outcome {
        Ok(()) => {
            println!("every answer is as expected");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("nsm-client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(way: &str, file: Option<&String>) -> Outcome {
    let mut nsm = Nsm::open(way)?;
    let module = describe(&mut nsm)?;
    pcrs(&mut nsm)?;
    let document = attest(&mut nsm, &module)?;
    if let Some(file) = file {
        std::fs::write(file, document)?;
    }
    Ok(())
}

fn describe(nsm: &mut Nsm) -> Outcome<String> {
    let module =
        match nsm.ask(Request::DescribeNSM)? {
            Response::DescribeNSM {
                version_major: 1, module_id, max_pcrs: 32, locked_pcrs, digest, ..
            } if digest == Digest::SHA384 && locked_pcrs == (0..16).collect::<BTreeSet<_>>() => module_id,
            other => return Err(format!("DescribeNSM: got {other:?}").into()),
        };
    match nsm.ask(Request::GetRandom)? {
        Response::GetRandom { random } if random.len() == 256 => Ok(module),
        other => Err(format!("GetRandom: got {other:?}").into()),
    }
}

fn pcrs(nsm: &mut Nsm) -> Outcome {
    let extend = || Request::ExtendPCR { index: 16, data: b"measured".to_vec() };
    let Response::ExtendPCR { data } = nsm.ask(extend())? else { return Err("ExtendPCR".into()) };
    match nsm.ask(Request::DescribePCR { index: 16 })? {
        Response::DescribePCR { lock: false, data: same } if same == data => {}
        other => return Err(format!("DescribePCR: got {other:?}").into()),
    }
    let mut expect = |request: Request, expected: &str| -> Outcome {
        let answer = format!("{:?}", nsm.ask(request)?);
        if answer == expected { Ok(()) } else { Err(format!("expected {expected}, got {answer}").into()) }
    };
    expect(Request::LockPCR { index: 16 }, "LockPCR")?;
    expect(extend(), &format!("{:?}", Response::Error(ErrorCode::ReadOnlyIndex)))?;
    expect(Request::LockPCRs { range: 18 }, "LockPCRs")?;
    expect(Request::LockPCRs { range: 18 }, "LockPCRs")?;
    expect(Request::DescribePCR { index: 32 }, &format!("{:?}", Response::Error(ErrorCode::InvalidIndex)))?;
    let long = Request::ExtendPCR { index: 20, data: vec![0; 4097] };
    expect(long, &format!("{:?}", Response::Error(ErrorCode::InputTooLarge)))
}

fn attest(nsm: &mut Nsm, module: &str) -> Outcome<Vec<u8>> {
    let nonce = ByteBuf::from(b"a nonce of more than sixteen bytes");
    let request = Request::Attestation {
        user_data: Some(ByteBuf::from(b"user data")),
        nonce: Some(nonce.clone()),
        public_key: None,
    };
    let Response::Attestation { document } = nsm.ask(request)? else { return Err("Attestation".into()) };
    let payload = match serde_cbor::from_slice(&document)? {
        Value::Array(mut frame) if frame.len() == 4 => frame.swap_remove(2),
        _ => return Err("Attestation: expected an array of four".into()),
    };
    let Value::Bytes(payload) = payload else { return Err("Attestation: expected a payload".into()) };
    let payload = AttestationDoc::from_binary(&payload).map_err(|error| format!("{error:?}"))?;
    let is_expected = payload.module_id == module
        && payload.digest == Digest::SHA384
        && payload.pcrs.len() == 18
        && payload.cabundle.len() == 4
        && payload.nonce == Some(nonce)
        && payload.user_data == Some(ByteBuf::from(b"user data"))
        && payload.public_key.is_none();
    if is_expected { Ok(document) } else { Err(format!("Attestation: got {payload:?}").into()) }
}
