/*
 * The load generator for DTLS 1.2: many clients that know one suite, PSK_WITH_AES_128_CCM_8 or
 * ECDHE_ECDSA_WITH_AES_128_CCM_8, with the extended master secret and, if wanted, a connection id. Written from the RFCs, apart from the server's
 * code, with OpenSSL's primitives. Like `load.c`: closed loop, one socket, batches, a source address for
 * each peer, one JSON line.
 *
 *   handshake   whole handshakes, each of a peer that is new to the server
 *   ecdsa       the same with P-256 and raw public keys both ways; all peers share one key pair and one
 *               ephemeral pair, since the generator's share of the work is not what is measured
 *   get         CON GET over associations made before the measurement begins
 *   flood       the first peer's CON GETs one after the other, while forged records for the association of
 *               the last one (`--peers 1`: the same) arrive at `--rate` a second: the latency is the result
 */
#include "load.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

enum { CID_LONGEST = 16, TRANSCRIPT = 2048, POINT = 65 };
enum { HANDSHAKE = 22, CHANGE_CIPHER_SPEC = 20, ALERT = 21, APPLICATION_DATA = 23, WITH_CID = 25 };
static const uint8_t psk[16] = "0123456789abcdef";

typedef enum { DO_HANDSHAKE, DO_ECDSA, DO_GET, DO_FLOOD } scenario_kind;
typedef enum { NEW, HELLO_SENT, COOKIE_SENT, FINISHED_SENT, OPEN } peer_step;

typedef struct {
  peer_step step;
  int waiting; /* for whatever answers what it sent at `sent_at` */
  uint8_t client_random[32], server_random[32], master[48], cid[CID_LONGEST], cid_length;
  uint8_t write_iv[4], read_iv[4], point[POINT];
  EVP_CIPHER_CTX *write, *read;
  uint64_t plain_sequence, sequence, sent_at;
  uint16_t message_sequence, message_id;
  uint32_t token;
  unsigned transcript_length;
  uint8_t transcript[TRANSCRIPT];
} peer_state;

