"""A Modbus server by pymodbus: `server.py tcp PORT` or `server.py rtu PATH`.

Holding register n holds 3 n, input register n holds 5 n, coil n is set when 3 divides n, discrete
input n when 2 does.
"""
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartSerialServer, StartTcpServer
from pymodbus.transaction import ModbusRtuFramer

COUNT = 2000


def block(of):
    return ModbusSequentialDataBlock(0, [of(n) for n in range(COUNT)])


device = ModbusSlaveContext(
    co=block(lambda n: n % 3 == 0),
    di=block(lambda n: n % 2 == 0),
    hr=block(lambda n: 3 * n),
    ir=block(lambda n: 5 * n),
    zero_mode=True,
)
context = ModbusServerContext(slaves={1: device}, single=False)
kind, where = sys.argv[1:3]
if kind == "tcp":
    StartTcpServer(context=context, address=("127.0.0.1", int(where)))
else:
    StartSerialServer(context=context, framer=ModbusRtuFramer, port=where, baudrate=115200)
