// stoad: the node.
#include <sys/resource.h>

#include <cstdio>

#include <CLI/CLI.hpp>

#include "stoa/gateway/node.hpp"
#include "stoa/gateway/recovery.hpp"
#include "stoa/gateway/watch.hpp"
#include "stoa/io/http_server.hpp"

namespace {

/// Every connection is a file to the system, which grants 1,024 to those who don't ask for more.
void ask_for_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int count, char** arguments) {
    using namespace stoa;
    ask_for_files();
    CLI::App app{
        "stoad: a node of the Stoa market. It follows the chain, serves models for money,"
        " and settles what they earn."};
    std::string file;
    std::string data;
    int port = -1;
    bool only_check = false;
    bool only_watch = false;
    app.add_option("--config", file, "The configuration, a TOML file")
        ->envname("STOA_CONFIG")
        ->required()
        ->check(CLI::ExistingFile);
    app.add_option("--data", data, "The folder for all state; instead of `data` of the file")
        ->envname("STOA_DATA");
    app.add_option("--port", port, "The port to listen on; instead of `port` of the file")
        ->envname("STOA_PORT")
        ->check(CLI::Range(0, 65'535));
    app.add_flag("--check", only_check, "Say whether the configuration is right, and end");
    app.add_flag("--watch", only_watch,
                 "Stand by beside the node of the same data: claim from payers who leave while it"
                 " is dead");
    bool recover = false;
    app.add_flag("--recover", recover,
                 "Print the calls by which the provider's wallet claims what the ledger says was"
                 " earned, without the node's keys, and end");
    CLI11_PARSE(app, count, arguments);

    try {
        gateway::Config config = gateway::read_config(file);
        if (!data.empty()) config.data = std::filesystem::absolute(data);
        if (port >= 0) config.port = static_cast<unsigned short>(port);
        if (recover) {
            const auto calls = gateway::recovery_calls(config.data / "ledger.sqlite");
            std::puts(boost::json::serialize(calls).c_str());
            return 0;
        }
        gateway::check(config);
        if (only_check) {
            std::puts("The configuration is right.");
            return 0;
        }
        if (only_watch) return gateway::run_watch(std::move(config));
        return gateway::run_node(std::move(config));
    } catch (const gateway::ConfigError& error) {
        std::fprintf(stderr, "stoad: %s: %s.\n", file.c_str(), error.what());
        return 2;
    } catch (const io::BindFailure& error) {
        std::fprintf(stderr, "stoad: %s. Choose another one with --port.\n", error.what());
        return 3;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "stoad: %s.\n", error.what());
        return 1;
    }
}
