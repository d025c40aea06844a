#pragma once

#include "stoa/gateway/served.hpp"
#include "stoa/io/http.hpp"
#include "stoa/ledger/settler.hpp"

namespace stoa::gateway {

/// What the operator asks on the unix socket `run/admin.sock`, which the file system guards:
/// `GET /status`, and `POST /claim`, which brings all that was earned to the chain.
class AdminRoutes {
  public:
    AdminRoutes(ledger::Settler&, ledger::Ledger&, ledger::ChannelReader, const ServedModels&,
                eth::Address provider);

    Task<io::Response> handle(io::Request&);

  private:
    Task<io::Response> claim();
    io::Response status() const;
    Task<std::vector<ledger::ChannelReader::Receiver>> receivers();

    ledger::Settler& settler_;
    ledger::Ledger& ledger_;
    ledger::ChannelReader reader_;
    const ServedModels& served_;
    eth::Address provider_;
};

}  // namespace stoa::gateway
