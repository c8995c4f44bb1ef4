import { z } from 'zod';
import type { Path } from './problem.ts';
import { configSchema } from './schema.ts';

interface Shape {
  properties?: Record<string, Shape>;
  additionalProperties?: Shape | boolean;
  items?: Shape;
  anyOf?: Shape[];
}

let root: Shape | undefined;

/** The keys that a mapping at this path may have; none if they are free to choose. */
export function knownKeys(path: Path): string[] {
  root ??= z.toJSONSchema(configSchema, { io: 'input' }) as Shape;
  let shapes = [root];
  for (const step of path) shapes = shapes.flatMap((shape) => alternatives(shape).flatMap((one) => below(one, step)));
  return [...new Set(shapes.flatMap(alternatives).flatMap((shape) => Object.keys(shape.properties ?? {})))];
}

function alternatives(shape: Shape): Shape[] {
  return shape.anyOf ? shape.anyOf.flatMap(alternatives) : [shape];
}

function below(shape: Shape, step: string | number): Shape[] {
  if (typeof step === 'number') return shape.items ? [shape.items] : [];
  const property = shape.properties && Object.hasOwn(shape.properties, step) ? shape.properties[step] : undefined;
  if (property) return [property];
  return typeof shape.additionalProperties === 'object' ? [shape.additionalProperties] : [];
}
