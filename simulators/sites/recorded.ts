import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { Connection, Site, StoreSpec, Terminal } from '../../gateway/contracts/values/site.ts';
import { offsetAt } from '../../gateway/contracts/values/stamp.ts';
import type { Tariff } from '../../gateway/contracts/values/tariff.ts';
import { HOUR_MS } from '../../gateway/contracts/values/time.ts';
import type { Dataset } from '../data/csv.ts';
import { createDrive } from '../data/drive.ts';
import type { Drive } from '../plant/types.ts';
import { PROFILES } from './profiles.ts';
import { HOUSEHOLD, INDUSTRY } from './tariffs.ts';

/**
 * A recording put in front of a site's devices:
 *
 *   const recording = readRecording(file, range);                    // simulators/cli/dataset.ts
 *   const site = given ?? recordedSite(recording, 'konstanz');
 *   const drive = driveFor(site, recording.dataset, seed);
 *   stepPlant(plantFromSite(site, { seed }), state, commands, drive, dtMs);
 *
 * The run's wall clock starts at `recording.dataset.fromMs`. Car and compressor stand still: the
 * recording has them.
 */
export interface RecordedSiteOptions {
  readonly dataset: Dataset;
  readonly timeZone: string;
  readonly currency: string | undefined;
  readonly battery: { readonly capacityWh: number; readonly powerW: number } | undefined;
  readonly pvRatedW: number | undefined;
}

const peakW = (dataset: Dataset, wh: readonly number[]): number =>
  (wh.reduce((most, value) => Math.max(most, value), 0) * HOUR_MS) / dataset.stepMs;

