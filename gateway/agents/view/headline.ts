import type { Image } from '../../contracts/values/image.ts';
import type { Flow, LiveView } from '../../contracts/values/view.ts';
import { percent, power, REST_W, sentence } from '../../contracts/values/words.ts';

type Uses = NonNullable<LiveView['uses']>;

const sum = (flows: readonly Flow[], kind: Flow['kind']): number | undefined => {
  const some = flows.filter((one) => one.kind === kind);
  if (some.length === 0) return undefined;
  return some.reduce<number | undefined>(
    (total, { powerW }) => (total === undefined || powerW === null ? undefined : total + powerW),
    0,
  );
};

const the = (uses: Uses): string => `the ${uses.name.toLowerCase()}`;

/** One sentence: what is true now. States of the site first, then who carries it. */
export function headlineOf(image: Image, flows: readonly Flow[], uses: Uses): string {
  if (image.flags.includes('islanded')) return 'The grid is gone.';
  if (image.mode === 'safe') return 'Everything stands in its safe state.';
  if (image.mode === 'holding') return 'Readings are late; the last orders stand.';
  const pvW = sum(flows, 'pv');
  const batteryW = sum(flows, 'battery');
  const gridW = sum(flows, 'grid');
  if (gridW === undefined) return 'The connection is not known.';
  const hasLoad = flows.some(({ kind }) => ['load', 'rest', 'ev'].includes(kind));
  if (!hasLoad) return withoutLoad(pvW ?? 0, batteryW ?? 0, gridW);
  if (uses.powerW === null) return `What ${the(uses)} uses is not known.`;
  if (uses.powerW < REST_W) return `${sentence(the(uses))} rests.`;
  const carried = shares(uses.powerW, pvW, batteryW, gridW)[0];
  if (carried === undefined) return `The grid carries ${the(uses)}.`;
  const share = carried.pct > 99.4 ? '' : `${percent(carried.pct)} of `;
  return `The ${carried.name} carries ${share}${the(uses)}.`;
}

function withoutLoad(pvW: number, batteryW: number, gridW: number): string {
  if (pvW > REST_W) {
    return gridW < -REST_W
      ? `The sun produces ${power(pvW)}, ${power(gridW)} are sold.`
      : `The sun produces ${power(pvW)}, the battery takes it.`;
  }
  if (gridW < -REST_W) return `The battery sells ${power(gridW)}.`;
  return batteryW < -REST_W ? `The battery buys ${power(batteryW)}.` : 'The site rests.';
}

interface Share {
  readonly name: 'sun' | 'battery' | 'grid';
  readonly pct: number;
}

/** Who carries the load: what flows in, in proportion, the largest first. */
function shares(
  usedW: number,
  pvW: number | undefined,
  batteryW: number | undefined,
  gridW: number | undefined,
): Share[] {
  const into = [
    { name: 'sun' as const, w: Math.min(usedW, Math.max(0, pvW ?? 0)) },
    { name: 'battery' as const, w: Math.max(0, batteryW ?? 0) },
    { name: 'grid' as const, w: Math.max(0, gridW ?? 0) },
  ];
  const all = into.reduce((total, { w }) => total + w, 0);
  if (all < REST_W) return [];
  return into
    .map(({ name, w }) => ({ name, pct: (100 * w) / all }))
    .filter(({ pct }) => pct >= 0.5)
    .sort((a, b) => b.pct - a.pct);
}

/** The figures behind the headline, and what is silent. */
export function sublineOf(
  image: Image,
  flows: readonly Flow[],
  uses: Uses,
  deviceName: (id: string) => string,
): string {
  const parts: string[] = [];
  if (uses.powerW !== null && uses.powerW >= REST_W) {
    const rest = shares(uses.powerW, sum(flows, 'pv'), sum(flows, 'battery'), sum(flows, 'grid'))
      .slice(1)
      .map(({ name, pct }, i) => `the ${name} ${i === 0 ? 'adds ' : ''}${percent(pct)}`);
    if (rest.length > 0) parts.push(`${sentence(rest.join(', '))}.`);
  }
  const silent = image.devices.filter(({ state }) => state === 'silent');
  if (silent.length > 0) {
    const names = silent.map(({ id }) => deviceName(id)).join(', ');
    parts.push(`${silent.length} of ${image.devices.length} devices silent: ${names}.`);
  }
  return parts.join(' ');
}
