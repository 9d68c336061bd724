import { Fault } from '../../contracts/values/fault.ts';
import type { BusSpec } from '../../contracts/values/site.ts';

const PORT = 502;
const BAUD = 9_600;
/** A /22: more is a network, not a site. */
const ADDRESSES_MAX = 1_024;

type Serial = Extract<BusSpec, { kind: 'serial' }>;
type Transport = Exclude<BusSpec['kind'], 'serial'>;

/** What stands before an address where it is not Modbus TCP, or RTU on a line. */
const TRANSPORTS: Readonly<Record<string, Transport>> = {
  'tcp://': 'tcp',
  'rtu://': 'rtu-over-tcp',
  'udp://': 'udp',
};
const ASCII = 'ascii://';

/** 'rtu://HOST:PORT' -> its transport and the rest. @throws Fault */
function transportOf(place: string): readonly [Transport, string] {
  const scheme = /^[a-z]+:\/\//i.exec(place)?.[0];
  if (scheme === undefined) return ['tcp', place];
  const kind = TRANSPORTS[scheme.toLowerCase()];
  if (kind !== undefined) return [kind, place.slice(scheme.length)];
  const mend = 'write HOST, tcp://HOST, rtu://HOST (RTU over TCP), udp://HOST or ascii:///dev/tty';
  throw new Fault('not a transport', place, mend);
}

/** As the commands take it: nothing before Modbus TCP and RTU lines. */
export function schemeOf(bus: BusSpec): string {
  if (bus.kind === 'serial') return bus.framing === 'ascii' ? ASCII : '';
  if (bus.kind === 'tcp') return '';
  return Object.keys(TRANSPORTS).find((scheme) => TRANSPORTS[scheme] === bus.kind) ?? '';
}
type Parity = Serial['parity'];
const PARITIES: Readonly<Record<string, Parity>> = { n: 'none', e: 'even', o: 'odd' };

/** '1-3,7' -> 1, 2, 3, 7. @throws Fault */
export function unitsOf(words: string): number[] {
  const units = words.split(',').flatMap((part) => {
    const [from = Number.NaN, until = from] = /^\d+(-\d+)?$/.test(part)
      ? part.split('-').map(Number)
      : [];
    return Array.from({ length: Math.max(0, until - from + 1) || 0 }, (_, index) => from + index);
  });
  const isFine = units.length > 0 && units.every((unit) => unit >= 0 && unit <= 255);
  if (isFine) return [...new Set(units)];
  throw new Fault('not a range of units', `--units ${words}`, 'write 1-10 or 1,3');
}

const lan = (kind: Transport, host: string, port: number): BusSpec => ({
  id: `${host}:${port}`,
  kind,
  host,
  port,
});

function portOf(text: string | undefined, place: string): number {
  const port = text === undefined ? PORT : Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Fault('not a port', place, 'write HOST:PORT with a port from 1 to 65535');
}

const HOST = /^(?=.{1,253}$)[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/;
const SUBNET = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})(?::(\d+))?$/;

/** Networks of one's own: nobody else's devices are asked who they are. RFC 1918, 3927, 6598. */
function isPrivate(address: number): boolean {
  const [a, b] = [address >>> 24, (address >>> 16) & 0xff];
  if (a === 10 || a === 127) return true;
  if (a === 172) return b >= 16 && b < 32;
  if (a === 100) return b >= 64 && b < 128;
  return (a === 192 && b === 168) || (a === 169 && b === 254);
}

/** Every address of a subnet that a device can have. @throws Fault */
function subnetOf(kind: Transport, place: string, match: RegExpExecArray): BusSpec[] {
  const [, ...parts] = match;
  const octets = parts.slice(0, 4).map(Number);
  const bits = Number(parts[4]);
  const port = portOf(parts[5], place);
  if (octets.some((octet) => octet > 255) || bits > 32) {
    throw new Fault('not a subnet', place, 'write it as 192.168.1.0/24');
  }
  const size = 2 ** (32 - bits);
  const address = octets.reduce((sum, octet) => (sum * 256 + octet) >>> 0, 0);
  const first = Math.floor(address / size) * size;
  if (!isPrivate(first)) {
    throw new Fault('not a private network', place, 'name the hosts one by one');
  }
  if (size > ADDRESSES_MAX) {
    throw new Fault(`${size} addresses`, place, `at most ${ADDRESSES_MAX}: a /22 or smaller`);
  }
  const edge = size > 2 ? 1 : 0; // the network itself and its broadcast address
  return Array.from({ length: size - 2 * edge }, (_, n) => {
    const at = first + edge + n;
    const text = [at >>> 24, (at >>> 16) & 0xff, (at >>> 8) & 0xff, at & 0xff].join('.');
    return lan(kind, text, port);
  });
}

