import { describe, expect, it } from 'vitest';
import {
  CLOUD_THING,
  claimPolicy,
  cloudPolicy,
  gatewayPolicy,
} from '../../../../cloud/infra/iot-policies.ts';
import {
  agentCardTopic,
  cloudFilters,
  gatewayTopics,
  zoneTopics,
} from '../../../../gateway/contracts/topics.ts';
import { permits } from '../../../../simulators/iot-core/policy.ts';

const BASE = 'arn:aws:iot:eu-central-1:111122223333';
const me = { clientId: 'gw-1', thing: 'gw-1' };
const mine = gatewayTopics('demo', 'gw-1');
const others = gatewayTopics('demo', 'gw-2');
const zone = zoneTopics('demo', 'z1');
const isUp = (topic: string): boolean =>
  /\/(telemetry|status|diagnostics|a2a-request)$/.test(topic);
const UP = Object.values(mine).filter(isUp);
const DOWN = Object.values(mine).filter((topic) => !isUp(topic));

describe('the policy of a gateway', () => {
  const may = (action: 'Publish' | 'Receive' | 'RetainPublish', topic: string, who = me) =>
    permits([gatewayPolicy(BASE, 'demo')], action, ['topic', topic], who);
  const hears = (filter: string) =>
    permits([gatewayPolicy(BASE, 'demo')], 'Subscribe', ['topicfilter', filter], me);
  const connects = (clientId: string, thing: string | undefined) =>
    permits([gatewayPolicy(BASE, 'demo')], 'Connect', ['client', clientId], { clientId, thing });

  it('lets it in as itself', () => {
    expect(connects('gw-1', 'gw-1')).toBe(true);
    expect(connects('gw-2', 'gw-1')).toBe(false);
    expect(connects('gw-1', undefined)).toBe(false);
  });

  it('lets it say what goes up, and hear what comes down', () => {
    for (const topic of UP) expect(may('Publish', topic)).toBe(true);
    expect(may('RetainPublish', mine.status)).toBe(true);
    for (const topic of [...DOWN, zone.forecast, zone.market, agentCardTopic('demo', 'grid')]) {
      expect([topic, may('Receive', topic), hears(topic)]).toEqual([topic, true, true]);
    }
    for (const topic of ['shadow/name/operator/get', 'shadow/update', 'jobs/start-next']) {
      expect(may('Publish', `$aws/things/gw-1/${topic}`)).toBe(true);
      expect(hears(`$aws/things/gw-1/${topic}/accepted`)).toBe(true);
    }
  });

  it('keeps it from speaking for the cloud, for a zone, for another, for another tenant', () => {
    const foreign = gatewayTopics('other', 'gw-1');
    for (const topic of [...DOWN, zone.forecast, zone.market, ...Object.values(others)]) {
      expect([topic, may('Publish', topic)]).toEqual([topic, false]);
    }
    expect(may('Publish', foreign.telemetry)).toBe(false);
    expect(may('Publish', '$aws/things/gw-2/shadow/update')).toBe(false);
    expect(may('RetainPublish', mine.telemetry)).toBe(false);
  });

  it('keeps it from hearing others', () => {
    for (const filter of [
      ...Object.values(others),
      'ew/v1/demo/+/statement',
      '#',
      'ew/v1/demo/#',
    ]) {
      expect([filter, hears(filter)]).toEqual([filter, false]);
    }
  });
});

describe('the policy of the cloud', () => {
  const cloud = { clientId: CLOUD_THING, thing: CLOUD_THING };
  const policies = [cloudPolicy(BASE, 'demo')];

  it('lets it hear and say everything of its tenant, nothing of another', () => {
    for (const filter of cloudFilters('demo')) {
      expect(permits(policies, 'Subscribe', ['topicfilter', filter], cloud)).toBe(true);
    }
    for (const topic of [...DOWN, zone.forecast, agentCardTopic('demo', 'grid')]) {
      expect(permits(policies, 'Publish', ['topic', topic], cloud)).toBe(true);
      expect(permits(policies, 'RetainPublish', ['topic', topic], cloud)).toBe(true);
    }
    const [foreign = ''] = cloudFilters('other');
    expect(permits(policies, 'Subscribe', ['topicfilter', foreign], cloud)).toBe(false);
    expect(permits(policies, 'Connect', ['client', 'gw-1'], me)).toBe(false);
  });
});

describe('the policy of a claim', () => {
  const policies = [claimPolicy(BASE, 'edgewatt-gateway')];
  const claim = { clientId: 'anybody', thing: undefined };
  const says = (topic: string) => permits(policies, 'Publish', ['topic', topic], claim);

  it('lets it ask for a certificate of its own and for its place, and nothing else', () => {
    const place = '$aws/provisioning-templates/edgewatt-gateway/provision/json';
    for (const topic of ['$aws/certificates/create-from-csr/json', place]) {
      expect(says(topic)).toBe(true);
      const answer = ['topicfilter', `${topic}/accepted`] as const;
      expect(permits(policies, 'Subscribe', answer, claim)).toBe(true);
    }
    for (const topic of [...Object.values(mine), '$aws/things/gw-1/shadow/update']) {
      expect(says(topic)).toBe(false);
    }
    expect(says('$aws/certificates/create/json')).toBe(false);
    expect(says('$aws/provisioning-templates/other/provision/json')).toBe(false);
  });
});
