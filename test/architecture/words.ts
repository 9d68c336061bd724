// table of data

/** Words that the house does not use, and the word it has instead (docs/glossary.md). Compared word by word
 *  with declared names, so `slaveId` and `SLAVE_MAX` are both found, and names of other people's libraries not. */
export const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['blacklist', 'name what it refuses'],
  ['whitelist', 'name what it allows'],
  ['slave', 'unit'],
  ['datapoint', 'point'],
  ['data point', 'point'],
  ['set value', 'setpoint'],
  ['set point', 'setpoint'],
  ['register value', 'reading, or register'],
  ['state of charge', 'soc'],
  ['fallback state', 'safe state'],
]);

/** Last words of numeric names that are units. Names end in their unit, whatever its case: `limitVa`, `socPct`. */
export const UNITS: ReadonlySet<string> = new Set([
  // electrical
  ...['w', 'kw', 'mw', 'va', 'kva', 'mva', 'var', 'kvar', 'wh', 'kwh', 'mwh', 'vah', 'varh', 'ah'],
  ...['a', 'ma', 'v', 'mv', 'kv', 'hz', 'mhz', 'ohm', 'ohms', 'mohm', 'siemens', 'pu'],
  // time; instants end in AtMs, durations in Ms
  ...[
    'ms',
    'us',
    'ns',
    's',
    'sec',
    'seconds',
    'minutes',
    'min',
    'h',
    'hours',
    'days',
    'months',
    'years',
  ],
  // shares and angles
  ...['pct', 'ppm', 'deg', 'rad', 'db', 'dbm'],
  // money: nano-currency, nano-currency per Wh, micro-currency per kWh
  ...['nano', 'micro'],
  // the rest of the physical world
  ...['c', 'k', 'm', 'm2', 'm3', 'mm', 'km', 'kg', 'j', 'pa', 'hpa', 'bar', 'rpm', 'lux'],
  // data
  ...['bytes', 'kb', 'mb', 'bits', 'chars', 'baud', 'words'],
]);

/** Last words of numeric names that have no unit, by the reason why. */
export const DIMENSIONLESS: ReadonlyMap<string, readonly string[]> = new Map([
  ['a count', ['count', 'n', 'size', 'length', 'depth', 'backlog']],
  [
    'a count of what has happened',
    [
      'pending',
      'late',
      'lost',
      'dropped',
      'rejected',
      'accepted',
      'skipped',
      'failed',
      'passed',
      'missed',
      'good',
      'bad',
      'done',
    ],
  ],
  ['an ordinal', ['index', 'position', 'rank', 'level', 'cycle', 'attempt', 'run', 'line', 'step']],
  [
    'a version, or a number that only rises',
    ['v', 'version', 'seq', 'sequence', 'epoch', 'revision', 'generation'],
  ],
  ['an identity', ['id', 'pid', 'tid', 'fd', 'port', 'unit', 'seed', 'model', 'crc', 'hash']],
  ['a code', ['code', 'status', 'exception', 'mode', 'qos', 'fault', 'request']],
  [
    'a place in a register map',
    [
      'at',
      'address',
      'base',
      'end',
      'offset',
      'register',
      'fc',
      'bit',
      'mask',
      'exponent',
      'sf',
      'raw',
      'word',
    ],
  ],
  ['a part of a date', ['year', 'month', 'day', 'weekday', 'hour', 'minute', 'quarter', 'week']],
  [
    'a pure number',
    [
      'factor',
      'ratio',
      'share',
      'gain',
      'scale',
      'weight',
      'priority',
      'score',
      'probability',
      'quantile',
      'speed',
      'stretch',
    ],
  ],
  ['a pure number of physics', ['phi', 'efficiency', 'coefficient', 'sign', 'tolerance', 'albedo']],
  [
    'a value whose unit its point or column names',
    ['value', 'const', 'last', 'mean', 'max', 'low', 'mid', 'high', 'sum', 'objective'],
  ],
  ['a coordinate of a drawing or a model', ['x', 'y', 'r', 'width', 'height', 'column', 'row']],
]);

/** Whole names that need no unit. */
export const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['notAvailable', 'raw register values that mean "no value"'],
]);
