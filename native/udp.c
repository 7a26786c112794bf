/*
 * UDP in batches: recvmmsg into one slab, sendmmsg from another, and a poll handle on Node's event loop
 * that calls JavaScript when there is something to do. JavaScript says when to read and to write;
 * nothing here blocks, and nothing is read or written outside of the memory allocated in `udpOpen`.
 * Every socket is an IPv6 one, also on an IPv4 address, so that there is one kind of address only.
 */
#include "coapstan.h"
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>
/* needs time.h */
#include <linux/errqueue.h>

/* Seen by both sides; src/server/udp-native.ts knows this layout. */
typedef struct {
  double receive_path[BATCH]; /* NONE: to be ignored */
  double told_path[BATCH];    /* paths forgotten (after a receive) or unreachable (when woken) */
  double send_path[BATCH];
  uint32_t receive_length[BATCH], send_start[BATCH], send_length[BATCH];
  uint32_t told_count;
  uint32_t unsendable; /* since the start: path forgotten, or refused by the system */
  uint32_t socket_errors;
} shared;

typedef struct {
  napi_env env;
  napi_ref object; /* frozen; keeps the slabs and the `wake` function */
  napi_async_cleanup_hook_handle cleanup;
  uv_poll_t poll;
  int fd, users; /* users: the poll handle and the JavaScript object */
  bool open, any_address;
  uint8_t *receive_slab, *send_slab;
  shared *shared;
  path_table paths;
  struct sockaddr_in6 names[BATCH];
  _Alignas(struct cmsghdr) char controls[BATCH][CMSG_SPACE(sizeof(struct in6_pktinfo))];
  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH];
} udp;

/* `10.0.0.1`, `2001:db8::1` or `fe80::1%eth0`. Throws where the text is none of these. */
static bool read_address(napi_env env, napi_value text, napi_value port_value, struct sockaddr_in6 *address) {
  char plain[128] = "", mapped[140];
  uint32_t port;
  if (!read_uint(env, port_value, 65535, &port)) return false;
  napi_get_value_string_utf8(env, text, plain, sizeof plain, NULL);
  snprintf(mapped, sizeof mapped, "::ffff:%s", plain);
  bool is_address = uv_ip6_addr(plain, (int)port, address) == 0 || uv_ip6_addr(mapped, (int)port, address) == 0;
  return is_address || throw_code(env, "ERR_INVALID_ADDRESS", "not an IP address");
}

static napi_value address_and_port(napi_env env, const struct sockaddr_in6 *address) {
  char text[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE];
  uv_ip6_name(address, text, sizeof text);
  size_t length = strlen(text), room = IF_NAMESIZE;
  if (address->sin6_scope_id != 0 && uv_if_indextoname(address->sin6_scope_id, text + length + 1, &room) == 0)
    text[length] = '%';
  napi_value pair, value;
  napi_create_array_with_length(env, 2, &pair);
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  napi_set_element(env, pair, 0, value);
  napi_set_element(env, pair, 1, number_of(env, ntohs(address->sin6_port)));
  return pair;
}

/* ---- life ---- */

static void release(udp *u) {
  if (--u->users > 0) return;
  paths_free(&u->paths);
  free(u);
}

static void poll_closed(uv_handle_t *handle) {
  udp *u = handle->data;
  if (u->cleanup != NULL) napi_remove_async_cleanup_hook(u->cleanup);
  release(u);
}

static void stop(udp *u) {
  if (!u->open) return;
  u->open = false;
  uv_poll_stop(&u->poll);
  close(u->fd);
  uv_close((uv_handle_t *)&u->poll, poll_closed);
}

static void environment_ends(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  stop(data);
}

static void collected(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  stop(data);
  release(data);
}

/* Fills `told_path` with peers of which an ICMP message said that they cannot be reached. */
static void read_error_queue(udp *u) {
  for (int i = 0; i < BATCH; i++) {
    struct sockaddr_in6 name = {0};
    struct sock_extended_err error = {0};
    char room[512];
    struct msghdr header = {
        .msg_name = &name, .msg_namelen = sizeof name, .msg_control = room, .msg_controllen = sizeof room};
    if (recvmsg(u->fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c != NULL; c = CMSG_NXTHDR(&header, c))
      if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR) memcpy(&error, CMSG_DATA(c), sizeof error);
    bool is_icmp = error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
    bool gone = error.ee_errno == ECONNREFUSED || error.ee_errno == EHOSTUNREACH || error.ee_errno == ENETUNREACH;
    path *p = is_icmp && gone ? paths_find(&u->paths, &name) : NULL;
    if (p != NULL) u->shared->told_path[u->shared->told_count++] = (double)p->number;
  }
}

