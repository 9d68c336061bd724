import type { ModelDetail, ModelGroup, ModelPoint, SunspecModel } from '../model.ts';

/** Both legacy curve models begin alike. */
const HEAD: readonly ModelPoint[] = [
  ['ActCrv', 2, 'u16', { rw: 1 }],
  ['ModEna', 3, 'bits16', { rw: 1 }],
  ['WinTms', 4, 'u16', { unit: 's', rw: 1 }],
  ['RvrtTms', 5, 'u16', { unit: 's', rw: 1 }],
  ['RmpTms', 6, 'u16', { unit: 's', rw: 1 }],
  ['NCrv', 7, 'u16'],
  ['NPt', 8, 'u16'],
  ['V_SF', 9, 'sf'],
  ['DeptRef_SF', 10, 'sf'],
  ['RmpIncDec_SF', 11, 'sf'],
];

/** 20 pairs of a voltage and what depends on it. */
const pairs = (dependent: string, detail: ModelDetail): ModelPoint[] =>
  Array.from({ length: 20 }, (_, n): ModelPoint[] => [
    [`V${n + 1}`, 2 + 2 * n, 'u16', { unit: 'pct', sf: 'V_SF', rw: 1 }],
    [`${dependent}${n + 1}`, 3 + 2 * n, 'i16', detail],
  ]).flat();

const curve = (points: readonly ModelPoint[]): ModelGroup => ({
  name: 'curve',
  length: 54,
  count: 0,
  points: [
    ['ActPt', 0, 'u16', { rw: 1 }],
    ['DeptRef', 1, 'enum16', { rw: 1 }],
    ...points,
    ['CrvNam', 42, 'str', { rw: 1, words: 8 }],
    ['ReadOnly', 53, 'enum16'],
  ],
});

export const MODEL_126: SunspecModel = {
  id: 126,
  name: 'volt_var',
  length: 10,
  points: HEAD,
  groups: [
    curve([
      ...pairs('VAr', { sf: 'DeptRef_SF', rw: 1 }),
      ['RmpTms', 50, 'u16', { unit: 's', rw: 1 }],
      ['RmpDecTmm', 51, 'u16', { unit: 'pct', sf: 'RmpIncDec_SF', rw: 1 }],
      ['RmpIncTmm', 52, 'u16', { unit: 'pct', sf: 'RmpIncDec_SF', rw: 1 }],
    ]),
  ],
};

export const MODEL_132: SunspecModel = {
  id: 132,
  name: 'volt_watt',
  length: 10,
  points: HEAD,
  groups: [
    curve([
      ...pairs('W', { unit: 'pct', sf: 'DeptRef_SF', rw: 1 }),
      ['RmpPt1Tms', 50, 'u16', { unit: 's', rw: 1 }],
      ['RmpDecTmm', 51, 'u16', { unit: 'pct', sf: 'RmpIncDec_SF', rw: 1 }],
      ['RmpIncTmm', 52, 'u16', { unit: 'pct', sf: 'RmpIncDec_SF', rw: 1 }],
    ]),
  ],
};
