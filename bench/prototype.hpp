// The least server that can be paid in the same way: what a paid call costs where nothing is
// promised. It takes the requests of a Shop, believes the first voucher of a channel, checks the
// others against the key that signed it, makes one record of each durable, and answers. It knows
// no prices, balances, retries, receipts or restarts.
#pragma once

#include <memory>

#include <boost/asio/io_context.hpp>

namespace stoa::bench {

/// Runs on threads of its own.
class Prototype {
  public:
    Prototype();
    ~Prototype();
    unsigned short port() const;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace stoa::bench
