/** What a node refused, and the way out: its problem document (RFC 9457) or OpenAI's shape. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly fix: string | undefined;

  constructor(status: number, code: string, message: string, fix?: string) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.fix = fix;
  }
}

/** The node said no, so that nothing was done. */
export const isRefusal = (error: unknown): error is Problem =>
  error instanceof Problem && error.status >= 400 && error.status < 500;

type Fields = Partial<Record<'title' | 'detail' | 'message' | 'code' | 'fix', unknown>>;

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** Reads the refusal in a response. Never throws: a body of another kind gives the status. */
export async function problemOf(response: Response): Promise<Problem> {
  const raw = await response.text().catch(() => '');
  let fields: Fields = {};
  try {
    const parsed: unknown = JSON.parse(raw);
    if (parsed && typeof parsed === 'object') {
      fields = ('error' in parsed && parsed.error && typeof parsed.error === 'object'
        ? parsed.error : parsed) as Fields;
    }
  } catch {
    // Not JSON, such as a proxy's page.
  }
  const message = text(fields.detail) ?? text(fields.message) ?? text(fields.title)
    ?? `The node answered ${response.status}.`;
  return new Problem(response.status, text(fields.code) ?? String(response.status), message,
    text(fields.fix));
}

export function unreachable(cause: unknown): Problem {
  const problem = new Problem(0, 'unreachable', 'The node does not answer.',
    'Check that it is running and that you are online, then try again.');
  problem.cause = cause;
  return problem;
}
