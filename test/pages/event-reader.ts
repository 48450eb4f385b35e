/** Reads server-sent events: each call resolves with the next event's name, undefined at the end. */
export function nextEvent(answer: Response): () => Promise<string | undefined> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return async () => {
    for (;;) {
      const found = /event: (\w+)\n.*\n\n/.exec(text);
      if (found) {
        text = text.slice(found.index + found[0].length);
        return found[1];
      }
      const read = await reader?.read();
      if (!read || read.done) return undefined;
      text += read.value;
    }
  };
}
