#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "stoa/client/payer.hpp"

namespace stoa::client {

/// Carries an answer from the task that pays for it to the one that writes it. Bounded: a slow
/// reader slows the node down, which charges for what was delivered.
class Pipe final : public Sink {
  public:
    explicit Pipe(boost::asio::any_io_executor);
    ~Pipe() override;

    // The paying side.
    Task<void> begin(const io::ClientResponse& head) override;
    Task<bool> piece(std::string_view) override;
    /// Nothing more comes; `refusal` where there never was a head.
    Task<void> finish(std::optional<io::Response> refusal);

    // The reading side.
    /// Waits for the head or the refusal: status and headers, or the whole refusal.
    Task<io::Response> head();
    bool refused() const { return refused_; }
    /// The next bytes; nothing at the end.
    Task<std::optional<std::string>> next();
    /// The reader is gone: `piece` returns false from now on.
    void close();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    std::optional<io::Response> head_;
    bool refused_ = false;
};

/// Lets one task at a time through; the others wait in line.
class Turnstile {
  public:
    explicit Turnstile(boost::asio::any_io_executor);
    ~Turnstile();

    Task<void> enter();
    void leave();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::client
