import { openStore } from '../../../cloud/adapters/sqlite.ts';
import { compose } from '../../../cloud/compose.ts';
import type { Advisor } from '../../../cloud/compose-advice.ts';
import { cloudConfig, parseCloudFile } from '../../../cloud/config/load.ts';
import type { Cloud, Notebook, Store } from '../../../cloud/ports.ts';
import { createSigner, hash, newKeyPair } from '../../../gateway/adapters/crypto.ts';
import type { A2aNotice, A2aResponse, Statement } from '../../../gateway/contracts/messages.ts';
import { gatewayTopics } from '../../../gateway/contracts/topics.ts';
import type { Broker, Http, Log } from '../../../gateway/ports.ts';
import { createMemoryBroker, type MemoryBroker } from '../../../simulators/broker-memory.ts';
import { createVirtualClock, type VirtualClock } from '../../../simulators/clock.ts';

export const QUARTER = 900_000;
export const T0 = 1_767_225_600_000; // 2026-01-01T00:00Z, a quarter-hour's start

const tariff = (importPrice: number, exportPrice: number) => ({
  id: 'flat',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  source: 'test',
  components: [
    ['energy-import', importPrice] as const,
    ['energy-export', exportPrice] as const,
  ].map(([kind, priceNanoPerWh]) => ({
    id: kind,
    kind,
    windows: [
      { weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, untilMinute: 1_440, priceNanoPerWh },
    ],
  })),
});

/** Two sites in one zone behind one transformer. */
export const CONFIG = {
  version: 1,
  tenant: 'demo',
  brokerUrl: 'mqtt://127.0.0.1:1883',
  database: ':memory:',
  signing: { keyId: 'grid-1', keyFile: 'grid.key' },
  zones: [
    {
      id: 'z1',
      currency: 'EUR',
      latitudeDeg: 47.66,
      longitudeDeg: 9.17,
      timeZone: 'Europe/Berlin',
      gridFeeNanoPerWh: 10_000,
      tariff: tariff(320_000, 70_000),
      transformer: { ratedVa: 100_000 },
      weather: { source: 'open-meteo', url: 'http://sources/v1/forecast' },
      prices: { source: 'energy-charts', biddingZone: 'DE-LU', url: 'http://sources/price' },
      participants: [
        {
          id: 'sun',
          gateways: [{ id: 'gw-sun', contractedImportW: 60_000, contractedExportW: 60_000 }],
        },
        {
          id: 'works',
          tariff: tariff(300_000, 60_000),
          gateways: [{ id: 'gw-works', contractedImportW: 140_000, contractedExportW: 0 }],
        },
      ],
    },
  ],
};

export const keys = newKeyPair();

/** A gateway as the broker sees it. */
export class Gateway {
  readonly id: string;
  readonly got = new Map<string, unknown[]>();
  readonly broker: Broker;
  readonly topics: ReturnType<typeof gatewayTopics>;
  private sequence = 0;

  constructor(id: string, hub: MemoryBroker) {
    this.id = id;
    this.broker = hub.client();
    this.topics = gatewayTopics('demo', id);
    this.broker.onMessage = (message) => {
      const list = this.got.get(message.topic) ?? [];
      this.got.set(message.topic, [...list, JSON.parse(new TextDecoder().decode(message.payload))]);
    };
    this.broker.subscribe([
      this.topics.a2aResponse,
      this.topics.a2aNotice,
      this.topics.directive,
      this.topics.statement,
      this.topics.telemetryAck,
      'ew/v1/demo/zone-z1/forecast',
      'ew/v1/demo/zone-z1/market',
    ]);
    this.broker.start();
  }

  say(topic: string, body: unknown): Promise<void> {
    return this.broker.publish(topic, new TextEncoder().encode(JSON.stringify(body)));
  }

  request(
    agent: string,
    data: unknown,
    messageId = `${this.id}-${++this.sequence}`,
    more: object = {},
  ) {
    const message = { messageId, role: 'ROLE_USER', parts: [{ data }], ...more };
    return this.say(this.topics.a2aRequest, {
      a2aVersion: '1.0',
      agent,
      method: 'SendMessage',
      message,
    });
  }

