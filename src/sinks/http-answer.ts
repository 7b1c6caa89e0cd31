/** The most of an answer's body that is read so that its connection can be used again. */
const MOST_BYTES = 64 * 1024;
/** The longest that its body is waited for, in milliseconds. */
const MOST_MS = 1_000;

/** Reads a short body to its end and gives up a long or slow one. What goes wrong with it does not matter any more. */
export async function discardBody(response: Response): Promise<void> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  const giveUp = () => void reader.cancel().catch(() => undefined);
  const timer = setTimeout(giveUp, MOST_MS);
  try {
    for (let length = 0; length <= MOST_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      length += value.length;
    }
    giveUp();
  } catch {
    // The status has been received: the server has answered.
  } finally {
    clearTimeout(timer);
  }
}
