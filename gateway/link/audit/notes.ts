import type { AuditKind, AuditNote } from '../../contracts/values/audit.ts';
import type { SignedDirective } from '../../contracts/values/directive.ts';
import type { TelemetryRecord } from '../../contracts/values/record.ts';
import type { AgentStore, AuditLog } from '../../ports.ts';
import { peek } from '../directives/directives.ts';

/** Events of the guard by their code: kind and what happened. */
const EVENTS: Readonly<Record<string, readonly [AuditKind, string]>> = {
  MODE: ['mode', 'changed'],
  ENVELOPE: ['directive', 'accepted'],
  EMERGENCY: ['directive', 'accepted'],
  DEMAND_RESPONSE: ['directive', 'accepted'],
  DIRECTIVE_REFUSED: ['directive', 'refused'],
  OVERRIDE: ['command', 'ordered'],
  OVERRIDE_ENDED: ['command', 'ended'],
  OVERRIDE_REFUSED: ['command', 'refused'],
  INTENT_REFUSED: ['intent', 'refused'],
  FOREIGN_WRITE: ['foreign-write', 'seen'],
};

type Adding = Pick<AgentStore, 'addRecords'>;

/** The store, with the guard's events in the audit log before they count as stored. */
export function audited(store: Adding, audit: AuditLog | undefined): Adding {
  if (audit === undefined) return store;
  return {
    addRecords: async (records) => {
      await auditRecords(audit, records);
      await store.addRecords(records);
    },
  };
}

async function auditRecords(audit: AuditLog, records: readonly TelemetryRecord[]): Promise<void> {
  const notes = records.flatMap((record): AuditNote[] => {
    if (record.kind !== 'event') return [];
    const { code, text, epoch, seq } = record;
    const [kind, what] = EVENTS[code] ?? ['event', code];
    return [{ kind, what, text, data: { code }, guard: { epoch, seq } }];
  });
  await Promise.all(notes.map((note) => audit.note(note)));
}

/**
 * A directive as it came, before the guard has judged it; a heartbeat commands nothing.
 */
export function directiveNote(signed: SignedDirective): AuditNote | undefined {
  const directive = peek(signed);
  if (directive === undefined) {
    const text = 'A directive came that cannot be read';
    return {
      kind: 'directive',
      what: 'received',
      text,
      data: { keyId: signed.keyId.slice(0, 64) },
    };
  }
  const { kind, sequence, importLimitW, exportLimitW, fromMs, untilMs } = directive;
  if (kind === 'heartbeat') return undefined;
  return {
    kind: 'directive',
    what: 'received',
    text: `A directive came: ${kind} ${sequence}`,
    data: { sequence, importLimitW, exportLimitW, fromMs, untilMs },
  };
}
