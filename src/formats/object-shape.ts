import type { InnerShape, ObjectShape } from '../scan/index.ts';

/** An object of more keys costs more to make than its keys cost to read. */
const MOST_KEYS = 16;
/** What is nested deeper is taken as it is. */
const MOST_LEVELS = 20;

/**
 * The shape of an object, and of the objects in it.
 * @returns `undefined` when it is none, or has keys of which its order or more than its members depends
 */
export function shapeOf(value: unknown, levels = MOST_LEVELS): ObjectShape | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || levels === 0) return undefined;
  const keys = Object.keys(value);
  if (keys.length === 0 || keys.length > MOST_KEYS || !keys.every(isOrdinary)) return undefined;
  return { keys, inside: Object.values(value).map((inner) => innerShapeOf(inner, levels - 1)) };
}

/** A list is taken for one of objects when its first element is one. */
function innerShapeOf(value: unknown, levels: number): InnerShape | undefined {
  const isList = Array.isArray(value);
  const shape = shapeOf(isList ? value[0] : value, levels);
  return shape && { shape, isList };
}

/** Whether a key can be assigned like any other, keeps its place among them, and is written in one way. */
function isOrdinary(key: string): boolean {
  return !(key in Object.prototype) && !/^\d+$/.test(key) && JSON.stringify(key) === `"${key}"`;
}
