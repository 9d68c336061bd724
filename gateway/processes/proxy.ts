import { openProxyPort } from '../adapters/proxy.ts';
import type { ProxySection } from '../config/proxy.ts';
import { Fault } from '../contracts/values/fault.ts';
import { encodeFrame, type GuardFrame } from '../contracts/values/frames.ts';
import type { Image } from '../contracts/values/image.ts';
import type { Site } from '../contracts/values/site.ts';
import { Mirror } from '../link/proxy/mirror.ts';
import { createProxySession } from '../link/proxy/server.ts';
import { siteMap } from '../link/proxy/site-map.ts';
import type { Clock, Log, Pipe } from '../ports.ts';

/** The readings of this gateway for other Modbus masters, from the agent process. */
export interface Proxy {
  readonly port: number;
  take(frame: GuardFrame): void;
  stop(): Promise<void>;
}

/** @throws Fault when the port cannot be had, or a mirrored device is none of the site */
export async function openProxy(
  section: ProxySection,
  site: Site,
  clock: Clock,
  log: Log,
  pipe: Pick<Pipe, 'send'>,
): Promise<Proxy> {
  const passing = new Passing(section.passThrough?.devices ?? [], clock, pipe);
  const mirror = new Mirror();
  const map = siteMap(site);
  let newest: Image | undefined;
  const mirrored = new Map(section.mirror.map(({ device, unit }) => [unit, device]));
  for (const device of mirrored.values()) {
    if (site.devices.some(({ id }) => id === device)) continue;
    const known = site.devices.map(({ id }) => id).join(', ');
    throw new Fault(`no device '${device}'`, 'gateway.yaml: proxy.mirror', `name one of: ${known}`);
  }
  const open = await openProxyPort(section, () =>
    createProxySession({
      map,
      siteUnit: section.unit,
      mirrored,
      mirror,
      image: () => newest,
      monoMs: clock.monoMs,
      realMs: clock.realMs,
      perSecond: section.requestsPerSecond,
      pass: (device, pdu) => passing.ask(device, pdu),
    }),
  );
  log.info('the proxy answers', { host: section.host, port: open.port });
  return {
    port: open.port,
    take: (frame) => {
      if (frame.t === 'image') newest = frame.image;
      else if (frame.t === 'mirror') mirror.take(frame.device, frame.spans);
      else if (frame.t === 'passed') passing.answered(frame.id, frame.bytes);
    },
    stop: open.stop,
  };
}

const BUSY = 6;
const NO_ANSWER = 11;
const PATIENCE_MS = 10_000; // real; a guard that is busy answers sooner

/** Requests on their way through the guard, by number. */
class Passing {
  private readonly devices: readonly string[];
  private readonly clock: Clock;
  private readonly pipe: Pick<Pipe, 'send'>;
  private readonly waiting = new Map<number, (pdu: Uint8Array) => void>();
  private count = 0;

  constructor(devices: readonly string[], clock: Clock, pipe: Pick<Pipe, 'send'>) {
    this.devices = devices;
    this.clock = clock;
    this.pipe = pipe;
  }

  /** @returns undefined where nothing passes to the device */
  ask(device: string, pdu: Uint8Array): Promise<Uint8Array> | undefined {
    if (!this.devices.includes(device)) return undefined;
    const refused = (code: number): Uint8Array => Uint8Array.of((pdu[0] ?? 0) | 0x80, code);
    this.count += 1;
    const id = this.count;
    const isSent = this.pipe.send(encodeFrame({ t: 'pass', id, device, bytes: [...pdu] }));
    if (!isSent) return Promise.resolve(refused(BUSY));
    return new Promise((resolve) => {
      const cancel = this.clock.realAt(this.clock.realMs() + PATIENCE_MS, () => {
        this.waiting.delete(id);
        resolve(refused(NO_ANSWER));
      });
      this.waiting.set(id, (answer) => {
        cancel();
        resolve(answer);
      });
    });
  }

  answered(id: number, bytes: readonly number[]): void {
    this.waiting.get(id)?.(Uint8Array.from(bytes));
    this.waiting.delete(id);
  }
}
