// What an RPC node answers, which may lie.
#include "stoa/chain/rpc.hpp"

#include <boost/json.hpp>

#include "stoa/chain/codec.hpp"
#include "stoa/content/canonical_json.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {

void run(Bytes input) {
    const auto value = content::parse_json(text_of(input));
    if (!value) return;
    const auto tried = [&](auto read) {
        try {
            (void)read(*value);
        } catch (const chain::RpcFailure&) {
            return;
        }
    };
    tried(chain::read_number);
    tried(chain::read_u256);
    tried(chain::read_hash);
    tried(chain::read_address);
    tried(chain::read_data);
    tried(chain::read_header);
    tried(chain::read_log);
    tried(chain::read_receipt);
}

}  // namespace stoa::fuzz
