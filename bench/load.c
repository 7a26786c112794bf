/*
 * The load generator: many CoAP clients in one process, over one socket, in batches.
 *
 * A closed loop of slots. A slot is one simulated peer that sends `burst` requests at once, awaits
 * their answers, and is then given to the next peer; `window` slots run side by side. Each peer has a
 * source address of its own in 127.0.0.0/8 (packet info), its own message ids and its own place in a
 * download, so a server sees as many clients as are asked for. A burst above 1 travels as one
 * segmented send (UDP_SEGMENT), which is what makes this generator cheaper than what it measures.
 * What is not answered within LOSS_NANOSECONDS is counted as lost, and the slot goes on.
 *
 * Prints `begins` when everything before the load is done, then one JSON line. It never says more than it
 * checked: an answer counts only when its token, its code class and, in a download, its block number are right
 * (`--echo`: its token). `idle` is the share of the time it waited for the server: a value near 0 betrays a
 * generator that was itself the limit.
 */
#include "load.h"

enum { LOCATION = 24, MAX_WINDOW = 65536 };

typedef enum { GET, NON_GET, POST, BLOCK2, REGISTER, UPDATE } scenario_kind;

typedef struct {
  uint16_t message_id;
  uint32_t block;
  uint8_t location_length;
  char location[LOCATION];
} peer_state;

typedef struct {
  uint32_t sequence; /* 24 bits of it travel in the token */
  uint32_t peer;
  uint32_t open; /* one bit for each request not yet answered */
  uint64_t sent_at;
} slot_state;

static scenario_kind scenario = GET;
static const char *path = "test", *prefix = "bench";
static uint32_t peer_count = 1, window = 64, burst = 1, payload_length = 40, block_exponent = 6;
static int echoes = 0, numbered = 0, seconds_to_run = 2, warm_milliseconds = 300;

static peer_state *peers;
static slot_state slots[MAX_WINDOW];
static uint32_t next_peer;
static uint64_t before_measured, answered, refused, lost, stray, payload_bytes, downloads;
static unsigned first_refusal;
/* ---- building requests ---- */

