import { words } from './text';

const RIGHTS: Record<string, string> = {
  download: 'Download the weights', run: 'Run it yourself', derive: 'Make models from it',
  serve: 'Serve it to others', commercial: 'Use it commercially',
  learn: 'Train other models on its answers', attribution: 'Name its makers',
  reciprocal: 'Share what you make from it under the same terms',
  approval: 'Ask its owner before publishing what you make from it',
};

/** What the bits of a licence's rights allow, for people. */
export const rightText = (right: string): string => RIGHTS[right.toLowerCase()] ?? words(right);

/** What of later versions a licence covers. */
export function entitlementText(kind: string): string {
  switch (kind.toLowerCase()) {
    case 'current': return 'The version of the day, for good';
    case 'fixes': return 'Later fixes included';
    case 'updates': return 'All later updates included';
    case 'all': return 'All later updates and releases included';
    default: return words(kind);
  }
}
