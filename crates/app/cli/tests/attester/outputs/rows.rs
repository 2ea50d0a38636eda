//! A row for each verb, in the words of its command line; the names are those of `super::prepared`.

/// What a run leaves where -o points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// What was there, and this exit code.
    Old(i32),
    /// An answer of this run, and this exit code.
    New(i32),
}

use Leaves::{New, Old};

/// A verb.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) verb: &'static str,
    /// With which it succeeds.
    pub(super) arguments: &'static str,
    /// The files in them, and what comes of each if it holds something else.
    pub(super) files: &'static [(&'static str, Leaves)],
    /// What comes of it without a TPM, if it asks one.
    pub(super) without_tpm: Option<Leaves>,
    /// Arguments with which the answer is no, and what comes of that.
    pub(super) refused: &'static [(&'static str, Leaves)],
    /// What the product is.
    pub(super) product: Kind,
}

/// What a product is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file like any other.
    Public,
    /// What may be secret.
    Private,
    /// There is none.
    Nothing,
}

const PLAIN: Row =
    Row { verb: "", arguments: "", files: &[], without_tpm: None, refused: &[], product: Kind::Public };

/// What `seal encrypt` takes, but for the evidence.
macro_rules! sealed_to {
    ($nonce:literal, $anchor:literal) => {
        concat!(
            "--secret secret --key key.json ev.bundle --policy prod.toml --key-nonce @nonce --nonce ",
            $nonce,
            " ",
            $anchor
        )
    };
}

