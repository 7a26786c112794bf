#!/usr/bin/env bash
# Builds the foreign clients that no Debian package has. DTLS: pion/dtls (needs go), Mbed TLS with connection ids, wolfSSL
# and TinyDTLS (need cargo, for their sources, and cc), Scandium (needs mvn and javac). CoAP: go-coap (go), java-coap (mvn
# and javac), aiocoap (python3 with venv). LwM2M: Eclipse Leshan 2 and 1 (mvn and javac). The tests that want one skip
# where it is not there. Takes two or three minutes the first time; says what it could not build, and never fails.
set -uo pipefail
cd "$(dirname "$0")/../test/interop"
interop=$PWD
mkdir -p {dtls,coap,lwm2m}/peers/build
sources=$(mktemp -d)
trap 'rm -rf "$sources"' EXIT

build_pion() {
  command -v go >/dev/null && (cd dtls/peers/pion && timeout 150 go build -o ../build/pion-peer .)
}

build_gocoap() {
  command -v go >/dev/null && (cd coap/peers/gocoap && timeout 150 go build -o ../build/gocoap-peer .)
}

build_aiocoap() {
  local venv=coap/peers/build/aiocoap
  [ -x $venv/bin/aiocoap-client ] && return
  python3 -m venv $venv && timeout 120 $venv/bin/pip install --quiet --disable-pip-version-check aiocoap==0.4.17
}

# These crates carry the sources of Mbed TLS 3.5.1 and 2.28.10, wolfSSL 5.9.4 and TinyDTLS; nothing of Rust is built.
fetch_sources() {
  command -v cargo >/dev/null && command -v cc >/dev/null || return 1
  [ ! -e "$sources/Cargo.toml" ] || return 0
  cat >"$sources/Cargo.toml" <<'END'
[package]
name = "c-sources"
version = "0.0.0"
edition = "2021"
[lib]
path = "empty.rs"
[dependencies]
psa-crypto-sys = { version = "=0.13.0", default-features = false }
mbedtls-sys-auto = { version = "=2.28.15", default-features = false }
wolfssl-sys = { version = "=5.3.0", default-features = false }
tinydtls-sys = { version = "=0.2.0", default-features = false }
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
    -o "dtls/peers/build/$program" dtls/peers/mbedtls-client.c "$library"/vendor/library/*.c
}

build_mbedtls() {
  fetch_sources || return 1
  compile_mbedtls mbedtls3-client "$(crate psa-crypto-sys)" &&
    compile_mbedtls mbedtls-cid-client "$(crate mbedtls-sys-auto)" -DMBEDTLS_SSL_DTLS_CONNECTION_ID
}

build_wolfssl() {
  fetch_sources || return 1
  local library
  library=$(crate wolfssl-sys)/wolfssl-src
  [ -d "$library" ] || return 1
  cp dtls/peers/wolfssl-settings.h "$sources/user_settings.h"
  cc -O1 -w -DWOLFSSL_USER_SETTINGS -I"$sources" -I"$library" -o dtls/peers/build/wolfssl-client \
    dtls/peers/wolfssl-client.c "$library"/src/{dtls,internal,keys,ssl,tls,wolfio}.c \
    "$library"/wolfcrypt/src/{aes,asn,chacha,chacha20_poly1305,coding,ecc,error,hash,hmac,kdf,logging,md5,memory}.c \
    "$library"/wolfcrypt/src/{poly1305,random,sha,sha256,sha512,sp_int,signature,wc_encrypt,wc_port,wolfmath}.c -lm
}

build_tinydtls() {
  fetch_sources || return 1
  local library
  library=$(crate tinydtls-sys)/src/tinydtls
  [ -d "$library" ] || return 1
  cp dtls/peers/tinydtls-settings.h "$sources/dtls_config.h"
  cc -O1 -w -DDTLSv12 -DWITH_SHA256 -DSHA2_USE_INTTYPES_H -I"$sources" -I"$library" \
    -o dtls/peers/build/tinydtls-client dtls/peers/tinydtls-client.c \
    "$library"/{dtls,netq,peer,session,crypto,ccm,hmac,dtls_time,dtls_debug,dtls_prng}.c \
    "$library"/{aes/rijndael,aes/rijndael_wrap,sha2/sha2,ecc/ecc}.c
}

# java FOLDER GROUP:ARTIFACT:VERSION SOURCES...: FOLDER gets the library with what it needs, and client.jar beside it.
build_java() {
  local folder=$1 group artifact version
  IFS=: read -r group artifact version <<<"$2"
  shift 2
  command -v mvn >/dev/null && command -v javac >/dev/null || return 1
  cat >"$sources/pom.xml" <<END
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>coapstan.example</groupId><artifactId>peer</artifactId><version>0</version>
  <dependencies>
    <dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>
  </dependencies>
</project>
END
  rm -rf "$sources/classes"
  timeout 120 mvn -q -B -f "$sources/pom.xml" dependency:copy-dependencies -DoutputDirectory="$interop/$folder" &&
    javac -nowarn -cp "$folder/*" -d "$sources/classes" "$@" 2>/dev/null &&
    jar --create --file "$folder/client.jar" -C "$sources/classes" .
}

build_scandium() {
  build_java dtls/peers/build/scandium org.eclipse.californium:scandium:3.13.0 dtls/peers/scandium/client.java
}

build_javacoap() {
  build_java coap/peers/build/javacoap io.github.open-coap:coap-core:6.21.0 coap/peers/{line,javacoap/device}.java
}

# Its tests have the definition of the object that has a resource of every type.
build_leshan() {
  local folder=lwm2m/peers/build/leshan
  build_java $folder org.eclipse.leshan:leshan-tl-cf-client-coap:2.0.0-M18 lwm2m/peers/{line,leshan/*}.java &&
    (cd $folder && jar --extract --file leshan-lwm2m-core-2.0.0-M18-tests.jar models/3442.xml)
}

build_leshan1() {
  build_java lwm2m/peers/build/leshan1 org.eclipse.leshan:leshan-client-cf:1.5.0 lwm2m/peers/{line,leshan1/*}.java
}

build_leshan_server() {
  build_java lwm2m/peers/build/leshan-server org.eclipse.leshan:leshan-tl-cf-server-coap:2.0.0-M18 \
    lwm2m/peers/{line,leshan-server/*}.java
}

for peer in pion mbedtls wolfssl tinydtls scandium leshan leshan1 leshan_server gocoap javacoap aiocoap; do
  "build_$peer" && echo "peers: $peer is built" || echo "peers: $peer is not built; the tests that need it will skip"
done
exit 0
