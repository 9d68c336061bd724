import { isWrite, type PduAnswer, type Request, shapeOf } from './pdu.ts';

/**
 * After a failure an answer may still come, later than the line was left silent for it, and where
 * answers carry no id it would be taken for that of a request of the same shape. Real ms.
 */
const OUTSTANDING_MS = 2_000;

/** What a unit was asked lately without an answer, by shape. */
export class Outstanding {
  private readonly lost = new Map<number, { readonly at: number; readonly untilMs: number }>();

  note(request: Request, nowMs: number): void {
    const shape = shapeOf(request);
    const before = this.lost.get(shape);
    const isSame = before === undefined || nowMs >= before.untilMs || before.at === atOf(request);
    const at = isSame ? atOf(request) : Number.NaN; // of several, whichever comes
    this.lost.set(shape, { at, untilMs: nowMs + OUTSTANDING_MS });
  }

  /**
   * Could what came as the answer of this read be that of a lost one? Of the same registers it
   * would be right all the same.
   */
  mayAnswer(read: Request, nowMs: number): boolean {
    if (isWrite(read) || this.lost.size === 0) return false;
    const lost = this.lost.get(shapeOf(read));
    return lost !== undefined && nowMs < lost.untilMs && lost.at !== atOf(read);
  }
}

const atOf = (request: Request): number => (request.fc === 43 ? -1 : request.at);

/** Does the answer to a proof read show the words that the unit always gives, as far as known? */
export function isProof(expected: readonly number[] | undefined, answer: PduAnswer): boolean {
  if (expected === undefined) return true;
  if (!answer.ok || expected.length !== answer.words.length) return false;
  return expected.every((word, index) => word === answer.words[index]);
}
