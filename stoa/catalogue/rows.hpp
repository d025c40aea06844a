#pragma once

#include <optional>
#include <vector>

#include "stoa/catalogue/types.hpp"
#include "stoa/db/session.hpp"

namespace stoa::catalogue {

// Reads of the derived tables. `now` decides which services and prices hold.

std::vector<Version> versions_of(db::Session&, std::uint64_t model);
/// The one that holds, and the one that is announced.
std::pair<Royalty, std::optional<Royalty>> royalty_of(db::Session&, std::uint64_t model,
                                                      UnixTime now);
std::vector<Payee> payees_of(db::Session&, const eth::Address& split);
std::optional<Offer> offer_of(db::Session&, std::uint64_t id);
std::vector<Offer> offers_of(db::Session&, std::uint64_t model);
std::optional<Service> service_of(db::Session&, std::uint64_t id, UnixTime now);
/// Newest first; dead ones too.
std::vector<Service> services_of_model(db::Session&, std::uint64_t model, UnixTime now);

bool is_live(const Service&, UnixTime now);

/// The live service whose price stands for the model: `own`'s newest, else the cheapest.
std::optional<Service> shown_service(std::vector<Service>, const eth::Address& own, UnixTime now);

std::optional<Summary> summary_of(db::Session&, std::uint64_t model, const eth::Address& own,
                                  UnixTime now);

}  // namespace stoa::catalogue
