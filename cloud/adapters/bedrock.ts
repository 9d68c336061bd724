import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk';

export interface BedrockSetup {
  readonly region: string;
  readonly apiKey?: string; // a Bedrock key; without it AWS's own chain of credentials signs
  readonly baseUrl?: string; // a VPC endpoint, or a test
}

/** A client of Claude on Amazon Bedrock, for the same port as Anthropic's own. */
export function bedrockClient(setup: BedrockSetup): AnthropicBedrock {
  return new AnthropicBedrock({
    awsRegion: setup.region,
    apiKey: setup.apiKey ?? null,
    baseURL: setup.baseUrl ?? `https://bedrock-runtime.${setup.region}.amazonaws.com`,
    maxRetries: 0,
  });
}
