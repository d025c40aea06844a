#include "stoa/gateway/paid_receipts.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace stoa::gateway {

namespace asio = boost::asio;

struct Receipts::Group {
    explicit Group(const asio::any_io_executor& executor)
        : is_signed(executor, asio::steady_timer::time_point::max()) {}

    std::vector<payment::Receipt> receipts;
    std::vector<Hash256> leaves;
    std::optional<payment::MerkleTree> tree;
    eth::Signature signature;
    asio::steady_timer is_signed;  ///< Cancelled when it is.
};

Receipts::Id Receipts::add(payment::Receipt receipt) {
    receipt.time = static_cast<std::uint64_t>(unix_seconds(clock_.now()));
    const Id id = domain_.leaf(receipt);
    if (!open_) {
        open_ = std::make_shared<Group>(executor_);
        // Behind everything that the same commit woke. The receipts may be gone by then.
        asio::post(executor_, [this, alive = std::weak_ptr(alive_)] {
            if (!alive.expired()) close();
        });
    }
    if (!kept_.try_emplace(id, Place{open_, open_->leaves.size()}).second) return id;
    open_->receipts.push_back(std::move(receipt));
    open_->leaves.push_back(id);
    order_.push_back(id);
    if (order_.size() > kKept) {
        kept_.erase(order_.front());
        order_.pop_front();
    }
    return id;
}

void Receipts::close() {
    const auto closing = std::move(open_);
    open_.reset();
    Group& group = *closing;
    group.tree.emplace(std::move(group.leaves));
    group.signature = signer_.sign_typed_digest(domain_.root_digest(group.tree->root()));
    group.is_signed.cancel();
}

Task<std::optional<payment::SignedReceipt>> Receipts::find(Id id) {
    const auto found = kept_.find(id);
    if (found == kept_.end()) co_return std::nullopt;
    const Place place = found->second;
    Group& group = *place.group;
    if (!group.tree) co_await group.is_signed.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!group.tree) co_return std::nullopt;
    co_return payment::SignedReceipt{group.receipts[place.index], group.tree->path(place.index),
                                     group.signature};
}

}  // namespace stoa::gateway
