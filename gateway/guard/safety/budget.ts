/** Share of a day's writes that is kept for protective ones and releases. */
const RESERVE = 0.1;

/**
 * Whether writes to registers that wear out may be made: all of a sequence or none.
 * @param spent  so many of them today already
 * @param count  of registers that the sequence writes
 * @param perDay  how many the device bears
 * @param urgent  protective, or a release
 */
export function mayStore(spent: number, count: number, perDay: number, urgent: boolean): boolean {
  return spent + count <= (urgent ? perDay : (1 - RESERVE) * perDay);
}
