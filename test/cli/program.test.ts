import { afterEach, describe, expect, test } from 'vitest';
import { createProgram, usageText } from '../../src/cli/program.ts';
import { forgetSecrets, keepSecret } from '../../src/cli/secrets.ts';

afterEach(forgetSecrets);

const PROMISED = `--batch-size --max-bytes --format --path --columns --csv-header --delimiter --key --if-exists --transform
  --on-invalid --dead-letters --max-retries --timeout --concurrency --transform-concurrency --numbers --max-record-bytes
  --header --header-env --source-header --source-header-env --sink-header --sink-header-env --to --max-wait --method --body --escape-formulas --json --summary --quiet --progress --color --debug`;

describe('The program', () => {
  const [run, replay, preview] = createProgram(() => {}).commands;

  test.each(PROMISED.split(/\s+/))('knows run %s', (flag) => {
    expect(run!.options.map(({ long }) => long)).toContain(flag);
  });

  test('knows preview --records', () => {
    expect(preview!.options.map(({ long }) => long)).toContain('--records');
  });

  test('describes every flag', () => {
    const silent = [run!, replay!, preview!].flatMap(({ options }) =>
      options.filter((o) => o.description === ''),
    );
    expect(silent).toEqual([]);
  });
});

describe('usageText', () => {
  test.each([
    ["error: unknown option '--heder=Authorization: canary'", "unknown option '--heder'"],
    [
      "error: unknown option '--heder=it's canary'\n(Did you mean --header?)",
      "unknown option '--heder' (Did you mean --header?)",
    ],
    [
      "error: too many arguments for 'preview'. Expected 1 argument but got 2: a.csv, canary.",
      "too many arguments for 'preview'. Expected 1 argument but got 2",
    ],
    ["error: unknown command 'a\u001b[31mb'", "unknown command 'ab'"],
  ])('says of %j no value', (text, shown) => {
    expect(usageText(text)).toBe(shown);
  });

  test('hides a secret that is known', () => {
    keepSecret('canary');
    expect(usageText("error: unknown command 'canary'")).toBe("unknown command '***'");
  });
});
