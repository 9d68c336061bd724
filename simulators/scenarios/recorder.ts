import type { Image } from '../../gateway/contracts/values/image.ts';
import { intervalStart } from '../../gateway/contracts/values/time.ts';
import type { LiveView } from '../../gateway/contracts/values/view.ts';
import type { DeviceImage, Frame } from '../devices/types.ts';
import type { PlantTruth } from '../plant/plant.ts';
import type { PlaceTruth } from '../plant/types.ts';
import type { Facts, Heard, Recording, Sample, Scenario, WireWrite } from './types.ts';

/** Writes a run down as it passes: truth, what devices are told, what the gateway says. */
export class Recorder {
  private readonly scenario: Scenario;
  private readonly samples: Sample[] = [];
  private readonly writes: WireWrite[] = [];
  private readonly log: { atMs: number; text: string }[] = [];
  private facts: Facts | undefined;
  private quarterMs = 0;
  private quarterWh = 0; // drawn since the quarter began
  private beforeMs = 0;
  private readonly images: Readonly<Record<string, DeviceImage>>;

  constructor(scenario: Scenario, images: Readonly<Record<string, DeviceImage>>) {
    this.scenario = scenario;
    this.images = images;
  }

  /** @param truth of one sub-step; what comes after the end is not part of the run */
  truth(truth: PlantTruth): void {
    const { startMs, untilMs, site } = this.scenario;
    if (truth.atMs <= startMs || truth.atMs > untilMs) return;
    const values: Record<string, number | undefined> = {};
    for (const [id, place] of Object.entries(truth.places)) readings(id, place, values);
    const connection = site.connections[0]?.id ?? 'grid';
    const gridW = truth.places[connection]?.powerW ?? 0;
    values[`${connection}.quarterMeanW`] = this.quarterMeanW(truth.atMs, gridW);
    const ownModes: string[] = [];
    for (const { id, control, device, controlDevice } of site.terminals) {
      const told = this.images[controlDevice ?? device ?? '']?.control();
      if (control === 'none' || told === undefined) continue;
      if (told.ownMode) ownModes.push(id);
      else {
        values[`${id}.setpointW`] = told.setpointW;
        values[`${id}.limitW`] = told.limitW;
      }
      if (told.currentA !== undefined) values[`${id}.currentA`] = told.currentA;
    }
    this.samples.push({ atMs: truth.atMs, values, ownModes, facts: this.facts });
  }

  /** @param atMs UTC */
  frame(frame: Frame, atMs: number): void {
    if (!frame.write) return;
    const { device, address, values, exception } = frame;
    this.writes.push({ atMs, device, address, words: values, exception });
  }

  /** The newest image; `undefined` when there is nobody to make one. */
  image(image: Image | undefined): void {
    this.facts = image && factsOf(image);
  }

  /** The newest picture of the gateway's page; it tells less than an image. */
  page(live: LiveView | undefined): void {
    this.facts = live && factsOfPage(live);
  }

  say(atMs: number, text: string): void {
    this.log.push({ atMs, text });
  }

  recording(
    violations: Recording['violations'],
    unreachableCount: number,
    heard: Heard,
  ): Recording {
    const { samples, writes, log } = this;
    return { samples, writes, log, violations, unreachableCount, heard };
  }

  /** Mean import since the quarter-hour began, W: what a demand charge is made of. */
  private quarterMeanW(atMs: number, gridW: number): number {
    const startMs = intervalStart(atMs - 1);
    if (startMs !== this.quarterMs) {
      this.quarterMs = startMs;
      this.quarterWh = 0;
      this.beforeMs = Math.max(startMs, this.scenario.startMs);
    }
    this.quarterWh += (gridW * (atMs - this.beforeMs)) / 3_600_000;
    this.beforeMs = atMs;
    return (this.quarterWh * 3_600_000) / (atMs - Math.max(startMs, this.scenario.startMs));
  }
}

function readings(id: string, place: PlaceTruth, values: Record<string, number | undefined>): void {
  values[`${id}.powerW`] = place.powerW;
  place.phasesW?.forEach((phaseW, n) => {
    values[`${id}.powerL${n + 1}W`] = phaseW;
  });
  for (const name of [
    'socPct',
    'availableW',
    'temperatureC',
    'chargeMaxW',
    'dischargeMaxW',
  ] as const) {
    if (place[name] !== undefined) values[`${id}.${name}`] = place[name];
  }
}

function factsOfPage({ mode, flags, reason, devices, flows }: LiveView): Facts {
  return {
    mode,
    flags,
    reason: reason.code,
    reasons: {},
    devices: Object.fromEntries(devices.map((one) => [one.id, one.state])),
    importLimitW: Number.NaN,
    exportLimitW: Number.NaN,
    seen: Object.fromEntries(flows.map((one) => [`${one.id}.powerW`, one.powerW ?? undefined])),
    qualities: Object.fromEntries(flows.map((one) => [`${one.id}.powerW`, one.quality])),
  };
}

function factsOf(image: Image): Facts {
  const seen: Record<string, number | undefined> = {};
  const qualities: Record<string, string> = {};
  for (const [point, reading] of Object.entries(image.points)) {
    qualities[point] = reading.quality;
    if (reading.quality === 'good') seen[point] = reading.value;
  }
  return {
    mode: image.mode,
    flags: image.flags,
    reason: image.reason.code,
    reasons: Object.fromEntries(image.decisions.map((one) => [one.terminal, one.reason.code])),
    devices: Object.fromEntries(image.devices.map((one) => [one.id, one.state])),
    importLimitW: image.limits.importLimitW,
    exportLimitW: image.limits.exportLimitW,
    seen,
    qualities,
  };
}
