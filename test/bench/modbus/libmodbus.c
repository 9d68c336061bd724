/* Both ends of the Modbus bench by libmodbus: `server PORT`, `client PORT CONNECTIONS REQUESTS` and
 * `rtu PATH BAUD REGISTERS REQUESTS`. */
#include <errno.h>
#include <modbus.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

enum { REGISTERS = 125, WARM_UP = 500 };

static int port;
static int requests;

static int serve(void) {
  modbus_t *ctx = modbus_new_tcp("127.0.0.1", port);
  modbus_mapping_t *map = modbus_mapping_new(0, 0, 1000, 0);
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  fd_set known;
  for (int at = 0; at < 1000; at++) map->tab_registers[at] = at * 7;
  int listener = modbus_tcp_listen(ctx, 128);
  if (listener < 0) return 1;
  int most = listener;
  FD_ZERO(&known);
  FD_SET(listener, &known);
  puts("ready");
  fflush(stdout);
  for (;;) {
    fd_set ready = known;
    if (select(most + 1, &ready, NULL, NULL, NULL) < 0) return 1;
    for (int fd = 0; fd <= most; fd++) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == listener) {
        int client = modbus_tcp_accept(ctx, &listener);
        if (client < 0 || client >= FD_SETSIZE) continue;
        FD_SET(client, &known);
        if (client > most) most = client;
        continue;
      }
      modbus_set_socket(ctx, fd);
      int length = modbus_receive(ctx, query);
      if (length > 0) {
        modbus_reply(ctx, query, length, map);
      } else if (length < 0) {
        close(fd);
        FD_CLR(fd, &known);
      }
    }
  }
}

static void *ask(void *argument) {
  modbus_t *ctx = modbus_new_tcp("127.0.0.1", port);
  uint16_t words[REGISTERS];
  long count = (long)argument;
  modbus_set_slave(ctx, 1);
  if (modbus_connect(ctx) < 0) return (void *)1;
  for (long turn = 0; turn < count; turn++) {
    if (modbus_read_registers(ctx, 0, REGISTERS, words) != REGISTERS) return (void *)1;
  }
  modbus_close(ctx);
  modbus_free(ctx);
  return NULL;
}

static double seconds(struct timeval at) { return at.tv_sec + at.tv_usec / 1e6; }

static int round_of(int connections, long each) {
  pthread_t threads[256];
  int failed = 0;
  for (int n = 0; n < connections; n++) pthread_create(&threads[n], NULL, ask, (void *)each);
  for (int n = 0; n < connections; n++) {
    void *result;
    pthread_join(threads[n], &result);
    failed |= result != NULL;
  }
  return failed;
}

static int measure(int connections) {
  struct rusage before, after;
  struct timespec start, end;
  long each = requests / connections;
  if (round_of(connections, WARM_UP / connections + 1)) return 1;
  getrusage(RUSAGE_SELF, &before);
  clock_gettime(CLOCK_MONOTONIC, &start);
  if (round_of(connections, each)) return 1;
  clock_gettime(CLOCK_MONOTONIC, &end);
  getrusage(RUSAGE_SELF, &after);
  double cpu = seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) -
               seconds(before.ru_stime);
  double wall = end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9;
  printf("{\"requests\":%ld,\"cpuMs\":%.3f,\"wallMs\":%.3f}\n", each * connections, cpu * 1e3,
         wall * 1e3);
  return 0;
}

static int measure_rtu(const char *path, int baud, int registers, int reads) {
  modbus_t *ctx = modbus_new_rtu(path, baud, 'N', 8, 1);
  uint16_t words[REGISTERS];
  struct rusage before, after;
  struct timespec start, end;
  modbus_set_slave(ctx, 1);
  modbus_set_response_timeout(ctx, 5, 0);
  if (modbus_connect(ctx) < 0) return 1;
  if (modbus_read_registers(ctx, 0, registers, words) != registers) return 1;
  getrusage(RUSAGE_SELF, &before);
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int turn = 0; turn < reads; turn++) {
    if (modbus_read_registers(ctx, 0, registers, words) != registers) return 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  getrusage(RUSAGE_SELF, &after);
  double cpu = seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) -
               seconds(before.ru_stime);
  double wall = end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9;
  printf("{\"requests\":%d,\"cpuMs\":%.3f,\"wallMs\":%.3f}\n", reads, cpu * 1e3, wall * 1e3);
  return 0;
}

int main(int count, char **arguments) {
  if (count < 3) return 2;
  if (strcmp(arguments[1], "rtu") == 0) {
    if (count < 6) return 2;
    return measure_rtu(arguments[2], atoi(arguments[3]), atoi(arguments[4]), atoi(arguments[5]));
  }
  port = atoi(arguments[2]);
  if (strcmp(arguments[1], "server") == 0) return serve();
  if (count < 5) return 2;
  requests = atoi(arguments[4]);
  return measure(atoi(arguments[3]));
}
