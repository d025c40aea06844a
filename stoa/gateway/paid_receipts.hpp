#pragma once

#include <deque>
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "stoa/io/clock.hpp"
#include "stoa/io/task.hpp"
#include "stoa/keys/signer.hpp"
#include "stoa/payment/receipt.hpp"

namespace stoa::gateway {

/// Signs what calls were charged for. Charges that one commit made durable come back to the event
/// loop together; their receipts are signed together, as leaves of one tree, in the loop's next
/// round: a call costs a few hashes, and only the group a signature. In memory, the newest only:
/// whoever needs a receipt for longer keeps it.
class Receipts {
  public:
    Receipts(boost::asio::any_io_executor executor, const io::Clock& clock,
             const keys::Signer& signer, std::uint64_t chain_id)
        : executor_(std::move(executor)), clock_(clock), signer_(signer), domain_(chain_id) {}

    using Id = Hash256;  ///< The receipt's leaf.

    /// The time is filled in. The signature follows.
    Id add(payment::Receipt);
    /// With its signature, once that is there; nothing for a receipt that isn't kept.
    Task<std::optional<payment::SignedReceipt>> find(Id);

    const payment::ReceiptDomain& domain() const { return domain_; }

    static constexpr std::size_t kKept = 50'000;

  private:
    struct Group;
    struct Place {
        std::shared_ptr<Group> group;
        std::size_t index = 0;
    };
    void close();

    boost::asio::any_io_executor executor_;
    const io::Clock& clock_;
    const keys::Signer& signer_;
    payment::ReceiptDomain domain_;
    std::shared_ptr<Group> open_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
    /// Flat: many thousands, of which nearly each look misses the processor's caches.
    boost::unordered_flat_map<Id, Place, std::hash<Id>> kept_;
    std::deque<Id> order_;
};

}  // namespace stoa::gateway
