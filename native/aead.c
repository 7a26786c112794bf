/*
 * Authenticated encryption on ranges of slabs, through the OpenSSL that is part of Node. A context with
 * its key schedule is kept for each key; JavaScript holds numbers, which are never used for another key.
 */
#include "coapstan.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE = 12, KEY_LONGEST = 32, TAG_LONGEST = 16, LONGEST_TEXT = 1 << 24, CONTEXT_SIZE = 1024 /* about */ };

/* In the order of src/server/crypto-native.ts. */
static const struct cipher {
  const char *name;
  uint8_t key, tag;
  bool ccm;
} ciphers[] = {{"AES-128-CCM", 16, 8, true},          {"AES-128-CCM", 16, 16, true},  {"AES-256-CCM", 32, 8, true},
               {"AES-256-CCM", 32, 16, true},         {"AES-128-GCM", 16, 16, false}, {"AES-256-GCM", 32, 16, false},
               {"ChaCha20-Poly1305", 32, 16, false}};

typedef struct {
  const struct cipher *cipher; /* NULL while free */
  EVP_CIPHER_CTX *contexts[2]; /* to open and to seal, each made when first needed: most keys do one only */
  uint8_t octets[KEY_LONGEST];
  uint64_t number; /* slot plus a multiple of KEYS_MAX */
  int32_t next_free;
} aead_key;

/* `size` slots have been used, the free ones of them are a list. */
typedef struct {
  aead_key keys[KEYS_MAX];
  int32_t size, first_free;
} vault;

static void wipe(aead_key *k) {
  for (int i = 0; i < 2; i++) EVP_CIPHER_CTX_free(k->contexts[i]); /* which overwrites the key schedule */
  OPENSSL_cleanse(k->octets, sizeof k->octets);
  k->contexts[0] = k->contexts[1] = NULL;
  k->cipher = NULL;
}

static void vault_ends(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  vault *v = data;
  for (int32_t i = 0; i < v->size; i++) wipe(&v->keys[i]);
  free(v);
}

bool aead_start(napi_env env) {
  vault *v = calloc(1, sizeof *v); /* the system gives memory only to slots that are used */
  if (v != NULL) v->first_free = NONE;
  return v != NULL && napi_set_instance_data(env, v, vault_ends, NULL) == napi_ok;
}

/* A free slot, or NULL where KEYS_MAX are in use. */
static aead_key *take_slot(vault *v) {
  bool fresh = v->first_free == NONE;
  if (fresh && v->size == KEYS_MAX) return NULL;
  aead_key *k = &v->keys[fresh ? v->size : v->first_free];
  if (fresh) k->number = (uint64_t)v->size++;
  else v->first_free = k->next_free;
  return k;
}

/* The key of that number; throws where there is none (any more). */
static aead_key *read_key(napi_env env, vault **v, napi_value value) {
  double number = NONE;
  napi_get_instance_data(env, (void **)v);
  napi_get_value_double(env, value, &number);
  uint64_t whole = number >= 0 && number < 9007199254740992.0 ? (uint64_t)number : UINT64_MAX;
  aead_key *k = &(*v)->keys[whole % KEYS_MAX];
  if (k->cipher != NULL && k->number == whole && (double)whole == number) return k;
  return (aead_key *)throw_code(env, "ERR_NO_KEY", "no such key");
}

/* (algorithm, key) → its number */
napi_value aeadKey(napi_env env, napi_callback_info info) {
  napi_value values[2];
  uint32_t algorithm;
  uint8_t *bytes;
  size_t length;
  vault *v;
  if (!read_arguments(env, info, 2, values) || !read_bytes(env, values[1], &bytes, &length) ||
      !read_uint(env, values[0], sizeof ciphers / sizeof *ciphers - 1, &algorithm))
    return NULL;
  napi_get_instance_data(env, (void **)&v);
  if (length != ciphers[algorithm].key) return throw_code(env, "ERR_OUT_OF_RANGE", "not the length of such a key");
  aead_key *k = take_slot(v);
  if (k == NULL) return throw_code(env, "ERR_TOO_MANY_KEYS", "too many keys at a time");
  k->cipher = &ciphers[algorithm];
  memcpy(k->octets, bytes, length);
  /* The collector shall know what a forgotten key costs. */
  napi_adjust_external_memory(env, CONTEXT_SIZE, &(int64_t){0});
  return number_of(env, (double)k->number);
}

