/*
 * The load generator for LwM2M devices, in the clear or over DTLS (`--dtls 1`): each has one message of its own
 * outstanding, and answers whatever the server asks. Like `load.c`: closed loop, one socket, batches, a source
 * address for each device, one JSON line. Prints `begins` when everything before the load is done.
 *
 *   register   new devices register, once each; over DTLS their handshakes are made before
 *   update     registered devices send empty Updates
 *   send       registered devices send one value, as SenML JSON
 *   notify     registered devices notify: prints `registered` when they are, so that somebody can have the server
 *              observe them, and begins when all of them are observed
 *   drain      devices that registered long ago (`--first`: the number of the first; locations are r<number>)
 *              wake with an Update, answer `--operations` requests each, and are done: what is counted are answers
 */
#include "load.h"
#include "dtls-client.h"

enum { LOCATION = 24 };
typedef enum { DO_REGISTER, DO_UPDATE, DO_SEND, DO_NOTIFY, DO_DRAIN } scenario_kind;
typedef enum { OPENING, REGISTERING, WAITING, MEASURING } phase_kind;

typedef struct {
  dtls_client *dtls;
  uint8_t token[8], token_length, location_length;
  char location[LOCATION];
  int registered, waiting;
  uint16_t message_id;
  uint32_t sequence, answers;
  uint64_t sent_at;
} peer_state;

static scenario_kind scenario = DO_SEND;
static phase_kind phase = REGISTERING;
static int over_dtls, seconds_to_run = 2, warm_milliseconds = 300;
static uint32_t peer_count = 1000, window = 128, first_device = 1, operations = 10;
static peer_state *peers;
static uint32_t next_peer, open_count, registered_count, observed_count, drained_count;
static uint64_t before_measured, answered, refused, lost, stray;
static unsigned first_refusal;

static dtls_client *client_of(uint32_t number) { return peers[number].dtls; }
static void dtls_alert(uint32_t number) { (void)number, refused++; }
static void dtls_stray(void) { stray++; }

/* ---- what devices say ---- */

static uint8_t message[SIZE];

static void send_message(uint32_t number, unsigned length) {
  uint8_t *start = next_datagram();
  uint8_t *end = over_dtls ? seal_record(peers[number].dtls, start, APPLICATION_DATA, message, length)
                           : put_bytes(start, message, length);
  send_datagrams(number, (unsigned)(end - start), 1);
}

static writer head(int type, int code, uint16_t message_id, const void *token, unsigned token_length) {
  message[0] = (uint8_t)(0x40 | type << 4 | token_length);
  message[1] = (uint8_t)code;
  put16(message + 2, message_id);
  return (writer){put_bytes(message + 4, token, token_length), 0};
}

/* A request of the device's own, POST: its token is its number of messages. */
static writer post(uint32_t number, uint64_t now) {
  peer_state *p = &peers[number];
  p->waiting = 1;
  p->sent_at = now;
  p->message_id++;
  return head(0, 2, p->message_id, &p->message_id, 2);
}

static void send_registration(uint32_t number, uint64_t now) {
  writer w = post(number, now);
  put_registration(&w, prefix, number, "1.1");
  send_message(number, (unsigned)(w.at - message));
}

static void send_update(uint32_t number, uint64_t now) {
  writer w = post(number, now);
  put_path(&w, "rd");
  put_option(&w, 11, peers[number].location, peers[number].location_length);
  send_message(number, (unsigned)(w.at - message));
}

static void send_send(uint32_t number, uint64_t now) {
  uint32_t value = ++peers[number].sequence;
  writer w = post(number, now);
  put_path(&w, "dp");
  put_uint_option(&w, 12, 110);
  w.at += sprintf((char *)w.at, "\xff[{\"n\":\"/3303/0/5700\",\"v\":%u.%u}]", 15 + value % 10, value % 7);
  send_message(number, (unsigned)(w.at - message));
}

/* A value of an observed resource: as the answer to the observation, and as each notification. */
static void send_value(uint32_t number, int type, uint16_t message_id) {
  peer_state *p = &peers[number];
  writer w = head(type, 0x45, message_id, p->token, p->token_length);
  put_uint_option(&w, 6, ++p->sequence & 0xffffff);
  put_uint_option(&w, 12, 0);
  w.at += sprintf((char *)w.at, "\xff%u.%u", 15 + p->sequence % 10, p->sequence % 7);
  send_message(number, (unsigned)(w.at - message));
}

static void send_notification(uint32_t number, uint64_t now) {
  peer_state *p = &peers[number];
  p->waiting = 1;
  p->sent_at = now;
  send_value(number, 0, ++p->message_id);
}

/* What a device repeats when nothing has come. */
static void say(uint32_t number, uint64_t now) {
  if (over_dtls && peers[number].dtls->step != OPEN) {
    peers[number].waiting = 1;
    peers[number].sent_at = now;
    begin_handshake(number);
  } else if (phase == REGISTERING || (phase == MEASURING && scenario == DO_REGISTER)) send_registration(number, now);
  else if (scenario == DO_SEND) send_send(number, now);
  else if (scenario == DO_NOTIFY) send_notification(number, now);
  else send_update(number, now);
}

