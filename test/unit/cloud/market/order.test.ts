import { describe, expect, it } from 'vitest';
import { readOrders } from '../../../../cloud/market/order.ts';

const good = { id: 'a', owner: 'x', side: 'buy', energyWh: 5, priceMicroPerKwh: 10 };
const codeOf = (order: unknown) => readOrders([order]).rejected[0]?.code;

describe('orders of a list', () => {
  it.each([
    ['INVALID_QUANTITY', { energyWh: 0 }],
    ['INVALID_QUANTITY', { energyWh: -1 }],
    ['INVALID_QUANTITY', { energyWh: 1.5 }],
    ['INVALID_QUANTITY', { energyWh: '5' }],
    ['INVALID_QUANTITY', { energyWh: null }],
    ['INVALID_QUANTITY', { energyWh: Number.NaN }],
    ['INVALID_QUANTITY', { energyWh: Number.NEGATIVE_INFINITY }],
    ['INVALID_QUANTITY', { energyWh: undefined }],
    ['INVALID_QUANTITY', { energyWh: true }],
    ['QUANTITY_OVERFLOW', { energyWh: Number.POSITIVE_INFINITY }],
    ['QUANTITY_OVERFLOW', { energyWh: 2 ** 53 }],
    ['INVALID_PRICE', { priceMicroPerKwh: 0.5 }],
    ['INVALID_PRICE', { priceMicroPerKwh: '10' }],
    ['INVALID_PRICE', { priceMicroPerKwh: Number.NaN }],
    ['INVALID_PRICE', { priceMicroPerKwh: undefined }],
    ['PRICE_OVERFLOW', { priceMicroPerKwh: -(2 ** 53) }],
    ['INVALID_SIDE', { side: 'BUY' }],
    ['INVALID_OWNER', { owner: '' }],
    ['INVALID_OWNER', { owner: 7 }],
    ['INVALID_ID', { id: ' ' }],
    ['INVALID_ID', { id: 5 }],
    ['UNKNOWN_FIELD', { tif: 'FOK' }],
  ])('%s for %o', (code, change) => {
    expect(codeOf({ ...good, ...change })).toBe(code);
  });

  it.each([[null], [7], ['order'], [[good]]])(
    'INVALID_ORDER for %o, named by its place',
    (value) => {
      expect(readOrders([good, value]).rejected).toEqual([
        { orderId: 'orders[1]', code: 'INVALID_ORDER' },
      ]);
    },
  );

  it('takes negative and zero prices and market orders', () => {
    for (const priceMicroPerKwh of [-5, 0, null])
      expect(codeOf({ ...good, priceMicroPerKwh })).toBeUndefined();
  });

  it('takes the same order twice as one, and refuses another under its id', () => {
    expect(readOrders([good, { ...good }])).toEqual({ orders: [good], rejected: [] });
    expect(readOrders([good, { ...good, energyWh: 6 }])).toEqual({
      orders: [good],
      rejected: [{ orderId: 'a', code: 'DUPLICATE_ID_DIFFERENT' }],
    });
  });

  it('lets a refused order leave no trace', () => {
    const { orders, rejected } = readOrders([{ ...good, energyWh: -1 }, good]);
    expect(orders).toEqual([good]);
    expect(rejected).toEqual([{ orderId: 'a', code: 'INVALID_QUANTITY' }]);
  });
});
