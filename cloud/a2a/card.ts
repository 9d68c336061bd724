/**
 * What an agent is and can do, as in A2A 1.0; interfaces and modes are added where the card is
 * served.
 */
export interface AgentCard {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly skills: readonly AgentSkill[];
}

export interface AgentSkill {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly examples: readonly string[];
}

/** Our MQTT binding; a breaking change needs a new address. */
export const MQTT_BINDING = 'https://edgewatt.example/a2a/bindings/mqtt/v1';

const MODES = {
  defaultInputModes: ['application/json'],
  defaultOutputModes: ['application/json'],
};

/** The complete card. @param url  where the broker is, as clients reach it */
export function servedCard(card: AgentCard, url: string, tenant: string) {
  return {
    ...card,
    supportedInterfaces: [{ url, protocolBinding: MQTT_BINDING, protocolVersion: '1.0', tenant }],
    capabilities: { streaming: false, pushNotifications: false, extendedAgentCard: false },
    ...MODES,
  };
}

/** The card as it is served over HTTP. @param httpUrl  of this agent, as clients reach it */
export function httpCard(card: AgentCard, httpUrl: string, brokerUrl: string, tenant: string) {
  const version = { protocolVersion: '1.0' };
  return {
    ...card,
    supportedInterfaces: [
      { url: httpUrl, protocolBinding: 'JSONRPC', ...version },
      { url: brokerUrl, protocolBinding: MQTT_BINDING, ...version, tenant },
    ],
    capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false },
    securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
    securityRequirements: [{ schemes: { bearer: { list: [] } } }],
    ...MODES,
  };
}