/* A path segment: a number in base 36, as the server writes device ids into package URIs. */
static void put_number(writer *w, uint32_t number) {
  char text[8];
  unsigned at = sizeof text;
  for (; number > 0; number /= 36) text[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
  put_option(w, 11, text + at, (unsigned)sizeof text - at);
}

static unsigned build_request(uint8_t *bytes, uint32_t slot_number, uint32_t member) {
  slot_state *slot = &slots[slot_number];
  peer_state *peer = &peers[slot->peer];
  int posts = scenario == POST || scenario == REGISTER || scenario == UPDATE;
  uint16_t message_id = peer->message_id++;
  uint8_t head[] = {
      scenario == NON_GET ? 0x56 : 0x46, posts ? 2 : 1, (uint8_t)(message_id >> 8), (uint8_t)message_id,
      (uint8_t)(slot_number >> 8), (uint8_t)slot_number, (uint8_t)(slot->sequence >> 16),
      (uint8_t)(slot->sequence >> 8), (uint8_t)slot->sequence, (uint8_t)member};
  memcpy(bytes, head, sizeof head);
  writer w = {bytes + sizeof head, 0};
  if (scenario == REGISTER) {
    put_registration(&w, prefix, slot->peer, "1.1");
    return (unsigned)(w.at - bytes);
  }
  if (scenario == UPDATE) {
    put_path(&w, "rd");
    put_option(&w, 11, peer->location, peer->location_length);
    return (unsigned)(w.at - bytes);
  }
  put_path(&w, path);
  if (numbered) put_number(&w, slot->peer + 1);
  if (scenario == BLOCK2) put_uint_option(&w, 23, peer->block << 4 | block_exponent);
  if (scenario == POST) {
    put_uint_option(&w, 12, 0);
    *w.at++ = 0xff;
    memset(w.at, 'x', payload_length);
    w.at += payload_length;
  }
  return (unsigned)(w.at - bytes);
}

/* ---- reading answers ---- */

typedef struct {
  unsigned code;
  int has_block;
  uint32_t block;
  const uint8_t *location;
  unsigned location_length, payload;
} answer;

/* Walks the options. Returns 0 where the message is broken. */
static int read_answer(const uint8_t *bytes, unsigned length, answer *a) {
  memset(a, 0, sizeof *a);
  a->code = bytes[1];
  unsigned at = 4 + (bytes[0] & 15), number = 0;
  while (at < length && bytes[at] != 0xff) {
    unsigned delta = bytes[at] >> 4, size = bytes[at] & 15;
    at++;
    if (delta == 13 && at < length) delta = 13u + bytes[at++];
    if (size == 13 && at < length) size = 13u + bytes[at++];
    if (delta > 268 || size > 268 || at + size > length) return 0;
    number += delta;
    if (number == 8) {
      a->location = bytes + at;
      a->location_length = size;
    } else if (number == 23) {
      a->has_block = 1;
      for (unsigned i = 0; i < size; i++) a->block = a->block << 8 | bytes[at + i];
    }
    at += size;
  }
  a->payload = at < length ? length - at - 1 : 0;
  return 1;
}

/* Gives the slot to its next peer; 0 where there is none: each device registers once. */
static int ask_next(uint32_t slot_number) {
  slot_state *slot = &slots[slot_number];
  if (next_peer == peer_count && scenario == REGISTER) return 0;
  slot->sequence++;
  if (scenario == BLOCK2) return 1; /* a download belongs to one peer; anything else goes round */
  if (next_peer == peer_count) next_peer = 0;
  slot->peer = next_peer++;
  return 1;
}

/* Takes one datagram; returns the slot that may ask again, or -1. */
static int take(const uint8_t *bytes, unsigned length, uint64_t now) {
  if (length < 10 || (bytes[0] & 0xcf) != 0x46) {
    stray++;
    return -1;
  }
  uint32_t slot_number = (uint32_t)bytes[4] << 8 | bytes[5];
  uint32_t sequence = (uint32_t)bytes[6] << 16 | (uint32_t)bytes[7] << 8 | bytes[8];
  uint32_t member = bytes[9] & 31;
  slot_state *slot = &slots[slot_number < window ? slot_number : 0];
  if (slot_number >= window || (slot->sequence & 0xffffff) != sequence || (slot->open >> member & 1) == 0) {
    stray++;
    return -1;
  }
  slot->open &= ~(1u << member);
  peer_state *peer = &peers[slot->peer];
  answer a;
  int good = echoes || (read_answer(bytes, length, &a) && a.code >> 5 == 2);
  if (good && !echoes && scenario == BLOCK2) good = a.has_block && a.block >> 4 == peer->block;
  if (good && !echoes && scenario == REGISTER) good = a.location_length > 0 && a.location_length <= LOCATION;
  if (!good) {
    if (refused++ == 0) first_refusal = bytes[1];
    peer->block = 0;
  } else {
    answered++;
    note_latency(now - slot->sent_at);
    if (!echoes) payload_bytes += a.payload;
    if (!echoes && scenario == BLOCK2 && (a.block & 8) == 0) downloads++;
    if (!echoes && scenario == BLOCK2) peer->block = a.block & 8 ? peer->block + 1 : 0;
    if (!echoes && scenario == REGISTER) {
      memcpy(peer->location, a.location, a.location_length);
      peer->location_length = (uint8_t)a.location_length;
    }
  }
  return slot->open == 0 && ask_next(slot_number) ? (int)slot_number : -1;
}

/* ---- the loop ---- */

static void ask(uint32_t slot_number, uint64_t now) {
  slot_state *slot = &slots[slot_number];
  slot->sent_at = now;
  slot->open = (uint32_t)((1ull << burst) - 1);
  uint8_t *bytes = next_datagram();
  unsigned length = build_request(bytes, slot_number, 0);
  for (uint32_t member = 1; member < burst; member++) build_request(bytes + member * length, slot_number, member);
  send_datagrams(slot->peer, length, burst);
}

/* Runs until `end`, or until `limit` answers have come. */
static void run(uint64_t end, uint64_t limit) {
  uint64_t now = now_nanoseconds(), sweep_at = now + LOSS_NANOSECONDS;
  while (now < end && answered + refused < limit) {
    int count = receive_batch(&now);
    for (int i = 0; i < count; i++) {
      int slot = take(receive_bytes[i], receive_messages[i].msg_len, now);
      if (slot >= 0) ask((uint32_t)slot, now);
    }
    if (now >= sweep_at) {
      sweep_at = now + LOSS_NANOSECONDS / 4;
      for (uint32_t i = 0; i < window; i++) {
        if (slots[i].open == 0 || slots[i].sent_at + LOSS_NANOSECONDS > now) continue;
        lost++;
        if (scenario == REGISTER) slots[i].sequence++; /* the same device tries again */
        else ask_next(i);
        ask(i, now);
      }
    }
    flush();
  }
}

static void start_slots(void) {
  next_peer = 0;
  for (uint32_t i = 0; i < window; i++) {
    slots[i].peer = i % peer_count;
    ask_next(i);
    ask(i, now_nanoseconds());
  }
  flush();
}

static void forget_counts(void) {
  before_measured += answered;
  answered = refused = lost = stray = payload_bytes = downloads = idle_nanoseconds = 0;
  memset(latency, 0, sizeof latency);
}

/* ---- the command line ---- */

static scenario_kind kind_of(const char *name) {
  static const char *const names[] = {"get", "non-get", "post", "block2", "register", "update"};
  for (int i = 0; i < 6; i++)
    if (strcmp(name, names[i]) == 0) return (scenario_kind)i;
  fprintf(stderr, "load: no scenario '%s'\n", name);
  exit(2);
}

static void read_arguments(int argc, char **argv) {
  static const struct option options[] = {
      {"port", 1, 0, 'p'},    {"scenario", 1, 0, 's'}, {"path", 1, 0, 'u'},  {"peers", 1, 0, 'n'},
      {"window", 1, 0, 'w'},  {"seconds", 1, 0, 't'},  {"warm", 1, 0, 'm'},  {"payload", 1, 0, 'l'},
      {"szx", 1, 0, 'z'},     {"prefix", 1, 0, 'x'},   {"burst", 1, 0, 'b'}, {"echo", 0, 0, 'e'},
      {"numbered", 0, 0, 'i'},
      {0, 0, 0, 0}};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (c) {
      case 'p': target.sin_port = htons((uint16_t)atoi(optarg)); break;
      case 's': scenario = kind_of(optarg); break;
      case 'u': path = optarg; break;
      case 'n': peer_count = (uint32_t)atoi(optarg); break;
      case 'w': window = (uint32_t)atoi(optarg); break;
      case 't': seconds_to_run = atoi(optarg); break;
      case 'm': warm_milliseconds = atoi(optarg); break;
      case 'l': payload_length = (uint32_t)atoi(optarg); break;
      case 'z': block_exponent = (uint32_t)atoi(optarg); break;
      case 'x': prefix = optarg; break;
      case 'e': echoes = 1; break;
      case 'i': numbered = 1; break;
      case 'b': burst = (uint32_t)atoi(optarg); break;
      default: exit(2);
    }
  }
  if (target.sin_port == 0 || peer_count == 0 || window == 0 || window > MAX_WINDOW || payload_length > 1024 ||
      block_exponent > 6 || burst == 0 || burst > MAX_BURST || burst * (payload_length + 80) > SEND_ROOM) {
    fprintf(stderr, "load: --port is needed; --window at most %d, --payload 1024, --szx 6\n", MAX_WINDOW);
    exit(2);
  }
}

