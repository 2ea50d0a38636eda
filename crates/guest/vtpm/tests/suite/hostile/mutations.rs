//! Real answers, cut short, made longer and bent byte by byte.

use std::io;
use std::sync::{Arc, Mutex};

use teeproof_twin::swtpm::Swtpm;
use teeproof_vtpm::direct::{Direct, Transport};
use teeproof_vtpm::{Error, Padding, Tpm};

use super::{COMMANDS, Command, assert_malformed};
use crate::decrypt;
use crate::support::SHA256;

/// TPM_CC_FlushContext.
const FLUSH: [u8; 4] = [0, 0, 0x01, 0x65];

type Log = Arc<Mutex<Vec<Vec<u8>>>>;

/// Writes down what a real TPM answers.
#[derive(Debug)]
struct Recorder {
    tpm: Direct,
    answers: Log,
}

impl Transport for Recorder {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        let answer = self.tpm.transmit(command).map_err(io::Error::other)?;
        self.answers.lock().unwrap().push(answer.clone());
        Ok(answer)
    }
}

/// Gives answers one after the other, the last one again and again, and writes down the commands.
#[derive(Debug)]
struct Replay {
    answers: Vec<Vec<u8>>,
    commands: Log,
}

impl Transport for Replay {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        let mut commands = self.commands.lock().unwrap();
        commands.push(command.to_vec());
        Ok(self.answers[(commands.len() - 1).min(self.answers.len() - 1)].clone())
    }
}

/// Each command, and what a real TPM answered to it and to those that it took.
fn recorded() -> Vec<(Command, Vec<Vec<u8>>)> {
    let swtpm = Swtpm::start().unwrap();
    let answers = Log::default();
    let tpm = Direct::open(&swtpm.address().parse().unwrap()).unwrap();
    let mut tpm = Direct::over(Recorder { tpm, answers: Arc::clone(&answers) });
    let mut list = vec![];
    for &(name, command) in COMMANDS {
        answers.lock().unwrap().clear();
        match name {
            "rsa_decrypt" => decrypt_for_real(&mut tpm, &answers),
            _ => command(&mut tpm).unwrap_or_else(|error| panic!("{name}: {error:?}")),
        }
        list.push(((name, command), answers.lock().unwrap().clone()));
    }
    list
}

/// Its arguments have to fit together before a TPM answers. To the answers they are no matter.
fn decrypt_for_real(tpm: &mut Direct, answers: &Log) {
    let key = decrypt::key(tpm);
    let ciphertext = decrypt::encrypt(&key, Padding::Oaep(SHA256));
    answers.lock().unwrap().clear();
    tpm.rsa_decrypt(key.handle, decrypt::REGISTERS, Padding::Oaep(SHA256), &ciphertext).unwrap();
    assert_eq!(answers.lock().unwrap().len(), 4);
}

/// What the command makes of the answers, and the commands that were sent.
fn replay(command: Command, answers: &[Vec<u8>]) -> (Result<(), Error>, Vec<Vec<u8>>) {
    let commands = Log::default();
    let answers = answers.to_vec();
    let result = command.1(&mut Direct::over(Replay { answers, commands: Arc::clone(&commands) }));
    let commands = commands.lock().unwrap().clone();
    (result, commands)
}

/// The answers, with the one at `at` replaced. Its size is what it says.
fn with(answers: &[Vec<u8>], at: usize, mut answer: Vec<u8>) -> Vec<Vec<u8>> {
    let size = (answer.len() as u32).to_be_bytes();
    answer[2..6].copy_from_slice(&size);
    let mut all = answers.to_vec();
    all[at] = answer;
    all
}

#[test]
fn answers_too_short_or_too_long_are_refused() {
    for (command, answers) in recorded() {
        let (result, commands) = replay(command, &answers);
        result.unwrap();
        assert_eq!(commands.len(), answers.len());
        for (at, answer) in answers.iter().enumerate() {
            let longer = [&answer[..], &[0]].concat();
            for bent in (10..answer.len()).map(|size| answer[..size].to_vec()).chain([longer]) {
                let (result, _) = replay(command, &with(&answers, at, bent));
                assert_malformed(command.0, &result.unwrap_err());
            }
        }
    }
}

#[test]
fn no_bent_byte_does_harm() {
    let (mut accepted, mut refused) = (0, 0);
    for (command, answers) in recorded() {
        for (at, answer) in answers.iter().enumerate() {
            for place in 0..answer.len() {
                for bend in [|_| 0x00, |_| 0xff, |byte| byte ^ 0x01, |byte| byte ^ 0x80] {
                    let mut bent = answers.clone();
                    bent[at][place] = bend(bent[at][place]);
                    let (result, commands) = replay(command, &bent);
                    *if result.is_ok() { &mut accepted } else { &mut refused } += 1;
                    let header = at == 0 && place < 10;
                    assert!(header || result.is_ok() || ends_what_began(command.0, &commands));
                }
            }
        }
    }
    assert!(accepted > 1000 && refused > 1000, "{accepted} {refused}");
}

/// Whether sessions are flushed, and keys whose handle was lost.
fn ends_what_began(name: &str, commands: &[Vec<u8>]) -> bool {
    let flushes = commands.last().is_some_and(|command| command[6..10] == FLUSH);
    flushes || !["rsa_decrypt", "create_primary"].contains(&name)
}
