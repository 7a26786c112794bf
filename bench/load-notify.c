/*
 * The load generator for notifications: devices that register (LwM2M 1.0), say yes to whatever the server
 * wants observed, and then notify, each with one CON outstanding. Prints `registered` when all devices
 * are registered, so that somebody can ask the server to observe them; begins when all of them are
 * observed; then one JSON line like `load.c`. A notification counts when its ACK has come.
 */
#include "load.h"

typedef struct {
  uint8_t token[8], token_length;
  int registered, waiting;
  uint16_t message_id;
  uint32_t sequence;
  uint64_t sent_at;
} peer_state;

static const char *prefix = "bench";
static uint32_t peer_count = 1000, window = 128, next_peer, registered_count, observed_count;
static int seconds_to_run = 2, warm_milliseconds = 300;
static enum { REGISTERING, WAITING, NOTIFYING } phase = REGISTERING;
static peer_state *peers;
static uint64_t before_measured, answered, refused, lost, stray;

static uint8_t *put_header(uint8_t *at, int type, int code, uint16_t message_id, const peer_state *p) {
  *at++ = (uint8_t)(0x40 | type << 4 | p->token_length);
  *at++ = (uint8_t)code;
  *at++ = (uint8_t)(message_id >> 8);
  *at++ = (uint8_t)message_id;
  memcpy(at, p->token, p->token_length);
  return at + p->token_length;
}

static void begin(peer_state *p, uint64_t now) {
  p->message_id++;
  p->sent_at = now;
  p->waiting = 1;
}

static void send_registration(uint32_t number, uint64_t now) {
  peer_state *p = &peers[number];
  begin(p, now);
  writer w = {put_header(next_datagram(), 0, 2, p->message_id, p), 0};
  put_registration(&w, prefix, number, "1.0");
  send_datagrams(number, (unsigned)(w.at - next_datagram()), 1);
}

/* A value of an observed resource: as the answer to the observation, and as each notification. */
static void send_value(uint32_t number, int type, uint16_t message_id) {
  peer_state *p = &peers[number];
  writer w = {put_header(next_datagram(), type, 0x45, message_id, p), 0};
  put_uint_option(&w, 6, ++p->sequence & 0xffffff);
  put_uint_option(&w, 12, 0);
  w.at += sprintf((char *)w.at, "\xff%u.%u", 15 + p->sequence % 10, p->sequence % 7);
  send_datagrams(number, (unsigned)(w.at - next_datagram()), 1);
}

static void send_notification(uint32_t number, uint64_t now) {
  begin(&peers[number], now);
  send_value(number, 0, peers[number].message_id);
}

static void send_next(uint64_t now) {
  if (phase == REGISTERING && next_peer < peer_count) send_registration(next_peer++, now);
  for (uint32_t tried = 0; phase == NOTIFYING && tried < peer_count; tried++) {
    uint32_t number = next_peer;
    next_peer = (next_peer + 1) % peer_count;
    if (peers[number].waiting) continue;
    send_notification(number, now);
    return;
  }
}

/* A request of the server: an observation, which we grant, or anything else, which we do not have. */
static void answer_request(uint32_t number, const uint8_t *bytes, unsigned length) {
  peer_state *p = &peers[number];
  unsigned token_length = bytes[0] & 15;
  uint16_t message_id = (uint16_t)(bytes[2] << 8 | bytes[3]);
  /* Observe, if it is there, is the first option: none has a lower number but If-Match, Uri-Host and ETag. */
  int observes = bytes[1] == 1 && token_length <= 8 && length > 4 + token_length && bytes[4 + token_length] >> 4 == 6;
  if (observes) {
    if (p->token_length == 0) observed_count++;
    memcpy(p->token, bytes + 4, p->token_length = (uint8_t)token_length);
    send_value(number, 2, message_id);
    return;
  }
  uint8_t *at = next_datagram();
  memcpy(at, bytes, 4 + token_length);
  at[0] = (uint8_t)(0x60 | token_length);
  at[1] = 0x84;
  send_datagrams(number, 4 + token_length, 1);
}