/// All verbs. An index is defined before it is written.
pub(super) const ROWS: &[Row] = &[
    Row {
        verb: "verify",
        arguments: "ev.bundle --nonce @nonce --anchor root.der --policy prod.toml --endorsements certificates",
        files: &[
            ("ev.bundle", Old(3)),
            ("nonce", New(5)),
            ("root.der", Old(3)),
            ("prod.toml", Old(3)),
            ("certificates", Old(3)),
        ],
        refused: &[
            ("ev.bundle --nonce utf8:other --anchor root.der --policy prod.toml", New(5)),
            ("ev.bundle --nonce @nonce --policy prod.toml", New(4)),
            ("ev.bundle --nonce @nonce --anchor root.der --policy strict.toml", New(6)),
            ("ev.bundle --nonce @nonce --anchor root.der", New(10)),
            ("--each ev.bundle --nonce utf8:other --anchor root.der --policy prod.toml", New(5)),
            ("--each ev.bundle no-such-file --nonce @nonce --anchor root.der --policy prod.toml", New(2)),
            ("--each garbage --nonce @nonce --anchor root.der --policy prod.toml", New(3)),
            ("--each ev.bundle --nonce @nonce --anchor no-such-file --policy prod.toml", Old(2)),
            ("--each ev.bundle - --nonce @nonce", Old(2)),
        ],
        ..PLAIN
    },
    Row { verb: "inspect", arguments: "ev.bundle", files: &[("ev.bundle", Old(3))], ..PLAIN },
    Row { verb: "explain", arguments: "7", refused: &[("no.such.check", Old(2))], ..PLAIN },
    Row {
        verb: "collect azure",
        arguments: "--nonce @nonce --user-data @data --event-log log --offline",
        // The log may be missing, and is looked at by nobody here.
        files: &[("nonce", New(0)), ("data", New(0)), ("log", New(0))],
        without_tpm: Some(Old(9)),
        refused: &[(
            "--nonce utf8:a-nonce-of-more-than-fifty-bytes-is-more-than-a-TPM-takes --offline",
            Old(2),
        )],
        ..PLAIN
    },
    Row {
        verb: "bundle create",
        arguments: "ev.bundle --endorsements certificates",
        files: &[("ev.bundle", Old(3)), ("certificates", Old(3))],
        refused: &[("root.der", Old(2))],
        ..PLAIN
    },
    Row { verb: "bundle show", arguments: "ev.bundle", files: &[("ev.bundle", Old(3))], ..PLAIN },
    Row {
        verb: "bundle export",
        arguments: "ev.bundle --json",
        files: &[("ev.bundle", Old(3))],
        refused: &[("ev.bundle --dir taken", Old(2))],
        ..PLAIN
    },
    Row {
        verb: "bundle redact",
        arguments: "ev.bundle --salt @salt",
        files: &[("ev.bundle", Old(3)), ("salt", New(0))],
        refused: &[("ev.bundle --salt hex:00", Old(2))],
        ..PLAIN
    },
    Row {
        verb: "policy check",
        arguments: "prod.toml",
        // The mistakes are the answer.
        files: &[("prod.toml", New(3))],
        ..PLAIN
    },
    Row {
        verb: "policy suggest",
        arguments: "ev.bundle --anchor root.der",
        files: &[("ev.bundle", Old(3)), ("root.der", Old(3))],
        refused: &[("ev.bundle", Old(4)), ("ev.bundle --name builtin:mine", Old(2))],
        ..PLAIN
    },
    Row {
        verb: "policy test",
        arguments: "prod.toml ev.bundle --anchor root.der",
        // A file that cannot be read is a line of the report.
        files: &[("prod.toml", Old(3)), ("ev.bundle", New(3)), ("root.der", Old(3))],
        refused: &[
            ("prod.toml ev.bundle", New(4)),
            ("strict.toml ev.bundle --anchor root.der", New(6)),
            ("prod.toml no-such-file --anchor root.der", New(2)),
        ],
        ..PLAIN
    },
    Row { verb: "policy reference", ..PLAIN },
    Row {
        verb: "vtpm report",
        arguments: "--user-data @data",
        files: &[("data", New(0))],
        without_tpm: Some(Old(9)),
        refused: &[("--user-data hex:00", Old(2))],
        ..PLAIN
    },
    Row {
        verb: "vtpm quote",
        arguments: "--nonce @nonce -m message -s signature",
        files: &[("nonce", New(0))],
        without_tpm: Some(Old(9)),
        refused: &[
            ("--no-nonce --key 0x81000009 -m message -s signature", Old(9)),
            ("--no-nonce -m message -s no-such-folder/signature", Old(2)),
            ("--no-nonce -m message -s message", Old(2)),
            ("--no-nonce -m ./same -s certificates/../same", Old(2)),
            ("--nonce @nonce -m nonce -s signature", Old(2)),
        ],
        ..PLAIN
    },
    Row {
        verb: "vtpm pcr read",
        arguments: "sha256:0-7",
        without_tpm: Some(Old(9)),
        refused: &[("sha3_512:0", Old(2))],
        ..PLAIN
    },
    Row {
        verb: "vtpm pcr extend",
        arguments: "sha256:16 @digest",
        files: &[("digest", Old(2))],
        without_tpm: Some(Old(9)),
        refused: &[("sha256:16 hex:00", Old(2))],
        product: Kind::Nothing,
    },
    Row { verb: "vtpm nv list", without_tpm: Some(Old(9)), ..PLAIN },
    Row {
        verb: "vtpm nv define",
        arguments: "0x01500030 --size 10 --policy @digest",
        files: &[("digest", Old(9))],
        without_tpm: Some(Old(9)),
        refused: &[("0x01500030 --size 10 --attributes none", Old(2))],
        product: Kind::Nothing,
    },
    Row {
        verb: "vtpm nv write",
        arguments: "0x01500030 @secret",
        files: &[("secret", Old(9))],
        without_tpm: Some(Old(9)),
        refused: &[("0x01500031 @secret", Old(9))],
        product: Kind::Nothing,
    },
    Row {
        verb: "vtpm nv read",
        arguments: "0x01500040",
        without_tpm: Some(Old(9)),
        refused: &[("0x01500031", Old(9))],
        product: Kind::Private,
        ..PLAIN
    },
    Row {
        verb: "vtpm nv undefine",
        arguments: "0x01500030",
        without_tpm: Some(Old(9)),
        refused: &[("0x01500031", Old(9))],
        product: Kind::Nothing,
        ..PLAIN
    },
    Row { verb: "vtpm ak", without_tpm: Some(Old(9)), ..PLAIN },
    Row {
        verb: "vtpm ek",
        arguments: "--certificate",
        without_tpm: Some(Old(9)),
        // Azure's paravisor keeps no key there.
        refused: &[("", Old(9))],
        ..PLAIN
    },
    Row {
        verb: "vtpm log",
        arguments: "--event-log log",
        // Whatever the kernel says.
        files: &[("log", New(0))],
        ..PLAIN
    },
    Row {
        verb: "seal key",
        arguments: "--nonce @nonce",
        files: &[("nonce", New(0))],
        without_tpm: Some(Old(9)),
        refused: &[("--no-nonce --pcrs sha1:0", Old(2))],
        ..PLAIN
    },
    Row {
        verb: "seal encrypt",
        arguments: sealed_to!("@nonce", "--anchor root.der"),
        files: &[
            ("secret", New(0)),
            ("key.json", Old(3)),
            ("ev.bundle", Old(3)),
            ("prod.toml", Old(3)),
            ("nonce", Old(5)),
            ("root.der", Old(3)),
        ],
        refused: &[
            (sealed_to!("utf8:other", "--anchor root.der"), Old(5)),
            (sealed_to!("@nonce", ""), Old(4)),
            (sealed_to!("@nonce", "--anchor root.der --pcrs sha256:0"), Old(6)),
            ("--secret secret --key key.json ev.bundle --nonce @nonce --anchor root.der", Old(10)),
            (
                "--secret secret --key key.json ev.bundle --nonce @nonce --anchor root.der --policy strict.toml",
                Old(6),
            ),
        ],
        product: Kind::Private,
        ..PLAIN
    },
    Row {
        verb: "seal encrypt-unverified",
        arguments: "--secret secret --key key.json",
        files: &[("secret", New(0)), ("key.json", Old(3))],
        product: Kind::Private,
        ..PLAIN
    },
    Row {
        verb: "seal decrypt",
        arguments: "sealed",
        files: &[("sealed", Old(3))],
        without_tpm: Some(Old(9)),
        refused: &[("altered", Old(4)), ("cut", Old(4))],
        product: Kind::Private,
    },
    Row {
        verb: "doctor",
        arguments: "--event-log log --offline",
        files: &[("log", New(0))],
        // What is missing is the answer.
        without_tpm: Some(New(9)),
        ..PLAIN
    },
    Row { verb: "completions", arguments: "bash", refused: &[("no-such-shell", Old(2))], ..PLAIN },
    Row { verb: "man", refused: &[("--output-dir no-such-folder", Old(2))], ..PLAIN },
];
