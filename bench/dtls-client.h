/*
 * A DTLS 1.2 client for load generators: one suite, PSK_WITH_AES_128_CCM_8 or (`with_ecdsa`) its ECDHE_ECDSA
 * sister with raw public keys, with the extended master secret and, if wanted, a connection id. Written from the
 * RFCs, apart from the server's code, with OpenSSL's primitives. Each generator includes it once, behind
 * `load.h`, and defines the functions declared below.
 */
#ifndef DTLS_CLIENT_H
#define DTLS_CLIENT_H

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

enum { CID_LONGEST = 16, TRANSCRIPT = 2048, POINT = 65 };
enum { HANDSHAKE = 22, CHANGE_CIPHER_SPEC = 20, ALERT = 21, APPLICATION_DATA = 23, WITH_CID = 25 };

typedef enum { NEW, HELLO_SENT, COOKIE_SENT, FINISHED_SENT, OPEN } dtls_step;

typedef struct {
  dtls_step step;
  uint8_t client_random[32], server_random[32], master[48], cid[CID_LONGEST], cid_length;
  uint8_t write_iv[4], read_iv[4], point[POINT];
  EVP_CIPHER_CTX *write, *read;
  uint64_t plain_sequence, sequence;
  uint16_t message_sequence;
  unsigned transcript_length;
  uint8_t transcript[TRANSCRIPT];
} dtls_client;

static const char *prefix = "bench"; /* of identities */
static int with_cid = 1, with_ecdsa;
static int key_salt = -1; /* 0–65535: every identity has a key of its own, made of this and its number */
static EVP_CIPHER *ccm;
static EVP_PKEY *own_key, *ephemeral;

/* The client of a peer. */
static dtls_client *client_of(uint32_t number);
/* Its handshake is complete. */
static void dtls_opened(uint32_t number, uint64_t now);
/* A message has come, `length` octets of plaintext. */
static void dtls_data(uint32_t number, const uint8_t *plain, int length, uint64_t now);
/* An alert has come in the clear. */
static void dtls_alert(uint32_t number);
/* A record could not be opened. */
static void dtls_stray(void);

static uint8_t *put16(uint8_t *at, unsigned value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
  return at + 2;
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t length) {
  memcpy(at, bytes, length);
  return at + length;
}

/* ---- key schedule: RFC 5246 §5, §6.3, §8.1; RFC 4279 §2; RFC 7627 ---- */

static void prf(const uint8_t *secret, int secret_length, const char *label, const uint8_t *seed, size_t seed_length,
                uint8_t *out, size_t length) {
  uint8_t input[32 + 160], a[32];
  size_t label_length = strlen(label);
  put_bytes(put_bytes(input + 32, label, label_length), seed, seed_length);
  HMAC(EVP_sha256(), secret, secret_length, input + 32, label_length + seed_length, a, NULL);
  for (size_t done = 0; done < length; done += 32) {
    uint8_t block[32], next[32];
    memcpy(input, a, 32);
    HMAC(EVP_sha256(), secret, secret_length, input, 32 + label_length + seed_length, block, NULL);
    HMAC(EVP_sha256(), secret, secret_length, a, 32, next, NULL);
    memcpy(a, next, 32);
    memcpy(out + done, block, length - done < 32 ? length - done : 32);
  }
}

static EVP_CIPHER_CTX *ccm_context(EVP_CIPHER_CTX *c, const uint8_t *key, int seal) {
  if (c == NULL) c = EVP_CIPHER_CTX_new();
  else EVP_CIPHER_CTX_reset(c);
  EVP_CipherInit_ex(c, ccm, NULL, NULL, NULL, seal);
  EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL);
  EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 8, NULL);
  EVP_CipherInit_ex(c, NULL, NULL, key, NULL, seal);
  return c;
}

/* RFC 8422 §5.10: the x coordinate of the shared point. */
static int ecdh(const dtls_client *p, uint8_t *secret) {
  size_t length = 32;
  EVP_PKEY *theirs = EVP_PKEY_new();
  EVP_PKEY_copy_parameters(theirs, ephemeral);
  if (EVP_PKEY_set1_encoded_public_key(theirs, p->point, POINT) != 1) exit(fprintf(stderr, "load-dtls: no point\n"));
  EVP_PKEY_CTX *derivation = EVP_PKEY_CTX_new(ephemeral, NULL);
  EVP_PKEY_derive_init(derivation);
  EVP_PKEY_derive_set_peer(derivation, theirs);
  EVP_PKEY_derive(derivation, secret, &length);
  EVP_PKEY_CTX_free(derivation);
  EVP_PKEY_free(theirs);
  return (int)length;
}

