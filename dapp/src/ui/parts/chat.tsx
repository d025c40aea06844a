import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { dollars } from '../../lib/amount';
import { chatTurn, type ChatMessage, type Turn } from '../../lib/chat';
import { ownerOf, SessionSpent } from '@stoa/client';
import { openLane } from '../../lib/purse';
import { existingKey } from '../../lib/session_key';
import { useMarket } from '../market';
import { SendIcon, StopIcon } from './icons';
import { Failure } from './states';
import type { SessionParts } from './try';

type Shown = {
  id: number;
  question: string;
  answer: string;
  cost: bigint;
  exact: boolean;
  tokens: number;
  done: boolean;
  finish: string | null;
};

const MAX_ANSWER_TOKENS = 512;
/** A careful measure of text in tokens, for what fits into a model's context. */
const CHARS_PER_TOKEN = 3;

export function Chat({ model, terms, session, url, form, changed }: SessionParts) {
  const { api, store, deployment, tokenOf } = useMarket();
  const queries = useQueryClient();
  const token = tokenOf(session.config.token);
  const [turns, setTurns] = useState<Shown[]>([]);
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  const end = useRef<HTMLDivElement>(null);
  const busy = turns.at(-1)?.done === false;
  const total = turns.reduce((sum, { cost }) => sum + cost, 0n);
  const exact = turns.every((turn) => turn.exact);

  useEffect(() => () => running.current?.abort(), []);

  async function send(): Promise<void> {
    const question = typed.trim();
    if (question === '' || busy) return;
    const id = Date.now();
    const change = (part: Partial<Shown>) => setTurns((all) =>
      all.map((turn) => (turn.id === id ? { ...turn, ...part } : turn)));
    const { messages, maxTokens } = fitted(turns, question, form, terms.service);
    setTyped('');
    setError(null);
    setTurns((all) => [...all, {
      id, question, answer: '', cost: 0n, exact: false, tokens: 0, done: false, finish: null,
    }]);
    running.current = new AbortController();
    try {
      const key = await existingKey(store, deployment.chainId, ownerOf(session), session.config.payerAuthorizer);
      if (!key) throw new Error('This device no longer has the session\'s key. Take the rest back and open a new session.');
      const turn: Turn = await chatTurn({ store, key, channelId: session.channelId }, {
        url, model: model.alias ?? model.id, messages, maxTokens, price: terms.service,
        form: form === 'completion' ? 'completion' : 'chat', signal: running.current.signal,
        onProgress: ({ text, ...rest }) => change({ answer: text, ...rest }),
      }, {
        store, session, least: terms.typicalCall,
        open: (lane) => openLane({
          api, store, deployment, token, owner: ownerOf(session), session, model: model.id, terms, lane,
          onStep: () => undefined,
        }),
      });
      change({ done: true, finish: turn.finish });
      const next = await store.channel(session.channelId);
      if (next) changed(next);
      if (!turn.exact) void queries.invalidateQueries({ queryKey: ['money'] });
    } catch (cause) {
      // What failed costs nothing; the question stands in the field again.
      setTurns((all) => all.filter((turn) => turn.id !== id));
      if (!running.current?.signal.aborted) setError(cause);
      setTyped((now) => now || question);
    } finally {
      running.current = null;
    }
  }

  // Follows what is written, unless the reader has scrolled up to read.
  const text = turns.at(-1)?.answer;
  useEffect(() => {
    const list = end.current?.parentElement;
    if (list && list.scrollHeight - list.scrollTop - list.clientHeight < 160) list.scrollTop = list.scrollHeight;
  }, [text, turns.length]);

  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void send();
    }
  };
  return (
    <div className="chat">
      <div className="turns" tabIndex={0} role="log" aria-label="Conversation">
        {turns.length === 0 && (
          <p className="muted hint">
            {form === 'completion' ? 'This model continues what you write. Begin a sentence.'
              : 'Ask something. You see the cost of each answer as it is written.'}
          </p>
        )}
        {turns.map((turn) => <TurnView key={turn.id} turn={turn} form={form} decimals={token.decimals} />)}
        <div ref={end} />
      </div>
      {error instanceof SessionSpent ? (
        <div className="notice warn">
          <strong>This session is {dollars(error.missing, token.decimals)} short of the most that this call can cost.</strong>
          <span>Add money above, or ask for less.</span>
        </div>
      ) : error !== null && <Failure error={error} />}
      <form className="composer" onSubmit={(event) => { event.preventDefault(); void send(); }}>
        <textarea data-testid="chat-input" aria-label={form === 'completion' ? 'The beginning' : 'Your message'}
          placeholder={form === 'completion' ? 'Once upon a time' : 'Write a message'} rows={2} value={typed}
          onChange={(event) => setTyped(event.target.value)} onKeyDown={onKey} />
        {busy ? (
          <button type="button" className="primary round" aria-label="Stop: pay for what is written so far"
            onClick={() => running.current?.abort()}><StopIcon /></button>
        ) : (
          <button type="submit" className="primary round" data-testid="chat-send" aria-label="Send"
            disabled={typed.trim() === ''}><SendIcon /></button>
        )}
      </form>
      <div className="chat-total muted small">
        <span>
          This conversation: <span data-testid="chat-cost" data-exact={exact}>{exact ? '' : 'about '}{dollars(total, token.decimals)}</span>
          {' '}· no further signature from your wallet
        </span>
        {turns.length > 0 && !busy && <button type="button" className="bare small" onClick={() => { setTurns([]); setError(null); }}>New conversation</button>}
      </div>
    </div>
  );
}

/** A chat's turn is a question and its answer; a completion's is one text, its beginning in bold. */
function TurnView({ turn, form, decimals }: { turn: Shown; form: SessionParts['form']; decimals: number }) {
  const continues = form === 'completion';
  return (
    <div className="turn">
      {!continues && <p className="question">{turn.question}</p>}
      <div className="answer">
        {continues && <strong>{turn.question}</strong>}
        <span data-testid="chat-answer" {...(turn.done && { 'data-done': 'true' })}>{turn.answer}</span>
        {!turn.done && <span className="caret" aria-hidden="true" />}
      </div>
      <p className="muted small cost">
        {turn.tokens} tokens · {turn.exact ? '' : 'about '}{dollars(turn.cost, decimals)}
        {turn.finish === 'stopped' && ' · stopped'}
        {turn.finish === 'cut' && ' · the connection broke off'}
        {turn.finish === 'length' && ' · as long as allowed'}
      </p>
    </div>
  );
}

/** As much of the conversation as fits, the latest first to stay. */
function fitted(
  turns: Shown[], question: string, form: SessionParts['form'],
  { maxOutput, context }: { maxOutput: number; context: number },
): { messages: ChatMessage[]; maxTokens: number } {
  const maxTokens = Math.max(16, Math.min(MAX_ANSWER_TOKENS, maxOutput || MAX_ANSWER_TOKENS,
    context ? Math.floor(context / 2) : MAX_ANSWER_TOKENS));
  if (form !== 'chat') return { messages: [{ role: 'user', content: question }], maxTokens };
  let room = (context ? context - maxTokens : 2048) * CHARS_PER_TOKEN - question.length;
  const before: ChatMessage[] = [];
  for (const turn of turns.toReversed()) {
    room -= turn.question.length + turn.answer.length + 40;
    if (room < 0) break;
    before.unshift({ role: 'user', content: turn.question }, { role: 'assistant', content: turn.answer });
  }
  return { messages: [...before, { role: 'user', content: question }], maxTokens };
}
