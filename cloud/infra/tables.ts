/** A table as DynamoDB keeps it: its key, and its index in the order of time. All keys are text. */
export interface TableShape {
  readonly name: string;
  readonly partition: string;
  readonly sort?: string;
  readonly index: { readonly name: string; readonly partition: string; readonly sort: string };
}

const documents = (name: string): TableShape => ({
  name,
  partition: 'key',
  index: { name: 'by-kind', partition: 'kindInZone', sort: 'position' },
});

/** The seven tables. cloud/adapters/dynamodb.ts reads and writes them by these keys. */
export const TABLES: readonly TableShape[] = [
  {
    name: 'energy-metrics',
    partition: 'gateway',
    sort: 'record',
    index: { name: 'by-place', partition: 'placeOfGateway', sort: 'position' },
  },
  documents('market-data'),
  documents('forecast-data'),
  documents('producer-metrics'),
  documents('consumer-metrics'),
  documents('grid-metrics'),
  documents('trade-data'),
];