/* Calls `wake(readable)`. libuv stops a handle whose descriptor has an error; here that is an ICMP message. */
static void woken(uv_poll_t *poll, int status, int events) {
  udp *u = poll->data;
  napi_handle_scope scope;
  napi_value object, function, readable, error;
  u->shared->told_count = 0;
  if (status < 0) {
    read_error_queue(u);
    uv_poll_start(poll, UV_READABLE, woken);
  }
  napi_open_handle_scope(u->env, &scope);
  napi_get_reference_value(u->env, u->object, &object);
  napi_get_named_property(u->env, object, "wake", &function);
  napi_get_boolean(u->env, status < 0 || (events & UV_READABLE) != 0, &readable);
  napi_status called = napi_make_callback(u->env, NULL, object, function, 1, &readable, NULL);
  if (called == napi_pending_exception && napi_get_and_clear_last_exception(u->env, &error) == napi_ok)
    napi_fatal_exception(u->env, error);
  napi_close_handle_scope(u->env, scope);
}

static int set_option(const udp *u, int level, int name, int value) {
  return setsockopt(u->fd, level, name, &value, sizeof value);
}

/* Returns 0 or errno. */
static int bind_socket(udp *u, const struct sockaddr_in6 *local, bool reuse_port, uint32_t receive_buffer) {
  static const struct in6_addr any_four = {.s6_addr = {[10] = 0xff, 0xff}};
  u->any_address = memcmp(&local->sin6_addr, &in6addr_any, sizeof in6addr_any) == 0 ||
                   memcmp(&local->sin6_addr, &any_four, sizeof any_four) == 0;
  u->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (u->fd < 0) return errno;
  set_option(u, SOL_SOCKET, SO_RCVBUF, (int)receive_buffer);
  set_option(u, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  set_option(u, IPPROTO_IP, IP_RECVERR, 1);
  set_option(u, IPPROTO_IPV6, IPV6_RECVERR, 1);
  set_option(u, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO); /* see send_in_fragments */
  if (u->any_address) set_option(u, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  if (reuse_port && set_option(u, SOL_SOCKET, SO_REUSEPORT, 1) != 0) return errno;
  return bind(u->fd, (const struct sockaddr *)local, sizeof *local) == 0 ? 0 : errno;
}

static bool add_buffer(napi_env env, napi_value object, const char *name, size_t size, void **data) {
  napi_value buffer;
  return napi_create_arraybuffer(env, size, data, &buffer) == napi_ok &&
         napi_set_named_property(env, object, name, buffer) == napi_ok;
}

/* What JavaScript gets; false where memory is short. */
static bool make_object(napi_env env, udp *u, napi_value wake, napi_value *object) {
  napi_value external;
  struct sockaddr_in6 local;
  int room = 0;
  getsockname(u->fd, (struct sockaddr *)&local, &(socklen_t){sizeof local});
  getsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &room, &(socklen_t){sizeof room});
  return napi_create_object(env, object) == napi_ok &&
         add_buffer(env, *object, "receiveSlab", (size_t)BATCH * SLOT, (void **)&u->receive_slab) &&
         add_buffer(env, *object, "sendSlab", SEND_SLAB, (void **)&u->send_slab) &&
         add_buffer(env, *object, "shared", sizeof *u->shared, (void **)&u->shared) &&
         napi_set_named_property(env, *object, "wake", wake) == napi_ok &&
         napi_set_named_property(env, *object, "local", address_and_port(env, &local)) == napi_ok &&
         napi_set_named_property(env, *object, "receiveBuffer", number_of(env, room)) == napi_ok &&
         napi_create_reference(env, *object, 1, &u->object) == napi_ok &&
         napi_add_async_cleanup_hook(env, environment_ends, u, &u->cleanup) == napi_ok &&
         napi_create_external(env, u, collected, NULL, &external) == napi_ok && ++u->users == 2 &&
         napi_set_named_property(env, *object, "socket", external) == napi_ok &&
         napi_object_freeze(env, *object) == napi_ok;
}

/* (address, port, pathLimit, receiveBuffer, reusePort, wake)
 * → { socket, local, receiveBuffer, receiveSlab, sendSlab, shared, wake } */
napi_value udpOpen(napi_env env, napi_callback_info info) {
  napi_value values[6], object;
  uint32_t path_limit, receive_buffer;
  bool reuse_port = false;
  struct sockaddr_in6 local;
  uv_loop_t *loop = NULL;
  if (!read_arguments(env, info, 6, values) || !read_address(env, values[0], values[1], &local) ||
      !read_uint(env, values[2], PATHS_MAX, &path_limit) || !read_uint(env, values[3], 1 << 30, &receive_buffer))
    return NULL;
  udp *u = calloc(1, sizeof *u);
  if (u == NULL) return throw_code(env, "ENOMEM", "out of memory");
  napi_get_value_bool(env, values[4], &reuse_port);
  napi_get_uv_event_loop(env, &loop);
  u->env = env;
  /* At least a batch, so that no path of a batch is forgotten for another one of it. */
  int error = paths_init(&u->paths, path_limit < BATCH ? BATCH : path_limit) ? 0 : ENOMEM;
  if (error == 0) error = bind_socket(u, &local, reuse_port, receive_buffer);
  if (error == 0) error = -uv_poll_init_socket(loop, &u->poll, u->fd);
  u->poll.data = u;
  u->open = true;
  u->users = 1;
  if (error != 0) {
    if (u->fd > 0) close(u->fd);
    release(u);
    return throw_code(env, uv_err_name(-error), uv_strerror(-error));
  }
  if (!make_object(env, u, values[5], &object)) {
    stop(u);
    return NULL;
  }
  for (int i = 0; i < BATCH; i++)
    u->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &u->names[i], .msg_iov = &u->parts[i], .msg_iovlen = 1, .msg_control = u->controls[i]};
  uv_poll_start(&u->poll, UV_READABLE, woken);
  return object;
}

