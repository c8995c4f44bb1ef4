const polls = /(?:^|[_.\-\s/])(?:status|poll|wait|list|logs?|read_output|write_stdin|sleep|watch|tail|heartbeat)(?:$|[_.\-\s/])/iu;
const mutates =
  /(?:^|[_.\-\s/])(?:write|edit|create|delete|remove|update|insert|append|patch|apply|replace|move|rename|send|post|put|commit|push|install|set|submit|book|cancel)(?:$|[_.\-\s/])/iu;

/** Whether a tool is, by its name, there to be asked again until something has happened. */
export function pollsByName(tool: string): boolean {
  return polls.test(separated(tool));
}

/** Whether a tool changes something, by its name. */
export function mutatesByName(tool: string): boolean {
  return mutates.test(separated(tool));
}

/** Whether a command sleeps before it looks, as one does that waits for something. */
export function waits(action: string): boolean {
  return sleeps.test(action);
}

const sleeps = /\bsleep \d/u;

function separated(tool: string): string {
  return tool.replace(/([a-z])([A-Z])/gu, '$1_$2');
}
