// table of data

const KERNEL = 'gateway/guard/safety';
const CODEC = 'devices/codec.ts';
const SAME = 'at 0 both sides give 0';

/** Why a mutant that survives changes nothing, by `file | was | becomes`. */
export const REASONS: Readonly<Record<string, string>> = {
  [`${KERNEL}/bounds.ts | mostW >= 0 | mostW > 0`]: SAME,
  [`${KERNEL}/connection.ts | limitW >= 0 | limitW > 0`]: SAME,
  [`${KERNEL}/connection.ts | a.limits.terminal < b.limits.terminal | a.limits.terminal <= b.limits.terminal`]:
    'no two terminals have one name',
  [`${KERNEL}/connection.ts | powerW < alignedW | powerW <= alignedW`]:
    'a load that draws what it was told keeps exactly that',
  [`${KERNEL}/connection.ts | left > SLACK_W | left >= SLACK_W`]:
    'no excess is the slack to the last bit',
  [`${KERNEL}/connection.ts | !isOut(wished) | false`]:
    'what is inside comes out of all remedies as it went in',
  [`${KERNEL}/connection.ts | Number.isNaN(powerW) | false`]:
    'nobody asks for the bounds of what is released',
  [`${KERNEL}/registers.ts | mostValue < 0 | mostValue <= 0`]: SAME,
  [`${KERNEL}/registers.ts | value >= mostValue - slack | value > mostValue - slack`]:
    'no register holds a value that is a millionth beyond its bound to the last bit',
  [`${KERNEL}/registers.ts | Math.abs(value - use.value) <= (0.5 + EXACT) * Math.abs(coun... | Math.abs(value - use.value) < (0.5 + EXACT) * Math.abs(count...`]:
    'no register is half a count and a millionth away to the last bit',
  [`${KERNEL}/safe.ts | exportLimitW >= 0 | exportLimitW > 0`]: SAME,
  [`${KERNEL}/safe.ts | sumW <= limitW | sumW < limitW`]:
    'where both are the same, the share of the limit is all of it',
  [`${KERNEL}/safe.ts | safe.kind === 'limit' | true`]:
    'without a limit there is no figure, and what is no figure draws nothing',
  [`${KERNEL}/verdict.ts | powerW < wish.powerW | powerW <= wish.powerW`]:
    'only asked where the two differ',
  [`${CODEC} | words.length === 1 | false`]: 'one word turned round is itself',
  [`${CODEC} | word >= 0x8000 | word > 0x8000`]:
    'the lowest signed word means not available, and as 32768 it is beyond the range: both undefined',
  [`${CODEC} | Math.abs(scale * whole - 1) < 1e-12 | Math.abs(scale * whole - 1) <= 1e-12`]:
    'near 1 products are multiples of 2^-53, and 1e-12 is none: never off by exactly that',
  [`${CODEC} | exponent !== undefined | true`]:
    'a missing exponent is no number, and no number is within ten; asked for the types only',
  [`${CODEC} | [0, 1, 2, 3, 4] | []`]: 'what is not in the table is made when it is asked for',
  [`${CODEC} | point.min !== undefined | true`]: 'nothing is less than a bound that is not there',
  [`${CODEC} | point.max !== undefined | true`]: 'nothing is more than a bound that is not there',
};
