// The functions that the page itself calls. A test holds them against contracts/abi.
import { parseAbi } from 'viem';

export const channelsAbi = parseAbi([
  'struct ChannelConfig { address payer; address payerAuthorizer; address receiver; address receiverAuthorizer; address token; uint40 withdrawDelay; bytes32 salt; }',
  'function initiateWithdraw(ChannelConfig config, uint128 amount)',
  'function finalizeWithdraw(ChannelConfig config)',
]);

export const marketAbi = parseAbi([
  'struct Order { uint256 offer; bytes32 termsDigest; address holder; uint256 n; address token; uint256 maxPrice; uint256 deadline; uint256 hall; uint256 relayFee; bytes32 salt; }',
  'function buy(Order order) returns (uint256 firstLicence)',
]);

export const servicesAbi = parseAbi([
  'function serviceOfReceiver(address receiver) view returns (uint256)',
]);

export const splitAbi = parseAbi([
  'function claim(address token, address account) returns (uint256 amount)',
]);

export const channelsSettleAbi = parseAbi([
  'function settle(address receiver, address token)',
]);

export const multicallAbi = parseAbi([
  'struct Call3 { address target; bool allowFailure; bytes callData; }',
  'struct Result { bool success; bytes returnData; }',
  'function aggregate3(Call3[] calls) payable returns (Result[] returnData)',
]);

export const tokenAbi = parseAbi([
  'function approve(address spender, uint256 value) returns (bool)',
  'function allowance(address owner, address spender) view returns (uint256)',
]);

export const pursesAbi = parseAbi([
  'function purseOf(address owner, address token) view returns (address)',
]);

export const purseAbi = parseAbi([
  'struct Policy { address key; address token; uint96 cap; uint96 capPerDay; uint96 capPerService; uint40 expires; uint256[] services; }',
  'event PolicySet(address indexed key, Policy policy, uint64 nonce)',
  'struct ChannelConfig { address payer; address payerAuthorizer; address receiver; address receiverAuthorizer; address token; uint40 withdrawDelay; bytes32 salt; }',
  'function exit(bytes signature)',
  'function close(ChannelConfig[] configs)',
]);
