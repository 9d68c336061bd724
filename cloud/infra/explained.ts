import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Findings of the checks that stand on purpose, each with its reason. */
export function explain(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons))
    Validations.of(scope).acknowledge({ id, reason });
}
