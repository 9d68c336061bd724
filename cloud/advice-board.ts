import type { Row, Store } from './ports.ts';

/** What a model said beside the rules, as compose-advice.ts keeps it. */
interface Kept {
  readonly rules?: unknown;
  readonly model?: {
    readonly name: string;
    readonly promptHash: string;
    readonly none?: string;
    readonly agreed?: number;
    readonly onlyRules?: number;
    readonly onlyModel?: number;
    readonly findings?: readonly { readonly kind: string; readonly who: string }[];
    readonly sentence?: string;
    readonly grounded?: boolean;
  };
}

/** Model against rules, of one agent. */
export interface CloudScore {
  readonly agent: 'forecasting' | 'market-supervisor' | 'grid';
  readonly casesCount: number; // that the rules judged
  readonly answeredCount: number; // by a model
  readonly noneCount: number; // the model gave no answer
  readonly agreedCount: number; // findings of both, or sentences whose figures are all known
  readonly onlyRulesCount: number;
  readonly onlyModelCount: number; // findings, or sentences with a figure that nobody measured
}

interface CloudNote {
  readonly agent: CloudScore['agent'];
  readonly zone: string;
  readonly fromMs: number;
  readonly rules: string;
  readonly model: string; // '' = none was asked
  readonly promptHash: string;
}

const JOBS = [
  { agent: 'forecasting', table: 'forecast_data', kind: 'review' },
  { agent: 'market-supervisor', table: 'market_data', kind: 'surveillance' },
  { agent: 'grid', table: 'grid_metrics', kind: 'rationale' },
] as const;

/** The scoreboard of the cloud's agents, and each one's newest cases, oldest first. */
export function adviceBoard(
  store: Pick<Store, 'rows'>,
  newest: number,
): { readonly scores: CloudScore[]; readonly notes: CloudNote[] } {
  const jobs = JOBS.map(({ agent, table, kind }) => ({ agent, rows: store.rows(table, kind) }));
  return {
    scores: jobs.map(({ agent, rows }) => scoreOf(agent, rows)),
    notes: jobs.flatMap(({ agent, rows }) => rows.slice(-newest).map((row) => noteOf(agent, row))),
  };
}

function scoreOf(agent: CloudScore['agent'], rows: readonly Row[]): CloudScore {
  const models = rows.flatMap(({ body }) => (JSON.parse(body) as Kept).model ?? []); // own rows
  const answered = models.filter(({ none }) => none === undefined);
  const sum = (count: (model: NonNullable<Kept['model']>) => number): number =>
    answered.reduce((total, model) => total + count(model), 0);
  return {
    agent,
    casesCount: rows.length,
    answeredCount: answered.length,
    noneCount: models.length - answered.length,
    agreedCount: sum(({ agreed, grounded }) => agreed ?? Number(grounded === true)),
    onlyRulesCount: sum(({ onlyRules }) => onlyRules ?? 0),
    onlyModelCount: sum(({ onlyModel, grounded }) => onlyModel ?? Number(grounded === false)),
  };
}

function noteOf(agent: CloudScore['agent'], row: Row): CloudNote {
  const { rules, model } = JSON.parse(row.body) as Kept; // own row
  return {
    agent,
    zone: row.zone,
    fromMs: row.fromMs,
    rules: wordsOf(rules),
    model: model === undefined ? '' : (model.none ?? wordsOf(model.findings ?? model.sentence)),
    promptHash: model?.promptHash ?? '',
  };
}

function wordsOf(said: unknown): string {
  if (typeof said === 'string') return said;
  if (!Array.isArray(said) || said.length === 0) return 'nothing';
  return said.map(({ kind, who }: { kind: string; who: string }) => `${kind} ${who}`).join(', ');
}
