import type { Image } from '../contracts/values/image.ts';
import type { Doubt, SiteState } from './site/types.ts';

const WORDS: Readonly<Record<Doubt['kind'], string>> = {
  frozen: 'always shows the same, although its power must have changed',
  turned: 'shows what our own devices do the wrong way round',
  impossible: 'shows a power that this site cannot have',
};

/** What people are told of a meter whose word does not count. */
export const doubtSentence = (connection: string, { kind }: Doubt): string =>
  `The meter of ${connection} ${WORDS[kind]}`;

/** Meters that contradict the site for certain, in words. */
export function doubtsOf({ connections }: SiteState): NonNullable<Image['doubts']> {
  return connections.flatMap(({ id, doubt }) =>
    doubt?.sure === true ? [{ connection: id, sentence: doubtSentence(id, doubt) }] : [],
  );
}
