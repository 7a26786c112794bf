/* What the files of the add-on share: limits, the functions it offers, how arguments are read, the path table. */
#pragma once
#define _GNU_SOURCE
#define NAPI_VERSION 9
#include <netinet/in.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

enum {
  BATCH = 64,         /* datagrams that cross between the system and JavaScript at a time */
  SLOT = 65536 + 192, /* room for one received; 3 cache lines over, so that slots spread over the cache */
  LONGEST_DATAGRAM = 65535,
  SEND_SLAB = 262144, /* room for a batch to send */
  PATHS_MAX = 1 << 24,
  KEYS_MAX = 1 << 20, /* AEAD keys at a time */
  NONE = -1
};

#define FUNCTIONS(X) \
  X(udpOpen) X(udpClose) X(udpWait) X(udpReceive) X(udpSend) X(udpPathOf) X(udpAddressOf) \
  X(aeadKey) X(aeadKeyFree) X(aeadRun)
#define DECLARE(name) napi_value name(napi_env env, napi_callback_info info);
FUNCTIONS(DECLARE)
bool aead_start(napi_env env);

/* Each throws and returns false where a value is not what is wanted. */
bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);
bool read_uint(napi_env env, napi_value value, uint32_t limit, uint32_t *result);
bool read_bytes(napi_env env, napi_value value, uint8_t **bytes, size_t *length);
napi_value number_of(napi_env env, double value);
napi_value throw_code(napi_env env, const char *code, const char *message);

/* A peer's address, of which the rest of the server sees `number` only. IPv4 is ::ffff:a.b.c.d throughout. */
typedef struct {
  struct sockaddr_in6 remote;
  struct in6_addr local; /* the address this peer spoke to last; :: while unknown */
  int32_t next_in_bucket, newer, older;
  uint64_t number; /* slot plus a multiple of the limit, so that no number comes twice */
} path;
_Static_assert(sizeof(path) == 64, "a path fills one cache line");

/* The slot behind the last one closes the ring in the order of use: newer than it is the oldest, older the newest. */
typedef struct {
  path *slots;
  int32_t *buckets;
  uint32_t limit, size, bucket_mask;
  uint64_t key[2];
} path_table;

bool paths_init(path_table *table, uint32_t limit);
void paths_free(path_table *table);
path *paths_find(const path_table *table, const struct sockaddr_in6 *remote);
/* The path of `remote`, now the one used last. `forgotten` gets the number let go for it, or NONE. */
path *paths_intern(path_table *table, const struct sockaddr_in6 *remote, double *forgotten);
/* The path of that number, now the one used last; NULL once it is forgotten. */
path *paths_use(path_table *table, double number);
