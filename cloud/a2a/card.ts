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

/** The complete card. @param url  where the broker is, as clients reach it */
export function servedCard(card: AgentCard, url: string, tenant: string) {
  return {
    ...card,
    supportedInterfaces: [{ url, protocolBinding: MQTT_BINDING, protocolVersion: '1.0', tenant }],
    capabilities: { streaming: false, pushNotifications: false, extendedAgentCard: false },
    defaultInputModes: ['application/json'],
    defaultOutputModes: ['application/json'],
  };
}
