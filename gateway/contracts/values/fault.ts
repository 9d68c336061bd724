/**
 * What a person did wrong or must mend, in one line: what, where, how. Commands print it and end
 * with exit code 2; a running gateway shows it on its page and degrades. Programmer errors stay
 * ordinary errors.
 */
export class Fault extends Error {
  readonly what: string;
  readonly where: string;
  readonly mend: string;

  constructor(what: string, where: string, mend: string) {
    super(`${where}: ${what}; ${mend}`);
    this.name = 'Fault';
    this.what = what;
    this.where = where;
    this.mend = mend;
  }
}
