#include "stoa/market/error.hpp"

namespace stoa::market {

ErrorText text_of(MarketError error) {
    using enum MarketError;
    switch (error) {
        case bad_split:
            return {"bad_split", "a split is written 0xACCOUNT:PARTS, pairs joined by commas"};
        case no_payees: return {"no_payees", "a split pays at least one account"};
        case too_many_payees: return {"too_many_payees", "a split pays at most 32 accounts"};
        case payee_twice: return {"payee_twice", "an account stands twice in the split"};
        case payees_unsorted:
            return {"payees_unsorted", "the accounts of a split ascend by their number"};
        case zero_share: return {"zero_share", "every share is at least a millionth of the whole"};
        case shares_not_whole:
            return {"shares_not_whole", "the shares of a split sum to 1,000,000"};
        case unknown_right:
            return {"unknown_right",
                    "the rights are download, run, derive, serve, commercial and learn; duties are "
                    "attribution, reciprocal and approval"};
        case no_curve:
            return {"no_curve",
                    "a price lies between a floor above 0 and a cap that is not below it,"
                    " with a sensitivity where they differ"};
    }
    return {"unexpected", "unknown error"};
}

std::error_code make_error_code(MarketError error) {
    return error_code_of("market", error);
}

}  // namespace stoa::market
