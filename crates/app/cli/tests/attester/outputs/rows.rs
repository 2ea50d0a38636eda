//! A row for each verb, in the words of its command line; the names are those of `super::prepared`.

/// What a run leaves where -o points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// What was there, and this exit code.
    Kept(i32),
    /// An answer of this run, and this exit code.
    Replaced(i32),
}

use After::{Kept, Replaced};

/// A verb.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) verb: &'static str,
    /// With which it succeeds.
    pub(super) arguments: &'static str,
    /// The files in them, and what comes of each if it holds something else.
    pub(super) files: &'static [(&'static str, After)],
    /// What comes of it without a TPM, if it asks one.
    pub(super) without_tpm: Option<After>,
    /// Arguments with which the answer is no, and what comes of that.
    pub(super) refused: &'static [(&'static str, After)],
    /// What the product is.
    pub(super) product: ProductKind,
}

/// What a product is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProductKind {
    /// A file like any other.
    Public,
    /// What may be secret.
    Private,
    /// No file.
    Nothing,
}

const PLAIN: Row = Row {
    verb: "",
    arguments: "",
    files: &[],
    without_tpm: None,
    refused: &[],
    product: ProductKind::Public,
};

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
            ("ev.bundle", Kept(3)),
            ("nonce", Replaced(5)),
            ("root.der", Kept(3)),
            ("prod.toml", Kept(3)),
            ("certificates", Kept(3)),
        ],
        refused: &[
            ("ev.bundle --nonce utf8:other --anchor root.der --policy prod.toml", Replaced(5)),
            ("ev.bundle --nonce @nonce --policy prod.toml", Replaced(4)),
            ("ev.bundle --nonce @nonce --anchor root.der --policy strict.toml", Replaced(6)),
            ("ev.bundle --nonce @nonce --anchor root.der", Replaced(10)),
            ("--each ev.bundle --nonce utf8:other --anchor root.der --policy prod.toml", Replaced(5)),
            (
                "--each ev.bundle no-such-file --nonce @nonce --anchor root.der --policy prod.toml",
                Replaced(2),
            ),
            ("--each garbage --nonce @nonce --anchor root.der --policy prod.toml", Replaced(3)),
            ("--each ev.bundle --nonce @nonce --anchor no-such-file --policy prod.toml", Kept(2)),
            ("--each ev.bundle - --nonce @nonce", Kept(2)),
        ],
        ..PLAIN
    },
    Row { verb: "inspect", arguments: "ev.bundle", files: &[("ev.bundle", Kept(3))], ..PLAIN },
    Row { verb: "explain", arguments: "7", refused: &[("no.such.check", Kept(2))], ..PLAIN },
    Row {
        verb: "collect azure",
        arguments: "--nonce @nonce --user-data @data --event-log log --offline",
        // The log may be missing, and is looked at by nobody here.
        files: &[("nonce", Replaced(0)), ("data", Replaced(0)), ("log", Replaced(0))],
        without_tpm: Some(Kept(9)),
        refused: &[(
            "--nonce utf8:a-nonce-of-more-than-fifty-bytes-is-more-than-a-TPM-takes --offline",
            Kept(2),
        )],
        ..PLAIN
    },
    Row {
        verb: "collect nitro",
        arguments: "--nonce @nonce",
        files: &[("nonce", Replaced(0))],
        refused: &[
            ("--nonce hex:", Kept(2)),
            ("--no-nonce --nsm device:/dev/no-such-nsm", Kept(9)),
            ("--nonce @nonce --from unix:no-such-socket", Kept(8)),
        ],
        ..PLAIN
    },
    #[cfg(feature = "direct")]
    Row {
        verb: "collect nitro-tpm",
        arguments: "--nonce @nonce --user-data @data",
        files: &[("nonce", Replaced(0)), ("data", Replaced(0))],
        without_tpm: Some(Kept(9)),
        refused: &[("--nonce hex:", Kept(2)), ("--no-nonce --tpm device:/dev/no-such-tpm", Kept(9))],
        ..PLAIN
    },
    Row {
        verb: "eif build",
        arguments: "--kernel data --cmdline @nonce --ramdisk secret",
        files: &[("data", Replaced(0)), ("nonce", Replaced(0)), ("secret", Replaced(0))],
        refused: &[
            ("--kernel no-such-file --cmdline x --ramdisk secret", Kept(2)),
            ("--kernel data --cmdline x --ramdisk secret --private-key secret", Kept(2)),
        ],
        ..PLAIN
    },
    Row { verb: "eif show", arguments: "image.eif", files: &[("image.eif", Kept(3))], ..PLAIN },
    Row {
        verb: "eif measure",
        arguments: "image.eif",
        files: &[("image.eif", Kept(3))],
        refused: &[("image.eif --role nobody", Kept(2))],
        ..PLAIN
    },
    Row { verb: "eif sections", arguments: "image.eif", files: &[("image.eif", Kept(3))], ..PLAIN },
    Row {
        verb: "eif match",
        arguments: "image.eif measured.json --unverified",
        files: &[("image.eif", Kept(3)), ("measured.json", Kept(3))],
        refused: &[("image.eif document.cose", Replaced(6)), ("image.eif measured.json", Kept(2))],
        ..PLAIN
    },
    Row { verb: "nsm describe", refused: &[("--nsm wrong", Kept(2))], ..PLAIN },
    Row { verb: "nsm pcr describe", arguments: "0 16", refused: &[("32", Kept(2))], ..PLAIN },
    Row {
        verb: "nsm pcr extend",
        arguments: "17 @data",
        files: &[("data", Replaced(0))],
        refused: &[("0 @data", Kept(9)), ("17 hex:0", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "nsm pcr lock",
        arguments: "16",
        refused: &[("0", Kept(9))],
        product: ProductKind::Nothing,
        ..PLAIN
    },
    Row {
        verb: "nsm pcr lock-range",
        arguments: "16",
        refused: &[("33", Kept(2))],
        product: ProductKind::Nothing,
        ..PLAIN
    },
    Row {
        verb: "nsm attest",
        arguments: "--nonce @nonce --user-data @data",
        files: &[("nonce", Replaced(0)), ("data", Replaced(0))],
        refused: &[("--no-nonce --nsm device:/dev/no-such-nsm", Kept(9))],
        ..PLAIN
    },
    Row { verb: "nsm random", refused: &[("0", Kept(2))], product: ProductKind::Private, ..PLAIN },
    Row {
        verb: "nsm fetch",
        arguments: "ROAD --nonce @nonce",
        files: &[("nonce", Replaced(0))],
        refused: &[("unix:no-such-socket --nonce @nonce", Kept(8)), ("ROAD --nonce hex:", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "bundle create",
        arguments: "ev.bundle --endorsements certificates",
        files: &[("ev.bundle", Kept(3)), ("certificates", Kept(3))],
        refused: &[("root.der", Kept(2))],
        ..PLAIN
    },
    Row { verb: "bundle show", arguments: "ev.bundle", files: &[("ev.bundle", Kept(3))], ..PLAIN },
    Row {
        verb: "bundle export",
        arguments: "ev.bundle --json",
        files: &[("ev.bundle", Kept(3))],
        refused: &[("ev.bundle --dir taken", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "bundle redact",
        arguments: "ev.bundle --salt @salt",
        files: &[("ev.bundle", Kept(3)), ("salt", Replaced(0))],
        refused: &[("ev.bundle --salt hex:00", Kept(2))],
        ..PLAIN
    },
    // The folder of the cache is outside of that of the rows, because a run may change it.
    Row {
        verb: "cache list",
        arguments: "--cache-dir ../row-cache",
        refused: &[("--cache-dir nonce", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "cache prefetch",
        arguments: "root.der --offline --cache-dir ../row-cache",
        // A file that cannot be read is a line of the report.
        files: &[("root.der", Replaced(3))],
        refused: &[
            ("ev.bundle --offline --cache-dir ../row-cache", Replaced(7)),
            ("root.der --offline --cache-dir nonce", Kept(2)),
        ],
        ..PLAIN
    },
    Row {
        verb: "cache prune",
        arguments: "--cache-dir ../row-cache",
        refused: &[("--cache-dir nonce", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "cache export",
        arguments: "--cache-dir ../row-cache",
        refused: &[("--cache-dir nonce", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "cache import",
        arguments: "moved --cache-dir ../row-cache",
        files: &[("moved", Kept(3))],
        refused: &[("moved-false --cache-dir ../row-cache", Replaced(3))],
        ..PLAIN
    },
    Row {
        verb: "bundle refresh",
        arguments: "document.bundle --offline",
        files: &[("document.bundle", Kept(3))],
        refused: &[("ev.bundle --offline", Kept(7))],
        ..PLAIN
    },
    Row {
        verb: "fetch",
        arguments: "document.bundle --offline",
        files: &[("document.bundle", Kept(3))],
        // The list is not the file; an incomplete bundle is not written.
        refused: &[("ev.bundle --offline --refresh", Kept(7)), ("root.der --offline", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "kms lint-policy",
        arguments: "key-policy.json",
        files: &[("key-policy.json", Kept(3))],
        ..PLAIN
    },
    Row {
        verb: "policy check",
        arguments: "prod.toml",
        // The mistakes are the answer.
        files: &[("prod.toml", Replaced(3))],
        ..PLAIN
    },
    Row {
        verb: "policy suggest",
        arguments: "ev.bundle --anchor root.der",
        files: &[("ev.bundle", Kept(3)), ("root.der", Kept(3))],
        refused: &[("ev.bundle", Kept(4)), ("ev.bundle --name builtin:mine", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "policy test",
        arguments: "prod.toml ev.bundle --anchor root.der",
        // A file that cannot be read is a line of the report.
        files: &[("prod.toml", Kept(3)), ("ev.bundle", Replaced(3)), ("root.der", Kept(3))],
        refused: &[
            ("prod.toml ev.bundle", Replaced(4)),
            ("strict.toml ev.bundle --anchor root.der", Replaced(6)),
            ("prod.toml no-such-file --anchor root.der", Replaced(2)),
        ],
        ..PLAIN
    },
    Row { verb: "policy reference", ..PLAIN },
    Row {
        verb: "vtpm report",
        arguments: "--user-data @data",
        files: &[("data", Replaced(0))],
        without_tpm: Some(Kept(9)),
        refused: &[("--user-data hex:00", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "vtpm quote",
        arguments: "--nonce @nonce -m message -s signature",
        files: &[("nonce", Replaced(0))],
        without_tpm: Some(Kept(9)),
        refused: &[
            ("--no-nonce --key 0x81000009 -m message -s signature", Kept(9)),
            ("--no-nonce -m message -s no-such-folder/signature", Kept(2)),
            ("--no-nonce -m message -s message", Kept(2)),
            ("--no-nonce -m ./target -s signature", Kept(2)),
            ("--no-nonce -m ./same -s certificates/../same", Kept(2)),
            ("--nonce @nonce -m nonce -s signature", Kept(2)),
        ],
        ..PLAIN
    },
    Row {
        verb: "vtpm pcr read",
        arguments: "sha256:0-7",
        without_tpm: Some(Kept(9)),
        refused: &[("sha3_512:0", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "vtpm pcr extend",
        arguments: "sha256:16 @digest",
        files: &[("digest", Kept(2))],
        without_tpm: Some(Kept(9)),
        refused: &[("sha256:16 hex:00", Kept(2))],
        product: ProductKind::Nothing,
    },
    Row { verb: "vtpm nv list", without_tpm: Some(Kept(9)), ..PLAIN },
    Row {
        verb: "vtpm nv define",
        arguments: "0x01500030 --size 10 --policy @digest",
        files: &[("digest", Kept(9))],
        without_tpm: Some(Kept(9)),
        refused: &[("0x01500030 --size 10 --attributes none", Kept(2))],
        product: ProductKind::Nothing,
    },
    Row {
        verb: "vtpm nv write",
        arguments: "0x01500030 @secret",
        files: &[("secret", Kept(9))],
        without_tpm: Some(Kept(9)),
        refused: &[("0x01500031 @secret", Kept(9))],
        product: ProductKind::Nothing,
    },
    Row {
        verb: "vtpm nv read",
        arguments: "0x01500040",
        without_tpm: Some(Kept(9)),
        refused: &[("0x01500031", Kept(9))],
        product: ProductKind::Private,
        ..PLAIN
    },
    Row {
        verb: "vtpm nv undefine",
        arguments: "0x01500030",
        without_tpm: Some(Kept(9)),
        refused: &[("0x01500031", Kept(9))],
        product: ProductKind::Nothing,
        ..PLAIN
    },
    Row { verb: "vtpm ak", without_tpm: Some(Kept(9)), ..PLAIN },
    Row {
        verb: "vtpm ek",
        arguments: "--certificate",
        without_tpm: Some(Kept(9)),
        // Azure's paravisor keeps no key there.
        refused: &[("", Kept(9))],
        ..PLAIN
    },
    Row {
        verb: "vtpm log",
        arguments: "--event-log log",
        // Whatever the kernel says.
        files: &[("log", Replaced(0))],
        ..PLAIN
    },
    Row {
        verb: "seal key",
        arguments: "--nonce @nonce",
        files: &[("nonce", Replaced(0))],
        without_tpm: Some(Kept(9)),
        refused: &[("--no-nonce --pcrs sha1:0", Kept(2))],
        ..PLAIN
    },
    Row {
        verb: "seal encrypt",
        arguments: sealed_to!("@nonce", "--anchor root.der"),
        files: &[
            ("secret", Replaced(0)),
            ("key.json", Kept(3)),
            ("ev.bundle", Kept(3)),
            ("prod.toml", Kept(3)),
            ("nonce", Kept(5)),
            ("root.der", Kept(3)),
        ],
        refused: &[
            (sealed_to!("utf8:other", "--anchor root.der"), Kept(5)),
            (sealed_to!("@nonce", ""), Kept(4)),
            (sealed_to!("@nonce", "--anchor root.der --pcrs sha256:0"), Kept(6)),
            ("--secret secret --key key.json ev.bundle --nonce @nonce --anchor root.der", Kept(10)),
            (
                "--secret secret --key key.json ev.bundle --nonce @nonce --anchor root.der --policy strict.toml",
                Kept(6),
            ),
        ],
        product: ProductKind::Private,
        ..PLAIN
    },
    Row {
        verb: "seal encrypt-unverified",
        arguments: "--secret secret --key key.json",
        files: &[("secret", Replaced(0)), ("key.json", Kept(3))],
        product: ProductKind::Private,
        ..PLAIN
    },
    Row {
        verb: "seal decrypt",
        arguments: "sealed",
        files: &[("sealed", Kept(3))],
        without_tpm: Some(Kept(9)),
        refused: &[("altered", Kept(4)), ("cut", Kept(4))],
        product: ProductKind::Private,
    },
    Row {
        verb: "doctor",
        arguments: "--event-log log --offline",
        files: &[("log", Replaced(0))],
        // What is missing is the answer.
        without_tpm: Some(Replaced(9)),
        ..PLAIN
    },
    Row { verb: "completions", arguments: "bash", refused: &[("no-such-shell", Kept(2))], ..PLAIN },
    Row { verb: "man", refused: &[("--output-dir no-such-folder", Kept(2))], ..PLAIN },
];
