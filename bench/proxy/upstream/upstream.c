/*
 * The cheapest upstream: HTTP/1.1 over epoll, one thread. `upstream PORT`.
 *   /1k   1024 bytes      /64k  65536 bytes      anything else: 1024 bytes, with the request's x-load sent back
 * It reads no bodies and understands only whole, well-formed requests; it exists to cost next to nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { request_limit = 16384, small_body = 1024, large_body = 65536, events_at_once = 256 };

struct connection {
  int fd;
  int length;
  /* The answer that is being sent; null: none. `own` is what echoes are written into. */
  const char *answer;
  size_t answer_length, sent;
  char request[request_limit + 1];
  char own[small_body + 512];
};

static char *small, *large;
static size_t small_length, large_length;
static int poll_fd;

static char *make_answer(size_t body, size_t *length) {
  char head[128];
  int head_length = sprintf(head, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", body);
  char *answer = malloc(head_length + body);
  memcpy(answer, head, head_length);
  memset(answer + head_length, 'x', body);
  *length = head_length + body;
  return answer;
}

static void echo(struct connection *connection) {
  char *number = strcasestr(connection->request, "\r\nx-load:");
  int digits = 0;
  if (number != NULL) {
    number += strlen("\r\nx-load:");
    while (*number == ' ') number++;
    digits = strcspn(number, "\r");
    if (digits > 64) digits = 64;
  }
  int length = sprintf(connection->own, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nx-load: %.*s\r\n\r\n", small_body,
                       digits, number == NULL ? "" : number);
  memset(connection->own + length, 'x', small_body);
  connection->answer = connection->own;
  connection->answer_length = length + small_body;
}

static void watch(struct connection *connection, int operation, unsigned events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  epoll_ctl(poll_fd, operation, connection->fd, &event);
}

/* Takes one whole request out of what has come. Returns 0 when there is none. */
static int take_request(struct connection *connection) {
  char *end = strstr(connection->request, "\r\n\r\n");
  if (end == NULL) return 0;
  char *path = strchr(connection->request, ' ');
  connection->answer = NULL;
  if (path != NULL && strncmp(path, " /1k ", 5) == 0) {
    connection->answer = small;
    connection->answer_length = small_length;
  } else if (path != NULL && strncmp(path, " /64k ", 6) == 0) {
    connection->answer = large;
    connection->answer_length = large_length;
  } else {
    end[2] = 0;
    echo(connection);
  }
  int used = end + 4 - connection->request;
  connection->sent = 0;
  connection->length -= used;
  memmove(connection->request, connection->request + used, connection->length);
  connection->request[connection->length] = 0;
  return 1;
}

/* Returns 0 when the connection has ended. */
static int serve(struct connection *connection, int was_blocked) {
  if (!was_blocked) {
    ssize_t got = read(connection->fd, connection->request + connection->length, request_limit - connection->length);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    connection->length += got;
    connection->request[connection->length] = 0;
  }
  while (connection->answer != NULL || take_request(connection)) {
    while (connection->sent < connection->answer_length) {
      ssize_t put = write(connection->fd, connection->answer + connection->sent,
                          connection->answer_length - connection->sent);
      if (put < 0 && errno == EAGAIN) {
        if (!was_blocked) watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
        return 1;
      }
      if (put < 0) return 0;
      connection->sent += put;
    }
    connection->answer = NULL;
  }
  if (was_blocked) watch(connection, EPOLL_CTL_MOD, EPOLLIN);
  return 1;
}

static void accept_all(int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct connection *connection = calloc(1, sizeof *connection);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->fd = fd;
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
  }
}

int main(int count, char **arguments) {
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons(count > 1 ? atoi(arguments[1]) : 0),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  small = make_answer(small_body, &small_length);
  large = make_answer(large_body, &large_length);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 2048) != 0) {
    perror("upstream");
    return 1;
  }
  poll_fd = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[events_at_once];
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poll_fd, events, events_at_once, -1);
    for (int at = 0; at < ready; at++) {
      struct connection *connection = events[at].data.ptr;
      if (connection == NULL) {
        accept_all(listener);
      } else if ((events[at].events & (EPOLLHUP | EPOLLERR)) || !serve(connection, (events[at].events & EPOLLOUT) != 0)) {
        close(connection->fd);
        free(connection);
      }
    }
  }
}
