import type { Answer, Request } from './request.ts';

/** A shorter one would be found everywhere. */
const LEAST_LENGTH = 4;

/** Takes the secrets that a request carries out of a text: servers, and what stands before them, echo requests in their errors. */
export function withoutSecrets({ headers, secret }: Pick<Request, 'headers' | 'secret'>, text: string): string {
  let said = text;
  for (const value of [headers['x-auth-token'], secret?.reveal()]) {
    if (value === undefined || value.length < LEAST_LENGTH) continue;
    const escaped = JSON.stringify(value).slice(1, -1);
    for (const form of [value, escaped, ...[value, escaped].map((one) => encodeURIComponent(one.toWellFormed()))])
      said = said.replaceAll(form, '<secret>');
  }
  return said;
}

/** The same answer without an echo of the request's secrets in its headers. */
export function withoutEcho(request: Request, answer: Answer): Answer {
  const headers = Object.entries(answer.headers).map(([name, value]) => [
    name,
    typeof value === 'string' ? withoutSecrets(request, value) : value,
  ]);
  return { ...answer, headers: Object.fromEntries(headers) as Answer['headers'] };
}
