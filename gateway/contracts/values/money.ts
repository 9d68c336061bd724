/**
 * Money is integer nano-currency (bigint) and names its ISO 4217 currency. Prices are integer
 * nano-currency per Wh, which is the same number as micro-currency per kWh; energy is integer Wh.
 * An amount is therefore one exact product, and rounding happens once, on an invoice line.
 */
export type Nano = bigint;

/**
 * Exact amount of `energyWh` at `priceNanoPerWh`. @throws RangeError when either is not an integer
 */
export function amountNano(energyWh: number, priceNanoPerWh: number): Nano {
  return BigInt(energyWh) * BigInt(priceNanoPerWh);
}
