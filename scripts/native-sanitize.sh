#!/bin/sh
# Runs the tests of the native add-on under AddressSanitizer and UndefinedBehaviorSanitizer, then under
# valgrind. For a nightly run: it takes some minutes and needs gcc's sanitizer libraries and valgrind.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
node_binary="$(readlink -f "$(command -v node)")"
restore() { node scripts/build-native.mjs; }
trap restore EXIT

tests="test/unit/native test/unit/server/udp"

echo "== AddressSanitizer, UndefinedBehaviorSanitizer"
CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined" \
  node scripts/build-native.mjs
# V8 keeps memory until the end and never returns from a fork: leaks are valgrind's question.
LD_PRELOAD="$(cc -print-file-name=libasan.so):$(cc -print-file-name=libubsan.so)" \
  ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:verify_asan_link_order=0 \
  "$node_binary" node_modules/vitest/vitest.mjs run $tests

echo "== valgrind"
CFLAGS="-O1 -g" node scripts/build-native.mjs
log="$(mktemp)"
# Only errors with a frame of the add-on count: V8's generated code looks wild to valgrind, and Node never frees
# what it made for `napi_create_external`.
valgrind --trace-children=no --smc-check=all-non-file --error-limit=no --leak-check=full --show-leak-kinds=definite \
  --log-file="$log" \
  "$node_binary" --jitless --no-opt scripts/native-exercise.mjs
ours='/\((addon|aead|paths|udp)\.c:/ && !/napi_create_external/ { print; found = 1 } END { exit found }'
if awk "BEGIN { RS = \"==[0-9]+== \\n\" } $ours" "$log"; then
  echo "valgrind: nothing to say about the add-on"
  rm -f "$log"
else
  echo "valgrind: see above and $log"
  exit 1
fi
