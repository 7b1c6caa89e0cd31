import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expectKind } from '../core/options.ts';
import { type RecordFunction, RecordStage, type RecordStageOptions } from './record-stage.ts';

/** Whether a record is valid. It must not change the record. */
export type Predicate<T> = (record: T) => boolean | Promise<boolean>;

/** What `validate` takes: a Standard Schema or a predicate. */
export type Schema<In, Out = In> = StandardSchemaV1<In, Out> | Predicate<In>;

/**
 * A stage that lets through the records that match a schema: any Standard Schema (zod, valibot, arktype, …), whose
 * output goes on, or a predicate, which leaves the records and their bytes as they are. The first other record ends the
 * run, unretried – or becomes a dead letter (`onInvalid: 'dead-letter'`).
 * @throws TypeError when it is given neither
 */
export function validate<In, Out = In>(
  schema: Schema<In, Out>,
  options: RecordStageOptions = {},
): RecordStage<In, Out> {
  const run = isStandardSchema(schema) ? bySchema(schema) : byPredicate(schema);
  return new RecordStage<In, Out>({ code: 'INVALID_RECORD', ...(run as Run<In, Out>) }, options);
}

type Run<In, Out> = Omit<RecordFunction<In, Out>, 'code'>;

/** arktype's schemas are functions: the marker decides, not the type. */
function isStandardSchema<In, Out>(schema: Schema<In, Out>): schema is StandardSchemaV1<In, Out> {
  const isSchema = schema !== null && schema !== undefined && '~standard' in Object(schema);
  expectKind(
    'validate',
    schema,
    isSchema || typeof schema === 'function',
    'a Standard Schema or a predicate',
  );
  return isSchema;
}

function bySchema<In, Out>(schema: StandardSchemaV1<In, Out>): Run<In, Out> {
  const { validate: check } = schema['~standard'];
  const read = (result: StandardSchemaV1.Result<Out>): Out => {
    if (result.issues === undefined) return result.value;
    throw new Error(result.issues.map(describeIssue).join('; '));
  };
  return {
    apply(record) {
      const result = check(record);
      return isThenable(result) ? Promise.resolve(result).then(read) : read(result);
    },
  };
}

function byPredicate<T>(predicate: Predicate<T>): Run<T, T> {
  const read = (isValid: boolean, record: T): T => {
    if (isValid) return record;
    throw new Error(`The record is not valid${predicate.name === '' ? '' : ` by ${predicate.name}`}`);
  };
  return {
    keepsRecords: true,
    apply(record) {
      const isValid = predicate(record);
      return isThenable(isValid)
        ? Promise.resolve(isValid).then((valid) => read(valid, record))
        : read(isValid, record);
    },
  };
}

/** A promise of any library: to take one for its value would let every record pass. */
function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Partial<PromiseLike<T>> | null | undefined)?.then === 'function';
}

/** `address.city: Expected string, received number` */
function describeIssue({ path, message }: StandardSchemaV1.Issue): string {
  const keys = (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`;
}
