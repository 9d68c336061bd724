"""Reads of a simulated device by pymodbus: `client.py tcp PORT UNIT AT COUNT` or
`client.py rtu PATH UNIT AT COUNT` prints input registers, one a line; with a value behind COUNT
(then ignored) it writes that value to the holding register AT.
"""
import sys

from pymodbus.client import ModbusSerialClient, ModbusTcpClient

kind, where, unit, at, count, *value = sys.argv[1:]
if kind == "tcp":
    client = ModbusTcpClient("127.0.0.1", port=int(where), timeout=5)
else:
    client = ModbusSerialClient(port=where, baudrate=9600, timeout=5)
if not client.connect():
    sys.exit(1)
if value:
    answer = client.write_register(int(at), int(value[0]), slave=int(unit))
else:
    answer = client.read_input_registers(int(at), int(count), slave=int(unit))
client.close()
if answer.isError():
    sys.exit(str(answer))
for word in [] if value else answer.registers:
    print(word)
