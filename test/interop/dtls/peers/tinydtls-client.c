/*
 * A DTLS 1.2 client of Eclipse TinyDTLS for the interop tests, which is what many small devices have: PSK, or raw
 * public keys. A line on standard input is hex to send, "move" to change the local port, "again" for a new
 * handshake from the same port, "close" for a close_notify; it prints "open", "got HEX" for each answer,
 * "moved PORT", "closed", or "alert: LEVEL DESCRIPTION".
 */
#include "tinydtls.h"
#include "dtls.h"
#include "dtls_debug.h"
#include "line.h"

static int key_length;
static const char *identity;
static unsigned char key[LONGEST];
static dtls_cipher_t suites[2] = {TLS_NULL_WITH_NULL_NULL, TLS_NULL_WITH_NULL_NULL};

static int send_datagram(dtls_context_t *dtls, session_t *peer, uint8 *bytes, size_t length) {
  (void)dtls;
  return (int)sendto(udp, bytes, length, 0, &peer->addr.sa, peer->size);
}

static int say_what_came(dtls_context_t *dtls, session_t *peer, uint8 *bytes, size_t length) {
  (void)dtls, (void)peer;
  say_hex(bytes, (int)length);
  return 0;
}

static int say_what_happened(dtls_context_t *dtls, session_t *peer, dtls_alert_level_t level, unsigned short code) {
  (void)dtls, (void)peer;
  if (code == DTLS_EVENT_CONNECTED) puts("open");
  else if (level > 0) printf("alert: %d %d\n", level, code);
  return 0;
}

static int answer_psk(dtls_context_t *dtls, const session_t *peer, dtls_credentials_type_t type, const unsigned char *id, size_t id_length, unsigned char *out, size_t limit) {
  (void)dtls, (void)peer, (void)id, (void)id_length;
  size_t length = type == DTLS_PSK_KEY ? (size_t)key_length : type == DTLS_PSK_IDENTITY ? strlen(identity) : 0;
  if (length > limit) return dtls_alert_fatal_create(DTLS_ALERT_INTERNAL_ERROR);
  memcpy(out, type == DTLS_PSK_KEY ? key : (const unsigned char *)identity, length);
  return (int)length;
}

/* The key is the private one, then the public one, x and y. */
static int answer_ecdsa(dtls_context_t *dtls, const session_t *peer, const dtls_ecdsa_key_t **out) {
  static dtls_ecdsa_key_t pair = {.curve = DTLS_ECDH_CURVE_SECP256R1, .priv_key = key, .pub_key_x = key + 32, .pub_key_y = key + 64};
  (void)dtls, (void)peer;
  *out = &pair;
  return 0;
}

static int accept_any(dtls_context_t *dtls, const session_t *peer, const unsigned char *x, const unsigned char *y, size_t size) {
  (void)dtls, (void)peer, (void)x, (void)y, (void)size;
  return 0;
}

static void choose_suites(dtls_context_t *dtls, session_t *peer, dtls_user_parameters_t *chosen) {
  (void)dtls, (void)peer;
  memcpy(chosen->cipher_suites, suites, sizeof suites);
}

/* Until a retransmission is due, in milliseconds. */
static int patience(dtls_context_t *dtls) {
  clock_time_t now, due = 0;
  dtls_check_retransmit(dtls, &due);
  dtls_ticks(&now);
  return due == 0 ? -1 : due <= now ? 0 : (int)((due - now) * 1000 / DTLS_TICKS_PER_SECOND) + 1;
}

/* tinydtls-client PORT IDENTITY KEY SUITE: the number of the suite in hex. */
int main(int argc, char **argv) {
  static dtls_handler_t handler = {.write = send_datagram, .read = say_what_came, .event = say_what_happened, .get_psk_info = answer_psk, .get_ecdsa_key = answer_ecdsa, .verify_ecdsa_key = accept_any, .get_user_parameters = choose_suites};
  static char line[2 * LONGEST + 2];
  static unsigned char message[LONGEST];
  if (argc != 5 || begin(argv[1]) < 0) return 2;
  identity = argv[2];
  key_length = from_hex(argv[3], key);
  suites[0] = (dtls_cipher_t)strtol(argv[4], NULL, 16);
  dtls_init();
  dtls_set_log_level(DTLS_LOG_EMERG);
  session_t peer;
  dtls_session_init(&peer);
  peer.size = sizeof peer.addr.sin;
  peer.addr.sin = server;
  dtls_context_t *dtls = dtls_new_context(NULL);
  if (dtls == NULL) return 1;
  dtls_set_handler(dtls, &handler);
  if (dtls_connect(dtls, &peer) < 0) return 1;
  for (;;) {
    struct pollfd ready[] = {{.fd = 0, .events = POLLIN}, {.fd = udp, .events = POLLIN}};
    if (poll(ready, 2, patience(dtls)) < 0) return 1;
    if (ready[1].revents != 0) {
      int length = (int)recv(udp, message, sizeof message, 0);
      if (length > 0) dtls_handle_message(dtls, &peer, message, length);
    }
    if (ready[0].revents == 0) continue;
    if (fgets(line, sizeof line, stdin) == NULL) break;
    if (strncmp(line, "move", 4) == 0) printf("moved %d\n", move());
    else if (strncmp(line, "again", 5) == 0) dtls_reset_peer(dtls, dtls_get_peer(dtls, &peer)), dtls_connect(dtls, &peer);
    else if (strncmp(line, "close", 5) == 0) printf("closed %d\n", dtls_close(dtls, &peer));
    else dtls_write(dtls, &peer, message, (size_t)from_hex(line, message));
  }
  return 0;
}
