import type { DeviceMap } from '../../devices/profile.ts';
import { MINUTE_MS } from '../../gateway/contracts/values/time.ts';
import { type FaultKind, specOf } from './fault-kinds.ts';
import type { PlannedFault } from './faults.ts';
import type { Hit, Stage, Target } from './stage.ts';
import { moreHits } from './strike-more.ts';
import type { VirtualBus } from './wires.ts';

/** A lie may be noticed that much later: a meter that stands still is stale after a minute. */
const NOTICED_MS = 2 * MINUTE_MS;
const ODD_W = 1_234.5; // no honest limit is no whole number

/** Lets faults happen. */
export class Striker {
  private readonly stage: Stage;
  private readonly more: Partial<Record<FaultKind, Hit>>;
  private brokerDownUntilMs = 0;
  private forged = 0;

  constructor(stage: Stage) {
    this.stage = stage;
    this.more = moreHits(stage);
  }

  /** @returns whether it could happen */
  strike(fault: PlannedFault): boolean {
    const target = this.stage.targets[fault.siteIndex];
    if (target === undefined) return false;
    const hit = this.hits[fault.kind] ?? this.more[fault.kind] ?? this.onWire;
    const untilMs = this.stage.clock.realMs() + fault.forMs;
    if (!hit(target, fault, untilMs)) return false;
    if (specOf(fault.kind).lies === true) {
      const { clock } = this.stage;
      target.gateway.site.court.excuse(clock.wallMs() + fault.forMs + NOTICED_MS);
    }
    return true;
  }

  private at(untilMs: number, run: () => void): void {
    this.stage.clock.realAt(untilMs, run);
  }

  private readonly onWire: Hit = (target, fault, untilMs) => {
    const buses = [...target.gateway.site.buses.values()];
    const first = Math.floor((fault.pickPct / 100) * buses.length);
    for (let n = 0; n < buses.length; n += 1) {
      const bus = buses[(first + n) % buses.length];
      const line = bus && lineOf(fault, bus, target);
      if (bus === undefined || line === undefined) continue;
      bus.faults.add(line, this.stage.clock.realMs());
      target.hurt(bus.id, untilMs);
      return true;
    }
    return false;
  };

  private readonly down = (target: Target, fault: PlannedFault, untilMs: number): boolean => {
    const { gateway, clockError } = target;
    if (gateway.guard?.alive !== true) return false;
    if (fault.kind === 'guard-kill') gateway.killGuard();
    else gateway.cutPower();
    const { clock } = this.stage;
    if (fault.kind !== 'clock-1970') {
      this.at(untilMs, () => target.boot());
      return true;
    }
    this.at(clock.realMs() + 2_000, () => {
      clockError.aheadMs = -clock.wallMs();
      target.boot();
    });
    this.at(Math.max(untilMs, clock.realMs() + 5_000), () => {
      clockError.aheadMs = 0;
    });
    return true;
  };

  private readonly onDisk = (
    { gateway }: Target,
    { kind }: PlannedFault,
    untilMs: number,
  ): boolean => {
    const what = kind === 'disk-full' ? 'full' : kind === 'disk-slow' ? 'slow' : 'error';
    gateway.disk.trouble = { kind: what, untilMs };
    return true;
  };

