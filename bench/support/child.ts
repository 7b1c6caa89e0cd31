/** Runs one route once in a process of its own: `node child.ts MODULE ROUTE FILE` prints its figures as JSON. */
import type { Question } from './question.ts';

const [module, route, file] = process.argv.slice(2) as [string, string, string];
const { question } = (await import(module)) as { question: Question };
const idleBytes = process.memoryUsage.rss();
const startedAt = performance.now();
const result = await question.routes[route]!.run(file);
const ms = performance.now() - startedAt;
const peakBytes = process.resourceUsage().maxRSS * 1024;
const figures = typeof result === 'number' ? { records: result } : result;
console.log(JSON.stringify({ ms, peakBytes, idleBytes, ...figures }));
process.exit(0);
