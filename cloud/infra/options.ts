import type { CloudFile } from '../config/schema.ts';

/** What differs between two installations. */
export interface InfraOptions {
  readonly name: string; // of the stack, before the name of everything in it
  readonly config: CloudFile;
  readonly bundles: string; // folder with one folder a Lambda
  readonly issuer: string; // of the tokens that people bring, an OpenID Connect provider
  readonly audience: string;
  readonly model: string; // of the agents, as Bedrock names it
  readonly out: string; // folder of the assembly
}
