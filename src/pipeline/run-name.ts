import { createHash } from 'node:crypto';
import { httpAddress } from '../sources/http-address.ts';
import type { SourceInput } from '../sources/to-sources.ts';
import type { BatchProcessorOptions } from './batch-options.ts';

/** Whether a run can be named after its source. A stream is gone when the run is to go on. */
export function isNameable(source: SourceInput): boolean {
  return namesOf(source).every((name) => name !== undefined);
}

/** The name of a run that is given none: the same sources into the same sink are the same run. 32 hexadecimal digits. */
export function runNameOf(source: SourceInput, sink: string): string {
  return digest({ sources: namesOf(source), sink });
}

/**
 * Changes when the same input would become other records: with the options that say how it is read, and with the
 * functions – by their text – and the schema – by its structure, as far as that is JSON –, unless a version speaks for
 * them. 64 hexadecimal digits.
 */
export function pipelineHashOf<In, Out>(options: BatchProcessorOptions<In, Out>): string {
  const { validate, transform, checkpoint } = options;
  const functions = checkpoint?.version ?? [describeSchema(validate), describe(transform)];
  const reading = READING.map((name) => describe(options[name]));
  return createHash('sha256').update(JSON.stringify({ functions, reading })).digest('hex');
}

/** What decides which records there are, and what is in them. */
const READING = [
  'format',
  'compression',
  'path',
  'filter',
  'jsonc',
  'numbers',
  'header',
  'delimiter',
  'quote',
  'escape',
  'cast',
  'comment',
  'trim',
  'relaxColumnCount',
] as const;

function describeSchema(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return describe(schema);
  try {
    const text = (_key: string, value: unknown) => (value instanceof RegExp ? String(value) : value);
    return JSON.stringify(schema, text);
  } catch {
    return describe(schema); // it leads back to itself
  }
}

function describe(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(describe);
  if (typeof value === 'function' || value instanceof RegExp) return String(value);
  if (typeof value !== 'object' || value === null) return value;
  const { name, vendor } = value as { name?: unknown; vendor?: unknown };
  return { name, vendor };
}

function namesOf(source: SourceInput): readonly (string | undefined)[] {
  return (Array.isArray(source) ? (source as readonly unknown[]) : [source]).map(nameOf);
}

function nameOf(source: unknown): string | undefined {
  if (source instanceof URL || typeof source === 'string')
    return /^https?:/i.test(String(source)) ? httpAddress(source).name : String(source);
  const { name, open } = (source ?? {}) as { name?: unknown; open?: unknown };
  return typeof open === 'function' && typeof name === 'string' ? name : undefined;
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
