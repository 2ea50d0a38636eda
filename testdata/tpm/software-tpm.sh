# What the recorders share: a software TPM, and an attestation key in it made as Azure's paravisor makes
# its own, a restricted RSA-2048 primary key of the endorsement hierarchy, so that a verifier can
# recompute the name under which it signs.
#
# Sourced, not run. Needs (Debian): swtpm, tpm2-tools. Leaves $work, a folder that goes at the end with the
# TPM, and $ak, the handle of the key.

work=$(mktemp -d)
ak=0x81000003

finish() {
    if [ -s "$work/pid" ]; then kill "$(cat "$work/pid")" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap finish EXIT

start_tpm() {
    local port=${TPM_PORT:-2721}
    mkdir "$work/state"
    # As a daemon it changes its folder, so paths are absolute.
    swtpm socket --tpm2 --tpmstate "dir=$work/state" \
        --server "type=tcp,port=$port,bindaddr=127.0.0.1" \
        --ctrl "type=tcp,port=$((port + 1)),bindaddr=127.0.0.1" \
        --flags not-need-init,startup-clear --daemon --pid "file=$work/pid"
    export TPM2TOOLS_TCTI="swtpm:host=127.0.0.1,port=$port"
}

make_attestation_key() {
    tpm2_createprimary --quiet -C e -G rsa2048:rsassa-sha256:null -g sha256 \
        -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign|noda' -c "$work/ak.ctx"
    # It is kept at a handle: each command would load a context anew, and the TPM's memory is short.
    tpm2_evictcontrol --quiet -C o -c "$work/ak.ctx" "$ak"
    tpm2_flushcontext -t
}

# Registers 16 and 23, which anybody may extend, get values that follow from a text.
extend_registers() { # text
    local register digest
    for register in 16 23; do
        digest=$(printf '%s, register %s' "$1" "$register" | sha256sum | cut -d ' ' -f 1)
        tpm2_pcrextend "$register:sha256=$digest"
    done
}
