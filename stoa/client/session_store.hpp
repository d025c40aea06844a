#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "stoa/client/paid_channel.hpp"
#include "stoa/payment/purse.hpp"

namespace stoa::client {

/// A session: a channel, and where and for what it was opened.
struct Session {
    Session() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    ChannelMemory channel;
    std::uint64_t chain_id = 0;
    std::string model;  ///< As the user named it.
    std::string node;   ///< The URL of the node it was opened at.
    /// Of the purse that pays; without, the payer is the wallet itself.
    std::optional<eth::Address> owner;

    const eth::Address& wallet() const { return owner ? *owner : channel.config.payer; }
    /// Of a purse's; 0 for every other.
    unsigned lane() const { return owner ? payment::lane_of(channel.config).value_or(0) : 0; }
};

/// The sessions of this user, one file each. A session's money doesn't depend on its file: what is
/// lost here, `stoa session close` finds at the node by the wallet's address.
class SessionStore {
  public:
    explicit SessionStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Files that can't be read are left out.
    std::vector<Session> list() const;
    std::optional<Session> find(const Hash256& channel_id) const;

    /// Durable on return. Throws `std::system_error`.
    void save(const Session&) const;
    void remove(const Hash256& channel_id) const;

  private:
    std::filesystem::path file_of(const Hash256& channel_id) const;

    std::filesystem::path folder_;
};

std::string to_text(const Session&);
/// Nothing for text of another form.
std::optional<Session> parse_session(std::string_view);

}  // namespace stoa::client
