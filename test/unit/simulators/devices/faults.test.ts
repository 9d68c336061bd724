import { describe, expect, it } from 'vitest';
import { profileById } from '../../../../devices/catalogue.ts';
import type { Clock } from '../../../../gateway/ports.ts';
import { createDesk, type DeskState } from '../../../../simulators/devices/faults/desk.ts';
import { durationMs, KINDS, parseFault } from '../../../../simulators/devices/faults/rules.ts';
import { type Act, createFaultySession } from '../../../../simulators/devices/faults/session.ts';
import { createDeviceImage } from '../../../../simulators/devices/image.ts';
import { crc16 } from '../../../../simulators/devices/rtu.ts';

const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.split(' ').map((byte) => Number.parseInt(byte, 16)));
const text = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
const withCrc = (frame: string): string => {
  const crc = crc16(hex(frame));
  return text(Uint8Array.of(...hex(frame), crc & 0xff, crc >> 8));
};

/** A demo charger with one fault after the other, and what it does to the same bytes. */
function desk(wire: 'tcp' | 'rtu', profile = 'edgewatt/demo-wallbox', seed = 1) {
  const found = profileById(profile);
  if (found === undefined) throw new Error(profile);
  const now = { monoMs: 0, realMs: 0 };
  const clock = { monoMs: () => now.monoMs, realMs: () => now.realMs } as Clock;
  const image = createDeviceImage(found, { id: 'device1', settings: { ratedW: 11_000 } });
  const writes: Readonly<Record<string, number>>[] = [];
  const made = createDesk({
    image,
    unit: 1,
    wire,
    clock,
    seed,
    turn: () => undefined,
    onWrite: (_frame, points) => writes.push(points),
  });
  const session = createFaultySession(made.station);
  const state = (): DeskState => made.state();
  return { ...made, now, image, writes, session, state };
}
const sent = (acts: readonly Act[]): string[] =>
  acts.map((act) => ('send' in act ? text(act.send) : JSON.stringify(act)));

// Registers 0..2 of the charger: enable, current, reversion.
const READ = '00 07 00 00 00 06 01 03 00 00 00 03';
const READ_ONE = '00 08 00 00 00 06 01 03 00 01 00 01';
const SOUND = '00 07 00 00 00 09 01 03 06 00 00 00 a0 00 00';
const WRITE = '00 09 00 00 00 06 01 06 00 01 00 64'; // 10 A
const LINE_READ = withCrc('01 03 00 00 00 03');
const LINE_SOUND = withCrc('01 03 06 00 00 00 a0 00 00');

function charger(wire: 'tcp' | 'rtu') {
  const made = desk(wire);
  made.line('set setCurrentA=16');
  return made;
}

