#!/bin/bash
# Records quotes of a software TPM for the tests of teeproof-tpm: the relabelling attack.
#
# The attestation key is made as Azure's paravisor makes its own: a restricted RSA-2048 primary key
# of the endorsement hierarchy, so that a verifier can recompute the name under which it signs.
# Registers 16 and 23, which anybody may extend, get values of our choice. One quote is over them,
# and one, the control, over registers 0 and 1.
#
# Needs (Debian): swtpm, tpm2-tools, openssl, xxd.
# Writes these files into the folder given, by default the one of this script, and nothing else;
# the TPM's state lies in a folder of mktemp's and is removed at the end:
#   ak.der                                the key, SubjectPublicKeyInfo
#   ak-name.bin                           its name, as the TPM tells it
#   quote-{16-23,0-1}.msg                 TPMS_ATTEST
#   quote-{16-23,0-1}.sig                 the signature alone, 256 bytes
#   quote-{16-23,0-1}.tss                 the same quote once more, with its signature as
#   quote-{16-23,0-1}.tss.msg             TPMT_SIGNATURE (a second message: the clock has moved)
#   pcrs-{16-23,0-1}.bin                  the values of the two registers, one after the other
set -euo pipefail

out=$(realpath "${1:-$(dirname "$0")}")
# What the quotes answer: 16 bytes.
nonce=$(printf 'relabel me never' | xxd -p)

# shellcheck source=software-tpm.sh
. "$(dirname "$0")/software-tpm.sh"
start_tpm
make_attestation_key
tpm2_readpublic --quiet -c "$ak" -f der -o "$out/ak.der" -n "$out/ak-name.bin"

# What an attacker would like registers 0 and 1 to be.
extend_registers 'a good firmware'

quote() { # name, registers
    tpm2_quote --quiet -c "$ak" -l "sha256:$2" -q "$nonce" -g sha256 \
        -f plain -m "$out/quote-$1.msg" -s "$out/quote-$1.sig"
    tpm2_quote --quiet -c "$ak" -l "sha256:$2" -q "$nonce" -g sha256 \
        -f tss -m "$out/quote-$1.tss.msg" -s "$out/quote-$1.tss"
    tpm2_pcrread --quiet "sha256:$2" -o "$out/pcrs-$1.bin"
}
quote 16-23 16,23
quote 0-1 0,1
chmod 644 "$out"/ak.der "$out"/ak-name.bin "$out"/quote-{16-23,0-1}.* "$out"/pcrs-{16-23,0-1}.bin

# Somebody else than teeproof holds each signature for good.
for name in 16-23 0-1; do
    openssl pkey -pubin -inform DER -in "$out/ak.der" -out "$work/ak.pem"
    openssl dgst -sha256 -verify "$work/ak.pem" -signature "$out/quote-$name.sig" "$out/quote-$name.msg"
done
