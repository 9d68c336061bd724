import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { parseCloudFile } from '../config/load.ts';

const text = { type: 'string' } as const;

const FORMS = {
  name: [/^[a-z][a-z0-9-]{0,23}$/, 'use up to 24 small letters, digits and dashes'],
  issuer: [/^https:\/\/[^\s]+$/, 'name the provider, as in https://identity.example.org/'],
  audience: [/^\S{1,128}$/, 'name what the tokens are made for'],
  model: [/^[a-z0-9.:-]{3,100}$/, "use Bedrock's own id of a foundation model"],
} as const;

/** Makes the assembly in cdk.out, without an account and without a network. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { ...text, default: 'docs/examples/cloud.yaml' },
      name: { ...text, default: 'edgewatt' },
      issuer: { ...text, default: 'https://identity.example.org/' },
      audience: { ...text, default: 'edgewatt' },
      model: { ...text, default: 'anthropic.claude-haiku-4-5-20251001-v1:0' },
      out: { ...text, default: 'cdk.out' },
    },
  });
  for (const [option, [form, mend]] of Object.entries(FORMS)) {
    const value = values[option as keyof typeof FORMS];
    if (!form.test(value)) throw new Fault(`'${value}' will not do`, `--${option}`, mend);
  }
  const config = parseCloudFile(read(values.config), values.config);
  // Heavy, and of no use to who only mistyped an option.
  const { bundleLambdas } = await import('./bundle.ts');
  const { infraApp } = await import('./app.ts');
  const bundles = resolve('.cache/infra');
  await bundleLambdas(bundles, values.config);
  const { app } = infraApp({ ...values, config, bundles, out: resolve(values.out) });
  const [stack] = app.synth().stacks;
  const resources = Object.keys(stack?.template.Resources ?? {});
  process.stdout.write(`${values.out}: ${resources.length} resources, no finding unexplained\n`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Fault('cannot be read', file, 'name the configuration of the cloud with --config');
  }
}

try {
  await main();
} catch (error) {
  const { name, code, message } = error as Error & { code?: string };
  const isBadInput = error instanceof Fault || code?.startsWith('ERR_PARSE') === true;
  const isFinding = name === 'ValidationFailed'; // the checks have said what it is
  if (!isBadInput && !isFinding) throw error;
  process.stderr.write(`infra: ${message}\n`);
  process.exitCode = isBadInput ? 2 : 1;
}
