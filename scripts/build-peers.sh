#!/usr/bin/env bash
# Builds the foreign DTLS clients that no Debian package has: pion/dtls (needs go), Mbed TLS with connection ids
# (needs cargo, for its sources, and cc), Scandium (needs mvn and javac). The tests that want one skip where it is not there. Takes a minute
# or two the first time; says what it could not build, and never fails.
set -uo pipefail
cd "$(dirname "$0")/../test/interop/dtls/peers"
mkdir -p build
sources=$(mktemp -d)
trap 'rm -rf "$sources"' EXIT

build_pion() {
  command -v go >/dev/null && (cd pion && timeout 150 go build -o ../build/pion-peer .)
}

# These two crates carry the sources of Mbed TLS 3.5.1 and 2.28.10; nothing of Rust is built.
fetch_sources() {
  cat >"$sources/Cargo.toml" <<'END'
[package]
name = "mbedtls-sources"
version = "0.0.0"
edition = "2021"
[lib]
path = "empty.rs"
[dependencies]
psa-crypto-sys = { version = "=0.13.0", default-features = false }
mbedtls-sys-auto = { version = "=2.28.15", default-features = false }
END
  : >"$sources/empty.rs"
  timeout 120 cargo fetch --quiet --manifest-path "$sources/Cargo.toml"
}

# Folder of a crate's sources, as cargo has unpacked it.
crate() {
  cargo metadata --format-version 1 --offline --manifest-path "$sources/Cargo.toml" |
    tr ',' '\n' | sed -n "s#.*\"manifest_path\":\"\(.*/$1-[^/]*\)/Cargo.toml\".*#\1#p" | head -1
}

compile_mbedtls() {
  local program=$1 library=$2
  shift 2
  [ -d "$library/vendor/library" ] || return 1
  cc -O1 -w "$@" -I"$library/vendor/include" -I"$library/vendor/library" \
    -o "build/$program" mbedtls-client.c "$library"/vendor/library/*.c
}

build_mbedtls() {
  command -v cargo >/dev/null && command -v cc >/dev/null || return 1
  fetch_sources || return 1
  compile_mbedtls mbedtls3-client "$(crate psa-crypto-sys)" &&
    compile_mbedtls mbedtls-cid-client "$(crate mbedtls-sys-auto)" -DMBEDTLS_SSL_DTLS_CONNECTION_ID
}

build_scandium() {
  command -v mvn >/dev/null && command -v javac >/dev/null || return 1
  cat >"$sources/pom.xml" <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>coapstan.example</groupId><artifactId>scandium-peer</artifactId><version>0</version>
  <dependencies>
    <dependency>
      <groupId>org.eclipse.californium</groupId><artifactId>scandium</artifactId><version>3.13.0</version>
    </dependency>
  </dependencies>
</project>
END
  timeout 120 mvn -q -B -f "$sources/pom.xml" dependency:copy-dependencies -DoutputDirectory="$PWD/build/scandium" &&
    javac -nowarn -cp "build/scandium/*" -d "$sources/classes" scandium/client.java 2>/dev/null &&
    jar --create --file build/scandium/client.jar -C "$sources/classes" .
}

for peer in pion mbedtls scandium; do
  "build_$peer" && echo "peers: $peer is built" || echo "peers: $peer is not built; the tests that need it will skip"
done
exit 0
