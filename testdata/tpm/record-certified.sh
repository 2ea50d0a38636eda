#!/bin/bash
# Records keys of a software TPM that the attestation key certified, for the tests of teeproof-tpm:
# keys that a secret may be encrypted to, and one that it may not.
#
# The attestation key is made as Azure's paravisor makes its own (see software-tpm.sh). The keys are
# primary keys of the null hierarchy, which are gone when the TPM is restarted. Registers 16 and 23,
# which anybody may extend, get values of our choice; the policy is over registers 7 and 16, and the
# quote over these and two more.
#
# Needs (Debian): swtpm, tpm2-tools, openssl, xxd.
# Writes these files into the folder given, by default the one of this script, and nothing else;
# the TPM's state lies in a folder of mktemp's and is removed at the end:
#   certified-ak.der                      the attestation key, SubjectPublicKeyInfo
#   certified-quote.{msg,sig}             a quote over registers 0, 7, 16 and 23
#   certified-pcrs.bin                    their values, one after the other
#   certified-policy.bin                  the policy over registers 7 and 16, as the TPM tells it
#   certified-key.{pub,msg,sig}           a key under it: TPMT_PUBLIC; its certification,
#                                         TPMS_ATTEST; the signature alone, 256 bytes
#   certified-oaep.{pub,msg,sig}          the same with the scheme OAEP with SHA-256: TPM2B_PUBLIC;
#                                         TPMS_ATTEST; TPMT_SIGNATURE
#   certified-password.{pub,msg,sig}      a key that a password opens as well; forms as of the first
set -euo pipefail

out=$(realpath "${1:-$(dirname "$0")}")
# What the quote answers. tpm2_certify takes no nonce: its certifications answer 00ff55aa.
nonce=$(printf 'what is the state' | xxd -p)
policy_registers=7,16

# shellcheck source=software-tpm.sh
. "$(dirname "$0")/software-tpm.sh"
start_tpm
make_attestation_key
tpm2_readpublic --quiet -c "$ak" -f der -o "$out/certified-ak.der"

extend_registers 'a state to seal to'
tpm2_quote --quiet -c "$ak" -l sha256:0,7,16,23 -q "$nonce" -g sha256 \
    -f plain -m "$out/certified-quote.msg" -s "$out/certified-quote.sig"
tpm2_pcrread --quiet sha256:0,7,16,23 -o "$out/certified-pcrs.bin"

tpm2_startauthsession --quiet -S "$work/trial.ctx"
tpm2_policypcr --quiet -S "$work/trial.ctx" -l "sha256:$policy_registers" -L "$out/certified-policy.bin"
tpm2_flushcontext "$work/trial.ctx"

certify() { # name, algorithm, attributes, form of the public area, form of the signature
    tpm2_createprimary --quiet -C n -G "$2" -g sha256 -a "$3" -L "$out/certified-policy.bin" \
        -c "$work/$1.ctx"
    tpm2_flushcontext -t
    tpm2_readpublic --quiet -c "$work/$1.ctx" -f "$4" -o "$out/certified-$1.pub"
    tpm2_flushcontext -t
    tpm2_readpublic --quiet -c "$work/$1.ctx" -f pem -o "$work/$1.pem"
    tpm2_flushcontext -t
    tpm2_certify --quiet -c "$work/$1.ctx" -C "$ak" -g sha256 \
        -f "$5" -o "$out/certified-$1.msg" -s "$out/certified-$1.sig"
    tpm2_flushcontext -t
}
guarded='fixedtpm|fixedparent|sensitivedataorigin|noda|decrypt'
certify key rsa2048:null:null "$guarded" tpmt plain
certify oaep rsa2048:oaep-sha256:null "$guarded" tss tss
certify password rsa2048:null:null "$guarded|userwithauth" tpmt plain
chmod 644 "$out"/certified-*

# Somebody else than teeproof holds each plain signature for good.
openssl pkey -pubin -inform DER -in "$out/certified-ak.der" -out "$work/ak.pem"
for name in quote key password; do
    openssl dgst -sha256 -verify "$work/ak.pem" \
        -signature "$out/certified-$name.sig" "$out/certified-$name.msg"
done

# The TPM decrypts under the policy, and not after a register of it has changed.
decrypt() {
    tpm2_startauthsession --policy-session -S "$work/session.ctx"
    tpm2_policypcr --quiet -S "$work/session.ctx" -l "sha256:$policy_registers"
    tpm2_rsadecrypt -c "$work/key.ctx" -s rsaes -p "session:$work/session.ctx" "$work/sealed"
}
printf 'a secret' | openssl pkeyutl -encrypt -pubin -inkey "$work/key.pem" -out "$work/sealed"
[ "$(decrypt)" = 'a secret' ]
tpm2_flushcontext "$work/session.ctx"
tpm2_flushcontext -t
tpm2_pcrextend "16:sha256=$(printf 'another state' | sha256sum | cut -d ' ' -f 1)"
if decrypt 2>/dev/null; then echo 'the policy does not hold' >&2; exit 1; fi
echo 'the policy holds'
