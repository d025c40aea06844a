#pragma once

#include <string>

#include <boost/json.hpp>

#include "stoa/base/amount.hpp"
#include "stoa/chain/types.hpp"

namespace stoa::chain {

// The JSON of Ethereum's JSON-RPC interface (ethereum/execution-apis): quantities are `0x` and hex
// digits without leading zeros, data are `0x` and two digits a byte. What comes from an endpoint is
// untrusted: every reader throws `RpcFailure` for what it can't understand, so that the next
// endpoint is asked.

std::string to_quantity(const U256&);
std::string to_quantity(std::uint64_t);
std::string_view to_text(Tag);

std::uint64_t read_number(const boost::json::value&);
U256 read_u256(const boost::json::value&);
Hash256 read_hash(const boost::json::value&);
eth::Address read_address(const boost::json::value&);
ByteVector read_data(const boost::json::value&);

Header read_header(const boost::json::value&);
Log read_log(const boost::json::value&);
Receipt read_receipt(const boost::json::value&);

boost::json::object write_call(const Call&);

}  // namespace stoa::chain
