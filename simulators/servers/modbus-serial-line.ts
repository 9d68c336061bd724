import { SerialPort } from 'serialport';
import type { BusSpec } from '../../gateway/contracts/values/site.ts';
import { createRtuSession } from '../devices/rtu.ts';
import type { DeviceServer, Station } from '../devices/types.ts';

type Line = Pick<BusSpec & { kind: 'serial' }, 'baud' | 'parity' | 'stopBits'>;

/**
 * All devices of an RTU line on a tty.
 * @throws Error with one line when the tty does not open
 */
export async function startSerialServer(
  station: Station,
  path: string,
  { baud, parity, stopBits }: Line,
): Promise<DeviceServer> {
  const port = new SerialPort({
    path,
    baudRate: baud,
    parity,
    stopBits,
    dataBits: 8,
    autoOpen: false,
  });
  const session = createRtuSession(station);
  port.on('data', (bytes: Uint8Array) => {
    for (const frame of session.feed(bytes).out) port.write(frame);
  });
  port.on('error', () => undefined); // the other end went away: the line is silent, as it would be
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null || error === undefined) resolve();
      else reject(new Error(`cannot open ${path}: ${error.message}`));
    });
  });
  return {
    label: `serial ${path}`,
    stop: () =>
      new Promise((resolve) => {
        if (port.isOpen) port.close(() => resolve());
        else resolve();
      }),
  };
}
