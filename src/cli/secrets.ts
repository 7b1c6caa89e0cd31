/** What must never be shown. One for the process: whatever writes to the screen asks it. */
const secrets = new Set<string>();

/** Shorter values would blank out ordinary words. */
const MIN_LENGTH = 4;

const SECRET_NAME = /auth|token|key|secret|sig|cookie|password|credential/i;

/** Headers whose values are nobody's secret, and often stand in messages. */
const HARMLESS_HEADER = /^(?:accept(?:-.*)?|content-type|content-language|user-agent|range|if-.*|prefer)$/i;

/** Whether a name says that its value is a secret. */
export function soundsSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Notes a value that must not be shown, in every form in which it may come back. */
export function keepSecret(value: string): void {
  for (const form of formsOf(value)) if (form.length >= MIN_LENGTH) secrets.add(form);
}

/** Notes the value of a header; behind a scheme such as `Bearer`, which is no secret. */
export function keepHeaderSecret(name: string, value: string): void {
  if (HARMLESS_HEADER.test(name)) return;
  const [, credentials] = /^(?:Basic|Bearer|Digest|Token|ApiKey)\s+(\S.*)$/i.exec(value) ?? [];
  keepSecret(credentials ?? value);
}

/** Notes the user's password and the secret-looking parameters of a URL. @returns whether there were any */
export function keepUrlSecrets(text: string): boolean {
  const url = URL.parse(text);
  const password = url?.password || /^[a-z][\w+.-]*:\/\/[^/@]*:([^/@]+)@/i.exec(text)?.[1];
  const user = url?.username ?? '';
  if (password) {
    keepSecret(password);
    keepSecret(Buffer.from(`${decoded(user)}:${decoded(password)}`).toString('base64'));
  }
  const parameters = [...(url?.searchParams ?? [])].filter(([name]) => soundsSecret(name));
  for (const [, value] of parameters) keepSecret(value);
  return Boolean(password) || parameters.length > 0;
}

/** The text with `***` for each secret, also where a message was cut and only the beginning of one is left. */
export function mask(text: string): string {
  let masked = '';
  let from = 0;
  for (let at = nextSecret(text, 0); at >= 0; at = nextSecret(text, from)) {
    masked += `${text.slice(from, at)}***`;
    from = at + Math.max(...Array.from(secrets, (secret) => sharedLength(secret, text, at)));
  }
  return masked + text.slice(from);
}

/** Fewer characters of a secret tell little, and are the beginning of many a word. */
const MIN_BEGINNING = 6;

function nextSecret(text: string, from: number): number {
  const places = Array.from(secrets, (secret) => text.indexOf(secret.slice(0, MIN_BEGINNING), from));
  return places.reduce((first, at) => (at >= 0 && (first < 0 || at < first) ? at : first), -1);
}

/** Characters of a secret that stand in the text at a place. */
function sharedLength(secret: string, text: string, at: number): number {
  let length = 0;
  while (length < secret.length && text[at + length] === secret[length]) length++;
  return length;
}

/** Forgets them all. */
export function forgetSecrets(): void {
  secrets.clear();
}

function formsOf(value: string): readonly string[] {
  const plain = decoded(value);
  return [value, plain, encodeURIComponent(plain), JSON.stringify(value).slice(1, -1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
