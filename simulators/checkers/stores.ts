import type { StoreSpec, Terminal } from '../../gateway/contracts/values/site.ts';
import type { Case, DeviceFace, Judge, Truth } from './types.ts';
import { controlsOf, peek } from './wiring.ts';

/**
 * S3: no charge command at or above the upper SoC bound or below the cells' temperature, no
 * discharge command at or below the lower bound or reserve, neither with an unknown SoC. A command
 * may outlive the crossing by the time the gateway has to react; the device's own mode is its own
 * business.
 */
export function createStoreJudge(court: Case): Judge {
  const watched = controlsOf(court).flatMap((control) => {
    const store = court.site.stores.find((entry) => entry.terminal === control.terminal.id);
    return store && control.terminal.kind === 'battery' ? [{ ...control, store }] : [];
  });
  const since = new Map<string, number>();
  const told = new Set<string>();
  return {
    turn: (truth) => {
      for (const { terminal, face, store } of watched) {
        const found = offence(terminal, store, face, truth);
        for (const rule of ['charge', 'discharge', 'cold', 'unknown'] as const) {
          const key = `${terminal.id}/${rule}`;
          const text = found[rule];
          if (text === undefined) {
            since.delete(key);
            told.delete(key);
            continue;
          }
          const fromMs = since.get(key) ?? truth.atMs;
          since.set(key, fromMs);
          const patience = rule === 'unknown' ? court.times.freshMs.state : court.times.limitBackMs;
          if (truth.atMs - fromMs <= patience || told.has(key)) continue;
          told.add(key);
          court.report('S3', truth.atMs, `${terminal.id}: ${text}`);
        }
      }
    },
  };
}

type Offence = Partial<Record<'charge' | 'discharge' | 'cold' | 'unknown', string>>;

function offence(terminal: Terminal, store: StoreSpec, face: DeviceFace, truth: Truth): Offence {
  const told = face.control();
  const setpointW = told.ownMode ? 0 : (told.setpointW ?? 0);
  const smallW = Math.max(100, 0.01 * Math.max(terminal.ratedInW, terminal.ratedOutW));
  if (Math.abs(setpointW) <= smallW) return {};
  const prefix = terminal.part === undefined ? '' : `${terminal.part}.`;
  const soc = peek(face, `${prefix}socPct`);
  if (soc === undefined) return { unknown: `${setpointW} W commanded with unknown SoC` };
  const charging = setpointW < 0;
  const lowest = Math.max(store.socMinPct, store.reservePct);
  const cellC = peek(face, `${prefix}temperatureC`) ?? truth.places[terminal.id]?.temperatureC;
  return {
    ...(charging && soc >= store.socMaxPct
      ? { charge: `charging commanded at ${soc} %, upper bound ${store.socMaxPct} %` }
      : {}),
    ...(!charging && soc <= lowest
      ? { discharge: `discharging commanded at ${soc} %, lower bound ${lowest} %` }
      : {}),
    ...(charging && cellC !== undefined && cellC < store.chargeMinC
      ? { cold: `charging commanded at ${cellC} degC` }
      : {}),
  };
}
