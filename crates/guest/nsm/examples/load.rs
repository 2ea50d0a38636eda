//! What a server of documents holds: a steady number of requests a second over TCP on loopback, each with a connection
//! of its own, before `teeproof nsm serve` with a module that answers at once, and with the twin, which signs. A table
//! goes to standard output; it stands in BENCHMARKS.md, where it was put by hand:
//!
//! `cargo run --release -p teeproof-nsm --example load -- target/release/teeproof target/release/teeproof-twin 1000 10`
//!
//! The words: the command, the twin (`-` for none), requests a second, seconds.

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use teeproof_nsm::road::{RoadAnswer, RoadForm, RoadRequest};
use teeproof_nsm::{AttestationFields, NsmAddress, frame};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// As many requests can be under way.
const CLIENTS: u32 = 64;
/// The size of a document of a real module.
const DOCUMENT: usize = 4500;
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [teeproof, twin, rate, seconds] = words.as_slice() else {
        return Err("expected four words: TEEPROOF TWIN RATE SECONDS".into());
    };
    let load = Load { rate: rate.parse()?, seconds: seconds.parse()? };
    println!(
        "| module | requests | answered | median | p99 | worst | processor time of the server for each | its most memory |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let instant = instant_module()?;
    println!("{}", load.row("answers at once", teeproof, &instant)?);
    if twin == "-" {
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("teeproof-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let address = format!("unix:{}", folder.join("nsm.sock").display());
    let mut command = Command::new(twin);
    command.args(["nsm", "--listen", &address, "--chain"]).arg(&folder);
    let twin = Started(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let (median, p99) = signing(&address)?;
    println!("{}", load.row("the twin", teeproof, &address)?);
    println!();
    println!("The twin alone, one document after the other: median {}, p99 {}.", ms(median), ms(p99));
    drop(twin);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// A process that ends with its value.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A module that answers every request with the same document.
fn instant_module() -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("tcp:{}", listener.local_addr()?);
    let description: &[u8] =
        b"\xa1\x6bDescribeNSM\xa7\x6dversion_major\x01\x6dversion_minor\x00\x6dversion_patch\x00\
        \x69module_id\x68i-1-enc1\x68max_pcrs\x18\x20\x6blocked_pcrs\x80\x66digest\x66SHA384";
    let length = u16::try_from(DOCUMENT)?.to_be_bytes();
    let document = [&b"\xa1\x6bAttestation\xa1\x68document\x59"[..], &length, &[7; DOCUMENT]].concat();
    let answers = [frame(description), frame(&document)].map(Option::unwrap_or_default);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.set_nodelay(true);
            let mut head = [0; 4];
            while stream.read_exact(&mut head).is_ok() {
                let mut request = vec![0; usize::try_from(u32::from_be_bytes(head)).unwrap_or_default()];
                let read = stream.read_exact(&mut request);
                let [description, document] = &answers;
                let answer = if request.starts_with(b"\x6b") { description } else { document };
                if read.and_then(|()| stream.write_all(answer)).is_err() {
                    break;
                }
            }
        }
    });
    Ok(address)
}

/// What a document costs a module without the server: median and p99.
fn signing(address: &str) -> Outcome<(Duration, Duration)> {
    let address: NsmAddress = address.parse()?;
    let begun = Instant::now();
    let mut nsm = loop {
        match address.open(PATIENCE) {
            Ok(nsm) => break nsm,
            Err(error) if begun.elapsed() > PATIENCE => return Err(error.into()),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    };
    let mut took = Vec::new();
    for number in 0..500_u32 {
        let begun = Instant::now();
        nsm.attest(AttestationFields::of_nonce(&number.to_be_bytes()))?;
        took.push(begun.elapsed());
    }
    took.sort();
    Ok((at(&took, 50), at(&took, 99)))
}

/// A steady load.
struct Load {
    rate: u32,
    seconds: u32,
}

impl Load {
    /// Starts a server before this module, and lays the load on it.
    fn row(&self, name: &str, teeproof: &str, module: &str) -> Outcome<String> {
        let mut command = Command::new(teeproof);
        command.args(["nsm", "serve", "--listen", "tcp:127.0.0.1:0", "--nsm", module]);
        let mut server = Started(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?);
        let address = listening(&mut server.0)?;
        let process = format!("/proc/{}", server.0.id());
        let before = processor_time(Path::new(&process))?;
        let mut took = self.requests(&address);
        let processor = processor_time(Path::new(&process))?.saturating_sub(before);
        let status = std::fs::read_to_string(format!("{process}/status"))?;
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim();
        took.sort();
        let all = self.rate.saturating_mul(self.seconds);
        let each = processor.checked_div(u32::try_from(took.len())?.max(1)).unwrap_or_default();
        let [median, p99, worst] = [50, 99, 100].map(|percent| ms(at(&took, percent)));
        Ok(format!(
            "| {name} | {} a second, {all} in all | {} | {median} | {p99} | {worst} | {} | {most} |",
            self.rate,
            took.len(),
            ms(each)
        ))
    }

    /// Sends all requests, each at its time, and returns how long those took that were answered with a document. The
    /// time runs from the moment at which a request was due: one that had to wait for a client counts as waiting.
    fn requests(&self, address: &str) -> Vec<Duration> {
        let (next, all) = (AtomicU32::new(0), self.rate.saturating_mul(self.seconds));
        let begun = Instant::now();
        let client = || {
            let mut took = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= all {
                    return took;
                }
                let due = begun + Duration::from_secs_f64(f64::from(number) / f64::from(self.rate));
                thread::sleep(due.saturating_duration_since(Instant::now()));
                if is_answered(address, number).is_ok() {
                    took.push(due.elapsed());
                }
            }
        };
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
            clients.into_iter().filter_map(|client| client.join().ok()).flatten().collect()
        })
    }
}

/// Requests one document.
fn is_answered(address: &str, number: u32) -> Outcome {
    let request = RoadRequest { nonce: number.to_be_bytes().to_vec(), form: RoadForm::Document };
    let message = frame(&request.to_cbor()?).ok_or("a request is short")?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.write_all(&message)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    match RoadAnswer::from_cbor(answer.get(4..).unwrap_or_default())? {
        RoadAnswer::Document(_) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

/// The address in the first line of the server's standard error.
fn listening(server: &mut Child) -> Outcome<String> {
    let mut stderr = server.stderr.take().ok_or("no standard error")?;
    let (mut line, mut byte) = (Vec::new(), [0]);
    while byte != [b'\n'] {
        match stderr.read(&mut byte) {
            Ok(0) => return Err(String::from_utf8_lossy(&line).into_owned().into()),
            Ok(_) => line.extend(byte),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    // What it says later must not fill the pipe, nor find it closed.
    thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    let line = String::from_utf8(line)?;
    Ok(line.trim().strip_prefix("listening on tcp:").ok_or("it does not listen")?.to_owned())
}

/// The processor time of a process, in user mode and in the kernel: fields 14 and 15 of `stat`, in ticks of 10 ms.
fn processor_time(process: &Path) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(process.join("stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no name in stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    Ok(Duration::from_millis(ticks.sum::<Result<u64, _>>()?.saturating_mul(10)))
}

/// The value below which so many percent of a sorted list are.
fn at(sorted: &[Duration], percent: usize) -> Duration {
    let index = sorted.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1_000.0)
}