static int psk_premaster(uint8_t *premaster, uint32_t number) {
  uint8_t psk[16];
  memcpy(psk, "0123456789abcdef", sizeof psk);
  if (key_salt >= 0) put16(put16(put16(psk + 10, (unsigned)key_salt), number >> 16), number & 0xffff);
  memset(premaster, 0, 4 + 2 * sizeof psk);
  put16(premaster, sizeof psk);
  put_bytes(put16(premaster + 2 + sizeof psk, sizeof psk), psk, sizeof psk);
  return 4 + 2 * sizeof psk;
}

static void derive_keys(dtls_client *p, uint32_t number) {
  uint8_t premaster[4 + 2 * 16], session_hash[32], randoms[64], block[40];
  int length = with_ecdsa ? ecdh(p, premaster) : psk_premaster(premaster, number);
  SHA256(p->transcript, p->transcript_length, session_hash);
  prf(premaster, length, "extended master secret", session_hash, 32, p->master, 48);
  put_bytes(put_bytes(randoms, p->server_random, 32), p->client_random, 32);
  prf(p->master, 48, "key expansion", randoms, 64, block, sizeof block);
  p->write = ccm_context(p->write, block, 1);
  p->read = ccm_context(p->read, block + 16, 0);
  memcpy(p->write_iv, block + 32, 4);
  memcpy(p->read_iv, block + 36, 4);
}

/* ---- records: RFC 6347 §4.1, RFC 6655 §3, RFC 9146 §4 ---- */

static uint8_t *record_header(uint8_t *at, int type, unsigned epoch, uint64_t sequence) {
  at[0] = (uint8_t)type;
  put16(put16(at + 1, 0xfefd), epoch);
  for (int i = 0; i < 6; i++) at[5 + i] = (uint8_t)(sequence >> (40 - 8 * i));
  return at + 11;
}

/* Additional data of a record that begins at `header`; returns its length. */
static int additional_data(uint8_t *out, const uint8_t *header, const uint8_t *cid, unsigned cid_length, unsigned length) {
  uint8_t *at = out;
  if (cid_length > 0) {
    memset(at, 0xff, 8);
    at[8] = WITH_CID;
    at[9] = (uint8_t)cid_length;
    at = put_bytes(at + 10, header, 11);
    at = put_bytes(at, cid, cid_length);
  } else {
    at = put_bytes(at, header + 3, 8);
    at = put_bytes(at, header, 3);
  }
  return (int)(put16(at, length) - out);
}

/* Writes one protected record; returns its end. */
static uint8_t *seal_record(dtls_client *p, uint8_t *at, int type, const uint8_t *content, unsigned length) {
  uint8_t plain[SIZE], nonce[12], additional[64], *header = at;
  int written;
  memcpy(plain, content, length);
  if (p->cid_length > 0) plain[length++] = (uint8_t)type;
  at = record_header(at, p->cid_length > 0 ? WITH_CID : type, 1, p->sequence++);
  at = put_bytes(at, p->cid, p->cid_length);
  at = put16(at, length + 16);
  put_bytes(put_bytes(nonce, p->write_iv, 4), header + 3, 8);
  at = put_bytes(at, header + 3, 8);
  int additional_length = additional_data(additional, header, p->cid, p->cid_length, length);
  EVP_CipherInit_ex(p->write, NULL, NULL, NULL, nonce, 1);
  EVP_CipherUpdate(p->write, NULL, &written, NULL, (int)length);
  EVP_CipherUpdate(p->write, NULL, &written, additional, additional_length);
  EVP_CipherUpdate(p->write, at, &written, plain, (int)length);
  EVP_CipherFinal_ex(p->write, at + length, &written);
  EVP_CIPHER_CTX_ctrl(p->write, EVP_CTRL_AEAD_GET_TAG, 8, at + length);
  return at + length + 8;
}

/* Opens the record at `header` (the server sends us no CID); its plaintext length, or -1. */
static int open_record(dtls_client *p, const uint8_t *header, unsigned length, uint8_t *plain) {
  uint8_t nonce[12], additional[64], tag[8];
  int written;
  if (length < 16) return -1;
  length -= 16;
  put_bytes(put_bytes(nonce, p->read_iv, 4), header + 13, 8);
  int additional_length = additional_data(additional, header, NULL, 0, length);
  memcpy(tag, header + 21 + length, 8);
  EVP_CipherInit_ex(p->read, NULL, NULL, NULL, nonce, 0);
  EVP_CIPHER_CTX_ctrl(p->read, EVP_CTRL_AEAD_SET_TAG, 8, tag);
  EVP_CipherUpdate(p->read, NULL, &written, NULL, (int)length);
  EVP_CipherUpdate(p->read, NULL, &written, additional, additional_length);
  return EVP_CipherUpdate(p->read, plain, &written, header + 21, (int)length) == 1 ? (int)length : -1;
}