const terminal = (
  id: string,
  more: Partial<Terminal> & Pick<Terminal, 'name' | 'kind'>,
): Terminal => ({
  id,
  node: 'main',
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

interface Sizes {
  readonly loadW: number;
  readonly pvW: number;
  readonly batteryW: number;
  readonly fuseA: number;
}

/** Sized by the recording's highest interval, with room for what happens inside it. */
function sizesOf({ dataset, battery, pvRatedW }: RecordedSiteOptions): Sizes {
  const loadW = Math.ceil((peakW(dataset, dataset.loadWh) * 1.3) / 100) * 100 + 500;
  const sunW = peakW(dataset, dataset.pvWh);
  const pvW = sunW > 0 ? Math.ceil(Math.max(sunW * 1.05, pvRatedW ?? 0)) : 0;
  const batteryW = battery?.powerW ?? 0;
  const mostW = Math.max(loadW + batteryW, pvW + batteryW, 11_000);
  return { loadW, pvW, batteryW, fuseA: Math.ceil(mostW / 690 / 0.9) };
}

/**
 * A site of the recording's size: SunSpec meter, PV inverter, battery; the rest is the recording.
 */
export function recordedSite(options: RecordedSiteOptions, id: string): Site {
  const { dataset, battery, timeZone } = options;
  const sizes = sizesOf(options);
  const currency = /[A-Z]{3}$/.exec((options.currency ?? 'EUR').split(' ')[0] ?? '')?.[0] ?? 'EUR';
  const tariff = sizes.loadW > 50_000 ? INDUSTRY : HOUSEHOLD;
  return {
    version: 1,
    id,
    tenant: 'demo',
    gateway: `gw-${id}`,
    participant: id,
    name: id.charAt(0).toUpperCase() + id.slice(1),
    zone: 'z1',
    place: {
      latitudeDeg: 48,
      longitudeDeg: offsetAt(dataset.fromMs, timeZone) / (HOUR_MS / 15),
      timeZone,
    },
    currency,
    gridCode: 'simulated',
    ...wiresOf(sizes),
    nodes: [{ id: 'main', kind: 'ac', phases: 3 }],
    edges: [],
    connections: [connectionOf(sizes, { ...tariff, currency, timeZone, holidays: [] })],
    terminals: terminalsOf(sizes),
    stores: battery ? [storeOf(battery.capacityWh)] : [],
    meters: [
      {
        id: 'm-grid',
        of: 'grid',
        device: 'meter1',
        direction: 'into-node',
        class: 'billing',
        resolutionW: 10,
        latencyMs: 200,
      },
    ],
    residuals: [{ node: 'main', terminal: 'rest' }],
    groups: [],
    signals: [],
    control: { active: true, unprovenAllowed: [], marketEnabled: true },
    directives: undefined,
  };
}

function wiresOf({ pvW, batteryW }: Sizes): Pick<Site, 'buses' | 'devices'> {
  const boxes = [
    ['meter1', 'lan-meter', PROFILES.gridMeterTcp, true],
    ['inverter1', 'lan-pv', PROFILES.pvInverter, pvW > 0],
    ['inverter2', 'lan-battery', PROFILES.batteryInverter, batteryW > 0],
  ] as const;
  const there = boxes.filter(([, , , wanted]) => wanted);
  return {
    buses: there.map(([, bus]) => ({ id: bus, kind: 'tcp', host: '127.0.0.1', port: 0 })),
    devices: there.map(([id, bus, profile]) => ({ id, bus, unit: 1, profile })),
  };
}

function connectionOf({ fuseA }: Sizes, tariff: Tariff): Connection {
  const mostW = Math.floor(fuseA * 690 * 0.95);
  return {
    id: 'grid',
    node: 'main',
    meteringPoint: 'SIMULATED',
    netting: 'sum',
    fuseA,
    contractedImportW: mostW,
    contractedExportW: mostW,
    settlementMs: 900_000,
    demandWindowMs: 900_000,
    defaultImportLimitW: mostW,
    defaultExportLimitW: mostW,
    failsafeImportLimitW: mostW,
    failsafeExportLimitW: mostW,
    tariff,
  };
}

const storeOf = (usableWh: number): StoreSpec => ({
  id: 'store1',
  terminal: 'battery1',
  usableWh,
  socMinPct: 10,
  socMaxPct: 90,
  reservePct: 0,
  chargeEfficiencyPct: 95,
  dischargeEfficiencyPct: 95,
  wearNanoPerWh: 15_000,
  chargeMinC: 0,
});

function terminalsOf({ loadW, pvW, batteryW }: Sizes): Terminal[] {
  const list: Terminal[] = [];
  if (pvW > 0) {
    list.push(
      terminal('pv1', {
        name: 'Solar',
        kind: 'pv',
        device: 'inverter1',
        ratedInW: pvW,
        control: 'limit',
        priority: 2,
      }),
    );
  }
  if (batteryW > 0) {
    list.push(
      terminal('battery1', {
        name: 'Battery',
        kind: 'battery',
        device: 'inverter2',
        ratedInW: batteryW,
        ratedOutW: batteryW,
        control: 'setpoint',
        priority: 1,
        safeState: { kind: 'zero' },
      }),
    );
  }
  return [...list, terminal('rest', { name: 'Recorded load', kind: 'load', ratedOutW: loadW })];
}

/**
 * The recording as drive of this site's plant.
 * @throws Fault where the site has no place for it: no or several unmetered loads, pv or ratings
 *   too small
 */
export function driveFor(site: Site, dataset: Dataset, seed: number): Drive {
  const loads = site.terminals.filter((one) => one.kind === 'load' && one.control === 'none');
  const pvs = site.terminals.filter((one) => one.kind === 'pv');
  const sunny = dataset.pvWh.some((wh) => wh > 0);
  const wrong = (what: string, mend: string): Fault => new Fault(what, `site '${site.id}'`, mend);
  const [load] = loads;
  if (loads.length !== 1 || load === undefined) {
    throw wrong(
      `${loads.length} uncontrolled loads for one recorded load`,
      'use a site file with one',
    );
  }
  if (sunny && pvs.length !== 1) {
    throw wrong(`${pvs.length} pv terminals for one recorded pv`, 'use a site file with one');
  }
  return createDrive(dataset, {
    seed,
    mostLoadW: load.ratedOutW,
    mostPvW: pvs[0]?.ratedInW ?? 0,
  });
}
