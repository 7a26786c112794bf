/*
 * Peers' addresses as numbers: a hash table with a limit that forgets what was used longest ago. The
 * hash is keyed with random octets, so that nobody can choose addresses that all fall into one bucket.
 */
#include "coapstan.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

bool paths_init(path_table *table, uint32_t limit) {
  uint32_t buckets = 1;
  while (buckets < limit) buckets *= 2;
  *table = (path_table){.limit = limit, .bucket_mask = buckets - 1};
  table->slots = aligned_alloc(sizeof *table->slots, (limit + 1) * sizeof *table->slots);
  table->buckets = malloc(buckets * sizeof *table->buckets);
  if (table->slots == NULL || table->buckets == NULL) return false;
  table->slots[limit].newer = table->slots[limit].older = (int32_t)limit;
  memset(table->buckets, 0xff, buckets * sizeof *table->buckets);
  return getrandom(table->key, sizeof table->key, 0) == sizeof table->key;
}

void paths_free(path_table *table) {
  free(table->slots);
  free(table->buckets);
}

static uint64_t folded(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static int32_t *bucket_of(const path_table *table, const struct sockaddr_in6 *remote) {
  uint64_t words[2], rest = (uint64_t)remote->sin6_scope_id << 16 | remote->sin6_port;
  memcpy(words, &remote->sin6_addr, sizeof words);
  uint64_t hash = folded(words[0] ^ table->key[0], words[1] ^ table->key[1]);
  return &table->buckets[folded(hash ^ rest, table->key[0] | 1) & table->bucket_mask];
}

path *paths_find(const path_table *table, const struct sockaddr_in6 *remote) {
  int32_t slot = *bucket_of(table, remote);
  while (slot != NONE && memcmp(&table->slots[slot].remote, remote, sizeof *remote) != 0)
    slot = table->slots[slot].next_in_bucket;
  return slot == NONE ? NULL : &table->slots[slot];
}

static void unlink_use(path_table *table, const path *p) {
  table->slots[p->newer].older = p->older;
  table->slots[p->older].newer = p->newer;
}

static path *link_newest(path_table *table, path *p) {
  path *ends = &table->slots[table->limit];
  p->newer = (int32_t)table->limit;
  p->older = ends->older;
  table->slots[p->older].newer = ends->older = (int32_t)(p - table->slots);
  return p;
}

static path *now_used(path_table *table, path *p) {
  unlink_use(table, p);
  return link_newest(table, p);
}

/* Takes the path used longest ago out of the table; its slot is free under the next number. */
static path *forget_oldest(path_table *table) {
  int32_t oldest = table->slots[table->limit].newer;
  path *p = &table->slots[oldest];
  int32_t *at = bucket_of(table, &p->remote);
  while (*at != oldest) at = &table->slots[*at].next_in_bucket;
  *at = p->next_in_bucket;
  unlink_use(table, p);
  p->number += table->limit;
  return p;
}

path *paths_intern(path_table *table, const struct sockaddr_in6 *remote, double *forgotten) {
  *forgotten = NONE;
  path *p = paths_find(table, remote);
  if (p != NULL) return now_used(table, p);
  if (table->size < table->limit) {
    p = &table->slots[table->size];
    p->number = table->size++;
  } else {
    p = forget_oldest(table);
    *forgotten = (double)(p->number - table->limit);
  }
  int32_t *bucket = bucket_of(table, remote);
  p->remote = *remote;
  p->local = in6addr_any;
  p->next_in_bucket = *bucket;
  *bucket = (int32_t)(p - table->slots);
  return link_newest(table, p);
}

path *paths_use(path_table *table, double number) {
  if (!(number >= 0 && number < 9007199254740992.0)) return NULL;
  uint64_t whole = (uint64_t)number, slot = whole % table->limit;
  bool known = (double)whole == number && slot < table->size && table->slots[slot].number == whole;
  return known ? now_used(table, &table->slots[slot]) : NULL;
}
