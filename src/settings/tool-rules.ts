import { z } from 'zod';

/** What the configuration says of single tools, by their exact names; it outweighs what the tools say of themselves. */
export const toolRules = z.record(
  z.string().min(1, 'expected the name of a tool').max(256),
  z.strictObject({ repeatable: z.boolean().describe('Whether the tool may be called again although it may have been called already.') }),
);

export type ToolRules = z.output<typeof toolRules>;
