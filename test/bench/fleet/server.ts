import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/**
 * 32 devices of test/bench/fleet/site.ts: unit 1 is the meter of the connection, the
 * others batteries that follow what they are told at once, behind a load that never rests. Prints
 * its port.
 */
const UNITS = 33;
const WORDS = 256;
const BASE_W = 20_000;
const SWING_W = 12_000;
const PERIOD_MS = 40_000;

const registers = Array.from({ length: UNITS }, () => {
  const words = new Uint16Array(WORDS);
  for (let at = 0; at < WORDS; at += 1) words[at] = at * 7;
  words.fill(0, 120, 128);
  words[126] = 10_000; // rated, W
  words[127] = 50; // state of charge, percent
  return words;
});

function putPower(unit: number, powerW: number): void {
  const words = registers[unit];
  if (words === undefined) return;
  words[0] = (powerW >> 16) & 0xffff;
  words[1] = powerW & 0xffff;
}

const long = (words: Uint16Array, at: number): number =>
  ((words[at] ?? 0) << 16) | (words[at + 1] ?? 0);

/** What flows when somebody looks: setpoints at once, the connection what is left. */
function flow(unit: number): void {
  if (unit !== 1) return;
  let gridW = BASE_W + SWING_W * Math.sin((2 * Math.PI * performance.now()) / PERIOD_MS);
  for (let n = 2; n < UNITS; n += 1) {
    const words = registers[n];
    if (words === undefined) continue;
    const powerW = words[123] === 1 ? long(words, 120) : 0;
    putPower(n, powerW);
    gridW -= powerW;
  }
  putPower(1, Math.round(gridW));
}

function answer(unit: number, pdu: Buffer): Buffer {
  const words = registers[unit];
  const [fc = 0, at] = [pdu[0], pdu.readUInt16BE(1)];
  if (words === undefined) return Buffer.from([fc | 0x80, 11]);
  if (fc === 6) words[at] = pdu.readUInt16BE(3);
  if (fc === 6) return pdu;
  const count = pdu.readUInt16BE(3);
  if (fc === 16) {
    for (let n = 0; n < count; n += 1) words[at + n] = pdu.readUInt16BE(6 + 2 * n);
    return pdu.subarray(0, 5);
  }
  flow(unit);
  const out = Buffer.alloc(2 + 2 * count);
  out[0] = fc;
  out[1] = 2 * count;
  for (let n = 0; n < count; n += 1) out.writeUInt16BE(words[at + n] ?? 0, 2 + 2 * n);
  return out;
}

function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    for (let at = 0; at + 8 <= bytes.length; ) {
      const end = at + 6 + bytes.readUInt16BE(at + 4);
      const body = answer(bytes[at + 6] ?? 0, bytes.subarray(at + 7, end));
      const head = Buffer.from(bytes.subarray(at, at + 7));
      head.writeUInt16BE(body.length + 1, 4);
      socket.write(Buffer.concat([head, body]));
      at = end;
    }
  });
}

/** A loopback address for each device, one port for all. */
async function listen(unit: number, port: number): Promise<number> {
  const server = createServer({ noDelay: true }, serve).listen(port, `127.0.0.${unit}`);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const port = await listen(1, 0);
for (let unit = 2; unit < UNITS; unit += 1) await listen(unit, port);
process.stdout.write(`${port}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
