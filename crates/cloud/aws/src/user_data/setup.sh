#!/bin/bash
# Starts the enclave of this instance, at every boot, and reports each step.
set -u
export LC_ALL=C
umask 022
root=
# shellcheck source=/dev/null
. "$root/etc/teeproof/parent.env"
etc=$root/etc/teeproof
kept=$root/var/lib/teeproof
logs=$root/var/log/teeproof
run=$root/run/teeproof
mkdir -p "$kept" "$logs" "$run"
rm -f "$run/cid" "$run/report.json"

# Standard input as the inside of a JSON string, in ASCII.
json() {
  tr '\000-\011\013-\037\177-\377' '?' | sed -e 's/["\\]/\\&/g' -e 's/$/\\n/' | tr -d '\n'
}

# report STATE STEPS
report() {
  printf '{"version":1,"deployment":"%s","boot":"%s","state":"%s","steps":[%s]}\n' "$DEPLOYMENT" \
    "$(cat "$root/proc/sys/kernel/random/boot_id")" "$1" "$2" >"$run/report.new"
  mv -f "$run/report.new" "$run/report.json"
}

# fail CODE TEXT
fail() {
  code=$1 text=$2
  return 1
}

stop_step() {
  local entry
  entry=$(printf '{"step":"%s","state":"failed","code":"%s","text":"%s","log":"%s"}' "$name" \
    "$(printf %s "$code" | head -c 40 | json | sed 's/\\n$//')" \
    "$(printf %s "$text" | head -c 500 | json | sed 's/\\n$//')" \
    "$(tail -c 2000 "$logs/$name.log" | json)")
  report failed "$steps$entry"
  exit 1
}

# step NAME FUNCTION
steps=
step() {
  name=$1 code='' text=''
  report running "$steps{\"step\":\"$name\",\"state\":\"running\"}"
  if ! "$2" >"$logs/$name.log" 2>&1; then
    [ -n "$code" ] || fail unknown "see the log" || :
    stop_step
  fi
  steps="$steps{\"step\":\"$name\",\"state\":\"ok\"},"
}
trap 'code=stopped text="stopped by a signal, or by the time limit of the unit"; stop_step' TERM INT

# journal UNIT: into the log of the step
journal() {
  journalctl --unit "$1" --lines 20 --no-pager --output cat
}

find_system() {
  local found
  # shellcheck source=/dev/null
  found=$(. "$root/etc/os-release" && printf '%s:%s' "${ID-}" "${VERSION_ID-}")
  case $found in
    amzn:2023*) release=al2023 ;;
    amzn:2) release=al2 ;;
    *) fail os-release "expected Amazon Linux 2023 or 2, got $found" || return ;;
  esac
  [ "$SYSTEM" = any ] || [ "$SYSTEM" = "$release" ] || fail os-release "expected $SYSTEM, got $release"
}

install_packages() {
  local missing=() status=0
  command -v nitro-cli && command -v vsock-proxy || missing+=(aws-nitro-enclaves-cli)
  command -v python3 || missing+=(python3)
  if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$release" = al2023 ]; then
      timeout 900 dnf install -y "${missing[@]}" || status=$?
    else
      amazon-linux-extras enable aws-nitro-enclaves-cli && yum clean metadata &&
        timeout 900 yum install -y "${missing[@]}" || status=$?
    fi
    [ "$status" -eq 0 ] || fail "exit-$status" "cannot install ${missing[*]}" || return
    command -v nitro-cli || fail missing "nitro-cli is missing after its package was installed" || return
  fi
  [ -d "$root/sys/module/nitro_enclaves" ] || modprobe nitro_enclaves ||
    fail modprobe "the driver nitro_enclaves cannot be loaded"
}

# Whether the pool has CPUs, and the memory of the enclave.
is_reserved() {
  local pool size kib=0
  [ -n "$(cat "$root/sys/module/nitro_enclaves/parameters/ne_cpus")" ] || return
  for pool in "$root"/sys/kernel/mm/hugepages/hugepages-*kB; do
    size=${pool##*-} size=${size%kB}
    kib=$((kib + size * $(cat "$pool/nr_hugepages")))
  done
  echo "reserved: $kib KiB of huge pages"
  [ "$kib" -ge $((MEMORY_MIB * 1024)) ]
}

reserve() {
  local status=0 file=$root/etc/nitro_enclaves/allocator.yaml unit=nitro-enclaves-allocator.service
  # The allocator cannot reserve anything while an enclave runs.
  nitro-cli terminate-enclave --all
  systemctl enable "$unit" || status=$?
  if [ "$status" -eq 0 ]; then
    # Reserved while this instance booted, when memory was least fragmented.
    cmp -s "$etc/allocator.yaml" "$file" && is_reserved && return
    mkdir -p "${file%/*}"
    cat "$etc/allocator.yaml" >"$file" && systemctl restart "$unit" || status=$?
  fi
  [ "$status" -eq 0 ] || { journal "$unit"; fail "exit-$status" "$unit failed"; } || return
  is_reserved || { journal "$unit"; fail reserved "$unit did not reserve $CPU_COUNT CPUs and $MEMORY_MIB MiB"; }
}

digest() {
  sha256sum <"$1" | cut -c 1-64
}

# fetch URL SHA256 FILE LIMIT: at most LIMIT bytes, whose digest is compared at every boot
fetch() {
  local status attempt found
  [ -f "$3" ] && [ "$(digest "$3")" = "$2" ] && echo "$3: has this digest already" && return
  for attempt in 1 2 3; do
    status=0
    (
      ulimit -f $(($4 / 1024 + 1))
      exec curl -q --silent --show-error --fail --globoff --location --max-redirs 5 \
        --proto =http,https --proto-redir =http,https --connect-timeout 10 --max-time 900 \
        --retry 4 --retry-connrefused --retry-max-time 300 --max-filesize "$4" --output "$3.part" --url "$1"
    ) || status=$?
    # Retried by curl itself are refused and timed-out connections, and answers of 408, 429 and 5xx.
    case $status in 18 | 52 | 56) echo "attempt $attempt: cut off" && sleep 2 ;; *) break ;; esac
  done
  if [ "$status" -ne 0 ]; then
    rm -f "$3.part"
    case $status in
      63 | 153) fail "curl-$status" "$1: more than $4 bytes" ;;
      *) fail "curl-$status" "$(grep '^curl: ' "$logs/$name.log" | tail -n 1) $1" ;;
    esac
    return
  fi
  found=$(digest "$3.part")
  [ "$found" = "$2" ] || { rm -f "$3.part"; fail sha256 "$1: expected $2, got $found"; } || return
  mv -f "$3.part" "$3"
}

