/*
 * A DTLS 1.2 client of Mbed TLS 2.28 for the interop tests: PSK, small fragments, and connection ids where
 * the library was built with them (Debian's is not). A line on standard input is hex to send, or "move" to
 * change the local port; it prints "open SUITE", "got HEX" for each answer, "moved PORT", or "failed: CODE".
 */
#include "line.h"
#include <errno.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/timing.h>

static int send_datagram(void *nothing, const unsigned char *bytes, size_t length) {
  (void)nothing;
  return (int)sendto(udp, bytes, length, 0, (struct sockaddr *)&server, sizeof server);
}

/* Waits no longer than `milliseconds`; 0 waits for ever. */
static int receive_datagram(void *nothing, unsigned char *bytes, size_t limit, uint32_t milliseconds) {
  (void)nothing;
  struct pollfd ready = {.fd = udp, .events = POLLIN};
  int count = poll(&ready, 1, milliseconds == 0 ? -1 : (int)milliseconds);
  if (count == 0) return MBEDTLS_ERR_SSL_TIMEOUT;
  if (count < 0) return MBEDTLS_ERR_SSL_WANT_READ;
  int received = (int)recv(udp, bytes, limit, 0);
  return received < 0 ? MBEDTLS_ERR_SSL_WANT_READ : received;
}

static void fail(int code) {
  printf("failed: -0x%04x\n", (unsigned)-code);
  exit(1);
}

static int fragment_code(int octets) {
  return octets == 512 ? MBEDTLS_SSL_MAX_FRAG_LEN_512 : octets == 1024 ? MBEDTLS_SSL_MAX_FRAG_LEN_1024 : MBEDTLS_SSL_MAX_FRAG_LEN_NONE;
}

static void say_what_came(mbedtls_ssl_context *ssl) {
  unsigned char answer[LONGEST];
  int length;
  do {
    length = mbedtls_ssl_read(ssl, answer, sizeof answer);
    if (length == MBEDTLS_ERR_SSL_WANT_READ || length == MBEDTLS_ERR_SSL_TIMEOUT) return;
    if (length <= 0) fail(length);
    say_hex(answer, length);
  } while (mbedtls_ssl_get_bytes_avail(ssl) > 0);
}

/* mbedtls-client PORT IDENTITY KEY SUITE FRAGMENT MTU CID, or mbedtls-client cid: whether it can do that. */
int main(int argc, char **argv) {
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
  if (argc == 2) return puts("yes") < 0;
#else
  if (argc == 2) return puts("no") < 0;
#endif
  if (argc != 8) return 2;
  if (begin(argv[1]) < 0) return 1;

  static mbedtls_entropy_context entropy;
  static mbedtls_ctr_drbg_context random;
  static mbedtls_ssl_context ssl;
  static mbedtls_ssl_config config;
  static mbedtls_timing_delay_context timer;
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&random);
  mbedtls_ssl_init(&ssl);
  mbedtls_ssl_config_init(&config);
  unsigned char key[LONGEST];
  int key_length = from_hex(argv[3], key), suites[] = {mbedtls_ssl_get_ciphersuite_id(argv[4]), 0}, code = 0;
  if (suites[0] == 0) fail(MBEDTLS_ERR_SSL_BAD_INPUT_DATA);
  if ((code = mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0)) != 0) fail(code);
  if ((code = mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT)) != 0) fail(code);
  mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
  mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_NONE);
  mbedtls_ssl_conf_ciphersuites(&config, suites);
  mbedtls_ssl_conf_handshake_timeout(&config, 400, 6400);
  if ((code = mbedtls_ssl_conf_max_frag_len(&config, (unsigned char)fragment_code(atoi(argv[5])))) != 0) fail(code);
  if ((code = mbedtls_ssl_conf_psk(&config, key, (size_t)key_length, (unsigned char *)argv[2], strlen(argv[2]))) != 0) fail(code);
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
  if ((code = mbedtls_ssl_conf_cid(&config, 0, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE)) != 0) fail(code);
#endif
  if ((code = mbedtls_ssl_setup(&ssl, &config)) != 0) fail(code);
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
  if (atoi(argv[7]) && (code = mbedtls_ssl_set_cid(&ssl, MBEDTLS_SSL_CID_ENABLED, NULL, 0)) != 0) fail(code);
#endif
  mbedtls_ssl_set_mtu(&ssl, (uint16_t)atoi(argv[6]));
  mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
  mbedtls_ssl_set_bio(&ssl, NULL, send_datagram, NULL, receive_datagram);
  do code = mbedtls_ssl_handshake(&ssl);
  while (code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE);
  if (code != 0) fail(code);
  printf("open %s\n", mbedtls_ssl_get_ciphersuite(&ssl));

  mbedtls_ssl_conf_read_timeout(&config, 1);
  static char line[2 * LONGEST + 2];
  for (;;) {
    struct pollfd ready[] = {{.fd = 0, .events = POLLIN}, {.fd = udp, .events = POLLIN}};
    if (poll(ready, 2, -1) < 0 && errno != EINTR) return 1;
    if (ready[1].revents != 0) say_what_came(&ssl);
    if (ready[0].revents == 0) continue;
    if (fgets(line, sizeof line, stdin) == NULL) break;
    if (strncmp(line, "move", 4) == 0) {
      printf("moved %d\n", move());
      continue;
    }
    unsigned char message[LONGEST];
    int length = from_hex(line, message);
    if ((code = mbedtls_ssl_write(&ssl, message, (size_t)length)) < 0) fail(code);
  }
  mbedtls_ssl_close_notify(&ssl);
  return 0;
}
