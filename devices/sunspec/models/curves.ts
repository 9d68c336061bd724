import type { SunspecModel } from '../model.ts';

export const MODEL_705: SunspecModel = {
  id: 705,
  name: 'DERVoltVar',
  length: 13,
  points: [
    ['Ena', 2, 'enum16', { rw: 1 }],
    ['AdptCrvReq', 3, 'u16', { rw: 1 }],
    ['AdptCrvRslt', 4, 'enum16'],
    ['NPt', 5, 'u16'],
    ['NCrv', 6, 'u16'],
    ['RvrtTms', 7, 'u32', { unit: 's', rw: 1 }],
    ['RvrtRem', 9, 'u32', { unit: 's' }],
    ['RvrtCrv', 11, 'u16', { rw: 1 }],
    ['V_SF', 12, 'sf'],
    ['DeptRef_SF', 13, 'sf'],
    ['RspTms_SF', 14, 'sf'],
  ],
  groups: [
    {
      name: 'Crv',
      length: 10,
      count: 'NCrv',
      points: [
        ['ActPt', 0, 'u16', { rw: 1 }],
        ['DeptRef', 1, 'enum16', { rw: 1 }],
        ['Pri', 2, 'enum16', { rw: 1 }],
        ['VRef', 3, 'u16', { unit: 'pct', sf: 'V_SF', rw: 1 }],
        ['VRefAuto', 4, 'u16', { unit: 'pct', sf: 'V_SF' }],
        ['VRefAutoEna', 5, 'enum16', { rw: 1 }],
        ['VRefAutoTms', 6, 'u16', { unit: 's', rw: 1 }],
        ['RspTms', 7, 'u32', { unit: 's', sf: 'RspTms_SF', rw: 1 }],
        ['ReadOnly', 9, 'enum16'],
      ],
      groups: [
        {
          name: 'Pt',
          length: 2,
          count: 'NPt',
          points: [
            ['V', 0, 'u16', { unit: 'pct', sf: 'V_SF', rw: 1 }],
            ['Var', 1, 'i16', { unit: 'pct', sf: 'DeptRef_SF', rw: 1 }],
          ],
        },
      ],
    },
  ],
};

export const MODEL_706: SunspecModel = {
  id: 706,
  name: 'DERVoltWatt',
  length: 13,
  points: [
    ['Ena', 2, 'enum16', { rw: 1 }],
    ['AdptCrvReq', 3, 'u16', { rw: 1 }],
    ['AdptCrvRslt', 4, 'enum16'],
    ['NPt', 5, 'u16'],
    ['NCrv', 6, 'u16'],
    ['RvrtTms', 7, 'u32', { unit: 's', rw: 1 }],
    ['RvrtRem', 9, 'u32', { unit: 's' }],
    ['RvrtCrv', 11, 'u16', { rw: 1 }],
    ['V_SF', 12, 'sf'],
    ['DeptRef_SF', 13, 'sf'],
    ['RspTms_SF', 14, 'sf'],
  ],
  groups: [
    {
      name: 'Crv',
      length: 5,
      count: 'NCrv',
      points: [
        ['ActPt', 0, 'u16', { rw: 1 }],
        ['DeptRef', 1, 'enum16', { rw: 1 }],
        ['RspTms', 2, 'u32', { unit: 's', sf: 'RspTms_SF', rw: 1 }],
        ['ReadOnly', 4, 'enum16'],
      ],
      groups: [
        {
          name: 'Pt',
          length: 2,
          count: 'NPt',
          points: [
            ['V', 0, 'u16', { unit: 'pct', sf: 'V_SF', rw: 1 }],
            ['W', 1, 'i16', { unit: 'pct', sf: 'DeptRef_SF', rw: 1 }],
          ],
        },
      ],
    },
  ],
};

export const MODEL_711: SunspecModel = {
  id: 711,
  name: 'DERFreqDroop',
  length: 12,
  points: [
    ['Ena', 2, 'enum16', { rw: 1 }],
    ['AdptCtlReq', 3, 'u16', { rw: 1 }],
    ['AdptCtlRslt', 4, 'enum16'],
    ['NCtl', 5, 'u16'],
    ['RvrtTms', 6, 'u32', { unit: 's', rw: 1 }],
    ['RvrtRem', 8, 'u32', { unit: 's' }],
    ['RvrtCtl', 10, 'u16', { rw: 1 }],
    ['Db_SF', 11, 'sf'],
    ['K_SF', 12, 'sf'],
    ['RspTms_SF', 13, 'sf'],
  ],
  groups: [
    {
      name: 'Ctl',
      length: 10,
      count: 'NCtl',
      points: [
        ['DbOf', 0, 'u32', { unit: 'Hz', sf: 'Db_SF', rw: 1 }],
        ['DbUf', 2, 'u32', { unit: 'Hz', sf: 'Db_SF', rw: 1 }],
        ['KOf', 4, 'u16', { sf: 'K_SF', rw: 1 }],
        ['KUf', 5, 'u16', { sf: 'K_SF', rw: 1 }],
        ['RspTms', 6, 'u32', { unit: 's', sf: 'RspTms_SF', rw: 1 }],
        ['PMin', 8, 'i16', { unit: 'pct', rw: 1 }],
        ['ReadOnly', 9, 'enum16'],
      ],
    },
  ],
};

export const MODEL_712: SunspecModel = {
  id: 712,
  name: 'DERWattVar',
  length: 12,
  points: [
    ['Ena', 2, 'enum16', { rw: 1 }],
    ['AdptCrvReq', 3, 'u16', { rw: 1 }],
    ['AdptCrvRslt', 4, 'enum16'],
    ['NPt', 5, 'u16'],
    ['NCrv', 6, 'u16'],
    ['RvrtTms', 7, 'u32', { unit: 's', rw: 1 }],
    ['RvrtRem', 9, 'u32', { unit: 's' }],
    ['RvrtCrv', 11, 'u16', { rw: 1 }],
    ['W_SF', 12, 'sf'],
    ['DeptRef_SF', 13, 'sf'],
  ],
  groups: [
    {
      name: 'Crv',
      length: 4,
      count: 'NCrv',
      points: [
        ['ActPt', 0, 'u16', { rw: 1 }],
        ['DeptRef', 1, 'enum16', { rw: 1 }],
        ['Pri', 2, 'enum16', { rw: 1 }],
        ['ReadOnly', 3, 'enum16'],
      ],
      groups: [
        {
          name: 'Pt',
          length: 2,
          count: 'NPt',
          points: [
            ['W', 0, 'i16', { unit: 'pct', sf: 'W_SF', rw: 1 }],
            ['Var', 1, 'i16', { unit: 'pct', sf: 'DeptRef_SF', rw: 1 }],
          ],
        },
      ],
    },
  ],
};
