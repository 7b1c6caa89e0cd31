import { afterEach, describe, expect, test } from 'vitest';
import {
  forgetSecrets,
  keepHeaderSecret,
  keepSecret,
  keepUrlSecrets,
  mask,
  soundsSecret,
} from '../../src/cli/secrets.ts';

afterEach(forgetSecrets);

describe('mask', () => {
  test.each([
    ['as it is', 'p4ss/w?rd', 'got p4ss/w?rd here', 'got *** here'],
    ['encoded for a URL', 'p4ss/w?rd', 'x=p4ss%2Fw%3Frd', 'x=***'],
    ['decoded from a URL', 'p4ss%2Fw%3Frd', 'got p4ss/w?rd', 'got ***'],
    ['escaped in JSON', 'say "hi" now', '{"a":"say \\"hi\\" now"}', '{"a":"***"}'],
    ['more than once', 'canary', 'canary canary', '*** ***'],
  ])('hides a secret %s', (_how, secret, text, masked) => {
    keepSecret(secret);
    expect(mask(text)).toBe(masked);
  });

  test('leaves no rest of a secret that holds another one', () => {
    keepSecret('canary');
    keepSecret('canary-and-more');
    expect(mask('canary-and-more')).toBe('***');
  });

  test.each([
    ['sent canary-tok (1 attempt)', 'sent *** (1 attempt)'],
    ['sent canary', 'sent ***'],
    ['canary-token canary-t', '*** ***'],
    ['canary-tree', '***ree'],
    ['sent cana', 'sent cana'],
  ])('hides the beginning of a secret where a message was cut: %j', (text, masked) => {
    keepSecret('canary-token');
    expect(mask(text)).toBe(masked);
  });

  test('leaves words alone that are as short as many others', () => {
    keepSecret('on');
    expect(mask('on and on')).toBe('on and on');
  });
});

describe('keepHeaderSecret', () => {
  test('hides what comes behind the scheme, and not the scheme', () => {
    keepHeaderSecret('Authorization', 'Bearer canary-token');
    expect(mask('Bearer canary-token, canary-token: Bearer expected')).toBe(
      'Bearer ***, ***: Bearer expected',
    );
  });

  test('leaves headers alone that are nobody’s secret', () => {
    keepHeaderSecret('Accept', 'application/json');
    expect(mask('expected application/json')).toBe('expected application/json');
  });

  test('takes every other header for a secret, whatever its name', () => {
    keepHeaderSecret('X-Custom', 'canary');
    expect(mask('canary')).toBe('***');
  });
});

describe('keepUrlSecrets', () => {
  const basic = Buffer.from('ada:canary').toString('base64');
  test.each([
    ['a password', 'https://ada:canary@host/x', 'canary'],
    ['Basic authentication', 'https://ada:canary@host/x', basic],
    ['a parameter', 'https://host/x?access_token=canary', 'canary'],
    ['the password of another scheme', 'postgres://ada:canary@host/db', 'canary'],
    ['the password of an address that is not valid', 'http://ada:canary@host:99999/', 'canary'],
  ])('hides %s', (_what, url, secret) => {
    expect(keepUrlSecrets(url)).toBe(true);
    expect(mask(`the ${secret} came back`)).toBe('the *** came back');
  });

  test.each(['https://host/path?page=2', 'orders.json', '-', 'sqlite:orders.db?table=orders'])(
    'finds nothing in %s',
    (place) => {
      expect(keepUrlSecrets(place)).toBe(false);
    },
  );
});

test('soundsSecret() goes by the name', () => {
  expect(['Authorization', 'X-Api-Key', 'Cookie', 'x-goog-signature'].map(soundsSecret)).not.toContain(false);
  expect(['Accept', 'Content-Type', 'page'].map(soundsSecret)).not.toContain(true);
});