  private readonly hits: Partial<Record<FaultKind, Hit>> = {
    'agent-kill': ({ gateway }) => {
      gateway.agent?.kill();
      return true;
    },
    'agent-hang': ({ gateway }, _, untilMs) => {
      gateway.agent?.stop(untilMs);
      return true;
    },
    'guard-kill': this.down,
    'power-cut': this.down,
    'clock-1970': this.down,
    'clock-jump': ({ clockError }, { line }, untilMs) => {
      if (clockError.aheadMs !== 0) return false;
      clockError.aheadMs = Number(line);
      this.at(untilMs, () => {
        clockError.aheadMs = 0;
      });
      return true;
    },
    'disk-full': this.onDisk,
    'disk-error': this.onDisk,
    'disk-slow': this.onDisk,
    'solver-bad': ({ gateway }, { line }, untilMs) => {
      const kind = (['infeasible', 'time-limit', 'nan', 'crash'] as const).find(
        (one) => one === line,
      );
      if (kind === undefined) return false;
      gateway.solverTrouble = { kind, untilMs };
      return true;
    },
    'uplink-cut': ({ uplink }, _, untilMs) => {
      uplink.cut(untilMs);
      return true;
    },
    'uplink-flaps': ({ uplink }, _, untilMs) => {
      uplink.flap(untilMs);
      return true;
    },
    'broker-stalls': ({ uplink }, _, untilMs) => {
      uplink.stallUntilMs = untilMs;
      return true;
    },
    'broker-loses': ({ uplink }, _, untilMs) => {
      uplink.losesUntilMs = untilMs;
      return true;
    },
    'broker-repeats': ({ uplink }, _, untilMs) => {
      uplink.repeatsUntilMs = untilMs;
      return true;
    },
    'grid-silent': ({ uplink }, _, untilMs) => {
      uplink.muteUntilMs = untilMs;
      return true;
    },
    'directive-replayed': ({ uplink, heard }, { pickPct }) => {
      const old = heard[Math.floor((pickPct / 100) * (heard.length - 1))];
      if (old === undefined) return false;
      uplink.inject(old);
      return true;
    },
    'directive-forged': (target) => {
      this.forged += 1;
      target.uplink.inject(target.forge(ODD_W + this.forged));
      return true;
    },
    'broker-down': (_, __, untilMs) => {
      const { clock, hub } = this.stage;
      this.brokerDownUntilMs = Math.max(this.brokerDownUntilMs, untilMs);
      hub.down();
      this.at(untilMs, () => {
        if (clock.realMs() >= this.brokerDownUntilMs) hub.up();
      });
      return true;
    },
    'cloud-kill': (_, __, untilMs) => {
      const { cloud } = this.stage;
      if (cloud.process?.alive !== true) return false;
      cloud.process.kill();
      this.at(untilMs, () => cloud.boot());
      return true;
    },
    'weather-away': (_, __, untilMs) => this.without('weather', untilMs),
    'price-away': (_, __, untilMs) => this.without('price', untilMs),
    'price-odd': (_, { line }, untilMs) => {
      const { odd } = this.stage.sources;
      odd.price = line === 'null' ? null : line === 'NaN' ? line : Number(line);
      this.at(untilMs, () => {
        odd.price = undefined;
      });
      return true;
    },
  };

  private without(which: 'weather' | 'price', untilMs: number): boolean {
    const { outage } = this.stage.sources;
    outage[which] = true;
    this.at(untilMs, () => {
      outage[which] = false;
    });
    return true;
  }
}

/** The rule for one wire; undefined where it has no meaning on that one. */
function lineOf(fault: PlannedFault, bus: VirtualBus, { gateway }: Target): string | undefined {
  const { site, images } = gateway.site;
  const maps = site.devices
    .filter((device) => device.bus === bus.id)
    .flatMap((device) => images[device.id]?.map ?? []);
  switch (fault.kind) {
    case 'device-reboot':
      return `reboot ${Math.max(1, fault.forMs)}ms`;
    case 'wire-close':
      return bus.kind === 'tcp' ? 'close times 1' : undefined;
    case 'second-master': {
      const key = maps.map(commandedBy).find((point) => point !== undefined);
      return key === undefined ? undefined : `second-master ${key}=0`;
    }
    case 'soc-jump':
    case 'bms-hot':
    case 'ct-unplugged': {
      const [name = '', value] = fault.line.split('=');
      const key = maps.map((map) => pointOf(map, name)).find((point) => point !== undefined);
      return key === undefined ? undefined : `show ${key}=${value} for ${fault.forMs}ms`;
    }
    default:
      return fault.line;
  }
}

const pointOf = ({ points }: DeviceMap, name: string): string | undefined =>
  [name, `battery.${name}`].find((key) => points[key] !== undefined);

/** The register of a setpoint. */
const commandedBy = ({ control }: DeviceMap): string | undefined =>
  control.find(({ kind }) => kind === 'setpoint')?.set.find(({ value }) => 'from' in value)?.point;