/* (key): its octets are overwritten. */
napi_value aeadKeyFree(napi_env env, napi_callback_info info) {
  napi_value value;
  vault *v;
  aead_key *k = read_arguments(env, info, 1, &value) ? read_key(env, &v, value) : NULL;
  if (k == NULL) return NULL;
  wipe(k);
  k->number += KEYS_MAX;
  k->next_free = v->first_free;
  v->first_free = (int32_t)(k - v->keys);
  napi_adjust_external_memory(env, -CONTEXT_SIZE, &(int64_t){0});
  return NULL;
}

/* The context for one direction; NULL where OpenSSL does not offer the cipher. */
static EVP_CIPHER_CTX *context_of(aead_key *k, bool seal) {
  if (k->contexts[seal] != NULL) return k->contexts[seal];
  EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, k->cipher->name, NULL);
  EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
  bool ready = cipher != NULL && c != NULL && EVP_CipherInit_ex(c, cipher, NULL, NULL, NULL, seal) == 1 &&
               EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, NONCE, NULL) == 1 &&
               (!k->cipher->ccm || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, k->cipher->tag, NULL) == 1) &&
               EVP_CipherInit_ex(c, NULL, NULL, k->octets, NULL, seal) == 1;
  EVP_CIPHER_free(cipher);
  if (!ready) EVP_CIPHER_CTX_free(c);
  return k->contexts[seal] = ready ? c : NULL;
}

/* Seals or opens `length` octets in place, writes or compares (in constant time) the tag. */
static bool run(aead_key *k, bool seal, const uint8_t *nonce, const uint8_t *additional, size_t additional_length,
                uint8_t *text, size_t length, uint8_t *tag) {
  EVP_CIPHER_CTX *c = context_of(k, seal);
  bool ccm = k->cipher->ccm;
  int written, tag_length = k->cipher->tag;
  if (c == NULL || EVP_CipherInit_ex(c, NULL, NULL, NULL, nonce, seal) != 1) return false;
  if (!seal && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, tag_length, tag) != 1) return false;
  if (ccm && EVP_CipherUpdate(c, NULL, &written, NULL, (int)length) != 1) return false;
  if (additional_length > 0 && EVP_CipherUpdate(c, NULL, &written, additional, (int)additional_length) != 1)
    return false;
  if (EVP_CipherUpdate(c, text, &written, text, (int)length) != 1) return false;
  if ((seal || !ccm) && EVP_CipherFinal_ex(c, text + length, &written) != 1) return false;
  return !seal || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, tag_length, tag) == 1;
}

/* (1 to seal or 0 to open, key, nonce, additional, buffer, start, end, out, at) → end of what is now in `out`; NONE
 * where the tag is wrong, and then those octets of `out` are zero. The ranges may overlap. */
napi_value aeadRun(napi_env env, napi_callback_info info) {
  napi_value values[9];
  uint8_t *nonce, *additional, *in, *out, tag[TAG_LONGEST], nothing[1];
  size_t nonce_length, additional_length, in_length, out_length;
  uint32_t seal, start, end, at;
  vault *v;
  if (!read_arguments(env, info, 9, values) || !read_uint(env, values[0], 1, &seal) ||
      !read_bytes(env, values[2], &nonce, &nonce_length) ||
      !read_bytes(env, values[3], &additional, &additional_length) ||
      !read_bytes(env, values[4], &in, &in_length) || !read_uint(env, values[5], LONGEST_TEXT, &start) ||
      !read_uint(env, values[6], LONGEST_TEXT, &end) || !read_bytes(env, values[7], &out, &out_length) ||
      !read_uint(env, values[8], LONGEST_TEXT, &at))
    return NULL;
  aead_key *k = read_key(env, &v, values[1]);
  if (k == NULL) return NULL;
  if (nonce_length != NONCE || additional_length > LONGEST_TEXT || start > end || end > in_length || at > out_length)
    return throw_code(env, "ERR_OUT_OF_RANGE", "a range outside of its buffer, or a nonce that is not 12 octets");
  size_t length = end - start, tag_length = k->cipher->tag;
  if (!seal && length < tag_length) return number_of(env, NONE);
  size_t text = seal ? length : length - tag_length, room = seal ? length + tag_length : text;
  if (room > out_length - at) return throw_code(env, "ERR_OUT_OF_RANGE", "no room for the result");
  if (!seal) memcpy(tag, in + start + text, tag_length);
  if (text > 0) memmove(out + at, in + start, text);
  /* No text is not a null pointer: to OpenSSL that means another step of CCM. */
  bool good = run(k, seal, nonce, additional, additional_length, text > 0 ? out + at : nothing, text, tag);
  if (good && seal) memcpy(out + at + text, tag, tag_length);
  if (!good && text > 0) OPENSSL_cleanse(out + at, text);
  return number_of(env, good ? at + (double)room : NONE);
}
