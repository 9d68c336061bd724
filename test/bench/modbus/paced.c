/* A Modbus RTU device on a pseudo-terminal of its own that answers reads of holding registers as fast
 * as a line of that baud rate could carry them: 10 bits a character, 3.5 characters of silence (at
 * least 1.75 ms) before the answer, 8 characters at a time as a UART hands them over.
 * `paced BAUD` prints the path of the terminal. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 8 };

static uint16_t crc_of(const uint8_t *bytes, int length) {
  uint16_t crc = 0xffff;
  for (int at = 0; at < length; at++) {
    crc ^= bytes[at];
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec + at.tv_nsec / 1e9;
}

static void sleep_until(double at) {
  struct timespec until = {(time_t)at, (long)((at - (time_t)at) * 1e9)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static int answer_to(const uint8_t *query, uint8_t *answer) {
  int first = query[2] << 8 | query[3];
  int count = query[4] << 8 | query[5];
  answer[0] = query[0];
  answer[1] = 3;
  answer[2] = 2 * count;
  for (int n = 0; n < count; n++) {
    answer[3 + 2 * n] = (first + n) * 7 >> 8;
    answer[4 + 2 * n] = (first + n) * 7;
  }
  int length = 3 + 2 * count;
  uint16_t crc = crc_of(answer, length);
  answer[length] = crc;
  answer[length + 1] = crc >> 8;
  return length + 2;
}

int main(int count, char **arguments) {
  if (count < 2) return 2;
  double character = 10.0 / atoi(arguments[1]);
  double gap = 3.5 * character > 0.00175 ? 3.5 * character : 0.00175;
  int line = posix_openpt(O_RDWR | O_NOCTTY);
  if (line < 0 || grantpt(line) || unlockpt(line)) return 1;
  int kept = open(ptsname(line), O_RDWR | O_NOCTTY); /* the line stays up between two clients */
  struct termios raw;
  tcgetattr(kept, &raw);
  cfmakeraw(&raw);
  tcsetattr(kept, TCSANOW, &raw);
  puts(ptsname(line));
  fflush(stdout);
  for (;;) {
    uint8_t query[256], answer[260];
    int held = 0;
    double start = 0;
    while (held < 8) {
      int got = read(line, query + held, 8 - held);
      if (got <= 0) return 0;
      if (held == 0) start = now();
      held += got;
    }
    if (query[1] != 3 || query[5] > 125) continue;
    int length = answer_to(query, answer);
    double due = start + 8 * character + gap;
    for (int at = 0; at < length; at += PIECE) {
      int piece = length - at < PIECE ? length - at : PIECE;
      due += piece * character;
      sleep_until(due);
      if (write(line, answer + at, piece) != piece) return 1;
    }
  }
}
