#!/bin/bash
# Answers one HTTP request on standard input with the report of setup. Nothing of the request is used.
export LC_ALL=C
root=
lines=0
while IFS= read -r -t 5 -n 2048 line; do
  line=${line%$'\r'}
  lines=$((lines + 1))
  if [ -z "$line" ] || [ "$lines" -ge 64 ] || [ "$SECONDS" -ge 10 ]; then break; fi
done
report=$(cat "$root/run/teeproof/report.json" 2>/dev/null) || report='{"version":1,"state":"starting","steps":[]}'
printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n' "${#report}"
printf 'Cache-Control: no-store\r\nConnection: close\r\n\r\n%s' "$report"
