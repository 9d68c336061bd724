import { formOf, whyAnswer } from '../../contracts/advice.ts';
import type { Site } from '../../contracts/values/site.ts';
import { DAY_MS, type Instant } from '../../contracts/values/time.ts';
import type { Model, ModelRefusal, Records } from '../../ports.ts';
import { type Fact, factsAt, momentText } from './facts.ts';
import { instantOf } from './when.ts';

export interface Why {
  readonly atMs: Instant;
  readonly moment: string;
  readonly answer: string;
  readonly by: 'records' | 'model';
  readonly facts: readonly Fact[]; // those that the answer rests on first
  readonly noModel?: ModelRefusal | 'cites-nothing'; // why a model that is there did not answer
}

export interface WhyDeps {
  readonly site: Site;
  readonly records: Records;
  readonly nowMs: Instant;
  readonly model: Model | undefined;
  readonly instructions: string;
}

/** What the gateway wrote down last is its now, also where nothing runs any more. */
export async function newestMs(records: Records, clockMs: Instant): Promise<Instant> {
  let newest = 0;
  for (const kind of ['decision', 'plan', 'event'] as const) {
    const documents = await records.list(kind, clockMs - 400 * DAY_MS, clockMs + DAY_MS);
    newest = Math.max(newest, documents.at(-1)?.atMs ?? 0);
  }
  return newest === 0 ? clockMs : Math.min(newest, clockMs);
}

/**
 * Answers from recorded reasons. A model may put them into words; it must cite facts that exist,
 * otherwise the records speak for themselves.
 */
export async function askWhy(question: string, deps: WhyDeps): Promise<Why> {
  const { site, records, model, nowMs, instructions } = deps;
  const atMs = instantOf(question, site.place.timeZone, nowMs);
  const facts = await factsAt(records, site, atMs);
  const base = { atMs, moment: momentText(site, atMs) };
  const plain: Why = { ...base, ...plainAnswer(question, facts), by: 'records' };
  if (model === undefined || facts.length === 0) return plain;
  const answer = await model.ask({
    agent: 'advisor',
    instructions,
    question: "Answer the owner's question; it stands in the data, with the facts.",
    data: { question: question.slice(0, 500), moment: base.moment, facts },
    tools: [],
    answer: formOf(whyAnswer),
  });
  if (answer.state === 'none') return { ...plain, noModel: answer.why };
  const cited = facts.filter(({ n }) => answer.value.facts.includes(n));
  if (cited.length !== new Set(answer.value.facts).size) {
    return { ...plain, noModel: 'cites-nothing' };
  }
  return { ...base, answer: answer.value.answer, by: 'model', facts: cited };
}

const ABOUT: readonly (readonly [RegExp, readonly Fact['kind'][]])[] = [
  [
    /\b(sell|sold|selling|offer|buy|bought|buying|bid|order|award|market|trade)/i,
    ['award', 'order'],
  ],
  [/\b(measure|energy|meter|consume|produce|much)/i, ['measured']],
  [/\b(alarm|fail|silent|safe|lost|event|happen)/i, ['event']],
];
const ALWAYS: readonly Fact['kind'][] = ['decision', 'plan', 'advice'];

/**
 * The binding reason, the plan and the advice it leans on, and what the question's words ask for
 * beside them.
 */
export function plainAnswer(
  question: string,
  facts: readonly Fact[],
): { readonly answer: string; readonly facts: readonly Fact[] } {
  const asked = ABOUT.flatMap(([words, kinds]) => (words.test(question) ? kinds : []));
  const first = facts.filter(({ kind }) => asked.includes(kind) || ALWAYS.includes(kind));
  const told = first.length > 0 ? first : facts.slice(0, 3);
  if (told.length === 0) return { answer: 'Nothing is recorded for that time.', facts: [] };
  return { answer: told.map(({ text }) => text).join(' '), facts: told };
}