fetch_program() {
  program=
  if [ -n "$PROGRAM_URL" ]; then
    program=$kept/teeproof
    fetch "$PROGRAM_URL" "$PROGRAM_SHA256" "$program" 268435456 && chmod 0755 "$program"
  elif [ -n "$PROGRAM_PATH" ]; then
    program=$root$PROGRAM_PATH
    [ -x "$program" ] || fail missing "$PROGRAM_PATH: not a program of the AMI"
  fi
}

# nitro-cli demands four times the bytes of the image.
fetch_image() {
  if [ -n "$EIF_URL" ]; then
    image=$kept/image.eif
    fetch "$EIF_URL" "$EIF_SHA256" "$image" $((MEMORY_MIB * 262144))
  else
    image=$root$EIF_PATH
    [ -f "$image" ] || fail missing "$EIF_PATH: not a file of the AMI"
  fi
}

start_kms_proxy() {
  local status=0 unit=teeproof-kms-proxy.service
  systemctl restart "$unit" && sleep 1 && systemctl is-active "$unit" || status=$?
  [ "$status" -eq 0 ] || { journal "$unit"; fail "exit-$status" "$unit failed for $KMS_HOST"; }
}

start_enclave() {
  local status=0 cid log
  set -- --cpu-count "$CPU_COUNT" --memory "$MEMORY_MIB" --eif-path "$image"
  [ "$ENCLAVE_CID" = auto ] || set -- "$@" --enclave-cid "$ENCLAVE_CID"
  timeout 300 nitro-cli run-enclave "$@" >"$run/enclave.json" || status=$?
  if [ "$status" -ne 0 ]; then
    # The first error is the cause; E39 follows many.
    code=$(grep -o '\[ E[0-9][0-9] \]' "$logs/$name.log" | head -n 1 | tr -d '][ ')
    text=$(sed -n 's/^.*\[ E[0-9][0-9] \] *//p' "$logs/$name.log" | head -n 1)
    log=$(sed -n 's/.*error log found at "\([^"]*\)".*/\1/p' "$logs/$name.log" | head -n 1)
    case $log in */../*) ;; /var/log/nitro_enclaves/*) tail -c 1000 "$root$log" ;; esac
    fail "${code:-exit-$status}" "${text:-nitro-cli run-enclave failed}${log:+ (log: $log)}"
    return
  fi
  cid=$(tr -d ' \n' <"$run/enclave.json" | sed -n 's/.*"EnclaveCID":\([0-9]\{1,10\}\)[,}].*/\1/p')
  if [ -z "$cid" ] || [ "$cid" -lt 4 ]; then
    cat "$run/enclave.json"
    fail json "nitro-cli run-enclave: expected an EnclaveCID from 4 upwards, got ${cid:-none}"
    return
  fi
  [ "$ENCLAVE_CID" = auto ] || [ "$ENCLAVE_CID" = "$cid" ] ||
    fail json "nitro-cli run-enclave: expected EnclaveCID $ENCLAVE_CID, got $cid" || return
  echo "$cid" >"$run/cid"
}

# Whether the enclave answers a nonce through the forwarded port; without a program, whether it accepts a connection.
is_answering() {
  if [ -z "$program" ]; then
    timeout 20 python3 "$root/usr/local/libexec/teeproof/relay" "$ROAD_PORT"
    return
  fi
  timeout 20 "$program" nsm fetch "tcp:127.0.0.1:$ROAD_PORT" \
    --nonce "hex:$(od -An -tx1 -N32 /dev/urandom | tr -d ' \n')" >"$run/document" &&
    echo "a document of $(wc -c <"$run/document") bytes"
}

open_road() {
  local status=0 end=$((SECONDS + ROAD_SECONDS))
  systemctl stop teeproof-road.service
  systemctl restart teeproof-road.socket || status=$?
  [ "$status" -eq 0 ] || { journal teeproof-road.socket; fail "exit-$status" "teeproof-road.socket failed"; } || return
  while :; do
    status=0
    is_answering || status=$?
    [ "$status" -ne 0 ] || return 0
    if [ "$SECONDS" -ge "$end" ]; then
      journal teeproof-road.service
      fail "exit-$status" "the enclave has not answered at port $ROAD_PORT after $ROAD_SECONDS s"
      return
    fi
    sleep 2
  done
}

step system find_system
step install install_packages
step allocator reserve
step program fetch_program
step image fetch_image
step kms-proxy start_kms_proxy
step enclave start_enclave
step road open_road
report ready "${steps%,}"
