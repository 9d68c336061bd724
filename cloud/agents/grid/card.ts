import type { AgentCard } from '../../a2a/card.ts';

export const gridCard: AgentCard = {
  name: 'grid',
  description:
    'Watches the transformer that a zone shares and gives every site an envelope: how much it ' +
    'may import and export, from when, until when, and what counts when the line is lost.',
  version: '1.0.0',
  skills: [
    {
      id: 'envelope',
      name: 'Ask for the envelope',
      description:
        'Takes a data part {v: 1, kind: "get-envelope"} and answers with the envelope in force ' +
        'of the asking gateway. The binding form is the signed directive, not this answer.',
      tags: ['grid', 'limits'],
      examples: ['{"v":1,"kind":"get-envelope"}'],
    },
  ],
};
