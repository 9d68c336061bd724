/* A Modbus server by libmodbus: `server tcp PORT` or `server rtu PATH`. Holding register n holds
 * 3 n, input register n holds 5 n, coil n is set when 3 divides n, discrete input n when 2 does. */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 2000 };

int main(int count, char **arguments) {
  if (count < 3) return 2;
  int tcp = strcmp(arguments[1], "tcp") == 0;
  modbus_t *ctx = tcp ? modbus_new_tcp("127.0.0.1", atoi(arguments[2]))
                      : modbus_new_rtu(arguments[2], 115200, 'N', 8, 1);
  modbus_mapping_t *map = modbus_mapping_new(COUNT, COUNT, COUNT, COUNT);
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  for (int n = 0; n < COUNT; n++) {
    map->tab_registers[n] = 3 * n;
    map->tab_input_registers[n] = 5 * n;
    map->tab_bits[n] = n % 3 == 0;
    map->tab_input_bits[n] = n % 2 == 0;
  }
  modbus_set_slave(ctx, 1);
  int listener = tcp ? modbus_tcp_listen(ctx, 4) : -1;
  if (tcp ? listener < 0 : modbus_connect(ctx) < 0) return 1;
  for (;;) {
    if (tcp && modbus_tcp_accept(ctx, &listener) < 0) return 1;
    for (;;) {
      int length = modbus_receive(ctx, query);
      if (length < 0 && tcp) break;
      if (length > 0) modbus_reply(ctx, query, length, map);
    }
  }
}
