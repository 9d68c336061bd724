import { describe, expect, it } from 'vitest';
import { type Policy, permits, resource, THING } from '../../../../simulators/iot-core/policy.ts';

const policies: Policy[] = [
  {
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: resource('client', THING) },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: resource('topic', `ew/*/${THING}/up`) },
      {
        Effect: 'Allow',
        Action: ['iot:Subscribe'],
        Resource: [resource('topicfilter', 'ew/+/x'), resource('topicfilter', 'zone-?')],
      },
      { Effect: 'Deny', Action: 'iot:*', Resource: resource('topic', 'ew/demo/gw-2/up') },
    ],
  },
];

const own = { clientId: 'gw-1', thing: 'gw-1' };
const other = { clientId: 'gw-2', thing: 'gw-2' };

describe('policies with thing variables', () => {
  it.each([
    ['its own name', own, 'Connect', 'client', 'gw-1', true],
    ['another name', { ...own, clientId: 'gw-9' }, 'Connect', 'client', 'gw-9', false],
    ['no thing at all', { clientId: 'gw-1', thing: undefined }, 'Connect', 'client', 'gw-1', false],
    ['its own topic', own, 'Publish', 'topic', 'ew/demo/gw-1/up', true],
    ['a star over levels', own, 'Publish', 'topic', 'ew/a/b/c/gw-1/up', true],
    ['a neighbour', own, 'Publish', 'topic', 'ew/demo/gw-2/up', false],
    ['a denial over an allowance', other, 'Publish', 'topic', 'ew/demo/gw-2/up', false],
    ['an action nobody named', own, 'Receive', 'topic', 'ew/demo/gw-1/up', false],
    ['a filter to the letter', own, 'Subscribe', 'topicfilter', 'ew/+/x', true],
    ['a filter that a wildcard would cover', own, 'Subscribe', 'topicfilter', 'ew/a/x', false],
    ['one character', own, 'Subscribe', 'topicfilter', 'zone-1', true],
    ['two characters', own, 'Subscribe', 'topicfilter', 'zone-12', false],
  ] as const)('%s', (_name, connection, action, kind, name, expected) => {
    expect(permits(policies, action, [kind, name], connection)).toBe(expected);
  });

  it('does not let a client id smuggle a wildcard into a resource', () => {
    const client = { clientId: '*', thing: '*' };
    expect(permits(policies, 'Publish', ['topic', 'ew/demo/gw-1/up'], client)).toBe(false);
  });
});
