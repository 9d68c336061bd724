import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../gateway/contracts/values/time.ts';
import { keysOf, streamKey, uniformAt } from '../random.ts';
import { localAt } from './local.ts';
import { type Advanced, type Command, clamp, counted, type Surroundings } from './types.ts';

/** A car that comes home in the evening and leaves in the morning, behind a three-phase wallbox. */
export interface EvConfig {
  readonly kind: 'ev';
  readonly id: string;
  readonly arrivesMinute: number; // local minute of the day, about
  readonly leavesMinute: number;
  readonly needWh: number; // per evening, about
  readonly batteryWh: number;
  readonly maxA: number;
  readonly minA: number; // below it the car does not charge
}

export interface EvState {
  readonly connected: boolean;
  readonly needWh: number; // still wanted
  readonly powerW: number;
  readonly inWh: number;
  readonly outWh: number;
}

const PHASE_V = 230;
const keyOf = keysOf('ev');
const CHARGE_EFFICIENCY = 0.92;

export function startEv(): EvState {
  return { connected: false, needWh: 0, powerW: 0, inWh: 0, outWh: 0 };
}

/** Home between arrival and departure of that day, each up to 20 min early or late. */
function atHome(config: EvConfig, seed: number, atMs: number, timeZone: string): boolean {
  const key = keyOf(config, seed);
  const { minuteOfDay } = localAt(atMs, timeZone);
  const day = Math.round((atMs - minuteOfDay * MINUTE_MS) / DAY_MS);
  const jitter = (n: number): number => (uniformAt(key ^ n, day) - 0.5) * 40;
  return (
    minuteOfDay < config.leavesMinute + jitter(1) || minuteOfDay >= config.arrivesMinute + jitter(2)
  );
}

export function advanceEv(
  config: EvConfig,
  state: EvState,
  command: Command | undefined,
  seed: number,
  s: Surroundings,
): Advanced<EvState> {
  const connected = s.drive === undefined && atHome(config, seed, s.fromMs, s.timeZone);
  let needWh = connected ? state.needWh : 0;
  if (connected && !state.connected) {
    const evening = Math.floor(s.fromMs / (12 * HOUR_MS));
    needWh =
      config.needWh * (0.75 + 0.5 * uniformAt(streamKey(seed, `trip:${config.id}`), evening));
  }
  const offeredA = command?.currentA ?? config.maxA;
  const currentA = connected && offeredA >= config.minA ? Math.min(offeredA, config.maxA) : 0;
  const mostW = currentA * PHASE_V * 3;
  // The cells slow the last tenth down; nothing flows once the need is met.
  const taper = clamp(0.25 + (0.75 * needWh) / (config.batteryWh * 0.1), 0, 1);
  const goalW = needWh > 0 ? Math.min(mostW, config.maxA * PHASE_V * 3 * taper) : 0;
  const moved = clamp(goalW - state.powerW, -4 * s.dtMs, 2 * s.dtMs);
  const hours = s.dtMs / 3_600_000;
  const drawnW = connected
    ? Math.min(state.powerW + moved, Math.max(0, needWh) / CHARGE_EFFICIENCY / hours)
    : 0;
  const next: EvState = {
    connected,
    needWh: Math.max(0, needWh - drawnW * CHARGE_EFFICIENCY * hours),
    powerW: drawnW,
    ...counted(state, 0 - drawnW, s.dtMs),
  };
  return {
    state: next,
    places: {
      [config.id]: {
        kind: 'ev',
        powerW: 0 - drawnW,
        inWh: next.inWh,
        outWh: next.outWh,
        currentA: drawnW / (PHASE_V * 3),
        connected,
        socPct: connected ? 100 * (1 - next.needWh / config.batteryWh) : 0,
      },
    },
  };
}
