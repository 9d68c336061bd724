import { compose } from '../../cloud/compose.ts';
import type { Cloud, Notebook, Store } from '../../cloud/ports.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import type { Clock, Hash, Http, HttpAnswer, Log, Signer } from '../../gateway/ports.ts';
import type { MemoryBroker } from '../broker-memory.ts';
import { bigints, zoneOf } from '../sites/zone.ts';
import type { SourceSide } from '../sources/answer.ts';
import { startVirtualProcess, type VirtualProcess } from './process.ts';

export type CloudConfig = Parameters<typeof compose>[0];

export interface CloudDeps {
  readonly clock: Clock;
  readonly hub: MemoryBroker;
  readonly store: Store & Notebook; // outlives the process, as a disk does
  readonly sources: SourceSide;
  readonly signer: Signer;
  readonly hash: Hash;
  readonly log: Log;
  /** Reads the text of a cloud's file. */
  readonly config: (text: string) => CloudConfig;
  readonly fatal: (error: unknown) => void;
}

const HTTP_MS = 120; // real
const TRANSFORMER_VA = 100_000; // as in the demo: small enough for envelopes to bind
const BACKGROUND_W = 8_000;

/** The cloud's side, which can be killed and comes back with what was on its disk. */
export class VirtualCloud {
  process: VirtualProcess | undefined;
  private readonly deps: CloudDeps;
  private readonly sites: readonly Site[];
  private cloud: Cloud | undefined;

  constructor(sites: readonly Site[], deps: CloudDeps) {
    this.sites = sites;
    this.deps = deps;
  }

  boot(): void {
    const { deps } = this;
    const process = startVirtualProcess(deps.clock);
    const broker = deps.hub.client();
    process.onKill(() => {
      broker.onMessage = undefined;
      broker.onState = undefined;
      void broker.stop();
    });
    const store: Store & Notebook = Object.create(deps.store, {
      close: { value: () => undefined },
    });
    this.process = process;
    this.cloud = compose(this.config(), {
      clock: process.clock,
      broker,
      store,
      http: this.http(process),
      signer: deps.signer,
      hash: deps.hash,
      log: deps.log,
      fatal: deps.fatal,
    });
    this.cloud.start();
  }

  status() {
    return this.cloud?.status();
  }

  private config(): CloudConfig {
    const zone = zoneOf(this.sites, {
      weatherUrl: 'http://sources/v1/forecast',
      priceUrl: 'http://sources/price',
      transformerVa: TRANSFORMER_VA,
      backgroundW: BACKGROUND_W,
    });
    const file = {
      version: 1,
      tenant: this.sites[0]?.tenant,
      brokerUrl: 'mqtt://127.0.0.1:1883',
      database: ':memory:',
      signing: { keyId: this.deps.signer.keyId, keyFile: 'none' },
      zones: [zone],
    };
    return this.deps.config(JSON.stringify(file, bigints));
  }

  private http(process: VirtualProcess): Http {
    const { clock } = process;
    const ask = (url: string, headers = {}, body?: string): Promise<HttpAnswer> =>
      new Promise((resolve) => {
        clock.realAt(clock.realMs() + HTTP_MS, () => {
          const { pathname: path, searchParams: query } = new URL(url);
          const question = { path, query, headers, ...(body !== undefined && { body }) };
          resolve(this.deps.sources.ask(question));
        });
      });
    return {
      get: (url, _timeoutMs, headers) => ask(url, headers),
      post: (url, json, _timeoutMs, headers) => ask(url, headers, json),
    };
  }
}