static scenario_kind scenario = DO_GET;
static const char *path = "test", *prefix = "bench";
static uint32_t peer_count = 1000, window = 128, flood_rate = 100000;
static int seconds_to_run = 2, warm_milliseconds = 300, with_cid = 1, open_only;
static peer_state *peers;
static uint32_t next_peer, open_count;
static uint64_t before_measured, answered, refused, lost, stray, flooded;
static uint64_t flood_from;
static EVP_CIPHER *ccm;
static EVP_PKEY *own_key, *ephemeral;

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
static int ecdh(const peer_state *p, uint8_t *secret) {
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

static int psk_premaster(uint8_t *premaster) {
  memset(premaster, 0, 4 + 2 * sizeof psk);
  put16(premaster, sizeof psk);
  put_bytes(put16(premaster + 2 + sizeof psk, sizeof psk), psk, sizeof psk);
  return 4 + 2 * sizeof psk;
}

static void derive_keys(peer_state *p) {
  uint8_t premaster[4 + 2 * sizeof psk], session_hash[32], randoms[64], block[40];
  int length = scenario == DO_ECDSA ? ecdh(p, premaster) : psk_premaster(premaster);
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
static uint8_t *seal_record(peer_state *p, uint8_t *at, int type, const uint8_t *content, unsigned length) {
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
static int open_record(peer_state *p, const uint8_t *header, unsigned length, uint8_t *plain) {
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

static void remember(peer_state *p, const uint8_t *message, unsigned length) {
  if (p->transcript_length + length > TRANSCRIPT) exit(fprintf(stderr, "load-dtls: a long handshake\n"));
  memcpy(p->transcript + p->transcript_length, message, length);
  p->transcript_length += length;
}

/* Puts the header before a handshake message whose body is already at `at + 12`; returns its end. */
static uint8_t *finish_message(peer_state *p, uint8_t *at, int type, const uint8_t *end) {
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
  const uint8_t fixed[] = {0, 2, 0xc0, scenario == DO_ECDSA ? 0xae : 0xa8, 1, 0}; /* one suite, no compression */
  /* supported_groups, ec_point_formats, signature_algorithms; client and server_certificate_type (RFC 7250) */
  static const uint8_t for_ecdsa[] = {0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 4, 0, 2, 4, 3,
                                      0, 19, 0, 2, 1, 2, 0, 20, 0, 2, 1, 2};
  peer_state *p = &peers[number];
  uint8_t *start = next_datagram(), *message = start + 13, *at = message + 12;
  at = put_bytes(put16(at, 0xfefd), p->client_random, 32);
  *at++ = 0;
  *at++ = (uint8_t)cookie_length;
  at = put_bytes(put_bytes(at, cookie, cookie_length), fixed, sizeof fixed);
  uint8_t *extensions = at;
  at = put16(put16(at + 2, 23), 0);
  if (scenario == DO_ECDSA) at = put_bytes(at, for_ecdsa, sizeof for_ecdsa);
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

static void begin(uint32_t number, uint64_t now) {
  peer_state *p = &peers[number];
  p->plain_sequence = p->sequence = p->message_sequence = 0;
  p->cid_length = 0;
  p->sent_at = now;
  p->waiting = 1;
  RAND_bytes(p->client_random, 32);
  send_hello(number, NULL, 0);
}

/* A record of its own for the message whose body ends at `end` and begins 25 octets behind `record`; its end. */
static uint8_t *put_message(peer_state *p, uint8_t *record, int type, const uint8_t *end) {
  uint8_t *message = record + 13, *at = finish_message(p, message, type, end);
  remember(p, message, (unsigned)(at - message));
  record_header(record, HANDSHAKE, 0, p->plain_sequence++);
  put16(record + 11, (unsigned)(at - message));
  return at;
}

/* ClientKeyExchange with the identity (RFC 4279 §2). */
static uint8_t *put_psk_exchange(peer_state *p, uint8_t *at, uint32_t number) {
  char identity[64];
  int length = snprintf(identity, sizeof identity, "%s-%07u", prefix, number);
  at = put_message(p, at, 16, put_bytes(put16(at + 25, (unsigned)length), identity, (size_t)length));
  derive_keys(p);
  return at;
}

/* Certificate, ClientKeyExchange, CertificateVerify (RFC 7250 §3, RFC 8422 §5.7, §5.8). */
static uint8_t *put_ecdsa_exchange(peer_state *p, uint8_t *at) {
  uint8_t *body = at + 25, *der = body + 3;
  int der_length = i2d_PUBKEY(own_key, &der);
  *body = 0;
  put16(body + 1, (unsigned)der_length);
  at = put_message(p, at, 11, body + 3 + der_length);
  size_t length = POINT;
  at[25] = POINT;
  EVP_PKEY_get_octet_string_param(ephemeral, "encoded-pub-key", at + 26, POINT, &length);
  at = put_message(p, at, 16, at + 26 + POINT);
  derive_keys(p);
  EVP_MD_CTX *signing = EVP_MD_CTX_new();
  length = 80;
  EVP_DigestSignInit(signing, NULL, EVP_sha256(), NULL, own_key);
  EVP_DigestSign(signing, at + 29, &length, p->transcript, p->transcript_length);
  EVP_MD_CTX_free(signing);
  put16(put16(at + 25, 0x0403), (unsigned)length);
  return put_message(p, at, 15, at + 29 + length);
}

static void send_finished(uint32_t number) {
  peer_state *p = &peers[number];
  uint8_t *start = next_datagram(), hash[32], finished[24];
  uint8_t *at = scenario == DO_ECDSA ? put_ecdsa_exchange(p, start) : put_psk_exchange(p, start, number);
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
static void read_server_hello(peer_state *p, const uint8_t *body, unsigned length) {
  memcpy(p->server_random, body + 2, 32);
  const uint8_t *at = body + 35 + body[34] + 3, *end = body + length;
  for (at += 2; at + 4 <= end; at += 4 + (at[2] << 8 | at[3]))
    if (at[0] == 0 && at[1] == 54 && at[4] <= CID_LONGEST) memcpy(p->cid, at + 5, p->cid_length = at[4]);
}

static void read_handshake(uint32_t number, const uint8_t *message, unsigned length) {
  peer_state *p = &peers[number];
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
    if (message[0] == 12 && scenario == DO_ECDSA && body > 4 + POINT) memcpy(p->point, message + 16, POINT);
    if (message[0] == 14) {
      send_finished(number);
      return;
    }
    message += body + 12;
    length -= body + 12;
  }
}

/* ---- requests ---- */

static void send_get(uint32_t number, uint64_t now) {
  peer_state *p = &peers[number];
  uint8_t request[128] = {0x44, 1}, *at = put16(request + 2, p->message_id++);
  p->token++;
  at = put_bytes(at, &p->token, 4);
  size_t length = strlen(path);
  *at++ = (uint8_t)(0xb0 | length);
  at = put_bytes(at, path, length);
  p->sent_at = now;
  p->waiting = 1;
  uint8_t *end = seal_record(p, next_datagram(), APPLICATION_DATA, request, (unsigned)(at - request));
  send_datagrams(number, (unsigned)(end - next_datagram()), 1);
}

/* A record of the last peer's association with a sequence number nobody has seen and a MAC nobody made. */
static void send_forgery(void) {
  peer_state *p = &peers[peer_count - 1];
  uint8_t *start = next_datagram(), *at = record_header(start, p->cid_length > 0 ? WITH_CID : APPLICATION_DATA, 1, p->sequence + 1);
  at = put16(put_bytes(at, p->cid, p->cid_length), 50);
  memset(at, (int)flooded++, 50);
  send_datagrams(peer_count - 1, (unsigned)(at + 50 - start), 1);
}

static void next_request(uint32_t number, uint64_t now) {
  if (open_only) {
    while (next_peer < peer_count && peers[next_peer].step != NEW) next_peer++;
    if (next_peer < peer_count) begin(next_peer++, now);
  } else if (scenario == DO_HANDSHAKE || scenario == DO_ECDSA) {
    begin(next_peer, now);
    next_peer = (next_peer + 1) % peer_count;
  } else if (scenario == DO_FLOOD) {
    send_get(number, now);
  } else {
    send_get(next_peer, now);
    next_peer = (next_peer + 1) % peer_count;
  }
}

static void is_open(uint32_t number, uint64_t now) {
  peer_state *p = &peers[number];
  p->step = OPEN;
  p->waiting = 0;
  open_count++;
  if (!open_only) answered++;
  note_latency(now - p->sent_at);
  next_request(number, now);
}

static void read_data(uint32_t number, const uint8_t *plain, int length, uint64_t now) {
  peer_state *p = &peers[number];
  if (length < 8 || !p->waiting || memcmp(plain + 4, &p->token, 4) != 0 || (plain[0] & 15) != 4) {
    stray++;
    return;
  }
  p->waiting = 0;
  if (plain[1] >> 5 == 2) answered++;
  else refused++;
  note_latency(now - p->sent_at);
  next_request(number, now);
}

static void take(uint32_t number, const uint8_t *bytes, unsigned length, uint64_t now) {
  if (number >= peer_count) return;
  peer_state *p = &peers[number];
  for (unsigned at = 0; at + 13 <= length;) {
    const uint8_t *header = bytes + at;
    unsigned size = (unsigned)header[11] << 8 | header[12], epoch = (unsigned)header[3] << 8 | header[4];
    uint8_t plain[SIZE];
    if (at + 13 + size > length) return;
    at += 13 + size;
    if (epoch == 0 && header[0] == HANDSHAKE) read_handshake(number, header + 13, size);
    else if (epoch == 0 && header[0] == ALERT) refused++;
    else if (epoch == 1 && p->step >= FINISHED_SENT) {
      int opened = open_record(p, header, size, plain);
      if (opened < 0) stray++;
      else if (header[0] == HANDSHAKE && p->step == FINISHED_SENT) is_open(number, now);
      else if (header[0] == APPLICATION_DATA) read_data(number, plain, opened, now);
    }
  }
}

/* Runs until `end`, or until every peer is open where that is the aim. */
static void run(uint64_t end) {
  uint64_t now = now_nanoseconds(), sweep_at = now + LOSS_NANOSECONDS;
  while (now < end && !(open_only && open_count == peer_count)) {
    int count = receive_batch(&now);
    for (int i = 0; i < count; i++)
      take(peer_of(i), receive_bytes[i], receive_messages[i].msg_len, now);
    if (scenario == DO_FLOOD && !open_only) {
      if (flood_from == 0) flood_from = now;
      for (int i = 0; i < 32 && flooded < (now - flood_from) / 1000 * flood_rate / 1000000; i++) send_forgery();
    }
    if (now >= sweep_at) {
      sweep_at = now + LOSS_NANOSECONDS / 4;
      for (uint32_t i = 0; i < peer_count; i++) {
        if (!peers[i].waiting || peers[i].sent_at + LOSS_NANOSECONDS > now) continue;
        lost++;
        if (peers[i].step == OPEN) send_get(i, now);
        else begin(i, now);
      }
    }
    flush();
  }
}

static void read_arguments(int argc, char **argv) {
  static const struct option options[] = {
      {"port", 1, 0, 'p'},    {"scenario", 1, 0, 's'}, {"path", 1, 0, 'u'}, {"peers", 1, 0, 'n'},  {"window", 1, 0, 'w'},
      {"seconds", 1, 0, 't'}, {"warm", 1, 0, 'm'},     {"cid", 1, 0, 'c'},  {"prefix", 1, 0, 'x'},
      {"rate", 1, 0, 'r'},    {0, 0, 0, 0}};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (c) {
      case 'p': target.sin_port = htons((uint16_t)atoi(optarg)); break;
      case 's': scenario = optarg[0] == 'h' ? DO_HANDSHAKE : optarg[0] == 'e' ? DO_ECDSA : optarg[0] == 'f' ? DO_FLOOD : DO_GET; break;
      case 'u': path = optarg; break;
      case 'n': peer_count = (uint32_t)atoi(optarg); break;
      case 'w': window = (uint32_t)atoi(optarg); break;
      case 't': seconds_to_run = atoi(optarg); break;
      case 'm': warm_milliseconds = atoi(optarg); break;
      case 'c': with_cid = atoi(optarg); break;
      case 'x': prefix = optarg; break;
      case 'r': flood_rate = (uint32_t)atoi(optarg); break;
      default: exit(2);
    }
  }
  if (target.sin_port == 0 || peer_count == 0 || window == 0 || strlen(path) > 12) {
    fprintf(stderr, "load-dtls: --port is needed; --path has at most 12 characters\n");
    exit(2);
  }
  if (window > peer_count) window = peer_count;
}

int main(int argc, char **argv) {
  read_arguments(argc, argv);
  open_socket(1);
  ccm = EVP_CIPHER_fetch(NULL, "AES-128-CCM", NULL);
  peers = calloc(peer_count, sizeof *peers);
  if (peers == NULL || ccm == NULL) return 1;

  if (scenario == DO_ECDSA && ((own_key = EVP_EC_gen("P-256")) == NULL || (ephemeral = EVP_EC_gen("P-256")) == NULL)) return 1;
  if (scenario != DO_HANDSHAKE && scenario != DO_ECDSA) {
    open_only = 1;
    for (uint32_t i = 0; i < window; i++) next_request(0, now_nanoseconds());
    flush();
    run(now_nanoseconds() + 60000000000u);
    if (open_count < peer_count) {
      fprintf(stderr, "load-dtls: %u of %u handshakes succeeded\n", open_count, peer_count);
      return 1;
    }
    open_only = 0;
    next_peer = 0;
  }
  if (scenario == DO_FLOOD) window = 1;
  for (uint32_t i = 0; i < window; i++) next_request(i, now_nanoseconds());
  flush();
  run(now_nanoseconds() + (uint64_t)warm_milliseconds * 1000000u);
  before_measured = answered;
  answered = refused = lost = stray = flooded = flood_from = idle_nanoseconds = 0;
  memset(latency, 0, sizeof latency);
  uint64_t start = now_nanoseconds();
  run(start + (uint64_t)seconds_to_run * 1000000000u);
  double elapsed = (double)(now_nanoseconds() - start) / 1e9;
  printf("{\"perSecond\":%.0f,\"total\":%llu,\"answered\":%llu,\"refused\":%llu,\"firstRefusal\":\"an alert or a response\","
         "\"lost\":%llu,\"stray\":%llu,\"payloadBytes\":0,\"downloads\":0,\"flooded\":%.0f,\"p50\":%.1f,\"p99\":%.1f,"
         "\"idle\":%.2f}\n",
         (double)answered / elapsed, (unsigned long long)(before_measured + answered), (unsigned long long)answered,
         (unsigned long long)refused, (unsigned long long)lost, (unsigned long long)stray, (double)flooded / elapsed,
         latency_at(0.5), latency_at(0.99), (double)idle_nanoseconds / 1e9 / elapsed);
}
