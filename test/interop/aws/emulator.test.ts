import { iot, iotidentity, iotjobs, iotshadow, mqtt5 } from 'aws-iot-device-sdk-v2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newRequest } from '../../../gateway/adapters/certificates.ts';
import type { Identity } from '../../../simulators/iot-core/authority.ts';
import { resource } from '../../../simulators/iot-core/policy.ts';
import { Registry } from '../../../simulators/iot-core/registry.ts';
import { EmulatorHost, THING_POLICY } from './brokers.ts';

const RPC = {
  maxRequestResponseSubscriptions: 6,
  maxStreamingSubscriptions: 6,
  operationTimeoutInSeconds: 10,
};
const LONG = { timeout: 10_000, interval: 20 };

const CLAIM_POLICY = {
  Statement: [
    { Effect: 'Allow' as const, Action: 'iot:Connect', Resource: '*' },
    {
      Effect: 'Allow' as const,
      Action: ['iot:Publish', 'iot:Receive'],
      Resource: [
        resource('topic', '$aws/certificates/*'),
        resource('topic', '$aws/provisioning-templates/gateways/*'),
      ],
    },
    {
      Effect: 'Allow' as const,
      Action: 'iot:Subscribe',
      Resource: [
        resource('topicfilter', '$aws/certificates/*'),
        resource('topicfilter', '$aws/provisioning-templates/gateways/*'),
      ],
    },
  ],
};

