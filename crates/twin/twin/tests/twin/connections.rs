//! Objects and sessions after the end of connections, on the raw and on the managed port.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use teeproof_twin::paravisor::{Running, Settings};

use crate::raw::{Client, NULL, OWNER, REPORT, Session, command, len16, password, start, u32_at};

/// TPM2_HashSequenceStart, TPM2_SequenceUpdate, TPM2_SequenceComplete.
const SEQUENCE_START: u32 = 0x186;
const SEQUENCE_UPDATE: u32 = 0x15c;
const SEQUENCE_COMPLETE: u32 = 0x13e;
const CONTEXT_SAVE: u32 = 0x162;
const CONTEXT_LOAD: u32 = 0x161;
const FLUSH_CONTEXT: u32 = 0x165;
const OBJECT_MEMORY: u32 = 0x902;
const SESSION_MEMORY: u32 = 0x903;
const SESSION_HANDLES: u32 = 0x905;
/// The first handle is not loaded.
const REFERENCE_H0: u32 = 0x910;
/// The first session is not loaded.
const REFERENCE_S0: u32 = 0x918;
/// The first virtual handle, the same as the kernel's.
const VIRTUAL: u32 = 0x80ff_ffff;

/// Transient objects, loaded sessions, saved sessions: as properties of TPM_CAP_HANDLES.
const KINDS: [u32; 3] = [0x8000_0000, 0x0200_0000, 0x0300_0000];

fn listed(client: &mut Client, kind: u32) -> Vec<u32> {
    let parameters = [1, kind, 254].map(u32::to_be_bytes).concat();
    let answer = client.run(0x17a, &[], &[], &parameters).unwrap();
    answer[9..].chunks(4).map(|handle| u32_at(handle, 0)).collect()
}

/// All transient objects, loaded and saved sessions of the TPM.
pub(crate) fn everything(client: &mut Client) -> Vec<u32> {
    KINDS.iter().flat_map(|kind| listed(client, *kind)).collect()
}

/// A connection to the managed port.
fn managed(running: &Running) -> Client {
    Client::to(running.manages_on())
}

/// An object that occupies a slot and has state.
pub(crate) fn sequence(client: &mut Client) -> Result<u32, u32> {
    client.run(SEQUENCE_START, &[], &[], &[0, 0, 0, 0xb]).map(|answer| u32_at(&answer, 0))
}

fn update(client: &mut Client, handle: u32, bytes: &[u8]) -> Result<Vec<u8>, u32> {
    client.with_password(SEQUENCE_UPDATE, &[handle], &[&len16(bytes)[..], bytes].concat())
}

/// Ends a sequence: the digest of its data.
fn complete(client: &mut Client, handle: u32) -> Result<Vec<u8>, u32> {
    let parameters = [&[0, 0][..], &NULL.to_be_bytes()].concat();
    client.with_password(SEQUENCE_COMPLETE, &[handle], &parameters).map(|answer| answer[2..34].to_vec())
}

pub(crate) fn flush(client: &mut Client, handle: u32) -> Result<Vec<u8>, u32> {
    client.run(FLUSH_CONTEXT, &[], &[], &handle.to_be_bytes())
}