/* ---- handshake: RFC 6347 §4.2, RFC 4279, RFC 9146 §3 ---- */

static void remember(dtls_client *p, const uint8_t *message, unsigned length) {
  if (p->transcript_length + length > TRANSCRIPT) exit(fprintf(stderr, "load-dtls: a long handshake\n"));
  memcpy(p->transcript + p->transcript_length, message, length);
  p->transcript_length += length;
}

/* Puts the header before a handshake message whose body is already at `at + 12`; returns its end. */
static uint8_t *finish_message(dtls_client *p, uint8_t *at, int type, const uint8_t *end) {
  unsigned length = (unsigned)(end - at - 12);
  at[0] = (uint8_t)type;
  at[1] = 0;
  put16(at + 2, length);
  put16(at + 4, p->message_sequence++);
  at[6] = at[7] = at[8] = at[9] = 0;
  put16(at + 10, length);
  return at + 12 + length;
}

static void send_hello(uint32_t number, const uint8_t *cookie, unsigned cookie_length) {
  const uint8_t fixed[] = {0, 2, 0xc0, with_ecdsa ? 0xae : 0xa8, 1, 0}; /* one suite, no compression */
  /* supported_groups, ec_point_formats, signature_algorithms; client and server_certificate_type (RFC 7250) */
  static const uint8_t for_ecdsa[] = {0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 4, 0, 2, 4, 3,
                                      0, 19, 0, 2, 1, 2, 0, 20, 0, 2, 1, 2};
  dtls_client *p = client_of(number);
  uint8_t *start = next_datagram(), *message = start + 13, *at = message + 12;
  at = put_bytes(put16(at, 0xfefd), p->client_random, 32);
  *at++ = 0;
  *at++ = (uint8_t)cookie_length;
  at = put_bytes(put_bytes(at, cookie, cookie_length), fixed, sizeof fixed);
  uint8_t *extensions = at;
  at = put16(put16(at + 2, 23), 0);
  if (with_ecdsa) at = put_bytes(at, for_ecdsa, sizeof for_ecdsa);
  if (with_cid) {
    at = put16(put16(at, 54), 1);
    *at++ = 0;
  }
  put16(extensions, (unsigned)(at - extensions - 2));
  at = finish_message(p, message, 1, at);
  p->transcript_length = 0; /* RFC 6347 §4.2.1: only the hello with the cookie counts */
  remember(p, message, (unsigned)(at - message));
  record_header(start, HANDSHAKE, 0, p->plain_sequence++);
  put16(start + 11, (unsigned)(at - message));
  p->step = cookie_length == 0 ? HELLO_SENT : COOKIE_SENT;
  send_datagrams(number, (unsigned)(at - start), 1);
}

static void begin_handshake(uint32_t number) {
  dtls_client *p = client_of(number);
  p->plain_sequence = p->sequence = p->message_sequence = 0;
  p->cid_length = 0;
  RAND_bytes(p->client_random, 32);
  send_hello(number, NULL, 0);
}

/* A record of its own for the message whose body ends at `end` and begins 25 octets behind `record`; its end. */
static uint8_t *put_message(dtls_client *p, uint8_t *record, int type, const uint8_t *end) {
  uint8_t *message = record + 13, *at = finish_message(p, message, type, end);
  remember(p, message, (unsigned)(at - message));
  record_header(record, HANDSHAKE, 0, p->plain_sequence++);
  put16(record + 11, (unsigned)(at - message));
  return at;
}

/* ClientKeyExchange with the identity (RFC 4279 §2). */
static uint8_t *put_psk_exchange(dtls_client *p, uint8_t *at, uint32_t number) {
  char identity[64];
  int length = snprintf(identity, sizeof identity, "%s-%07u", prefix, number);
  at = put_message(p, at, 16, put_bytes(put16(at + 25, (unsigned)length), identity, (size_t)length));
  derive_keys(p, number);
  return at;
}

