#include "stoa/catalogue/catalogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/eth/abi.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::catalogue {
namespace {

using eth::abi::Value;
using testing::ElementsAre;

constexpr std::uint64_t kChain = 713371;
constexpr UnixTime kNow{std::chrono::seconds{1'000'000}};

eth::Address address(std::uint8_t last) {
    eth::Address it;
    it.bytes[0] = 0xaa;
    it.bytes[19] = last;
    return it;
}
const eth::Address kCreator = address(7);
const eth::Address kBuyer = address(1);
const eth::Address kPayTo = address(50);
const eth::Address kReceiver = address(51);
const eth::Address kToken = address(60);

constexpr const char* kOfferCreated =
    "OfferCreated(uint256 indexed offer,uint256 indexed model,address indexed seller,"
    "((address token,uint96 floor,uint96 cap)[] prices,uint64 targetPerDay,uint64 sensitivity,"
    "uint16 maxCommissionBps,(uint256 model,uint256 service,uint40 period,uint32 calls,"
    "uint16 seats,uint32 rights,uint8 entitlement,uint32 entitledFor,bool transferable,"
    "bool restToService,bytes32 termsDigest) terms) terms)";

chain::Deployment deployment() {
    chain::Deployment it;
    chain::Token token;
    token.address = kToken;
    token.decimals = 6;
    it.tokens.push_back(token);
    it.chain_id = kChain;
    std::uint8_t last = 100;
    for (const char* name :
         {"ModelRegistry", "Market", "Licences", "Services", "Splits", "Channels"}) {
        it.contracts.emplace(name, address(last++));
    }
    return it;
}

/// An event as a contract would write it; values in the order of declaration.
chain::Log log_of(const eth::Address& contract, const char* declaration,
                  const std::vector<Value>& values) {
    const eth::abi::Event event(declaration);
    chain::Log log;
    log.address = contract;
    log.topics.push_back(event.topic());
    eth::abi::Type data;
    std::vector<Value> in_data;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto& type = event.parameters().members[i];
        if (type.indexed) {
            log.topics.push_back(values[i].as_word());
        } else {
            data.members.push_back(type);
            data.dynamic = data.dynamic || type.dynamic;
            in_data.push_back(values[i]);
        }
    }
    data.head_words = 0;
    for (const auto& type : data.members) data.head_words += type.dynamic ? 1 : type.head_words;
    log.data = eth::abi::encode(data, in_data);
    return log;
}

std::string manifest_text(const std::string& name, const std::string& summary,
                          const std::string& task) {
    return R"({"description":")" + summary + R"(","name":")" + name +
           R"(","properties":{"license":"MIT","tags":["small"],"task":")" + task +
           R"(","title":")" + name + R"("},"type":"ModelListing"})";
}

class CatalogueTest : public testing::Test {
  protected:
    CatalogueTest()
        : folder_(std::filesystem::temp_directory_path() /
                  ("catalogue-" + std::to_string(::getpid()))),
          made_(std::filesystem::create_directories(folder_)),
          database_(folder_ / "catalogue.sqlite"),
          catalogue_(database_, deployment_) {}
    ~CatalogueTest() override { std::filesystem::remove_all(folder_); }

