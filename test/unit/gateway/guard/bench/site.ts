import type {
  Connection,
  Meter,
  Site,
  StoreSpec,
  Terminal,
} from '../../../../../gateway/contracts/values/site.ts';

/** What a field engineer says about a small site; everything left out has a plain default. */
export interface Built {
  readonly pv?: Partial<Terminal>;
  readonly battery?: Partial<Terminal>;
  readonly store?: Partial<StoreSpec>;
  readonly ev?: Partial<Terminal>;
  readonly car?: Partial<StoreSpec>;
  readonly pump?: Partial<Terminal>;
  readonly connection?: Partial<Connection>;
  readonly control?: Partial<Site['control']>;
  readonly signals?: Site['signals'];
  readonly directives?: Site['directives'];
}

const terminal = (id: string, name: string, more: Partial<Terminal>): Terminal => ({
  id,
  name,
  node: 'main',
  kind: 'load',
  phases: 3,
  ratedInW: 0,
  ratedOutW: 0,
  control: 'none',
  minPowerW: 0,
  minRunMs: 0,
  minRestMs: 0,
  responseMs: 1_000,
  priority: 50,
  safeState: { kind: 'own-mode' },
  ...more,
});

function terminals(built: Built): Terminal[] {
  const list: Terminal[] = [];
  if (built.pv) {
    const own = { kind: 'pv', device: 'inverter1', ratedInW: 10_000, control: 'limit' } as const;
    list.push(terminal('pv1', 'Sun', { ...own, ...built.pv }));
  }
  if (built.battery) {
    const own = { kind: 'battery', device: 'inverter2', control: 'setpoint', priority: 1 } as const;
    const rated = { ratedInW: 5_000, ratedOutW: 5_000, safeState: { kind: 'zero' } } as const;
    list.push(terminal('battery1', 'Battery', { ...own, ...rated, ...built.battery }));
  }
  if (built.ev) {
    const own = { kind: 'ev', device: 'wallbox1', control: 'steps', ratedOutW: 11_040 } as const;
    const more = {
      stepsA: [0, 6, 8, 10, 13, 16],
      priority: 3,
      safeState: { kind: 'zero' },
    } as const;
    list.push(terminal('ev1', 'Car', { ...own, ...more, ...built.ev }));
  }
  if (built.pump) {
    const own = {
      control: 'on-off',
      controlDevice: 'relay1',
      ratedOutW: 6_000,
      priority: 2,
    } as const;
    list.push(terminal('pump1', 'Pump', { ...own, ...built.pump }));
  }
  list.push(terminal('house', 'House', { ratedOutW: 100_000 }));
  return list;
}

const store = (id: string, of: string, more: Partial<StoreSpec> | undefined): StoreSpec => ({
  id,
  terminal: of,
  usableWh: 10_000,
  socMinPct: 5,
  socMaxPct: 95,
  reservePct: 0,
  chargeEfficiencyPct: 95,
  dischargeEfficiencyPct: 95,
  wearNanoPerWh: 0,
  chargeMinC: 0,
  ...more,
});

const meter = (id: string, of: string, device: string, direction: Meter['direction']): Meter => ({
  id,
  of,
  device,
  direction,
  class: 'control',
  resolutionW: 1,
  latencyMs: 0,
});

const TARIFF = {
  id: 't',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  holidays: [],
  source: 'test',
  knownUntilMs: undefined,
  components: [],
};

export function site(built: Built): Site {
  const devices = ['meter1', 'inverter1', 'inverter2', 'wallbox1', 'relay1', 'meter2'];
  return {
    version: 1,
    id: 'bench',
    tenant: 'test',
    gateway: 'gw-bench',
    participant: 'bench',
    name: 'Bench',
    zone: 'z1',
    place: { latitudeDeg: 52, longitudeDeg: 13, timeZone: 'Europe/Berlin' },
    currency: 'EUR',
    gridCode: 'vde-ar-n-4105',
    buses: [{ id: 'lan', kind: 'tcp', host: '127.0.0.1', port: 502 }],
    nodes: [{ id: 'main', kind: 'ac', phases: 3 }],
    edges: [],
    connections: [
      {
        id: 'grid',
        node: 'main',
        meteringPoint: 'DE1',
        netting: 'sum',
        fuseA: 63,
        contractedImportW: 30_000,
        contractedExportW: 30_000,
        settlementMs: 900_000,
        demandWindowMs: 900_000,
        defaultImportLimitW: 30_000,
        defaultExportLimitW: 30_000,
        failsafeImportLimitW: 4_200,
        failsafeExportLimitW: 0,
        tariff: TARIFF,
        ...built.connection,
      },
    ],
    devices: devices.map((id, index) => ({ id, bus: 'lan', unit: index + 1, profile: 'test' })),
    terminals: terminals(built),
    stores: [
      ...(built.battery ? [store('store1', 'battery1', built.store)] : []),
      ...(built.ev && built.car ? [store('store2', 'ev1', built.car)] : []),
    ],
    meters: [
      meter('m1', 'grid', 'meter1', 'into-node'),
      ...(built.pump ? [meter('m2', 'pump1', 'meter2', 'out-of-node')] : []),
    ],
    residuals: [{ node: 'main', terminal: 'house' }],
    groups: [],
    signals: built.signals ?? [],
    control: { active: true, unprovenAllowed: [], marketEnabled: true, ...built.control },
    directives: built.directives,
  };
}
