import type { Directive, SignedDirective } from '../../../gateway/contracts/values/directive.ts';
import type { Instant } from '../../../gateway/contracts/values/time.ts';
import type { Signer } from '../../../gateway/ports.ts';
import { canonical } from '../../canonical.ts';
import { ALL, type EnvelopeW, type Shares, stepEnvelopes } from '../../grid/envelopes.ts';
import {
  allowedVa,
  coolTransformer,
  stepTransformer,
  type Transformer,
  type TransformerState,
} from '../../grid/transformer.ts';
import type { GatewayEntry } from '../../market/zone.ts';
import type { Write } from '../../ports.ts';

/**
 * The grid side of a zone: its transformer, who hangs on it, and how often envelopes are renewed.
 */
export interface GridZone {
  readonly id: string;
  readonly transformer: Transformer;
  readonly uncontrolledW: number; // load of the transformer outside the fleet, + import
  readonly minimumW: number;
  readonly everyMs: number; // between two envelopes
  // an envelope's life, several times as long: one lost message changes nothing
  readonly durationMs: number;
  readonly staleMs: number; // a site's load counts this long, then its contracted power does
  readonly gateways: readonly GatewayEntry[];
}

export interface GridState {
  readonly zone: GridZone;
  transformer: TransformerState;
  shares: Shares;
  loadW: number; // + import; last known sum
  likely?: { importW: number; exportW: number } | undefined; // most within a day, by forecast
  readonly loads: Map<string, { powerW: number; atMs: Instant }>; // at the connection, + import
  readonly envelopes: Map<string, EnvelopeW & { fromMs: Instant; untilMs: Instant }>;
}

export interface GridStep {
  readonly directives: readonly { readonly gateway: string; readonly signed: SignedDirective }[];
  readonly writes: readonly Write[];
  readonly transformerLoadPct: number;
  readonly reduced: boolean; // somebody has less than the contracted power
}

export function openGrid(zone: GridZone, nowMs: Instant): GridState {
  return {
    zone,
    transformer: coolTransformer(nowMs),
    shares: ALL,
    loadW: zone.uncontrolledW,
    loads: new Map(),
    envelopes: new Map(),
  };
}

/**
 * Mean power of a connection, as an aggregate record said; late records do not replace newer ones.
 */
export function onLoad(state: GridState, gateway: string, powerW: number, atMs: Instant): void {
  const known = state.loads.get(gateway);
  if (known === undefined || known.atMs <= atMs) state.loads.set(gateway, { powerW, atMs });
}

/**
 * One evaluation: the load since the last one heats the transformer, the worse of measured and
 * scheduled load decides the envelopes, each gateway gets its own as a signed directive.
 * @param scheduledW  what the market makes a gateway take (+) or give (-) next, W; absent = nothing
 *   known
 * @param nextSequence  strictly rising per gateway, over restarts too
 */
export function stepGrid(
  state: GridState,
  scheduledW: ReadonlyMap<string, number>,
  signer: Signer,
  nextSequence: (gateway: string) => number,
  nowMs: Instant,
): GridStep {
  const { zone } = state;
  const load = loads(state, scheduledW, nowMs);
  const perVa = zone.transformer.powerFactor;
  state.transformer = stepTransformer(
    zone.transformer,
    state.transformer,
    load.nowW / perVa,
    nowMs,
  );
  state.loadW = load.nowW;
  const allowedW = allowedVa(zone.transformer, state.transformer, zone.everyMs) * perVa;
  const contracted = zone.gateways.map((one) => ({
    gateway: one.id,
    importW: one.contractedImportW,
    exportW: one.contractedExportW,
  }));
  const { shares, envelopes } = stepEnvelopes(state.shares, contracted, {
    importW: load.importW,
    exportW: load.exportW,
    uncontrolledW: zone.uncontrolledW,
    allowedW,
    minimumW: zone.minimumW,
  });
  state.shares = shares;
  const untilMs = nowMs + zone.durationMs;
  const directives = envelopes.map((envelope) => {
    state.envelopes.set(envelope.gateway, { ...envelope, fromMs: nowMs, untilMs });
    return directive(state, 'envelope', envelope, signer, nextSequence, nowMs);
  });
  const transformerLoadPct = (100 * Math.abs(load.nowW)) / perVa / zone.transformer.ratedVa;
  return {
    directives,
    writes: [metrics(state, allowedW, transformerLoadPct, nowMs)],
    transformerLoadPct,
    reduced: shares.importShare < 1 || shares.exportShare < 1,
  };
}

