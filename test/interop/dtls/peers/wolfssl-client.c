/*
 * A DTLS 1.2 client of wolfSSL for the interop tests: PSK or a certificate, small datagrams, connection ids of
 * RFC 9146, resumption. A line on standard input is hex to send, "move" to change the local port, or "resume" for a
 * handshake anew with the session it has; it prints "open SUITE" or "resumed SUITE", "got HEX" for each answer,
 * "moved PORT", or "failed: CODE".
 */
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/ssl.h>
#include "line.h"
#include <errno.h>

static int key_length, mtu, wants_cid, is_open;
static const char *identity;
static unsigned char key[LONGEST];

static int send_datagram(WOLFSSL *ssl, char *bytes, int length, void *nothing) {
  (void)ssl, (void)nothing;
  return (int)sendto(udp, bytes, (size_t)length, 0, (struct sockaddr *)&server, sizeof server);
}

/* While it shakes hands it waits until it has to repeat itself, and not at all from then on. */
static int receive_datagram(WOLFSSL *ssl, char *bytes, int limit, void *nothing) {
  (void)nothing;
  struct pollfd ready = {.fd = udp, .events = POLLIN};
  int count = poll(&ready, 1, is_open ? 0 : 1000 * wolfSSL_dtls_get_current_timeout(ssl));
  if (count == 0) return is_open ? WOLFSSL_CBIO_ERR_WANT_READ : WOLFSSL_CBIO_ERR_TIMEOUT;
  int received = (int)recv(udp, bytes, (size_t)limit, 0);
  return received < 0 ? WOLFSSL_CBIO_ERR_WANT_READ : received;
}

static unsigned int answer_psk(WOLFSSL *ssl, const char *hint, char *name, unsigned int name_limit, unsigned char *out, unsigned int limit) {
  (void)ssl, (void)hint;
  if ((unsigned int)key_length > limit) return 0;
  snprintf(name, name_limit, "%s", identity);
  memcpy(out, key, (size_t)key_length);
  return (unsigned int)key_length;
}

static void fail(WOLFSSL *ssl, int code) {
  printf("failed: %d\n", wolfSSL_get_error(ssl, code));
  exit(1);
}

static WOLFSSL *shake_hands(WOLFSSL_CTX *context, WOLFSSL_SESSION *session) {
  WOLFSSL *ssl = wolfSSL_new(context);
  is_open = 0;
  wolfSSL_dtls_set_peer(ssl, &server, sizeof server);
  wolfSSL_dtls_set_mtu(ssl, (unsigned short)mtu);
  if (wants_cid) {
    wolfSSL_dtls_cid_use(ssl);
    wolfSSL_dtls_cid_set(ssl, (unsigned char *)"", 0);
  }
  if (session != NULL) wolfSSL_set_session(ssl, session);
  for (int code; (code = wolfSSL_connect(ssl)) != WOLFSSL_SUCCESS;) {
    if (wolfSSL_get_error(ssl, code) != WOLFSSL_ERROR_WANT_READ) fail(ssl, code);
    if (wolfSSL_dtls_got_timeout(ssl) != WOLFSSL_SUCCESS) fail(ssl, code);
  }
  printf("%s %s\n", wolfSSL_session_reused(ssl) ? "resumed" : "open", wolfSSL_get_cipher(ssl));
  is_open = 1;
  return ssl;
}

static WOLFSSL *resume(WOLFSSL_CTX *context, WOLFSSL *ssl) {
  WOLFSSL_SESSION *session = wolfSSL_get1_session(ssl);
  wolfSSL_shutdown(ssl);
  wolfSSL_free(ssl);
  ssl = shake_hands(context, session);
  wolfSSL_SESSION_free(session);
  return ssl;
}

static void say_what_came(WOLFSSL *ssl) {
  unsigned char answer[LONGEST];
  int length;
  while ((length = wolfSSL_read(ssl, answer, sizeof answer)) > 0) say_hex(answer, length);
  if (wolfSSL_get_error(ssl, length) != WOLFSSL_ERROR_WANT_READ) fail(ssl, length);
}

/* wolfssl-client PORT IDENTITY KEY SUITE MTU CID, or with a PEM file of a certificate and its key after that. */
int main(int argc, char **argv) {
  static char line[2 * LONGEST + 2];
  static unsigned char message[LONGEST];
  if (argc < 7) return 2;
  identity = argv[2];
  key_length = from_hex(argv[3], key);
  mtu = atoi(argv[5]);
  wants_cid = atoi(argv[6]);
  if (begin(argv[1]) < 0) return 1;
  wolfSSL_Init();
  WOLFSSL_CTX *context = wolfSSL_CTX_new(wolfDTLSv1_2_client_method());
  wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
  wolfSSL_CTX_SetIOSend(context, send_datagram);
  wolfSSL_CTX_SetIORecv(context, receive_datagram);
  if (wolfSSL_CTX_set_cipher_list(context, argv[4]) != WOLFSSL_SUCCESS) return 2;
  if (argc == 7) wolfSSL_CTX_set_psk_client_callback(context, answer_psk);
  else if (wolfSSL_CTX_use_certificate_file(context, argv[7], WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS || wolfSSL_CTX_use_PrivateKey_file(context, argv[7], WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS) return 2;
  WOLFSSL *ssl = shake_hands(context, NULL);
  for (;;) {
    struct pollfd ready[] = {{.fd = 0, .events = POLLIN}, {.fd = udp, .events = POLLIN}};
    if (poll(ready, 2, -1) < 0 && errno != EINTR) return 1;
    if (ready[1].revents != 0) say_what_came(ssl);
    if (ready[0].revents == 0) continue;
    if (fgets(line, sizeof line, stdin) == NULL) break;
    if (strncmp(line, "move", 4) == 0) printf("moved %d\n", move());
    else if (strncmp(line, "resume", 6) == 0) ssl = resume(context, ssl);
    else if (wolfSSL_write(ssl, message, from_hex(line, message)) < 0) return 1;
  }
  wolfSSL_shutdown(ssl);
  return 0;
}
