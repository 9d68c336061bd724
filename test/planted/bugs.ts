// table of data

/** A deliberate mistake in the source, and who notices it. */
export interface Bug {
  readonly name: string;
  readonly file: string;
  readonly find: string; // once in the file
  readonly replace: string;
  readonly invariant: string; // what is lost: docs/invariants.md
  readonly caughtBy: { readonly file: string; readonly test: string };
}

const KERNEL = 'test/unit/gateway/guard/safety/verdict.test.ts';
const REGISTERS = 'test/unit/gateway/guard/safety/registers.test.ts';
const CIRCUITS = 'test/unit/gateway/guard/safety/circuits.test.ts';
const LEASE = 'test/unit/gateway/guard/commands/lease.test.ts';
const DIRECTIVES = 'test/unit/gateway/guard/directives.test.ts';
const CODEC = 'test/unit/devices/codec.test.ts';

/** Found by tests of `npm test`; each test runs alone, once with its bug and once without. */
export const QUICK: readonly Bug[] = [
  {
    name: 'setpoint with the wrong sign',
    file: 'gateway/guard/commands/targets.ts',
    find: 'return command.powerW;',
    replace: 'return -command.powerW;',
    invariant: 'S1',
    caughtBy: {
      file: LEASE,
      test: 'timer and reversion value are written and read back before the setpoint',
    },
  },
  {
    name: "vendor's sign lost on the wire",
    file: 'devices/codec.ts',
    find: '((point.sign ?? 1) * scaled(net, 1, -power))',
    replace: 'scaled(net, 1, -power)',
    invariant: 'S1',
    caughtBy: { file: CODEC, test: 'brings the vendor to the busbar' },
  },
  {
    name: 'rounding outward',
    file: 'gateway/guard/commands/targets.ts',
    find: 'Math.floor(Math.abs(inside) / step + 1e-9)',
    replace: 'Math.ceil(Math.abs(inside) / step)',
    invariant: 'S1',
    caughtBy: { file: LEASE, test: 'rounding never asks for more than the verdict did' },
  },
  {
    name: 'second look at registers off',
    file: 'gateway/guard/commands/send.ts',
    find: "if (why !== undefined) return { state: 'refused', why };",
    replace: '',
    invariant: 'S1',
    caughtBy: {
      file: 'test/unit/gateway/guard/commands/second-look.test.ts',
      test: 'a register that would ask for more than the verdict is not written',
    },
  },
  {
    name: 'per-phase limit as total',
    file: 'gateway/guard/circuits.ts',
    find: 'both(limitA * volts)',
    replace: 'both(3 * limitA * volts)',
    invariant: 'S2',
    caughtBy: {
      file: 'test/unit/gateway/guard/circuits.test.ts',
      test: 'amperes count per phase: a single-phase battery stands on one of them',
    },
  },
  {
    name: 'circuit limit for import only',
    file: 'gateway/guard/safety/connection.ts',
    find: 'standing(at, keepExport(at, keepImport(at, rulings)))',
    replace: 'standing(at, keepImport(at, rulings))',
    invariant: 'S2',
    caughtBy: { file: CIRCUITS, test: 'bound what flows through them each way, and nothing else' },
  },
  {
    name: 'envelope loosened by the cloud',
    file: 'gateway/guard/kernel-facts.ts',
    find: 'spec.contractedExportW,\n        fuse.exportW,',
    replace: '',
    invariant: 'S14',
    caughtBy: { file: DIRECTIVES, test: 'never loosens contract or fuse' },
  },
  {
    name: 'highest charge ignored',
    file: 'gateway/guard/safety/bounds.ts',
    find: 'if (!(facts.socHighPct < maxPct)) {',
    replace: 'if (false) {',
    invariant: 'S3',
    caughtBy: { file: KERNEL, test: 'holds full' },
  },
  {
    name: 'unknown charge counts as charge',
    file: 'gateway/guard/safety/bounds.ts',
    find: 'if (!(facts.socLowPct > store.socMinPct)) {',
    replace: 'if (facts.socLowPct <= store.socMinPct) {',
    invariant: 'S3',
    caughtBy: { file: KERNEL, test: 'holds charge unknown' },
  },
  {
    name: 'cold cells are charged',
    file: 'gateway/guard/safety/bounds.ts',
    find: '!(facts.temperatureC >= store.chargeMinC)',
    replace: 'false',
    invariant: 'S3',
    caughtBy: { file: KERNEL, test: 'holds too cold' },
  },
  {
    name: 'stale check off',
    file: 'gateway/guard/safety/verdict.ts',
    find: "if (!(connectionMs <= facts.safeAfterMs) || !(terminal.ageMs <= facts.safeAfterMs)) return 'safe';",
    replace: '',
    invariant: 'S4',
    caughtBy: { file: KERNEL, test: 'an order does not outlive the readings it was given by' },
  },
  {
    name: 'safe state on stop skipped',
    file: 'gateway/guard/tick.ts',
    find: 'writer.releaseAll(this.safe())',
    replace: 'writer.releaseAll([])',
    invariant: 'S4',
    caughtBy: { file: DIRECTIVES, test: 'stop leaves the safe states behind' },
  },
  {
    name: 'reversion not armed',
    file: 'gateway/guard/commands/lease.ts',
    find: 'if (renew && spec.arm.length > 0) {',
    replace: 'if (false) {',
    invariant: 'S5',
    caughtBy: {
      file: LEASE,
      test: 'timer and reversion value are written and read back before the setpoint',
    },
  },
  {
    name: 'lease not renewed',
    file: 'gateway/guard/commands/lease.ts',
    find: 'const renew = hasTimer && this.timer.isDue(nowMs) && !isBare;',
    replace: 'const renew = hasTimer && !this.timer.runs(nowMs);',
    invariant: 'S5',
    caughtBy: {
      file: LEASE,
      test: 'unchanged: no write, only the lease is renewed by a third of its time',
    },
  },
  {
    name: 'a lease without an end',
    file: 'gateway/guard/safety/registers.ts',
    find: 'return value > 0 && within(value, longestS);',
    replace: 'return within(value, longestS);',
    invariant: 'S5',
    caughtBy: {
      file: REGISTERS,
      test: 'keeps the lease short and never endless, and its value at the safe one',
    },
  },
  {
    name: 'read-back skipped',
    file: 'gateway/guard/commands/lease.ts',
    find: "if (!this.judge(control, set) || !this.runs(control)) return 'again';",
    replace: '',
    invariant: 'S7',
    caughtBy: {
      file: LEASE,
      test: 'written but not applied: told after three, spaced out unless protective',
    },
  },
  {
    name: 'blind repeat after a lost answer',
    file: 'gateway/guard/commands/lease.ts',
    find: 'if (arrived) return this.confirm(control, aim, set);',
    replace: '',
    invariant: 'S7',
    caughtBy: {
      file: LEASE,
      test: 'answer to a write lost: read back, and no second write when applied',
    },
  },
  {
    name: 'epoch check off',
    file: 'gateway/guard/safety/verdict.ts',
    find: 'if (!(proposal.agentEpoch >= facts.agentEpoch)) return false;',
    replace: '',
    invariant: 'S6',
    caughtBy: { file: KERNEL, test: 'an older agent: the safe state' },
  },
  {
    name: "an older agent's intent counts",
    file: 'gateway/guard/intents.ts',
    find: 'return intent.agentEpoch > held.agentEpoch;',
    replace: 'return true;',
    invariant: 'S6',
    caughtBy: {
      file: 'test/unit/gateway/guard/intents.test.ts',
      test: 'a newer one counts, never one of an older agent',
    },
  },
  {
    name: 'what is not available becomes a number',
    file: 'devices/codec.ts',
    find: 'if (raw === none || raw < low || raw > high) return undefined;',
    replace: '',
    invariant: 'S8',
    caughtBy: { file: CODEC, test: 'what says "not available" for u16 reads so' },
  },
  {
    name: 'byte count unchecked',
    file: 'gateway/guard/bus/pdu.ts',
    find: 'if (bytes[from + 1] !== count) return bad',
    replace: 'if (false) return bad',
    invariant: 'S8',
    caughtBy: {
      file: 'test/unit/gateway/guard/bus/pdu.test.ts',
      test: 'refused: byte count wrong, length right',
    },
  },
  {
    name: 'transaction id unchecked',
    file: 'gateway/guard/bus/line.ts',
    find: 'asked.tid === id || asked.lax',
    replace: 'true',
    invariant: 'S8',
    caughtBy: {
      file: 'test/unit/gateway/guard/bus/tcp.test.ts',
      test: 'another transaction id than asked needs to be allowed by name',
    },
  },
  {
    name: 'slew off',
    file: 'gateway/guard/safety/rules.ts',
    find: 'const powerW = clamp(wish.powerW, startW - stepW, startW + stepW);',
    replace: 'const powerW = wish.powerW;',
    invariant: 'S9',
    caughtBy: { file: KERNEL, test: 'changes no faster than the slew rate, from the last order' },
  },
  {
    name: 'direction rest off',
    file: 'gateway/guard/safety/rules.ts',
    find: 'if (nowMs - memory.turnedAtMs >= limits.directionRestMs) return wish;',
    replace: 'return wish;',
    invariant: 'S9',
    caughtBy: { file: KERNEL, test: 'turns around only after the rest' },
  },
  {
    name: 'budget not persisted',
    file: 'gateway/guard/commands/budget.ts',
    find: 'this.counts = { ...saved };',
    replace: 'this.counts = {};',
    invariant: 'S9',
    caughtBy: {
      file: 'test/unit/gateway/guard/commands/writer.test.ts',
      test: 'stored registers have a daily budget that survives a restart',
    },
  },
  {
    name: 'database without a synchronous write',
    file: 'gateway/adapters/sqlite/schema.ts',
    find: "db.pragma('synchronous = FULL');",
    replace: "db.pragma('synchronous = NORMAL');",
    invariant: 'S10',
    caughtBy: {
      file: 'test/unit/gateway/adapters/sqlite/durable.test.ts',
      test: 'a commit of the gateway waits for the disk',
    },
  },
  {
    name: 'acknowledged before it is on disk',
    file: 'gateway/link/telemetry/intake.ts',
    find: 'await this.store.addRecords(batch);',
    replace: 'void this.store.addRecords(batch).catch(() => undefined);',
    invariant: 'S10',
    caughtBy: {
      file: 'test/unit/gateway/link/intake.test.ts',
      test: 'a record is acknowledged when its commit has returned, not when it failed',
    },
  },
  {
    name: 'dedupe off',
    file: 'cloud/adapters/sqlite.ts',
    find: 'if (known.changes === 0) return false;',
    replace: '',
    invariant: 'S12',
    caughtBy: {
      file: 'test/unit/cloud/adapters/sqlite.test.ts',
      test: 'has the tables by their names, each record and each key once',
    },
  },
  {
    name: 'epoch reused: sequences count twice',
    file: 'gateway/guard/tick.ts',
    find: 'this.epoch = (saved?.epoch ?? Math.floor(clock.wallMs() / 1_000)) + 1;',
    replace: 'this.epoch = saved?.epoch ?? Math.floor(clock.wallMs() / 1_000);',
    invariant: 'S12',
    caughtBy: {
      file: DIRECTIVES,
      test: 'the last limits bind from the first write, and the safe state never lifts them',
    },
  },
  {
    name: 'an old sequence is taken again',
    file: 'gateway/guard/directives.ts',
    find: "if (!(directive.sequence > state.highestSequence)) return 'sequence is not new';",
    replace: '',
    invariant: 'S13',
    caughtBy: { file: DIRECTIVES, test: 'a sequence that is not new' },
  },
  {
    name: 'signature check off',
    file: 'gateway/guard/directives.ts',
    find: "if (!verifier.verify(signed.body, signed.signature, key.publicKey)) return 'signature is wrong';",
    replace: '',
    invariant: 'S13',
    caughtBy: { file: DIRECTIVES, test: 'wrong signature' },
  },
  {
    name: 'expiry ignored',
    file: 'gateway/guard/directives.ts',
    find: "if (!(directive.untilMs > wallMs)) return 'has expired';",
    replace: '',
    invariant: 'S13',
    caughtBy: { file: DIRECTIVES, test: 'expired' },
  },
  {
    name: 'an intent outlives its expiry',
    file: 'gateway/guard/intents.ts',
    find: 'intent !== undefined && wallMs < intent.expiresAtMs',
    replace: 'intent !== undefined',
    invariant: 'S13',
    caughtBy: { file: 'test/unit/gateway/guard/intents.test.ts', test: 'ends with its expiry' },
  },
  {
    name: 'sold energy is delivered by a clock that nobody trusts',
    file: 'gateway/guard/intents.ts',
    find: 'counts === undefined || isClockTrusted ? counts',
    replace: 'true ? counts',
    invariant: 'S15',
    caughtBy: {
      file: 'test/unit/gateway/guard/wall.test.ts',
      test: 'goes on by its plan, delivers nothing that was sold, and says so',
    },
  },
  {
    name: 'a step of the wall clock is believed at once',
    file: 'gateway/guard/wall.ts',
    find: 'const STEADY_MS = 600_000;',
    replace: 'const STEADY_MS = 0;',
    invariant: 'S15',
    caughtBy: {
      file: 'test/unit/gateway/guard/wall.test.ts',
      test: 'is followed when it stays with a step for ten minutes, and with nothing else',
    },
  },
  {
    name: 'a silent agent is left alone',
    file: 'gateway/processes/supervisor.ts',
    find: 'if (this.deps.clock.realMs() - this.heardAtMs > SILENT_MS) {',
    replace: 'if (false) {',
    invariant: 'L1',
    caughtBy: {
      file: 'test/unit/gateway/processes/supervisor.test.ts',
      test: 'kills an agent that is silent for 10 s, and not one that speaks',
    },
  },
];

/** Found by a run of the virtual world, in the soak. */
export interface LongBug extends Bug {
  readonly rule: string; // as the world's judges call it
  readonly seed: number;
  readonly days: number;
}

const WORLD = { file: 'test/soak/planted/world.test.ts', test: 'the judges of the world notice' };

export const LONG: readonly LongBug[] = [
  {
    name: 'reversion not armed, in the world',
    file: 'gateway/guard/commands/lease.ts',
    find: 'if (renew && spec.arm.length > 0) {',
    replace: 'if (false) {',
    invariant: 'S5',
    rule: 'S5',
    seed: 6,
    days: 0.02,
    caughtBy: WORLD,
  },
];
