/** What the conformance suite asks a server to have, beside what happens when its tools are called. */

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const silence = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

export const text = (words: string) => ({ type: 'text' as const, text: words });
const image = { type: 'image' as const, data: pixel, mimeType: 'image/png' };
const audio = { type: 'audio' as const, data: silence, mimeType: 'audio/wav' };
const resource = (uri: string, words: string, mimeType = 'text/plain') => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: words },
});

/** Tools that give the same each time. */
export const fixedTools = {
  test_simple_text: [text('This is a simple text response for testing.')],
  test_image_content: [image],
  test_audio_content: [audio],
  test_embedded_resource: [resource('test://embedded-resource', 'This is an embedded resource content.')],
  test_multiple_content_types: [
    text('Multiple content types test:'),
    image,
    resource('test://mixed-content-resource', '{"test":"data","value":123}', 'application/json'),
  ],
};

/** Tools that ask the client for something. */
export const elicitations = {
  test_elicitation_sep1034_defaults: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
  test_elicitation_sep1330_enums: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: { type: 'string', oneOf: titled('First Option', 'Second Option', 'Third Option') },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
    titledMulti: { type: 'array', items: { anyOf: titled('First Choice', 'Second Choice', 'Third Choice') } },
  },
} as const;

function titled(...titles: string[]) {
  return titles.map((title, index) => ({ const: `value${index + 1}`, title }));
}

const named = (name: string, inputSchema: object = {}) => ({
  name,
  description: name.replaceAll('_', ' '),
  inputSchema: { type: 'object' as const, ...inputSchema },
});
const withText = (argument: string) => ({ properties: { [argument]: { type: 'string' } }, required: [argument] });

export const toolList = [
  ...Object.keys(fixedTools).map((name) => named(name)),
  ...Object.keys(elicitations).map((name) => named(name)),
  ...['test_tool_with_logging', 'test_error_handling', 'test_tool_with_progress', 'test_reconnection'].map((name) => named(name)),
  named('test_sampling', withText('prompt')),
  named('test_elicitation', withText('message')),
  named('json_schema_2020_12_tool', {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $defs: { address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
    properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
    additionalProperties: false,
  }),
];

export const resourceList = [
  { uri: 'test://static-text', name: 'text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'binary', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'watched', mimeType: 'text/plain' },
];

export function readResource(uri: string) {
  const id = /^test:\/\/template\/(.+)\/data$/.exec(uri)?.[1];
  if (id !== undefined) {
    const data = { id, templateTest: true, data: `Data for ID: ${id}` };
    return { uri, mimeType: 'application/json', text: JSON.stringify(data) };
  }
  if (uri === 'test://static-binary') return { uri, mimeType: 'image/png', blob: pixel };
  return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
}

const said = (content: ReturnType<typeof text> | ReturnType<typeof resource> | typeof image) => ({ role: 'user' as const, content });

type Given = Readonly<Record<string, string>>;

/** By their names: what they take, and what they give. */
export const prompts = {
  test_simple_prompt: { takes: [], gives: () => [said(text('This is a simple prompt for testing.'))] },
  test_prompt_with_arguments: {
    takes: ['arg1', 'arg2'],
    gives: ({ arg1, arg2 }: Given) => [said(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
  },
  test_prompt_with_embedded_resource: {
    takes: ['resourceUri'],
    gives: ({ resourceUri = '' }: Given) => [
      said(resource(resourceUri, 'Embedded resource content for testing.')),
      said(text('Please process the embedded resource above.')),
    ],
  },
  test_prompt_with_image: { takes: [], gives: () => [said(image), said(text('Please analyze the image above.'))] },
} as const;
