/**
 * Every topic, derived here and nowhere else: `ew/v1/<tenant>/<gateway>/<class>`; a zone's
 * broadcasts stand where a gateway stands, as `zone-<zone>`. At most 7 slashes and 256 bytes, no
 * `$`, no wildcard in a publish.
 */
const part = (text: string): string => {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new RangeError(`not a topic part: ${text}`);
  return text;
};

const base = (tenant: string, who: string): string => `ew/v1/${part(tenant)}/${part(who)}`;

export const gatewayTopics = (tenant: string, gateway: string) => {
  const root = base(tenant, gateway);
  return {
    telemetry: `${root}/telemetry`, // up: TelemetryBatch
    telemetryAck: `${root}/telemetry-ack`, // down: TelemetryAck
    status: `${root}/status`, // up: GatewayStatus, also the last will
    diagnostics: `${root}/diagnostics`, // up: what a diagnostics job gathered
    directive: `${root}/directive`, // down: SignedDirective
    statement: `${root}/statement`, // down: Statement, retained
    a2aRequest: `${root}/a2a-request`, // up: A2aRequest to a cloud agent
    a2aResponse: `${root}/a2a-response`, // down: A2aResponse
    a2aNotice: `${root}/a2a-notice`, // down: messages from a cloud agent (awards, events)
  } as const;
};

export const zoneTopics = (tenant: string, zone: string) => {
  const root = base(tenant, `zone-${zone}`);
  return {
    forecast: `${root}/forecast`, // down, retained: ZoneForecast
    market: `${root}/market`, // down, retained: MarketResult of the newest interval
  } as const;
};

/** Where a cloud agent's card is found, by its exact name. */
export const agentCardTopic = (tenant: string, agent: string): string =>
  `${base(tenant, `agent-${agent}`)}/card`; // down, retained: A2A 1.0 agent card

/** What the cloud listens to. */
export const cloudFilters = (tenant: string): string[] =>
  ['telemetry', 'status', 'a2a-request', 'diagnostics'].map(
    (kind) => `ew/v1/${part(tenant)}/+/${kind}`,
  );

/**
 * Sender and class of a topic: the identity is the topic the certificate may publish to, never the
 * payload.
 */
export function parseTopic(
  topic: string,
): { tenant: string; who: string; kind: string } | undefined {
  const [ew, version, tenant, who, kind, ...rest] = topic.split('/');
  if (ew !== 'ew' || version !== 'v1' || rest.length > 0) return undefined;
  if (tenant === undefined || who === undefined || kind === undefined) return undefined;
  return { tenant, who, kind };
}