    template <class T>
    T wait(Task<T> task) {
        boost::asio::io_context loop;
        std::optional<T> result;
        std::exception_ptr failure;
        boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr why, T value) {
            failure = why;
            result.emplace(std::move(value));
        });
        loop.run();
        if (failure) std::rethrow_exception(failure);
        return std::move(*result);
    }

    void block(std::uint64_t number, std::vector<chain::Log> logs) {
        chain::Header header;
        header.id.number = number;
        header.time = 1'000 * number;
        std::uint32_t index = 0;
        for (chain::Log& log : logs) {
            log.block = header.id;
            log.index = index++;
        }
        database_.write_now([&](db::Session& session) { catalogue_.apply(session, header, logs); });
    }
    void undo(std::uint64_t keep) {
        database_.write_now([&](db::Session& session) { catalogue_.undo(session, keep); });
    }

    std::vector<chain::Log> registered(std::uint64_t id, const std::string& slug,
                                       const std::string& manifest) {
        const auto& registry = deployment_.contract("ModelRegistry");
        return {
            log_of(registry, "Transfer(address indexed from,address indexed to,uint256 indexed m)",
                   {eth::kZeroAddress, kCreator, id}),
            log_of(registry, "ModelRegistered(uint256 indexed m,address indexed r,string slug)",
                   {id, kCreator, slug}),
            log_of(
                registry,
                "VersionPublished(uint256 indexed m,uint32 indexed v,bytes32 indexed w,uint8 k,"
                "bytes32 manifest,string cid,bool d,uint16 bps)",
                {id, 1, eth::keccak256("weights"), 0, eth::keccak256(manifest), "bafk", false, 0}),
            log_of(registry, "PayToSet(uint256 indexed m,address indexed p,(address,uint32)[] all)",
                   {id, kPayTo, std::vector<Value>{std::vector<Value>{kCreator, 1'000'000}}}),
        };
    }
    std::vector<chain::Log> offered(std::uint64_t service, std::uint64_t model,
                                    std::uint64_t per_call) {
        const auto& services = deployment_.contract("Services");
        return {
            log_of(services,
                   "ServiceOffered(uint256 indexed s,uint256 indexed m,address indexed p,uint32 v,"
                   "address receiver,address authorizer,uint40 until,string endpoint,"
                   "(address,uint32)[] payees)",
                   {service, model, kCreator, 1, kReceiver, kCreator, 2'000'000, "http://x/v1",
                    std::vector<Value>{std::vector<Value>{kPayTo, 1'000'000}}}),
            log_of(services,
                   "PricingSet(uint256 indexed s,(address,uint96,uint128,uint128)[] p,uint64 at)",
                   {service,
                    std::vector<Value>{std::vector<Value>{kToken, per_call, 1'000'000, 2'000'000}},
                    1}),
        };
    }

    /// An offer of `model` for a licence of `period` seconds.
    std::vector<chain::Log> sold(std::uint64_t offer, std::uint64_t model, std::uint64_t period) {
        const std::vector<Value> price{kToken, 5, 5};
        const std::vector<Value> terms{model, 0, period, 0, 1, 3, 0, 0, false, false, Hash256{}};
        const std::vector<Value> prices{price};
        return {log_of(deployment_.contract("Market"), kOfferCreated,
                       {offer, model, kCreator, std::vector<Value>{prices, 0, 0, 0, terms}})};
    }

    std::vector<std::uint64_t> found(Query query) {
        std::vector<std::uint64_t> ids;
        for (const auto& item : wait(catalogue_.search(std::move(query), kNow)).items) {
            ids.push_back(item.id);
        }
        return ids;
    }

    chain::Deployment deployment_ = deployment();
    std::filesystem::path folder_;
    bool made_;
    db::Database database_;
    Catalogue catalogue_;
};

const std::string kStories =
    manifest_text("Stories", "Tells tales to children.", "text-generation");
const std::string kSpeech = manifest_text("Listener", "Hears speech in noise.", "speech-detection");

TEST_F(CatalogueTest, a_registered_model_is_listed_with_its_price_and_payees) {
    block(1, registered(1, "stories", kStories));
    block(2, offered(9, 1, 10));
    ASSERT_TRUE(wait(catalogue_.put_manifest(eth::keccak256(kStories), kStories)));

    const auto detail = wait(catalogue_.detail(1, kNow)).value();
    EXPECT_EQ(detail.summary.title, "Stories");
    EXPECT_EQ(detail.summary.creator, kCreator);
    EXPECT_EQ(detail.summary.version, 1u);
    ASSERT_TRUE(detail.summary.service);
    EXPECT_EQ(detail.summary.service->price.per_call, Amount{10});
    ASSERT_EQ(detail.payees.size(), 1u);
    EXPECT_EQ(detail.payees[0].account, kCreator);
    ASSERT_EQ(detail.services.size(), 1u);
    EXPECT_EQ(detail.services[0].payees[0].parent, 1u);
}

TEST_F(CatalogueTest, what_was_final_is_not_taken_back_but_read_again) {
    block(1, registered(1, "stories", kStories));
    block(2, offered(9, 1, 10));
    chain::Heads heads;
    heads.finalized = 2;
    catalogue_.advanced(heads, std::nullopt);
    block(3, registered(2, "listener", kSpeech));
    EXPECT_THROW(undo(1), chain::CannotUndo);
    undo(2);
    EXPECT_FALSE(wait(catalogue_.summary(2, kNow)));

    database_.write_now([&](db::Session& session) { catalogue_.wipe(session); });
    block(1, registered(1, "stories", kStories));
    undo(0);
    EXPECT_FALSE(wait(catalogue_.summary(1, kNow)));
}

