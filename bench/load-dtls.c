/*
 * The load generator for DTLS 1.2: many clients of `dtls-client.h`. Like `load.c`: closed loop, one socket,
 * batches, a source address for each peer, `begins` when everything before the load is done, one JSON line.
 *
 *   handshake   whole handshakes, each of a peer that is new to the server
 *   ecdsa       the same with P-256 and raw public keys both ways; all peers share one key pair and one
 *               ephemeral pair, since the generator's share of the work is not what is measured
 *   get         CON GET over associations made before the measurement begins
 *   flood       the first peer's CON GETs one after the other, while forged records for the association of
 *               the last one (`--peers 1`: the same) arrive at `--rate` a second: the latency is the result
 */
#include "load.h"
#include "dtls-client.h"

typedef enum { DO_HANDSHAKE, DO_ECDSA, DO_GET, DO_FLOOD } scenario_kind;
typedef struct {
  dtls_client dtls;
  int waiting; /* for whatever answers what it sent at `sent_at` */
  uint64_t sent_at;
  uint16_t message_id;
  uint32_t token;
} peer_state;

static scenario_kind scenario = DO_GET;
static const char *path = "test";
static uint32_t peer_count = 1000, window = 128, flood_rate = 100000;
static int seconds_to_run = 2, warm_milliseconds = 300, open_only;
static peer_state *peers;
static uint32_t next_peer, open_count;
static uint64_t before_measured, answered, refused, lost, stray, flooded;
static uint64_t flood_from;

static dtls_client *client_of(uint32_t number) { return &peers[number].dtls; }

static void begin(uint32_t number, uint64_t now) {
  peers[number].sent_at = now;
  peers[number].waiting = 1;
  begin_handshake(number);
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
  uint8_t *end = seal_record(&p->dtls, next_datagram(), APPLICATION_DATA, request, (unsigned)(at - request));
  send_datagrams(number, (unsigned)(end - next_datagram()), 1);
}

/* A record of the last peer's association with a sequence number nobody has seen and a MAC nobody made. */
static void send_forgery(void) {
  dtls_client *p = &peers[peer_count - 1].dtls;
  uint8_t *start = next_datagram(), *at = record_header(start, p->cid_length > 0 ? WITH_CID : APPLICATION_DATA, 1, p->sequence + 1);
  at = put16(put_bytes(at, p->cid, p->cid_length), 50);
  memset(at, (int)flooded++, 50);
  send_datagrams(peer_count - 1, (unsigned)(at + 50 - start), 1);
}

static void next_request(uint32_t number, uint64_t now) {
  if (open_only) {
    while (next_peer < peer_count && peers[next_peer].dtls.step != NEW) next_peer++;
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

static void dtls_opened(uint32_t number, uint64_t now) {
  peer_state *p = &peers[number];
  p->waiting = 0;
  open_count++;
  if (!open_only) answered++;
  note_latency(now - p->sent_at);
  next_request(number, now);
}

static void dtls_data(uint32_t number, const uint8_t *plain, int length, uint64_t now) {
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

static void dtls_alert(uint32_t number) {
  (void)number;
  refused++;
}

static void dtls_stray(void) { stray++; }

static void take(uint32_t number, const uint8_t *bytes, unsigned length, uint64_t now) {
  if (number < peer_count) dtls_take(number, bytes, length, now);
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
        if (peers[i].dtls.step == OPEN) send_get(i, now);
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
  with_ecdsa = scenario == DO_ECDSA;
  peers = calloc(peer_count, sizeof *peers);
  if (peers == NULL || !dtls_prepare()) return 1;

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
  puts("begins");
  fflush(stdout);
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
