/**
 * Refused by whoever should have taken it, as it stands: to send the same again would change
 * nothing. Every other error means: not now.
 */
export class Refused extends Error {
  override readonly name: string = 'Refused';
}
