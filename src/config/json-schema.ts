import { z } from 'zod';
import { configSchema } from './schema.ts';

/** Where a number, a unit or a choice stands, the environment may give it. */
const reference = { type: 'string', pattern: '\\$\\{|^file:', description: 'An environment variable or file:/path.' };

/** The JSON Schema (draft 7, which YAML language servers read) of the configuration as it is written. */
export function configJsonSchema(): unknown {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-7',
    override({ jsonSchema, path }) {
      // References stand in values, never in keys.
      if (path.at(-1) === 'propertyNames') return;
      const { type, pattern, enum: options } = jsonSchema;
      const plain = type === 'number' || type === 'integer' || type === 'boolean' || pattern !== undefined || options !== undefined;
      if (!plain) return;
      const { default: preset, description, ...rest } = jsonSchema;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      Object.assign(jsonSchema, {
        ...(description !== undefined && { description }),
        ...(preset !== undefined && { default: preset }),
        anyOf: [rest, { $ref: '#/definitions/reference' }],
      });
    },
  });
  return { ...schema, definitions: { reference } };
}
