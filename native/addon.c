/* The module itself: reads arguments for the other files, and registers what they offer. */
#include "coapstan.h"

napi_value throw_code(napi_env env, const char *code, const char *message) {
  napi_throw_error(env, code, message);
  return NULL;
}

bool read_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given == count) return true;
  return throw_code(env, "ERR_MISSING_ARGS", "wrong number of arguments");
}

bool read_uint(napi_env env, napi_value value, uint32_t limit, uint32_t *result) {
  double number;
  bool in_range = napi_get_value_double(env, value, &number) == napi_ok && number >= 0 && number <= limit;
  if (in_range && (double)(*result = (uint32_t)number) == number) return true;
  return throw_code(env, "ERR_OUT_OF_RANGE", "not a whole number within its limit");
}

bool read_bytes(napi_env env, napi_value value, uint8_t **bytes, size_t *length) {
  napi_typedarray_type type;
  napi_status read = napi_get_typedarray_info(env, value, &type, length, (void **)bytes, NULL, NULL);
  if (read == napi_ok && type == napi_uint8_array) return true;
  return throw_code(env, "ERR_INVALID_ARG_TYPE", "not a Uint8Array");
}

napi_value number_of(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

#define DESCRIBE(name) {#name, NULL, name, NULL, NULL, NULL, napi_enumerable, NULL},

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {FUNCTIONS(DESCRIBE)};
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return aead_start(env) ? exports : throw_code(env, "ENOMEM", "out of memory");
}
