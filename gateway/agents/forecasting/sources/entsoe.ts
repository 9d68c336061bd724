import { isoMinute } from '../../../contracts/values/stamp.ts';
import { HOUR_MS, type Instant, MINUTE_MS } from '../../../contracts/values/time.ts';
import { instantOf, SLOTS_MAX, SourceError, said, withQuery } from './answer.ts';
import { fromPerMwh, type PriceSlot, type Prices, pricesOf } from './slots.ts';
import { childrenOf, parseXml, textAt, type XmlElement } from './xml.ts';

const DURATIONS_MS: Readonly<Record<string, number>> = {
  PT15M: 15 * MINUTE_MS,
  PT30M: 30 * MINUTE_MS,
  PT60M: HOUR_MS,
  PT1H: HOUR_MS,
};
const SDAC = '1'; // the pan-European auction; DE-LU and AT also publish 2, the earlier local one

/** Day-ahead prices (A44) of an area; the key goes into the query, as the platform wants it. */
export function entsoeUrl(
  url: string,
  area: string,
  key: string,
  fromMs: Instant,
  untilMs: Instant,
): string {
  const minute = (atMs: Instant): string => isoMinute(atMs).replace(/\D/g, '');
  return withQuery(url, {
    documentType: 'A44',
    in_Domain: area,
    out_Domain: area,
    periodStart: minute(fromMs),
    periodEnd: minute(untilMs),
    securityToken: key,
  });
}

/**
 * Day-ahead prices of the ENTSO-E transparency platform, document A44. Of two sequences only the
 * first counts. Under curve type A03 a position that is left out repeats the price before it; under
 * A01 it is missing, and so unknown. Hours and quarter-hours may come together: the shorter counts.
 * @throws SourceError when the answer is not in this shape, is of another area, or is an
 *   acknowledgement, which is how the platform refuses
 */
export function parseEntsoe(body: string, area: string): Prices {
  if (!/^\s*(\uFEFF)?\s*</.test(body)) throw new SourceError('the answer is not XML');
  if (/^\s*<!doctype html|^\s*<html/i.test(body)) throw new SourceError('the answer is a web page');
  const document = parseXml(body);
  if (document.name === 'Acknowledgement_MarketDocument') {
    const reasons = childrenOf(document, 'Reason').map(
      (reason) => `${textAt(reason, 'code') ?? ''} ${textAt(reason, 'text') ?? ''}`,
    );
    throw new SourceError(`refused: ${said(reasons.join('; '))}`);
  }
  if (document.name !== 'Publication_MarketDocument' || textAt(document, 'type') !== 'A44') {
    throw new SourceError(`it is a ${said(document.name)}, not a publication of prices (A44)`);
  }
  const series = childrenOf(document, 'TimeSeries');
  const first = series.filter((one) => (sequenceOf(one) ?? SDAC) === SDAC);
  if (first.length === 0 && series.length > 0) throw new SourceError('it has no sequence 1 (SDAC)');
  const currencies = new Set(first.map((one) => checkedCurrency(one, area)));
  if (currencies.size > 1) throw new SourceError('its prices are in several currencies');
  return pricesOf([...currencies][0] ?? '', first.flatMap(slotsOf));
}

const sequenceOf = (series: XmlElement): string | undefined =>
  textAt(series, 'classificationSequence_AttributeInstanceComponent.position');

function checkedCurrency(series: XmlElement, area: string): string {
  for (const name of ['in_Domain.mRID', 'out_Domain.mRID']) {
    const given = textAt(series, name);
    if (given !== area) throw new SourceError(`it is of area ${said(given)}, not ${area}`);
  }
  const unit = textAt(series, 'price_Measure_Unit.name');
  if (unit !== 'MWH') throw new SourceError(`its unit is ${said(unit)}, not MWH`);
  return textAt(series, 'currency_Unit.name') ?? '';
}

function slotsOf(series: XmlElement): PriceSlot[] {
  const curve = textAt(series, 'curveType') ?? 'A01';
  if (curve !== 'A01' && curve !== 'A03') throw new SourceError(`its curve type is ${said(curve)}`);
  return childrenOf(series, 'Period').flatMap((period) => periodSlots(period, curve === 'A03'));
}

function periodSlots(period: XmlElement, repeats: boolean): PriceSlot[] {
  const resolution = textAt(period, 'resolution') ?? '';
  const durationMs = DURATIONS_MS[resolution];
  if (durationMs === undefined) throw new SourceError(`its resolution is ${said(resolution)}`);
  const fromMs = instantOf(textAt(period, 'timeInterval', 'start'), 'start');
  const untilMs = instantOf(textAt(period, 'timeInterval', 'end'), 'end');
  const count = (untilMs - fromMs) / durationMs;
  if (!Number.isInteger(count) || count < 1 || count > SLOTS_MAX) {
    throw new SourceError(`a period from ${isoMinute(fromMs)} has ${count} steps`);
  }
  const stated = new Map(childrenOf(period, 'Point').map((point) => pointOf(point, count)));
  const slots: PriceSlot[] = [];
  let before: number | null = null;
  for (let position = 1; position <= count; position += 1) {
    const priceNanoPerWh: number | null = stated.get(position) ?? (repeats ? before : null);
    slots.push({ fromMs: fromMs + (position - 1) * durationMs, durationMs, priceNanoPerWh });
    before = priceNanoPerWh;
  }
  return slots;
}

function pointOf(point: XmlElement, count: number): [position: number, price: number | null] {
  const place = textAt(point, 'position') ?? '';
  const position = /^\d{1,6}$/.test(place) ? Number(place) : 0;
  if (position < 1 || position > count) throw new SourceError(`a position is ${said(place)}`);
  const amount = textAt(point, 'price.amount') ?? '';
  if (!/^[+-]?\d{1,9}(\.\d{1,9})?$/.test(amount)) {
    throw new SourceError(`the price of position ${position} is '${said(amount)}'`);
  }
  return [position, fromPerMwh(Number(amount))];
}
