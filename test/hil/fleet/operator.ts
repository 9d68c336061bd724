import { iot, iotjobs, iotshadow, mqtt5 } from 'aws-iot-device-sdk-v2';
import { OPERATOR_ID, type RunBroker } from '../../../simulators/demo/broker.ts';

const RPC = {
  maxRequestResponseSubscriptions: 8,
  maxStreamingSubscriptions: 2,
  operationTimeoutInSeconds: 20,
};
const SHADOW = 'config';

/** Who runs the fleet, with the AWS SDK's own clients and, for what they cannot, the HTTP API. */
export class Operator {
  private readonly client: mqtt5.Mqtt5Client;
  private readonly shadows: iotshadow.IotShadowClientv2;
  private readonly jobs: iotjobs.IotJobsClientv2;
  private readonly control: NonNullable<RunBroker['control']>;

  private constructor(client: mqtt5.Mqtt5Client, control: NonNullable<RunBroker['control']>) {
    this.client = client;
    this.control = control;
    this.shadows = iotshadow.IotShadowClientv2.newFromMqtt5(client, RPC);
    this.jobs = iotjobs.IotJobsClientv2.newFromMqtt5(client, RPC);
  }

  static async connect(broker: RunBroker | undefined): Promise<Operator> {
    const login = broker?.login(OPERATOR_ID);
    if (login?.kind !== 'certificate' || broker?.control === undefined) {
      throw new Error('this run has no operator');
    }
    const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
      '127.0.0.1',
      login.cert,
      login.key,
    )
      .withCertificateAuthority(login.ca)
      .withPort(broker.port)
      .withConnectProperties({ clientId: OPERATOR_ID, keepAliveIntervalSeconds: 60 })
      .withSessionBehavior(mqtt5.ClientSessionBehavior.Clean)
      .withMaxReconnectDelayMs(1_000);
    const client = new mqtt5.Mqtt5Client(builder.build());
    client.on('error', () => undefined); // told again by the event that follows
    const { promise, resolve } = Promise.withResolvers<void>();
    client.on('connectionSuccess', () => resolve());
    client.start();
    await promise;
    return new Operator(client, broker.control);
  }

  async desire(thingName: string, desired: object): Promise<void> {
    await this.shadows.updateNamedShadow({ thingName, shadowName: SHADOW, state: { desired } });
  }

  /** What the gateway says is in force. */
  async reported(thingName: string): Promise<Record<string, unknown>> {
    const got = await this.shadows.getNamedShadow({ thingName, shadowName: SHADOW });
    return (got.state?.reported ?? {}) as Record<string, unknown>;
  }

  /** CreateJob: the SDK's jobs client is a thing's and cannot. */
  async order(thing: string, jobId: string, document: object): Promise<void> {
    const { url, token } = this.control;
    const answer = await fetch(`${url}/jobs/${jobId}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({
        targets: [`arn:aws:iot:eu-central-1:123456789012:thing/${thing}`],
        document: JSON.stringify(document),
      }),
    });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  }

  async status(thingName: string, jobId: string): Promise<string> {
    const told = await this.jobs.describeJobExecution({ thingName, jobId });
    return told.execution?.status ?? '';
  }

  async close(): Promise<void> {
    this.shadows.close();
    this.jobs.close();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.client.on('stopped', () => resolve());
    this.client.stop();
    await promise;
    this.client.close();
  }
}
