/**
 * A small Modbus device on bytes, with faults to order: for contract tests of the gateway's
 * client over a memory wire, TCP or a pty. It shares no code with the client, so that one error
 * cannot hide in both.
 */
export interface PeerFaults {
  /** Real ms before each answer. */
  delayMs: number;
  /** Extra delay of every n-th answer. */
  late: { readonly every: number; readonly byMs: number } | undefined;
  drop: boolean;
  /** Exception code instead of an answer. */
  exception: number | undefined;
  /** What becomes of the finished frame; [] swallows it. */
  bend: ((frame: Uint8Array, count: number) => readonly Uint8Array[]) | undefined;
}

export interface Peer {
  readonly registers: Map<number, number>;
  readonly coils: Map<number, boolean>;
  readonly faults: PeerFaults;
  /** Requests understood so far, newest last: [function, address, count or value]. */
  readonly asked: (readonly [number, number, number])[];
  /** Registers outside of the map raise exception 2. */
  strict: boolean;
  heard(bytes: Uint8Array, reply: (bytes: Uint8Array, afterMs: number) => void): void;
  /** A new connection: bytes of the old one do not count. */
  reset(): void;
}

export type PeerKind = 'tcp' | 'rtu';

function crcOf(bytes: Uint8Array, length: number): number {
  let crc = 0xffff;
  for (let at = 0; at < length; at += 1) {
    crc ^= bytes[at] ?? 0;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

/** Bytes of an RTU request, from its first bytes; undefined while it cannot be known. */
function rtuLength(bytes: Uint8Array): number | undefined {
  const fc = bytes[1];
  if (fc === undefined) return undefined;
  if (fc <= 6) return 8;
  if (fc === 22) return 10;
  if (fc === 43) return 7;
  const countAt = fc === 23 ? 10 : 6;
  const count = bytes[countAt];
  return count === undefined ? undefined : countAt + 1 + count + 2;
}

export function frameOf(kind: PeerKind, unit: number, pdu: readonly number[], tid = 0): Uint8Array {
  if (kind === 'tcp') {
    const length = pdu.length + 1;
    return Uint8Array.from([tid >> 8, tid & 255, 0, 0, length >> 8, length & 255, unit, ...pdu]);
  }
  const bytes = Uint8Array.from([unit, ...pdu, 0, 0]);
  const crc = crcOf(bytes, pdu.length + 1);
  bytes[pdu.length + 1] = crc & 255;
  bytes[pdu.length + 2] = crc >> 8;
  return bytes;
}

export function createPeer(kind: PeerKind, units: readonly number[]): Peer {
  const faults: PeerFaults = {
    delayMs: 0,
    late: undefined,
    drop: false,
    exception: undefined,
    bend: undefined,
  };
  let held: number[] = [];
  let answers = 0;

  const answer = (
    unit: number,
    tid: number,
    pdu: readonly number[],
    reply: (bytes: Uint8Array, afterMs: number) => void,
  ): void => {
    answers += 1;
    if (faults.drop) return;
    const fc = pdu[0] ?? 0;
    const body =
      faults.exception === undefined ? execute(peer, pdu) : [fc | 0x80, faults.exception];
    const frame = frameOf(kind, unit, body, tid);
    const late = faults.late !== undefined && answers % faults.late.every === 0;
    const afterMs = faults.delayMs + (late ? (faults.late?.byMs ?? 0) : 0);
    for (const bytes of faults.bend?.(frame, answers) ?? [frame]) reply(bytes, afterMs);
  };

  const take = (reply: (bytes: Uint8Array, afterMs: number) => void): boolean => {
    const bytes = Uint8Array.from(held);
    const total =
      kind === 'rtu'
        ? rtuLength(bytes)
        : bytes.length < 6
          ? undefined
          : 6 + ((bytes[4] ?? 0) << 8) + (bytes[5] ?? 0);
    if (total === undefined || bytes.length < total) return false;
    held = held.slice(total);
    const unit = bytes[kind === 'rtu' ? 0 : 6] ?? 0;
    const tid = kind === 'rtu' ? 0 : ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
    const pdu = [...(kind === 'rtu' ? bytes.slice(1, total - 2) : bytes.slice(7, total))];
    // A frame with its own sum leaves zero.
    if (kind === 'rtu' && crcOf(bytes, total) !== 0) return true;
    if (units.includes(unit)) answer(unit, tid, pdu, reply);
    return true;
  };

  const peer: Peer = {
    registers: new Map(),
    coils: new Map(),
    faults,
    asked: [],
    strict: false,
    heard: (bytes, reply) => {
      held.push(...bytes);
      while (take(reply));
    },
    reset: () => {
      held = [];
    },
  };
  return peer;
}

/** More to come, the next object, how many; then object, length, text. */
const IDENTITY: readonly (readonly number[])[] = [
  [0xff, 1, 1, 0, 2, 69, 87],
  [0xff, 2, 1, 1, 1, 49],
  [0, 0, 1, 2, 3, 49, 46, 48],
];

const word = (pdu: readonly number[], at: number): number =>
  ((pdu[at] ?? 0) << 8) | (pdu[at + 1] ?? 0);

function read(peer: Peer, at: number, count: number): number[] | undefined {
  const bytes: number[] = [];
  for (let index = at; index < at + count; index += 1) {
    const value = peer.registers.get(index);
    if (value === undefined && peer.strict) return undefined;
    bytes.push((value ?? 0) >> 8, (value ?? 0) & 255);
  }
  return bytes;
}

function write(peer: Peer, pdu: readonly number[], at: number, from: number, count: number): void {
  for (let index = 0; index < count; index += 1) {
    peer.registers.set(at + index, word(pdu, from + 2 * index));
  }
}

function execute(peer: Peer, pdu: readonly number[]): number[] {
  const fc = pdu[0] ?? 0;
  const at = word(pdu, 1);
  const value = word(pdu, 3);
  peer.asked.push([fc, at, value]);
  switch (fc) {
    case 1:
    case 2: {
      const bytes = new Array<number>((value + 7) >> 3).fill(0);
      for (let bit = 0; bit < value; bit += 1) {
        const on = peer.coils.get(at + bit) === true;
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (on ? 1 << (bit & 7) : 0);
      }
      return [fc, bytes.length, ...bytes];
    }
    case 3:
    case 4: {
      const bytes = read(peer, at, value);
      return bytes === undefined ? [fc | 0x80, 2] : [fc, bytes.length, ...bytes];
    }
    case 5:
      peer.coils.set(at, value === 0xff00);
      return pdu.slice(0, 5);
    case 6:
      peer.registers.set(at, value);
      return pdu.slice(0, 5);
    case 15:
      for (let bit = 0; bit < value; bit += 1) {
        peer.coils.set(at + bit, (((pdu[6 + (bit >> 3)] ?? 0) >> (bit & 7)) & 1) === 1);
      }
      return pdu.slice(0, 5);
    case 16:
      write(peer, pdu, at, 6, value);
      return pdu.slice(0, 5);
    case 22: {
      const or = word(pdu, 5);
      peer.registers.set(at, ((peer.registers.get(at) ?? 0) & value) | (or & ~value & 0xffff));
      return pdu.slice(0, 7);
    }
    case 43: // 14: maker, product code and version, one object an answer
      return [43, 14, pdu[2] ?? 1, 1, ...(IDENTITY[pdu[3] ?? 0] ?? [0, 0, 0])];
    case 23: {
      write(peer, pdu, word(pdu, 5), 10, word(pdu, 7));
      const bytes = read(peer, at, value);
      return bytes === undefined ? [fc | 0x80, 2] : [fc, bytes.length, ...bytes];
    }
    default:
      return [fc | 0x80, 1];
  }
}

/** Puts a peer behind the far end of a memory wire. */
export function servePeer(
  peer: Peer,
  far: {
    onBytes: ((bytes: Uint8Array) => void) | undefined;
    onOpen: (() => void) | undefined;
    send(bytes: Uint8Array, afterMs?: number): void;
  },
): void {
  far.onOpen = () => peer.reset();
  far.onBytes = (bytes) => peer.heard(bytes, (reply, afterMs) => far.send(reply, afterMs));
}