describe("the IoT Core emulator, with the AWS SDK's own clients", () => {
  let host: EmulatorHost;
  const clients: mqtt5.Mqtt5Client[] = [];

  async function emulator(): Promise<EmulatorHost> {
    const policies = { thing: THING_POLICY, claim: CLAIM_POLICY };
    const templates = [
      {
        name: 'gateways',
        thingName: `\${SerialNumber}`,
        policy: 'thing',
        serialNumbers: ['gw-0001'],
        deviceConfiguration: { tenant: 'demo' },
      },
    ];
    host = await EmulatorHost.create({ registry: new Registry(policies, templates) });
    await host.up();
    return host;
  }

  /** Resolves when connected, rejects with the CONNACK's reason. */
  async function connect(clientId: string, identity: Identity): Promise<mqtt5.Mqtt5Client> {
    const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
      '127.0.0.1',
      identity.cert,
      identity.key,
    )
      .withCertificateAuthority(host.ca)
      .withPort(host.port)
      .withConnectProperties({ clientId, keepAliveIntervalSeconds: 60 })
      .withSessionBehavior(mqtt5.ClientSessionBehavior.Clean);
    const client = new mqtt5.Mqtt5Client(builder.build());
    clients.push(client);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    client.on('connectionSuccess', () => resolve());
    client.on('connectionFailure', ({ error, connack }) =>
      reject(new Error(`reason ${connack?.reasonCode} ${error}`)),
    );
    client.start();
    await promise;
    return client;
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) {
      client.stop();
      client.close();
    }
    await host.close();
  });

  it('keeps named and classic shadows, with deltas, versions and their refusals', async () => {
    await emulator();
    const client = await connect('gw-1', await host.identity('gw-1'));
    const shadows = iotshadow.IotShadowClientv2.newFromMqtt5(client, RPC);
    const named = { thingName: 'gw-1', shadowName: 'config' };
    await expect(shadows.getNamedShadow(named)).rejects.toMatchObject({
      modeledError: { code: 404, message: "No shadow exists with name: 'gw-1~config'" },
    });
    const deltas: iotshadow.model.ShadowDeltaUpdatedEvent[] = [];
    const stream = shadows.createNamedShadowDeltaUpdatedStream(named);
    const subscribed = new Promise<void>((done) => stream.on('subscriptionStatus', () => done()));
    stream.on('incomingPublish', ({ message }) => deltas.push(message));
    stream.open();
    await subscribed;

    host.broker.reserved.shadows.set('gw-1', 'config', {
      state: { desired: { reservePct: 20, market: { enabled: true } } },
    });
    await vi.waitUntil(() => deltas.length === 1, LONG);
    expect(deltas[0]).toMatchObject({
      state: { reservePct: 20, market: { enabled: true } },
      version: 1,
    });
    await shadows.updateNamedShadow({ ...named, state: { reported: { reservePct: 20 } } });
    await vi.waitUntil(() => deltas.length === 2, LONG);
    expect(deltas[1]?.state).toEqual({ market: { enabled: true } });
    const reported = { market: { enabled: true } };
    const last = await shadows.updateNamedShadow({ ...named, state: { reported } });
    expect(last.version).toBe(3);
    const got = await shadows.getNamedShadow(named);
    expect(got.state).toEqual({
      desired: { reservePct: 20, market: { enabled: true } },
      reported: { reservePct: 20, market: { enabled: true } },
    });
    await expect(
      shadows.updateNamedShadow({ ...named, version: 1, state: { reported: {} } }),
    ).rejects.toMatchObject({ modeledError: { code: 409 } });
    const large = { text: 'x'.repeat(8_192) };
    await expect(
      shadows.updateNamedShadow({ ...named, state: { reported: large } }),
    ).rejects.toMatchObject({ modeledError: { code: 413 } });
    await shadows.deleteNamedShadow(named);
    const again = await shadows.updateNamedShadow({ ...named, state: { desired: { a: 1 } } });
    expect(again.version).toBe(4); // not reset by the deletion
    const classic = await shadows.updateShadow({ thingName: 'gw-1', state: { desired: { b: 1 } } });
    expect(classic.version).toBe(1);
    shadows.close();
    expect(deltas).toHaveLength(3);
  });

  it('leads a job from queue to end, gives it back after a restart, minds versions', async () => {
    await emulator();
    const { jobs } = host.broker.reserved;
    const client = await connect('gw-1', await host.identity('gw-1'));
    const service = iotjobs.IotJobsClientv2.newFromMqtt5(client, RPC);
    const thingName = 'gw-1';
    const nexts: (string | undefined)[] = [];
    const stream = service.createNextJobExecutionChangedStream({ thingName });
    const subscribed = new Promise<void>((done) => stream.on('subscriptionStatus', () => done()));
    stream.on('incomingPublish', ({ message }) => nexts.push(message.execution?.jobId));
    stream.open();
    await subscribed;

    expect((await service.startNextPendingJobExecution({ thingName })).execution).toBeUndefined();
    jobs.create('first', { operation: 'restart' }, ['gw-1']);
    jobs.create('second', { operation: 'log-level' }, ['gw-1']);
    await vi.waitUntil(() => nexts.length === 1, LONG);
    const pending = await service.getPendingJobExecutions({ thingName });
    expect(pending.queuedJobs?.map(({ jobId }) => jobId)).toEqual(['first', 'second']);
    const started = await service.startNextPendingJobExecution({ thingName });
    expect(started.execution).toMatchObject({
      jobId: 'first',
      status: 'IN_PROGRESS',
      jobDocument: { operation: 'restart' },
      versionNumber: 2,
    });
    const resumed = await service.startNextPendingJobExecution({ thingName });
    expect(resumed.execution).toMatchObject({ jobId: 'first', versionNumber: 2 });
    const update = { thingName, jobId: 'first', status: iotjobs.model.JobStatus.SUCCEEDED };
    await expect(
      service.updateJobExecution({ ...update, expectedVersion: 1 }),
    ).rejects.toMatchObject({
      modeledError: { code: 'VersionMismatch', executionState: { versionNumber: 2 } },
    });
    await service.updateJobExecution({ ...update, statusDetails: { restarted: 'yes' } });
    expect(jobs.execution('gw-1', 'first')).toMatchObject({
      status: 'SUCCEEDED',
      statusDetails: { restarted: 'yes' },
    });
    await expect(service.updateJobExecution(update)).rejects.toMatchObject({
      modeledError: { code: 'TerminalStateReached' },
    });
    await vi.waitUntil(() => nexts.length === 2, LONG);
    jobs.cancel('gw-1', 'second');
    await vi.waitUntil(() => nexts.length === 3, LONG);
    expect(nexts).toEqual(['first', 'second', undefined]);
    service.close();
  });

  it('provisions by claim and request; the new certificate works, the key never left', async () => {
    await emulator();
    const claim = await host.identity('claim', 'claim');
    const client = await connect('claim-1', claim);
    const identity = iotidentity.IotIdentityClientv2.newFromMqtt5(client, RPC);
    const { key, request } = await newRequest('gw-0001');
    const made = await identity.createCertificateFromCsr({ certificateSigningRequest: request });
    const cert = made.certificatePem ?? '';
    const id = made.certificateId ?? '';
    expect(host.registry.certificate(id)?.status).toBe('PENDING_ACTIVATION');
    const own = { cert, key };
    await expect(connect('gw-0001', own)).rejects.toThrow(/135/);
    const ask = {
      templateName: 'gateways',
      ...(made.certificateOwnershipToken !== undefined && {
        certificateOwnershipToken: made.certificateOwnershipToken,
      }),
    };
    const wrong = { ...ask, parameters: { SerialNumber: 'gw-9999' } };
    await expect(identity.registerThing(wrong)).rejects.toMatchObject({
      modeledError: { errorCode: 'AccessDenied', statusCode: 403 },
    });
    const registered = await identity.registerThing({
      ...ask,
      parameters: { SerialNumber: 'gw-0001' },
    });
    expect(registered).toMatchObject({
      thingName: 'gw-0001',
      deviceConfiguration: { tenant: 'demo' },
    });
    identity.close();
    await connect('gw-0001', own);
    await expect(connect('gw-0002', own)).rejects.toThrow(/135/); // another thing's name
    await expect(
      identityRequest(client, '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n'),
    ).rejects.toMatchObject({ modeledError: { statusCode: 400 } });
  });

  async function identityRequest(client: mqtt5.Mqtt5Client, csr: string): Promise<unknown> {
    const identity = iotidentity.IotIdentityClientv2.newFromMqtt5(client, RPC);
    try {
      return await identity.createCertificateFromCsr({ certificateSigningRequest: csr });
    } finally {
      identity.close();
    }
  }

  it('refuses what a policy does not allow, and who is not in the registry', async () => {
    await emulator();
    const known = await host.identity('gw-1');
    const client = await connect('gw-1', known);
    const foreign = '$aws/things/gw-2/shadow/get/accepted';
    const suback = await client.subscribe({ subscriptions: [{ topicFilter: foreign, qos: 1 }] });
    expect(suback.reasonCodes).toEqual([135]);
    const puback = await client.publish({ topicName: 'ew/secret', qos: 1, payload: 'x' });
    expect(puback).toMatchObject({ reasonCode: 135 });
    await expect(connect('gw-2', known)).rejects.toThrow(/135/);
    const { certificateIdOf } = await import('../../../simulators/iot-core/authority.ts');
    host.registry.setStatus(await certificateIdOf(known.cert), 'INACTIVE');
    await expect(connect('gw-1', known)).rejects.toThrow(/135/);
  });
});
