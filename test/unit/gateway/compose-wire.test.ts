import { expect, test } from 'vitest';
import { profileById } from '../../../devices/catalogue.ts';
import { wireLoads } from '../../../gateway/compose-wire.ts';
import { ttyHint } from '../../../gateway/config/tty.ts';
import type { BusSpec } from '../../../gateway/contracts/values/site.ts';

const line = (baud: number): BusSpec => ({
  id: 'rs485',
  kind: 'serial',
  path: '/dev/serial/by-id/usb-1',
  baud,
  parity: 'none',
  stopBits: 1,
});
const lan: BusSpec = { id: 'lan', kind: 'tcp', host: '10.0.0.2', port: 502 };
const meters = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    id: `meter${n}`,
    bus: 'rs485',
    unit: n + 1,
    profile: 'eastron/sdm630',
  }));

test('a line is judged from the site file alone, with the arithmetic', () => {
  const one = wireLoads({ buses: [line(9_600), lan], devices: meters(1) }, profileById);
  expect(one).toEqual([
    {
      bus: 'rs485',
      isShort: false,
      text: expect.stringMatching(/^2 reads a cycle take 0\.\d\d s, .* a cycle has 0\.90 s$/),
    },
  ]);
  const [ten] = wireLoads({ buses: [line(9_600)], devices: meters(10) }, profileById);
  expect(ten?.isShort).toBe(true);
  expect(ten?.text).toMatch(
    /^cannot carry all .*: 20 reads of 0\.\d\d s on average are \d\.\d\d s/,
  );
  expect(ten?.text).toMatch(/every \d cycles.* after a lost read one is \d+\.\d+ s old/);
  expect(ten?.text).toMatch(/up to \d+\.\d+ s count as fresh, margin \d/);
  const [fast] = wireLoads({ buses: [line(115_200)], devices: meters(5) }, profileById);
  expect(fast?.isShort).toBe(false);
});

test('nothing is said where nothing is known', () => {
  const site = { buses: [line(9_600)], devices: [] };
  expect(wireLoads(site, profileById)).toEqual([]);
});

test('a tty by the order of plugging is told, one by id is not', () => {
  expect(ttyHint('/dev/ttyUSB0')).toMatchObject({ mend: 'name it as /dev/serial/by-id shows it' });
  expect(ttyHint('/dev/ttyACM12')).toBeDefined();
  expect(ttyHint('/dev/serial/by-id/usb-FTDI-if00')).toBeUndefined();
  expect(ttyHint('/dev/ttyAMA0')).toBeUndefined(); // a port of the board stays where it is
});