  orders(
    ...orders: {
      id: string;
      fromMs: number;
      side: string;
      energyWh: number;
      priceMicroPerKwh: number;
    }[]
  ) {
    const list = orders.map(({ fromMs, ...order }) => ({
      ...order,
      interval: { fromMs, durationMs: QUARTER },
    }));
    return this.request('market-supervisor', { v: 1, kind: 'orders', zone: 'z1', orders: list });
  }

  energy(seq: number, fromMs: number, inWh: number, outWh: number, more: object = {}) {
    const record = {
      epoch: 1,
      seq,
      kind: 'energy',
      place: 'grid',
      fromMs,
      durationMs: QUARTER,
      inWh,
      outWh,
      coveragePct: 100,
      source: 'counter',
      quality: 'measured',
      version: 1,
      ...more,
    };
    return this.say(this.topics.telemetry, { v: 1, records: [record] });
  }

  load(seq: number, fromMs: number, powerW: number) {
    const columns = [
      {
        point: 'grid.powerW',
        n: 60,
        goodPct: 100,
        mean: powerW,
        min: powerW,
        max: powerW,
        last: powerW,
      },
    ];
    return this.say(this.topics.telemetry, {
      v: 1,
      records: [{ epoch: 1, seq, kind: 'aggregate', fromMs, durationMs: 60_000, columns }],
    });
  }

  all<T>(topic: string): T[] {
    return (this.got.get(topic) ?? []) as T[];
  }
  responses = (): A2aResponse[] => this.all<A2aResponse>(this.topics.a2aResponse);
  notices = (): A2aNotice[] => this.all<A2aNotice>(this.topics.a2aNotice);
  statement = (): Statement | undefined => this.all<Statement>(this.topics.statement).at(-1);
  directives = () =>
    this.all<{ body: string; keyId: string; signature: string }>(this.topics.directive).map(
      (signed) => ({
        signed,
        body: JSON.parse(signed.body),
      }),
    );
}

export interface World {
  readonly clock: VirtualClock;
  readonly hub: MemoryBroker;
  readonly store: Books; // outlives the cloud, as a disk does
  readonly cloud: Cloud;
  readonly sources: { weather: string | undefined; price: string | undefined };
  readonly errors: string[];
}

type Books = Store & Notebook;

/** A fleet's side in virtual time. @param store  the one of an earlier run, for a restart */
export function world(
  options: {
    clock?: VirtualClock;
    hub?: MemoryBroker;
    store?: Books;
    change?: (config: typeof CONFIG) => void;
    advisor?: Advisor;
  } = {},
): World {
  const clock = options.clock ?? createVirtualClock({ wallMs: T0 });
  const hub = options.hub ?? createMemoryBroker();
  const store = options.store ?? openStore(':memory:');
  const disk: Books = Object.create(store, { close: { value: () => undefined } });
  const errors: string[] = [];
  const sources: World['sources'] = { weather: undefined, price: undefined };
  const http: Http = {
    get: async (url) => {
      const body = url.includes('/price') ? sources.price : sources.weather;
      await undefined;
      const headers = {};
      return body === undefined
        ? { status: 503, body: '', headers }
        : { status: 200, body, headers };
    },
    post: () => Promise.reject(new Error('nobody asks by POST here')),
  };
  const log: Log = {
    info: () => undefined,
    warn: () => undefined,
    error: (text, fields) => errors.push(`${text} ${JSON.stringify(fields)}`),
  };
  const raw = structuredClone(CONFIG);
  options.change?.(raw);
  const config = cloudConfig(parseCloudFile(JSON.stringify(raw), 'cloud.json'));
  const cloud = compose(config, {
    clock,
    broker: hub.client(),
    store: disk,
    http,
    signer: createSigner('grid-1', keys.privateKey),
    hash,
    log,
    ...(options.advisor !== undefined && { advisor: options.advisor }),
    fatal: (error) => errors.push(String(error instanceof Error ? error.stack : error)),
  });
  cloud.start();
  return { clock, hub, store, cloud, sources, errors };
}
