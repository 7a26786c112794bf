/*
 * What the DTLS clients of the interop tests share: a UDP socket towards the server on loopback that can be had anew on
 * another port, and octets as hex, a line each.
 */
#pragma once
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONGEST = 2048 };

static int udp = -1;
static struct sockaddr_in server;

/* The new local port; -1 where there is none. */
static int move(void) {
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof local;
  if (udp >= 0) close(udp);
  udp = socket(AF_INET, SOCK_DGRAM, 0);
  if (udp < 0 || bind(udp, (struct sockaddr *)&local, length) != 0) return -1;
  getsockname(udp, (struct sockaddr *)&local, &length);
  return ntohs(local.sin_port);
}

static int begin(const char *port) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  setvbuf(stdin, NULL, _IONBF, 0); /* what it had read ahead, poll would not tell of */
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)atoi(port))};
  return move();
}

static int from_hex(const char *text, unsigned char *out) {
  int length = 0;
  for (unsigned octet; length < LONGEST && sscanf(text + 2 * length, "%2x", &octet) == 1; length++)
    out[length] = (unsigned char)octet;
  return length;
}

static void say_hex(const unsigned char *bytes, int length) {
  printf("got ");
  for (int i = 0; i < length; i++) printf("%02x", bytes[i]);
  printf("\n");
}
