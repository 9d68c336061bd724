import type {
  Finding,
  FindingKind,
  FindingNumber,
  Severity,
} from '../contracts/values/commissioning.ts';

interface More {
  readonly sentence: string;
  readonly meter?: string | null;
  readonly numbers?: readonly FindingNumber[];
}

export function finding(
  kind: FindingKind,
  severity: Severity,
  device: string,
  { sentence, meter = null, numbers = [] }: More,
): Finding {
  return { kind, severity, device, meter, numbers, sentence };
}

/** A figure that a record keeps: three decimals, and zero has no sign. */
export const kept = (value: number): number => Math.round(value * 1_000) / 1_000 + 0;