static void take(uint32_t number, const uint8_t *bytes, unsigned length, uint64_t now) {
  if (number >= peer_count || length < 4) return;
  peer_state *p = &peers[number];
  unsigned type = bytes[0] >> 4 & 3, code = bytes[1];
  if (code > 0 && code < 32) {
    answer_request(number, bytes, length);
    return;
  }
  if (type < 2 || !p->waiting || (bytes[2] << 8 | bytes[3]) != p->message_id) {
    stray++;
    return;
  }
  p->waiting = 0;
  if (phase == REGISTERING && code == 0x41) {
    p->registered = 1;
    registered_count++;
  } else if (phase == NOTIFYING && type == 2 && code == 0) {
    answered++;
    note_latency(now - p->sent_at);
  } else if (phase != WAITING) {
    refused++;
  }
  send_next(now);
}

static void run(uint64_t end) {
  uint64_t now = now_nanoseconds(), sweep_at = now + LOSS_NANOSECONDS;
  while (now < end && !(phase == REGISTERING && registered_count == peer_count) &&
         !(phase == WAITING && observed_count == peer_count)) {
    int count = receive_batch(&now);
    for (int i = 0; i < count; i++) take(peer_of(i), receive_bytes[i], receive_messages[i].msg_len, now);
    if (now >= sweep_at) {
      sweep_at = now + LOSS_NANOSECONDS / 4;
      for (uint32_t i = 0; i < peer_count; i++) {
        if (!peers[i].waiting || peers[i].sent_at + LOSS_NANOSECONDS > now) continue;
        lost++;
        if (phase == REGISTERING) send_registration(i, now);
        else if (phase == NOTIFYING) send_notification(i, now);
      }
    }
    flush();
  }
}

static void start_window(void) {
  next_peer = 0;
  for (uint32_t i = 0; i < window; i++) send_next(now_nanoseconds());
  flush();
}

static void give_up(const char *what, uint32_t count) {
  fprintf(stderr, "load-notify: %u of %u devices %s\n", count, peer_count, what);
  exit(1);
}

static void read_arguments(int argc, char **argv) {
  static const struct option options[] = {{"port", 1, 0, 'p'}, {"peers", 1, 0, 'n'},  {"window", 1, 0, 'w'}, {"seconds", 1, 0, 't'},
                                          {"warm", 1, 0, 'm'}, {"prefix", 1, 0, 'x'}, {0, 0, 0, 0}};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (c) {
      case 'p': target.sin_port = htons((uint16_t)atoi(optarg)); break;
      case 'n': peer_count = (uint32_t)atoi(optarg); break;
      case 'w': window = (uint32_t)atoi(optarg); break;
      case 't': seconds_to_run = atoi(optarg); break;
      case 'm': warm_milliseconds = atoi(optarg); break;
      case 'x': prefix = optarg; break;
      default: exit(2);
    }
  }
  if (target.sin_port == 0 || peer_count == 0 || window == 0) {
    fprintf(stderr, "load-notify: --port is needed\n");
    exit(2);
  }
  if (window > peer_count) window = peer_count;
}

int main(int argc, char **argv) {
  const uint64_t second = 1000000000u;
  read_arguments(argc, argv);
  open_socket(1);
  peers = calloc(peer_count, sizeof *peers);
  if (peers == NULL) return 1;
  start_window();
  run(now_nanoseconds() + 60 * second);
  if (registered_count < peer_count) give_up("registered", registered_count);
  phase = WAITING;
  puts("registered");
  fflush(stdout);
  run(now_nanoseconds() + 60 * second);
  if (observed_count < peer_count) give_up("are observed", observed_count);
  phase = NOTIFYING;
  for (uint32_t i = 0; i < peer_count; i++) peers[i].waiting = 0;
  start_window();
  run(now_nanoseconds() + (uint64_t)warm_milliseconds * 1000000u);
  before_measured = answered;
  answered = refused = lost = stray = idle_nanoseconds = 0;
  memset(latency, 0, sizeof latency);
  uint64_t start = now_nanoseconds();
  run(start + (uint64_t)seconds_to_run * second);
  double elapsed = (double)(now_nanoseconds() - start) / 1e9;
  printf("{\"perSecond\":%.0f,\"total\":%llu,\"answered\":%llu,\"refused\":%llu,\"firstRefusal\":\"RST\",\"lost\":%llu,"
         "\"stray\":%llu,\"payloadBytes\":0,\"downloads\":0,\"p50\":%.1f,\"p99\":%.1f,\"idle\":%.2f}\n",
         (double)answered / elapsed, (unsigned long long)(before_measured + answered), (unsigned long long)answered,
         (unsigned long long)refused, (unsigned long long)lost, (unsigned long long)stray, latency_at(0.5), latency_at(0.99),
         (double)idle_nanoseconds / 1e9 / elapsed);
}
