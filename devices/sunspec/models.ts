import type { SunspecModel } from './model.ts';
import { MODEL_703, MODEL_704, MODEL_713, MODEL_714, MODEL_715 } from './models/control.ts';
import { MODEL_705, MODEL_706, MODEL_711, MODEL_712 } from './models/curves.ts';
import { MODEL_701, MODEL_702 } from './models/der.ts';
import {
  MODEL_1,
  MODEL_101,
  MODEL_102,
  MODEL_103,
  MODEL_111,
  MODEL_112,
  MODEL_113,
  MODEL_120,
  MODEL_123,
  MODEL_160,
} from './models/inverter.ts';
import { MODEL_201, MODEL_202, MODEL_203, MODEL_204 } from './models/meter.ts';
import { MODEL_211, MODEL_212, MODEL_213, MODEL_214 } from './models/meter-float.ts';
import { MODEL_121, MODEL_122 } from './models/settings.ts';
import { MODEL_124, MODEL_802, MODEL_803 } from './models/storage.ts';
import { MODEL_707, MODEL_708, MODEL_709, MODEL_710 } from './models/trips.ts';
import { MODEL_126, MODEL_132 } from './models/volt.ts';

/** Every model that we know, by number. */
export const MODELS: readonly SunspecModel[] = [
  MODEL_1,
  MODEL_101,
  MODEL_102,
  MODEL_103,
  MODEL_111,
  MODEL_112,
  MODEL_113,
  MODEL_120,
  MODEL_121,
  MODEL_122,
  MODEL_123,
  MODEL_124,
  MODEL_126,
  MODEL_132,
  MODEL_160,
  MODEL_201,
  MODEL_202,
  MODEL_203,
  MODEL_204,
  MODEL_211,
  MODEL_212,
  MODEL_213,
  MODEL_214,
  MODEL_701,
  MODEL_702,
  MODEL_703,
  MODEL_704,
  MODEL_705,
  MODEL_706,
  MODEL_707,
  MODEL_708,
  MODEL_709,
  MODEL_710,
  MODEL_711,
  MODEL_712,
  MODEL_713,
  MODEL_714,
  MODEL_715,
  MODEL_802,
  MODEL_803,
];
