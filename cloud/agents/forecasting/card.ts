import type { AgentCard } from '../../a2a/card.ts';

export const forecastingCard: AgentCard = {
  name: 'forecasting',
  description:
    'Gives each zone its weather and day-ahead prices as the sources issue them, and a forecast ' +
    'of the first days of prices that the market has not told, and what the sites of the zone ' +
    'will use and make together. What a source ' +
    "does not know stays unknown; a site's own forecast is the site's business.",
  version: '1.0.0',
  skills: [
    {
      id: 'zone-forecast',
      name: 'Ask for the forecast',
      description:
        'Takes a data part {v: 1, kind: "get-forecast"} and answers with the newest forecast of ' +
        "the asking gateway's zone.",
      tags: ['weather', 'price', 'demand'],
      examples: ['{"v":1,"kind":"get-forecast"}'],
    },
    {
      id: 'past-prices',
      name: 'Ask for earlier prices',
      description:
        'Takes a data part {v: 1, kind: "get-past-prices", fromDay, untilDay} (local days since ' +
        "1970-01-01) and answers with the market's prices of at most 100 of them, by the hour.",
      tags: ['price'],
      examples: ['{"v":1,"kind":"get-past-prices","fromDay":20400,"untilDay":20440}'],
    },
  ],
};
