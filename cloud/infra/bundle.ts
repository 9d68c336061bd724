import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HANDLERS = fileURLToPath(new URL('../handlers/', import.meta.url));

export const LAMBDAS = [
  'weather-forecast',
  'historical-data',
  'trading-api',
  'grid-management',
  'energy-trading-actions',
  'provisioning-hook',
] as const;

/**
 * One file a Lambda, and the cloud's configuration beside it. The SDK is the runtime's own; SQLite
 * is named in the code and never loaded there.
 */
export async function bundleLambdas(folder: string, configFile: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  await build({
    entryPoints: LAMBDAS.map((name) => ({
      in: join(HANDLERS, `${name}.ts`),
      out: `${name}/index`,
    })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    legalComments: 'eof',
    external: ['@aws-sdk/*', '*/sqlite.ts', '*/sqlite-tables.ts'],
    // Packages in the old form ask for Node's modules by `require`.
    banner: {
      js: [
        "import { createRequire } from 'node:module';",
        'const require = createRequire(import.meta.url);',
      ].join('\n'),
    },
    logLevel: 'warning',
  });
  for (const name of LAMBDAS) {
    mkdirSync(join(folder, name), { recursive: true });
    copyFileSync(configFile, join(folder, name, 'cloud.yaml'));
  }
}
