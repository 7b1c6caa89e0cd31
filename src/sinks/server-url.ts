/**
 * Reads the URL of a server.
 * @param protocols the first of them names the place
 * @returns the URL, and the place without credentials and parameters
 * @throws TypeError that shows nothing of what was given: it may hold a password
 */
export function serverUrl(
  url: unknown,
  protocols: readonly [string, ...string[]],
): { readonly href: string; readonly place: string } {
  const parsed = url instanceof URL || typeof url === 'string' ? URL.parse(String(url)) : null;
  if (parsed === null || !protocols.includes(parsed.protocol))
    throw new TypeError(`url must be like ${protocols[0]}//user:password@host/database`);
  return { href: parsed.href, place: `${protocols[0]}//${parsed.host}${parsed.pathname}` };
}