/* Lets the next device speak that is not waiting for anything. */
static void send_next(uint64_t now) {
  int is_once = phase == OPENING || phase == REGISTERING || scenario == DO_REGISTER || scenario == DO_DRAIN;
  if (phase == WAITING) return;
  if (is_once) {
    if (next_peer < peer_count) say(next_peer++, now);
    return;
  }
  for (uint32_t tried = 0; tried < peer_count; tried++) {
    uint32_t number = next_peer;
    next_peer = (next_peer + 1) % peer_count;
    if (peers[number].waiting) continue;
    say(number, now);
    return;
  }
}

/* ---- what devices hear ---- */

/* A request of the server: an observation or a read is granted, anything else is done. */
static void answer_request(uint32_t number, const uint8_t *bytes, unsigned length, uint64_t now) {
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
  writer w = head(2, bytes[1] == 1 ? 0x45 : 0x44, message_id, bytes + 4, token_length);
  if (bytes[1] == 1) {
    put_uint_option(&w, 12, 0);
    w.at = put_bytes(w.at, "\xff" "21.5", 5);
  }
  send_message(number, (unsigned)(w.at - message));
  if (phase != MEASURING || scenario != DO_DRAIN || p->answers == operations) return;
  answered++;
  note_latency(now - p->sent_at);
  p->sent_at = now;
  if (++p->answers < operations) return;
  drained_count++;
  send_next(now);
}

/* The last Location-Path of a 2.01. */
static void keep_location(peer_state *p, const uint8_t *bytes, unsigned length) {
  unsigned at = 4 + (bytes[0] & 15), number = 0;
  while (at < length && bytes[at] != 0xff) {
    unsigned delta = bytes[at] >> 4, size = bytes[at] & 15;
    at++;
    if (delta > 12 || size > 12 || at + size > length) return;
    number += delta;
    if (number == 8) memcpy(p->location, bytes + at, p->location_length = (uint8_t)size);
    at += size;
  }
}

static void hear(uint32_t number, const uint8_t *bytes, unsigned length, uint64_t now) {
  if (length < 4) return;
  peer_state *p = &peers[number];
  unsigned type = bytes[0] >> 4 & 3, code = bytes[1];
  if (code > 0 && code < 32) {
    answer_request(number, bytes, length, now);
    return;
  }
  if (type < 2 || !p->waiting || (bytes[2] << 8 | bytes[3]) != p->message_id) {
    stray++;
    return;
  }
  p->waiting = 0;
  int good = type == 2 && (phase == MEASURING && scenario == DO_NOTIFY ? code == 0 : code >> 5 == 2);
  if (!good) {
    if (refused++ == 0) first_refusal = code;
  } else if (code == 0x41 && !p->registered) {
    p->registered = 1;
    registered_count++;
    keep_location(p, bytes, length);
  }
  if (phase != MEASURING) {
    if (good) send_next(now);
    return;
  }
  if (scenario == DO_DRAIN) return;
  if (good) {
    answered++;
    note_latency(now - p->sent_at);
  }
  send_next(now);
}

static void dtls_opened(uint32_t number, uint64_t now) {
  peers[number].waiting = 0;
  open_count++;
  send_next(now);
}

static void dtls_data(uint32_t number, const uint8_t *plain, int length, uint64_t now) {
  hear(number, plain, (unsigned)length, now);
}

/* ---- the loop ---- */

static int is_over(void) {
  switch (phase) {
    case OPENING: return open_count == peer_count;
    case REGISTERING: return registered_count == peer_count;
    case WAITING: return observed_count == peer_count;
    default: return scenario == DO_REGISTER ? registered_count == peer_count : scenario == DO_DRAIN && drained_count == peer_count;
  }
}

static void run(uint64_t end) {
  uint64_t now = now_nanoseconds(), sweep_at = now + LOSS_NANOSECONDS;
  while (now < end && !is_over()) {
    int count = receive_batch(&now);
    for (int i = 0; i < count; i++) {
      uint32_t number = peer_of(i);
      unsigned length = receive_messages[i].msg_len;
      if (number >= peer_count) continue;
      if (over_dtls) dtls_take(number, receive_bytes[i], length, now);
      else hear(number, receive_bytes[i], length, now);
    }
    if (now >= sweep_at) {
      sweep_at = now + LOSS_NANOSECONDS / 4;
      for (uint32_t i = 0; i < peer_count; i++) {
        if (!peers[i].waiting || peers[i].sent_at + LOSS_NANOSECONDS > now) continue;
        lost++;
        say(i, now);
      }
    }
    flush();
  }
}