/// The same by a process that has ended since, over its own connection, as with libtss2.
fn sent_by_another(running: &Running, command: &[u8]) -> Vec<u8> {
    let mut tpm2_send = Command::new("tpm2_send");
    tpm2_send.env("TPM2TOOLS_TCTI", running.tcti()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = tpm2_send.spawn().unwrap();
    process.stdin.take().unwrap().write_all(command).unwrap();
    process.wait_with_output().unwrap().stdout
}

/// A sequence of such a process.
fn orphan(running: &Running) -> u32 {
    let answer = sent_by_another(running, &command(SEQUENCE_START, &[], &[], &[0, 0, 0, 0xb]));
    assert_eq!(u32_at(&answer, 6), 0, "{answer:02x?}");
    u32_at(&answer, 10)
}

/// Starts a session, or returns the code that refuses it.
fn start_session(client: &mut Client) -> Result<u32, u32> {
    let another = [&[0, 16][..], &[1; 16], &[0, 0, 0, 0, 0x10, 0, 0xb]].concat();
    client.run(0x176, &[NULL, NULL], &[], &another).map(|answer| u32_at(&answer, 0))
}

/// Waits until the TPM is empty: connections end asynchronously.
fn becomes_empty(running: &Running) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let there = everything(&mut Client::of(running));
        if there.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{there:08x?} stay");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A raw port with this age of orphans.
fn with_orphans(age: Duration) -> Running {
    start(Settings { orphan_age: age, ..Settings::default() })
}

const NEVER: Duration = Duration::from_secs(3600);

#[test]
fn a_managed_connection_flushes_its_objects_when_it_ends() {
    let running = with_orphans(NEVER);
    // By an end, by a reset, in the middle of a command, and with an unread response.
    let ends: [fn(Client); 4] = [
        drop,
        |client| {
            let rest = command(SEQUENCE_START, &[], &[], &[0, 0, 0, 0xb]);
            (&client.0).write_all(&rest).unwrap();
            // It is closed with an unread response, which resets it.
            client.0.peek(&mut [0]).unwrap();
        },
        |client| (&client.0).write_all(&command(REPORT, &[], &[], &[0; 100])[..50]).unwrap(),
        |client| (&client.0).write_all(&command(0x176, &[NULL, NULL], &[], &[0, 16])).unwrap(),
    ];
    for end in ends {
        let mut client = managed(&running);
        for _ in 0..2 {
            sequence(&mut client).unwrap();
            Session::start(&mut client, 0xb, NULL);
        }
        assert_eq!(everything(&mut client).len(), 4);
        end(client);
        becomes_empty(&running);
    }
    // The ended connections occupy no slots.
    let mut client = managed(&running);
    (0..3).for_each(|_| assert!(sequence(&mut client).is_ok()));
}

#[test]
fn each_managed_connection_has_slots_and_handles_of_its_own() {
    let running = with_orphans(NEVER);
    let mut clients: Vec<_> = (0..5).map(|_| managed(&running)).collect();
    let mut sessions = Vec::new();
    for client in &mut clients {
        let handles: Vec<_> = (0..3).map(|_| sequence(client).unwrap()).collect();
        assert_eq!(handles, [VIRTUAL, VIRTUAL - 1, VIRTUAL - 2]);
        sessions.push((0..3).map(|_| Session::start(client, 0xb, NULL)).collect::<Vec<_>>());
    }
    for round in 0..3_u8 {
        for (number, client) in (0..).zip(&mut clients) {
            for slot in 0..3 {
                let bytes = [number, round, u8::try_from(slot).unwrap()];
                update(client, VIRTUAL - slot, &bytes).unwrap();
            }
        }
    }
    for ((number, client), sessions) in (0..).zip(&mut clients).zip(&mut sessions) {
        assert_eq!(listed(client, KINDS[0]), [VIRTUAL, VIRTUAL - 1, VIRTUAL - 2]);
        assert_eq!(listed(client, KINDS[1]), sessions.iter().map(|it| it.handle).collect::<Vec<_>>());
        for session in sessions {
            assert_eq!(session.nv_read(client, REPORT, (4, 0), 1).unwrap(), b"HCLA");
        }
        for slot in 0..3 {
            let all: Vec<u8> =
                (0..3).flat_map(|round| [number, round, u8::try_from(slot).unwrap()]).collect();
            let digest = digest::digest(&digest::SHA256, &all);
            assert_eq!(complete(client, VIRTUAL - slot).unwrap(), digest.as_ref());
        }
    }
    drop(clients);
    becomes_empty(&running);
}

#[test]
fn a_managed_connection_cannot_use_the_handles_of_another() {
    let running = with_orphans(NEVER);
    let (mut one, mut other) = (managed(&running), managed(&running));
    let handle = sequence(&mut one).unwrap();
    let mut session = Session::start(&mut one, 0xb, NULL);
    assert_eq!(everything(&mut other).len(), 1, "a saved session is visible, as behind the kernel");
    for handle in [handle, 0x8000_0000] {
        assert_eq!(update(&mut other, handle, b"x"), Err(REFERENCE_H0));
        assert_eq!(flush(&mut other, handle), Err(0x1cb));
        assert_eq!(other.run(CONTEXT_SAVE, &[handle], &[], &[]), Err(REFERENCE_H0));
    }
    let certify = [&password(b"")[..], &password(b"")].concat();
    // The second one of several handles is not loaded.
    let certified = other.run(0x148, &[0x8100_0003, handle], &certify, &[0, 0, 0, 0x10]);
    assert_eq!(certified, Err(REFERENCE_H0 + 1));
    // The other connection uses the session of the first.
    assert_eq!(session.nv_read(&mut other, REPORT, (4, 0), 1), Err(REFERENCE_S0));
    assert!(session.nv_read(&mut one, REPORT, (4, 0), 1).is_ok());
    // The TPM's own handle is unknown on the managed port.
    assert_eq!(update(&mut one, 0x8000_0000, b"x"), Err(REFERENCE_H0));
    assert!(update(&mut one, handle, b"x").is_ok());
}

#[test]
fn a_managed_connection_has_three_slots_of_each_kind() {
    let running = with_orphans(Duration::ZERO);
    let mut client = managed(&running);
    let handles: Vec<_> = (0..3).map(|_| sequence(&mut client).unwrap()).collect();
    assert_eq!(sequence(&mut client), Err(OBJECT_MEMORY));
    flush(&mut client, handles[1]).unwrap();
    assert_eq!(sequence(&mut client), Ok(handles[1]));
    // A completed sequence is gone.
    complete(&mut client, handles[0]).unwrap();
    assert_eq!(update(&mut client, handles[0], b"x"), Err(REFERENCE_H0));
    assert_eq!(sequence(&mut client), Ok(handles[0]));

    let sessions: Vec<_> = (0..3).map(|_| Session::start(&mut client, 0xb, NULL)).collect();
    assert_eq!(start_session(&mut client), Err(SESSION_MEMORY));
    flush(&mut client, sessions[2].handle).unwrap();
    assert!(start_session(&mut client).is_ok());
}

/// As tpm2-tools do it behind `/dev/tpmrm0`: each program loads what the one before it saved.
#[test]
fn a_saved_context_outlives_its_managed_connection() {
    let running = with_orphans(NEVER);
    let mut first = managed(&running);
    let mut session = Session::start(&mut first, 0xb, NULL);
    let handle = sequence(&mut first).unwrap();
    update(&mut first, handle, b"abc").unwrap();
    let saved_session = first.run(CONTEXT_SAVE, &[session.handle], &[], &[]).unwrap();
    let saved_object = first.run(CONTEXT_SAVE, &[handle], &[], &[]).unwrap();
    drop(first);
    let mut second = managed(&running);
    assert_eq!(u32_at(&second.run(CONTEXT_LOAD, &[], &[], &saved_session).unwrap(), 0), session.handle);
    assert_eq!(second.run(CONTEXT_LOAD, &[], &[], &saved_object).unwrap(), VIRTUAL.to_be_bytes());
    assert!(session.nv_read(&mut second, REPORT, (4, 0), 1).is_ok());
    assert_eq!(complete(&mut second, VIRTUAL).unwrap(), digest::digest(&digest::SHA256, b"abc").as_ref());
    // Now it belongs to the second one.
    drop(second);
    becomes_empty(&running);
}

#[test]
fn the_raw_port_keeps_what_ended_connections_made() {
    let running = with_orphans(NEVER);
    let handle = sequence(&mut Client::of(&running)).unwrap();
    update(&mut Client::of(&running), handle, b"a").unwrap();
    update(&mut Client::of(&running), handle, b"bc").unwrap();
    let digest = digest::digest(&digest::SHA256, b"abc");
    assert_eq!(complete(&mut Client::of(&running), handle).unwrap(), digest.as_ref());
}

#[test]
fn orphans_of_the_raw_port_make_room_when_slots_run_out() {
    let running = with_orphans(NEVER);
    // Six clients that have ended, each with an object and a session: these make room for those of the
    // following clients.
    let start = [&[0, 16][..], &[1; 16], &[0, 0, 0, 0, 0x10, 0, 0xb]].concat();
    for _ in 0..6 {
        orphan(&running);
        let answer = sent_by_another(&running, &command(0x176, &[NULL, NULL], &[], &start));
        assert_eq!(u32_at(&answer, 6), 0, "{answer:02x?}");
    }
    let mut client = Client::of(&running);
    assert_eq!(everything(&mut client).len(), 6);
    // A persistent object takes a slot while it is used, and so does a managed connection.
    let quote = [&[0, 0, 0, 0x10][..], &[0, 0, 0, 1, 0, 0xb, 3, 1, 0, 0]].concat();
    assert!(client.with_password(0x158, &[0x8100_0003], &quote).is_ok());
    assert!(listed(&mut client, KINDS[0]).len() < 3);
    let mut managed = managed(&running);
    (0..3).for_each(|_| assert!(sequence(&mut managed).is_ok()));
    (0..3).for_each(|_| assert!(start_session(&mut managed).is_ok()));
    assert_eq!(everything(&mut managed).len(), 6, "nothing of other clients is left");
}

#[test]
fn orphans_are_flushed_in_the_order_of_their_last_use() {
    let running = with_orphans(NEVER);
    let handles: Vec<_> = (0..3).map(|_| orphan(&running)).collect();
    let mut client = Client::of(&running);
    update(&mut client, handles[0], b"x").unwrap();
    // The second one was used least recently; the newcomer has its slot.
    assert_eq!(sequence(&mut client), Ok(handles[1]));
    assert_eq!(sequence(&mut client), Ok(handles[2]));
    assert_eq!(complete(&mut client, handles[0]).unwrap(), digest::digest(&digest::SHA256, b"x").as_ref());
}

/// However long it has not been used.
#[test]
fn objects_of_a_running_process_are_no_orphans() {
    let running = with_orphans(Duration::ZERO);
    let mut client = Client::of(&running);
    let handles: Vec<_> = (0..3).map(|_| sequence(&mut Client::of(&running)).unwrap()).collect();
    assert_eq!(sequence(&mut client), Err(OBJECT_MEMORY));
    let mut managed = managed(&running);
    assert_eq!(sequence(&mut managed), Err(OBJECT_MEMORY));
    for handle in handles {
        assert!(complete(&mut client, handle).is_ok());
    }
    assert!(sequence(&mut managed).is_ok());
}

/// A parent is the least recently used object when its child is loaded.
#[test]
fn handles_named_by_the_command_are_no_orphans() {
    let running = with_orphans(NEVER);
    let template = [
        &[0, 0x23, 0, 0xb, 0, 3, 0, 0x72, 0, 0, 0, 6, 0, 0x80, 0, 0x43][..],
        &[0, 0x10, 0, 3, 0, 0x10, 0, 0, 0, 0],
    ]
    .concat();
    let parameters = [&[0, 4, 0, 0, 0, 0][..], &len16(&template), &template, &[0; 6]].concat();
    let parent = sent_by_another(&running, &command(0x131, &[OWNER], &password(b""), &parameters));
    let parent = u32_at(&parent, 10);
    let mut client = Client::of(&running);
    let create = |_| match client.with_password(0x153, &[parent], &parameters) {
        // TPM_RC_RETRY: the cipher is tested when it is used first.
        Err(0x922) => None,
        other => Some(other),
    };
    let child = (0..100).find_map(create).unwrap().unwrap();
    let private = 2 + usize::from(u16::from_be_bytes([child[0], child[1]]));
    let public = 2 + usize::from(u16::from_be_bytes([child[private], child[private + 1]]));
    let others: Vec<_> = (0..2).map(|_| orphan(&running)).collect();
    let load = client.run(0x157, &[parent], &password(b""), &child[..private + public]).unwrap();
    assert_eq!(u32_at(&load, 0), others[0]);
    assert_eq!(listed(&mut client, KINDS[0]).len(), 3);
}

/// However long it has not used them.
#[test]
fn objects_of_an_open_managed_connection_are_no_orphans() {
    let running = with_orphans(Duration::ZERO);
    let mut owner = managed(&running);
    let handle = sequence(&mut owner).unwrap();
    let mut sessions: Vec<_> = (0..3).map(|_| Session::start(&mut owner, 0xb, NULL)).collect();
    // Others take all slots, and all numbers of sessions.
    for _ in 0..4 {
        orphan(&running);
    }
    let mut other = managed(&running);
    for _ in 0..100 {
        let session = start_session(&mut other).unwrap();
        other.run(CONTEXT_SAVE, &[session], &[], &[]).unwrap();
    }
    for session in &mut sessions {
        assert!(session.nv_read(&mut owner, REPORT, (4, 0), 1).is_ok());
    }
    assert_eq!(complete(&mut owner, handle).unwrap(), digest::digest(&digest::SHA256, b"").as_ref());
}

/// No client knows the handle in an unread response.
#[test]
fn an_unread_response_leaves_nothing_on_the_raw_port() {
    let running = with_orphans(NEVER);
    for number in 0..50 {
        let mut stream = TcpStream::connect(running.listens_on()).unwrap();
        stream.write_all(&command(SEQUENCE_START, &[], &[], &[0, 0, 0, 0xb])).unwrap();
        if number % 2 == 0 {
            // It has arrived, and stays unread.
            stream.peek(&mut [0]).unwrap();
        }
        drop(stream);
        // Else the next one may be faster than the end of this one.
        becomes_empty(&running);
    }
}

/// A saved session keeps its number, whichever client loads it. A client that is not visible loses it only
/// after it has not used it for a while.
#[test]
fn saved_sessions_make_room_when_their_numbers_run_out() {
    for (age, refused) in [(Duration::ZERO, None), (NEVER, Some(SESSION_HANDLES))] {
        let running = with_orphans(age);
        // Who loads a session that a managed connection saved, is not to be known.
        let mut client = managed(&running);
        let start_and_save = |client: &mut Client| {
            let session = start_session(client)?;
            client.run(CONTEXT_SAVE, &[session], &[], &[])
        };
        assert_eq!((0..100).find_map(|_| start_and_save(&mut client).err()), refused);
        assert_eq!(listed(&mut client, KINDS[2]).len(), 64);
    }
}

/// The TPM numbers what it saves with 16 bits. The oldest number must not fall behind: saving anything
/// is refused then.
#[test]
fn a_managed_connection_that_does_nothing_outlives_all_numbers_of_saved_sessions() {
    const NUMBERS: usize = 1 << 16;
    let running = with_orphans(NEVER);
    let mut clients: Vec<_> = (0..3).map(|_| managed(&running)).collect();
    let mut sessions: Vec<_> = clients.iter_mut().map(|client| Session::start(client, 0xb, NULL)).collect();
    // Two take turns, which saves a session each time.
    let list = command(0x17a, &[], &[], &[1, 0x0200_0000, 1].map(u32::to_be_bytes).concat());
    for _ in 0..NUMBERS / 2 + 10 {
        clients[1].bytes(&list);
        clients[2].bytes(&list);
    }
    for (session, client) in sessions.iter_mut().zip(&mut clients) {
        assert!(session.nv_read(client, REPORT, (4, 0), 1).is_ok());
    }
}