TEST_F(CatalogueTest, a_block_taken_back_leaves_no_trace) {
    block(1, registered(1, "stories", kStories));
    const auto before = wait(catalogue_.detail(1, kNow)).value();
    const auto& registry = deployment_.contract("ModelRegistry");
    auto logs = offered(9, 1, 10);
    logs.push_back(log_of(registry,
                          "StatusSet(uint256 indexed m,uint32 indexed v,uint8 s,string r)",
                          {1, 1, 2, "it's broken"}));
    logs.push_back(log_of(registry,
                          "Transfer(address indexed f,address indexed t,uint256 indexed m)",
                          {kCreator, kBuyer, 1}));
    block(2, logs);
    block(3, registered(2, "listener", kSpeech));
    EXPECT_EQ(wait(catalogue_.summary(1, kNow))->owner, kBuyer);

    undo(1);
    const auto after = wait(catalogue_.detail(1, kNow)).value();
    EXPECT_EQ(after.summary.owner, kCreator);
    EXPECT_EQ(after.versions[0].status, Status::active);
    EXPECT_EQ(after.versions[0].reason, "");
    EXPECT_TRUE(after.services.empty());
    EXPECT_EQ(after.summary.updated_at, before.summary.updated_at);
    EXPECT_FALSE(wait(catalogue_.summary(2, kNow)));
    EXPECT_THAT(found({}), ElementsAre(1));
    EXPECT_EQ(wait(catalogue_.feed_after(1, 100, 10)).size(), 0u);

    block(2, offered(9, 1, 11));
    EXPECT_EQ(wait(catalogue_.summary(1, kNow))->service->price.per_call, Amount{11});
}

TEST_F(CatalogueTest, words_find_models_and_facets_count_them) {
    block(1, registered(1, "stories", kStories));
    block(2, registered(2, "listener", kSpeech));
    ASSERT_TRUE(wait(catalogue_.put_manifest(eth::keccak256(kStories), kStories)));
    ASSERT_TRUE(wait(catalogue_.put_manifest(eth::keccak256(kSpeech), kSpeech)));

    EXPECT_THAT(found({}), ElementsAre(2, 1));
    EXPECT_THAT(found({.text = "tale for a child"}), ElementsAre());
    EXPECT_THAT(found({.text = "tales child"}), ElementsAre(1));
    EXPECT_THAT(found({.text = "SPEECH"}), ElementsAre(2));
    EXPECT_THAT(found({.text = "\") OR \"*"}), ElementsAre());
    EXPECT_THAT(found({.text = {}, .filters = {{Facet::task, "speech-detection"}}}),
                ElementsAre(2));

    const auto page = wait(catalogue_.search({}, kNow));
    ASSERT_EQ(page.of(Facet::task).size(), 2u);
    ASSERT_EQ(page.of(Facet::licence).size(), 1u);
    EXPECT_EQ(page.of(Facet::licence)[0].count, 2u);
}

TEST_F(CatalogueTest, meaning_finds_what_no_word_does) {
    block(1, registered(1, "stories", kStories));
    ASSERT_TRUE(wait(catalogue_.put_manifest(eth::keccak256(kStories), kStories)));
    const auto missing = wait(catalogue_.without_meaning(10));
    ASSERT_EQ(missing.size(), 1u);
    EXPECT_EQ(missing[0].second, "Stories. Tells tales to children. small");
    Query query{.text = "bedtime fiction"};
    query.meaning = {0.6f, 0.8f};
    EXPECT_THAT(found(query), ElementsAre());
    const auto set = [](Catalogue& it) -> Task<bool> {
        std::vector<float> vector{0.6f, 0.8f};
        co_await it.set_meaning(1, std::move(vector));
        co_return true;
    };
    wait(set(catalogue_));
    EXPECT_THAT(found(query), ElementsAre(1));
    EXPECT_TRUE(wait(catalogue_.without_meaning(10)).empty());
}

std::string rich_manifest(const std::string& name, const std::string& domain,
                          const std::string& language) {
    return R"({"description":"Reads.","name":")" + name +
           R"(","properties":{"artifacts":[{"format":"GGUF","path":"m","role":"weights",)"
           R"("size":2000000000}],"capabilities":["chat"],"contextLength":4096,"domains":[")" +
           domain +
           R"("],"license":"MIT","model":{"config":{"capabilities":{"inputTypes":)"
           R"(["text","image"],"languages":["EN",")" +
           language +
           R"("],"toolUsage":true},"quantization":"Q4_0"}},"task":"summarization"},)"
           R"("type":"ModelListing"})";
}

