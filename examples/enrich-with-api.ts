/** An asynchronous transform: eight look-ups at once, results in the order of the source. A Processor runs a function per record. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Processor } from 'chain-reaction';

interface Order {
  readonly id: number;
  readonly customer: { readonly name: string; readonly city: string };
}

async function withCountry(order: Order) {
  await sleep(5); // stands for a look-up over the network
  return { ...order, country: order.customer.city === 'London' ? 'GB' : 'US' };
}

const summary = await new Processor({
  source: 'examples/data/orders.ndjson',
  transform: withCountry,
  transformConcurrency: 8,
  process: (order, { chunk }) => console.log(order.country, order.customer.name, chunk.describe(0)),
}).run();

console.log(`${summary.written} orders`);
// prints: 5 orders
