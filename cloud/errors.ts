/**
 * What a person did wrong or must mend, in one line: what, where, how. Commands print it and end
 * with exit code 2. Programmer errors stay ordinary errors.
 */
export class Fault extends Error {
  readonly where: string;
  readonly mend: string;

  constructor(what: string, where: string, mend: string) {
    super(`${where}: ${what}; ${mend}`);
    this.name = 'Fault';
    this.where = where;
    this.mend = mend;
  }
}
