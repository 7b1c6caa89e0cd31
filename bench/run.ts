/**
 * `npm run bench -- decode` measures one question, `npm run bench` all of them; `--check` fails when a ratio is under its
 * target; `--write` keeps the table in the RESULTS.md of the question. Every run is a process of its own, the routes take
 * turns, and medians count, of ratios those of each turn: figures of shared machines move, ratios much less.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Figures, Question } from './support/question.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' }, write: { type: 'boolean' }, runs: { type: 'string' } },
});
const folders = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(join(import.meta.dirname, name, 'question.ts')),
);
const wanted = positionals.length > 0 ? positionals : folders;
let failures = 0;

for (const name of wanted) {
  const module = join(import.meta.dirname, name, 'question.ts');
  if (!existsSync(module)) throw new Error(`There is no question ${name}; there are: ${folders.join(', ')}`);
  const { question } = (await import(module)) as { question: Question };
  const report = await measure(name, module, question);
  console.log(report);
  if (values.write) keep(name, report);
}
if (values.check && failures > 0) process.exit(1);

async function measure(name: string, module: string, question: Question): Promise<string> {
  const files = new Map<string, string>();
  for (const [input, create] of Object.entries(question.inputs)) files.set(input, await create());
  const present = Object.entries(question.routes).filter(([, { missing }]) => missing === undefined);
  const runs = new Map<string, Figures[]>(present.map(([route]) => [route, []]));
  const count = values.runs === undefined ? (question.runs ?? 5) : Number(values.runs);
  for (let run = 0; run < count; run++) {
    for (let round = 0; round < Math.max(...present.map(([route]) => roundsOf(route, question))); round++) {
      const routes = present.filter(([route]) => roundsOf(route, question) > round);
      for (const [route, { input }] of turned(routes, run + round))
        runs.get(route)!.push(runOnce(module, route, files.get(input)!));
    }
  }
  return render(name, question, files, runs, count);
}

/** How many times a route runs in each turn. */
function roundsOf(route: string, { targets }: Question): number {
  const mine = targets.filter((target) => target.route === route || target.against === route);
  return Math.max(1, ...mine.map(({ rounds = 1 }) => rounds));
}

/**
 * Every second turn goes backwards, and every two turns begin one route later: no route always has the same place, nor the
 * same one before it, of which the machine may still be tired.
 */
function turned<R>(routes: readonly R[], turn: number): readonly R[] {
  const first = (turn >> 1) % routes.length;
  const result = [...routes.slice(first), ...routes.slice(0, first)];
  return turn % 2 === 0 ? result : result.toReversed();
}

function runOnce(module: string, route: string, file: string): Figures {
  const child = join(import.meta.dirname, 'support', 'child.ts');
  spawnSync('sync'); // the disk has nothing left to do of the run before
  const output = execFileSync(process.execPath, ['--no-warnings', child, module, route, file], {
    encoding: 'utf8',
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) as Figures;
}

function render(
  name: string,
  question: Question,
  files: ReadonlyMap<string, string>,
  runs: ReadonlyMap<string, readonly Figures[]>,
  count: number,
): string {
  const rows = [...runs].map(([route, figures]) => {
    const { input } = question.routes[route]!;
    const ms = median(figures.map((figure) => figure.ms));
    const mb = statSync(files.get(input)!).size / 1e6;
    const peak = Math.max(...figures.map(({ peakBytes, idleBytes }) => peakBytes - idleBytes)) / 2 ** 20;
    return { route, input, records: figures[0]!.records, ms, speed: mb / (ms / 1_000), peak };
  });
  rows.sort((a, b) => b.speed - a.speed);
  const speedsOf = (route: string): readonly number[] => {
    const figures = runs.get(route);
    if (figures === undefined) throw new Error(`The targets name a route that was not run: ${route}`);
    const { size } = statSync(files.get(question.routes[route]!.input)!);
    return figures.map(({ ms }) => size / ms);
  };
  const table = rows.map(
    ({ route, input, records, ms, speed, peak }) =>
      `| ${route} | ${input} | ${records.toLocaleString('en-US')} | ${ms.toFixed(0)} | ${speed.toFixed(0)} | ${peak.toFixed(0)} |`,
  );
  const targets = question.targets.map((target) => {
    const { route, against, atLeast } = target;
    const ratio = median(speedsOf(route).map((speed, run) => speed / speedsOf(against)[run]!));
    if (!(ratio >= atLeast)) failures++;
    return `| ${route} | ${against} | ${ratio.toFixed(2)} | ${atLeast} | ${ratio >= atLeast ? 'met' : '**missed**'} |`;
  });
  const limits = (question.limits ?? []).map(({ route, atMostMiB }) => {
    const { peak } = rows.find((row) => row.route === route)!;
    if (!(peak <= atMostMiB)) failures++;
    return `| ${route} | ${peak.toFixed(0)} | ${atMostMiB} | ${peak <= atMostMiB ? 'met' : '**missed**'} |`;
  });
  const durations = (question.durations ?? []).map(({ route, atMostMs }) => {
    const { ms } = rows.find((row) => row.route === route)!;
    if (!(ms <= atMostMs)) failures++;
    return `| ${route} | ${ms.toFixed(0)} | ${atMostMs} | ${ms <= atMostMs ? 'met' : '**missed**'} |`;
  });
  const often = [...runs].filter(([, figures]) => figures.length > count);
  const more = often.map(([route, { length }]) => `${route}: ${length}`).join('; ');
  const missing = Object.entries(question.routes).filter(([, route]) => route.missing !== undefined);
  return [
    `## ${name}: ${question.title}`,
    '',
    `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}, medians of ${count} runs that take turns${more === '' ? '' : ` (${more})`}.`,
    '',
    '| route | input | records | ms | MB/s | peak MiB over idle |',
    '| --- | --- | ---: | ---: | ---: | ---: |',
    ...table,
    ...(targets.length > 0
      ? ['', '| route | against | ratio | target | |', '| --- | --- | ---: | ---: | --- |', ...targets]
      : []),
    ...(limits.length > 0
      ? ['', '| route | peak MiB over idle | at most | |', '| --- | ---: | ---: | --- |', ...limits]
      : []),
    ...(durations.length > 0
      ? ['', '| route | ms | at most | |', '| --- | ---: | ---: | --- |', ...durations]
      : []),
    ...missing.map(([route, { missing: why }]) => `\nNot run: ${route} (${why})`),
    '',
  ].join('\n');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Everything above the line `<!-- figures -->` is written by people and stays. */
function keep(name: string, report: string): void {
  const file = join(import.meta.dirname, name, 'RESULTS.md');
  const mark = '<!-- figures -->\n';
  const text = existsSync(file) ? readFileSync(file, 'utf8') : `# ${name}\n\n${mark}`;
  writeFileSync(file, `${text.slice(0, text.indexOf(mark) + mark.length)}\n${report}`);
}
