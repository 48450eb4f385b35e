/** One HTTP answer as it came: nothing followed, nothing thrown for a status. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; undefined when it is something else. */
  readonly json: unknown;
  readonly tookMs: number;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

/** Sends one request and reads the whole answer. Throws only when there is none. */
export async function send(url: string, question: Question = {}): Promise<Answer> {
  const { body } = question;
  const started = performance.now();
  const response = await fetch(url, {
    method: question.method ?? (body === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...question.headers,
    },
    signal: AbortSignal.timeout(question.timeoutMs ?? 60_000),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text,
    json: parsed(text),
    tookMs: performance.now() - started,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
