import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

const RESOLVE_MS = 5_000; // the system's own resolver may take half a minute

interface Answer {
  readonly addresses: string | LookupAddress[];
  readonly family: number | undefined;
}

/**
 * Looks names up, and goes on with the last proven address while no name server answers. Only for
 * ways on which a certificate says who is there: a name server may lie.
 */
export class Names {
  private readonly resolve: LookupFunction;
  private found: Answer | undefined;
  private proven: Answer | undefined;

  /** @param resolve default: the system's resolver */
  constructor(resolve: LookupFunction = systemLookup) {
    this.resolve = resolve;
  }

  /** The address that was found last led to the right one. */
  keep(): void {
    this.proven = this.found ?? this.proven;
  }

  readonly lookup: LookupFunction = (name, options, tell) => {
    let isTold = false;
    const once = (error: NodeJS.ErrnoException | null, answer: Answer | undefined): void => {
      if (isTold) return;
      isTold = true;
      clearTimeout(late);
      const told = error === null ? answer : this.proven;
      if (told === undefined) tell(error, '', 0);
      else tell(null, told.addresses, told.family);
    };
    const late = setTimeout(() => {
      once(
        Object.assign(new Error(`no name server answers for ${name}`), { code: 'EAI_AGAIN' }),
        undefined,
      );
    }, RESOLVE_MS);
    this.found = undefined;
    this.resolve(name, options, (error, addresses, family) => {
      if (error === null && !isTold) this.found = { addresses, family };
      once(error, this.found);
    });
  };
}