static void begin_phase(phase_kind next) {
  phase = next;
  next_peer = 0;
  for (uint32_t i = 0; i < peer_count; i++) peers[i].waiting = 0;
  /* More handshakes at once than a busy server finishes within LOSS_NANOSECONDS would never end. */
  uint32_t width = next == OPENING && window > 128 ? 128 : window;
  for (uint32_t i = 0; i < width; i++) send_next(now_nanoseconds());
  flush();
}

/* Everything before the measurement, at most a minute and a half each. */
static void prepare(phase_kind next, const char *what, const uint32_t *count) {
  begin_phase(next);
  run(now_nanoseconds() + 90000000000u);
  if (*count == peer_count) return;
  fprintf(stderr, "load-lwm2m: %u of %u devices %s (code %u.%02u)\n", *count, peer_count, what, first_refusal >> 5, first_refusal & 31);
  exit(1);
}

static scenario_kind kind_of(const char *name) {
  static const char *const names[] = {"register", "update", "send", "notify", "drain"};
  for (int i = 0; i < 5; i++)
    if (strcmp(name, names[i]) == 0) return (scenario_kind)i;
  fprintf(stderr, "load-lwm2m: no scenario '%s'\n", name);
  exit(2);
}

static void read_arguments(int argc, char **argv) {
  static const struct option options[] = {{"port", 1, 0, 'p'},   {"scenario", 1, 0, 's'}, {"peers", 1, 0, 'n'},      {"window", 1, 0, 'w'},
                                          {"seconds", 1, 0, 't'}, {"warm", 1, 0, 'm'},     {"prefix", 1, 0, 'x'},     {"dtls", 1, 0, 'd'},
                                          {"salt", 1, 0, 'k'},    {"first", 1, 0, 'f'},    {"operations", 1, 0, 'o'}, {0, 0, 0, 0}};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (c) {
      case 'p': target.sin_port = htons((uint16_t)atoi(optarg)); break;
      case 's': scenario = kind_of(optarg); break;
      case 'n': peer_count = (uint32_t)atoi(optarg); break;
      case 'w': window = (uint32_t)atoi(optarg); break;
      case 't': seconds_to_run = atoi(optarg); break;
      case 'm': warm_milliseconds = atoi(optarg); break;
      case 'x': prefix = optarg; break;
      case 'd': over_dtls = atoi(optarg); break;
      case 'k': key_salt = atoi(optarg); break;
      case 'f': first_device = (uint32_t)atoi(optarg); break;
      case 'o': operations = (uint32_t)atoi(optarg); break;
      default: exit(2);
    }
  }
  if (target.sin_port == 0 || peer_count == 0 || window == 0) {
    fprintf(stderr, "load-lwm2m: --port is needed\n");
    exit(2);
  }
  if (window > peer_count) window = peer_count;
}

int main(int argc, char **argv) {
  read_arguments(argc, argv);
  open_socket(1);
  peers = calloc(peer_count, sizeof *peers);
  if (peers == NULL || (over_dtls && !dtls_prepare())) return 1;
  for (uint32_t i = 0; i < peer_count; i++) {
    peers[i].message_id = (uint16_t)(now_nanoseconds() + i * 40503u);
    if (over_dtls) peers[i].dtls = calloc(1, sizeof(dtls_client));
    peers[i].location_length = (uint8_t)snprintf(peers[i].location, LOCATION, "r%u", first_device + i);
  }
  if (over_dtls) prepare(OPENING, "have an association", &open_count);
  if (scenario != DO_REGISTER && scenario != DO_DRAIN) prepare(REGISTERING, "registered", &registered_count);
  if (scenario == DO_NOTIFY) {
    puts("registered");
    fflush(stdout);
    prepare(WAITING, "are observed", &observed_count);
  }
  puts("begins");
  fflush(stdout);
  begin_phase(MEASURING);
  int is_counted = scenario == DO_REGISTER || scenario == DO_DRAIN;
  if (!is_counted) run(now_nanoseconds() + (uint64_t)warm_milliseconds * 1000000u);
  before_measured = answered;
  answered = refused = lost = stray = idle_nanoseconds = 0;
  memset(latency, 0, sizeof latency);
  uint64_t start = now_nanoseconds();
  run(start + (uint64_t)(is_counted ? 60 : seconds_to_run) * 1000000000u);
  double elapsed = (double)(now_nanoseconds() - start) / 1e9;
  printf("{\"perSecond\":%.0f,\"total\":%llu,\"answered\":%llu,\"refused\":%llu,\"firstRefusal\":\"%u.%02u\",\"lost\":%llu,"
         "\"stray\":%llu,\"payloadBytes\":0,\"downloads\":0,\"p50\":%.1f,\"p99\":%.1f,\"idle\":%.2f}\n",
         (double)answered / elapsed, (unsigned long long)(before_measured + answered), (unsigned long long)answered,
         (unsigned long long)refused, first_refusal >> 5, first_refusal & 31, (unsigned long long)lost, (unsigned long long)stray,
         latency_at(0.5), latency_at(0.99), (double)idle_nanoseconds / 1e9 / elapsed);
}
