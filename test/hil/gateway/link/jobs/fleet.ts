import { iot, iotjobs, mqtt5 } from 'aws-iot-device-sdk-v2';
import { vi } from 'vitest';
import { type Policy, resource } from '../../../../../simulators/iot-core/policy.ts';
import { Registry } from '../../../../../simulators/iot-core/registry.ts';
import { EmulatorHost, THING_POLICY } from '../../../../interop/aws/brokers.ts';

const RPC = {
  maxRequestResponseSubscriptions: 6,
  maxStreamingSubscriptions: 6,
  operationTimeoutInSeconds: 10,
};

/** The fleet may follow the jobs of every thing, hear its telemetry and acknowledge it. */
const FLEET_POLICY: Policy = {
  Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: resource('client', 'fleet') },
    {
      Effect: 'Allow',
      Action: ['iot:Publish', 'iot:Receive'],
      Resource: [resource('topic', '$aws/things/*/jobs/*'), resource('topic', 'ew/v1/*')],
    },
    {
      Effect: 'Allow',
      Action: 'iot:Subscribe',
      Resource: [
        resource('topicfilter', '$aws/things/*/jobs/*'),
        resource('topicfilter', 'ew/v1/*'),
      ],
    },
  ],
};

export interface Ended {
  readonly status: string;
  readonly details: Readonly<Record<string, string>>;
  /** Each step that was seen on the way, once. */
  readonly steps: readonly string[];
}

const OPEN = ['QUEUED', 'IN_PROGRESS'];

/** Says that records are stored, so that a gateway has nothing to wait for when it ends. */
function acknowledge(client: mqtt5.Mqtt5Client, message: mqtt5.PublishPacket): void {
  const { topicName, payload } = message;
  if (!topicName.endsWith('/telemetry')) return;
  const text = new TextDecoder().decode(payload as ArrayBuffer);
  const { records } = JSON.parse(text) as { records: { epoch: number; seq: number }[] };
  const stored = records.map(({ epoch, seq }) => ({ epoch, fromSeq: seq, toSeq: seq }));
  const ack = { topicName: `${topicName}-ack`, qos: 1, payload: JSON.stringify({ v: 1, stored }) };
  client.publish(ack).catch(() => undefined); // what is not told comes again
}

/** The fleet's side of the emulator: makes jobs as its control plane, follows them by the SDK. */
export class Fleet {
  readonly host: EmulatorHost;
  readonly thing: string;
  private readonly client: mqtt5.Mqtt5Client;
  private readonly service: iotjobs.IotJobsClientv2;
  private count = 0;

  private constructor(host: EmulatorHost, thing: string, client: mqtt5.Mqtt5Client) {
    this.host = host;
    this.thing = thing;
    this.client = client;
    this.service = iotjobs.IotJobsClientv2.newFromMqtt5(client, RPC);
  }

  static async open(thing: string): Promise<Fleet> {
    const registry = new Registry({ thing: THING_POLICY, fleet: FLEET_POLICY });
    const host = await EmulatorHost.create({ registry });
    await host.up();
    const { cert, key } = await host.identity('fleet', 'fleet');
    const config = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
      '127.0.0.1',
      cert,
      key,
    )
      .withCertificateAuthority(host.ca)
      .withPort(host.port)
      .withConnectProperties({ clientId: 'fleet', keepAliveIntervalSeconds: 60 });
    const client = new mqtt5.Mqtt5Client(config.build());
    const online = new Promise((done) => client.on('connectionSuccess', done));
    client.on('messageReceived', ({ message }) => acknowledge(client, message));
    client.start();
    await online;
    const topicFilter = `ew/v1/+/${thing}/telemetry`;
    await client.subscribe({ subscriptions: [{ topicFilter, qos: mqtt5.QoS.AtLeastOnce }] });
    return new Fleet(host, thing, client);
  }

  /** What the gateway reports of itself. */
  reported(): Readonly<Record<string, unknown>> | undefined {
    return this.host.broker.reserved.shadows.document(this.thing, 'config')?.reported;
  }

  /** Queues a job. @returns what became of it */
  async run(document: object, timeout = 110_000): Promise<Ended> {
    this.count += 1;
    const jobId = `job-${this.count}`;
    const { jobs } = this.host.broker.reserved;
    jobs.create(jobId, JSON.parse(JSON.stringify(document)), [this.thing]);
    const steps = new Set<string>();
    return vi.waitFor(
      async () => {
        const { execution } = await this.service.describeJobExecution({
          thingName: this.thing,
          jobId,
        });
        const { status = '', statusDetails: details = {} } = execution ?? {};
        if (details['step'] !== undefined) steps.add(details['step']);
        if (OPEN.includes(status)) throw new Error(`${jobId} ${status} ${JSON.stringify(details)}`);
        return { status, details, steps: [...steps] };
      },
      { timeout, interval: 50 },
    );
  }

  async close(): Promise<void> {
    this.service.close();
    this.client.stop();
    this.client.close();
    await this.host.close();
  }
}