/* Reads `count` arguments, of which the first is the socket. */
static udp *read_socket(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  udp *u = NULL;
  if (!read_arguments(env, info, count, values)) return NULL;
  if (napi_get_value_external(env, values[0], (void **)&u) == napi_ok && u->open) return u;
  return (udp *)throw_code(env, "EBADF", "not an open socket");
}

/* (socket) */
napi_value udpClose(napi_env env, napi_callback_info info) {
  napi_value value;
  udp *u = read_socket(env, info, 1, &value);
  if (u == NULL) return NULL;
  stop(u);
  napi_delete_reference(env, u->object);
  return NULL;
}

/* (socket, what): `wake` is called for 1 readable, 2 writable, 3 both; with 0 nobody is woken. */
napi_value udpWait(napi_env env, napi_callback_info info) {
  napi_value values[2];
  uint32_t what;
  udp *u = read_socket(env, info, 2, values);
  if (u == NULL || !read_uint(env, values[1], UV_READABLE | UV_WRITABLE, &what)) return NULL;
  if (what == 0) uv_poll_stop(&u->poll);
  else uv_poll_start(&u->poll, (int)what, woken);
  return NULL;
}

/* ---- receiving ---- */

/* An ICMP message that came earlier is reported, once, by whatever call is next. */
static bool is_late_report(int error) { return error != EAGAIN && error != ENOBUFS; }

