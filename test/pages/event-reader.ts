/** Reads server-sent events: each call resolves with the name of the next one that is no beat, undefined at the end. */
export function nextEvent(answer: Response): () => Promise<string | undefined> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return async () => {
    for (;;) {
      const found = /event: (\w+)\n.*\n\n/.exec(text);
      if (found) {
        text = text.slice(found.index + found[0].length);
        if (found[1] === 'beat') continue;
        return found[1];
      }
      const read = await reader?.read();
      if (!read || read.done) return undefined;
      text += read.value;
    }
  };
}
