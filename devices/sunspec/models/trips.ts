import type { ModelGroup, ModelPoint, SunspecModel } from '../model.ts';

/** A model of trip curves: each curve has three, each of up to NPt pairs of a limit and a time. */
function trips(id: number, name: string, scale: string, limit: ModelPoint): SunspecModel {
  const words = limit[2] === 'u32' ? 2 : 1;
  const pairs: ModelGroup = {
    name: 'Pt',
    length: words + 2,
    count: 'NPt',
    points: [limit, ['Tms', words, 'u32', { unit: 's', sf: 'Tms_SF', rw: 1 }]],
  };
  const part = (own: string): ModelGroup => ({
    name: own,
    length: 1,
    count: 1,
    points: [['ActPt', 0, 'u16', { rw: 1 }]],
    groups: [pairs],
  });
  return {
    id,
    name,
    length: 7,
    points: [
      ['Ena', 2, 'enum16', { rw: 1 }],
      ['AdptCrvReq', 3, 'u16', { rw: 1 }],
      ['AdptCrvRslt', 4, 'enum16'],
      ['NPt', 5, 'u16'],
      ['NCrvSet', 6, 'u16'],
      [scale, 7, 'sf'],
      ['Tms_SF', 8, 'sf'],
    ],
    groups: [
      {
        name: 'Crv',
        length: 1,
        count: 'NCrvSet',
        points: [['ReadOnly', 0, 'enum16']],
        groups: [part('MustTrip'), part('MayTrip'), part('MomCess')],
      },
    ],
  };
}

const VOLTAGE: ModelPoint = ['V', 0, 'u16', { unit: 'pct', sf: 'V_SF', rw: 1 }];
const FREQUENCY: ModelPoint = ['Hz', 0, 'u32', { unit: 'Hz', sf: 'Hz_SF', rw: 1 }];

export const MODEL_707 = trips(707, 'DERTripLV', 'V_SF', VOLTAGE);
export const MODEL_708 = trips(708, 'DERTripHV', 'V_SF', VOLTAGE);
export const MODEL_709 = trips(709, 'DERTripLF', 'Hz_SF', FREQUENCY);
export const MODEL_710 = trips(710, 'DERTripHF', 'Hz_SF', FREQUENCY);
