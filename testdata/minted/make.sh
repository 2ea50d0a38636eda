#!/usr/bin/env bash
# Makes the minted evidence of this folder anew: one Azure confidential VM on Genoa and one EC2 instance with
# NitroTPM that were never started, under throwaway keys that are gone when this ends. Needs what building teeproof needs.
# The files differ each time; write their hashes into ../origins.toml (cargo xtask vectors names
# those that differ).
set -euo pipefail
cd "$(dirname "$0")"
loose=$(mktemp -d)
trap 'rm -rf "$loose"' EXIT

cargo run --quiet --package teeproof-mint --example azure_evidence -- \
    "$loose" --nonce utf8:minted-for-the-readme
cargo run --quiet --release -- --quiet bundle create \
    "$loose"/{hcl-report.bin,quote.msg,quote.sig,pcrs.txt,event-log.bin} \
    "$loose"/{vcek.der,ask.der,ak.der,ak-ca.der,ak-root.der} \
    --report boot --collected 2026-01-15T12:00:00Z --output azure-genoa.bundle
cp "$loose/ark.der" "$loose/ak-root.der" .

cargo run --quiet --package teeproof-mint --example nitrotpm_document -- "$loose/nitro"
cp "$loose/nitro/nitrotpm.cose" "$loose/nitro/nitro-root.der" .