/* Interns the sender of datagram `i`; NONE where it is cut off or from port 0, which nobody can answer (RFC 768). */
static double path_of_sender(udp *u, int i) {
  struct msghdr *header = &u->messages[i].msg_hdr;
  double forgotten;
  if (u->names[i].sin6_port == 0 || (header->msg_flags & MSG_TRUNC) != 0) return NONE;
  path *p = paths_intern(&u->paths, &u->names[i], &forgotten);
  if (forgotten != NONE) u->shared->told_path[u->shared->told_count++] = forgotten;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c))
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
      p->local = ((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_addr;
  return (double)p->number;
}

/* (socket) → datagrams now in the slab, at most BATCH; `told_path` has the paths forgotten for them. */
napi_value udpReceive(napi_env env, napi_callback_info info) {
  napi_value value;
  udp *u = read_socket(env, info, 1, &value);
  if (u == NULL) return NULL;
  for (int i = 0; i < BATCH; i++) {
    struct msghdr *header = &u->messages[i].msg_hdr;
    u->parts[i] = (struct iovec){u->receive_slab + (size_t)i * SLOT, LONGEST_DATAGRAM};
    header->msg_namelen = sizeof u->names[i];
    header->msg_controllen = u->any_address ? sizeof u->controls[i] : 0;
  }
  int count, attempts = 0;
  do count = recvmmsg(u->fd, u->messages, BATCH, MSG_DONTWAIT, NULL);
  while (count < 0 && is_late_report(errno) && ++attempts < 3);
  if (count < 0 && errno != EAGAIN) u->shared->socket_errors++;
  u->shared->told_count = 0;
  for (int i = 0; i < count; i++) {
    u->shared->receive_length[i] = u->messages[i].msg_len;
    u->shared->receive_path[i] = path_of_sender(u, i);
  }
  return number_of(env, count < 0 ? 0 : count);
}

/* ---- sending ---- */

/* Makes message `at` of what JavaScript wrote into `entry`; false where there is nobody or nothing to send. */
static bool prepare(udp *u, uint32_t at, uint32_t entry) {
  uint32_t start = u->shared->send_start[entry], length = u->shared->send_length[entry];
  path *p = paths_use(&u->paths, u->shared->send_path[entry]);
  if (p == NULL || start > SEND_SLAB || length > SEND_SLAB - start) return false;
  struct msghdr *header = &u->messages[at].msg_hdr;
  u->names[at] = p->remote;
  u->parts[at] = (struct iovec){u->send_slab + start, length};
  header->msg_namelen = sizeof u->names[at];
  header->msg_controllen = memcmp(&p->local, &in6addr_any, sizeof p->local) == 0 ? 0 : sizeof u->controls[at];
  struct cmsghdr *control = header->msg_control;
  *control = (struct cmsghdr){CMSG_LEN(sizeof(struct in6_pktinfo)), IPPROTO_IPV6, IPV6_PKTINFO};
  *(struct in6_pktinfo *)CMSG_DATA(control) = (struct in6_pktinfo){p->local, 0};
  return true;
}

/* For a message longer than its way bears. All others leave as ones not to be cut: an IPv4 datagram then needs no
 * identification, which costs the system a twentieth of all it does for one. */
static bool send_in_fragments(const udp *u, const struct msghdr *message) {
  set_option(u, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_WANT);
  bool sent = sendmsg(u->fd, message, MSG_DONTWAIT) >= 0;
  set_option(u, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
  return sent;
}

/* (socket, count) → entries sent or counted as unsendable; fewer than `count` where the system is busy. */
napi_value udpSend(napi_env env, napi_callback_info info) {
  napi_value values[2];
  uint32_t count, prepared = 0, entry_of[BATCH];
  udp *u = read_socket(env, info, 2, values);
  if (u == NULL || !read_uint(env, values[1], BATCH, &count)) return NULL;
  for (uint32_t entry = 0; entry < count; entry++) {
    if (prepare(u, prepared, entry)) entry_of[prepared++] = entry;
    else u->shared->unsendable++;
  }
  for (uint32_t done = 0; done < prepared;) {
    int sent, attempts = 0;
    do sent = sendmmsg(u->fd, u->messages + done, prepared - done, MSG_DONTWAIT);
    while (sent < 0 && is_late_report(errno) && ++attempts < 3);
    if (sent < 0 && !is_late_report(errno)) return number_of(env, entry_of[done]);
    /* Not somebody else's late report: this datagram is refused. */
    if (sent < 0 && !(errno == EMSGSIZE && send_in_fragments(u, &u->messages[done].msg_hdr))) u->shared->unsendable++;
    done += sent < 0 ? 1 : (uint32_t)sent;
  }
  return number_of(env, count);
}

/* ---- addresses for JavaScript ---- */

/* (socket, address, port) → its path; `told_path` as for a receive. */
napi_value udpPathOf(napi_env env, napi_callback_info info) {
  napi_value values[3];
  struct sockaddr_in6 remote;
  udp *u = read_socket(env, info, 3, values);
  if (u == NULL || !read_address(env, values[1], values[2], &remote)) return NULL;
  path *p = paths_intern(&u->paths, &remote, &u->shared->told_path[0]);
  u->shared->told_count = u->shared->told_path[0] != NONE;
  return number_of(env, (double)p->number);
}

/* (socket, path) → [address, port], or undefined once it is forgotten. */
napi_value udpAddressOf(napi_env env, napi_callback_info info) {
  napi_value values[2];
  double number = NONE;
  udp *u = read_socket(env, info, 2, values);
  if (u == NULL) return NULL;
  napi_get_value_double(env, values[1], &number);
  path *p = paths_use(&u->paths, number);
  return p == NULL ? NULL : address_and_port(env, &p->remote);
}
