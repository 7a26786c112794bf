#!/usr/bin/env bash
# The long runs that do not fit the test suite: ten million mutated datagrams and records, spoofed hellos,
# a larger simulated fleet, the native add-on under AddressSanitizer and valgrind, the time that opening CBC
# records takes. Takes an hour or so.
set -euo pipefail
cd "$(dirname "$0")/.."

run() {
  echo "nightly: $*"
  "$@"
}

FUZZ_DATAGRAMS=10000000 run npx vitest run test/property/coap/fuzz.test.ts --testTimeout 3600000
FUZZ_RECORDS=10000000 SPOOFED_HELLOS=10000000 \
  run npx vitest run test/property/dtls test/lockstep/dtls --testTimeout 3600000
SIM_DEVICES=5000 SIM_DAYS=7 SIM_SEEDS=50 run npx vitest run test/sim --testTimeout 7200000
SIM_SEEDS=80 run npx vitest run test/sim/secured.test.ts -t everything --testTimeout 7200000
run bash scripts/native-sanitize.sh
run node bench/cbc-timing.ts 2000000
