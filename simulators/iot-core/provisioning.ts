import { randomBytes } from 'node:crypto';
import { type Authority, certificateIdOf } from './authority.ts';
import type { Registry } from './registry.ts';
import { type Caller, isObject, type JsonObject, type Outlet, parseJson } from './service.ts';

const OWNERSHIP_MS = 3_600_000; // a token lives one hour, and so does what it stands for

interface Owned {
  readonly certificateId: string;
  readonly untilMs: number;
}

class Refused extends Error {
  readonly statusCode: number;
  readonly errorCode: string;

  constructor(statusCode: number, errorCode: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.errorCode = errorCode;
  }
}

/** Fleet provisioning: a claim certificate asks for a thing's own. JSON only. */
export class Provisioning {
  private readonly out: Outlet;
  private readonly authority: Authority;
  private readonly registry: Registry;
  private readonly tokens = new Map<string, Owned>();

  constructor(out: Outlet, authority: Authority, registry: Registry) {
    this.out = out;
    this.authority = authority;
    this.registry = registry;
  }

  /** @param levels the topic after `$aws` @returns false: not a request */
  take(levels: readonly string[], payload: Uint8Array, _from: Caller): boolean {
    const [area, name = '', kind, format] = levels;
    const topic = `$aws/${levels.join('/')}`;
    if (area === 'certificates' && levels.length === 3 && kind === 'json') {
      if (name === 'create-from-csr') this.run(topic, payload, (body) => this.fromRequest(body));
      else if (name === 'create') this.run(topic, payload, () => this.withKeys());
      else return false;
      return true;
    }
    if (area !== 'provisioning-templates' || kind !== 'provision' || format !== 'json')
      return false;
    if (levels.length !== 4) return false;
    this.run(topic, payload, (body) => this.provision(name, body));
    return true;
  }

  private run(
    topic: string,
    payload: Uint8Array,
    answer: (body: JsonObject) => Promise<object>,
  ): void {
    const body = parseJson(payload.length === 0 ? '{}' : payload);
    const work = isObject(body)
      ? answer(body)
      : Promise.reject(new Refused(400, 'InvalidPayload', 'The request is not JSON'));
    work.then(
      (accepted) => this.out.publish(`${topic}/accepted`, accepted),
      (error: unknown) => {
        const refused = error instanceof Refused ? error : undefined;
        this.out.publish(`${topic}/rejected`, {
          statusCode: refused?.statusCode ?? 500,
          errorCode: refused?.errorCode ?? 'InternalError',
          errorMessage: error instanceof Error ? error.message : String(error),
        });
      },
    );
  }

  private async fromRequest(body: JsonObject): Promise<object> {
    const request = body['certificateSigningRequest'];
    let certificatePem: string;
    try {
      certificatePem = await this.authority.sign(String(request));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Refused(400, 'InvalidCertificateSigningRequest', why);
    }
    return { ...(await this.own(certificatePem)), certificatePem };
  }

  private async withKeys(): Promise<object> {
    const { cert, key } = await this.authority.client('AWS IoT Certificate');
    return { ...(await this.own(cert)), certificatePem: cert, privateKey: key };
  }

  private async own(pem: string) {
    const certificateId = await certificateIdOf(pem);
    const status = 'PENDING_ACTIVATION' as const;
    this.registry.put({ id: certificateId, status, thing: undefined, policies: [] });
    const certificateOwnershipToken = randomBytes(32).toString('base64url');
    this.forgetOld();
    this.tokens.set(certificateOwnershipToken, {
      certificateId,
      untilMs: Date.now() + OWNERSHIP_MS,
    });
    return { certificateId, certificateOwnershipToken };
  }

  private async provision(name: string, body: JsonObject): Promise<object> {
    const template = this.registry.templates.get(name);
    if (template === undefined) {
      throw new Refused(404, 'ResourceNotFoundException', `no template '${name}'`);
    }
    this.forgetOld();
    const token = String(body['certificateOwnershipToken']);
    const owned = this.tokens.get(token);
    if (owned === undefined) {
      throw new Refused(400, 'InvalidCertificateOwnershipToken', 'unknown or older than one hour');
    }
    const parameters = isObject(body['parameters']) ? body['parameters'] : {};
    const serial = String(parameters['SerialNumber'] ?? '');
    if (template.serialNumbers !== undefined && !template.serialNumbers.includes(serial)) {
      const why = 'Pre-provisioning hook did not allow provisioning';
      throw new Refused(403, 'AccessDenied', why);
    }
    const thing = template.thingName.replace(/\$\{(\w+)\}/g, (_all, key: string) => {
      const value = parameters[key];
      if (typeof value === 'string' && /^[A-Za-z0-9:_-]{1,128}$/.test(value)) return value;
      throw new Refused(400, 'InvalidParameters', `the template needs the parameter '${key}'`);
    });
    const policies = [template.policy];
    this.registry.put({ id: owned.certificateId, status: 'ACTIVE', thing, policies });
    this.tokens.delete(token);
    return { thingName: thing, deviceConfiguration: template.deviceConfiguration ?? {} };
  }

  private forgetOld(): void {
    for (const [token, { certificateId, untilMs }] of this.tokens) {
      if (untilMs > Date.now()) continue;
      this.tokens.delete(token);
      this.registry.remove(certificateId);
    }
  }
}
