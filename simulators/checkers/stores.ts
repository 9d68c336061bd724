import type { StoreSpec, Terminal } from '../../gateway/contracts/values/site.ts';
import type { Case, DeviceFace, Judge, Truth } from './types.ts';
import { controlsOf, peek } from './wiring.ts';

/**
 * S3: no charge command at or above the upper SoC bound or below the cells' temperature, no
 * discharge command at or below the lower bound or reserve, neither with an unknown SoC. Patience
 * ends `limitBackMs` after the gateway read the register that says so, and in any case once that
 * reading had to be renewed. The device's own mode is its own business.
 */
export function createStoreJudge(court: Case): Judge {
  const watched = controlsOf(court).flatMap((control) => {
    const store = court.site.stores.find((entry) => entry.terminal === control.terminal.id);
    return store && control.terminal.kind === 'battery' ? [{ ...control, store }] : [];
  });
  const episodes = new Map<string, Episode>();
  const { freshMs, limitBackMs } = court.times;

  const judge = (key: string, text: string | undefined, atMs: number): void => {
    if (text === undefined) {
      episodes.delete(key);
      return;
    }
    const episode = episodes.get(key) ?? { sinceMs: atMs, knownAtMs: undefined, told: false };
    episodes.set(key, episode);
    const mustKnowMs = episode.sinceMs + freshMs.state;
    const knownMs = Math.min(episode.knownAtMs ?? mustKnowMs, mustKnowMs);
    if (episode.told || atMs - knownMs <= limitBackMs) return;
    episode.told = true;
    court.report('S3', atMs, text);
  };
  return {
    frame: ({ frame, span }) => {
      if (episodes.size === 0 || !span.hasState || frame.write || frame.exception !== 0) return;
      for (const { terminal, device } of watched) {
        if (device !== frame.device) continue;
        for (const [key, episode] of episodes) {
          // An unreadable SoC leaves the last one good until it is stale.
          if (!key.startsWith(`${terminal.id}/`) || key.endsWith('/unknown')) continue;
          const says = key.endsWith('/cold') ? 'temperatureC' : 'socPct';
          if (!span.points.some(({ point }) => point.key.endsWith(says))) continue;
          episode.knownAtMs ??= court.wallOf(frame.atMs);
        }
      }
    },
    turn: (truth) => {
      for (const { terminal, face, store } of watched) {
        const found = offence(terminal, store, face, truth);
        if (found === NONE && episodes.size === 0) continue;
        for (const rule of ['charge', 'discharge', 'cold', 'unknown'] as const) {
          const text = found[rule];
          const what = text === undefined ? undefined : `${terminal.id}: ${text}`;
          judge(`${terminal.id}/${rule}`, what, truth.atMs);
        }
      }
    },
  };
}

interface Episode {
  readonly sinceMs: number; // the registers say so
  knownAtMs: number | undefined; // the gateway has read them
  told: boolean;
}

type Offence = Partial<Record<'charge' | 'discharge' | 'cold' | 'unknown', string>>;

const NONE: Offence = {};

function offence(terminal: Terminal, store: StoreSpec, face: DeviceFace, truth: Truth): Offence {
  const told = face.control();
  const setpointW = told.ownMode ? 0 : (told.setpointW ?? 0);
  const smallW = Math.max(100, 0.01 * Math.max(terminal.ratedInW, terminal.ratedOutW));
  if (Math.abs(setpointW) <= smallW) return NONE;
  const prefix = terminal.part === undefined ? '' : `${terminal.part}.`;
  const soc = peek(face, `${prefix}socPct`);
  if (soc === undefined) return { unknown: `${setpointW} W commanded with unknown SoC` };
  const charging = setpointW < 0;
  const lowest = Math.max(store.socMinPct, store.reservePct);
  const cellC = peek(face, `${prefix}temperatureC`) ?? truth.places[terminal.id]?.temperatureC;
  const isFull = charging && soc >= store.socMaxPct;
  const isEmpty = !charging && soc <= lowest;
  const isCold = charging && cellC !== undefined && cellC < store.chargeMinC;
  if (!isFull && !isEmpty && !isCold) return NONE;
  return {
    ...(isFull && {
      charge: `charging commanded at ${soc} %, upper bound ${store.socMaxPct} %`,
    }),
    ...(isEmpty && { discharge: `discharging commanded at ${soc} %, lower bound ${lowest} %` }),
    ...(isCold && { cold: `charging commanded at ${cellC} degC` }),
  };
}
