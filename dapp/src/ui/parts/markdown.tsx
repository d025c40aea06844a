// A card is written by strangers. Its Markdown becomes elements, never HTML text: tags that it holds
// are shown as they stand, and pictures and other hosts' files aren't loaded.
import { lexer, type Token, type Tokens } from 'marked';
import { useMemo, type ReactNode } from 'react';

export function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => lexer(text, { gfm: true }), [text]);
  return <div className="prose">{blocks(tokens)}</div>;
}

/** Links that may be followed; anything else stays text. */
export function safeHref(href: string): string | null {
  try {
    const { protocol } = new URL(href);
    return protocol === 'https:' || protocol === 'http:' || protocol === 'mailto:' ? href : null;
  } catch {
    return href.startsWith('#') ? href : null;
  }
}

const blocks = (tokens: Token[] = []): ReactNode[] => tokens.map(block);

function block(token: Token, key: number): ReactNode {
  switch (token.type) {
    case 'heading': {
      // The page has h1 and h2 of its own.
      const { depth } = token as Tokens.Heading;
      const inside = inline(token.tokens);
      if (depth <= 1) return <h3 key={key}>{inside}</h3>;
      if (depth === 2) return <h4 key={key}>{inside}</h4>;
      return <h5 key={key}>{inside}</h5>;
    }
    case 'paragraph': return <p key={key}>{inline(token.tokens)}</p>;
    case 'blockquote': return <blockquote key={key}>{blocks(token.tokens)}</blockquote>;
    case 'code': return <pre key={key} tabIndex={0}><code>{token.text}</code></pre>;
    case 'hr': return <hr key={key} />;
    case 'list': {
      const { ordered, items, start } = token as Tokens.List;
      const inside = items.map((item, index) => <li key={index}>{blocks(item.tokens)}</li>);
      return ordered ? <ol key={key} start={start || 1}>{inside}</ol> : <ul key={key}>{inside}</ul>;
    }
    case 'table': {
      const { header, rows } = token as Tokens.Table;
      return (
        <div key={key} className="scroll">
          <table>
            <thead><tr>{header.map((cell, index) => <th key={index} scope="col">{inline(cell.tokens)}</th>)}</tr></thead>
            <tbody>
              {rows.map((row, index) => (
                <tr key={index}>{row.map((cell, column) => <td key={column}>{inline(cell.tokens)}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    }
    case 'space': case 'def': return null;
    case 'html': return <p key={key}>{token.raw.trim()}</p>;
    default: return <span key={key}>{inlineOne(token, 0)}</span>;
  }
}

const inline = (tokens: Token[] = []): ReactNode[] => tokens.map(inlineOne);

function inlineOne(token: Token, key: number): ReactNode {
  switch (token.type) {
    case 'strong': return <strong key={key}>{inline(token.tokens)}</strong>;
    case 'em': return <em key={key}>{inline(token.tokens)}</em>;
    case 'del': return <del key={key}>{inline(token.tokens)}</del>;
    case 'codespan': return <code key={key}>{unescape(token.text)}</code>;
    case 'br': return <br key={key} />;
    case 'link': return link(token.href, inline(token.tokens), key);
    case 'image': return link(token.href, `Picture: ${token.text || 'untitled'}`, key);
    case 'checkbox': return <input key={key} type="checkbox" disabled checked={Boolean(token.checked)} />;
    case 'paragraph': return <span key={key}>{inline(token.tokens)}</span>;
    default:
      return 'tokens' in token && token.tokens
        ? <span key={key}>{inline(token.tokens)}</span>
        : unescape('text' in token ? String(token.text) : token.raw);
  }
}

function link(href: string, inside: ReactNode, key: number): ReactNode {
  const safe = safeHref(href);
  if (!safe) return <span key={key}>{inside}</span>;
  return <a key={key} href={safe} rel="noreferrer nofollow ugc" target="_blank">{inside}</a>;
}

const ENTITIES: Record<string, string> = {
  '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': '\'',
};

/** The lexer escapes for HTML, which is not what comes out here. */
const unescape = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
