#!/usr/bin/env bash
# Packs what would be published, unpacks it as npm does below a node_modules folder, and runs a server, a device and
# the command line from there: compiled, away from the sources. Ends with non-zero where one of them does not work.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d)
server=
device=
end() {
  for process in $device $server; do kill "$process" 2>/dev/null && wait "$process" || true; done
  rm -rf "$place"
}
trap end EXIT

npm pack --silent --pack-destination "$place" >/dev/null
mkdir -p "$place/node_modules/coapstan"
tar -xzf "$place"/coapstan-*.tgz --strip-components=1 -C "$place/node_modules/coapstan"
for package in node_modules/* ; do
  [ "$(basename "$package")" = coapstan ] || ln -s "$PWD/$package" "$place/node_modules/"
done
cd "$place"
[ ! -e node_modules/coapstan/src ]

program=node_modules/coapstan/bin/coapstan.cjs
coapstan() { node "$program" "$@"; }
# until_true COMMAND...: tries again for ten seconds.
until_true() {
  for _ in $(seq 100); do
    if "$@"; then return; fi
    sleep 0.1
  done
  echo "check-package: in vain: $*" >&2
  cat server.log device.log >&2
  return 1
}

# Not by the function: the shell between would be what is ended.
node "$program" serve --coap-port 0 --coaps-port 0 --http-port 0 >server.log 2>&1 &
server=$!
until_true grep -q '  token ' server.log
COAPSTAN_SERVER=$(sed -n 's#^  http *\(http://[^/]*\)/v1#\1#p' server.log)
COAPSTAN_TOKEN=$(cat data/api-token)
export COAPSTAN_SERVER COAPSTAN_TOKEN
node "$program" device --endpoint packed --server "coap://$(sed -n 's/^  coap  *udp \([^ ]*\).*/\1/p' server.log)" >device.log 2>&1 &
device=$!
is_registered() { [ "$(coapstan devices -o name)" = packed ]; }
until_true is_registered
coapstan read packed /3/0/0 | grep 'Coapstan virtual device' >/dev/null
coapstan sim list | grep first-fleet >/dev/null
coapstan objects show 3 2>&1 | grep Manufacturer >/dev/null
echo "check-package: $(du -h coapstan-*.tgz | cut -f1) packed; server, device and command line run from it"
