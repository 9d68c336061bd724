import { keysOf, noiseAt } from '../random.ts';
import { shiftActivity } from './loads.ts';
import { type Advanced, type Command, clamp, counted, type Surroundings } from './types.ts';

/** Air compressor with a tank: a load that can wait. Enabled, it runs between two pressures. */
export interface CompressorConfig {
  readonly kind: 'compressor';
  readonly id: string;
  readonly ratedW: number;
  readonly startBar: number;
  readonly stopBar: number;
  readonly minRunMs: number; // of the motor itself; a relay that opens stops it at once
  readonly minRestMs: number;
  readonly supplyBarPerMin: number;
}

export interface CompressorState {
  readonly pressureBar: number;
  readonly running: boolean;
  readonly sinceMs: number; // in this state
  readonly inWh: number;
  readonly outWh: number;
}

const keyOf = keysOf('air');

export function startCompressor(config: CompressorConfig): CompressorState {
  const pressureBar = (config.startBar + config.stopBar) / 2;
  return { pressureBar, running: false, sinceMs: config.minRestMs, inWh: 0, outWh: 0 };
}

export function advanceCompressor(
  config: CompressorConfig,
  state: CompressorState,
  command: Command | undefined,
  seed: number,
  s: Surroundings,
): Advanced<CompressorState> {
  const enabled = (command?.enable ?? true) && s.drive === undefined;
  const wants = state.running
    ? state.pressureBar < config.stopBar || state.sinceMs < config.minRunMs
    : state.pressureBar <= config.startBar && state.sinceMs >= config.minRestMs;
  const running = enabled && wants;
  const minutes = s.dtMs / 60_000;
  const key = keyOf(config, seed);
  const demand =
    0.05 + shiftActivity(s.fromMs, s.timeZone) * (0.55 + 0.1 * noiseAt(key, s.fromMs, 300_000));
  const supply = running ? 1 : 0;
  const powerW = running ? -config.ratedW * (0.97 + 0.01 * noiseAt(key ^ 1, s.fromMs, 4_000)) : 0;
  const next: CompressorState = {
    pressureBar: clamp(
      state.pressureBar + config.supplyBarPerMin * (supply - demand) * minutes,
      0,
      config.stopBar + 1,
    ),
    running,
    sinceMs: running === state.running ? state.sinceMs + s.dtMs : 0,
    ...counted(state, powerW, s.dtMs),
  };
  return {
    state: next,
    places: {
      [config.id]: {
        kind: 'load',
        powerW,
        inWh: next.inWh,
        outWh: next.outWh,
        running,
        pressureBar: next.pressureBar,
      },
    },
  };
}
