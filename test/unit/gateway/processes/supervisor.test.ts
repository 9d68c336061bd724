import { describe, expect, it } from 'vitest';
import {
  type AgentFrame,
  encodeFrame,
  FrameReader,
  type GuardFrame,
} from '../../../../gateway/contracts/values/frames.ts';
import type { Image } from '../../../../gateway/contracts/values/image.ts';
import type { TelemetryRecord } from '../../../../gateway/contracts/values/record.ts';
import { type AgentProcess, Supervisor } from '../../../../gateway/processes/supervisor.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';

const image = (cycle: number): Image => ({ cycle }) as Image;
const record = (seq: number): TelemetryRecord => ({
  kind: 'event',
  epoch: 1,
  seq,
  atMs: seq,
  code: 'X',
  mode: 'rules',
  text: 'x'.repeat(500),
});

/** An agent process that only keeps what it is sent. */
class PaperAgent implements AgentProcess {
  readonly got: GuardFrame[] = [];
  killed = 0;
  private end: () => void = () => undefined;
  readonly exited = new Promise<void>((resolve) => {
    this.end = resolve;
  });
  private readonly reader = new FrameReader();
  readonly pipe: AgentProcess['pipe'] = {
    send: (bytes) => {
      this.got.push(...(this.reader.push(bytes) as GuardFrame[]));
      return true;
    },
    onBytes: undefined,
    onClose: undefined,
    onDrain: undefined,
    close: () => undefined,
    nextTurn: () => undefined,
  };

  kill(): void {
    this.killed++;
    this.end();
  }

  say(frame: AgentFrame): void {
    this.pipe.onBytes?.(encodeFrame(frame));
  }

  images(): number[] {
    return this.got.flatMap((f) => (f.t === 'image' ? [f.image.cycle] : []));
  }

  records(): number[] {
    return this.got.flatMap((f) => (f.t === 'records' ? f.records.map((r) => r.seq) : []));
  }
}

function setUp() {
  const clock = createVirtualClock();
  const agents: PaperAgent[] = [];
  const frames: AgentFrame[] = [];
  const quiet = () => undefined;
  const supervisor = new Supervisor({
    clock,
    log: { info: quiet, warn: quiet, error: quiet },
    start: () => {
      const agent = new PaperAgent();
      agents.push(agent);
      return agent;
    },
    onFrame: (frame) => frames.push(frame),
    onRestart: quiet,
  });
  supervisor.launch();
  const agent = (index = 0): PaperAgent => agents[index] as PaperAgent;
  return { clock, agents, agent, frames, supervisor };
}

