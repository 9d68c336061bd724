import { z } from 'zod';
import { logLevel } from './settings.ts';
import { siteDocument } from './site-document.ts';

/** AWS IoT takes job documents of this many characters at most. */
export const JOB_DOCUMENT_CHARS = 32_768;

const url = z.url({ protocol: /^https?$/ }).max(2_048);

const siteJob = z
  .strictObject({
    operation: z.literal('site'),
    manifest: siteDocument.shape.manifest,
    document: siteDocument.shape.document.optional(),
    url: url.optional(), // where the document is, when it is too long for a job
  })
  .refine(({ document, url }) => (document === undefined) !== (url === undefined), {
    message: 'either document or url',
  });
export type SiteJob = z.infer<typeof siteJob>;

const updateJob = z.strictObject({ operation: z.literal('update'), url });
export type UpdateJob = z.infer<typeof updateJob>;

/** A job's document: commands, so that unknown fields are refused. */
export const jobDocument = z.discriminatedUnion('operation', [
  z.strictObject({
    operation: z.literal('restart'),
    what: z.enum(['agent', 'gateway']).default('agent'),
  }),
  z.strictObject({ operation: z.literal('diagnostics') }),
  z.strictObject({
    operation: z.literal('log-level'),
    level: logLevel,
    minutes: z.int().min(1).max(1_440),
  }),
  siteJob,
  updateJob,
]);
export type JobDocument = z.infer<typeof jobDocument>;