describe('on TCP', () => {
  const strikes = (rule: string, ...requests: string[]): string[][] => {
    const { line, session } = charger('tcp');
    line(`fault ${rule}`);
    return requests.map((request) => sent(session.feed(hex(request))));
  };
  it('answers as any other device without a fault', () => {
    expect(sent(charger('tcp').session.feed(hex(READ)))).toEqual([SOUND]);
  });
  it.each([
    ['drop', []],
    ['wrong-id', [SOUND.replace('00 07', '00 08')]],
    ['short', ['00 07 00 00 00 07 01 03 04 00 00 00 a0']],
    ['truncate', [SOUND.slice(0, -9)]],
    ['truncate 14', ['00']],
    ['exception 6', ['00 07 00 00 00 03 01 83 06']],
    ['exception', ['00 07 00 00 00 03 01 83 04']],
    ['close', ['{"end":"close"}']],
    ['reset', ['{"end":"reset"}']],
    ['half-open', []],
    ['reboot 2s', ['{"goneMs":2000}']],
    ['sentinel setCurrentA', ['00 07 00 00 00 09 01 03 06 00 00 ff ff 00 00']],
    ['sentinel', [SOUND]], // holding registers only: it measures in input registers
  ])('%s', (rule, expected) => {
    expect(strikes(rule, READ)).toEqual([expected]);
  });
  it('is late, and slow byte by byte', () => {
    const late = charger('tcp');
    late.line('fault late 300');
    expect(late.session.feed(hex(READ))).toEqual([{ send: hex(SOUND), afterMs: 300 }]);
    late.line('off late');
    late.line('fault slow 4');
    const acts = late.session.feed(hex(READ));
    expect(sent(acts).join(' ')).toBe(SOUND);
    expect(acts.map((act) => 'afterMs' in act && act.afterMs)).toEqual(
      [...hex(SOUND)].map((_, n) => 4 * n),
    );
  });
  it('sends garbage of the same length, the same for the same seed', () => {
    const [[first = ''] = [], [second = ''] = []] = strikes('garbage', READ, READ);
    expect(hex(first)).toHaveLength(hex(SOUND).length);
    expect(first).not.toBe(SOUND);
    expect(second).not.toBe(first);
    expect(strikes('garbage', READ, READ)).toEqual([[first], [second]]);
  });
  it('answers what the request before had asked for', () => {
    expect(strikes('shifted', READ, READ_ONE, READ)).toEqual([
      [],
      ['00 08 00 00 00 09 01 03 06 00 00 00 a0 00 00'],
      ['00 07 00 00 00 05 01 03 02 00 a0'],
    ]);
  });
  it('is half open on one connection only, for ever', () => {
    const { line, session, station } = charger('tcp');
    line('fault half-open times 1');
    expect(session.feed(hex(READ))).toEqual([]);
    expect(session.feed(hex(READ))).toEqual([]);
    expect(sent(createFaultySession(station).feed(hex(READ)))).toEqual([SOUND]);
  });
  it('acknowledges a write and ignores it, and refuses what it would refuse', () => {
    const { line, session, image, writes } = charger('tcp');
    line('fault ignore-write');
    expect(sent(session.feed(hex(WRITE)))).toEqual([WRITE]);
    expect(image.take('setCurrentA')).toBe(16);
    const wrong = '00 09 00 00 00 06 01 06 00 01 00 0a'; // 1 A
    expect(sent(session.feed(hex(wrong)))).toEqual(['00 09 00 00 00 03 01 86 03']);
    line('off all');
    expect(sent(session.feed(hex(WRITE)))).toEqual([WRITE]);
    expect(image.take('setCurrentA')).toBe(10);
    expect(writes).toHaveLength(2); // the ignored one was acknowledged, so it counts as taken
    expect(writes.at(-1)).toEqual({ setCurrentA: 10 });
  });
  it('does what a dropped or refused request asks only when it should', () => {
    const { line, session, image } = charger('tcp');
    line('fault exception 4 times 1');
    session.feed(hex(WRITE));
    expect(image.take('setCurrentA')).toBe(16);
    line('fault drop');
    expect(session.feed(hex(WRITE))).toEqual([]);
    expect(image.take('setCurrentA')).toBe(10);
  });
  it('has somebody else write', () => {
    const { line, session, image } = charger('tcp');
    line('fault second-master setCurrentA=6 every 2');
    expect(sent(session.feed(hex(READ)))).toEqual([SOUND]);
    expect(image.take('setCurrentA')).toBe(16);
    expect(sent(session.feed(hex(READ)))).toEqual([SOUND.replace('a0', '3c')]);
    expect(image.take('setCurrentA')).toBe(6);
  });
  it('is stuck where it measures, not where it was written', () => {
    const { line, session, image } = charger('tcp');
    image.put('powerW', -11_040);
    line('fault stuck');
    const measured = '00 07 00 00 00 06 01 04 00 01 00 02';
    const [first] = sent(session.feed(hex(measured)));
    expect(first).toBe('00 07 00 00 00 07 01 04 04 00 00 2b 20');
    image.put('powerW', -4_000);
    expect(sent(session.feed(hex(measured)))).toEqual([first]);
    session.feed(hex(WRITE));
    expect(sent(session.feed(hex(READ_ONE)))).toEqual(['00 08 00 00 00 05 01 03 02 00 64']);
  });
  it('comes back from a reboot as from power-up', () => {
    const { line, session, image, now, station } = charger('tcp');
    session.feed(hex(WRITE));
    image.put('outWh', 500);
    now.monoMs = 60_000;
    image.step(60_000);
    line('fault reboot');
    expect(sent(session.feed(hex(READ)))).toEqual(['{"goneMs":5000}']);
    expect(session.feed(hex(READ))).toEqual([]); // this connection is over
    expect(image.take('setCurrentA')).toBe(0);
    expect(image.take('deviceHeartbeat')).toBe(0);
    expect(image.take('outWh')).toBe(10_500);
    expect(sent(createFaultySession(station).feed(hex(READ)))).toEqual([SOUND.replace('a0', '00')]);
  });
});

describe('on a serial line', () => {
  const struck = (rule: string): string[] => {
    const { line, session } = charger('rtu');
    line(`fault ${rule}`);
    return sent(session.feed(hex(LINE_READ)));
  };
  it.each([
    ['wrong-id', [withCrc('02 03 06 00 00 00 a0 00 00')]],
    ['short', [withCrc('01 03 04 00 00 00 a0')]],
    ['truncate 2', [LINE_SOUND.slice(0, -6)]],
    ['exception 11', [withCrc('01 83 0b')]],
    ['echo', [`${LINE_READ} ${LINE_SOUND}`]],
    [
      'second-master setCurrentA=6',
      [
        withCrc('01 10 00 01 00 01 02 00 3c'),
        withCrc('01 10 00 01 00 01'),
        withCrc('01 03 06 00 00 00 3c 00 00'),
      ],
    ],
  ])('%s', (rule, expected) => {
    expect(struck(rule)).toEqual(expected);
  });
  it('turns one bit, so that the CRC fails', () => {
    const [noisy = ''] = struck('noise');
    const bits = hex(noisy).reduce((sum, byte, n) => {
      let differs = byte ^ (hex(LINE_SOUND)[n] ?? 0);
      let count = sum;
      for (; differs > 0; differs >>= 1) count += differs & 1;
      return count;
    }, 0);
    expect(bits).toBe(1);
    expect(crc16(hex(noisy))).not.toBe(0);
    expect(crc16(hex(LINE_SOUND))).toBe(0); // a frame with its own sum leaves zero
  });
});

