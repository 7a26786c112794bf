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
 * Prints one JSON line. It never says more than it checked: an answer counts only when its token,
 * its code class and, in a download, its block number are right (`--echo`: its token). `idle` is the share of the time it
 * waited for the server: a value near 0 betrays a generator that was itself the limit.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, SIZE = 2048, LOCATION = 24, MAX_WINDOW = 65536, MAX_BURST = 32, BUCKETS = 64 * 16 };
static const uint64_t LOSS_NANOSECONDS = 2000000000; /* ACK_TIMEOUT: when a device would repeat itself */

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
static uint32_t peer_count = 1, window = 64, burst = 1, payload_length = 40, block_exponent = 6, first_address = 0;
static int echoes = 0, seconds_to_run = 2, warm_milliseconds = 300;
static struct sockaddr_in target = {.sin_family = AF_INET};

static int fd;
static peer_state *peers;
static slot_state slots[MAX_WINDOW];
static uint32_t next_peer;
static uint64_t before_measured, answered, refused, lost, stray, payload_bytes, downloads, idle_nanoseconds;
static unsigned first_refusal;
static uint32_t latency[BUCKETS];

static uint64_t now_nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- latency: 16 buckets for each power of two of nanoseconds ---- */

static void note_latency(uint64_t nanoseconds) {
  if (nanoseconds < 16) nanoseconds = 16;
  int power = 63 - __builtin_clzll(nanoseconds);
  latency[power * 16 + ((nanoseconds >> (power - 4)) & 15)]++;
}

static double latency_at(double share) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) total += latency[i];
  for (int i = 0; i < BUCKETS; i++) {
    seen += latency[i];
    if (total > 0 && seen >= share * (double)total) return ((uint64_t)(16 + i % 16) << (i / 16 - 4)) / 1000.0;
  }
  return 0;
}

/* ---- building requests ---- */

typedef struct {
  uint8_t *at;
  unsigned last_option;
} writer;

static void put_option(writer *w, unsigned number, const void *value, unsigned length) {
  unsigned delta = number - w->last_option;
  w->last_option = number;
  uint8_t *head = w->at++;
  *head = (uint8_t)((delta < 13 ? delta : 13) << 4 | (length < 13 ? length : 13));
  if (delta >= 13) *w->at++ = (uint8_t)(delta - 13);
  if (length >= 13) *w->at++ = (uint8_t)(length - 13);
  memcpy(w->at, value, length);
  w->at += length;
}

static void put_path(writer *w, const char *text) {
  while (*text != 0) {
    unsigned length = (unsigned)strcspn(text, "/");
    if (length > 0) put_option(w, 11, text, length);
    text += length + (text[length] == '/');
  }
}

static void put_uint_option(writer *w, unsigned number, uint32_t value) {
  uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
  unsigned skip = 0;
  while (skip < 4 && bytes[skip] == 0) skip++;
  put_option(w, number, bytes + skip, 4 - skip);
}

static unsigned build_request(uint8_t *bytes, uint32_t slot_number, uint32_t member) {
  static const char links[] = "</1/0>,</3/0>,</5/0>";
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
    char endpoint[64];
    int length = snprintf(endpoint, sizeof endpoint, "ep=%s-%07u", prefix, slot->peer);
    put_path(&w, "rd");
    put_uint_option(&w, 12, 40);
    put_option(&w, 15, endpoint, (unsigned)length);
    put_option(&w, 15, "lt=86400", 8);
    put_option(&w, 15, "lwm2m=1.1", 9);
    put_option(&w, 15, "b=U", 3);
    *w.at++ = 0xff;
    memcpy(w.at, links, sizeof links - 1);
    return (unsigned)(w.at - bytes) + sizeof links - 1;
  }
  if (scenario == UPDATE) {
    put_path(&w, "rd");
    put_option(&w, 11, peer->location, peer->location_length);
    return (unsigned)(w.at - bytes);
  }
  put_path(&w, path);
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

/* ---- sending and receiving in batches ---- */

