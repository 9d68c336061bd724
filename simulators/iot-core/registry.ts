import type { Policy } from './policy.ts';

export type CertificateStatus = 'ACTIVE' | 'INACTIVE' | 'PENDING_ACTIVATION';

export interface Certificate {
  readonly id: string; // SHA-256 of the DER, hexadecimal
  readonly status: CertificateStatus;
  readonly thing: string | undefined;
  readonly policies: readonly string[];
}

/** A fleet provisioning template: who may become what. */
export interface Template {
  readonly name: string;
  /** `${SerialNumber}`, as ours: the parameters of the request stand for the variables. */
  readonly thingName: string;
  readonly policy: string;
  /** The pre-provisioning hook: only these; every serial number where it is absent. */
  readonly serialNumbers?: readonly string[] | undefined;
  readonly deviceConfiguration?: Readonly<Record<string, string>>;
}

/** Things, certificates and policies, in memory. */
export class Registry {
  readonly policies: ReadonlyMap<string, Policy>;
  readonly templates: ReadonlyMap<string, Template>;
  private readonly certificates = new Map<string, Certificate>();
  private changed: (() => void) | undefined;

  constructor(
    policies: Readonly<Record<string, Policy>> = {},
    templates: readonly Template[] = [],
  ) {
    this.policies = new Map(Object.entries(policies));
    this.templates = new Map(templates.map((template) => [template.name, template]));
  }

  /** @param onChange  of a certificate, from now on */
  watch(onChange: () => void): void {
    this.changed = onChange;
  }

  all(): Certificate[] {
    return [...this.certificates.values()];
  }

  put(certificate: Certificate): void {
    this.certificates.set(certificate.id, certificate);
    this.changed?.();
  }

  certificate(id: string): Certificate | undefined {
    return this.certificates.get(id);
  }

  /** As the console does: a certificate that is not active refuses the next connection. */
  setStatus(id: string, status: CertificateStatus): void {
    const known = this.certificates.get(id);
    if (known !== undefined) this.put({ ...known, status });
  }

  remove(id: string): void {
    this.certificates.delete(id);
    this.changed?.();
  }

  policiesOf(certificate: Certificate): Policy[] {
    return certificate.policies.flatMap((name) => this.policies.get(name) ?? []);
  }
}
