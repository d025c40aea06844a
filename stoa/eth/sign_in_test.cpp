#include "stoa/eth/sign_in.hpp"

#include <gtest/gtest.h>

namespace stoa::eth {
namespace {

/// The example of EIP-4361.
const std::string kExample =
    "example.com wants you to sign in with your Ethereum account:\n"
    "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2\n"
    "\n"
    "I accept the ExampleOrg Terms of Service: https://example.com/tos\n"
    "\n"
    "URI: https://example.com/login\n"
    "Version: 1\n"
    "Chain ID: 1\n"
    "Nonce: 32891756\n"
    "Issued At: 2021-09-30T16:25:24Z\n"
    "Resources:\n"
    "- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/\n"
    "- https://example.com/my-web2-claim.json";

std::string with(std::string_view what, std::string_view instead) {
    std::string text = kExample;
    return text.replace(text.find(what), what.size(), instead);
}

TEST(SignIn, ReadsTheExampleOfTheEip) {
    const auto message = parse_sign_in(kExample).value();
    EXPECT_EQ(message.domain, "example.com");
    EXPECT_EQ(to_checksum(message.address), "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
    EXPECT_EQ(message.statement,
              "I accept the ExampleOrg Terms of Service: https://example.com/tos");
    EXPECT_EQ(message.uri, "https://example.com/login");
    EXPECT_EQ(message.chain_id, 1u);
    EXPECT_EQ(message.nonce, "32891756");
    EXPECT_EQ(unix_seconds(message.issued_at), 1'633'019'124);
    EXPECT_EQ(message.resources.size(), 2u);
    EXPECT_EQ(format_sign_in(message), kExample);
}

TEST(SignIn, ReadsAndWritesEveryOptionalMember) {
    SignInMessage message = parse_sign_in(kExample).value();
    message.scheme = "https";
    message.domain = "localhost:8080";
    message.statement.reset();
    message.expires = message.issued_at + std::chrono::hours{1};
    message.not_before = message.issued_at;
    message.request_id = "a-1";
    message.resources.clear();
    const std::string text = format_sign_in(message);
    EXPECT_EQ(format_sign_in(parse_sign_in(text).value()), text);
    EXPECT_EQ(parse_sign_in(text)->expires, message.expires);
    EXPECT_EQ(parse_sign_in(text)->scheme, "https");
    EXPECT_EQ(parse_sign_in(text)->statement, std::nullopt);
}

TEST(SignIn, OutsideTheGrammarIsRefused) {
    const std::string wrong[] = {
        "",
        with("0xC02a", "0xc02a"),  // another checksum
        with("Version: 1", "Version: 2"),
        with("Chain ID: 1", "Chain ID: 01"),
        with("Chain ID: 1", "Chain ID: x"),
        with("32891756", "3289175"),  // a nonce of seven
        with("32891756", "3289175-"),
        with("2021-09-30T16:25:24Z", "yesterday"),
        with("https://example.com/login", "login"),
        with("example.com wants", "exa mple.com wants"),
        with("URI:", "Uri:"),
        with("I accept",
             "I\x01"
             "accept"),
        with("- https", "* https"),
        kExample + "\n",
        kExample + "\nRequest ID: late",
        kExample.substr(0, kExample.find("\nNonce")),
    };
    for (const std::string& text : wrong) {
        EXPECT_EQ(parse_sign_in(text).error(), EncodingError::bad_sign_in) << text;
    }
}

TEST(SignIn, LongerThanTheLimitIsRefused) {
    EXPECT_EQ(parse_sign_in(std::string(kMaxSignInBytes + 1, 'a')).error(),
              EncodingError::too_large);
}

}  // namespace
}  // namespace stoa::eth