static uint8_t send_bytes[BATCH][MAX_BURST * 64 + SIZE], receive_bytes[BATCH][SIZE];
static struct iovec send_parts[BATCH], receive_parts[BATCH];
static struct mmsghdr send_messages[BATCH], receive_messages[BATCH];
static union {
  struct cmsghdr header;
  char room[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
} send_controls[BATCH];
static unsigned to_send;

static void flush(void) {
  for (unsigned done = 0; done < to_send;) {
    int sent = sendmmsg(fd, send_messages + done, to_send - done, 0);
    if (sent > 0) done += (unsigned)sent;
    else if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED) {
      perror("load: sendmmsg");
      exit(1);
    }
  }
  to_send = 0;
}

static void ask(uint32_t slot_number, uint64_t now) {
  slot_state *slot = &slots[slot_number];
  slot->sent_at = now;
  slot->open = (uint32_t)((1ull << burst) - 1);
  struct cmsghdr *control = &send_controls[to_send].header;
  ((struct in_pktinfo *)CMSG_DATA(control))->ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK + first_address + slot->peer);
  unsigned length = build_request(send_bytes[to_send], slot_number, 0);
  for (uint32_t member = 1; member < burst; member++)
    build_request(send_bytes[to_send] + member * length, slot_number, member);
  send_parts[to_send].iov_len = length * burst;
  control = (struct cmsghdr *)(send_controls[to_send].room + CMSG_SPACE(sizeof(struct in_pktinfo)));
  *(uint16_t *)CMSG_DATA(control) = (uint16_t)length;
  if (++to_send == BATCH) flush();
}

static void prepare_batches(void) {
  for (int i = 0; i < BATCH; i++) {
    send_parts[i].iov_base = send_bytes[i];
    receive_parts[i] = (struct iovec){receive_bytes[i], SIZE};
    struct cmsghdr *control = &send_controls[i].header;
    *control = (struct cmsghdr){CMSG_LEN(sizeof(struct in_pktinfo)), IPPROTO_IP, IP_PKTINFO};
    control = (struct cmsghdr *)(send_controls[i].room + CMSG_SPACE(sizeof(struct in_pktinfo)));
    *control = (struct cmsghdr){CMSG_LEN(sizeof(uint16_t)), SOL_UDP, UDP_SEGMENT};
    size_t room = burst > 1 ? sizeof send_controls[i].room : CMSG_SPACE(sizeof(struct in_pktinfo));
    send_messages[i].msg_hdr =
        (struct msghdr){&target, sizeof target, &send_parts[i], 1, send_controls[i].room, room, 0};
    receive_messages[i].msg_hdr.msg_iov = &receive_parts[i];
    receive_messages[i].msg_hdr.msg_iovlen = 1;
  }
}

/* Runs until `end`, or until `limit` answers have come. */
static void run(uint64_t end, uint64_t limit) {
  uint64_t now = now_nanoseconds(), sweep_at = now + LOSS_NANOSECONDS;
  while (now < end && answered + refused < limit) {
    int count = recvmmsg(fd, receive_messages, BATCH, MSG_DONTWAIT, NULL);
    uint64_t before = now;
    now = now_nanoseconds();
    if (count <= 0) idle_nanoseconds += now - before;
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
      {"szx", 1, 0, 'z'},     {"prefix", 1, 0, 'x'},   {"first", 1, 0, 'f'}, {"burst", 1, 0, 'b'}, {"echo", 0, 0, 'e'},
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
      case 'b': burst = (uint32_t)atoi(optarg); break;
      case 'f': first_address = (uint32_t)atoi(optarg); break;
      default: exit(2);
    }
  }
  if (target.sin_port == 0 || peer_count == 0 || window == 0 || window > MAX_WINDOW || payload_length > 1024 ||
      block_exponent > 6 || burst == 0 || burst > MAX_BURST || burst * (payload_length + 80) > SIZE * 2) {
    fprintf(stderr, "load: --port is needed; --window at most %d, --payload 1024, --szx 6\n", MAX_WINDOW);
    exit(2);
  }
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

int main(int argc, char **argv) {
  read_arguments(argc, argv);
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  int room = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  struct sockaddr_in any = {.sin_family = AF_INET};
  if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0) {
    perror("load: bind");
    return 1;
  }
  prepare_batches();
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
