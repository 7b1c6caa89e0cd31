import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { serve } from '../failures/servers.ts';

/** One operation of a bulk, and the status that the server gives it. */
export interface Operation {
  readonly action: 'index' | 'delete';
  readonly id: string;
}

export interface BulkServer {
  readonly url: string;
  /** Ids of the documents for which the server has done what was asked, in order. */
  readonly done: readonly string[];
  /** Operations of each request. */
  readonly requests: readonly (readonly Operation[])[];
}

/**
 * Speaks as much of Elasticsearch's `_bulk` as clients need.
 * @param statusOf what becomes of an operation
 * @param before what a request waits for, by its number from 0
 */
export async function bulkServer(
  statusOf: (operation: Operation) => number = () => 200,
  before: (request: number) => Promise<void> = async () => {},
): Promise<BulkServer> {
  const done: string[] = [];
  const requests: Operation[][] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const operations = operationsOf(await text(request));
    requests.push(operations);
    await before(requests.length - 1);
    const items = operations.map((operation) => {
      const status = statusOf(operation);
      if (status < 300) done.push(operation.id);
      const error = {
        type: status === 429 ? 'es_rejected_execution_exception' : 'exception',
        reason: 'because',
      };
      return { [operation.action]: { _id: operation.id, status, ...(status >= 300 && { error }) } };
    });
    response.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }).end(
      JSON.stringify({
        took: 1,
        errors: items.some((item) => Object.values(item)[0]!.status >= 300),
        items,
      }),
    );
  };
  const url = await serve((request, response) => void answer(request, response));
  return { url, done, requests };
}

function operationsOf(body: string): Operation[] {
  const operations: Operation[] = [];
  const lines = body.trimEnd().split('\n');
  for (let i = 0; i < lines.length; i++) {
    const [action, { _id: id }] = Object.entries(JSON.parse(lines[i]!) as object)[0] as [
      Operation['action'],
      { readonly _id: string },
    ];
    operations.push({ action, id });
    if (action !== 'delete') i += 1;
  }
  return operations;
}