function hostOf(kind: Transport, place: string): BusSpec {
  const [host = '', port, ...more] = place.split(':');
  if (!HOST.test(host) || more.length > 0) {
    const where = place === '' ? 'address' : place;
    throw new Fault('not a host', where, 'write HOST or HOST:PORT, or a subnet as 192.168.1.0/24');
  }
  return lan(kind, host, portOf(port, place));
}

/**
 * '192.168.1.0/24', '192.168.1.0/24:1502', 'HOST', 'HOST:PORT', each with 'rtu://' or 'udp://' in
 * front where it is RTU over TCP or UDP. @throws Fault
 */
export function networkOf(place: string): BusSpec[] {
  const [kind, rest] = transportOf(place);
  const subnet = SUBNET.exec(rest);
  return subnet === null ? [hostOf(kind, rest)] : subnetOf(kind, rest, subnet);
}

function serial(path: string, baud: number, parity: Parity, isAscii: boolean): BusSpec {
  const framing = isAscii ? ({ framing: 'ascii' } as const) : {};
  return { id: path, kind: 'serial', path, baud, parity, stopBits: 1, ...framing };
}

const LINE = /^(ascii:\/\/)?(\/[^@]+?)(?:@(\d+)([neo])?)?$/;

/**
 * 'PATH', 'PATH@BAUD', 'PATH@19200e', each with 'ascii://' in front where the line speaks ASCII:
 * the choices that a path leaves open are all tried.
 * @throws Fault
 */
export function lineOf(place: string, bauds: readonly number[], parities: readonly Parity[]) {
  const [, ascii, path, baud, parity] = LINE.exec(place) ?? [];
  if (path === undefined) {
    const mend = 'write PATH, PATH@9600 or PATH@9600e (n, e or o is the parity)';
    throw new Fault('not a serial line', place, mend);
  }
  return (baud === undefined ? bauds : [Number(baud)]).flatMap((rate) =>
    (parity === undefined ? parities : [PARITIES[parity] ?? 'none']).map((one) =>
      serial(path, rate, one, ascii !== undefined),
    ),
  );
}

/** '9600,19200'. @throws Fault */
export function baudsOf(words: string): number[] {
  const bauds = words.split(',').map(Number);
  if (bauds.every((baud) => Number.isInteger(baud) && baud >= 300 && baud <= 921_600)) return bauds;
  throw new Fault('not a list of baud rates', `--baud ${words}`, 'write 9600 or 9600,19200');
}

/** 'none,even'. @throws Fault */
export function paritiesOf(words: string): Parity[] {
  return words.split(',').map((word) => {
    const parity = Object.values(PARITIES).find((known) => known === word);
    if (parity !== undefined) return parity;
    throw new Fault('not a parity', `--parity ${words}`, 'write none, even or odd');
  });
}

export interface DevicePlace {
  readonly bus: BusSpec;
  readonly unit: number | undefined; // undefined: the usual one
}

const DEVICE_LINE = /^(ascii:\/\/)?(\/[^@]+)(?:@(\d+)([neo])?(?:\/(\d+))?)?$/;

/**
 * One device: 'HOST[:PORT][/UNIT]', or 'PATH[@BAUD[n|e|o][/UNIT]]' of a serial line; with 'rtu://',
 * 'udp://' or 'ascii://' in front as above.
 * @throws Fault
 */
export function deviceOf(place: string): DevicePlace {
  const line = DEVICE_LINE.exec(place);
  if (line !== null) {
    const [, ascii, path = '', baud = `${BAUD}`, parity = 'n', unit] = line;
    const rate = baudsOf(baud)[0] ?? BAUD;
    const bus = serial(path, rate, PARITIES[parity] ?? 'none', ascii !== undefined);
    return { bus, unit: oneUnit(unit, place) };
  }
  const [kind, rest] = transportOf(place);
  const [host = '', unit, ...more] = rest.split('/');
  if (more.length > 0) {
    throw new Fault('not a device', place, 'write HOST:PORT/UNIT or PATH@BAUD/UNIT');
  }
  return { bus: hostOf(kind, host), unit: oneUnit(unit, place) };
}

function oneUnit(text: string | undefined, place: string): number | undefined {
  if (text === undefined) return undefined;
  const unit = Number(text);
  if (/^\d+$/.test(text) && unit <= 255) return unit;
  throw new Fault('not a unit', place, 'a unit is a number from 0 to 255');
}
