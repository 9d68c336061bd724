import { z } from 'zod';
import { hash } from '../../gateway/adapters/crypto.ts';
import { a2aRequest } from '../../gateway/contracts/messages.ts';
import { marketAgent } from '../agents/market-supervisor/agent.ts';
import { openMarket } from '../agents/market-supervisor/supervisor.ts';
import { clearBook, readBook } from '../market/file.ts';
import { checked, given, lambda, Refusal, zoneOf } from './lambda.ts';

const ORDERS_MAX = 200;

const asked = z.object({
  zone: given.id,
  interval: z.string().min(1).max(64),
  orders: z.preprocess(listOfText, z.array(z.unknown()).max(ORDERS_MAX)),
});

/** Agents give a list as text. */
function listOfText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

export const handler = lambda('energy-trading-actions', {
  actions: {
    async 'preview-auction'(fields, ports) {
      const question = checked(asked, fields);
      const { bounds, currency } = zoneOf(ports, question.zone).market;
      const book = readBook({ ...question, ...bounds });
      if ('what' in book) throw new Refusal(400, `${book.path.join('.')}: ${book.what}`);
      const { clearing, rejected } = clearBook(book, hash);
      const { volumeWh, priceMicroPerKwh, fills } = clearing;
      const answer = { volumeWh: Number(volumeWh), priceMicroPerKwh, fills, rejected };
      return { zone: question.zone, currency, binding: false, ...answer };
    },
  },
  rules: {
    /**
     * Orders to the supervisor, each kept once as they came. Whether they stand is the supervisor's
     * word: it alone knows the book.
     */
    async 'a2a-request'({ who, payload, atMs }, { tenant, tables, registry, zones }) {
      const request = a2aRequest.safeParse(payload).data;
      const sender = registry.get(who);
      const zone = sender && zones.get(sender.zone);
      if (request === undefined || sender === undefined || zone === undefined) return 'refused';
      const { agent, method, message } = request;
      if (agent !== 'market-supervisor' || method !== 'SendMessage' || message === undefined) {
        return 'taken'; // to another agent, or a question
      }
      const market = marketAgent(openMarket(tenant, [zone.market], atMs));
      const { writes = [] } = market.send(sender, message, message.messageId, atMs);
      for (const write of writes) if (write.op === 'put') await tables.putNew(write.row);
      return 'taken';
    },
  },
});