/// `value count` for each value of a facet.
std::vector<std::string> counted(const Page& page, Facet facet) {
    std::vector<std::string> all;
    for (const auto& [value, count] : page.of(facet)) {
        all.push_back(value + " " + std::to_string(count));
    }
    return all;
}

TEST_F(CatalogueTest, facets_come_from_the_manifest_and_the_chain_and_what_is_unknown_has_none) {
    const std::string medical = rich_manifest("reader", "medical", "de");
    block(1, registered(1, "reader", medical));
    block(2, registered(2, "bare", "never seen"));
    ASSERT_TRUE(wait(catalogue_.put_manifest(eth::keccak256(medical), medical)));
    auto logs = offered(9, 1, 10);
    for (const auto& log : sold(5, 1, 3'600)) logs.push_back(log);
    block(3, logs);

    const auto page = wait(catalogue_.search({}, kNow));
    EXPECT_EQ(page.total, 2u);
    EXPECT_THAT(counted(page, Facet::task), ElementsAre("summarization 1"));
    EXPECT_THAT(counted(page, Facet::domain), ElementsAre("medical 1"));
    EXPECT_THAT(counted(page, Facet::licence), ElementsAre("MIT 1"));
    EXPECT_THAT(counted(page, Facet::terms), ElementsAre("period 1"));
    EXPECT_THAT(counted(page, Facet::price), ElementsAre("under-0.001 1"));
    EXPECT_THAT(counted(page, Facet::language), ElementsAre("de 1", "en 1"));
    EXPECT_THAT(counted(page, Facet::size), ElementsAre("1-10GB 1"));
    EXPECT_THAT(counted(page, Facet::format), ElementsAre("gguf 1"));
    EXPECT_THAT(counted(page, Facet::standing), ElementsAre("active 2"));
    EXPECT_THAT(counted(page, Facet::capability),
                ElementsAre("chat 1", "image-input 1", "tools 1"));
    EXPECT_THAT(counted(page, Facet::served), ElementsAre("true 1"));
    EXPECT_THAT(found({.filters = {{Facet::language, "de"}, {Facet::format, "gguf"}}}),
                ElementsAre(1));
    EXPECT_THAT(found({.filters = {{Facet::language, "fr"}}}), ElementsAre());
    EXPECT_THAT(found({.filters = {{Facet::creator, eth::to_lower_hex(kCreator)}}}),
                ElementsAre(2, 1));

    const auto& able = page.items.at(1).abilities;
    EXPECT_EQ(able.model.context, 4'096u);
    EXPECT_EQ(able.model.tools, true);
    EXPECT_EQ(able.model.reasoning, std::nullopt);
    EXPECT_EQ(able.model.quantisation, "Q4_0");
    EXPECT_THAT(able.model.inputs, ElementsAre("text", "image"));
    EXPECT_EQ(able.weights_bytes, 2'000'000'000u);
}

TEST_F(CatalogueTest,
       values_of_a_facet_are_alternatives_and_its_counts_are_without_its_own_filter) {
    std::uint64_t id = 0;
    for (const char* domain : {"medical", "medical", "finance", "law"}) {
        const auto name = "m" + std::to_string(++id);
        const auto manifest = rich_manifest(name, domain, id % 2 ? "de" : "fr");
        block(id, registered(id, name, manifest));
        ASSERT_TRUE(wait(catalogue_.put_manifest(eth::keccak256(manifest), manifest)));
    }
    Query query{.filters = {{Facet::domain, "medical"}, {Facet::domain, "law"}}};
    EXPECT_THAT(found(query), ElementsAre(4, 2, 1));
    query.filters.emplace_back(Facet::language, "fr");
    EXPECT_THAT(found(query), ElementsAre(4, 2));
    const auto page = wait(catalogue_.search(query, kNow));
    EXPECT_THAT(counted(page, Facet::domain), ElementsAre("law 1", "medical 1"));
    EXPECT_THAT(counted(page, Facet::language), ElementsAre("en 3", "fr 2", "de 1"));
    EXPECT_THAT(counted(page, Facet::format), ElementsAre("gguf 2"));
}

TEST_F(CatalogueTest, a_service_that_ends_by_time_alone_is_out_of_the_facets) {
    block(1, registered(1, "stories", kStories));
    block(2, offered(9, 1, 10));
    const Query served{.filters = {{Facet::served, "true"}}};
    EXPECT_THAT(found(served), ElementsAre(1));
    const UnixTime later{std::chrono::seconds{2'000'001}};
    const auto page = wait(catalogue_.search(served, later));
    EXPECT_EQ(page.total, 0u);
    EXPECT_THAT(counted(page, Facet::price), ElementsAre());
}

TEST_F(CatalogueTest, what_search_knows_is_there_again_after_a_start_and_gone_with_its_block) {
    block(1, registered(1, "stories", kStories));
    ASSERT_TRUE(wait(catalogue_.put_manifest(eth::keccak256(kStories), kStories)));
    block(2, registered(2, "stories-two", kStories));
    Catalogue again(database_, deployment_);
    const auto search = [&](Catalogue& it, std::string text) {
        std::vector<std::uint64_t> ids;
        for (const auto& item : wait(it.search({.text = std::move(text)}, kNow)).items) {
            ids.push_back(item.id);
        }
        return ids;
    };
    EXPECT_THAT(search(again, "tales"), testing::UnorderedElementsAre(1, 2));
    undo(1);
    EXPECT_THAT(search(again, "tales"), ElementsAre(1));
    EXPECT_THAT(found({.text = "tales"}), ElementsAre(1));
    database_.write_now([&](db::Session& session) { catalogue_.wipe(session); });
    EXPECT_THAT(search(again, "tales"), ElementsAre());
    block(1, registered(3, "stories", kStories));
    EXPECT_THAT(search(again, "tales"), ElementsAre(3));
}

TEST_F(CatalogueTest, what_was_rolled_back_is_not_found) {
    block(1, registered(1, "stories", kStories));
    EXPECT_THAT(found({}), ElementsAre(1));
    const auto failing = [&](db::Session& session) {
        chain::Header header;
        header.id.number = 2;
        auto logs = registered(2, "listener", kSpeech);
        catalogue_.apply(session, header, logs);
        throw std::runtime_error("the disk is full");
    };
    EXPECT_THROW(database_.write_now(failing), std::runtime_error);
    EXPECT_THAT(found({}), ElementsAre(1));
    block(2, registered(3, "other", kSpeech));
    EXPECT_THAT(found({}), ElementsAre(3, 1));
}

TEST_F(CatalogueTest, a_listing_that_comes_while_somebody_leafs_through_repeats_and_hides_nothing) {
    for (std::uint64_t id = 1; id <= 4; ++id) {
        block(id, registered(id, "m" + std::to_string(id), kStories));
    }
    Query query{.limit = 2};
    const auto first = wait(catalogue_.search(query, kNow));
    block(5, registered(5, "m5", kStories));
    query.after = first.next;
    EXPECT_THAT(found(query), ElementsAre(2, 1));
    EXPECT_FALSE(wait(catalogue_.search(query, kNow)).next);
}

TEST_F(CatalogueTest, pages_join_without_gaps_by_price_with_the_unserved_last) {
    for (std::uint64_t id = 1; id <= 5; ++id) {
        block(id, registered(id, "m" + std::to_string(id), kStories));
    }
    block(6, offered(1, 4, 30));
    block(7, offered(2, 2, 20));
    std::vector<std::uint64_t> all;
    Query query{.text = {}, .sort = Sort::price, .limit = 2};
    for (;;) {
        const auto page = wait(catalogue_.search(query, kNow));
        EXPECT_EQ(page.total, 5u);
        for (const auto& item : page.items) all.push_back(item.id);
        if (!page.next) break;
        query.after = page.next;
    }
    EXPECT_THAT(all, ElementsAre(2, 4, 5, 3, 1));
}

TEST_F(CatalogueTest, stores_only_manifests_that_the_chain_names) {
    const auto digest = eth::keccak256(kStories);
    EXPECT_EQ(wait(catalogue_.put_manifest(digest, kStories)).error(),
              CatalogueError::manifest_not_listed);
    block(1, registered(1, "stories", kStories));
    EXPECT_EQ(wait(catalogue_.put_manifest(digest, kSpeech)).error(),
              CatalogueError::digest_mismatch);
    EXPECT_FALSE(wait(catalogue_.manifest(digest)));
    EXPECT_TRUE(wait(catalogue_.put_manifest(digest, kStories)));
    EXPECT_EQ(wait(catalogue_.manifest(digest)), kStories);
}

TEST_F(CatalogueTest, splits_are_followed_to_the_bases_and_taken_back_with_their_block) {
    const auto& registry = deployment_.contract("ModelRegistry");
    const eth::Address next = address(52);
    const eth::Address child = address(53);
    const auto pays = [&](std::uint64_t model, const eth::Address& split, const eth::Address& a,
                          const eth::Address& b) {
        const std::vector<Value> payees{std::vector<Value>{a, 400'000},
                                        std::vector<Value>{b, 600'000}};
        return log_of(registry,
                      "PayToSet(uint256 indexed m,address indexed p,(address,uint32)[] all)",
                      {model, split, payees});
    };
    block(1, registered(1, "stories", kStories));
    ASSERT_TRUE(wait(catalogue_.put_manifest(eth::keccak256(kStories), kStories)));
    auto logs = registered(2, "child", kStories);
    logs.back() = pays(2, child, kBuyer, kPayTo);
    logs[2] = log_of(registry,
                     "VersionPublished(uint256 indexed m,uint32 indexed v,bytes32 indexed w,uint8 "
                     "k,bytes32 manifest,string cid,bool d,uint16 bps)",
                     {2, 1, eth::keccak256("w"), 0, eth::keccak256(kStories), "bafk", true, 250});
    block(2, logs);
    // The base is paid otherwise from now on; its child goes on paying through the old split.
    block(3, {pays(1, next, kCreator, kBuyer)});

    const auto splits = wait(catalogue_.splits_below(child));
    ASSERT_EQ(splits.size(), 2u);
    EXPECT_EQ(splits[0].address, child);
    EXPECT_EQ(splits[0].model, 2u);
    EXPECT_EQ(splits[1].address, kPayTo);
    EXPECT_EQ(splits[1].model, 1u);
    EXPECT_EQ(splits[1].title, "Stories");
    EXPECT_EQ(splits[1].level, 1u);
    ASSERT_EQ(wait(catalogue_.splits_above(kPayTo)).size(), 1u);
    EXPECT_EQ(wait(catalogue_.pay_to(1)), next);
    EXPECT_EQ(wait(catalogue_.versions(2))[0].derivative_bps, 250u);
    EXPECT_FALSE(wait(catalogue_.versions(1))[0].derivative_bps);

    undo(1);
    EXPECT_TRUE(wait(catalogue_.splits_above(kPayTo)).empty());
    EXPECT_FALSE(wait(catalogue_.splits_below(child))[0].model);
    EXPECT_EQ(wait(catalogue_.pay_to(1)), kPayTo);
}

TEST_F(CatalogueTest, a_royalty_that_rises_holds_after_its_notice_unless_it_was_set_anew) {
    const auto set = [&](std::uint64_t bps, std::uint64_t effective) {
        return log_of(deployment_.contract("ModelRegistry"),
                      "RoyaltySet(uint256 indexed m,(uint16,address,uint96,uint128) r,uint64 at)",
                      {1, std::vector<Value>{bps, kToken, 7, 8}, effective});
    };
    block(1, registered(1, "stories", kStories));
    block(2, {set(1'000, 2'000)});
    block(3, {set(2'000, 900'000)});
    block(4, {set(3'000, 1'100'000)});
    auto detail = wait(catalogue_.detail(1, kNow)).value();
    EXPECT_EQ(detail.royalty.call_bps, 1'000u);
    EXPECT_EQ(detail.royalty.per_call, Amount{7});
    EXPECT_EQ(detail.royalty.token, kToken);
    ASSERT_TRUE(detail.next_royalty);
    EXPECT_EQ(detail.next_royalty->call_bps, 3'000u);
    EXPECT_EQ(detail.next_royalty->effective, 1'100'000);
    detail = wait(catalogue_.detail(1, kNow + std::chrono::hours(28))).value();
    EXPECT_EQ(detail.royalty.call_bps, 3'000u);
    EXPECT_FALSE(detail.next_royalty);
    undo(3);
    EXPECT_EQ(wait(catalogue_.detail(1, kNow))->royalty.call_bps, 2'000u);
}

TEST_F(CatalogueTest, the_feed_tells_events_by_name_and_resumes) {
    block(4, registered(1, "stories", kStories));
    const auto first = wait(catalogue_.feed_after(0, -1, 2));
    ASSERT_EQ(first.size(), 2u);
    EXPECT_EQ(first[1].kind, "model");
    EXPECT_NE(first[1].data.find(R"("slug":"stories")"), std::string::npos);
    const auto rest = wait(catalogue_.feed_after(first[1].block, first[1].index, 10));
    ASSERT_EQ(rest.size(), 2u);
    EXPECT_EQ(rest[0].kind, "version");
}

}  // namespace
}  // namespace stoa::catalogue
