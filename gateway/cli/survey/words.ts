import type { BusSpec } from '../../contracts/values/site.ts';
import type { Found } from './identify.ts';
import type { PointResult } from './judge.ts';
import { schemeOf } from './places.ts';

/** What a device says of itself: no line end, nothing that steers a terminal. */
export function whoText({ identity, objects }: Pick<Found, 'identity' | 'objects'>): string {
  const own = Object.values(identity).filter(Boolean);
  const words = own.length > 0 ? own : Object.values(objects).filter(Boolean);
  return words.join(' ').replaceAll(/[^ -~]/g, '?');
}

export const sampleText = ({ sample }: Pick<Found, 'sample'>): string =>
  Object.entries(sample)
    .map(([key, value]) => `${key} ${Math.round(value * 10) / 10}`)
    .join(', ');

/** As the commands take it. */
export const addressOf = (bus: BusSpec, unit: number): string =>
  bus.kind === 'serial'
    ? `${schemeOf(bus)}${bus.path}@${bus.baud}${bus.parity.slice(0, 1)}/${unit}`
    : `${schemeOf(bus)}${bus.host}:${bus.port}/${unit}`;

export const titleOf = ({ profile, chain }: Pick<Found, 'profile' | 'chain'>): string => {
  if (profile !== undefined) return profile.title;
  return chain === undefined
    ? 'answers, and no profile fits'
    : 'a SunSpec device that no profile fits';
};

/** A device as a program gets it. */
export const foundJson = (bus: BusSpec, found: Found) => {
  const { unit, profile, also, identity, objects, chain, sample } = found;
  return {
    address: addressOf(bus, unit),
    transport: bus.kind === 'serial' ? (bus.framing ?? 'rtu') : bus.kind,
    ...(bus.kind === 'serial'
      ? { path: bus.path, baud: bus.baud, parity: bus.parity }
      : { host: bus.host, port: bus.port }),
    unit,
    profile: profile?.id ?? null,
    title: titleOf(found),
    role: profile?.role ?? null,
    also,
    identity,
    objects,
    sunspec: chain === undefined ? null : { base: chain.base, models: modelsOf(chain.models) },
    sample,
  };
};

const modelsOf = (models: readonly { id: number; at: number; length: number }[]) =>
  models.map(({ id, at, length }) => ({ id, at, length }));

/** '230.5 V', '42 %', 'on'. */
export function valueText({ value, name, unit }: PointResult): string {
  if (value === undefined) return '-';
  if (typeof value === 'string') return value;
  const text = `${Number(value.toPrecision(7))}`;
  if (name !== undefined) return `${text} (${name})`;
  if (unit === 'pct') return `${text} %`;
  return unit === 'none' ? text : `${text} ${unit}`;
}
