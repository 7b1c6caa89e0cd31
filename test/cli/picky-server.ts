import { serve } from './spawn-command.ts';

/** A server that takes records, and can be told not to. */
export interface PickyServer {
  readonly url: string;
  /** Ids of the records that it has taken, in order. */
  readonly taken: number[];
  /** It refuses the chunk that holds the record of this id; -1 for none. */
  refuses: number;
  /** It never answers to the chunk that holds the record of this id; -1 for none. */
  ignores: number;
  /** Called when it has been sent a chunk that it does not answer to. */
  onIgnored: () => void;
}

/** A server for one test. */
export async function pickyServer(): Promise<PickyServer> {
  const place = { taken: [] as number[], refuses: -1, ignores: -1, onIgnored: () => {}, url: '' };
  place.url = await serve((_, response, body) => {
    const ids = (JSON.parse(body) as { id: number | string }[]).map(({ id }) => Number(id));
    if (ids.includes(place.ignores)) {
      place.onIgnored();
      return;
    }
    if (ids.includes(place.refuses)) {
      response.writeHead(403).end();
      return;
    }
    place.taken.push(...ids);
    response.end();
  });
  return place;
}
