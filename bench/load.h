/*
 * What the load generators share: one socket, datagrams in batches, a source address in 127.0.0.0/8 for
 * each simulated peer, the clock, latencies, and CoAP's options. Each generator includes it once.
 */
#ifndef LOAD_H
#define LOAD_H

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

enum { BATCH = 64, SIZE = 2048, SEND_ROOM = 4096, MAX_BURST = 32, BUCKETS = 64 * 16 };
/* ACK_TIMEOUT (RFC 7252 §4.8): when a device would repeat itself. */
static const uint64_t LOSS_NANOSECONDS = 2000000000;

static inline uint64_t now_nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- latency: 16 buckets for each power of two of nanoseconds ---- */

static uint32_t latency[BUCKETS];

static inline void note_latency(uint64_t nanoseconds) {
  if (nanoseconds < 16) nanoseconds = 16;
  int power = 63 - __builtin_clzll(nanoseconds);
  latency[power * 16 + ((nanoseconds >> (power - 4)) & 15)]++;
}

/* In microseconds. */
static inline double latency_at(double share) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) total += latency[i];
  for (int i = 0; i < BUCKETS; i++) {
    seen += latency[i];
    if (total > 0 && (double)seen >= share * (double)total) return (double)((uint64_t)(16 + i % 16) << (i / 16 - 4)) / 1000;
  }
  return 0;
}

/* ---- datagrams ---- */

static struct sockaddr_in target = {.sin_family = AF_INET};
static int fd;
static uint8_t send_bytes[BATCH][SEND_ROOM], receive_bytes[BATCH][SIZE];
static struct iovec send_parts[BATCH], receive_parts[BATCH];
static struct mmsghdr send_messages[BATCH], receive_messages[BATCH];
static union {
  struct cmsghdr header;
  char room[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
} send_controls[BATCH], receive_controls[BATCH];
static unsigned to_send;
static int knows_receiver;
static uint64_t idle_nanoseconds;

/* `receiver`: `peer_of` will be asked. */
static inline void open_socket(int receiver) {
  int room = 4 << 20;
  struct sockaddr_in any = {.sin_family = AF_INET};
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  knows_receiver = receiver;
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &receiver, sizeof receiver);
  if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0) {
    perror("bind");
    exit(1);
  }
  for (int i = 0; i < BATCH; i++) {
    struct cmsghdr *control = &send_controls[i].header;
    *control = (struct cmsghdr){CMSG_LEN(sizeof(struct in_pktinfo)), IPPROTO_IP, IP_PKTINFO};
    control = (struct cmsghdr *)(send_controls[i].room + CMSG_SPACE(sizeof(struct in_pktinfo)));
    *control = (struct cmsghdr){CMSG_LEN(sizeof(uint16_t)), SOL_UDP, UDP_SEGMENT};
    send_parts[i].iov_base = send_bytes[i];
    send_messages[i].msg_hdr = (struct msghdr){&target, sizeof target, &send_parts[i], 1, send_controls[i].room, 0, 0};
    receive_parts[i] = (struct iovec){receive_bytes[i], SIZE};
    receive_messages[i].msg_hdr.msg_iov = &receive_parts[i];
    receive_messages[i].msg_hdr.msg_iovlen = 1;
    receive_messages[i].msg_hdr.msg_control = receiver ? receive_controls[i].room : NULL;
  }
}

static inline void flush(void) {
  for (unsigned done = 0; done < to_send;) {
    int sent = sendmmsg(fd, send_messages + done, to_send - done, 0);
    if (sent > 0) done += (unsigned)sent;
    else if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED) {
      perror("sendmmsg");
      exit(1);
    }
  }
  to_send = 0;
}

/* Where the next datagram is to be written. */
static inline uint8_t *next_datagram(void) { return send_bytes[to_send]; }

/* Lets `next_datagram` go from the address of `peer`: `count` datagrams of `length` octets each. */
static inline void send_datagrams(uint32_t peer, unsigned length, unsigned count) {
  struct cmsghdr *control = &send_controls[to_send].header;
  ((struct in_pktinfo *)CMSG_DATA(control))->ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK + peer);
  control = (struct cmsghdr *)(send_controls[to_send].room + CMSG_SPACE(sizeof(struct in_pktinfo)));
  *(uint16_t *)CMSG_DATA(control) = (uint16_t)length;
  send_messages[to_send].msg_hdr.msg_controllen =
      count > 1 ? sizeof send_controls[to_send].room : CMSG_SPACE(sizeof(struct in_pktinfo));
  send_parts[to_send].iov_len = length * count;
  if (++to_send == BATCH) flush();
}

/* Datagrams that have arrived, in `receive_bytes`; does not wait, but counts as idle when there are none. */
static inline int receive_batch(uint64_t *now) {
  for (int i = 0; knows_receiver && i < BATCH; i++)
    receive_messages[i].msg_hdr.msg_controllen = sizeof receive_controls[i].room;
  int count = recvmmsg(fd, receive_messages, BATCH, MSG_DONTWAIT, NULL);
  uint64_t before = *now;
  *now = now_nanoseconds();
  if (count <= 0) idle_nanoseconds += *now - before;
  return count;
}

/* The peer datagram `i` was sent to. */
static inline uint32_t peer_of(int i) {
  struct msghdr *header = &receive_messages[i].msg_hdr;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c))
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
      return ntohl(((struct in_pktinfo *)CMSG_DATA(c))->ipi_addr.s_addr) - INADDR_LOOPBACK;
  return UINT32_MAX;
}

/* ---- CoAP options (RFC 7252 §3.1) ---- */

typedef struct {
  uint8_t *at;
  unsigned last_option;
} writer;

static inline void put_option(writer *w, unsigned number, const void *value, unsigned length) {
  unsigned delta = number - w->last_option;
  w->last_option = number;
  uint8_t *head = w->at++;
  *head = (uint8_t)((delta < 13 ? delta : 13) << 4 | (length < 13 ? length : 13));
  if (delta >= 13) *w->at++ = (uint8_t)(delta - 13);
  if (length >= 13) *w->at++ = (uint8_t)(length - 13);
  memcpy(w->at, value, length);
  w->at += length;
}

static inline void put_uint_option(writer *w, unsigned number, uint32_t value) {
  uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
  unsigned skip = 0;
  while (skip < 4 && bytes[skip] == 0) skip++;
  put_option(w, number, bytes + skip, 4 - skip);
}

static inline void put_path(writer *w, const char *text) {
  while (*text != 0) {
    unsigned length = (unsigned)strcspn(text, "/");
    if (length > 0) put_option(w, 11, text, length);
    text += length + (text[length] == '/');
  }
}

/* Options and payload of a LwM2M Register (LwM2M Core 1.1 §6.2.1) behind a header and token. */
static inline void put_registration(writer *w, const char *prefix, uint32_t device, const char *version) {
  static const char links[] = "</1/0>,</3/0>,</5/0>,</3303/0>";
  char text[64];
  put_path(w, "rd");
  put_uint_option(w, 12, 40);
  put_option(w, 15, text, (unsigned)snprintf(text, sizeof text, "ep=%s-%07u", prefix, device));
  put_option(w, 15, "lt=86400", 8);
  put_option(w, 15, text, (unsigned)snprintf(text, sizeof text, "lwm2m=%s", version));
  put_option(w, 15, "b=U", 3);
  *w->at++ = 0xff;
  memcpy(w->at, links, sizeof links - 1);
  w->at += sizeof links - 1;
}

#endif