describe('the supervisor of the agent process', () => {
  it('sends the next image only when the last was acknowledged, and then the newest', () => {
    const { supervisor, agent } = setUp();
    supervisor.turn(image(1));
    supervisor.turn(image(2));
    supervisor.turn(image(3));
    expect(agent().images()).toEqual([1]);
    agent().say({ t: 'image-ack', cycle: 1 });
    supervisor.turn(image(4));
    expect(agent().images()).toEqual([1, 4]);
  });

  it('keeps records until they are acknowledged and gives the rest to the next agent', async () => {
    const { clock, supervisor, agent, agents } = setUp();
    supervisor.push([1, 2, 3].map(record));
    agent().say({ t: 'records-ack', epoch: 1, seq: 2 });
    agent().kill();
    await agent().exited;
    await clock.advance(60_000);
    expect(agents).toHaveLength(2);
    supervisor.push([record(4)]);
    expect(agent(1).records()).toEqual([3, 4]);
  });

  it('gives up what it must when nobody comes for it: events last, counted', async () => {
    const { supervisor, agent, clock } = setUp();
    agent().kill();
    await agent().exited;
    const minute = { kind: 'aggregate', epoch: 1, fromMs: 0, durationMs: 1, columns: [] } as const;
    supervisor.push([record(1), record(2)]);
    for (let seq = 3; seq <= 20_010; seq++) supervisor.push([{ ...minute, seq }]);
    expect(supervisor.recordsDropped).toBe(10);
    await clock.advance(2_000);
    supervisor.turn(image(1));
    const got = agent(1).records();
    expect(got.length).toBe(20_000);
    expect(got.slice(0, 3)).toEqual([1, 2, 13]);
  });

  it('hands over what changed of a mirrored device, and all of it to the next agent', async () => {
    const { clock, supervisor, agent } = setUp();
    const span = (at: number, atMs: number) =>
      ({ space: 'input', at, words: [at], atMs, freshMs: 5_000 }) as const;
    const mirrored = (n: number) =>
      agent(n).got.map((f) => (f.t === 'mirror' ? f.spans.map(({ at, atMs }) => [at, atMs]) : f.t));
    supervisor.mirror('meter1', () => [span(0, 1)]);
    agent().say({ t: 'alive' }); // before its first word it gets nothing
    supervisor.mirror('meter1', () => [span(0, 1), span(50, 1)]);
    supervisor.mirror('meter1', () => [span(0, 2), span(50, 1)]);
    supervisor.mirror('meter1', () => [span(0, 2), span(50, 1)]);
    const both = [
      [0, 1],
      [50, 1],
    ];
    expect(mirrored(0)).toEqual([both, [[0, 2]]]);
    agent().kill();
    await agent().exited;
    await clock.advance(60_000);
    agent(1).say({ t: 'alive' });
    supervisor.mirror('meter1', () => [span(0, 2)]);
    expect(mirrored(1)).toEqual([[[0, 2]]]);
  });

  it('sends what fits of an image that is larger than a frame', () => {
    const { supervisor, agent } = setUp();
    const reading = { quality: 'good', value: 12_345.678, atMs: 123_456_789 } as const;
    const many = (name: (n: number) => string, count: number) =>
      Array.from({ length: count }, (_, n) => [name(n), reading] as const);
    const points = Object.fromEntries([
      ['battery1.powerW', reading],
      ['battery1.voltageL1V', reading],
      ...many((n) => `battery1.string${n}PowerW`, 3_000),
    ]);
    agent().say({ t: 'alive' });
    supervisor.turn({ ...image(1), points });
    const sent = () => agent().got.flatMap((f) => (f.t === 'image' ? [f.image.points] : []));
    expect(sent().map((own) => Object.keys(own))).toEqual([
      ['battery1.powerW', 'battery1.voltageL1V'],
    ]);
    agent().say({ t: 'image-ack', cycle: 1 });
    const phases = Object.fromEntries(many((n) => `battery${n}.voltageL1V`, 1_500));
    supervisor.turn({ ...image(2), points: { ...points, ...phases } });
    expect(Object.keys(sent()[1] ?? {})).toEqual(['battery1.powerW']);
  });

  it("brings another master's request and its answer, to the agent that asked", async () => {
    const { clock, supervisor, agent, frames } = setUp();
    const broken = { t: 'pass', id: 1, device: 'meter1', bytes: [3, 256] } as const;
    agent().say(broken);
    const frame = { ...broken, bytes: [3, 0] };
    agent().say(frame);
    expect(frames).toEqual([frame]);
    supervisor.pass(frame, async () => [131, 2]);
    await clock.advance(1);
    expect(agent().got).toEqual([{ t: 'passed', id: 1, bytes: [131, 2] }]);
    const late = Promise.withResolvers<number[]>();
    supervisor.pass(frame, () => late.promise);
    agent().kill();
    await agent().exited;
    await clock.advance(60_000);
    late.resolve([131, 2]);
    await clock.advance(1);
    expect(agent(1).got).toEqual([]);
  });

  it('cuts records into frames of at most 64 KB', () => {
    const { supervisor, agent } = setUp();
    supervisor.push(Array.from({ length: 500 }, (_, i) => record(i + 1)));
    expect(agent().got.filter((f) => f.t === 'records').length).toBeGreaterThan(3);
    expect(agent().records()).toHaveLength(500);
  });

  it('kills an agent that is silent for 10 s, and not one that speaks', async () => {
    const { clock, supervisor, agent } = setUp();
    await clock.advance(29_000);
    supervisor.turn(image(29)); // may take 30 s to start
    agent().say({ t: 'alive' });
    await clock.advance(9_000);
    supervisor.turn(image(38));
    expect(agent().killed).toBe(0);
    await clock.advance(1_500);
    supervisor.turn(image(40));
    expect(agent().killed).toBe(1);
  });

  it('gives an agent that was ended before its first word twice as long', async () => {
    const { clock, supervisor, agent } = setUp();
    expect(supervisor.isAgentAlive).toBe(false);
    await clock.advance(30_500);
    supervisor.turn(image(31));
    expect(agent(0).killed).toBe(1);
    await agent(0).exited;
    await clock.advance(1_000); // back-off
    await clock.advance(55_000);
    supervisor.turn(image(90));
    expect(agent(1).killed).toBe(0);
    agent(1).say({ t: 'alive' });
    expect(supervisor.isAgentAlive).toBe(true);
    await clock.advance(10_500); // from here on as always
    supervisor.turn(image(101));
    expect(agent(1).killed).toBe(1);
  });

  it('passes on sound frames and nothing else', () => {
    const { agent, frames } = setUp();
    agent().say({ t: 'directive', directive: { body: '{}', keyId: 'k', signature: 's' } });
    agent().say({ t: 'directive', directive: { body: 7 } } as unknown as AgentFrame);
    agent().say({ t: 'format-disk' } as unknown as AgentFrame);
    agent().say({ t: 'intent', intent: 'the usual' } as unknown as AgentFrame);
    expect(frames).toHaveLength(1);
  });

  it('kills an agent that floods it with an oversized frame', () => {
    const { agent } = setUp();
    agent().pipe.onBytes?.(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    expect(agent().killed).toBe(1);
  });

  it('hands on what a guard before left, under its own keys, and knows what is taken', () => {
    const { supervisor, agent } = setUp();
    const left = { ...record(7), epoch: 0 };
    supervisor.push([left]);
    supervisor.push([record(1)]);
    expect(agent().records()).toEqual([7, 1]);
    agent().say({ t: 'records-ack', epoch: 1, seq: 1 });
    expect(supervisor.openEvents()).toEqual([left]);
    agent().say({ t: 'records-ack', epoch: 0, seq: 7 });
    expect(supervisor.openEvents()).toEqual([]);
  });
});
