// What a model can do, as its manifest says: the same four things on every card, and all of it on
// the model's page. What nobody has said is unknown, and says so.
import type { Abilities } from '../../lib/types';
import { fileSize, words } from './text';

const COUNT = new Intl.NumberFormat('en-GB');
const LANGUAGES = new Intl.DisplayNames('en', { type: 'language' });

export function language(tag: string): string {
  try {
    return LANGUAGES.of(tag) ?? tag;
  } catch {
    return tag;  // not one that the standard knows
  }
}

const tokens = ({ context }: Abilities) => context === null ? null : `${COUNT.format(context)} tokens`;
const tools = ({ tools: has }: Abilities) => has === null ? null : has ? 'uses tools' : 'no tools';
const types = ({ inputs, outputs }: Abilities) =>
  inputs.length + outputs.length === 0 ? null : `${inputs.join(', ') || '?'} → ${outputs.join(', ') || '?'}`;

export function AbilityLine({ abilities }: { abilities: Abilities }) {
  const items = [
    ['Context', tokens(abilities)], ['Tools', tools(abilities)], ['Modalities', types(abilities)],
    ['Quantisation', abilities.quantisation],
  ] as const;
  return (
    <ul className="abilities" data-testid="abilities">
      {items.map(([name, value]) => (
        <li key={name} className={value === null ? 'unknown' : undefined}>
          {value === null ? `${name} unknown` : <><span className="unseen">{name}: </span>{value}</>}
        </li>
      ))}
    </ul>
  );
}

export function AbilityList({ abilities }: { abilities: Abilities }) {
  const list = (values: string[], text = words) => values.length ? values.map(text).join(', ') : null;
  const yes = (value: boolean | null) => value === null ? null : value ? 'yes' : 'no';
  const items = [
    ['Called for', list(abilities.capabilities)], ['Context', tokens(abilities)],
    ['Tools', yes(abilities.tools)], ['Reasoning', yes(abilities.reasoning)],
    ['Takes', list(abilities.inputs)], ['Gives', list(abilities.outputs)],
    ['Languages', list(abilities.languages, language)], ['Made for', list(abilities.domains)],
    ['Parameters', abilities.parameters], ['Quantisation', abilities.quantisation],
    ['Precision', abilities.precision], ['Architecture', abilities.architecture],
    ['Format', list(abilities.formats)],
    ['Size', abilities.size === null ? null : fileSize(abilities.size)],
  ] as const;
  return (
    <dl className="ability-list" data-testid="ability-list">
      {items.map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value ?? <span className="muted">unknown</span>}</dd></div>
      ))}
    </dl>
  );
}
