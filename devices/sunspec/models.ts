import type { SunspecModel } from './model.ts';
import { MODEL_704, MODEL_713, MODEL_714, MODEL_715 } from './models/control.ts';
import { MODEL_701, MODEL_702 } from './models/der.ts';
import {
  MODEL_1,
  MODEL_101,
  MODEL_102,
  MODEL_103,
  MODEL_120,
  MODEL_123,
  MODEL_160,
} from './models/inverter.ts';
import { MODEL_201, MODEL_202, MODEL_203, MODEL_204 } from './models/meter.ts';
import { MODEL_124, MODEL_802 } from './models/storage.ts';

/** Every model that we know, by number. */
export const MODELS: readonly SunspecModel[] = [
  MODEL_1,
  MODEL_101,
  MODEL_102,
  MODEL_103,
  MODEL_120,
  MODEL_123,
  MODEL_124,
  MODEL_160,
  MODEL_201,
  MODEL_202,
  MODEL_203,
  MODEL_204,
  MODEL_701,
  MODEL_702,
  MODEL_704,
  MODEL_713,
  MODEL_714,
  MODEL_715,
  MODEL_802,
];
