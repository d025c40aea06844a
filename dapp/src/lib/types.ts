// What the node answers, as docs/reference/http.md has it. Amounts are decimal strings of a
// token's smallest unit, times are Unix seconds.
import type { ChannelConfig, Token } from '@stoa/client';
import type { Address, Hex } from 'viem';

export type { ChannelConfig, Token };

export type Deployment = {
  chainId: number;
  name: string;
  rpcUrl: string;
  nativeCurrency: { name: string; symbol: string; decimals: number };
  genesisHash: Hex;
  block: number;
  contracts: Record<string, Address>;
  tokens: Token[];
  faucet: boolean;
  /** A block explorer, where the chain has one. */
  explorer?: string | null;
  relay: boolean;
};

export type CallPrice = {
  token: Address;
  perCall: string;
  perMillionInput: string;
  perMillionOutput: string;
};

/** Of the manifest; null and empty: nobody has said it. */
export type Abilities = {
  capabilities: string[];
  context: number | null;
  tools: boolean | null;
  reasoning: boolean | null;
  inputs: string[];
  outputs: string[];
  languages: string[];
  domains: string[];
  formats: string[];
  quantisation: string | null;
  precision: string | null;
  parameters: string | null;
  architecture: string | null;
  size: number | null;
};

export type ModelSummary = {
  id: string;
  canonicalId: string;
  alias?: string;
  name: string;
  slug: string;
  title: string;
  summary: string;
  task: string;
  tags: string[];
  licence: string;
  abilities: Abilities;
  creator: Address;
  owner: Address;
  version: number;
  status: 'active' | 'deprecated' | 'withdrawn';
  updatedAt: number;
  served: boolean;
  price: (CallPrice & { service: string; typicalCall: string }) | null;
  licencePrice: { offer: string; token: Address; amount: string } | null;
  licences: number;
  equalWeights: string[];
};

/** Those that people choose from, in the order of the page. */
export const FACETS = [
  'task', 'domain', 'capability', 'language', 'price', 'terms', 'licence', 'size', 'format', 'standing', 'tag',
] as const;
export type FacetName = typeof FACETS[number] | 'served' | 'creator';
export type Facet = { value: string; count: number };
export type Facets = Partial<Record<FacetName, Facet[]>>;
/** Values of a facet are alternatives. */
export type Filters = Partial<Record<FacetName, string[]>>;

export type ModelPage = {
  items: ModelSummary[];
  next: string | null;
  total: number;
  facets: Facets;
};

export type Version = {
  number: number;
  kind: 'release' | 'update' | 'fix';
  status: 'active' | 'deprecated' | 'withdrawn';
  reason?: string;
  time: number;
  manifestDigest: Hex;
  weightsDigest: Hex;
  cid: string;
  transaction: Hex;
  files: { name: string; size: number; sha256: string }[] | null;
  available: boolean;
  /** The least that a model built on it pays, of 10,000; null: none may be. */
  derivativeBps?: number | null;
};

export type Payee = {
  account: Address;
  share: number;
  kind?: 'payee' | 'parent';
  model?: string;
  label?: string;
};

export type Offer = {
  id: string;
  model: string;
  seller: Address;
  prices: { token: Address; floor: string; cap: string }[];
  price: { token: Address; amount: string };
  period: number;
  calls: number;
  seats: number;
  rights: string[];
  entitlement: string;
  transferable: boolean;
  termsDigest: Hex;
  active: boolean;
  terms?: string;
};

/** A price now, why it is so, and what it was; excess and most in 1e18 sales, the others in 1e9. */
export type OfferPrices = {
  token: Address;
  price: string;
  floor: string;
  cap: string;
  renewalCap: string;
  excess: string;
  most: string;
  targetPerDay: string;
  sensitivity: string;
  next: {
    prices: { token: Address; floor: string; cap: string }[]; targetPerDay: string; sensitivity: string; from: number;
  } | null;
  sales: { time: number; n: number; amount: string; excess: string; transaction: Hex }[];
};

export type Service = CallPrice & {
  id: string;
  provider: Address;
  model: string;
  version: number;
  endpoint: string;
  receiver: Address;
  receiverAuthorizer: Address;
  validUntil: number;
  payees: Payee[];
  local: boolean;
  maxOutput: number;
  context: number;
};

export type ModelDetail = ModelSummary & {
  card: string;
  versions: Version[];
  payTo: Address;
  payees: Payee[];
  offers: Offer[];
  services: Service[];
  serving: string;
  callRoyaltyBps: number;
  parents: { model: string; version: number; bps: number }[];
};

export type Licence = {
  id: string;
  offer: string;
  model: string;
  modelTitle: string;
  holder: Address;
  issuedAt: number;
  expires: number;
  remaining: number;
  seats: number;
  rights: string[];
  pricePaid: string;
  token: Address;
  valid: boolean;
  renewable: boolean;
  termsDigest: Hex;
  transaction: Hex;
};

export type MoneyState =
  | 'free' | 'locked' | 'reserved' | 'charged' | 'refundable' | 'withdrawing' | 'transit' | 'claimed'
  | 'coming' | 'claimable' | 'rest';

/** What a session may spend, as the node keeps it and the contract doesn't. */
export type SessionLimits = {
  perDay: string | null;
  expires: number | null;
  nonce: string;
  chargedToday: string;
  revoked: boolean;
  keptBy: string;
};

export type MoneyChannel = {
  channelId: Hex;
  config: ChannelConfig;
  balance: string;
  charged: string;
  claimed: string;
  refundable: string;
  withdrawRequestedAt: number;
  withdrawAmount: string;
  refundNonce: string;
  service?: string | null;
  model?: string | null;
  modelTitle?: string | null;
  idleSince?: number | null;
  /** Where a purse pays it: which, and whose. */
  purse?: Address;
  owner?: Address;
  /** Of a purse's: 0, or more for calls at once. */
  lane?: number;
  limits?: SessionLimits;
};

export type MoneyPurse = { purse: Address; token: Address; leaving: boolean; nonce: number | string };

export type MoneyItem = {
  id: string;
  kind: 'wallet' | 'purse' | 'channel' | 'receiver' | 'split' | 'transit';
  side: 'buyer' | 'provider' | 'payee';
  token: Address;
  amount: string;
  state: MoneyState;
  where: Address;
  why: string;
  how: string;
  until: number | null;
  transaction: Hex | null;
  partOf: string | null;
  channel?: MoneyChannel;
  purse?: MoneyPurse;
  split?: { split: Address; share: number; token: Address; payee?: Address };
  transit?: { action: 'deposit' | 'claim' | 'refund'; channelId: Hex; to: Address };
};

export type MoneyToken = {
  token: Address;
  symbol: string;
  decimals: number;
  wallet: string;
  locked: string;
  charged: string;
  refundable: string;
  transit: string;
  earned: string;
  claimable: string;
  claimed: string;
};

export type Money = { address: Address; tokens: MoneyToken[]; items: MoneyItem[]; native: string };

export type RelayTerms = {
  address: Address;
  fees: { order: string; deposit: string; exit: string };
  free: number;
};

export type Relayed = { transaction: Hex; block: number };

export type ServedModel = {
  id: string;
  stoa?: {
    name: string;
    canonicalId: string;
    version: number;
    capabilities: string[] | Record<string, boolean>;
    context: number;
  };
};