describe('a rule', () => {
  const pattern = (rule: string, count: number, seed = 1): string => {
    const { line, session, now } = desk('tcp', 'edgewatt/demo-wallbox', seed);
    line(`fault ${rule}`);
    return Array.from({ length: count }, () => {
      now.realMs += 100;
      return session.feed(hex(READ)).length === 0 ? 'x' : '.';
    }).join('');
  };
  it('strikes every n-th request, so many times, for a while', () => {
    expect(pattern('drop every 3', 9)).toBe('..x..x..x');
    expect(pattern('drop times 2', 5)).toBe('xx...');
    expect(pattern('drop every 2 times 2', 8)).toBe('.x.x....');
    expect(pattern('drop for 350ms', 6)).toBe('xxx...');
    expect(pattern('drop on writes', 3)).toBe('...');
    expect(pattern('drop on reads every 2', 4)).toBe('.x.x');
  });
  it('strikes by chance, as the seed says', () => {
    const one = pattern('drop chance 0.3', 400);
    const share = one.split('x').length - 1;
    expect(share).toBeGreaterThan(80);
    expect(share).toBeLessThan(160);
    expect(pattern('drop chance 0.3', 400)).toBe(one);
    expect(pattern('drop chance 0.3', 400, 2)).not.toBe(one);
  });
  it.each([
    ['boom', "no fault 'boom'; write one of: late, slow"],
    ['late', "'late' needs an argument; write late TIME [on reads|writes]"],
    ['late soon', "'late' cannot take 'soon'"],
    ['exception 0', "'exception' cannot take '0'"],
    ['exception 256', "'exception' cannot take '256'"],
    ['truncate 1.5', "'truncate' cannot take '1.5'"],
    ['drop now', "'now' is no part of a fault"],
    ['drop every 0', "'every 0' is no part of a fault"],
    ['drop chance 2', "'chance 2' is no part of a fault"],
    ['drop every 2 every 3', "'every 3' is no part of a fault"],
    ['one-client both', "'one-client' cannot take 'both'; choose oldest or newest"],
    ['echo', "'echo' has no meaning on TCP"],
  ])('%s is refused', (rule, complaint) => {
    expect(() => parseFault(rule, 'tcp')).toThrow(complaint);
  });
  it('reads times of people', () => {
    expect(['300', '300ms', '1.5s', '2min', '2h', ''].map(durationMs)).toEqual([
      300,
      300,
      1_500,
      120_000,
      undefined,
      undefined,
    ]);
  });
});

describe('the lines', () => {
  it('explain every fault', () => {
    const help = desk('tcp').line('help');
    for (const kind of Object.keys(KINDS)) expect(JSON.stringify(help)).toContain(`  ${kind} `);
  });
  it('set, free, order, list and end', () => {
    const { line, state, image } = desk('tcp');
    expect(line('set powerW=-2500')).toEqual(['ok powerW=-2500']);
    image.put('powerW', -9_000);
    expect(state().points['powerW']).toBe(-2_500); // pinned: it comes back at each turn
    expect(line('set socPct=none')).toEqual(['ok socPct=none']);
    expect(state()).toMatchObject({ pinned: ['powerW', 'socPct'], points: { socPct: null } });
    expect(line('free all')).toEqual(['ok 2 free']);
    line('fault drop every 3');
    line('fault late 30');
    expect(line('faults')).toEqual(['drop every 3: struck 0', 'late 30: struck 0']);
    expect(line('off drop')).toEqual(['ok 1 off']);
    expect(line('off')).toEqual(['ok 1 off']);
    expect(line('faults')).toEqual(['none']);
    expect(line('')).toEqual([]);
  });
  it.each([
    ['dance', "no command 'dance'; 'help' lists them"],
    ['set power=1', "no number 'power'"],
    ['set maker=1', "no number 'maker'"],
    ['set powerW', "'powerW' is no assignment"],
    ['set powerW=much', 'is no assignment'],
    ['set currentL1A=1e9', 'choose a value that its register can show'],
    ['fault second-master state=1', "'state=1' cannot be written; writable are: setEnable"],
  ])('%s is refused in one line', (wrong, complaint) => {
    expect(() => desk('tcp').line(wrong)).toThrow(complaint);
  });
});