/** A sign of life between envelopes; it repeats the limits in force and changes none.
 *  @param only  one gateway that may have missed its envelope: it gets that again */
export function heartbeats(
  state: GridState,
  signer: Signer,
  nextSequence: (gateway: string) => number,
  nowMs: Instant,
  only?: string,
): GridStep['directives'] {
  return [...state.envelopes.values()]
    .filter((envelope) => only === undefined || envelope.gateway === only)
    .map((envelope) =>
      directive(
        state,
        only === undefined ? 'heartbeat' : 'envelope',
        envelope,
        signer,
        nextSequence,
        nowMs,
      ),
    );
}

function loads(state: GridState, scheduledW: ReadonlyMap<string, number>, nowMs: Instant) {
  let nowW = state.zone.uncontrolledW;
  let importW = state.zone.uncontrolledW;
  let exportW = -state.zone.uncontrolledW;
  for (const gateway of state.zone.gateways) {
    const known = state.loads.get(gateway.id);
    const fresh = known !== undefined && nowMs - known.atMs <= state.zone.staleMs;
    const measuredW = fresh ? known.powerW : 0;
    const nextW = scheduledW.get(gateway.id) ?? measuredW;
    // A site that is silent may do all it is contracted for; one that never spoke is not there yet.
    const silent = known !== undefined && !fresh;
    nowW += measuredW;
    importW += silent ? gateway.contractedImportW : Math.max(measuredW, nextW);
    exportW += silent ? gateway.contractedExportW : Math.max(-measuredW, -nextW);
  }
  return { nowW, importW, exportW };
}

function directive(
  state: GridState,
  kind: 'envelope' | 'heartbeat',
  envelope: EnvelopeW,
  signer: Signer,
  nextSequence: (gateway: string) => number,
  nowMs: Instant,
): { gateway: string; signed: SignedDirective } {
  const gateway = state.zone.gateways.find((one) => one.id === envelope.gateway);
  const own = state.envelopes.get(envelope.gateway);
  const body: Directive = {
    v: 1,
    kind,
    gateway: envelope.gateway,
    sequence: nextSequence(envelope.gateway),
    issuedAtMs: nowMs,
    fromMs: own?.fromMs ?? nowMs,
    untilMs: own?.untilMs ?? nowMs + state.zone.durationMs,
    importLimitW: envelope.importW,
    exportLimitW: envelope.exportW,
    onLost: gateway?.onLost ?? 'keep',
    why: why(envelope, gateway),
  };
  const text = canonical(body);
  return {
    gateway: envelope.gateway,
    signed: { body: text, keyId: signer.keyId, signature: signer.sign(text) },
  };
}

function why(envelope: EnvelopeW, gateway: GatewayEntry | undefined): string {
  const less: string[] = [];
  if (gateway !== undefined && envelope.importW < gateway.contractedImportW) less.push('import');
  if (gateway !== undefined && envelope.exportW < gateway.contractedExportW) less.push('export');
  if (less.length === 0) return 'the transformer carries the contracted power';
  return `the shared transformer is full: less ${less.join(' and ')} for everybody, pro rata`;
}

function metrics(state: GridState, allowedW: number, loadPct: number, nowMs: Instant): Write {
  return {
    op: 'put',
    row: {
      table: 'grid_metrics',
      key: `transformer/${state.zone.id}/${nowMs}`,
      kind: 'transformer',
      zone: state.zone.id,
      who: '',
      fromMs: nowMs,
      body: canonical({
        loadW: Math.round(state.loadW),
        loadPct: Math.round(loadPct * 10) / 10,
        heatPct: Math.round(state.transformer.heatShare * 1_000) / 10,
        allowedW: Math.round(allowedW),
        ...(state.likely && { likely: state.likely }),
        envelopes: [...state.envelopes.values()].map((one) => [
          one.gateway,
          one.importW,
          one.exportW,
        ]),
      }),
    },
  };
}
