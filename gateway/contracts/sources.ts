import { z } from 'zod';

/**
 * Where weather and prices come from, as the cloud's file and a gateway's file name it
 * (docs/sources.md). Keys stand in files of their own; an address that gets a key is HTTPS.
 */
const ADDRESS = /^https?:\/\/[^\s@]{1,500}$/;
const ADDRESS_FORM = 'an address such as https://api.example.org/v1';
const LOOPBACK = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])([:/?]|$)/;

const address = (usual: string) => z.string().regex(ADDRESS, ADDRESS_FORM).default(usual);
const keyFile = z.string().min(1).max(1_000);
const word = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, dashes and underscores');

const safeKey = <T extends { readonly url?: string | undefined; readonly keyFile?: unknown }>(
  source: T,
): boolean =>
  source.keyFile === undefined ||
  source.url === undefined ||
  source.url.startsWith('https://') ||
  LOOPBACK.test(source.url);
const HTTPS = { path: ['url'], error: 'a key goes over https:// alone' };

export const weatherSource = z
  .discriminatedUnion('source', [
    z.strictObject({
      source: z.literal('open-meteo'),
      url: address('https://api.open-meteo.com/v1/forecast'),
      keyFile: keyFile.optional(), // commercial use needs one
    }),
    z.strictObject({
      source: z.literal('met-norway'),
      url: address('https://api.met.no/weatherapi/locationforecast/2.0/compact'),
      /** Goes into the User-Agent, as MET Norway asks: whom to write to. */
      contact: z
        .string()
        .regex(/^[\x21-\x7e]{5,100}$/, 'a mail address or a web page, without spaces')
        .refine((text) => /[@/]/.test(text), 'a mail address or a web page'),
    }),
  ])
  .refine(safeKey, HTTPS);
export type WeatherSource = z.infer<typeof weatherSource>;

export const priceSource = z
  .discriminatedUnion('source', [
    z.strictObject({
      source: z.literal('entsoe'),
      url: address('https://web-api.tp.entsoe.eu/api'),
      area: z.string().regex(/^\d\d[A-Z][A-Z0-9-]{12}[A-Z0-9]$/, 'an EIC such as 10Y1001A1001A82H'),
      keyFile,
    }),
    z.strictObject({
      source: z.literal('energy-charts'),
      url: address('https://api.energy-charts.info/price'),
      biddingZone: z.string().regex(/^[A-Za-z0-9-]{2,20}$/, 'a bidding zone such as DE-LU'),
    }),
    z.strictObject({
      source: z.literal('awattar'),
      url: address('https://api.awattar.de/v1/marketdata'),
    }),
    z.strictObject({
      source: z.literal('octopus'),
      url: address('https://api.octopus.energy/v1'),
      product: word, // AGILE-24-10-01
      region: z.string().regex(/^[A-HJ-NP]$/, 'a grid region, one letter from A to P'),
      vat: z.enum(['included', 'excluded']).default('included'),
    }),
    z.strictObject({
      source: z.literal('tibber'),
      url: address('https://api.tibber.com/v1-beta/gql'),
      keyFile,
      home: word.optional(), // where the key belongs to several
      part: z.enum(['total', 'energy']).default('total'),
    }),
    z
      .strictObject({
        source: z.literal('csv'),
        url: z.string().regex(ADDRESS, ADDRESS_FORM).optional(),
        file: z.string().min(1).max(1_000).optional(),
      })
      .refine(({ url, file }) => (url === undefined) !== (file === undefined), {
        error: "name a 'file' or a 'url', one of them",
      }),
  ])
  .refine(safeKey, HTTPS);
export type PriceSource = z.infer<typeof priceSource>;

/** The file with a source's key, where it has one. */
export const keyFileOf = (source: WeatherSource | PriceSource | undefined): string | undefined =>
  source !== undefined && 'keyFile' in source ? source.keyFile : undefined;
