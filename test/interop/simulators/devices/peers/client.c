/* Reads of a simulated device by libmodbus: `client tcp PORT UNIT AT COUNT` or
 * `client rtu PATH UNIT AT COUNT` prints input registers, one a line; with a value behind COUNT
 * (then ignored) it writes that value to the holding register AT. */
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
  if (count < 6) return 2;
  modbus_t *ctx = strcmp(arguments[1], "tcp") == 0
                      ? modbus_new_tcp("127.0.0.1", atoi(arguments[2]))
                      : modbus_new_rtu(arguments[2], 9600, 'N', 8, 1);
  uint16_t words[125];
  int at = atoi(arguments[4]);
  int wanted = atoi(arguments[5]);
  modbus_set_slave(ctx, atoi(arguments[3]));
  modbus_set_response_timeout(ctx, 5, 0);
  if (modbus_connect(ctx) < 0) return 1;
  if (count > 6) return modbus_write_register(ctx, at, atoi(arguments[6])) == 1 ? 0 : 1;
  if (modbus_read_input_registers(ctx, at, wanted, words) != wanted) return 1;
  for (int n = 0; n < wanted; n++) printf("%d\n", words[n]);
  return 0;
}
