import type { Cell } from './model.ts';

/** Horizontal scale of the strip: an instant to pixels. */
export type Across = (atMs: number) => number;

const px = (value: number): string => String(Math.round(value * 10) / 10);

interface Steps {
  readonly cells: readonly Cell[];
  readonly across: Across;
  readonly stepMs: number;
}

/** Line that is level through each quarter-hour. */
export function stepLine({ cells, across, stepMs }: Steps, y: (cell: Cell) => number): string {
  return cells
    .map((cell, at) => {
      const height = px(y(cell));
      const start = at === 0 ? `M${px(across(cell.fromMs))} ${height}` : `V${height}`;
      return `${start}H${px(across(cell.fromMs + stepMs))}`;
    })
    .join('');
}

/** Area between two level lines. */
export function stepArea(
  steps: Steps,
  upper: (cell: Cell) => number,
  lower: (cell: Cell) => number,
): string {
  const { cells, across, stepMs } = steps;
  const back = [...cells]
    .reverse()
    .map((cell) => `V${px(lower(cell))}H${px(across(cell.fromMs))}`)
    .join('');
  const last = cells.at(-1);
  if (last === undefined) return '';
  return `${stepLine(steps, upper)}H${px(across(last.fromMs + stepMs))}${back}Z`;
}

/** Line through the middles of the quarter-hours. */
export function smoothLine({ cells, across, stepMs }: Steps, y: (cell: Cell) => number): string {
  return cells
    .map(
      (cell, at) => `${at === 0 ? 'M' : 'L'}${px(across(cell.fromMs + stepMs / 2))} ${px(y(cell))}`,
    )
    .join('');
}

/** Band between two lines through the middles. */
export function smoothBand(
  steps: Steps,
  high: (cell: Cell) => number,
  low: (cell: Cell) => number,
): string {
  const back = smoothLine({ ...steps, cells: [...steps.cells].reverse() }, low).replace('M', 'L');
  return `${smoothLine(steps, high)}${back}Z`;
}