/* Certificate, ClientKeyExchange, CertificateVerify (RFC 7250 §3, RFC 8422 §5.7, §5.8). */
static uint8_t *put_ecdsa_exchange(dtls_client *p, uint8_t *at, uint32_t number) {
  uint8_t *body = at + 25, *der = body + 3;
  int der_length = i2d_PUBKEY(own_key, &der);
  *body = 0;
  put16(body + 1, (unsigned)der_length);
  at = put_message(p, at, 11, body + 3 + der_length);
  size_t length = POINT;
  at[25] = POINT;
  EVP_PKEY_get_octet_string_param(ephemeral, "encoded-pub-key", at + 26, POINT, &length);
  at = put_message(p, at, 16, at + 26 + POINT);
  derive_keys(p, number);
  EVP_MD_CTX *signing = EVP_MD_CTX_new();
  length = 80;
  EVP_DigestSignInit(signing, NULL, EVP_sha256(), NULL, own_key);
  EVP_DigestSign(signing, at + 29, &length, p->transcript, p->transcript_length);
  EVP_MD_CTX_free(signing);
  put16(put16(at + 25, 0x0403), (unsigned)length);
  return put_message(p, at, 15, at + 29 + length);
}

static void send_finished(uint32_t number) {
  dtls_client *p = client_of(number);
  uint8_t *start = next_datagram(), hash[32], finished[24];
  uint8_t *at = with_ecdsa ? put_ecdsa_exchange(p, start, number) : put_psk_exchange(p, start, number);
  record_header(at, CHANGE_CIPHER_SPEC, 0, p->plain_sequence++);
  put16(at + 11, 1);
  at[13] = 1;
  SHA256(p->transcript, p->transcript_length, hash);
  prf(p->master, 48, "client finished", hash, 32, finished + 12, 12);
  finish_message(p, finished, 20, finished + 24);
  at = seal_record(p, at + 14, HANDSHAKE, finished, sizeof finished);
  p->step = FINISHED_SENT;
  send_datagrams(number, (unsigned)(at - start), 1);
}

/* What we need of the ServerHello: its random, and the CID we shall use. */
static void read_server_hello(dtls_client *p, const uint8_t *body, unsigned length) {
  memcpy(p->server_random, body + 2, 32);
  const uint8_t *at = body + 35 + body[34] + 3, *end = body + length;
  for (at += 2; at + 4 <= end; at += 4 + (at[2] << 8 | at[3]))
    if (at[0] == 0 && at[1] == 54 && at[4] <= CID_LONGEST) memcpy(p->cid, at + 5, p->cid_length = at[4]);
}

static void read_handshake(uint32_t number, const uint8_t *message, unsigned length) {
  dtls_client *p = client_of(number);
  while (length >= 12) {
    unsigned body = (unsigned)message[2] << 8 | message[3];
    if (body + 12 > length) return;
    if (message[0] == 3 && p->step == HELLO_SENT) {
      send_hello(number, message + 15, message[14]);
      return;
    }
    if (p->step != COOKIE_SENT) return;
    remember(p, message, body + 12);
    if (message[0] == 2) read_server_hello(p, message + 12, body);
    if (message[0] == 12 && with_ecdsa && body > 4 + POINT) memcpy(p->point, message + 16, POINT);
    if (message[0] == 14) {
      send_finished(number);
      return;
    }
    message += body + 12;
    length -= body + 12;
  }
}

/* ---- what arrives ---- */

static void dtls_take(uint32_t number, const uint8_t *bytes, unsigned length, uint64_t now) {
  dtls_client *p = client_of(number);
  for (unsigned at = 0; at + 13 <= length;) {
    const uint8_t *header = bytes + at;
    unsigned size = (unsigned)header[11] << 8 | header[12], epoch = (unsigned)header[3] << 8 | header[4];
    uint8_t plain[SIZE];
    if (at + 13 + size > length) return;
    at += 13 + size;
    if (epoch == 0 && header[0] == HANDSHAKE) read_handshake(number, header + 13, size);
    else if (epoch == 0 && header[0] == ALERT) dtls_alert(number);
    else if (epoch == 1 && p->step >= FINISHED_SENT) {
      int opened = open_record(p, header, size, plain);
      if (opened < 0) dtls_stray();
      else if (header[0] == HANDSHAKE && p->step == FINISHED_SENT) {
        p->step = OPEN;
        dtls_opened(number, now);
      } else if (header[0] == APPLICATION_DATA) dtls_data(number, plain, opened, now);
    }
  }
}

static int dtls_prepare(void) {
  ccm = EVP_CIPHER_fetch(NULL, "AES-128-CCM", NULL);
  if (with_ecdsa && ((own_key = EVP_EC_gen("P-256")) == NULL || (ephemeral = EVP_EC_gen("P-256")) == NULL)) return 0;
  return ccm != NULL;
}

#endif
