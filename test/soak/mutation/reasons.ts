// table of data

const KERNEL = 'gateway/guard/safety';
const CODEC = 'devices/codec.ts';
const TEXT = 'text does not come this way';
const BEHIND = 'a character behind the end is no number, and that is 0 in bits';
const SAME = 'at 0 both sides give 0';

/** Why a mutant that survives changes nothing, by `file | was | becomes`. */
export const REASONS: Readonly<Record<string, string>> = {
  [`${KERNEL}/bounds.ts | mostW >= 0 | mostW > 0`]: SAME,
  [`${KERNEL}/connection.ts | limitW >= 0 | limitW > 0`]: SAME,
  [`${KERNEL}/connection.ts | a.limits.terminal < b.limits.terminal | a.limits.terminal <= b.limits.terminal`]:
    'no two terminals have one name',
  [`${KERNEL}/connection.ts | powerW < alignedW | powerW <= alignedW`]:
    'a load that draws what it was told keeps exactly that',
  [`${KERNEL}/connection.ts | powerW < alignedW | true`]:
    'a load that is told less than it draws keeps exactly that',
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
  [`${CODEC} | point.as !== 'str' | true`]: TEXT,
  [`${CODEC} | 'str' | ""`]: TEXT,
  [`${CODEC} | [0, 1, 2, 3, 4] | []`]: 'what is not in the table is made when it is asked for',
  [`${CODEC} | value === 0 | false`]: 'the offset that is added leaves no negative nothing',
  [`${CODEC} | point.min !== undefined | true`]: 'nothing is less than a bound that is not there',
  [`${CODEC} | point.max !== undefined | true`]: 'nothing is more than a bound that is not there',
  [`${CODEC} | raw === 0 | false`]: 'a whole number has no negative nothing in its words',
  [`${CODEC} | n < text.length | true`]: BEHIND,
  [`${CODEC} | n < text.length | n <= text.length`]: BEHIND,
};
