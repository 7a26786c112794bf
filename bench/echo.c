/*
 * The yardstick: sends every datagram back as it came. `echo PORT` does so with one pair of system
 * calls a packet, which is what a straightforward C server pays; `echo PORT batch` uses
 * recvmmsg/sendmmsg and shows how much more the load generator could ask for. A number behind that is the
 * least length of an answer: `echo PORT batch 540` costs what the system asks for a block of 512 octets.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, SIZE = 2048 };

static size_t shortest;

static size_t answer_length(size_t length) { return length < shortest ? shortest : length; }

static void echo_singly(int fd) {
  static char bytes[SIZE];
  for (;;) {
    struct sockaddr_in from;
    socklen_t from_length = sizeof from;
    ssize_t length = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &from_length);
    if (length >= 0) sendto(fd, bytes, answer_length((size_t)length), 0, (struct sockaddr *)&from, from_length);
  }
}

static void echo_batches(int fd) {
  static char bytes[BATCH][SIZE];
  static struct sockaddr_in from[BATCH];
  static struct iovec parts[BATCH];
  static struct mmsghdr messages[BATCH];
  for (int i = 0; i < BATCH; i++) {
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &from[i];
    parts[i].iov_base = bytes[i];
  }
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      parts[i].iov_len = SIZE;
      messages[i].msg_hdr.msg_namelen = sizeof from[i];
    }
    int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < count; i++) parts[i].iov_len = answer_length(messages[i].msg_len);
    for (int done = 0; done < count;) {
      int sent = sendmmsg(fd, messages + done, (unsigned)(count - done), 0);
      done += sent > 0 ? sent : 1;
    }
  }
}

int main(int argc, char **argv) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  local.sin_port = htons((unsigned short)atoi(argc > 1 ? argv[1] : "0"));
  socklen_t length = sizeof local;
  int room = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (bind(fd, (struct sockaddr *)&local, length) != 0) {
    perror("echo: bind");
    return 1;
  }
  getsockname(fd, (struct sockaddr *)&local, &length);
  printf("ready %d\n", ntohs(local.sin_port));
  fflush(stdout);
  shortest = argc > 3 ? (size_t)atoi(argv[3]) : 0;
  if (shortest > SIZE) return 2;
  if (argc > 2 && strcmp(argv[2], "batch") == 0) echo_batches(fd);
  else echo_singly(fd);
}