int main(int argc, char **argv) {
  read_arguments(argc, argv);
  open_socket(0);
  peers = calloc(peer_count, sizeof *peers);
  if (peers == NULL) return 1;
  for (uint32_t i = 0; i < peer_count; i++) peers[i].message_id = (uint16_t)(now_nanoseconds() + i * 40503u);

  if (scenario == UPDATE) {
    /* Updates need registrations: make them first, unmeasured. */
    scenario = REGISTER;
    uint32_t wanted = window;
    if (window > peer_count) window = peer_count;
    start_slots();
    run(now_nanoseconds() + 120000000000u, peer_count);
    scenario = UPDATE;
    window = wanted;
    for (uint32_t i = 0; i < peer_count; i++) {
      if (peers[i].location_length > 0) continue;
      fprintf(stderr, "load: device %u could not register (code %u.%02u)\n", i, first_refusal >> 5, first_refusal & 31);
      return 1;
    }
  }
  if (window > peer_count && (scenario == BLOCK2 || scenario == REGISTER)) window = peer_count;
  forget_counts();
  before_measured = 0;
  puts("begins");
  fflush(stdout);
  start_slots();
  run(now_nanoseconds() + (uint64_t)warm_milliseconds * 1000000u, UINT64_MAX);
  forget_counts();
  uint64_t start = now_nanoseconds();
  run(start + (uint64_t)seconds_to_run * 1000000000u, UINT64_MAX);
  double elapsed = (double)(now_nanoseconds() - start) / 1e9;
  printf("{\"perSecond\":%.0f,\"total\":%llu,\"answered\":%llu,\"refused\":%llu,\"firstRefusal\":\"%u.%02u\",\"lost\":%llu,\"stray\":%llu,"
         "\"payloadBytes\":%llu,\"downloads\":%llu,\"p50\":%.1f,\"p99\":%.1f,\"idle\":%.2f}\n",
         (double)answered / elapsed, (unsigned long long)(before_measured + answered), (unsigned long long)answered, (unsigned long long)refused, first_refusal >> 5,
         first_refusal & 31, (unsigned long long)lost, (unsigned long long)stray, (unsigned long long)payload_bytes,
         (unsigned long long)downloads, latency_at(0.5), latency_at(0.99),
         (double)idle_nanoseconds / 1e9 / elapsed);
}
